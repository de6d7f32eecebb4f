/* kjv_writer.h: the model kjv-writer (LlamaForCausalLM), compiled by hf2c.
 *
 * All memory is the caller's; nothing allocates, prints or exits. */
#ifndef KJV_WRITER_H
#define KJV_WRITER_H

#include "hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes. The workspace is scratch; the state holds one sequence's cache (0: the model has none). */
#define KJV_WRITER_WEIGHTS_BYTES ((size_t)6956160)
#define KJV_WRITER_WORKSPACE_BYTES ((size_t)1277952)
#define KJV_WRITER_STATE_BYTES ((size_t)2097152)

enum {
    KJV_WRITER_VOCABULARY = 2048,
    KJV_WRITER_HIDDEN = 256,
    KJV_WRITER_LAYERS = 4,
    KJV_WRITER_MAX_SEQUENCE = 512, /* tokens */
    KJV_WRITER_MAX_ROWS = 256,     /* tokens in one call */
    KJV_WRITER_MAX_BATCH = 64,    /* sequences in one call */
    KJV_WRITER_OUTPUT_LOGITS = 0, /* 2048 columns */
};

extern const hf2c_model kjv_writer_model;
extern const unsigned char kjv_writer_weights[]; /* linked in, unless the program maps a file */

typedef struct kjv_writer_context {
    hf2c_context context;
    int32_t past; /* tokens in slot 0 of the state */
} kjv_writer_context;

/* weights, workspace, state: 64-byte aligned; state may be NULL where STATE_BYTES is 0. Checks all of it. */
hf2c_status kjv_writer_init(kjv_writer_context *c, void *workspace, size_t workspace_bytes, void *state, size_t state_bytes,
    const void *weights, size_t weights_bytes);

/* Puts n tokens behind those that the state's slot 0 holds already (none after kjv_writer_reset), and gives the logits behind the
 * last one, [VOCABULARY]. HF2C_CONTEXT_FULL when there is no room. */
hf2c_status kjv_writer_prefill(kjv_writer_context *c, const int32_t *ids, size_t n, float *logits);
/* The same for one token. */
hf2c_status kjv_writer_decode(kjv_writer_context *c, int32_t id, float *logits);
void kjv_writer_reset(kjv_writer_context *c); /* the next token is the first */

/* Scratch that suffices for one text of at most 4096 bytes with the model's own settings; kjv_writer_request_scratch_bytes tells for
 * others. Beams, guesses and several answers need more, and more state: STATE_BYTES for each sequence. */
#define KJV_WRITER_REQUEST_SCRATCH_BYTES ((size_t)1941808)
size_t kjv_writer_request_scratch_bytes(size_t text_bytes);
/* One request, in JSON as the pipelines of transformers take and return it: inputs ("\"a text\""), kwargs ("{\"top_k\": 2}",
 * or NULL). task: one of kjv_writer_model.tasks; NULL: the first. The answer goes to the listener in pieces, which are
 * worth nothing when the status is not HF2C_OK. */
hf2c_status kjv_writer_request(kjv_writer_context *c, const char *task, const char *inputs, const char *kwargs, hf2c_listener *listener,
    void *scratch, size_t scratch_bytes);
/* Generates text behind a prompt (UTF-8), or from the source that an encoder reads; the listener hears the new text as soon as it is
 * certain. kwargs: settings by the names of transformers, "{\"max_new_tokens\": 40, \"do_sample\": true, \"seed\": 7}"; NULL: the
 * model's own. It begins anew: what prefill and decode have put into the state is gone. */
hf2c_status kjv_writer_generate(kjv_writer_context *c, const char *prompt, size_t bytes, const char *kwargs, hf2c_listener *listener,
    void *scratch, size_t scratch_bytes);

/* The whole model at once, for batches: see hf2c.h. */
hf2c_status kjv_writer_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs);

#ifdef __cplusplus
}
#endif
#endif
