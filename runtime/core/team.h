/* A team of threads that runs one schedule together. Each member calls every kernel; a kernel divides its work by
 * hf2c_share, statically, so that no result depends on the number of threads; hf2c_barrier stands between dependent
 * kernels. A team of one costs nothing, and needs no threads at all (firmware). */
#ifndef HF2C_CORE_TEAM_H
#define HF2C_CORE_TEAM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf2c_barrier_state hf2c_barrier_state; /* team.c */

typedef struct hf2c_team {
    int index, count;
    hf2c_barrier_state *barrier; /* NULL in a team of one */
} hf2c_team;

void hf2c_barrier_wait(hf2c_barrier_state *state, int index, int count);

static inline void hf2c_barrier(const hf2c_team *team)
{
    if (team->count > 1) hf2c_barrier_wait(team->barrier, team->index, team->count);
}

/* This member's part [*first, *end) of n units of work: contiguous, sizes differ by at most one. */
static inline void hf2c_share(const hf2c_team *team, int n, int *first, int *end)
{
    *first = (int)((int64_t)n * team->index / team->count);
    *end = (int)((int64_t)n * (team->index + 1) / team->count);
}

/* Runs body(team, argument) on that many threads and returns when all are done. OpenMP where it is compiled in, else one thread. */
void hf2c_parallel(int threads, void (*body)(const hf2c_team *team, void *argument), void *argument);
int hf2c_thread_limit(void); /* processors that may be used; 1 without threads */

/* ---- what kernels see of a batch ---- */

typedef struct hf2c_sequences {
    int count;            /* sequences in this call */
    int rows;             /* tokens in this call */
    const int32_t *start; /* [count + 1] first row of each */
    const int32_t *past;  /* [count] positions already cached, or NULL for none */
    const int32_t *slot;  /* [count] cache slot, or NULL for 0, 1, 2 ... */
    size_t slot_bytes;    /* distance between two slots of the state */
    const int32_t *memory;      /* [count] tokens of each one's source; NULL where there is no encoder */
    const int32_t *memory_slot; /* [count] slot that holds the source, or NULL for the sequence's own */
    const int32_t *samples;     /* [count + 1] first sample of each one's sound; NULL where there are none */
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
