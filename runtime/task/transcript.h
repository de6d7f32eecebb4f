/* transcript: Whisper's tokens, of pieces that may overlap, as text and its times. */
#ifndef HF2C_TASK_TRANSCRIPT_H
#define HF2C_TASK_TRANSCRIPT_H

#include "runtime/task/task.h"

/* What was heard of one piece of a sound; seconds. */
typedef struct hf2c_spoken {
    hf2c_ids tokens;
    int32_t language; /* -1: not known */
    int overlaps;     /* 1: the piece is one of several: */
    double length, left, right;
} hf2c_spoken;

typedef struct hf2c_said {
    hf2c_text text, language; /* language.text NULL: not known */
    double start, end;        /* NaN: not known */
} hf2c_said;

typedef struct hf2c_transcript {
    hf2c_said *said; /* [count] */
    int count;
} hf2c_transcript;

/* In the scratch. timestamps: pieces of text by the times among the tokens; otherwise one text for each language. */
hf2c_status hf2c_transcribe(hf2c_run *run, const hf2c_spoken *spoken, int count, int timestamps, hf2c_transcript *transcript);

/* Joins lists of tokens where the end of one looks like the beginning of the next: joined [all tokens]; returns how many there are. */
int hf2c_join_overlaps(const hf2c_ids *lists, int count, int32_t *joined);

#endif
