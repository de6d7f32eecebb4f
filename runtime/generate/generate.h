/* generate: from prompts to tokens, as generate() of transformers does it: greedy, sampling, beam search.
 *
 * Freestanding: all memory is the caller's scratch. Several sequences advance together, one row each in every call of
 * the model; there is no padding, but `padding` counts what transformers would have put in front, because its limits
 * count it. */
#ifndef HF2C_GENERATE_GENERATE_H
#define HF2C_GENERATE_GENERATE_H

#include "runtime/core/lists.h"
#include "runtime/core/message.h"
#include "runtime/core/scratch.h"
#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum hf2c_early_stopping { HF2C_EARLY_FALSE, HF2C_EARLY_TRUE, HF2C_EARLY_NEVER } hf2c_early_stopping;

typedef struct hf2c_length_decay {
    int start;    /* new tokens after which it sets in */
    float factor; /* per token; 0: off */
} hf2c_length_decay;

typedef struct hf2c_biases {
    hf2c_id_lists sequences; /* token sequences, and ... */
    const float *biases;     /* [sequences.count] ... what is added to the score of what completes them */
} hf2c_biases;

/* Settings with the names and meaning of transformers' GenerationConfig. hf2c_generation_init fills in the model's own.
 */
typedef struct hf2c_generation {
    int max_new_tokens, max_length; /* 0: not given; both count new tokens, max_length the prompt too */
    int min_new_tokens, min_length;
    int do_sample;
    int top_k;                        /* 0: off */
    float temperature;                /* above 0 */
    float top_p;                      /* (0, 1]; 1: off */
    float min_p;                      /* [0, 1]; 0: off */
    float typical_p;                  /* (0, 1]; 1: off */
    float epsilon_cutoff, eta_cutoff; /* [0, 1); 0: off */
    float repetition_penalty;         /* above 0; 1: off */
    int no_repeat_ngram_size;         /* 0: off */
    float encoder_repetition_penalty;     /* above 0; above 1: tokens of the source become likelier; 1: off */
    int encoder_no_repeat_ngram_size; /* no n-gram of the source; 0: off */
    hf2c_length_decay decay;          /* exponential_decay_length_penalty */
    hf2c_ids eos;
    int32_t pad, bos, forced_bos, forced_eos; /* -1: none */
    int32_t decoder_start; /* what a decoder with an encoder begins with; -1: unknown */
    hf2c_ids suppress_tokens, begin_suppress_tokens;
    hf2c_id_lists bad_words_ids;
    hf2c_biases sequence_bias;
    hf2c_texts stop_strings;
    int num_beams, num_return_sequences;
    int num_beam_groups;     /* divides num_beams; 1: off */
    float diversity_penalty; /* with groups: above 0, taken from the score of what earlier groups chose */
    float length_penalty;
    hf2c_early_stopping early_stopping;
    int prompt_lookup_num_tokens; /* tokens guessed at once from what stands in the text already; the result is the same; 0: off */
    int num_assistant_tokens; /* tokens guessed at once by the call's smaller model, if it has one; the result is the same; 0: off */
    int max_matching_ngram_size;  /* so many tokens before a guess must match at most */
    int32_t timestamp_begin;   /* Whisper: the first of the tokens that are times, which come in pairs and never go back; 0: off */
    int max_initial_timestamp; /* the last of them that may come first, counted from timestamp_begin; -1: any */
    const hf2c_constraint *constraint; /* what the new text must be; NULL: anything */
    uint64_t seed;
} hf2c_generation;

typedef enum hf2c_finish {
    HF2C_FINISH_NONE,   /* still running */
    HF2C_FINISH_EOS,    /* an end token was generated; it is part of the ids */
    HF2C_FINISH_LENGTH, /* max_new_tokens or max_length */
    HF2C_FINISH_STRING, /* a stop string appeared */
    HF2C_FINISH_CONTEXT /* the model's longest sequence */
} hf2c_finish;

/* One sequence; the ids belong to the caller. With an encoder, the text to be read is the source, and the prompt is what the decoder
 * begins with. Sequences with the same source share it. */
typedef struct hf2c_sequence {
    hf2c_ids source; /* of models with an encoder; empty for others; ids NULL: its rows are those of ... */
    const float *features; /* [source.count, row_values of the model] */
    hf2c_ids padded; /* source or prompt with what transformers pads it with, which its rules about the source see; empty: as it is */
    int32_t *ids;       /* [capacity]; begins with the prompt */
    int capacity;       /* at least hf2c_generate_capacity */
    int prompt;         /* tokens of the prompt, at least 1 */
    int padding;        /* tokens that transformers would have padded on the left; 0 for one prompt alone */
    int count;          /* out: tokens in all */
    hf2c_finish finish; /* out */
    float score;        /* out: beam search: sum of log-probabilities / length^length_penalty; 0 otherwise */
} hf2c_sequence;

/* What slot 0 of the cache holds between calls, so that the next one need not read again what it begins with alike. */
typedef struct hf2c_kept {
    int32_t *ids; /* [max_sequence], the caller's */
    int count;    /* 0: nothing; whoever changes the slot otherwise sets it to 0 */
    int furthest; /* positions that the slot has held at most since it was empty: see hf2c_model.ring */
} hf2c_kept;

/* prefix_allowed_tokens_fn: which tokens may follow, asked before every token; see hf2c_listener. */
typedef struct hf2c_prefix_rule {
    int (*allowed)(void *owner, int sequence, const int32_t *ids, int count, const int32_t **allowed);
    void *owner;
} hf2c_prefix_rule;

/* A smaller model with the same tokens, which guesses what the model will choose. */
typedef struct hf2c_draft {
    hf2c_context *context; /* with as many slots as sequences may run at once */
    int kept;              /* positions of its slot 0 that hold the same tokens as the model's: see hf2c_kept */
    int64_t rounds, guessed, right; /* counted on: calls of the model with guesses, guesses, those that were right */
} hf2c_draft;

typedef struct hf2c_generate_call {
    hf2c_context *context;
    const hf2c_generation *settings;
    hf2c_scratch *scratch;
    hf2c_message *message; /* what was wrong, for people */
    /* Both may be NULL. token: called for every new token of sequence number `sequence`, in order; not called by beam
     * search, whose tokens stay undecided until the end. Nonzero from either: stop at once, HF2C_CANCELLED. */
    int (*token)(void *owner, int sequence, int32_t id);
    int (*cancelled)(void *owner);
    /* May be NULL: the scores [vocabulary] that the next token of the sequence is chosen from, behind all rules and cut-offs: what these
     * ban has -infinity. Not called by beam search. */
    void (*scores)(void *owner, int sequence, const float *scores);
    void *owner;
    hf2c_kept *kept; /* may be NULL */
    const hf2c_prefix_rule *rule; /* may be NULL. Where it allows no token at all: HF2C_NOT_FINITE */
    hf2c_draft *draft; /* may be NULL; of no use with beams */
} hf2c_generate_call;

/* The model's defaults, else those of transformers: greedy, 20 tokens in all when no length is given. */
void hf2c_generation_init(hf2c_generation *settings, const hf2c_model *model);
/* HF2C_BAD_ARGUMENT with a message that names the setting, the value's fault and what is wanted. */
hf2c_status hf2c_generation_check(const hf2c_generation *settings, const hf2c_model *model, hf2c_message *message);
/* ids that a sequence with such a prompt may need: never more than max_sequence + 1. */
int hf2c_generate_capacity(const hf2c_generation *settings, const hf2c_model *model, int prompt, int padding);
/* Slots of the cache that are used at once at most for that many prompts; fewer suffice unless beams are searched, which take one
 * each, and one for the source of an encoder. */
int hf2c_generate_slots(const hf2c_generation *settings, int prompts);

/* sequences: [prompts * num_return_sequences]; those of one prompt stand together and each holds the prompt. Sampling
 * draws for sequence i from the seed and i alone, so that results do not depend on how many run at once. */
hf2c_status hf2c_generate(const hf2c_generate_call *call, hf2c_sequence *sequences, int prompts);

#ifdef __cplusplus
}
#endif
#endif
