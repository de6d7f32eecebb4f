/* loaded: see loaded.h. */
#include "compiler/engine/loaded.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/emit/build.h"

/* The library may have been built with another OpenMP than hf2c. Deep binding keeps each with its own: otherwise the library would ask
 * hf2c's runtime for the number of a thread that the other one started. AddressSanitizer forbids deep binding, so there both sides
 * must share one runtime, that of the compiler which built hf2c. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#if defined(SANITIZED) && defined(__clang__)
#define ONLY_COMPILER "clang"
#elif defined(SANITIZED)
#define ONLY_COMPILER "gcc"
#else
#define ONLY_COMPILER NULL
#endif
#if defined(RTLD_DEEPBIND) && !defined(SANITIZED)
#define LOAD_FLAGS (RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
#else
#define LOAD_FLAGS (RTLD_NOW | RTLD_LOCAL)
#endif

static bool check_target(const Target *target, Err *err)
{
    if (!target->hosted) return err_set(err, "target %s makes firmware: its code cannot be loaded here", target->name);
    if (target->device) return err_set(err, "target %s computes on a device: its code cannot be loaded here", target->name);
    return kernels_isa_runs(target->isa) || err_set(err, "this machine cannot run %s kernels of target %s", target->isa, target->name);
}

/* Workers of an idle team spin before they sleep, which would slow down whatever else the process measures next. */
static void shorten_spinning(void)
{
    setenv("KMP_BLOCKTIME", "5", 0); /* milliseconds */
}

static bool load(const Compiled *c, const char *path, Engine *engine, Err *err)
{
    shorten_spinning();
    void *library = dlopen(path, LOAD_FLAGS);
    if (!library) return err_set(err, "target %s: what was compiled for it cannot be loaded here: %s", c->target->name, dlerror());
    const hf2c_model *model = dlsym(library, arena_printf(c->arena, "%s_model", c->name));
    void *weights = dlsym(library, arena_printf(c->arena, "%s_weights", c->name));
    if (!model || !weights) return err_set(err, "the compiled model lacks %s_model or %s_weights", c->name, c->name);
    engine->model = *model;
    engine->weights = weights;
    return true;
}

static bool build_and_load(Engine *engine, Compiled *c, const LoadOptions *options, const char *folder, Err *err)
{
    Arena *a = c->arena;
    const char *sources = arena_printf(a, "%s/c", folder), *library = arena_printf(a, "%s/model.so", folder);
    const char *compiler = options->compiler ? options->compiler : ONLY_COMPILER;
    EmitOptions emit = {.output = sources, .command = "hf2c"};
    BuildOptions build = {.folder = sources, .output = library, .kind = BUILD_SHARED, .compiler = compiler, .verbose = options->verbose};
    return emit_folder(c, &emit, err) && build_folder(c, &build, err) && load(c, library, engine, err);
}

Engine *engine_compiled(Arena *arena, Compiled *compiled, const LoadOptions *options, Err *err)
{
    if (!check_target(compiled->target, err)) return NULL;
    const char *place = getenv("TMPDIR");
    if (!place || place[0] != '/') place = "/tmp";
    const char *folder = folder_begin(arena, arena_printf(arena, "%s/hf2c-%s", place, compiled->name), err);
    if (!folder) return NULL;
    Engine *engine = ARENA_NEW(arena, Engine);
    engine->compiled = compiled;
    bool fine = build_and_load(engine, compiled, options, folder, err);
    folder_discard(folder);
    return fine ? engine : NULL;
}
