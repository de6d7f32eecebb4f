/* A team of threads that runs one schedule together. Each member enters every kernel (hf2c_enter) and takes part or passes it by; a
 * kernel divides its work by hf2c_share, statically, so that no result depends on the number of threads. A team of one costs
 * nothing, and needs no threads at all (firmware). */
#ifndef HF2C_CORE_TEAM_H
#define HF2C_CORE_TEAM_H

#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf2c_member hf2c_member; /* team.c */

typedef struct hf2c_team {
    int index, count;
    hf2c_member *member; /* what this thread alone may touch; NULL in a team of one */
} hf2c_team;

void hf2c_barrier_wait(hf2c_member *member);
int hf2c_enter_wait(const hf2c_team *team, hf2c_team *part, int alone);

/* Within a kernel: all that its members wrote before can be read behind it. */
static inline void hf2c_barrier(const hf2c_team *team)
{
    if (team->count > 1) hf2c_barrier_wait(team->member);
}

/* Before each kernel: waits until what the kernels before it write is there. alone: so little work that one member does it, while the
 * others go on to the next kernel that is none such; between two that are, nobody waits. Returns whether this member takes part,
 * and *part is then the team that does. */
static inline int hf2c_enter(const hf2c_team *team, hf2c_team *part, int alone)
{
    *part = *team;
    return team->count == 1 || hf2c_enter_wait(team, part, alone);
}

/* This member's part [*first, *end) of n units of work: contiguous, sizes differ by at most one. */
static inline void hf2c_share(const hf2c_team *team, int n, int *first, int *end)
{
    *first = (int)((int64_t)n * team->index / team->count);
    *end = (int)((int64_t)n * (team->index + 1) / team->count);
}

/* Runs body(team, argument) on that many threads and returns when all are done. OpenMP where it is compiled in, else one thread. */
void hf2c_parallel(int threads, void (*body)(const hf2c_team *team, void *argument), void *argument);
#ifndef HF2C_FREESTANDING
/* The same, but on one thread for a while after a call in which members mostly waited for each other, since something else has the
 * processors: first for milliseconds, then up to a second. The caller keeps *pace, zeros at first. */
void hf2c_parallel_paced(hf2c_pace *pace, int threads, void (*body)(const hf2c_team *team, void *argument), void *argument);
#endif
int hf2c_thread_limit(void); /* processors that may be used; 1 without threads */

/* ---- what kernels see of a batch ---- */

typedef struct hf2c_sequences {
    int count;            /* sequences in this call */
    int rows;             /* tokens in this call */
    const int32_t *start; /* [count + 1] first row of each */
    const int32_t *past;  /* [count] positions already cached, or NULL for none */
    const int32_t *slot;  /* [count] cache slot, or NULL for 0, 1, 2 ... */
    size_t slot_bytes;    /* distance between two slots of the state */
    const int32_t *ancestors;   /* [count, ancestor_stride] slot that holds each position; NULL: all in the sequence's own */
    int ancestor_stride;
    const int32_t *memory;      /* [count] tokens of each one's source; NULL where there is no encoder */
    const int32_t *memory_slot; /* [count] slot that holds the source, or NULL for the sequence's own */
    const int32_t *samples;     /* [count + 1] first sample of each one's sound; NULL where there are none */
    const int32_t *sizes;       /* [count, 2] height and width of each one's picture; NULL where they are of one size */
    int first;                  /* row that the queries and results of attention begin with: 0, but in a strip of rows */
} hf2c_sequences;

static inline int hf2c_past(const hf2c_sequences *s, int i) { return s->past ? s->past[i] : 0; }
static inline int hf2c_slot(const hf2c_sequences *s, int i) { return s->slot ? s->slot[i] : i; }
/* Pieces of `size` samples that the sound of sequence i takes up. */
static inline int hf2c_pieces(const hf2c_sequences *s, int i, int size) { return (s->samples[i + 1] - s->samples[i] + size - 1) / size; }
static inline int hf2c_memory_slot(const hf2c_sequences *s, int i) { return s->memory_slot ? s->memory_slot[i] : hf2c_slot(s, i); }

#ifdef __cplusplus
}
#endif
#endif
