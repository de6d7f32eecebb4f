/* The driver: runs the table, verifies, prints and times. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "compiler/pass/rewrite.h"

const Pass passes[] = {
#define PASS(name, about) {#name, about, pass_##name},
#include "compiler/pass/passes.def"
};
const size_t pass_count = COUNT_OF(passes);

bool pass_known(const char *name)
{
    bool known = strcmp(name, "all") == 0;
    for (size_t i = 0; i < pass_count; i++) known = known || strcmp(passes[i].name, name) == 0;
    return known;
}

bool pass_enabled(const PassOptions *options, const char *name)
{
    for (size_t i = 0; options != NULL && i < options->without_count; i++) {
        if (strcmp(options->without[i], "all") == 0 || strcmp(options->without[i], name) == 0)
            return false;
    }
    return true;
}

static void verify(const Graph *graph, const char *when)
{
    Err err = {{0}};
    if (graph_verify(graph, &err))
        return;
    Str text = {0};
    graph_print(&text, graph);
    fprintf(stderr, "%s", text.data != NULL ? text.data : "");
    str_free(&text);
    bug("the graph is broken %s: %s", when, err.text);
}

/* options->dump: "" asks for the graph before and after all passes, "WHEN:NAME" for one place. */
static void dump(const Graph *graph, const PassOptions *options, const char *when, const char *name)
{
    if (options == NULL || options->dump == NULL || options->dump_to == NULL)
        return;
    size_t length = strlen(when);
    const char *asked = options->dump;
    bool all = asked[0] == '\0' && strcmp(name, "all") == 0;
    bool one = strncmp(asked, when, length) == 0 && asked[length] == ':' && strcmp(asked + length + 1, name) == 0;
    if (!all && !one)
        return;
    str_printf(options->dump_to, "=== %s %s\n", when, name);
    graph_print(options->dump_to, graph);
}

static void run_one(Graph *graph, const Pass *pass, const PassOptions *options)
{
    dump(graph, options, "before", pass->name);
    if (pass_enabled(options, pass->name)) {
        clock_t begin = clock();
        int rewrites = pass->run(graph);
        double milliseconds = 1e3 * (double)(clock() - begin) / CLOCKS_PER_SEC;
        if (options != NULL && options->verbose)
            fprintf(stderr, "pass %-14s %5d rewrites %8.2f ms, %zu nodes\n", pass->name, rewrites, milliseconds, graph->count);
        verify(graph, pass->name);
    }
    dump(graph, options, "after", pass->name);
}

void passes_run(Graph *graph, const PassOptions *options)
{
    graph_refresh(graph);
    verify(graph, "before the passes");
    dump(graph, options, "before", "all");
    for (size_t i = 0; i < pass_count; i++) run_one(graph, &passes[i], options);
    dump(graph, options, "after", "all");
}

void passes_reference(Str *out)
{
    str_printf(out, "# Passes\n\nMade from `passes.def`, in the order of execution. Each can be switched off by its name; none "
                    "changes the outputs beyond rounding. The file of a pass shows the graph before and after it.\n\n"
                    "| pass | what it does |\n|---|---|\n");
    for (size_t i = 0; i < pass_count; i++) str_printf(out, "| `%s` | %s |\n", passes[i].name, passes[i].about);
}
