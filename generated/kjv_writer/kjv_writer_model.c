/* kjv_writer_model.c: what the runtime knows of the model, and the small calls of kjv_writer.h. */
#include "kjv_writer.h"

#include "task_calls.h"
#include "text_tokenizer.h"

extern const hf2c_tokenizer kjv_writer_tokenizer; /* kjv_writer_text.c */

static const hf2c_output named_outputs[] = {
    {"logits", HF2C_ROWS_WANTED, 2048},
};

const hf2c_model kjv_writer_model = {
    .abi = HF2C_ABI,
    .name = "kjv-writer",
    .architecture = "LlamaForCausalLM",
    .tasks = "text-generation",
    .weights_bytes = 6956160,
    .workspace_bytes = 1277952,
    .state_bytes = 2097152,
    .weights_hash = (uint64_t)0xe1364180 << 32 | 0xf43c6e75,
    .vocabulary = 2048,
    .hidden = 256,
    .layers = 4,
    .token_types = 0,
    .max_sequence = 512,
    .max_rows = 256,
    .max_batch = 64,
    .rewinds = 1,
    .outputs = named_outputs,
    .output_count = 1,
    .problem = HF2C_PROBLEM_SINGLE_LABEL,
    .pooling = HF2C_POOLING_NONE,
    .normalize = 0,
    .generation = {.bos = 0, .pad = 1, .eos_count = 1, .eos = {1},
                   .do_sample = 0, .top_k = 50, .max_length = 0, .max_new_tokens = 0,
                   .temperature = 1.0f, .top_p = 1.0f, .min_p = 0.0f, .repetition_penalty = 1.0f,
                   .decoder_start = -1, .forced_bos = -1, .forced_eos = -1, .min_length = 0, .no_repeat_ngram_size = 0,
                   .num_beams = 1, .early_stopping = 0, .length_penalty = 1.0f},
    .tokenizer = &kjv_writer_tokenizer,
    .forward = kjv_writer_forward,
};

hf2c_status kjv_writer_init(kjv_writer_context *c, void *workspace, size_t workspace_bytes, void *state, size_t state_bytes,
    const void *weights, size_t weights_bytes)
{
    c->past = 0;
    return hf2c_context_init(&c->context, &kjv_writer_model, weights, weights_bytes, workspace, workspace_bytes, state, state_bytes, 1);
}

/* One piece of at most MAX_ROWS tokens; logits may be NULL. */
static hf2c_status piece(kjv_writer_context *c, const int32_t *ids, int n, float *logits)
{
    int32_t positions[256], start[2] = {0, 0}, want = n - 1;
    float *outputs[1] = {logits};
    hf2c_batch batch = {.rows = n, .sequences = 1, .wanted = logits ? 1 : 0, .ids = ids, .positions = positions};
    batch.start = start;
    batch.past = &c->past;
    batch.want = &want;
    start[1] = n;
    for (int i = 0; i < n; i++) positions[i] = c->past + i;
    hf2c_status status = c->context.model->forward(&c->context, &batch, outputs);
    if (status == HF2C_OK) c->past += n;
    return status;
}

hf2c_status kjv_writer_prefill(kjv_writer_context *c, const int32_t *ids, size_t n, float *logits)
{
    if (!c || !ids || n == 0) return HF2C_BAD_ARGUMENT;
    if (n > (size_t)(512 - c->past)) return HF2C_CONTEXT_FULL;
    while (n > 256) {
        hf2c_status status = piece(c, ids, 256, NULL);
        if (status != HF2C_OK) return status;
        ids += 256;
        n -= 256;
    }
    return piece(c, ids, (int)n, logits);
}

hf2c_status kjv_writer_decode(kjv_writer_context *c, int32_t id, float *logits)
{
    return kjv_writer_prefill(c, &id, 1, logits);
}

void kjv_writer_reset(kjv_writer_context *c)
{
    c->past = 0;
}

size_t kjv_writer_request_scratch_bytes(size_t text_bytes)
{
    return hf2c_call_scratch(&kjv_writer_model, text_bytes);
}

hf2c_status kjv_writer_request(kjv_writer_context *c, const char *task, const char *inputs, const char *kwargs, hf2c_listener *listener,
    void *scratch, size_t scratch_bytes)
{
    if (!c || !inputs || !listener || !scratch) return HF2C_BAD_ARGUMENT;
    hf2c_scratch room = {scratch, scratch_bytes, 0};
    c->past = 0;
    return hf2c_call_request(&c->context, task, inputs, kwargs, listener, &room);
}

hf2c_status kjv_writer_generate(kjv_writer_context *c, const char *prompt, size_t bytes, const char *kwargs, hf2c_listener *listener,
    void *scratch, size_t scratch_bytes)
{
    if (!c || !prompt || !listener || !scratch) return HF2C_BAD_ARGUMENT;
    hf2c_scratch room = {scratch, scratch_bytes, 0};
    c->past = 0;
    return hf2c_call_generate(&c->context, prompt, bytes, kwargs, listener, &room);
}
