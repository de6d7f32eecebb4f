/* build: a program, a library, a folder of C, or firmware. */
#include "compiler/emit/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command/calibrate.h"
#include "compiler/command/command.h"
#include "compiler/command/tune.h"
#include "compiler/engine/bake.h"

/* Names of passes that nobody has would be ignored without a word. */
static void check_passes(const Options *o)
{
    for (size_t i = 0; i < o->no_pass.count; i++) {
        const char *name = o->no_pass.item[i];
        if (!pass_known(name) && strcmp(name, "all") != 0 && strcmp(name, "roll") != 0)
            fatal("--no-pass: no pass \"%s\"; hf2c inspect --reference passes lists them, all and roll are known too", name);
    }
    if (!o->dump_ir || strcmp(o->dump_ir, "all") == 0) return;
    const char *colon = strchr(o->dump_ir, ':');
    bool when = strncmp(o->dump_ir, "before:", 7) == 0 || strncmp(o->dump_ir, "after:", 6) == 0;
    if (!when || !pass_known(colon + 1)) fatal("--dump-ir: found \"%s\", wanted all, before:PASS or after:PASS", o->dump_ir);
}

Compiled *command_compile(Arena *arena, const Options *options, const CompileOptions *compile_options)
{
    Err err = {{0}};
    CompileOptions c = *compile_options;
    Str dump = {0};
    check_passes(options);
    if (options->dump_ir) {
        c.passes.dump = strcmp(options->dump_ir, "all") == 0 ? "" : options->dump_ir;
        c.passes.dump_to = &dump;
    }
    Compiled *compiled = compile(arena, &c, &err);
    if (dump.data) fputs(dump.data, stdout);
    str_free(&dump);
    if (!compiled) fatal("%s", err.text);
    if (options->dump_plan) {
        Str text = {0};
        plan_print(&text, compiled->plan);
        fputs(text.data, stdout);
        str_free(&text);
    }
    return compiled;
}

typedef enum EmitKind { EMIT_EXE, EMIT_LIB, EMIT_C, EMIT_FIRMWARE, EMIT_UNKNOWN } EmitKind;

static EmitKind emit_kind(const Options *options, const Target *target)
{
    static const char *const names[] = {"exe", "lib", "c", "firmware"};
    if (!options->emit) return target->hosted ? EMIT_EXE : EMIT_FIRMWARE;
    for (int i = 0; i < EMIT_UNKNOWN; i++) {
        if (strcmp(options->emit, names[i]) != 0) continue;
        if (i == EMIT_EXE && !target->hosted) fatal("--emit exe: target %s has no system to run a program on; wanted firmware, c or lib", target->name);
        return (EmitKind)i;
    }
    fatal("--emit: found \"%s\", wanted exe, lib, c or firmware", options->emit);
}

/* What made it, without paths: the same from any folder. */
static const char *command_line(const Compiled *c, const Options *o)
{
    Arena *arena = c->arena;
    const char *text = arena_printf(arena, "hf2c build %s", c->model.name);
    if (o->target) text = arena_printf(arena, "%s --target %s", text, o->target);
    if (o->tune) text = arena_printf(arena, "%s --tune FILE", text);
    if (o->precision) text = arena_printf(arena, "%s --precision %s", text, o->precision);
    if (o->calibrate) text = arena_printf(arena, "%s --calibrate %s", text, strrchr(o->calibrate, '/') ? strrchr(o->calibrate, '/') + 1 : o->calibrate);
    if (o->budget) text = arena_printf(arena, "%s --budget %s", text, o->budget);
    if (o->embeddings) text = arena_printf(arena, "%s --embeddings %s", text, o->embeddings);
    if (o->activations) text = arena_printf(arena, "%s --activations %s", text, o->activations);
    if (o->cache) text = arena_printf(arena, "%s --cache %s", text, o->cache);
    if (c->draft) text = arena_printf(arena, "%s --draft %s", text, c->draft->model.name);
    if (c->baked) text = arena_printf(arena, "%s --system-prompt FILE", text);
    if (o->max_seq) text = arena_printf(arena, "%s --max-seq %lld", text, (long long)o->max_seq);
    if (o->emit) text = arena_printf(arena, "%s --emit %s", text, o->emit);
    return text;
}

static bool emit_only(Compiled *c, const Options *options, const char *output, bool program, Err *err)
{
    EmitOptions emit = {output, command_line(c, options), options->detach_weights, program};
    return emit_folder(c, &emit, err);
}

static const char *folder_of(Arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_copy_text(arena, path, (size_t)(slash - path)) : ".";
}

static bool build_one(Compiled *c, const Options *o, const char *folder, const char *output, BuildKind kind, Err *err)
{
    BuildOptions build = {.folder = folder, .output = output, .kind = kind, .compiler = o->compiler, .verbose = o->verbose};
    return build_folder(c, &build, err);
}

/* OUT.a, OUT.so and OUT.h; the public header goes beside. */
static bool build_library(Compiled *c, const Options *o, const char *folder, const char *output, Err *err)
{
    Arena *a = c->arena;
    return build_one(c, o, folder, arena_printf(a, "%s.a", output), BUILD_STATIC, err) &&
           build_one(c, o, folder, arena_printf(a, "%s.so", output), BUILD_SHARED, err) &&
           file_copy(arena_printf(a, "%s/%s.h", folder, c->name), arena_printf(a, "%s.h", output), false, err) &&
           file_copy(arena_printf(a, "%s/hf2c.h", folder), arena_printf(a, "%s/hf2c.h", folder_of(a, output)), false, err);
}

/* Emits into a temporary folder beside the output, builds there, removes it. */
static bool build_output(Compiled *c, const Options *o, const char *output, EmitKind kind, Err *err)
{
    Arena *a = c->arena;
    const char *folder = folder_begin(a, arena_printf(a, "%s.sources", output), err);
    if (!folder) return false;
    const char *sources = arena_printf(a, "%s/c", folder);
    bool fine = emit_only(c, o, sources, kind == EMIT_EXE, err);
    if (fine && kind == EMIT_EXE) fine = build_one(c, o, sources, output, BUILD_PROGRAM, err);
    if (fine && kind == EMIT_LIB) fine = build_library(c, o, sources, output, err);
    if (fine && o->detach_weights)
        fine = file_move(arena_printf(a, "%s/%s.weights", sources, c->name), arena_printf(a, "%s/%s.weights", folder_of(a, output), c->name), err);
    folder_discard(folder);
    return fine;
}

bool build_program(Compiled *c, const Options *options, const char *output, Err *err)
{
    return build_output(c, options, output, EMIT_EXE, err);
}

static void say_what_was_made(const Compiled *c, const char *output)
{
    printf("%s: %s, %s; weights %zu bytes, workspace %zu, state %zu per sequence\n", output, c->facts.architecture, c->target->name,
           c->facts.weights_bytes, c->facts.workspace_bytes, c->facts.state_bytes);
}

int command_build(const Options *options)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    CompileOptions compile_options = options_compile(options);
    if (options->tune && !file_exists(options->tune)) tune_measure(arena, options, &compile_options);
    compile_options.tune = options->tune;
    calibrate_for(arena, options, stdout, &compile_options);
    Compiled *c = command_compile(arena, options, &compile_options);
    const char *output = options->output ? options->output : c->name;
    EmitKind kind = emit_kind(options, c->target);
    if (options->draft && kind == EMIT_LIB) fatal("--draft: a library has one model; wanted --emit exe or c");
    if (options->system_prompt && !bake_prompt(c, options->system_prompt, &err)) fatal("%s", err.text);
    bool fine = kind == EMIT_C || kind == EMIT_FIRMWARE ? emit_only(c, options, output, kind == EMIT_C, &err)
                                                        : build_output(c, options, output, kind, &err);
    if (!fine) fatal("%s", err.text);
    say_what_was_made(c, output);
    arena_free(arena);
    return EXIT_DONE;
}
