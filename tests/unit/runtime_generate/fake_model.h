/* A model whose logits are a hash of everything in the cache slot: a wrong slot, a lost or repeated token, a wrong
 * position changes them. The cache holds the ids themselves. */
#ifndef TESTS_FAKE_MODEL_H
#define TESTS_FAKE_MODEL_H

#include "runtime/generate/generate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

enum { FAKE_VOCABULARY = 11, FAKE_LONGEST = 48, FAKE_SLOTS = 64 };

static int fake_calls, fake_rows;
static float fake_poison; /* added to the first logit */
static uint32_t fake_seed = 2166136261u; /* of the hash, in models without an encoder */

/* What the sequence holds, wherever it lies. ids: [FAKE_LONGEST] */
static inline void fake_gather(const hf2c_context *context, const hf2c_batch *batch, int s, int count, int32_t *ids)
{
    for (int p = 0; p < count; p++) {
        int slot = batch->ancestors && p < batch->past[s] ? batch->ancestors[s * FAKE_LONGEST + p] : batch->slot[s];
        ids[p] = ((const int32_t *)(const void *)(context->state + (size_t)slot * context->model->state_bytes))[p];
    }
}

/* The logit of token `id` behind these ids: what forward() must compute. */
static float fake_logit_of(uint32_t seed, const int32_t *ids, int count, int32_t id)
{
    uint32_t hash = seed;
    for (int i = 0; i < count; i++) hash = (hash ^ (uint32_t)ids[i]) * 16777619u;
    hash = (hash ^ (uint32_t)(id + 100)) * 16777619u;
    hash ^= hash >> 15;
    return (float)(hash % 4001u) / 1000.0f - 2.0f;
}

static inline float fake_logit(const int32_t *ids, int count, int32_t id) { return fake_logit_of(fake_seed, ids, count, id); }

/* Where a slot keeps what the encoder made of a source: its hash, and its tokens. */
enum { FAKE_SOURCE = FAKE_LONGEST, FAKE_SOURCE_TOKENS };

static inline uint32_t fake_source_hash(const int32_t *ids, int count)
{
    uint32_t hash = 77u;
    for (int i = 0; i < count; i++) hash = (hash ^ (uint32_t)(ids[i] + 31)) * 16777619u;
    return hash;
}

static int fake_sources; /* read by the encoder */

static inline hf2c_status fake_encode(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    hf2c_status status = hf2c_source_check(context, batch);
    (void)outputs;
    for (int s = 0; s < batch->sequences && status == HF2C_OK; s++) {
        int32_t *slot = (int32_t *)(void *)(context->state + (size_t)batch->slot[s] * context->model->state_bytes);
        int count = batch->start[s + 1] - batch->start[s];
        slot[FAKE_SOURCE] = (int32_t)fake_source_hash(batch->ids + batch->start[s], count);
        slot[FAKE_SOURCE_TOKENS] = count;
        fake_sources++;
    }
    return status;
}

/* The seed of a sequence's hash; false: it looks back at what is not there. */
static int fake_memory(const hf2c_context *context, const hf2c_batch *batch, int s, uint32_t *seed)
{
    *seed = fake_seed;
    if (!context->model->encode) return 1;
    const int32_t *slot = (const int32_t *)(const void *)(context->state + (size_t)batch->memory_slot[s] * context->model->state_bytes);
    *seed = (uint32_t)slot[FAKE_SOURCE];
    return slot[FAKE_SOURCE_TOKENS] == batch->memory[s];
}

static hf2c_status fake_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    hf2c_status status = hf2c_batch_check(context, batch);
    int wanted = 0;
    fake_calls++;
    fake_rows += batch->rows;
    for (int s = 0; s < batch->sequences && status == HF2C_OK; s++) {
        int32_t *ids = (int32_t *)(void *)(context->state + (size_t)batch->slot[s] * context->model->state_bytes);
        uint32_t seed;
        if (!fake_memory(context, batch, s, &seed)) return HF2C_BAD_ARGUMENT;
        for (int row = batch->start[s]; row < batch->start[s + 1]; row++) {
            int position = batch->past[s] + row - batch->start[s];
            if (batch->positions[row] != position) return HF2C_BAD_ARGUMENT;
            ids[position] = batch->ids[row];
            if (wanted == batch->wanted || batch->want[wanted] != row) continue;
            float *logits = outputs[0] + (size_t)wanted++ * FAKE_VOCABULARY;
            int32_t held[FAKE_LONGEST];
            fake_gather(context, batch, s, position + 1, held);
            for (int32_t id = 0; id < FAKE_VOCABULARY; id++) logits[id] = fake_logit_of(seed, held, position + 1, id);
            logits[0] += fake_poison;
        }
    }
    return status;
}

static const hf2c_output fake_outputs[] = {{"logits", HF2C_ROWS_WANTED, FAKE_VOCABULARY}};

typedef struct Fake {
    hf2c_model model;
    hf2c_context context;
    void *state, *memory;
    hf2c_scratch scratch;
    hf2c_message message;
    hf2c_generation settings;
} Fake;

static void fake_open(Fake *fake, int max_rows, int max_batch, int slots)
{
    *fake = (Fake){.model = {.abi = HF2C_ABI,
                             .name = "fake",
                             .architecture = "FakeForCausalLM",
                             .tasks = "text-generation",
                             .vocabulary = FAKE_VOCABULARY,
                             .hidden = 4,
                             .layers = 1,
                             .max_sequence = FAKE_LONGEST,
                             .max_rows = max_rows,
                             .max_batch = max_batch,
                             .rewinds = 1,
                             .outputs = fake_outputs,
                             .output_count = 1,
                             .state_bytes = 64 * 4,
                             .forward = fake_forward,
                             .generation = {.bos = -1, .pad = -1, .decoder_start = -1, .forced_bos = -1, .forced_eos = -1, .eos_count = 0}}};
    fake->state = aligned_alloc(64, (size_t)slots * 256);
    fake->memory = malloc(1 << 20);
    assert_non_null(fake->state);
    assert_non_null(fake->memory);
    fake->scratch = (hf2c_scratch){fake->memory, 1 << 20, 0};
    assert_int_equal(
        hf2c_context_init(&fake->context, &fake->model, NULL, 0, NULL, 0, fake->state, (size_t)slots * 256, 1),
        HF2C_OK);
    hf2c_generation_init(&fake->settings, &fake->model);
    fake->settings.max_new_tokens = 8;
    fake_calls = fake_rows = 0;
    fake_poison = 0;
}

static void fake_close(Fake *fake)
{
    free(fake->state);
    free(fake->memory);
}

static hf2c_generate_call fake_call(Fake *fake)
{
    fake->message.text[0] = '\0';
    return (hf2c_generate_call){
        .context = &fake->context, .settings = &fake->settings, .scratch = &fake->scratch, .message = &fake->message};
}

#endif
