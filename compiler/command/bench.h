/* bench, inside: what its files share. */
#ifndef HF2C_COMMAND_BENCH_H
#define HF2C_COMMAND_BENCH_H

#include "compiler/command/command.h"
#include "compiler/engine/engine.h"

enum { CONTESTANT_MAX = 3, RUNS_MAX = 101 };

/* A way to run the model. */
typedef struct Contestant {
    const char *name;
    const Compiled *compiled;
    Engine *engine;
    hf2c_context context;
    double made; /* seconds from the graph to something that runs */
} Contestant;

/* What is timed, of each contestant alike. */
typedef struct Subject {
    char name[64];
    enum { SUBJECT_start, SUBJECT_prefill, SUBJECT_decode, SUBJECT_encode, SUBJECT_see } kind;
    int tokens, sequences; /* tokens: of each sequence; SUBJECT_see: sequences are images */
    double seconds[CONTESTANT_MAX][RUNS_MAX]; /* of one start, one prompt, one token, one call */
} Subject;

/* ---- quality.c: bench --quality ---- */
int bench_quality(const Options *options);

/* ---- bench_measure.c ---- */
double seconds_since_boot(void);
/* Seconds of one unit of the subject; fatal() when the model refuses. threads as in the contestant's context. */
double measure(Contestant *contestant, const Subject *subject);
double median(double *values, size_t count); /* sorts them */

/* ---- bench_machine.c ---- */
/* Bytes per second that all threads together read of that many bytes again and again: the caches' speed where they fit, else memory's. */
double machine_bandwidth(size_t bytes, int threads);
double machine_barrier(int threads); /* seconds of one barrier of the team */
/* Multiplications and additions per second of all threads; kind: PEAK_f32 ... of templates/cpu/kernels.h; 0: the instruction set has none. */
double machine_peak(const char *isa, int kind, int threads);
/* Multiplications and additions of one token in linear layers, and the kind of most of them. */
double work_per_token(const Compiled *compiled, int *kind);
/* Bytes that one new token reads: the weights of all layers, and the cache up to that position. */
size_t bytes_per_token(const Compiled *compiled, int position);

#endif
