/* Generation with an encoder: each sequence looks back at its own source, whatever runs beside it and in whatever slots. A model without an
 * encoder whose logits begin with the same hash must generate the same. */
#include "fake_model.h"

enum { START = 3, NEW = 9, MOST = 12 };

static const int32_t first[] = {1, 2, 3, 4, 5}, second[] = {9}, third[] = {7, 7, 2};
static const hf2c_ids sources[] = {{first, 5}, {second, 1}, {third, 3}};
enum { SOURCES = 3 };

typedef struct Row {
    int32_t ids[MOST];
    hf2c_sequence sequence;
} Row;

static void open_model(Fake *fake, int max_rows, int max_batch, int slots)
{
    fake_open(fake, max_rows, max_batch, slots);
    fake->model.encode = fake_encode;
    fake->settings.max_new_tokens = NEW;
    memset(fake->state, 0xab, (size_t)slots * fake->model.state_bytes);
    fake_sources = 0;
}

/* `each` rows for each source from `from` on. */
static hf2c_status generate(Fake *fake, Row *rows, int from, int prompts, int each)
{
    hf2c_sequence list[MOST] = {0};
    for (int i = 0; i < prompts * each; i++) {
        rows[i].ids[0] = START;
        list[i] = (hf2c_sequence){.source = sources[from + i / each], .ids = rows[i].ids, .capacity = MOST, .prompt = 1};
        if (!fake->model.encode) list[i].source.count = 0;
    }
    fake->settings.num_return_sequences = each;
    hf2c_generate_call call = fake_call(fake);
    hf2c_status status = hf2c_generate(&call, list, prompts);
    for (int i = 0; i < prompts * each; i++) rows[i].sequence = list[i];
    return status;
}

/* What a model without an encoder generates with the same settings. */
static void generate_plainly(const hf2c_generation *settings, Row *rows, int source, int each)
{
    Fake fake;
    fake_open(&fake, 16, 8, 16);
    fake.settings = *settings;
    fake_seed = fake_source_hash(sources[source].ids, sources[source].count);
    assert_int_equal(generate(&fake, rows, source, 1, each), HF2C_OK);
    fake_seed = 2166136261u;
    fake_close(&fake);
}

static void assert_same(const Row *a, const Row *b)
{
    assert_int_equal(a->sequence.count, b->sequence.count);
    assert_memory_equal(a->ids, b->ids, (size_t)a->sequence.count * sizeof(int32_t));
    assert_int_equal(a->sequence.finish, b->sequence.finish);
    assert_true(a->sequence.score == b->sequence.score);
}

static void check_sources(const Fake *fake, const Row *rows, int each)
{
    for (int i = 0; i < SOURCES; i++) {
        Row wanted[MOST];
        generate_plainly(&fake->settings, wanted, i, each);
        for (int j = 0; j < each; j++) assert_same(&rows[i * each + j], &wanted[j]);
    }
}

static void greedy(void **state)
{
    (void)state;
    static const struct {
        int rows, batch, slots;
    } limits[] = {{16, 8, 8}, {5, 1, 1}, {6, 2, 2}, {9, 3, 2}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        Fake fake;
        Row rows[SOURCES];
        open_model(&fake, limits[i].rows, limits[i].batch, limits[i].slots);
        assert_int_equal(generate(&fake, rows, 0, SOURCES, 1), HF2C_OK);
        assert_int_equal(fake_sources, SOURCES);
        check_sources(&fake, rows, 1);
        fake_close(&fake);
    }
}

static void beams_share_one_source(void **state)
{
    (void)state;
    Fake fake;
    Row rows[2 * SOURCES];
    int32_t end = 4;
    open_model(&fake, 16, 8, 5);
    fake.settings.num_beams = 4;
    fake.settings.eos = (hf2c_ids){&end, 1};
    assert_int_equal(generate(&fake, rows, 0, SOURCES, 2), HF2C_OK);
    assert_int_equal(fake_sources, SOURCES);
    check_sources(&fake, rows, 2);
    fake_close(&fake);
}

static void beams_need_a_slot_for_the_source(void **state)
{
    (void)state;
    Fake fake;
    Row rows[1];
    open_model(&fake, 16, 8, 4);
    fake.settings.num_beams = 4;
    assert_int_equal(hf2c_generate_slots(&fake.settings, 1), 5);
    assert_int_equal(generate(&fake, rows, 0, 1, 1), HF2C_TOO_SMALL);
    fake_close(&fake);
}

/* Several answers to one source: it is read once, and each draws as it would alone. */
static void samples_share_one_source(void **state)
{
    (void)state;
    Fake fake;
    Row rows[4], wanted[4];
    open_model(&fake, 16, 8, 8);
    fake.settings.do_sample = 1;
    fake.settings.seed = 5;
    assert_int_equal(generate(&fake, rows, 2, 1, 4), HF2C_OK);
    assert_int_equal(fake_sources, 1);
    generate_plainly(&fake.settings, wanted, 2, 4);
    for (int i = 0; i < 4; i++) assert_same(&rows[i], &wanted[i]);
    fake_close(&fake);
}

static void what_is_no_source_is_refused(void **state)
{
    (void)state;
    Fake fake;
    int32_t ids[MOST] = {START}, longest[FAKE_LONGEST + 1] = {0};
    hf2c_sequence sequence = {.ids = ids, .capacity = MOST, .prompt = 1};
    open_model(&fake, 16, 8, 8);
    hf2c_generate_call call = fake_call(&fake);
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_BAD_ARGUMENT);
    assert_string_equal(fake.message.text, "there is no source for the encoder");
    sequence.source = (hf2c_ids){longest, FAKE_LONGEST + 1};
    assert_int_equal(hf2c_generate(&call, &sequence, 1), HF2C_TOO_LONG);
    fake_close(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy),
        cmocka_unit_test(beams_share_one_source),
        cmocka_unit_test(beams_need_a_slot_for_the_source),
        cmocka_unit_test(samples_share_one_source),
        cmocka_unit_test(what_is_no_source_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
