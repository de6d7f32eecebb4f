/* budget: a format for each weight, so that all of them take at most so many bytes and the model loses least. */
#ifndef HF2C_COMMAND_BUDGET_H
#define HF2C_COMMAND_BUDGET_H

#include "compiler/command/calibrate.h"

/* One weight as it is packed: several params where linears are fused. */
typedef struct BudgetChoice {
    const char *name; /* of its first param */
    int params;       /* of the checkpoint in it */
    Format format;
    size_t bytes;
    double relative;  /* root of the squared error over the squared values, both weighted by the inputs where those are measured */
    double loss;      /* what is made least: what the model loses by it (probe.h) */
} BudgetChoice;

typedef struct Budget {
    const char *text;
    size_t limit, bytes; /* of the whole file of weights */
    BudgetChoice *choice;
    size_t choices;
    const Map *chosen; /* for PrecisionOptions */
} Budget;

typedef struct Chooser Chooser;
/* Measures what each of the formats of options->precision (a list; default q4, q4z, q8, bf16 and stored) costs and does. calibration: of
 * options->calibrate, or NULL. */
Chooser *budget_measure(Arena *arena, const Options *options, const Calibration *calibration);
/* Chooses among them; bytes: as options_bytes() has them. fatal() where even the smallest formats take more. */
const Budget *budget_choose(Chooser *chooser, const char *bytes);
/* Compiles with the formats that were chosen. */
void budget_use(const Map *chosen, CompileOptions *compile);
/* The choices as a table. */
void budget_print(FILE *out, const Budget *budget);

#endif
