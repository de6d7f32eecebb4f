/* bench --quality: how well a language model predicts a text in each of several precisions of weights and cache, beside f32. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compiler/command/bench.h"
#include "compiler/command/budget.h"
#include "compiler/command/calibrate.h"
#include "compiler/command/command.h"
#include "compiler/command/windows.h"
#include "runtime/core/team.h"

enum { PRECISIONS_MAX = 24 };

typedef struct Sums {
    double negative_log, divergence;
    size_t predicted, rows, agreed;
} Sums;

typedef struct Precision {
    const char *name, *cache;
    bool calibrated;
    Compiled *compiled;
    Engine *engine;
    hf2c_context context;
    Sums sums;
} Precision;

typedef struct Quality {
    Arena *arena;
    const Options *options;
    const Calibration *calibration;
    Precision precision[PRECISIONS_MAX]; /* the first: f32 */
    size_t count;
    Windows windows;
} Quality;

/* ---- what is compared ---- */

static void add_precision(Quality *q, const char *name, const char *cache, bool calibrated, const Map *chosen)
{
    Err err = {{0}};
    if (q->count == PRECISIONS_MAX) fatal("--precision, --cache: more than %d rows", PRECISIONS_MAX);
    Precision *p = &q->precision[q->count++];
    CompileOptions options = options_compile(q->options);
    if (chosen) budget_use(chosen, &options);
    else options.precision.weights = name;
    options.precision.cache = cache;
    if (p == q->precision) options.precision.activations = NULL; /* what the others are compared with */
    if (calibrated) options.inputs = q->calibration->inputs;
    p->name = name;
    p->cache = cache;
    p->calibrated = calibrated;
    p->compiled = command_compile(q->arena, q->options, &options);
    p->engine = engine_interpreter(q->arena, p->compiled, &err);
    int threads = q->options->threads ? (int)q->options->threads : hf2c_thread_limit();
    if (!p->engine || !engine_context(q->arena, &p->engine->model, p->engine, p->engine->weights, 1, threads, &p->context, &err))
        fatal("%s", err.text);
}

/* The next name of a list; NULL: there are no more. */
static const char *next_name(Arena *arena, const char **list)
{
    size_t length = strcspn(*list, ",");
    if (!**list) return NULL;
    const char *name = arena_copy_text(arena, *list, length);
    *list += length + ((*list)[length] == ',');
    return name;
}

/* What calibration changes is there twice. */
static void add_format(Quality *q, const char *name, const char *cache)
{
    Format format;
    if (strcmp(name, "f32") != 0 || strcmp(cache, "f32") != 0) add_precision(q, name, cache, false, NULL);
    if (q->calibration && format_parse(name, &format) && format_bits(format) < 16) add_precision(q, name, cache, true, NULL);
}

static const char *caches_of(const Quality *q) { return q->options->cache ? q->options->cache : "f32"; }

/* Every format of the weights with every one of the cache. */
static void add_all(Quality *q)
{
    const char *names = q->options->precision ? q->options->precision : q->options->budget ? "" : "bf16,f16,q8,q4,q4z,nf4", *name, *cache;
    add_precision(q, "f32", "f32", false, NULL);
    while ((name = next_name(q->arena, &names)) != NULL) {
        const char *caches = caches_of(q);
        while ((cache = next_name(q->arena, &caches)) != NULL) add_format(q, name, cache);
    }
}

/* Mixtures of the same formats, of so many bytes each. */
static void add_budgets(Quality *q)
{
    const char *budgets = q->options->budget, *text, *cache;
    if (!budgets) return;
    Chooser *chooser = budget_measure(q->arena, q->options, q->calibration);
    while ((text = next_name(q->arena, &budgets)) != NULL) {
        const Budget *budget = budget_choose(chooser, text);
        const char *caches = caches_of(q);
        budget_print(stdout, budget);
        printf("\n");
        while ((cache = next_name(q->arena, &caches)) != NULL)
            add_precision(q, arena_printf(q->arena, "mixed, %s", text), cache, q->calibration != NULL, budget->chosen);
    }
}

/* ---- measuring ---- */

static int best_of(const float *logits, int columns)
{
    int best = 0;
    for (int i = 1; i < columns; i++)
        if (logits[i] > logits[best]) best = i;
    return best;
}

static double negative_log(const float *logits, int columns, int32_t token)
{
    double largest = (double)logits[best_of(logits, columns)], sum = 0;
    for (int i = 0; i < columns; i++) sum += exp((double)logits[i] - largest);
    return largest + log(sum) - (double)logits[token];
}

static void add_window(Sums *sums, const Windows *windows, int number, const float *exact, const float *logits, int columns)
{
    const int32_t *ids = windows->ids + (size_t)number * (size_t)windows->width;
    for (int t = 0; t < windows->width; t++) {
        const float *row = logits + (size_t)t * (size_t)columns;
        sums->agreed += best_of(row, columns) == best_of(exact + (size_t)t * (size_t)columns, columns);
        if (t + 1 == windows->width) continue;
        sums->negative_log += negative_log(row, columns, ids[t + 1]);
        sums->predicted++;
    }
    sums->divergence += logits_divergence(exact, logits, windows->width, columns) * windows->width;
    sums->rows += (size_t)windows->width;
}

static void measure_window(Quality *q, int number)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    const float *exact = NULL;
    for (size_t i = 0; i < q->count; i++) {
        int columns;
        const float *logits = windows_logits(arena, &q->precision[i].context, &q->windows, number, &columns, &err);
        if (!logits) fatal("%s", err.text);
        if (i == 0) exact = logits;
        add_window(&q->precision[i].sums, &q->windows, number, exact, logits, columns);
    }
    arena_free(arena);
}

/* ---- the table ---- */

/* "q4, calibrated, activations bf16, cache q8": what differs from plain f32. */
static const char *row_name(const Quality *q, const Precision *p)
{
    const char *activations = p == q->precision ? NULL : q->options->activations;
    const char *name = p->calibrated ? arena_printf(q->arena, "%s, calibrated", p->name) : p->name;
    if (activations) name = arena_printf(q->arena, "%s, activations %s", name, activations);
    return strcmp(p->cache, "f32") == 0 ? name : arena_printf(q->arena, "%s, cache %s", name, p->cache);
}

static void print_table(const Quality *q)
{
    const Sums *first = &q->precision[0].sums;
    double exact = first->negative_log / (double)first->predicted;
    printf("%s, %d windows of %d tokens; divergence from f32 and agreement with its likeliest token over all of them.\n\n", q->precision[0].compiled->facts.name,
           q->windows.count, q->windows.width);
    printf("| precision | weights, bytes | nats per token | perplexity | to f32 | KL divergence | same first token |\n"
           "|---|---:|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < q->count; i++) {
        const Precision *p = &q->precision[i];
        double nats = p->sums.negative_log / (double)p->sums.predicted;
        printf("| %s | %zu | %.5f | %.4f | %+.2f %% | %.6f | %.2f %% |\n", row_name(q, p), p->compiled->facts.weights_bytes, nats, exp(nats),
               100 * (exp(nats - exact) - 1), p->sums.divergence / (double)p->sums.rows, 100 * (double)p->sums.agreed / (double)p->sums.rows);
    }
}

int bench_quality(const Options *options)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    Quality *q = ARENA_NEW(arena, Quality);
    *q = (Quality){.arena = arena, .options = options};
    if (options->calibrate) q->calibration = calibrate(arena, options, options->calibrate);
    add_all(q);
    add_budgets(q);
    if (!windows_read(arena, q->precision[0].compiled, options->quality, &q->windows, &err)) fatal("%s", err.text);
    int windows = options->windows && options->windows < q->windows.count ? (int)options->windows : q->windows.count;
    q->windows.count = windows;
    for (int i = 0; i < windows; i++) measure_window(q, i);
    print_table(q);
    arena_free(arena);
    return EXIT_DONE;
}
