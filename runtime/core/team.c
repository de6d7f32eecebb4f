/* Teams of threads: one OpenMP region per schedule, and our own barrier inside of it, since OpenMP's costs several
 * times as much between kernels that take microseconds. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/core/team.h"

#ifdef _OPENMP
#include <omp.h>
#include <stdatomic.h>
#if defined(__unix__) || defined(__APPLE__)
#include <sched.h>
#define yield_processor() sched_yield()
#else
#define yield_processor() (void)0
#endif

enum { SPINS_BEFORE_YIELD = 4000 }; /* some ten microseconds */

/* Sense reversing: the last to arrive turns the phase, the others wait for that. On cache lines of their own. */
struct hf2c_barrier_state {
    _Alignas(64) atomic_int arrived;
    _Alignas(64) atomic_uint phase;
};

static inline void pause_processor(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
    __asm__ volatile("yield");
#endif
}

void hf2c_barrier_wait(hf2c_barrier_state *state, int index, int count)
{
    (void)index;
    unsigned phase = atomic_load_explicit(&state->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&state->arrived, 1, memory_order_acq_rel) + 1 == count) {
        atomic_store_explicit(&state->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&state->phase, phase + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&state->phase, memory_order_acquire) == phase; spins++)
        if (spins < SPINS_BEFORE_YIELD)
            pause_processor();
        else
            yield_processor();
}

void hf2c_parallel(int threads, void (*body)(const hf2c_team *team, void *argument), void *argument)
{
    if (threads <= 1) {
        body(&(hf2c_team){0, 1, NULL}, argument);
        return;
    }
    hf2c_barrier_state barrier;
    atomic_init(&barrier.arrived, 0);
    atomic_init(&barrier.phase, 0);
#pragma omp parallel num_threads(threads)
    {
        hf2c_team team = {omp_get_thread_num(), omp_get_num_threads(), &barrier};
        body(&team, argument);
    }
}

int hf2c_thread_limit(void)
{
    int processors = omp_get_num_procs(), threads = omp_get_max_threads();
    return processors < threads ? processors : threads;
}

#else

void hf2c_barrier_wait(hf2c_barrier_state *state, int index, int count)
{
    (void)state, (void)index, (void)count; /* a team of one never waits */
}

void hf2c_parallel(int threads, void (*body)(const hf2c_team *team, void *argument), void *argument)
{
    (void)threads;
    body(&(hf2c_team){0, 1, NULL}, argument);
}

int hf2c_thread_limit(void) { return 1; }

#endif
