/* copy: the runtime and the kernels into the folder, flat, with their includes renamed. */
#include <string.h>

#include "compiler/emit/conditions.h"
#include "compiler/emit/folder.h"
#include "compiler/resource.h"
#include "templates/simd/simd.h"

static bool copy_source(Folder *f, const char *path);

/* The path in a line `#include "path"` that is one of ours; NULL otherwise. */
static const char *included_path(Arena *arena, const char *line, size_t length)
{
    static const char word[] = "#include \"";
    if (length < sizeof word || memcmp(line, word, sizeof word - 1) != 0) return NULL;
    const char *start = line + sizeof word - 1, *end = memchr(start, '"', length - (sizeof word - 1));
    if (!end) return NULL;
    const char *path = arena_copy_text(arena, start, (size_t)(end - start));
    return resource_find(path) ? path : NULL;
}

/* What the target decides of the text of kernels: the instruction set, and what firmware has. */
static KnownMacros known_macros(const Compiled *c)
{
    static const KnownMacro sets[] = {
#define ISA(name) {"HF2C_ISA_" #name, true, HF2C_ISA_##name}
        ISA(scalar), ISA(dsp), ISA(helium), ISA(dotprod), ISA(i8mm), ISA(c11), ISA(avx2), ISA(avx512), ISA(zen4),
#undef ISA
    };
    static const char *const firmware[] = {"HF2C_FREESTANDING", "HF2C_TEAM_SCRATCH", "HF2C_TILE_DEPTH"};
    KnownMacros known = {.told = "HF2C_ISA"};
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        known_add(&known, sets[i].name, true, sets[i].value);
        if (strcmp(sets[i].name + sizeof "HF2C_ISA_" - 1, c->target->isa) == 0) known_add(&known, "HF2C_ISA", true, sets[i].value);
    }
    known_add(&known, "HF2C_SIMD", true, 0);
    for (size_t i = 0; i < COUNT_OF(firmware); i++) known_add(&known, firmware[i], emit_is_firmware(c), 0);
    return known;
}

/* A resource as this target has it. */
static void print_resource(Str *out, const Folder *f, const Resource *resource)
{
    const KnownMacros known = known_macros(f->compiled);
    if (dialect_find(f->compiled->target->emitter)->begin) conditions_resolve(out, f->arena, (const char *)resource->data, resource->size, &known);
    else str_add(out, (const char *)resource->data, resource->size);
}

/* The text with its own includes renamed; what it includes is copied too. */
static bool rewrite(Folder *f, Str *out, const char *text, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        const char *line = text + at, *end = memchr(line, '\n', bytes - at);
        size_t length = end ? (size_t)(end - line) + 1 : bytes - at;
        const char *path = included_path(f->arena, line, length);
        if (path && !copy_source(f, path)) return false;
        if (path) str_printf(out, "#include \"%s\"\n", flat_name(f->arena, path));
        else str_add(out, line, length);
        at += length;
    }
    return true;
}

static bool is_header(const char *path) { return strrchr(path, '.') && strcmp(strrchr(path, '.'), ".h") == 0; }

static bool is_source(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".c") == 0 || strcmp(dot, ".cu") == 0);
}

/* "text_generation" for runtime/task/text_generation.c when tasks.def lists it; NULL otherwise. */
static const char *task_of_source(const char *path)
{
    static const struct {
        const char *source, *name;
    } tasks[] = {
#define TASK(task) {"runtime/task/" #task ".c", #task},
#include "runtime/task/tasks.def"
    };
    for (size_t i = 0; i < COUNT_OF(tasks); i++)
        if (strcmp(tasks[i].source, path) == 0) return tasks[i].name;
    return NULL;
}

/* Is "text_generation" one of the words of "text-generation ..."? */
static bool has_task(Arena *arena, const char *tasks, const char *name)
{
    char *dashed = arena_printf(arena, " %s ", name);
    for (char *c = dashed; *c; c++) *c = *c == '_' ? '-' : *c;
    return strstr(arena_printf(arena, " %s ", tasks), dashed) != NULL;
}

/* tasks.def with the lines of this model's tasks only. */
static void print_tasks(Str *out, const Compiled *c)
{
    str_printf(out, "/* The tasks of this program. */\n");
    for (size_t i = 0; i < resource_count; i++) {
        const char *name = task_of_source(resources[i].path);
        if (name && has_task(c->arena, c->facts.tasks, name)) str_printf(out, "TASK(%s)\n", name);
    }
    str_printf(out, "#undef TASK\n");
}

/* Tasks come by name, tokenizers by what their tables need; what else stands in these rooms comes with its header. */
static bool comes_with_header(const char *path)
{
    static const char *const rooms[] = {"runtime/core/", "runtime/generate/", "runtime/image/", "runtime/audio/", "runtime/task/"};
    for (size_t i = 0; i < COUNT_OF(rooms); i++)
        if (strncmp(path, rooms[i], strlen(rooms[i])) == 0) return is_source(path) && !task_of_source(path);
    return false;
}

/* A header brings the sources that implement it: those whose first own include it is. */
static bool copy_implementations(Folder *f, const char *header)
{
    const char *line = arena_printf(f->arena, "#include \"%s\"", header);
    for (size_t i = 0; i < resource_count; i++) {
        if (!comes_with_header(resources[i].path)) continue;
        const char *text = arena_copy_text(f->arena, (const char *)resources[i].data, resources[i].size);
        const char *first = strstr(text, "#include \"");
        if (first && strncmp(first, line, strlen(line)) == 0 && !copy_source(f, resources[i].path)) return false;
    }
    return true;
}

static bool copy_source(Folder *f, const char *path)
{
    if (map_get(f->copied, path)) return true;
    map_set(f->copied, path, f);
    const Resource *resource = resource_find(path);
    if (!resource) bug("no resource %s", path);
    Str text = {0}, own = {0};
    print_resource(&own, f, resource);
    bool fine = true;
    if (strcmp(path, "runtime/task/tasks.def") == 0) print_tasks(&text, f->compiled);
    else fine = rewrite(f, &text, own.data ? own.data : "", own.length);
    str_free(&own);
    if (!fine) {
        str_free(&text);
        return false;
    }
    if (!folder_write(f, flat_name(f->arena, path), &text)) return false;
    return !f->compiled->target->hosted || !is_header(path) || copy_implementations(f, path);
}

/* All sources of a folder of the runtime. */
static bool copy_room(Folder *f, const char *room)
{
    size_t length = strlen(room);
    for (size_t i = 0; i < resource_count; i++) {
        const char *path = resources[i].path;
        if (is_source(path) && strncmp(path, room, length) == 0 && !strchr(path + length, '/') && !copy_source(f, path)) return false;
    }
    return true;
}

static bool copy_tasks(Folder *f)
{
    for (size_t i = 0; i < resource_count; i++) {
        const char *name = task_of_source(resources[i].path);
        if (name && has_task(f->arena, f->compiled->facts.tasks, name) && !copy_source(f, resources[i].path)) return false;
    }
    return true;
}

/* A program has the tasks whatever the model comes with; without a tokenizer it takes ids, pictures or sounds. */
static bool has_tasks(const Folder *f)
{
    const Compiled *c = f->compiled;
    return c->target->hosted && (c->tokenizer || c->facts.image || emit_has_main(c, f->options));
}

/* What the command line and the tasks call of the tokenizer, where a program has none. */
static bool copy_unused_tokenizer(Folder *f)
{
    static const char *const names[] = {"vocabulary", "line", "utf8", "unicode_whitespace", "added", "sequence", "finish",
                                        "encode", "decode", "decode_clean", "chat"};
    bool fine = true;
    for (size_t i = 0; fine && has_tasks(f) && i < COUNT_OF(names); i++)
        fine = copy_source(f, arena_printf(f->arena, "runtime/text/%s.c", names[i]));
    return fine;
}

static bool copy_sources_of(Folder *f, const hf2c_tokenizer *tokenizer)
{
    const char *files[64];
    size_t count = tokenizer_sources(tokenizer, files, COUNT_OF(files));
    for (size_t i = 0; i < count; i++)
        if (!copy_source(f, files[i])) return false;
    return true;
}

static bool copy_tokenizer(Folder *f)
{
    const Compiled *c = f->compiled;
    if (!c->tokenizer) return copy_unused_tokenizer(f);
    return copy_sources_of(f, c->tokenizer) && (!c->target_tokenizer || copy_sources_of(f, c->target_tokenizer));
}

/* What stands on the tokenizer. Firmware gets only what NAME.h offers: no requests, no JSON. */
static bool copy_text_rooms(Folder *f)
{
    const Compiled *c = f->compiled;
    bool hosted = c->target->hosted, fine = true;
    if (!c->tokenizer && !has_tasks(f)) return true;
    if (hosted) return copy_tasks(f) && (!(emit_classifies(c) || emit_embeds(c)) || copy_source(f, "runtime/task/direct.h")) &&
                       (!emit_answers(c) || copy_source(f, "runtime/task/calls.h"));
    if (emit_classifies(c) || emit_embeds(c) || emit_writes(c)) fine = copy_source(f, "runtime/task/direct.c");
    if (fine && emit_writes(c)) fine = copy_source(f, "runtime/task/direct_write.c");
    if (fine && emit_embeds(c)) fine = copy_source(f, "runtime/task/direct_embed.c") && copy_source(f, "runtime/task/pool.c");
    return fine;
}

static bool copy_device(Folder *f)
{
    const char *device = dialect_find(f->compiled->target->emitter)->device;
    if (!device) return true;
    return copy_source(f, arena_printf(f->arena, "runtime/%s/device.h", device)) && copy_room(f, arena_printf(f->arena, "runtime/%s/", device));
}

bool folder_copy_runtime(Folder *f)
{
    static const char *const roots[] = {"runtime/hf2c.h", "runtime/core/call.h", "runtime/core/weights.h"};
    static const char *const firmware[] = {"runtime/core/freestanding.h", "runtime/core/call.c", "runtime/core/context.c",
                                           "runtime/core/status.c", "runtime/core/weights.c"};
    bool fine = true;
    for (size_t i = 0; fine && f->pieces && i < COUNT_OF(firmware); i++) fine = copy_source(f, firmware[i]);
    for (size_t i = 0; fine && i < COUNT_OF(roots); i++) fine = copy_source(f, roots[i]);
    fine = fine && copy_tokenizer(f) && copy_text_rooms(f) && copy_device(f);
    return fine && (!emit_has_main(f->compiled, f->options) || copy_room(f, "runtime/cli/"));
}

/* The source's includes are flat already; the files that they stand for must come along. */
bool folder_copy_kernels(Folder *f)
{
    const Dialect *dialect = dialect_find(f->compiled->target->emitter);
    if (dialect->begin && !(copy_source(f, dialect->begin) && copy_source(f, dialect->end))) return false;
    for (size_t i = 0; i < f->compiled->plan->instances; i++) {
        const char *file = f->compiled->plan->instance[i].kernel->file;
        const char *path = arena_printf(f->arena, "%s/%.*s.%s", dialect->kernels, (int)(strlen(file) - 2), file, dialect->kernel_extension);
        if (!copy_source(f, path)) return false;
    }
    return true;
}
