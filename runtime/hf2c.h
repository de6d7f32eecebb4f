/* hf2c.h: what a compiled model looks like to the program that uses it.
 *
 * All memory belongs to the caller; nothing here allocates, prints, exits or keeps global state, unless its file says that it is
 * for hosted programs. Every call returns a status. A model is constant and may be shared by any number of contexts; a context
 * belongs to one caller at a time.
 *
 * Sequences without padding: a call works on `rows`, the tokens of all its sequences one after another. There is no padding and no
 * attention mask: `start` says where each sequence begins. What transformers pads is simply absent here, and the results for
 * the real tokens are the same. */
#ifndef HF2C_H
#define HF2C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HF2C_ABI 2

/* ---- status ---- */

#define HF2C_STATUSES(STATUS)                                                                                           \
    STATUS(OK, "done")                                                                                                  \
    STATUS(BAD_ARGUMENT, "an argument is null, negative or out of its range")                                           \
    STATUS(BAD_TOKEN, "a token id is outside the vocabulary")                                                           \
    STATUS(BAD_TEXT, "the text cannot be processed")                                                                    \
    STATUS(TOO_SMALL, "a buffer given by the caller is too small")                                                      \
    STATUS(TOO_LONG, "the input is longer than the model's longest sequence")                                           \
    STATUS(CONTEXT_FULL, "the context is full: no room for another token")                                              \
    STATUS(BAD_WEIGHTS, "the weights are not those of this model and layout")                                           \
    STATUS(NOT_SUPPORTED, "this model cannot do that")                                                                  \
    STATUS(CANCELLED, "cancelled by the caller")                                                                        \
    STATUS(NO_MEMORY, "out of memory")                                                                                  \
    STATUS(NOT_FINITE, "the model produced a value that is not a number")                                               \
    STATUS(DEVICE, "the device reported an error")
typedef enum hf2c_status {
#define STATUS(name, text) HF2C_##name,
    HF2C_STATUSES(STATUS)
#undef STATUS
} hf2c_status;
const char *hf2c_status_text(hf2c_status status);

/* ---- one call ---- */

typedef struct hf2c_batch {
    int rows;                 /* tokens in this call, over all sequences */
    int sequences;            /* how many sequences they belong to */
    int wanted;               /* rows whose output is wanted (for outputs of kind HF2C_ROWS_WANTED) */
    const int32_t *ids;       /* [rows] token ids; NULL where rows are no tokens */
    const int32_t *positions; /* [rows] position of each token in its sequence, from 0 */
    const int32_t *types;     /* [rows] token types, or NULL for all 0 */
    const int32_t *start;     /* [sequences + 1] first row of each sequence; start[sequences] == rows */
    const int32_t *past;      /* [sequences] positions already in the cache, or NULL for all 0 */
    const int32_t *slot;      /* [sequences] cache slot of each sequence, or NULL for 0, 1, 2 ... */
    const int32_t *want;      /* [wanted] row numbers, increasing */
    /* Sequences that begin alike share what is cached: [sequences, model->max_sequence] the slot that holds each position before this
     * call; NULL: all in the sequence's own slot, which gets the positions of this call in any case. Where the state is no memory of
     * the host's, NULL is wanted. */
    const int32_t *ancestors;
    /* Models with images only; a call may have images, tokens, or both. */
    int images;
    const float *values; /* [images * model->image_values] pixels, channel by channel, scaled as the model wants them */
    /* Models of sounds only, which have no ids. With frame_step, values are the samples of all sounds and the rows of a sequence are
     * as many as hf2c_frames() says; with row_values, values are [rows * model->row_values] features. */
    const int32_t *samples; /* [sequences + 1] first sample of each sequence's sound in values; with frame_step only */
    /* Models whose pictures have sizes of their own (model->image_patch) only. Each picture is a sequence of hf2c_picture_rows() rows, and
     * its values end where those of the next begin. */
    const int32_t *sizes; /* [images, 2] height and width */
    /* Models with an encoder only, for forward(); encode() ignores them. */
    const int32_t *memory;      /* [sequences] tokens of the source that each sequence looks back at; required there */
    const int32_t *memory_slot; /* [sequences] slot that encode() put that source into, or NULL for the sequence's own */
} hf2c_batch;

/* HF2C_ROWS_SOURCE: one for each row of encode(), which alone gives this output; forward() gives the others. HF2C_ROWS_IMAGES: one for
 * each image; where that has several rows, they lie side by side in the columns: see hf2c_places. */
typedef enum hf2c_rows { HF2C_ROWS_ALL, HF2C_ROWS_SEQUENCES, HF2C_ROWS_WANTED, HF2C_ROWS_SOURCE, HF2C_ROWS_IMAGES } hf2c_rows;

typedef struct hf2c_output {
    const char *name; /* as transformers names it: logits, last_hidden_state, pooler_output, start_logits, hidden_states.3 ... */
    hf2c_rows rows;   /* how many rows it has */
    int columns;
} hf2c_output;

/* What lies side by side in a row of an output of images. */
typedef struct hf2c_places {
    int columns; /* of each of the rows that lie there; 0: there is one only */
    int line;    /* where they are places in lines, which transformers has as [channels, height, width]: places in a line; else 0 */
} hf2c_places;

typedef struct hf2c_model hf2c_model;
typedef struct hf2c_tokenizer hf2c_tokenizer; /* constant tables */
typedef struct hf2c_constraint hf2c_constraint; /* constant tables */

#ifndef HF2C_FREESTANDING
/* How calls share the processors with others, in seconds; zeros at first. Results do not depend on it. */
typedef struct hf2c_pace {
    double until; /* when more than one thread is tried again */
    double pause; /* how long the last pause was */
    int strikes;  /* calls in a row whose threads hindered each other */
} hf2c_pace;
#endif

/* Caller-owned; fill by hf2c_context_init (or NAME_init). */
typedef struct hf2c_context hf2c_context;
struct hf2c_context {
    const hf2c_model *model;
    const uint8_t *weights; /* [weights_bytes], 64-byte aligned, read only */
    uint8_t *workspace;     /* [workspace_bytes], 64-byte aligned: scratch, nothing in it survives a call */
    uint8_t *fast;          /* [fast_bytes], 64-byte aligned: scratch too, in a faster memory; NULL where the model wants none */
    uint8_t *state;         /* [slots * state_bytes], 64-byte aligned: the cache; NULL for models without one */
    size_t slots;
    int threads;            /* at most; 1 where there are no threads */
#ifndef HF2C_FREESTANDING
    hf2c_pace pace;
#endif
    void *engine;           /* for engines other than compiled code; NULL otherwise */
    hf2c_status (*copy_slot)(hf2c_context *context, size_t from, size_t to); /* where the state is no memory of the host's; else NULL */
};

/* Defaults of generation, from generation_config.json. */
typedef struct hf2c_generation_defaults {
    int32_t bos, pad;                    /* -1: none */
    int32_t decoder_start, forced_bos, forced_eos; /* -1: none */
    int32_t eos[8];
    int eos_count;
    int do_sample, top_k, max_length, max_new_tokens; /* 0 top_k: off; 0 lengths: not given */
    float temperature, top_p, min_p, repetition_penalty;
    int min_length, no_repeat_ngram_size, num_beams, early_stopping; /* 0: not given; early_stopping: hf2c_early_stopping */
    float length_penalty; /* with num_beams */
    float typical_p, epsilon_cutoff, eta_cutoff, encoder_repetition_penalty; /* 0: not given */
    int min_new_tokens, encoder_no_repeat_ngram_size;                       /* 0: not given */
    const int32_t *suppress, *begin_suppress; /* tokens that never appear, that do not appear first; NULL: none */
    int suppress_count, begin_suppress_count;
} hf2c_generation_defaults;

/* What config.json's task_specific_params say of one task; 0 or NULL: nothing. */
typedef struct hf2c_task_settings {
    const char *task;   /* summarization, translation_en_to_de; "" for what holds for all */
    const char *prefix; /* put before every text */
    int max_length, min_length, num_beams, early_stopping, no_repeat_ngram_size;
    float length_penalty;
} hf2c_task_settings;

/* HF2C_RESIZE_SHORTEST: the shorter edge gets its length, the other follows; EDGES: unless the longer one would be longer than `longest`,
 * which then gets that; WITHIN: the largest that fits into height and width. */
typedef enum hf2c_resize { HF2C_RESIZE_NONE, HF2C_RESIZE_EXACT, HF2C_RESIZE_SHORTEST, HF2C_RESIZE_EDGES, HF2C_RESIZE_WITHIN } hf2c_resize;

/* How a picture becomes values: resized, cut, scaled, padded. */
typedef struct hf2c_image_settings {
    int resize; /* hf2c_resize */
    int height, width, shortest, longest;
    int multiple; /* sides are cut to multiples of it; 0: not */
    int filter;   /* PIL's number: 2 bilinear, 3 bicubic ... */
    int crop_height, crop_width; /* cut out of its middle, black around it where it is smaller; 0: not */
    int pad_height, pad_width;   /* zeros to the right and below; 0: not */
    float factor, offset, mean[3], deviation[3]; /* (value * factor - offset - mean) / deviation, for red, green and blue */
} hf2c_image_settings;

/* How a sound becomes values. */
typedef struct hf2c_sound_settings {
    int rate;          /* samples per second */
    int normalize;     /* 1: scaled to mean 0 and variance 1 */
    int most_samples;  /* that the model takes at once; features: what every sound is padded to */
    /* The logarithm of mel-spaced spectra, instead of samples: */
    int mels;          /* filters; 0: samples */
    int window, hop;   /* samples of a spectrum, and between two */
    float padding;     /* the value of what is behind a sound */
} hf2c_sound_settings;

/* How Whisper's decoder is told what to write. */
typedef struct hf2c_speech_settings {
    int32_t no_timestamps, transcribe, translate; /* tokens; -1: none. Behind no_timestamps stand those that are times */
    int max_initial_timestamp; /* -1: any */
    int multilingual;          /* 0: it knows one language and one task */
    int timestamps;            /* 1: written unless told otherwise */
    const int32_t *languages;  /* [language_count] tokens, spelled <|en|> */
    int language_count;
    const int32_t *forced; /* [forced_count] first tokens where neither language nor task is asked for; -1: the language that is heard */
    int forced_count;
    const char *language, *task; /* NULL: none */
} hf2c_speech_settings;

/* A text that is read already: what a slot of the state holds then, in runs of bytes, one after another. */
typedef struct hf2c_baked_run {
    size_t at, bytes; /* in the slot */
} hf2c_baked_run;

typedef struct hf2c_baked {
    const int32_t *ids; /* [count] the text begins with them */
    int count;
    const char *system; /* the text, as system message of a chat; NULL: it is the beginning of prompts */
    const hf2c_baked_run *runs;
    int run_count;
    const uint8_t *data; /* [bytes], a multiple of 8, 64-byte aligned, read only */
    size_t bytes;
    uint64_t hash;       /* hf2c_baked_hash */
} hf2c_baked;

struct hf2c_model {
    uint32_t abi;
    const char *name;         /* for people, printable ASCII */
    const char *architecture; /* "LlamaForCausalLM" */
    const char *tasks;        /* task names that the head allows, the default one first, separated by ' ' */
    size_t weights_bytes, workspace_bytes, state_bytes; /* state: of one slot */
    size_t fast_bytes; /* of scratch in a faster memory: firmware for two memories has some */
    uint64_t weights_hash;    /* must stand in the header of the weights */
    int vocabulary, hidden, layers;
    int token_types;  /* how many token types the model tells apart; 0: none, a batch's types are ignored */
    int max_sequence; /* longest sequence, and capacity of a cache slot */
    int max_rows;     /* most rows in one call; longer prompts go in pieces where there is a cache */
    int max_batch;    /* most sequences in one call */
    int alone_rows;   /* calls of so few rows run on one thread, which is faster */
    int rewinds;      /* 1: a call may go on at any position that the cache slot holds; what it holds from there on is forgotten */
    /* Layers that look back over a window keep no more than it needs: where a slot has held more than `ring` positions, a call may go on
     * at most ring_back positions before the furthest of them. 0: all positions are kept. */
    int ring, ring_back;
    int image_values; /* numbers of an image; 0: the model takes none */
    int max_images;   /* most images in one call */
    int image_patch;  /* pictures have sizes of their own, with image_values numbers at most: side of the patches that are rows; else 0 */
    int image_tokens; /* rows of each beside its patches */
    int image_channels;
    const hf2c_image_settings *image; /* NULL: unknown */
    int frame_samples, frame_step; /* samples of a sound that its first row needs, and those that each next one needs more; 0: no sounds */
    int row_values;  /* features of a row of a sound, of models that take those (with an encoder: it does); 0 otherwise */
    int max_source;  /* longest source of an encoder, in rows; 0: max_sequence */
    int source_vocabulary; /* ids of a source, where those are other tokens than a text's; 0: vocabulary */
    const hf2c_sound_settings *sound; /* NULL: unknown */
    const hf2c_speech_settings *speech; /* NULL: not such a model */
    float similarity; /* of embeddings of texts and images, scaled to length 1: what their product is multiplied by; 0: there are none */
    const hf2c_output *outputs;
    int output_count;
    const hf2c_places *places; /* [output_count]; NULL: the model takes no images */
    const char *const *labels; /* id2label, UTF-8; NULL when there are none */
    int label_count;
    int problem; /* hf2c_problem: how logits become scores */
    int pooling; /* hf2c_pooling of a sentence-embedding model; HF2C_POOLING_NONE otherwise */
    int normalize; /* 1: embeddings are scaled to length 1 */
    hf2c_generation_defaults generation;
    const hf2c_task_settings *task_settings; /* [task_settings_count] */
    int task_settings_count;
    const hf2c_baked *baked; /* NULL: none */
    const hf2c_tokenizer *tokenizer; /* NULL: the program takes ids only */
    const hf2c_tokenizer *target_tokenizer; /* of what is written, where a source has other tokens; NULL: tokenizer */
    const hf2c_constraint *constraint; /* what generated texts must be; NULL: anything */
    /* Runs the model once. outputs[i] receives output i, or is NULL when it is not wanted. */
    hf2c_status (*forward)(hf2c_context *context, const hf2c_batch *batch, float *const *outputs);
    /* Models with an encoder, NULL otherwise: reads whole sources into the slots of their sequences, where forward() then finds
     * them. A slot holds one source and one sequence that grows; they are independent of each other. */
    hf2c_status (*encode)(hf2c_context *context, const hf2c_batch *batch, float *const *outputs);
};

/* ---- what a model takes and keeps ---- */

static inline int hf2c_takes_images(const hf2c_model *model) { return model->max_images > 0; }
static inline int hf2c_takes_pictures(const hf2c_model *model) { return model->image_patch > 0; } /* with sizes of their own */
static inline int hf2c_takes_sounds(const hf2c_model *model) { return model->frame_step > 0; }
static inline int hf2c_takes_features(const hf2c_model *model) { return model->row_values > 0; } /* for its encoder */
static inline int hf2c_has_source(const hf2c_model *model) { return model->encode != NULL; }
static inline int hf2c_has_state(const hf2c_model *model) { return model->state_bytes > 0; }
static inline int hf2c_has_fast(const hf2c_model *model) { return model->fast_bytes > 0; }

/* ---- requests in text ---- */

/* What hears an answer while it is made. Each function may be NULL and gets `owner` first. */
typedef struct hf2c_listener {
    void *owner;
    /* The next piece of the answer: whole characters of UTF-8, not NUL-terminated. Nonzero: stop, HF2C_CANCELLED. */
    int (*text)(void *owner, const char *text, size_t bytes);
    /* Asked between tokens and between calls of the model. Nonzero: stop, HF2C_CANCELLED. */
    int (*cancelled)(void *owner);
    /* Where text is generated: the tokens that may follow the count ids (the prompt's first) of sequence number `sequence`. Points
     * *allowed to a list of them that lasts until the next call and returns how many they are; negative: any may follow. */
    int (*allowed)(void *owner, int sequence, const int32_t *ids, int count, const int32_t **allowed);
    char message[256]; /* out: what was wrong, one line for people; empty where the status says all */
} hf2c_listener;

typedef enum hf2c_problem { HF2C_PROBLEM_SINGLE_LABEL, HF2C_PROBLEM_MULTI_LABEL, HF2C_PROBLEM_REGRESSION } hf2c_problem;
typedef enum hf2c_pooling { HF2C_POOLING_NONE, HF2C_POOLING_MEAN, HF2C_POOLING_CLS, HF2C_POOLING_MAX, HF2C_POOLING_LAST } hf2c_pooling;

/* Checks sizes, alignment and the header of the weights. slots: how many sequences the state can hold at once. */
hf2c_status hf2c_context_init(hf2c_context *context, const hf2c_model *model, const void *weights, size_t weights_bytes,
                              void *workspace, size_t workspace_bytes, void *state, size_t state_bytes, int threads);
/* The same for the scratch of models that want some in a faster memory; comes behind hf2c_context_init. */
hf2c_status hf2c_context_fast(hf2c_context *context, void *fast, size_t fast_bytes);
/* Checks a batch against the model and the context: counts, order, ids, capacity. forward() calls it first. */
hf2c_status hf2c_batch_check(const hf2c_context *context, const hf2c_batch *batch);
/* The same for encode(). */
hf2c_status hf2c_source_check(const hf2c_context *context, const hf2c_batch *batch);
/* Copies what one slot of the state holds to another. HF2C_BAD_ARGUMENT when there is no such slot. */
hf2c_status hf2c_context_copy_slot(hf2c_context *context, size_t from, size_t to);
/* Rows that a sound of so many samples gives; 0: it is too short. Models with frame_step. */
int hf2c_frames(const hf2c_model *model, int samples);
/* Longest source of the model's encoder, in rows. */
int hf2c_longest_source(const hf2c_model *model);
int hf2c_source_vocabulary(const hf2c_model *model);
const hf2c_tokenizer *hf2c_writing_tokenizer(const hf2c_model *model); /* NULL: the program takes ids only */
/* Rows of a picture of that size; 0: the model cannot take it. For models with pictures of sizes of their own. */
int hf2c_picture_rows(const hf2c_model *model, int height, int width);
/* Of the bytes, which are a multiple of 8. */
uint64_t hf2c_baked_hash(const void *data, size_t bytes);
/* Puts what the model has baked into a slot, as if its tokens had been read. HF2C_NOT_SUPPORTED: there is none. */
hf2c_status hf2c_baked_load(hf2c_context *context, size_t slot);
/* Index of the output of that name, or -1. */
int hf2c_output_find(const hf2c_model *model, const char *name);

#ifdef __cplusplus
}
#endif
#endif
