/* Teams of threads: one OpenMP region per schedule, and our own barrier inside of it, since OpenMP's costs several
 * times as much between kernels that take microseconds. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/core/team.h"

#ifdef _OPENMP
#include <omp.h>
#include <stdatomic.h>
#include <stdbool.h>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <sched.h>
#include <time.h>

/* Where a member sleeps who has waited long: whoever wakes up from it is preferred by the system to those who only yield. */
typedef struct Bed {
    pthread_mutex_t mutex;
    pthread_cond_t woken;
} Bed;

static void bed_make(Bed *bed)
{
    pthread_mutex_init(&bed->mutex, NULL);
    pthread_cond_init(&bed->woken, NULL);
}

static void bed_remove(Bed *bed)
{
    pthread_cond_destroy(&bed->woken);
    pthread_mutex_destroy(&bed->mutex);
}

static void bed_sleep(Bed *bed, const atomic_uint *phase, unsigned old)
{
    pthread_mutex_lock(&bed->mutex);
    while (atomic_load(phase) == old) pthread_cond_wait(&bed->woken, &bed->mutex);
    pthread_mutex_unlock(&bed->mutex);
}

static void bed_wake(Bed *bed)
{
    pthread_mutex_lock(&bed->mutex);
    pthread_cond_broadcast(&bed->woken);
    pthread_mutex_unlock(&bed->mutex);
}

static void yield_processor(void) { sched_yield(); }

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#else
typedef int Bed;
static void bed_make(Bed *bed) { *bed = 0; }
static void bed_remove(Bed *bed) { (void)bed; }
static void bed_sleep(Bed *bed, const atomic_uint *phase, unsigned old)
{
    (void)bed;
    while (atomic_load(phase) == old) continue;
}
static void bed_wake(Bed *bed) { (void)bed; }
static void yield_processor(void) {}
static double seconds(void) { return omp_get_wtime(); }
#endif

/* Some twenty microseconds, which is longer than members of a quiet machine are apart; then others may have the processor. */
enum { SPINS = 1200, YIELDS = 4 };

/* Sense reversing: the last to arrive turns the phase, the others wait for that. On cache lines of their own. */
typedef struct Shared {
    _Alignas(64) atomic_int arrived;
    _Alignas(64) atomic_uint phase;
    _Alignas(64) atomic_int sleepers;
    Bed bed;
} Shared;

enum { NOTHING, TOGETHER, ALONE }; /* how the kernel before was done */

struct hf2c_member {
    Shared *shared;
    int count, before;
    double lost; /* seconds of waiting after spinning was of no use */
};

static inline void pause_processor(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
    __asm__ volatile("yield");
#endif
}

static bool turned(const Shared *shared, unsigned old)
{
    return atomic_load_explicit(&shared->phase, memory_order_acquire) != old;
}

static void wait_long(hf2c_member *member, unsigned old)
{
    Shared *shared = member->shared;
    double start = seconds();
    for (int i = 0; i < YIELDS && !turned(shared, old); i++) yield_processor();
    if (!turned(shared, old)) {
        atomic_fetch_add(&shared->sleepers, 1);
        bed_sleep(&shared->bed, &shared->phase, old);
        atomic_fetch_sub(&shared->sleepers, 1);
    }
    member->lost += seconds() - start;
}

void hf2c_barrier_wait(hf2c_member *member)
{
    Shared *shared = member->shared;
    unsigned phase = atomic_load_explicit(&shared->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&shared->arrived, 1, memory_order_acq_rel) + 1 == member->count) {
        atomic_store_explicit(&shared->arrived, 0, memory_order_relaxed);
        /* Sequentially consistent with the count of sleepers: either they see the new phase, or we see them. */
        atomic_store(&shared->phase, phase + 1);
        if (atomic_load(&shared->sleepers) > 0) bed_wake(&shared->bed);
        return;
    }
    for (int spins = 0; spins < SPINS; spins++) {
        if (turned(shared, phase)) return;
        pause_processor();
    }
    wait_long(member, phase);
}

int hf2c_enter_wait(const hf2c_team *team, hf2c_team *part, int alone)
{
    hf2c_member *member = team->member;
    int now = alone ? ALONE : TOGETHER;
    if (member->before != NOTHING && !(alone && member->before == ALONE)) hf2c_barrier_wait(member);
    member->before = now;
    if (!alone) return 1;
    *part = (hf2c_team){0, 1, NULL};
    return team->index == 0;
}

/* Returns the seconds that members have lost by waiting, per member that may wait. */
static double run_team(int threads, void (*body)(const hf2c_team *team, void *argument), void *argument)
{
    Shared shared;
    double lost = 0;
    atomic_init(&shared.arrived, 0);
    atomic_init(&shared.phase, 0);
    atomic_init(&shared.sleepers, 0);
    bed_make(&shared.bed);
#pragma omp parallel num_threads(threads)
    {
        hf2c_member member = {.shared = &shared, .count = omp_get_num_threads()};
        hf2c_team team = {omp_get_thread_num(), member.count, &member};
        body(&team, argument);
        if (member.lost > 0) {
#pragma omp atomic
            lost += member.lost;
        }
    }
    bed_remove(&shared.bed);
    return lost / (threads - 1);
}

void hf2c_parallel(int threads, void (*body)(const hf2c_team *team, void *argument), void *argument)
{
    if (threads > 1)
        run_team(threads, body, argument);
    else
        body(&(hf2c_team){0, 1, NULL}, argument);
}

/* If one thread alone does the work of all n, it takes at most n times as long as they do without waiting: n (total - lost). */
static bool alone_is_faster(int threads, double total, double lost) { return threads * (total - lost) < total; }

void hf2c_parallel_paced(hf2c_pace *pace, int threads, void (*body)(const hf2c_team *team, void *argument), void *argument)
{
    static const double shortest = 4e-3, longest = 1;
    double start = threads > 1 ? seconds() : 0;
    if (threads <= 1 || start < pace->until) {
        body(&(hf2c_team){0, 1, NULL}, argument);
        return;
    }
    double lost = run_team(threads, body, argument), end = lost > 0 ? seconds() : start;
    if (lost == 0 || !alone_is_faster(threads, end - start, lost)) {
        pace->pause = 0;
        pace->strikes = 0;
        return;
    }
    if (++pace->strikes < 2) return; /* once may be chance, or threads that had to be made */
    pace->pause = pace->pause > 0 ? 2 * pace->pause : shortest;
    if (pace->pause > longest) pace->pause = longest;
    pace->until = end + pace->pause;
}

int hf2c_thread_limit(void)
{
    int processors = omp_get_num_procs(), threads = omp_get_max_threads();
    return processors < threads ? processors : threads;
}

#else

void hf2c_barrier_wait(hf2c_member *member) { (void)member; /* a team of one never waits */ }

int hf2c_enter_wait(const hf2c_team *team, hf2c_team *part, int alone)
{
    (void)team, (void)part, (void)alone;
    return 1;
}

void hf2c_parallel(int threads, void (*body)(const hf2c_team *team, void *argument), void *argument)
{
    (void)threads;
    body(&(hf2c_team){0, 1, NULL}, argument);
}

void hf2c_parallel_paced(hf2c_pace *pace, int threads, void (*body)(const hf2c_team *team, void *argument), void *argument)
{
    (void)pace;
    hf2c_parallel(threads, body, argument);
}

int hf2c_thread_limit(void) { return 1; }

#endif
