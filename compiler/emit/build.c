/* build: see build.h. */
#include "compiler/emit/build.h"
#include "compiler/emit/cache.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 512, MOST_SOURCES = 256 };

typedef struct Arguments {
    const char *item[MOST_ARGUMENTS];
    size_t count;
} Arguments;

static void argument_add(Arguments *a, const char *text)
{
    if (a->count + 1 >= MOST_ARGUMENTS) bug("too many arguments");
    a->item[a->count++] = text;
    a->item[a->count] = NULL;
}

/* "-O3 -march=x" as two arguments. */
static void argument_add_words(Arena *arena, Arguments *a, const char *words)
{
    while (*words) {
        size_t n = strcspn(words, " ");
        if (n) argument_add(a, arena_copy_text(arena, words, n));
        words += n + (words[n] == ' ');
    }
}

/* ---- processes ---- */

static pid_t start(const char *const *argument, const char *folder)
{
    fflush(NULL);
    pid_t child = fork();
    if (child != 0) return child;
    if (folder && chdir(folder) != 0) _exit(126);
    execvp(argument[0], (char *const *)argument);
    _exit(errno == ENOENT ? 127 : 126);
}

static bool check_exit(const char *program, int status, Err *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return err_set(err, "%s: not found on this machine", program);
    if (WIFSIGNALED(status)) return err_set(err, "%s was ended by signal %d", program, WTERMSIG(status));
    return err_set(err, "%s failed with status %d", program, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

bool run_program(const char *const *argument, const char *folder, Err *err)
{
    int status = 0;
    pid_t child = start(argument, folder);
    if (child < 0) return err_set(err, "%s: cannot be started: %s", argument[0], strerror(errno));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return err_set(err, "%s: %s", argument[0], strerror(errno));
    return check_exit(argument[0], status, err);
}

/* ---- one folder ---- */

typedef struct FolderBuild {
    Arena *arena;
    const Compiled *compiled;
    const BuildOptions *options;
    const char *compiler;
    const char *objects; /* temporary folder inside the sources' folder */
    const char **source;
    pid_t *child; /* that compiles the source of the same number; 0: it came from the cache */
    const char **cached; /* where its object belongs in the cache; NULL: nowhere */
    size_t sources;
    Err *err;
} FolderBuild;

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

static bool wanted_source(const FolderBuild *b, const char *name)
{
    if (!ends_with(name, ".c") && !ends_with(name, ".cu")) return false;
    if (ends_with(name, "_test.c")) return false;
    return b->options->kind == BUILD_PROGRAM || !ends_with(name, "_main.c");
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static bool list_sources(FolderBuild *b)
{
    DIR *folder = opendir(b->options->folder);
    struct dirent *entry;
    if (!folder) return err_set(b->err, "%s: %s", b->options->folder, strerror(errno));
    b->source = ARENA_ARRAY(b->arena, const char *, MOST_SOURCES);
    b->child = ARENA_ARRAY(b->arena, pid_t, MOST_SOURCES);
    b->cached = ARENA_ARRAY(b->arena, const char *, MOST_SOURCES);
    while ((entry = readdir(folder)) != NULL && b->sources < MOST_SOURCES)
        if (wanted_source(b, entry->d_name)) b->source[b->sources++] = arena_printf(b->arena, "%s", entry->d_name);
    closedir(folder);
    qsort(b->source, b->sources, sizeof *b->source, by_name);
    return true;
}

/* Threads only where the compiler has OpenMP. */
static bool has_openmp(const FolderBuild *b)
{
    Arguments a = {0};
    FILE *probe = fopen(arena_printf(b->arena, "%s/probe.c", b->objects), "w");
    if (!probe || !b->compiled->target->threads) {
        if (probe) fclose(probe);
        return false;
    }
    fputs("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n", probe);
    fclose(probe);
    argument_add(&a, "sh"); /* only to silence the probe; its text is ours alone */
    argument_add(&a, "-c");
    argument_add(&a, "exec \"$0\" -fopenmp \"$1/probe.c\" -o \"$1/probe\" >/dev/null 2>&1");
    argument_add(&a, b->compiler);
    argument_add(&a, b->objects);
    Err ignored = {{0}};
    return run_program(a.item, NULL, &ignored);
}

/* Sources of a device have a compiler of their own. */
static bool for_device(const char *source) { return ends_with(source, ".cu"); }

static const char *compiler_of(const FolderBuild *b, const char *source)
{
    return for_device(source) ? b->compiled->target->device_compiler : b->compiler;
}

/* Sources of rooms that read requests and write answers; what is done for each token or number is elsewhere. */
static bool for_size(const char *source)
{
    static const char *const rooms[] = {"cli_", "task_", "core_"};
    for (size_t i = 0; i < COUNT_OF(rooms); i++)
        if (strncmp(source, rooms[i], strlen(rooms[i])) == 0) return true;
    return false;
}

static void compile_arguments(const FolderBuild *b, Arguments *a, const char *source, bool openmp)
{
    *a = (Arguments){.count = 0};
    bool device = for_device(source), shared = b->options->kind == BUILD_SHARED;
    argument_add(a, compiler_of(b, source));
    if (!device) argument_add(a, "-std=c11");
    argument_add_words(b->arena, a, device ? b->compiled->target->device_flags : b->compiled->target->flags);
    if (!device && for_size(source)) argument_add_words(b->arena, a, b->compiled->target->small);
    if (openmp) argument_add(a, "-fopenmp");
    if (shared) argument_add(a, device ? "-Xcompiler=-fPIC" : "-fPIC");
    argument_add(a, "-c");
    argument_add(a, source);
}

static const char *object_of(const FolderBuild *b, const char *source) { return arena_printf(b->arena, "%s/%s.o", b->objects, source); }

static bool wait_one(const FolderBuild *b, int *running)
{
    int status = 0;
    pid_t child = wait(&status);
    if (child < 0) return errno == EINTR;
    (*running)--;
    size_t i = 0;
    while (i < b->sources && b->child[i] != child) i++;
    return check_exit(i < b->sources ? compiler_of(b, b->source[i]) : b->compiler, status, b->err);
}

static void say_command(const FolderBuild *b, const Arguments *a)
{
    for (size_t i = 0; b->options->verbose && i < a->count; i++) fprintf(stderr, "%s%s", a->item[i], i + 1 < a->count ? " " : "\n");
}

/* Takes the object from the cache, or starts the compiler. */
static bool compile_one(FolderBuild *b, size_t i, bool openmp, int *running, int most)
{
    Arguments a;
    compile_arguments(b, &a, b->source[i], openmp);
    b->cached[i] = cache_object(b->arena, b->options->folder, b->source[i], a.item);
    Err not_there = {{0}};
    if (b->cached[i] && file_exists(b->cached[i]) && file_copy(b->cached[i], object_of(b, b->source[i]), false, &not_there)) {
        b->cached[i] = NULL;
        return true;
    }
    if (*running == most && !wait_one(b, running)) return false;
    argument_add(&a, "-o");
    argument_add(&a, object_of(b, b->source[i]));
    say_command(b, &a);
    b->child[i] = start(a.item, b->options->folder);
    if (b->child[i] < 0) return err_set(b->err, "%s: %s", a.item[0], strerror(errno));
    ++*running;
    return true;
}

/* A cache that cannot be written to costs time, not the build. */
static void keep_object(const FolderBuild *b, size_t i)
{
    Err ignored = {{0}};
    file_copy(object_of(b, b->source[i]), b->cached[i], false, &ignored);
}

static bool compile_all(FolderBuild *b, bool openmp)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int most = processors > 1 ? (int)processors : 1, running = 0;
    bool fine = true;
    for (size_t i = 0; i < b->sources && fine; i++) fine = compile_one(b, i, openmp, &running, most);
    while (running > 0) fine = wait_one(b, &running) && fine;
    for (size_t i = 0; i < b->sources && fine; i++)
        if (b->cached[i]) keep_object(b, i);
    return fine;
}

static void link_arguments(const FolderBuild *b, Arguments *a, const char *output, bool openmp)
{
    *a = (Arguments){.count = 0};
    const Target *target = b->compiled->target;
    bool archive = b->options->kind == BUILD_STATIC, device = target->device_compiler[0];
    argument_add(a, archive ? "ar" : device ? target->device_compiler : b->compiler);
    if (archive) argument_add(a, "rcsD");
    if (b->options->kind == BUILD_SHARED) argument_add(a, "-shared");
    if (!archive) argument_add_words(b->arena, a, device ? target->device_flags : target->flags);
    if (!archive && openmp) argument_add(a, "-fopenmp");
    if (b->options->kind == BUILD_PROGRAM && !device) argument_add(a, "-s"); /* names of functions are for those who have the sources */
    if (!archive) argument_add(a, "-o");
    argument_add(a, output);
    for (size_t i = 0; i < b->sources; i++) argument_add(a, object_of(b, b->source[i]));
    if (!archive && emit_reads_pictures(b->compiled)) argument_add_words(b->arena, a, emit_picture_libraries);
    if (!archive) argument_add_words(b->arena, a, target->link);
}

static bool link_all(FolderBuild *b, bool openmp)
{
    Arguments a;
    const char *made = arena_printf(b->arena, "%s/output.bin", b->objects);
    link_arguments(b, &a, made, openmp);
    say_command(b, &a);
    if (!run_program(a.item, NULL, b->err)) return false;
    return file_copy(made, b->options->output, b->options->kind != BUILD_STATIC, b->err);
}

static bool build(FolderBuild *b)
{
    bool openmp = has_openmp(b);
    return list_sources(b) && compile_all(b, openmp) && link_all(b, openmp);
}

bool build_folder(const Compiled *compiled, const BuildOptions *options, Err *err)
{
    FolderBuild b = {.arena = compiled->arena, .compiled = compiled, .options = options, .err = err};
    b.compiler = options->compiler ? options->compiler : compiled->target->compiler;
    const char *temporary = folder_begin(b.arena, arena_printf(b.arena, "%s/objects", options->folder), err);
    if (!temporary) return false;
    b.objects = temporary;
    char *absolute = realpath(temporary, NULL);
    if (absolute) b.objects = arena_printf(b.arena, "%s", absolute);
    free(absolute);
    bool fine = build(&b);
    if (!fine && strstr(err->text, "not found")) {
        const Target *t = compiled->target;
        err_prefix(err, "target %s needs %s%s%s (Debian package %s)", t->name, b.compiler, t->device_compiler[0] ? " and " : "",
                   t->device_compiler, t->package);
    }
    folder_discard(temporary);
    return fine;
}
