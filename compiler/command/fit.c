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
    Measure measure;        /* code, tables and stack depend little on the way, and are measured again of the one that is found */
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

/* Plans without packing anything. NULL: it cannot be compiled so. */
static Compiled *compile_way(const Fit *f, Arena *arena, const Way *way)
{
    Err err = {{0}};
    CompileOptions options = f->compile;
    options.precision.weights = way->precision;
    options.precision.cache = way->cache;
    options.max_sequence = way->sequence;
    options.max_rows = way->rows;
    return compile(arena, &options, &err);
}

static bool try_way(const Fit *f, Way *way)
{
    Arena *arena = arena_new();
    const Compiled *c = compile_way(f, arena, way);
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

/* ---- what would make it fit ---- */

enum { FEW_ROWS = 8, SHORTEST = 16 };

/* A change, by its option; false: it is none for this model. What costs least comes first. */
typedef bool Change(Way *way);

static bool fewer_rows(Way *way)
{
    bool fewer = way->state && way->rows > FEW_ROWS;
    if (fewer) way->rows = FEW_ROWS;
    return fewer;
}

static bool smaller_cache(Way *way)
{
    way->cache = "q8";
    return way->state > 0;
}

static bool weights_q8(Way *way)
{
    way->precision = "q8";
    return true;
}

static bool weights_q4(Way *way)
{
    way->precision = "q4";
    return true;
}

static bool shorter(Way *way)
{
    bool possible = way->sequence >= 2 * SHORTEST;
    way->sequence /= 2;
    if (way->rows > way->sequence) way->rows = way->sequence;
    return possible;
}

/* The options that make `way` of `now`. */
static const char *options_of(const Fit *f, const Way *now, const Way *way)
{
    const char *text = "";
    if (way->precision != now->precision) text = arena_printf(f->arena, "%s --precision %s", text, way->precision);
    if (way->cache != now->cache) text = arena_printf(f->arena, "%s --cache %s", text, way->cache);
    if (way->rows != now->rows && way->rows != way->sequence) text = arena_printf(f->arena, "%s --max-rows %" PRId64, text, way->rows);
    if (way->sequence != now->sequence) text = arena_printf(f->arena, "%s --max-seq %" PRId64, text, way->sequence);
    if (way->strip && way->strip != now->strip) text = arena_printf(f->arena, "%s --strip-rows %" PRId64, text, way->strip);
    return text + (text[0] == ' ');
}

static void print_gain(const char *of, size_t before, size_t after)
{
    if (after < before) printf("  %s %zu less", of, before - after);
    if (after > before) printf("  %s %zu more", of, after - before);
}

/* What each change alone gives. */
static void print_changes(const Fit *f, const Way *now)
{
    static Change *const changes[] = {fewer_rows, smaller_cache, weights_q8, weights_q4, shorter};
    printf("\nEach alone would take\n");
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        Way way = *now;
        if (!changes[i](&way)) continue;
        Way wanted = way;
        if (!try_way(f, &way) || (way.flash >= now->flash && way.ram >= now->ram)) continue;
        printf("  %-18s", options_of(f, now, &wanted));
        print_gain("flash", now->flash, way.flash);
        print_gain("RAM", now->ram, way.ram);
        printf("\n");
    }
}

static bool try_with(const Fit *f, Way *way, Change *first, Change *second)
{
    Way changed = *way;
    if ((first && !first(&changed)) || (second && !second(&changed)) || !try_way(f, &changed) || !fits(f, &changed)) return false;
    *way = changed;
    return true;
}

/* Precision where the flash asks for it, then what costs no accuracy or hardly any, then shorter sequences. */
static bool find_fitting(const Fit *f, Way *way)
{
    static Change *const precisions[] = {weights_q8, weights_q4};
    for (size_t i = 0; f->flash && way->flash > (size_t)f->flash && i < COUNT_OF(precisions); i++)
        if (!precisions[i](way) || !try_way(f, way)) return false;
    if (f->flash && way->flash > (size_t)f->flash) return false;
    for (bool more = true; more; more = shorter(way) && try_way(f, way)) {
        if (fits(f, way) || try_with(f, way, fewer_rows, NULL) || try_with(f, way, smaller_cache, NULL) || try_with(f, way, fewer_rows, smaller_cache))
            return true;
    }
    return false;
}

/* What a way needs whose own code is measured. */
static void measure_way(Fit *f, Way *way)
{
    Arena *arena = arena_new();
    Compiled *c = f->measure.known ? compile_way(f, arena, way) : NULL;
    if (c) {
        measure_code(f, c);
        way_needs(f, c, way);
    }
    arena_free(arena);
}

static void advise(Fit *f, const Way *now)
{
    Way way = *now;
    print_changes(f, now);
    bool found = find_fitting(f, &way);
    if (found) measure_way(f, &way);
    if (found && (fits(f, &way) || find_fitting(f, &way)))
        printf("\nIt would fit with %s: flash %zu, RAM %zu\n", options_of(f, now, &way), way.flash, way.ram);
    else
        printf("\nNothing of this is enough; with %s it would need flash %zu, RAM %zu\n", options_of(f, now, &way), way.flash, way.ram);
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
