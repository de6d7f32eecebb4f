/* cache: see cache.h. */
#include "compiler/emit/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_SOURCE_BYTES = 1 << 28 };

/* ---- where it is ---- */

static bool make_folder(const char *path) { return mkdir(path, 0777) == 0 || errno == EEXIST; }

const char *cache_folder(Arena *arena, const char *part)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (!cache || cache[0] != '/') {
        if (!home || home[0] != '/') return NULL;
        cache = arena_printf(arena, "%s/.cache", home);
    }
    const char *own = arena_printf(arena, "%s/hf2c", cache), *folder = part ? arena_printf(arena, "%s/%s", own, part) : own;
    return make_folder(cache) && make_folder(own) && make_folder(folder) ? folder : NULL;
}

/* ---- what an object is made from ---- */

typedef struct Ingredients {
    Arena *arena;
    const char *folder;
    Map *seen;
    Str text;       /* hashes of everything so far */
    bool cacheable;
} Ingredients;

static void add_hash(Ingredients *in, const char *name, const void *data, size_t bytes)
{
    char hex[17];
    hash_hex(data, bytes, hex);
    str_printf(&in->text, "%s %s\n", name, hex);
}

static void add_file(Ingredients *in, const char *name);

/* Files of the folder that the text includes; those of the system count by the compiler's identity. */
static void add_includes(Ingredients *in, const char *text)
{
    static const char word[] = "#include \"";
    for (const char *at = strstr(text, word); at; at = strstr(at, word)) {
        at += sizeof word - 1;
        add_file(in, arena_copy_text(in->arena, at, strcspn(at, "\"\n")));
    }
}

static void add_file(Ingredients *in, const char *name)
{
    FileView view;
    Err err = {{0}};
    if (map_get(in->seen, name)) return;
    map_set(in->seen, name, in);
    if (!file_read(in->arena, arena_printf(in->arena, "%s/%s", in->folder, name), MOST_SOURCE_BYTES, &view, &err)) {
        in->cacheable = false;
        return;
    }
    add_hash(in, name, view.data, view.size);
    if (strstr((const char *)view.data, ".incbin")) in->cacheable = false;
    add_includes(in, (const char *)view.data);
}

/* The compiler by its place, size and time: a newer one makes other objects. */
static void add_compiler(Ingredients *in, const char *name)
{
    const char *path = getenv("PATH");
    for (const char *at = strchr(name, '/') ? NULL : path; at && *at;) {
        size_t n = strcspn(at, ":");
        const char *candidate = arena_printf(in->arena, "%.*s/%s", (int)n, at, name);
        if (file_exists(candidate)) {
            name = candidate;
            break;
        }
        at += n + (at[n] == ':');
    }
    struct stat status = {0};
    if (stat(name, &status) != 0) in->cacheable = false;
    str_printf(&in->text, "%s %lld %lld\n", name, (long long)status.st_size, (long long)status.st_mtime);
}

const char *cache_object(Arena *arena, const char *folder, const char *source, const char *const *arguments)
{
    const char *objects = cache_folder(arena, "objects");
    Ingredients in = {.arena = arena, .folder = folder, .seen = map_new(arena), .cacheable = objects != NULL};
    add_compiler(&in, arguments[0]);
    for (size_t i = 1; arguments[i]; i++) str_printf(&in.text, "%s\n", arguments[i]);
    add_file(&in, source);
    char hex[17];
    hash_hex(in.text.data, in.text.length, hex);
    str_free(&in.text);
    return in.cacheable ? arena_printf(arena, "%s/%s.o", objects, hex) : NULL;
}
