/* kjv_genre.h: the model kjv-genre (BertForSequenceClassification), compiled by hf2c.
 *
 * All memory is the caller's; nothing allocates, prints or exits. */
#ifndef KJV_GENRE_H
#define KJV_GENRE_H

#include "hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes. The workspace is scratch; the state holds one sequence's cache (0: the model has none). */
#define KJV_GENRE_WEIGHTS_BYTES ((size_t)3825240)
#define KJV_GENRE_WORKSPACE_BYTES ((size_t)393216)
#define KJV_GENRE_STATE_BYTES ((size_t)0)

/* Scratch for calls that take a text of at most TEXT_BYTES; kjv_genre_scratch_bytes tells for others. */
#define KJV_GENRE_TEXT_BYTES ((size_t)1024)
#define KJV_GENRE_SCRATCH_BYTES ((size_t)1952)

enum {
    KJV_GENRE_VOCABULARY = 4096,
    KJV_GENRE_HIDDEN = 128,
    KJV_GENRE_LAYERS = 2,
    KJV_GENRE_MAX_SEQUENCE = 128, /* tokens */
    KJV_GENRE_MAX_ROWS = 128,     /* tokens in one call */
    KJV_GENRE_MAX_BATCH = 64,    /* sequences in one call */
    KJV_GENRE_OUTPUT_LOGITS = 0, /* 6 columns */
};

extern const hf2c_model kjv_genre_model;
extern const unsigned char kjv_genre_weights[]; /* linked in, unless the program maps a file */

typedef struct kjv_genre_context {
    hf2c_context context;
    int32_t past; /* tokens in slot 0 of the state */
} kjv_genre_context;

/* weights, workspace, state: 64-byte aligned; state may be NULL where STATE_BYTES is 0. Checks all of it. */
hf2c_status kjv_genre_init(kjv_genre_context *c, void *workspace, size_t workspace_bytes, void *state, size_t state_bytes,
    const void *weights, size_t weights_bytes);

/* Runs n tokens as one sequence; types may be NULL. out receives output number `output` (NAME_OUTPUT_...). */
hf2c_status kjv_genre_encode(kjv_genre_context *c, const int32_t *ids, const int32_t *types, size_t n, int output, float *out);

/* Bytes of scratch that a text of that many bytes needs. */
size_t kjv_genre_scratch_bytes(size_t text_bytes);
/* The label of a text (UTF-8) with the highest score. HF2C_TOO_LONG: more than MAX_SEQUENCE tokens. */
hf2c_status kjv_genre_classify(kjv_genre_context *c, const char *text, size_t bytes, void *scratch, size_t scratch_bytes,
    int *label, float *score);
const char *kjv_genre_label(int label); /* its name, UTF-8; NULL: there is no such label */

/* Scratch that suffices for one text of at most 1024 bytes with the model's own settings; kjv_genre_request_scratch_bytes tells for
 * others. Beams, guesses and several answers need more, and more state: STATE_BYTES for each sequence. */
#define KJV_GENRE_REQUEST_SCRATCH_BYTES ((size_t)671216)
size_t kjv_genre_request_scratch_bytes(size_t text_bytes);
/* One request, in JSON as the pipelines of transformers take and return it: inputs ("\"a text\""), kwargs ("{\"top_k\": 2}",
 * or NULL). task: one of kjv_genre_model.tasks; NULL: the first. The answer goes to the listener in pieces, which are
 * worth nothing when the status is not HF2C_OK. */
hf2c_status kjv_genre_request(kjv_genre_context *c, const char *task, const char *inputs, const char *kwargs, hf2c_listener *listener,
    void *scratch, size_t scratch_bytes);

/* The whole model at once, for batches: see hf2c.h. */
hf2c_status kjv_genre_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs);

#ifdef __cplusplus
}
#endif
#endif
