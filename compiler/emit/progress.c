/* progress: see progress.h. */
#include "compiler/emit/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const double megabyte = 1e6, interval = 0.1 /* seconds between two lines */;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void progress_begin(Progress *progress, size_t total)
{
    double time = now();
    *progress = (Progress){time, time, total, 0, isatty(STDERR_FILENO)};
}

static void show(const Progress *p, double seconds)
{
    enum { WIDTH = 30 };
    double share = p->total ? (double)p->done / (double)p->total : 1, speed = (double)p->done / seconds;
    char bar[WIDTH + 1] = {0};
    for (int i = 0; i < WIDTH; i++) bar[i] = i < (int)(share * WIDTH) ? '#' : '.';
    fprintf(stderr, "\r[%s] %3.0f %%, %.0f of %.0f MB, %.0f MB/s, %.0f s left\033[K", bar, 100 * share, (double)p->done / megabyte,
            (double)p->total / megabyte, speed / megabyte, ((double)p->total - (double)p->done) / speed);
    fflush(stderr);
}

void progress_add(Progress *progress, size_t bytes)
{
    double time = now();
    progress->done += bytes;
    if (!progress->terminal || time - progress->shown < interval || progress->done == 0) return;
    progress->shown = time;
    show(progress, time - progress->begin);
}

void progress_end(Progress *progress, size_t written)
{
    double seconds = now() - progress->begin;
    if (progress->terminal && progress->shown > progress->begin) fprintf(stderr, "\r\033[K");
    if (seconds < 1) return;
    fprintf(stderr, "packed %.0f MB into %.0f MB in %.1f s: %.0f MB/s\n", (double)progress->done / megabyte, (double)written / megabyte, seconds,
            (double)progress->done / megabyte / seconds);
}
