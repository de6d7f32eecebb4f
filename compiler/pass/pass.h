/* pass: rewrites of the graph. One file per pass, its name in passes.def; the order of the table is the order of execution. A pass
 * changes nothing that can be observed in the outputs (beyond rounding), and keeps the graph valid; the driver, not the pass,
 * verifies, prints and times. */
#ifndef HF2C_PASS_H
#define HF2C_PASS_H

#include "compiler/ir/ir.h"

typedef struct Pass {
    const char *name;
    const char *about; /* one line for --help-passes */
    int (*run)(Graph *graph); /* number of rewrites */
} Pass;
extern const Pass passes[];
extern const size_t pass_count;

typedef struct PassOptions {
    const char *const *without; /* names of passes to skip; "all" skips every pass */
    size_t without_count;
    const char *dump;           /* NULL, "" (before and after all), "after:NAME", "before:NAME" */
    Str *dump_to;
    bool verbose;               /* prints rewrites and time of each on stderr */
} PassOptions;
/* Recomputes shapes and formats (precision was set on params), then runs the passes in order. options may be NULL: all of them.
 * The verifier runs before the first and after each one; what it finds is bug(), with the graph's text. */
void passes_run(Graph *graph, const PassOptions *options);
void passes_reference(Str *out); /* the page of the passes, from the table, as Markdown */
bool pass_known(const char *name);
bool pass_enabled(const PassOptions *options, const char *name);

#endif
