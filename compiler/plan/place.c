/* place: offsets of the buffers in the workspace. The largest come first, each at the lowest offset where it meets no other that is needed at
 * the same time. Where there is a faster memory, the workspace begins in it: before all others, those whose bytes steps touch most often
 * take what they can of it. */
#include <stdlib.h>

#include "compiler/plan/plan.h"

static int larger_first(const void *a, const void *b)
{
    const Buffer *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static int hotter_first(const void *a, const void *b)
{
    const Buffer *x = a, *y = b;
    if (x->touches != y->touches) return x->touches > y->touches ? -1 : 1;
    return larger_first(a, b);
}

static size_t lowest_offset(const Plan *plan, const Buffer *buffer, size_t from)
{
    size_t offset = from;
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < plan->buffers; i++) {
            const Buffer *other = &plan->buffer[i];
            bool same_time = other->placed && buffer->first <= other->last && other->first <= buffer->last;
            if (same_time && offset < other->offset + other->bytes && other->offset < offset + buffer->bytes) {
                offset = align_up(other->offset + other->bytes, PLAN_ALIGNMENT);
                moved = true;
            }
        }
    }
    return offset;
}

/* Places those that end within `limit`, in their order; how far they reach. limit 0: there is none */
static size_t place_some(Plan *plan, size_t from, size_t limit)
{
    size_t end = from;
    for (size_t i = 0; i < plan->buffers; i++) {
        Buffer *buffer = &plan->buffer[i];
        if (buffer->placed) continue;
        size_t offset = lowest_offset(plan, buffer, from), behind = align_up(offset + buffer->bytes, PLAN_ALIGNMENT);
        if (limit && behind > limit) continue;
        buffer->offset = offset;
        buffer->placed = true;
        if (behind > end) end = behind;
    }
    return end;
}

/* Kernels' scratch is needed all the time, and touched more than anything else. */
static void add_scratch(Plan *plan)
{
    if (plan->scratch_bytes == 0) return;
    plan->buffer[plan->buffers++] = (Buffer){.bytes = plan->scratch_bytes, .last = plan->steps, .touches = SIZE_MAX};
}

static void take_scratch(Plan *plan)
{
    for (size_t i = 0; i < plan->buffers; i++) {
        if (plan->buffer[i].node) continue;
        plan->scratch_offset = plan->buffer[i].offset;
        plan->buffer[i] = plan->buffer[--plan->buffers];
    }
}

static int share_of_touches(const Plan *plan)
{
    double fast = 0, all = 0;
    for (size_t i = 0; i < plan->buffers; i++) {
        double touched = (double)plan->buffer[i].touches * (double)plan->buffer[i].bytes;
        all += touched;
        if (plan->buffer[i].offset < plan->fast_bytes) fast += touched;
    }
    return all > 0 ? (int)(100 * fast / all) : 0;
}

/* The faster memory goes to those that are touched most. */
static void place_fast(Plan *plan)
{
    add_scratch(plan);
    qsort(plan->buffer, plan->buffers, sizeof *plan->buffer, hotter_first);
    plan->fast_bytes = place_some(plan, 0, (size_t)plan->options.fast_ram);
}

void plan_place(Plan *plan)
{
    if (plan->options.fast_ram) place_fast(plan);
    qsort(plan->buffer, plan->buffers, sizeof *plan->buffer, larger_first);
    plan->arena_bytes = place_some(plan, plan->fast_bytes, 0);
    if (plan->options.fast_ram) {
        take_scratch(plan);
        plan->fast_share = share_of_touches(plan);
    } else {
        plan->scratch_offset = plan->arena_bytes;
        plan->arena_bytes += plan->scratch_bytes;
    }
}

bool plan_placed(const Plan *plan, Err *err)
{
    size_t smallest = plan->scratch_bytes ? plan->scratch_bytes : SIZE_MAX;
    if (!plan->options.fast_ram || plan->fast_bytes) return true;
    for (size_t i = 0; i < plan->buffers; i++)
        if (plan->buffer[i].bytes < smallest) smallest = plan->buffer[i].bytes;
    return err_set(err, "--fast-ram: found %lld bytes, wanted at least %zu: no part of the workspace is smaller", (long long)plan->options.fast_ram,
                   align_up(smallest, PLAN_ALIGNMENT));
}
