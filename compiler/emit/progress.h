/* progress: how far a long packing is, for people at a terminal. */
#ifndef HF2C_EMIT_PROGRESS_H
#define HF2C_EMIT_PROGRESS_H

#include <stddef.h>

typedef struct Progress {
    double begin, shown; /* seconds */
    size_t total, done;  /* bytes that are read */
    int terminal;        /* standard error is one */
} Progress;

void progress_begin(Progress *progress, size_t total);
/* Some more is done; rewrites the line from time to time. */
void progress_add(Progress *progress, size_t bytes);
/* Clears the line; what took longer than a second is told in a last one. */
void progress_end(Progress *progress, size_t written);

#endif
