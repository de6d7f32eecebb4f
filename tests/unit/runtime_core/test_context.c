/* Contexts, batches and weights: what is refused, and with which status. */
#include "runtime/core/weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WEIGHTS = 256, WORKSPACE = 128, STATE = 64, HASH = 77 };

static hf2c_status forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    (void)outputs;
    return hf2c_batch_check(context, batch);
}

static const hf2c_output outputs[] = {{"logits", HF2C_ROWS_WANTED, 10}, {"last_hidden_state", HF2C_ROWS_ALL, 4}};

static hf2c_model make_model(void)
{
    return (hf2c_model){.abi = HF2C_ABI,
                        .weights_bytes = WEIGHTS,
                        .workspace_bytes = WORKSPACE,
                        .state_bytes = STATE,
                        .weights_hash = HASH,
                        .vocabulary = 10,
                        .max_sequence = 8,
                        .token_types = 2,
                        .max_rows = 6,
                        .max_batch = 3,
                        .outputs = outputs,
                        .output_count = 2,
                        .forward = forward};
}

static _Alignas(64) uint8_t weights[WEIGHTS + 64], workspace[WORKSPACE + 64], cache[4 * STATE];

static hf2c_status init(hf2c_context *context, const hf2c_model *model)
{
    hf2c_weights_write_header(weights, WEIGHTS, 0, HASH);
    return hf2c_context_init(context, model, weights, WEIGHTS, workspace, WORKSPACE, cache, sizeof cache, 2);
}

static void test_every_status_has_a_text(void **state)
{
    (void)state;
    for (int i = 0; i <= HF2C_DEVICE; i++) assert_true(strlen(hf2c_status_text((hf2c_status)i)) > 3);
    assert_string_equal(hf2c_status_text((hf2c_status)999), "an unknown status");
}

static void test_context_takes_good_memory(void **state)
{
    hf2c_model model = make_model();
    hf2c_context context;
    (void)state;
    assert_int_equal(init(&context, &model), HF2C_OK);
    assert_int_equal(context.slots, 4);
    assert_int_equal(context.threads, 2);
    assert_int_equal(hf2c_output_find(&model, "last_hidden_state"), 1);
    assert_int_equal(hf2c_output_find(&model, "start_logits"), -1);
}

static void test_context_refuses_bad_memory(void **state)
{
    hf2c_model model = make_model();
    hf2c_context c;
    (void)state;
    hf2c_weights_write_header(weights, WEIGHTS, 0, HASH);
    assert_int_equal(hf2c_context_init(&c, &model, NULL, WEIGHTS, workspace, WORKSPACE, cache, STATE, 1),
                     HF2C_BAD_WEIGHTS);
    assert_int_equal(hf2c_context_init(&c, &model, weights, WEIGHTS - 1, workspace, WORKSPACE, cache, STATE, 1),
                     HF2C_BAD_WEIGHTS);
    assert_int_equal(hf2c_context_init(&c, &model, weights, WEIGHTS, workspace + 4, WORKSPACE, cache, STATE, 1),
                     HF2C_BAD_ARGUMENT);
    assert_int_equal(hf2c_context_init(&c, &model, weights, WEIGHTS, workspace, WORKSPACE - 1, cache, STATE, 1),
                     HF2C_TOO_SMALL);
    assert_int_equal(hf2c_context_init(&c, &model, weights, WEIGHTS, workspace, WORKSPACE, cache, STATE - 1, 1),
                     HF2C_TOO_SMALL);
    assert_int_equal(hf2c_context_init(&c, &model, weights, WEIGHTS, workspace, WORKSPACE, NULL, STATE, 1),
                     HF2C_BAD_ARGUMENT);
    memmove(weights + 4, weights, WEIGHTS);
    assert_int_equal(hf2c_context_init(&c, &model, weights + 4, WEIGHTS, workspace, WORKSPACE, cache, STATE, 1),
                     HF2C_BAD_ARGUMENT);
    model.abi++;
    assert_int_equal(init(&c, &model), HF2C_BAD_ARGUMENT);
}

/* But for the hash of the layout, which the checksum holds. */
static void test_every_byte_of_the_header_counts(void **state)
{
    hf2c_model model = make_model();
    (void)state;
    hf2c_weights_write_header(weights, WEIGHTS, 0, HASH);
    for (int i = 0; i < HF2C_WEIGHTS_HEADER; i++) {
        weights[i] ^= 1;
        assert_int_equal(hf2c_weights_check(&model, weights, WEIGHTS), i >= 32 && i < 40 ? HF2C_OK : HF2C_BAD_WEIGHTS);
        weights[i] ^= 1;
    }
    assert_int_equal(hf2c_weights_check(&model, weights, WEIGHTS), HF2C_OK);
}

/* ---- batches ---- */

static const int32_t ids[] = {1, 2, 3, 4, 5, 6}, positions[] = {0, 1, 2, 0, 1, 0}, start[] = {0, 3, 5, 6},
                     want[] = {2, 4, 5};

static hf2c_batch make_batch(void)
{
    return (hf2c_batch){
        .rows = 6, .sequences = 3, .wanted = 3, .ids = ids, .positions = positions, .start = start, .want = want};
}

static hf2c_status check(hf2c_batch batch)
{
    hf2c_model model = make_model();
    hf2c_context context;
    assert_int_equal(init(&context, &model), HF2C_OK);
    return hf2c_batch_check(&context, &batch);
}

#define REFUSED(status, ...)                                                                                           \
    do {                                                                                                               \
        hf2c_batch batch = make_batch();                                                                               \
        __VA_ARGS__;                                                                                                   \
        assert_int_equal(check(batch), status);                                                                        \
    } while (0)

static void test_batches(void **state)
{
    static const int32_t negative[] = {1, -1, 3, 4, 5, 6}, large[] = {1, 2, 3, 4, 5, 10}, far[] = {0, 1, 8, 0, 1, 0};
    static const int32_t backwards[] = {0, 5, 3, 6}, empty[] = {0, 3, 3, 6}, late[] = {1, 3, 5, 6},
                         brief[] = {0, 3, 5, 5};
    static const int32_t twice[] = {2, 2, 5}, beyond[] = {2, 4, 6}, slots[] = {3, 0, 2}, shared[] = {1, 0, 1},
                         outside[] = {0, 1, 4};
    static const int32_t full[] = {0, 7, 0}, fits[] = {5, 6, 7}, before[] = {0, -1, 0}, types[] = {0, 1, 0, 1, 0, 1},
                         odd[] = {0, 1, 2, 0, 0, 0};
    (void)state;
    assert_int_equal(check(make_batch()), HF2C_OK);
    REFUSED(HF2C_OK, batch.slot = slots);
    REFUSED(HF2C_OK, batch.past = fits);
    REFUSED(HF2C_OK, batch.types = types);
    REFUSED(HF2C_OK, batch.wanted = 0);
    REFUSED(HF2C_BAD_TOKEN, batch.ids = negative);
    REFUSED(HF2C_BAD_TOKEN, batch.ids = large);
    REFUSED(HF2C_TOO_LONG, batch.positions = far);
    REFUSED(HF2C_TOO_LONG, batch.rows = 7);
    REFUSED(HF2C_BAD_ARGUMENT, batch.rows = 0);
    REFUSED(HF2C_BAD_ARGUMENT, batch.sequences = 4);
    REFUSED(HF2C_BAD_ARGUMENT, batch.ids = NULL);
    REFUSED(HF2C_BAD_ARGUMENT, batch.want = NULL);
    REFUSED(HF2C_BAD_ARGUMENT, batch.start = backwards);
    REFUSED(HF2C_BAD_ARGUMENT, batch.start = empty);
    REFUSED(HF2C_BAD_ARGUMENT, batch.start = late);
    REFUSED(HF2C_BAD_ARGUMENT, batch.start = brief);
    REFUSED(HF2C_BAD_ARGUMENT, batch.want = twice);
    REFUSED(HF2C_BAD_ARGUMENT, batch.want = beyond);
    REFUSED(HF2C_BAD_ARGUMENT, batch.slot = shared);
    REFUSED(HF2C_BAD_ARGUMENT, batch.slot = outside);
    REFUSED(HF2C_BAD_ARGUMENT, batch.past = before);
    REFUSED(HF2C_BAD_ARGUMENT, batch.types = odd);
    REFUSED(HF2C_CONTEXT_FULL, batch.past = full);
}

static hf2c_status encode(hf2c_context *context, const hf2c_batch *batch, float *const *results)
{
    (void)results;
    return hf2c_source_check(context, batch);
}

/* A decoder must be told of its sources; an encoder reads them whole. */
static void test_memories(void **state)
{
    static const int32_t memory[] = {8, 1, 3}, none[] = {1, 0, 1}, longer[] = {1, 9, 1}, shared[] = {3, 3, 0}, outside[] = {0, 4, 0};
    static const int32_t past[] = {0, 1, 0};
    hf2c_model model = make_model();
    hf2c_context context;
    (void)state;
    model.encode = encode;
    assert_int_equal(init(&context, &model), HF2C_OK);
    const struct {
        const int32_t *memory, *slot, *past;
        hf2c_status forward, encode;
    } cases[] = {
        {memory, NULL, NULL, HF2C_OK, HF2C_OK},
        {memory, shared, past, HF2C_OK, HF2C_BAD_ARGUMENT},
        {NULL, NULL, NULL, HF2C_BAD_ARGUMENT, HF2C_OK},
        {none, NULL, NULL, HF2C_BAD_ARGUMENT, HF2C_OK},
        {longer, NULL, NULL, HF2C_TOO_LONG, HF2C_OK},
        {memory, outside, NULL, HF2C_BAD_ARGUMENT, HF2C_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hf2c_batch batch = make_batch();
        batch.memory = cases[i].memory;
        batch.memory_slot = cases[i].slot;
        batch.past = cases[i].past;
        assert_int_equal(hf2c_batch_check(&context, &batch), cases[i].forward);
        assert_int_equal(model.encode(&context, &batch, NULL), cases[i].encode);
    }
}

static void test_slots_are_copied(void **state)
{
    hf2c_model model = make_model();
    hf2c_context context;
    (void)state;
    assert_int_equal(init(&context, &model), HF2C_OK);
    for (int i = 0; i < 4 * STATE; i++) cache[i] = (uint8_t)(i / STATE);
    assert_int_equal(hf2c_context_copy_slot(&context, 3, 1), HF2C_OK);
    assert_int_equal(hf2c_context_copy_slot(&context, 2, 2), HF2C_OK);
    for (int i = 0; i < 4 * STATE; i++) assert_int_equal(cache[i], i / STATE == 1 ? 3 : i / STATE);
    assert_int_equal(hf2c_context_copy_slot(&context, 4, 0), HF2C_BAD_ARGUMENT);
    assert_int_equal(hf2c_context_copy_slot(&context, 0, 4), HF2C_BAD_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_a_text),
        cmocka_unit_test(test_context_takes_good_memory),
        cmocka_unit_test(test_context_refuses_bad_memory),
        cmocka_unit_test(test_every_byte_of_the_header_counts),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_memories),
        cmocka_unit_test(test_slots_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
