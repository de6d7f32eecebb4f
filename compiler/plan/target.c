/* target: reads targets/NAME.target from the resources that hf2c carries. */
#include "compiler/plan/target.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/resource.h"
#include "templates/cpu/kernels.h"

static const struct Key {
    const char *name;
    enum { KEY_TEXT, KEY_NUMBER, KEY_BOOL } kind;
    size_t offset;
} keys[] = {
    {"about", KEY_TEXT, offsetof(Target, about)},       {"emitter", KEY_TEXT, offsetof(Target, emitter)},
    {"isa", KEY_TEXT, offsetof(Target, isa)},           {"panel", KEY_NUMBER, offsetof(Target, panel)},
    {"compiler", KEY_TEXT, offsetof(Target, compiler)}, {"flags", KEY_TEXT, offsetof(Target, flags)},
    {"link", KEY_TEXT, offsetof(Target, link)},         {"package", KEY_TEXT, offsetof(Target, package)},
    {"small", KEY_TEXT, offsetof(Target, small)},
    {"threads", KEY_BOOL, offsetof(Target, threads)},   {"hosted", KEY_BOOL, offsetof(Target, hosted)},
    {"big_endian", KEY_BOOL, offsetof(Target, big_endian)},
    {"device", KEY_BOOL, offsetof(Target, device)},     {"device_compiler", KEY_TEXT, offsetof(Target, device_compiler)},
    {"device_flags", KEY_TEXT, offsetof(Target, device_flags)},
    {"alone", KEY_NUMBER, offsetof(Target, alone)},     {"ahead", KEY_NUMBER, offsetof(Target, ahead)},
    {"ram", KEY_NUMBER, offsetof(Target, ram)},         {"flash", KEY_NUMBER, offsetof(Target, flash)},
};

static const struct Key *key_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (strcmp(keys[i].name, name) == 0) return &keys[i];
    return NULL;
}

static bool set_number(int64_t *field, const char *value)
{
    char *end;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end || number < 0) return false;
    *field = number;
    return true;
}

static bool set_bool(bool *field, const char *value)
{
    *field = strcmp(value, "yes") == 0;
    return *field || strcmp(value, "no") == 0;
}

/* Where lines come from. */
typedef struct Source {
    const char *file;
    int line;
    bool tuning; /* only of what can be measured */
} Source;

enum { AHEAD_MOST = 1 << 20 };

static bool set_key(const Source *source, const char *name, const char *value, Target *target, Err *err)
{
    const char *file = source->file;
    const int line = source->line;
    const struct Key *key = key_find(name);
    bool tuned = strcmp(name, "alone") == 0 || strcmp(name, "ahead") == 0;
    if (source->tuning && !tuned) return err_set(err, "%s:%d: found \"%s\", wanted alone or ahead", file, line, name);
    if (!key) return err_set(err, "%s:%d: unknown key \"%s\"", file, line, name);
    void *field = (char *)target + key->offset;
    if (key->kind == KEY_TEXT) *(const char **)field = value;
    if (key->kind == KEY_NUMBER && !set_number(field, value))
        return err_set(err, "%s:%d: %s: found \"%s\", wanted a number", file, line, name, value);
    if (key->kind == KEY_BOOL && !set_bool(field, value))
        return err_set(err, "%s:%d: %s: found \"%s\", wanted yes or no", file, line, name, value);
    if (target->ahead > AHEAD_MOST) return err_set(err, "%s:%d: ahead: found %s, wanted at most %d", file, line, value, AHEAD_MOST);
    return true;
}

/* Cuts spaces off both ends, in place. */
static char *trimmed(char *text)
{
    while (*text == ' ' || *text == '\t') text++;
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1])) text[--length] = '\0';
    return text;
}

static bool parse_line(const Source *source, char *line, Target *target, Err *err)
{
    line = trimmed(line);
    if (*line == '\0' || *line == '#') return true;
    char *equals = strchr(line, '=');
    if (!equals) return err_set(err, "%s:%d: wanted key = value", source->file, source->line);
    *equals = '\0';
    return set_key(source, trimmed(line), trimmed(equals + 1), target, err);
}

static bool parse_lines(Arena *arena, Source source, const char *text, Target *target, Err *err)
{
    for (char *line = arena_copy_text(arena, text, strlen(text)); line;) {
        char *next = strchr(line, '\n');
        if (next) *next++ = '\0';
        source.line++;
        if (!parse_line(&source, line, target, err)) return false;
        line = next;
    }
    return true;
}

bool target_tune(Arena *arena, const char *file, const char *text, Target *target, Err *err)
{
    return parse_lines(arena, (Source){.file = file, .tuning = true}, text, target, err);
}

bool target_parse(Arena *arena, const char *file, const char *text, Target *target, Err *err)
{
    *target = (Target){.about = "", .emitter = "c", .isa = "c11", .panel = 16, .compiler = "cc", .flags = "", .small = "", .link = "", .package = "",
                       .device_compiler = "", .device_flags = ""};
    if (!parse_lines(arena, (Source){.file = file}, text, target, err)) return false;
    if (target->panel < 1 || target->panel > 64) return err_set(err, "%s: panel: wanted 1 to 64", file);
    return true;
}

static const char *native(void)
{
    static const char *const targets[][2] = {{"zen4", "x86-64-zen4"}, {"avx512", "x86-64-v4"}, {"avx2", "x86-64-v3"}};
    for (size_t i = 0; i < COUNT_OF(targets); i++)
        if (kernels_isa_runs(targets[i][0])) return targets[i][1];
    return "c11";
}

const char *target_known(Arena *arena)
{
    const char *text = "native";
    for (size_t i = 0; i < resource_count; i++) {
        const char *path = resources[i].path;
        size_t length = strlen(path);
        if (strncmp(path, "targets/", 8) == 0 && length > 15 && strcmp(path + length - 7, ".target") == 0)
            text = arena_printf(arena, "%s, %.*s", text, (int)(length - 15), path + 8);
    }
    return text;
}

const Target *target_find(Arena *arena, const char *name, Err *err)
{
    if (strcmp(name, "native") == 0) name = native();
    const Resource *resource = resource_find(arena_printf(arena, "targets/%s.target", name));
    if (!resource) {
        err_set(err, "unknown target \"%s\"; known: %s", name, target_known(arena));
        return NULL;
    }
    Target *target = ARENA_NEW(arena, Target);
    const char *text = arena_copy_text(arena, (const char *)resource->data, resource->size);
    if (!target_parse(arena, resource->path, text, target, err)) return NULL;
    target->name = arena_copy_text(arena, name, strlen(name));
    return target;
}
