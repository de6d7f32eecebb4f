#include "runtime/task/spans.h"

#include <math.h>

/* Softmax in which tokens that may not be part of an answer have the logit -10000, as in transformers. */
static void probabilities(const float *logits, const uint8_t *allowed, int count, float *out)
{
    double total = 0;
    float best = -10000;
    for (int i = 0; i < count; i++) {
        if (allowed[i] && logits[i] > best) best = logits[i];
    }
    for (int i = 0; i < count; i++) total += exp((allowed[i] ? (double)logits[i] : -10000.0) - best);
    for (int i = 0; i < count; i++) out[i] = (float)(exp((allowed[i] ? (double)logits[i] : -10000.0) - best) / total);
}

static void keep_best(hf2c_span *spans, int *count, int limit, hf2c_span one)
{
    if (*count == limit && one.score <= spans[limit - 1].score) return;
    int at = *count < limit ? (*count)++ : limit - 1;
    for (; at > 0 && one.score > spans[at - 1].score; at--) spans[at] = spans[at - 1];
    spans[at] = one;
}

int hf2c_spans_find(const float *start, const float *end, const uint8_t *allowed, int count, int longest, int limit,
                    float *none, hf2c_span *spans, hf2c_scratch *scratch)
{
    hf2c_scratch before = *scratch;
    float *first = HF2C_TAKE(scratch, float, count), *last = HF2C_TAKE(scratch, float, count);
    int found = 0;
    if (!first || !last) return -1;
    probabilities(start, allowed, count, first);
    probabilities(end, allowed, count, last);
    *none = first[0] * last[0];
    first[0] = last[0] = 0;
    for (int i = 0; i < count; i++) {
        for (int k = i; k < count && k - i < longest && allowed[i]; k++) {
            float score = first[i] * last[k];
            if (allowed[k] && score > 0) keep_best(spans, &found, limit, (hf2c_span){i, k, score});
        }
    }
    *scratch = before;
    return found;
}
