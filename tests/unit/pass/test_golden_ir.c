/* tests/ir/NAME.ir: a graph, and what passes make of it. Sections begin with a line "=== after PASS" (or "=== after all"): the
 * pass runs on the graph as the section before left it, and the section holds the text that it must have then. UPDATE=1 writes
 * the sections anew; the part before the first section stays as it is. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/pass/pass.h"

static const char marker[] = "=== after ";

static void run_pass(Graph *graph, const char *name)
{
    if (strcmp(name, "all") == 0)
        passes_run(graph, NULL);
    else if (!pass_known(name))
        fail_msg("there is no pass %s", name);
    for (size_t i = 0; i < pass_count; i++) {
        if (strcmp(passes[i].name, name) == 0)
            passes[i].run(graph);
    }
    Err err = {{0}};
    if (!graph_verify(graph, &err))
        fail_msg("after %s: %s", name, err.text);
}

/* The file with its sections as they come out now. */
static void run_sections(Arena *arena, const char *path, const char *text, Str *out)
{
    Err err = {{0}};
    const char *section = strstr(text, marker);
    if (section == NULL)
        fail_msg("%s has no section", path);
    size_t length = (size_t)(section - text);
    Graph *graph = graph_parse(arena, path, arena_copy_text(arena, text, length), &err);
    if (graph == NULL)
        fail_msg("%s", err.text);
    str_add(out, text, length);
    for (; section != NULL; section = strstr(section + 1, marker)) {
        const char *name = section + strlen(marker);
        name = arena_copy_text(arena, name, strcspn(name, "\n"));
        run_pass(graph, name);
        str_printf(out, "%s%s\n", marker, name);
        graph_print(out, graph);
    }
}

static void write_file(const char *path, const Str *text)
{
    Err err = {{0}};
    FileWriter *writer = writer_open(path, &err);
    if (writer == NULL || !writer_write(writer, text->data, text->length) || !writer_commit(writer, false, &err))
        fail_msg("%s", err.text);
}

static void check_file(const char *name)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    FileView view = {0};
    Str out = {0};
    const char *path = arena_printf(arena, "%s/ir/%s", TESTS_FOLDER, name);
    if (!file_read(arena, path, 1 << 20, &view, &err))
        fail_msg("%s", err.text);
    run_sections(arena, path, (const char *)view.data, &out);
    if (getenv("UPDATE") != NULL)
        write_file(path, &out);
    else if (strcmp(out.data, (const char *)view.data) != 0)
        fail_msg("%s: the passes now give (UPDATE=1 accepts it)\n%s", path, out.data);
    str_free(&out);
    arena_free(arena);
}

static void golden_files_are_current(void **state)
{
    (void)state;
    DIR *folder = opendir(TESTS_FOLDER "/ir");
    assert_non_null(folder);
    int files = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 3, ".ir") != 0)
            continue;
        check_file(entry->d_name);
        files++;
    }
    closedir(folder);
    assert_true(files >= (int)pass_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_files_are_current)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
