/* run: the program of a model from the cache, built when it is not there, then run in place of hf2c.
 *
 * A program's folder in the cache is named by a hash over everything that it is made from, so nothing in the cache is ever wrong, only
 * unused. It appears whole; two that build the same at once both build, and either's result serves. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/command/command.h"
#include "compiler/emit/cache.h"

/* ---- the key ---- */

/* Name, size and time of a file or of what a link leads to: contents would be gigabytes. */
static void add_file(Str *text, const char *folder, const char *name)
{
    Str path = {0};
    struct stat status;
    str_printf(&path, "%s/%s", folder, name);
    if (stat(path.data, &status) == 0 && S_ISREG(status.st_mode))
        str_printf(text, "file %s %lld %lld.%09ld %llu\n", name, (long long)status.st_size, (long long)status.st_mtim.tv_sec,
                   status.st_mtim.tv_nsec, (unsigned long long)status.st_ino);
    str_free(&path);
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void add_folder(Str *text, const char *folder)
{
    struct dirent **entry;
    int count = scandir(folder, &entry, NULL, by_name);
    if (count < 0) fatal("%s: cannot list: %s", folder, strerror(errno));
    str_printf(text, "folder %s\n", folder);
    for (int i = 0; i < count; i++) {
        add_file(text, folder, entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
}

/* Every option that the command takes, by the table: one more there counts here too. */
static void add_options(Str *text, const Options *options)
{
#define ADD_text(field) str_printf(text, "%s\n", options->field ? options->field : "");
#define ADD_number(field) str_printf(text, "%lld\n", (long long)options->field);
#define ADD_flag(field) str_printf(text, "%d\n", options->field);
#define ADD_list(field)                                                                                                 \
    str_printf(text, "%zu\n", options->field.count);                                                                    \
    for (size_t i = 0; i < options->field.count; i++) str_printf(text, "%s\n", options->field.item[i]);
#define OPTION(field, kind, dashed, value, commands, about) ADD_##kind(field)
#include "compiler/command/options.def"
#undef ADD_text
#undef ADD_number
#undef ADD_flag
#undef ADD_list
}

/* What "native" means differs between machines that share a home. */
static void add_target(Str *text, Arena *arena, const Options *options)
{
    Err err = {{0}};
    const Target *target = target_find(arena, options->target ? options->target : "native", &err);
    if (!target) fatal("%s", err.text);
    if (!target->hosted) fatal("target %s makes firmware: it cannot be run here", target->name);
    str_printf(text, "target %s\n", target->name);
}

static void add_compiler(Str *text)
{
    Err err = {{0}};
    FileView program;
    char hex[17];
    if (!file_map("/proc/self/exe", &program, &err)) fatal("%s", err.text);
    hash_hex(program.data, program.size, hex);
    str_printf(text, "hf2c %s\n", hex);
}

static const char *key_of(Arena *arena, const Options *options, const Model *model)
{
    Str text = {0};
    char hex[17];
    add_compiler(&text);
    add_target(&text, arena, options);
    add_options(&text, options);
    add_folder(&text, model->folder);
    if (options->json_schema) add_file(&text, ".", options->json_schema);
    hash_hex(text.data, text.length, hex);
    str_free(&text);
    return arena_printf(arena, "%s", hex);
}

/* ---- the cache ---- */

/* By its marker a later build knows that the folder may be replaced. */
static bool write_marker(Arena *arena, const char *folder, const Model *model, Err *err)
{
    FileWriter *writer = writer_open(arena_printf(arena, "%s/MODEL.md", folder), err);
    if (!writer) return false;
    const char *text = arena_printf(arena, "Made by `hf2c run` from %s. It may be deleted at any time.\n", model->folder);
    writer_write(writer, text, strlen(text));
    return writer_commit(writer, false, err);
}

static void build_into(Arena *arena, const Options *options, const Model *model, const char *folder, const char *name)
{
    Err err = {{0}};
    CompileOptions compile_options = options_compile(options);
    bool terminal = isatty(STDERR_FILENO);
    if (terminal) fprintf(stderr, "hf2c: compiling %s ...", model->name);
    Compiled *c = command_compile(arena, options, &compile_options);
    const char *temporary = folder_begin(arena, folder, &err);
    if (!temporary) fatal("%s", err.text);
    if (!build_program(c, options, arena_printf(arena, "%s/%s", temporary, name), &err) || !write_marker(arena, temporary, model, &err))
        fatal("%s", err.text);
    /* Another hf2c may have been first: its program is the same. */
    if (!folder_commit(temporary, folder, &err) && !file_exists(arena_printf(arena, "%s/%s", folder, name))) fatal("%s", err.text);
    if (terminal) fprintf(stderr, "\r\033[K");
}

/* ---- running ---- */

static void become(Arena *arena, const char *program, const Options *options)
{
    const char **argument = ARENA_ARRAY(arena, const char *, (size_t)options->word_count + 2);
    argument[0] = program;
    for (int i = 0; i < options->word_count; i++) argument[i + 1] = options->words[i];
    signal(SIGXFSZ, SIG_DFL); /* what hf2c ignores, the program should not */
    fflush(NULL);
    execv(program, (char *const *)argument);
    fatal("%s: cannot be run: %s", program, strerror(errno));
}

int command_run(const Options *options)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    Model model;
    if (!model_open(arena, options->model, false, &model, &err)) fatal("%s", err.text);
    const char *cache = cache_folder(arena, NULL);
    if (!cache) fatal("where is the cache? Neither XDG_CACHE_HOME nor HOME is a folder that can be written to");
    const char *folder = arena_printf(arena, "%s/%s", cache, key_of(arena, options, &model));
    const char *program = arena_printf(arena, "%s/%s", folder, model.name);
    if (!file_exists(program)) build_into(arena, options, &model, folder, model.name);
    become(arena, program, options);
    return EXIT_BAD_INPUT;
}
