/* folder: the whole output: generated files, and the runtime and kernels that they need, copied flat. */
#include <ctype.h>
#include <string.h>

#include "compiler/emit/emit.h"
#include "compiler/emit/pack.h"
#include "compiler/resource.h"

typedef struct Folder {
    Arena *arena;
    const Compiled *compiled;
    const EmitOptions *options;
    const char *path; /* the temporary folder */
    Map *copied;
    Err *err;
} Folder;

/* ---- writing ---- */

static bool write_file(const Folder *f, const char *name, const char *data, size_t bytes, bool executable)
{
    FileWriter *writer = writer_open(arena_printf(f->arena, "%s/%s", f->path, name), f->err);
    if (!writer) return false;
    writer_write(writer, data, bytes);
    return writer_commit(writer, executable, f->err);
}

static bool write_text(const Folder *f, const char *name, Str *text)
{
    bool fine = write_file(f, name, text->data ? text->data : "", text->length, strcmp(name, "build.sh") == 0);
    str_free(text);
    return fine;
}

/* ---- copying ---- */

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

/* tasks.def with the lines of this model's tasks only. */
static void print_tasks(Str *out, const Compiled *c)
{
    str_printf(out, "/* The tasks of this program. */\n");
    for (const char *at = c->facts.tasks; *at;) {
        size_t n = strcspn(at, " ");
        char *name = arena_copy_text(c->arena, at, n);
        for (char *ch = name; *ch; ch++) *ch = *ch == '-' ? '_' : *ch;
        if (resource_find(arena_printf(c->arena, "runtime/task/%s.c", name))) str_printf(out, "TASK(%s)\n", name);
        at += n + (at[n] == ' ');
    }
    str_printf(out, "#undef TASK\n");
}

static bool copy_source(Folder *f, const char *path)
{
    if (map_get(f->copied, path)) return true;
    map_set(f->copied, path, f);
    const Resource *resource = resource_find(path);
    if (!resource) bug("no resource %s", path);
    Str text = {0};
    if (strcmp(path, "runtime/task/tasks.def") == 0) {
        print_tasks(&text, f->compiled);
    } else if (!rewrite(f, &text, (const char *)resource->data, resource->size)) {
        str_free(&text);
        return false;
    }
    return write_text(f, flat_name(f->arena, path), &text);
}

static bool is_source(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".c") == 0 || strcmp(dot, ".cu") == 0);
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
    static const char shared[] = "runtime/task/";
    const char *tasks = f->compiled->facts.tasks;
    for (size_t i = 0; i < resource_count; i++) {
        const char *path = resources[i].path;
        size_t end = strlen(path);
        if (strncmp(path, shared, sizeof shared - 1) != 0 || strcmp(path + end - 2, ".c") != 0) continue;
        char *name = arena_copy_text(f->arena, path + sizeof shared - 1, end - sizeof shared - 1);
        bool is_task = resource_find("runtime/task/tasks.def") && strstr((const char *)resource_find("runtime/task/tasks.def")->data, arena_printf(f->arena, "TASK(%s)", name));
        for (char *c = name; *c; c++) *c = *c == '_' ? '-' : *c;
        if ((!is_task || strstr(tasks, name)) && !copy_source(f, path)) return false;
    }
    return true;
}

static bool copy_tokenizer(Folder *f)
{
    const char *files[64];
    if (!f->compiled->tokenizer) return true;
    size_t count = tokenizer_sources(f->compiled->tokenizer, files, COUNT_OF(files));
    for (size_t i = 0; i < count; i++)
        if (!copy_source(f, files[i])) return false;
    return true;
}

/* What stands on the tokenizer. Firmware gets only what NAME.h offers: no requests, no JSON. */
static bool copy_text_rooms(Folder *f)
{
    static const char *const direct[] = {"runtime/task/common.c", "runtime/task/direct.c", "runtime/task/pool.c"};
    const Compiled *c = f->compiled;
    bool hosted = c->target->hosted, fine = true;
    if (!c->tokenizer) return true;
    if (hosted || c->facts.state_bytes) fine = copy_room(f, "runtime/generate/");
    if (hosted) return fine && copy_tasks(f);
    for (size_t i = 0; fine && (emit_classifies(c) || emit_embeds(c)) && i < COUNT_OF(direct); i++) fine = copy_source(f, direct[i]);
    return fine;
}

static bool copy_device(Folder *f)
{
    const char *device = dialect_find(f->compiled->target->emitter)->device;
    if (!device) return true;
    return copy_source(f, arena_printf(f->arena, "runtime/%s/device.h", device)) && copy_room(f, arena_printf(f->arena, "runtime/%s/", device));
}

static bool copy_runtime(Folder *f)
{
    bool fine = copy_source(f, "runtime/hf2c.h") && copy_room(f, "runtime/core/") && copy_tokenizer(f) && copy_text_rooms(f) && copy_device(f);
    return fine && (!emit_has_main(f->compiled, f->options) || copy_room(f, "runtime/cli/"));
}

/* ---- generated files ---- */

/* The source's includes are flat already; the files that they stand for must come along. */
static bool copy_kernels(Folder *f)
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

static bool write_generated(Folder *f)
{
    const Compiled *c = f->compiled;
    const char *name = c->name;
    Str text = {0};
    emit_header(&text, c);
    if (!write_text(f, arena_printf(f->arena, "%s.h", name), &text)) return false;
    emit_source(&text, c);
    if (!write_text(f, arena_printf(f->arena, "%s.%s", name, dialect_find(c->target->emitter)->extension), &text)) return false;
    emit_model(&text, c);
    if (!write_text(f, arena_printf(f->arena, "%s_model.c", name), &text)) return false;
    emit_weights(&text, c, f->options);
    if (!write_text(f, arena_printf(f->arena, "%s_weights.c", name), &text)) return false;
    if (c->tokenizer) {
        tokenizer_emit(&text, c->tokenizer, name);
        if (!write_text(f, arena_printf(f->arena, "%s_text.c", name), &text)) return false;
    }
    if (!emit_self_test(&text, c, f->err)) return false;
    return write_text(f, arena_printf(f->arena, "%s_test.c", name), &text);
}

static bool write_extras(Folder *f)
{
    const Compiled *c = f->compiled;
    Str text = {0};
    if (emit_has_main(c, f->options)) {
        emit_main(&text, c, f->options);
        if (!write_text(f, arena_printf(f->arena, "%s_main.c", c->name), &text)) return false;
    }
    emit_build_script(&text, c, f->options);
    if (!write_text(f, "build.sh", &text)) return false;
    emit_cmake(&text, c, f->options);
    if (!write_text(f, "CMakeLists.txt", &text)) return false;
    emit_page(&text, c, f->options);
    return write_text(f, "MODEL.md", &text);
}

static bool fill(Folder *f, Compiled *compiled)
{
    const char *weights = arena_printf(f->arena, "%s/%s.weights", f->path, compiled->name);
    return pack_to_file(compiled->plan, weights, &compiled->facts.weights_hash, f->err) && write_generated(f) && copy_kernels(f) &&
           copy_runtime(f) && write_extras(f);
}

bool emit_folder(Compiled *compiled, const EmitOptions *options, Err *err)
{
    Folder f = {.arena = compiled->arena, .compiled = compiled, .options = options, .copied = map_new(compiled->arena), .err = err};
    f.path = folder_begin(compiled->arena, options->output, err);
    if (!f.path) return false;
    if (!fill(&f, compiled)) {
        folder_discard(f.path);
        return false;
    }
    return folder_commit(f.path, options->output, err);
}
