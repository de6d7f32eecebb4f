/* listen: Whisper writes what it hears, window after window. */
#ifndef HF2C_TASK_LISTEN_H
#define HF2C_TASK_LISTEN_H

#include "runtime/generate/generate.h"
#include "runtime/task/sounds.h"

typedef struct hf2c_listening {
    hf2c_generation generation;
    hf2c_text language, task; /* empty: as the model says, or as it hears */
    int timestamps;           /* 1: times too */
} hf2c_listening;

typedef struct hf2c_heard {
    hf2c_ids tokens;  /* without those that it was told to begin with */
    hf2c_ids begin;   /* those */
    int32_t language; /* its token; -1: none was found or told */
} hf2c_heard;

/* Samples to spectra and those to tokens, in the scratch. truncated: what is longer than one window is cut; otherwise it is heard
 * window after window, which needs timestamps. */
hf2c_status hf2c_listen(hf2c_run *run, const hf2c_listening *listening, const float *samples, int count, int truncated, hf2c_heard *heard);

/* "english" for the token <|en|>; text NULL: it is none of a language. */
hf2c_text hf2c_language_name(const hf2c_tokenizer *tokenizer, int32_t id);

#endif
