/* fit: see fit.h. */
#include "compiler/command/fit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command/summary.h"
#include "compiler/emit/measure.h"

/* One way to compile the model, and what it needs. */
typedef struct Way {
    const char *precision, *cache;
    int64_t sequence, rows, strip;
    size_t weights, workspace, fast, state, flash, ram;
} Way;

typedef struct Fit {
    Arena *arena;
    CompileOptions compile; /* the limits guide it, and refuse nothing */
    int64_t ram, flash;
    Measure measure;        /* code, tables and stack hardly depend on the way */
} Fit;

static bool fits(const Fit *f, const Way *way)
{
    return (!f->flash || way->flash <= (size_t)f->flash) && (!f->ram || way->ram <= (size_t)f->ram);
}

static void way_needs(const Fit *f, const Compiled *c, Way *way)
{
    way->weights = c->facts.weights_bytes;
    way->workspace = c->facts.workspace_bytes;
    way->fast = c->facts.fast_bytes;
    way->state = c->facts.state_bytes;
    way->flash = measure_flash(c, &f->measure);
    way->ram = measure_ram(c, &f->measure);
    way->sequence = c->facts.max_sequence;
    way->rows = c->facts.max_rows;
    way->strip = c->plan->options.strip_rows;
}

/* Plans without packing anything. */
static bool try_way(const Fit *f, Way *way)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    CompileOptions options = f->compile;
    options.precision.weights = way->precision;
    options.precision.cache = way->cache;
    options.max_sequence = way->sequence;
    options.max_rows = way->rows;
    const Compiled *c = compile(arena, &options, &err);
    if (c) way_needs(f, c, way);
    arena_free(arena);
    return c != NULL;
}

/* Emits into a folder of its own and measures there. */
static void measure_code(Fit *f, Compiled *c)
{
    Err err = {{0}};
    const char *base = getenv("TMPDIR");
    f->measure = (Measure){.why = "the target has a system", .path = ""};
    if (!emit_is_firmware(c)) return;
    const char *folder = folder_begin(f->arena, arena_printf(f->arena, "%s/hf2c-fit", base && *base ? base : "/tmp"), &err);
    if (!folder) fatal("%s", err.text);
    const char *sources = arena_printf(f->arena, "%s/c", folder);
    EmitOptions emit = {.output = sources, .command = "hf2c inspect"};
    bool fine = emit_folder(c, &emit, &err) && measure_folder(c, sources, NULL, &f->measure, &err);
    folder_discard(folder);
    if (!fine) fatal("%s", err.text);
}

static void print_part(const Fit *f, const char *name, size_t bytes) { printf("  %-24s %12zu  %s\n", name, bytes, text_of_bytes(f->arena, bytes)); }

static void print_total(const Fit *f, const char *name, size_t bytes, int64_t limit)
{
    print_part(f, name, bytes);
    if (!limit) return;
    bool enough = bytes <= (size_t)limit;
    printf("  %-24s %12" PRId64 "  %s\n", "there is", limit,
           enough ? "fits" : arena_printf(f->arena, "%zu bytes too few", bytes - (size_t)limit));
}

static void print_parts(const Fit *f, const Compiled *c, const Way *way)
{
    const Measure *m = &f->measure;
    printf("%s for %s, %" PRId64 " tokens, %" PRId64 " a call", c->facts.name, c->target->name, way->sequence, way->rows);
    if (way->strip) printf(", in strips of %" PRId64, way->strip);
    printf("\n\nflash\n");
    print_part(f, "weights", way->weights);
    if (m->known) print_part(f, "code", m->code);
    if (m->known) print_part(f, "constants of the code", m->constants);
    print_part(f, "tokenizer", way->flash - way->weights - m->code - m->constants);
    print_total(f, m->known ? "all" : "all, without code", way->flash, f->flash);
    if (way->fast) {
        printf("\nfast RAM\n");
        print_part(f, "fast workspace", way->fast);
        printf("  %-24s %12d %%\n", "of what steps touch", c->plan->fast_share);
    }
    printf(way->fast ? "\nRAM beside it\n" : "\nRAM\n");
    print_part(f, "workspace", way->workspace);
    print_part(f, "state", way->state);
    if (m->known) print_part(f, "stack, worst case", m->stack);
    print_total(f, m->known ? "all" : "all, without stack", way->ram, f->ram);
    if (!m->known) printf("\nCode and stack are not measured: %s.\n", m->why);
}

/* Halves the rows of a call until the way fits; models that read sequences whole do not follow. */
static bool shrink_rows(const Fit *f, Way *way)
{
    for (int64_t rows = way->rows; rows >= 1; rows /= 2) {
        way->rows = rows;
        if (!try_way(f, way) || way->rows > rows) return false;
        if (fits(f, way)) return true;
    }
    return false;
}

/* Halves the sequence until that helps. */
static bool shrink(const Fit *f, Way *way)
{
    enum { SHORTEST = 16 };
    for (int64_t sequence = way->sequence, rows = way->rows; sequence >= SHORTEST; sequence /= 2) {
        way->sequence = sequence;
        way->rows = rows < sequence ? rows : sequence;
        if (shrink_rows(f, way)) return true;
    }
    return false;
}

/* The same with a cache in fewer bits. */
static bool advise_caches(const Fit *f, const Way *now)
{
    bool any = false;
    for (const char *at = precision_caches(); *at && now->state;) {
        size_t length = strcspn(at, ",");
        Way way = *now;
        way.cache = arena_copy_text(f->arena, at, length);
        at += length + strspn(at + length, ", ");
        if (!try_way(f, &way) || !fits(f, &way)) continue;
        any = true;
        printf("  --cache %-10s   flash %zu, RAM %zu\n", way.cache, way.flash, way.ram);
    }
    return any;
}

static void advise(const Fit *f, const Way *now)
{
    printf("\nIt would fit with\n");
    bool any = advise_caches(f, now);
    for (const char *at = precision_known(); *at;) {
        size_t length = strcspn(at, ",");
        Way way = *now;
        way.precision = arena_copy_text(f->arena, at, length);
        at += length + strspn(at + length, ", ");
        if (strcmp(way.precision, "stored") == 0 || !shrink(f, &way)) continue;
        any = true;
        printf("  --precision %-6s", way.precision);
        if (way.sequence != now->sequence) printf(" --max-seq %" PRId64, way.sequence);
        if (way.rows != now->rows && way.rows != way.sequence) printf(" --max-rows %" PRId64, way.rows);
        printf("   flash %zu, RAM %zu\n", way.flash, way.ram);
    }
    if (!any) printf("  nothing that hf2c knows: no precision, cache, length or size of calls\n");
}

bool fit_print(const Options *options, const CompileOptions *compile_options)
{
    Fit f = {.arena = arena_new(), .compile = *compile_options, .ram = compile_options->ram, .flash = compile_options->flash};
    f.compile.measure_only = true;
    Compiled *c = command_compile(f.arena, options, &f.compile);
    Way way = {.precision = compile_options->precision.weights, .cache = compile_options->precision.cache};
    if (!f.compile.without_weights) measure_code(&f, c);
    else f.measure = (Measure){.why = "the model has no weights yet", .path = ""};
    way_needs(&f, c, &way);
    print_parts(&f, c, &way);
    bool fine = fits(&f, &way);
    if (!fine) advise(&f, &way);
    arena_free(f.arena);
    return fine;
}
