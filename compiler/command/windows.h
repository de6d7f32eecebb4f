/* windows: a text as tokens, cut into pieces of one length, to measure a language model with. */
#ifndef HF2C_COMMAND_WINDOWS_H
#define HF2C_COMMAND_WINDOWS_H

#include "compiler/compile.h"
#include "compiler/engine/engine.h"

typedef struct Windows {
    int count, width;
    const int32_t *ids; /* [count * width] */
} Windows;

/* Reads a file of text, or a .json list of texts: each encoded with special tokens and followed by the end of sequence, one after another; what
 * does not fill a window is left out. The width is 512, or the model's longest sequence, or what a short text has. */
bool windows_read(Arena *arena, const Compiled *compiled, const char *path, Windows *windows, Err *err);

/* Logits [width, columns] of a window; memory: arena. NULL and *err where the model has none for every token, or refuses. */
const float *windows_logits(Arena *arena, hf2c_context *context, const Windows *windows, int number, int *columns, Err *err);

/* Mean of the divergence of other from exact, in nats, over [rows, columns]. */
double logits_divergence(const float *exact, const float *other, int rows, int columns);

#endif
