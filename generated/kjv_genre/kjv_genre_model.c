/* kjv_genre_model.c: what the runtime knows of the model, and the small calls of kjv_genre.h. */
#include "kjv_genre.h"

#include "task_direct.h"
#include "task_calls.h"
#include "text_tokenizer.h"

extern const hf2c_tokenizer kjv_genre_tokenizer; /* kjv_genre_text.c */

static const char label_0[] = {76, 97, 119, 0};
static const char label_1[] = {72, 105, 115, 116, 111, 114, 121, 0};
static const char label_2[] = {80, 111, 101, 116, 114, 121, 0};
static const char label_3[] = {80, 114, 111, 112, 104, 101, 99, 121, 0};
static const char label_4[] = {71, 111, 115, 112, 101, 108, 0};
static const char label_5[] = {76, 101, 116, 116, 101, 114, 0};
static const char *const labels[] = {label_0, label_1, label_2, label_3, label_4, label_5};

static const hf2c_output named_outputs[] = {
    {"logits", HF2C_ROWS_SEQUENCES, 6},
};

const hf2c_model kjv_genre_model = {
    .abi = HF2C_ABI,
    .name = "kjv-genre",
    .architecture = "BertForSequenceClassification",
    .tasks = "text-classification",
    .weights_bytes = 3825240,
    .workspace_bytes = 393216,
    .state_bytes = 0,
    .weights_hash = (uint64_t)0xe45a935a << 32 | 0xad7f9f38,
    .vocabulary = 4096,
    .hidden = 128,
    .layers = 2,
    .token_types = 2,
    .max_sequence = 128,
    .max_rows = 128,
    .max_batch = 64,
    .outputs = named_outputs,
    .output_count = 1,
    .labels = labels,
    .label_count = 6,
    .problem = HF2C_PROBLEM_SINGLE_LABEL,
    .pooling = HF2C_POOLING_NONE,
    .normalize = 0,
    .generation = {.bos = -1, .pad = 0, .eos_count = 0, .eos = {0},
                   .do_sample = 0, .top_k = 50, .max_length = 0, .max_new_tokens = 0,
                   .temperature = 1.0f, .top_p = 1.0f, .min_p = 0.0f, .repetition_penalty = 1.0f,
                   .decoder_start = -1, .forced_bos = -1, .forced_eos = -1, .min_length = 0, .no_repeat_ngram_size = 0,
                   .num_beams = 1, .early_stopping = 0, .length_penalty = 1.0f},
    .tokenizer = &kjv_genre_tokenizer,
    .forward = kjv_genre_forward,
};

hf2c_status kjv_genre_init(kjv_genre_context *c, void *workspace, size_t workspace_bytes, void *state, size_t state_bytes,
    const void *weights, size_t weights_bytes)
{
    c->past = 0;
    return hf2c_context_init(&c->context, &kjv_genre_model, weights, weights_bytes, workspace, workspace_bytes, state, state_bytes, 1);
}

hf2c_status kjv_genre_encode(kjv_genre_context *c, const int32_t *ids, const int32_t *types, size_t n, int output, float *out)
{
    int32_t positions[128], want[128], start[2] = {0, 0};
    float *outputs[1] = {NULL};
    if (!c || !ids || n == 0 || output < 0 || output >= 1) return HF2C_BAD_ARGUMENT;
    if (n > 128) return HF2C_TOO_LONG;
    for (int i = 0; i < (int)n; i++) positions[i] = want[i] = i;
    start[1] = (int32_t)n;
    outputs[output] = out;
    hf2c_batch batch = {.rows = (int)n, .sequences = 1, .wanted = (int)n, .ids = ids, .positions = positions};
    batch.types = types;
    batch.start = start;
    batch.want = want;
    return c->context.model->forward(&c->context, &batch, outputs);
}

size_t kjv_genre_scratch_bytes(size_t text_bytes)
{
    return hf2c_direct_scratch(&kjv_genre_model, text_bytes);
}

hf2c_status kjv_genre_classify(kjv_genre_context *c, const char *text, size_t bytes, void *scratch, size_t scratch_bytes,
    int *label, float *score)
{
    if (!c || !text || !scratch || !label || !score) return HF2C_BAD_ARGUMENT;
    hf2c_scratch room = {scratch, scratch_bytes, 0};
    return hf2c_direct_classify(&c->context, (hf2c_text){text, bytes}, &room, label, score);
}

const char *kjv_genre_label(int label)
{
    return label >= 0 && label < 6 ? labels[label] : NULL;
}

size_t kjv_genre_request_scratch_bytes(size_t text_bytes)
{
    return hf2c_call_scratch(&kjv_genre_model, text_bytes);
}

hf2c_status kjv_genre_request(kjv_genre_context *c, const char *task, const char *inputs, const char *kwargs, hf2c_listener *listener,
    void *scratch, size_t scratch_bytes)
{
    if (!c || !inputs || !listener || !scratch) return HF2C_BAD_ARGUMENT;
    hf2c_scratch room = {scratch, scratch_bytes, 0};
    return hf2c_call_request(&c->context, task, inputs, kwargs, listener, &room);
}
