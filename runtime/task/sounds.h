/* sounds: what a task on sounds is given. For hosted programs. */
#ifndef HF2C_TASK_SOUNDS_H
#define HF2C_TASK_SOUNDS_H

#include "runtime/audio/sound.h"
#include "runtime/task/task.h"

typedef struct hf2c_hearing {
    hf2c_sound sound; /* at the model's rate */
    int strides;      /* 1: of these samples at the beginning and at the end what is heard does not count */
    int left, right;
} hf2c_hearing;

/* The sound of an input: the WAV file that its text names, or {"raw" (or "array"): [samples], "sampling_rate": n}, maybe with
 * "stride": [left, right]. In the scratch. */
hf2c_status hf2c_run_hear(hf2c_run *run, const hf2c_input *input, hf2c_hearing *hearing);

/* Pieces of a sound that overlap: as transformers' pipelines cut it. Counts are samples. */
typedef struct hf2c_pieces_of {
    int length, left, right; /* of each piece, and what of it is overlap */
} hf2c_pieces_of;
typedef struct hf2c_piece {
    const float *samples;
    int count, left, right;
    int overlaps; /* 1: it is one of several, or the request says what does not count; left and right may still be 0 */
} hf2c_piece;
/* Seconds to samples; length 0: one piece. align: all become multiples of it. HF2C_BAD_ARGUMENT with a message. */
hf2c_status hf2c_pieces_plan(hf2c_run *run, float length, const hf2c_pair *stride, int rate, int align, hf2c_pieces_of *pieces);
/* Piece number i; 0: there is none. A piece that is nothing but overlap has count 0. */
int hf2c_piece_at(const hf2c_pieces_of *pieces, const hf2c_hearing *hearing, int i, hf2c_piece *piece);

#endif
