/* common: encoding, scores, ranking: what most tasks share. */
#include "runtime/task/task.h"

#include <math.h>
#include <string.h>

/* ---- text in, text out ---- */

static hf2c_status no_tokenizer(hf2c_run *run)
{
    hf2c_message_set(run->message, "this program has no tokenizer");
    return HF2C_NOT_SUPPORTED;
}

static int longest_input(const hf2c_model *model)
{
    int longest = hf2c_tokenizer_max_length(model->tokenizer);
    return longest > 0 && longest < model->max_sequence ? longest : model->max_sequence;
}

static hf2c_status take_encoding(hf2c_encoding *encoding, size_t capacity, hf2c_scratch *scratch)
{
    *encoding = (hf2c_encoding){.capacity = capacity};
    encoding->ids = HF2C_TAKE(scratch, int32_t, capacity);
    encoding->type_ids = HF2C_TAKE(scratch, int32_t, capacity);
    encoding->word_ids = HF2C_TAKE(scratch, int32_t, capacity);
    encoding->sequence = HF2C_TAKE(scratch, int32_t, capacity);
    encoding->offsets = hf2c_scratch_take(scratch, capacity, 2 * sizeof(int32_t));
    return encoding->ids && encoding->type_ids && encoding->word_ids && encoding->sequence && encoding->offsets
               ? HF2C_OK
               : HF2C_TOO_SMALL;
}

static hf2c_status check_length(hf2c_run *run, size_t tokens)
{
    const hf2c_model *model = run->context->model;
    if (tokens == 0) {
        hf2c_message_set(run->message, "the text is empty");
        return HF2C_BAD_TEXT;
    }
    if (tokens <= (size_t)model->max_sequence) return HF2C_OK;
    hf2c_message_set(run->message, "the text has ");
    hf2c_message_add_number(run->message, (long long)tokens);
    hf2c_message_add(run->message, " tokens, the model takes at most ", 33);
    hf2c_message_add_number(run->message, model->max_sequence);
    return HF2C_TOO_LONG;
}

hf2c_status hf2c_run_encode(hf2c_run *run, hf2c_text text, hf2c_text second, hf2c_tokenization tokenization,
                            hf2c_encoding *encoding, int *windows)
{
    const hf2c_model *model = run->context->model;
    if (!model->tokenizer) return no_tokenizer(run);
    if (text.bytes > SIZE_MAX / 2 || second.bytes > SIZE_MAX / 2) return HF2C_TOO_LONG;
    size_t bytes = text.bytes + second.bytes;
    hf2c_encode_options options = {.add_special_tokens = !tokenization.without_special,
                                   .truncation = tokenization.strategy,
                                   .stride = tokenization.stride,
                                   .window = tokenization.window};
    options.max_length = tokenization.max_length > 0 ? tokenization.max_length : longest_input(model);
    hf2c_status status = take_encoding(encoding, hf2c_encode_capacity(model->tokenizer, bytes), run->scratch);
    if (status != HF2C_OK) return status;
    hf2c_scratch before = *run->scratch;
    size_t needed = hf2c_encode_scratch(model->tokenizer, bytes);
    void *memory = hf2c_scratch_take(run->scratch, needed, 1);
    if (!memory) return HF2C_TOO_SMALL;
    status = hf2c_encode(model->tokenizer, text.text, text.bytes, second.text, second.bytes, &options, encoding,
                         windows, memory, needed);
    *run->scratch = before;
    if (status == HF2C_BAD_ARGUMENT)
        hf2c_message_set(run->message, "the tokens that are kept leave no room for the stride or the text");
    return status == HF2C_OK ? check_length(run, encoding->count) : status;
}

hf2c_status hf2c_run_decode(hf2c_run *run, const int32_t *ids, int count, int skip_special_tokens, hf2c_text *text)
{
    const hf2c_tokenizer *tokenizer = hf2c_writing_tokenizer(run->context->model);
    size_t length = 0;
    *text = (hf2c_text){"", 0};
    if (!tokenizer) return no_tokenizer(run);
    hf2c_status status = hf2c_decode_clean(tokenizer, ids, (size_t)count, skip_special_tokens, NULL, 0, &length);
    if (status != HF2C_TOO_SMALL || length == 0) return status;
    size_t capacity = length;
    char *bytes = HF2C_TAKE(run->scratch, char, capacity);
    if (!bytes) return HF2C_TOO_SMALL;
    status = hf2c_decode_clean(tokenizer, ids, (size_t)count, skip_special_tokens, bytes, capacity, &length);
    *text = (hf2c_text){bytes, length};
    return status;
}

/* ---- scores ---- */

void hf2c_softmax(const float *scores, int count, float *probabilities)
{
    float best = scores[0];
    double total = 0;
    for (int i = 1; i < count; i++) best = scores[i] > best ? scores[i] : best;
    for (int i = 0; i < count; i++) total += exp((double)scores[i] - best);
    for (int i = 0; i < count; i++) probabilities[i] = (float)(exp((double)scores[i] - best) / total);
}

float hf2c_sigmoid(float value)
{
    return (float)(1 / (1 + exp(-(double)value)));
}

hf2c_function hf2c_score_function(const hf2c_model *model)
{
    if (model->problem == HF2C_PROBLEM_REGRESSION) return HF2C_FUNCTION_NONE;
    return model->problem == HF2C_PROBLEM_MULTI_LABEL || model->label_count == 1 ? HF2C_FUNCTION_SIGMOID
                                                                                 : HF2C_FUNCTION_SOFTMAX;
}

void hf2c_scores(hf2c_function function, const float *logits, int count, float *scores)
{
    if (function == HF2C_FUNCTION_SOFTMAX) {
        hf2c_softmax(logits, count, scores);
        return;
    }
    for (int i = 0; i < count; i++) scores[i] = function == HF2C_FUNCTION_SIGMOID ? hf2c_sigmoid(logits[i]) : logits[i];
}

/* The larger value first, the lower number among equals. */
static int ranks_before(const float *values, int32_t a, int32_t b)
{
    return values[a] != values[b] ? values[a] > values[b] : a < b;
}

static void swap_ranks(int32_t *a, int32_t *b)
{
    int32_t held = *a;
    *a = *b;
    *b = held;
}

/* Restores a heap that has the last in rank on top. */
static void sift_rank(const float *values, int32_t *heap, int at, int count)
{
    for (int child = 2 * at + 1; child < count; at = child, child = 2 * at + 1) {
        if (child + 1 < count && ranks_before(values, heap[child], heap[child + 1])) child++;
        if (!ranks_before(values, heap[at], heap[child])) return;
        swap_ranks(&heap[at], &heap[child]);
    }
}

void hf2c_rank(const float *values, int n, int count, int32_t *ranked)
{
    if (count <= 0) return;
    for (int i = 0; i < count; i++) ranked[i] = i;
    for (int i = count / 2 - 1; i >= 0; i--) sift_rank(values, ranked, i, count);
    for (int32_t i = count; i < n; i++) {
        if (!ranks_before(values, i, ranked[0])) continue;
        ranked[0] = i;
        sift_rank(values, ranked, 0, count);
    }
    for (int i = count - 1; i > 0; i--) {
        swap_ranks(&ranked[0], &ranked[i]);
        sift_rank(values, ranked, 0, i);
    }
}

void hf2c_write_numbers(hf2c_run *run, const float *values, int count)
{
    hf2c_sink_text(run->sink, run->people ? "" : "[");
    for (int i = 0; i < count; i++) {
        if (i > 0) hf2c_sink_text(run->sink, run->people ? " " : ", ");
        hf2c_sink_number(run->sink, values[i]);
    }
    hf2c_sink_text(run->sink, run->people ? "\n" : "]");
}

void hf2c_sink_fixed(hf2c_sink *sink, double value, int decimals)
{
    int64_t scale = 1;
    for (int i = 0; i < decimals; i++) scale *= 10;
    if (!(fabs(value) < 1e12)) {
        hf2c_sink_text(sink, isnan(value) ? "nan" : value > 0 ? "very large" : "very small");
        return;
    }
    int64_t units = (int64_t)(fabs(value) * (double)scale + 0.5);
    if (value < 0 && units > 0) hf2c_sink_text(sink, "-");
    hf2c_sink_integer(sink, units / scale);
    if (decimals > 0) hf2c_sink_text(sink, ".");
    for (int64_t place = scale / 10; place > 0; place /= 10) hf2c_sink_integer(sink, units / place % 10);
}

hf2c_text hf2c_run_label(hf2c_run *run, int label)
{
    const hf2c_model *model = run->context->model;
    if (model->labels && label < model->label_count)
        return (hf2c_text){model->labels[label], strlen(model->labels[label])};
    hf2c_message name = {"LABEL_"};
    hf2c_message_add_number(&name, label);
    size_t length = strlen(name.text);
    char *copy = HF2C_TAKE(run->scratch, char, length);
    if (!copy) return (hf2c_text){"", 0};
    memcpy(copy, name.text, length);
    return (hf2c_text){copy, length};
}
