/* golden_derive: outputs that follow from one of the model's: the last logits, negative log likelihoods, embeddings. */
#include <math.h>
#include <string.h>

#include "compiler/command/golden.h"

static const float *row_of(const Padded *in, const float *value, int columns, int sequence, int column)
{
    return value + ((size_t)sequence * (size_t)in->width + (size_t)column) * (size_t)columns;
}

static bool is_token(const Padded *in, int sequence, int column)
{
    return in->mask[(size_t)sequence * (size_t)in->width + (size_t)column] != 0;
}

/* Logits behind the last token of each sequence: [sequences, columns]. */
static bool make_last(const Padded *in, const float *value, int columns, float *out, size_t elements)
{
    if (elements != (size_t)in->sequences * (size_t)columns) return false;
    for (int s = 0; s < in->sequences; s++) {
        int last = in->width - 1;
        while (last > 0 && !is_token(in, s, last)) last--;
        memcpy(out + (size_t)s * (size_t)columns, row_of(in, value, columns, s, last), (size_t)columns * sizeof *out);
    }
    return true;
}

/* -log softmax(logits)[id] */
static double surprise(const float *logits, int columns, int32_t id)
{
    double largest = logits[0], sum = 0;
    for (int i = 1; i < columns; i++) largest = logits[i] > largest ? logits[i] : largest;
    for (int i = 0; i < columns; i++) sum += exp((double)logits[i] - largest);
    return largest + log(sum) - (double)logits[id];
}

/* Of each token but the first, given those before it: [sequences * (width - 1)], 0 where one is padding. */
static bool make_nll(const Padded *in, const float *value, int columns, float *out, size_t elements)
{
    if (elements != (size_t)in->sequences * (size_t)(in->width - 1)) return false;
    for (int s = 0; s < in->sequences; s++)
        for (int i = 0; i + 1 < in->width; i++) {
            int32_t next = in->ids[(size_t)s * (size_t)in->width + (size_t)i + 1];
            bool both = is_token(in, s, i) && is_token(in, s, i + 1) && next < columns;
            *out++ = both ? (float)surprise(row_of(in, value, columns, s, i), columns, next) : 0;
        }
    return true;
}

/* Mean over the tokens: [sequences, columns]. */
static bool make_mean(const Padded *in, const float *value, int columns, float *out, size_t elements)
{
    if (elements != (size_t)in->sequences * (size_t)columns) return false;
    for (int s = 0; s < in->sequences; s++)
        for (int c = 0; c < columns; c++) {
            double sum = 0, count = 0;
            for (int i = 0; i < in->width; i++) {
                if (!is_token(in, s, i)) continue;
                sum += (double)row_of(in, value, columns, s, i)[c];
                count++;
            }
            *out++ = (float)(sum / count);
        }
    return true;
}

static void normalize(float *row, int columns)
{
    double sum = 0;
    for (int c = 0; c < columns; c++) sum += (double)row[c] * (double)row[c];
    for (int c = 0; c < columns; c++) row[c] = (float)((double)row[c] / fmax(sqrt(sum), 1e-12));
}

static bool make_normalized(const Padded *in, const float *value, int columns, float *out, size_t elements)
{
    if (!make_mean(in, value, columns, out, elements)) return false;
    for (int s = 0; s < in->sequences; s++) normalize(out + (size_t)s * (size_t)columns, columns);
    return true;
}

/* The first token's, scaled to length 1. */
static bool make_cls(const Padded *in, const float *value, int columns, float *out, size_t elements)
{
    if (elements != (size_t)in->sequences * (size_t)columns) return false;
    for (int s = 0; s < in->sequences; s++) {
        float *row = out + (size_t)s * (size_t)columns;
        memcpy(row, row_of(in, value, columns, s, 0), (size_t)columns * sizeof *row);
        normalize(row, columns);
    }
    return true;
}

/* Similarities of the embeddings: [sequences, sequences]. */
static bool make_cosine(const Padded *in, const float *value, int columns, float *out, size_t elements)
{
    size_t n = (size_t)in->sequences, width = (size_t)columns;
    if (elements != n * n) return false;
    Arena *arena = arena_new();
    float *embedding = ARENA_ARRAY(arena, float, n * width);
    make_normalized(in, value, columns, embedding, n * width);
    for (size_t i = 0; i < n * n; i++) {
        double sum = 0;
        for (size_t c = 0; c < width; c++) sum += (double)embedding[i / n * width + c] * (double)embedding[i % n * width + c];
        out[i] = (float)sum;
    }
    arena_free(arena);
    return true;
}

static const Derivation derivations[] = {
    {"last_logits", "logits", make_last},
    {"nll", "logits", make_nll},
    {"mean", "last_hidden_state", make_mean},
    {"normalized", "last_hidden_state", make_normalized},
    {"embeddings", "last_hidden_state", make_normalized},
    {"cls", "last_hidden_state", make_cls},
    {"cosine", "last_hidden_state", make_cosine},
};

const Derivation *derivation_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(derivations); i++)
        if (strcmp(derivations[i].name, name) == 0) return &derivations[i];
    return NULL;
}
