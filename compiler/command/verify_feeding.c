/* verify_feeding: a model gives the same bits whether its tokens come at once, one by one or in pieces, alone or beside other sequences,
 * by one thread or two, with all outputs wanted or one. */
#include <stdio.h>
#include <string.h>

#include "compiler/command/forward.h"
#include "compiler/command/verify.h"

typedef struct Variant {
    const char *about;
    Feeding feeding;
    int threads;
    int only; /* output, or -1: all */
} Variant;

static const Variant base = {"at once", {0, 0}, 1, -1};
static const Variant variants[] = {
    {"by 2 threads", {0, 0}, 2, -1},
    {"each sequence alone", {1, 0}, 1, -1},
    {"each sequence alone, by 2 threads", {1, 0}, 2, -1},
    {"only the first output", {0, 0}, 1, 0},
    {"token by token", {0, 1}, 1, 0},
    {"token by token, by 2 threads", {0, 1}, 2, 0},
    {"one sequence, token by token", {1, 1}, 1, -1},
    {"in pieces of 7", {0, 7}, 1, -1},
    {"in pieces of 5, by 2 threads", {0, 5}, 2, -1},
};

static float **run_variant(const Verification *v, Arena *arena, EngineRun *run, const Padded *inputs, const Variant *variant, Err *err)
{
    hf2c_context context = run->context;
    context.threads = variant->threads;
    return forward_padded(arena, &context, inputs, variant->feeding, v->column_positions, variant->only, err);
}

/* Name of the first output that differs, or NULL. */
static const char *difference(const hf2c_model *model, const Padded *inputs, float *const *a, float *const *b, Comparison *worst)
{
    for (int i = 0; i < model->output_count; i++) {
        size_t rows = padded_count(inputs, model->outputs[i].rows);
        if (!a[i] || !b[i]) continue;
        *worst = compare_values(a[i], b[i], rows * (size_t)model->outputs[i].columns, (Tolerance){0, 0});
        if (!worst->same_bits) return model->outputs[i].name;
    }
    return NULL;
}

static void check_variant(Verification *v, EngineKind kind, const GoldenGroup *group, const Variant *variant, float *const *expected)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    Comparison worst;
    float **value = run_variant(v, arena, &v->run[kind], &group->inputs, variant, &err);
    const char *output = value ? difference(&v->compiled->facts, &group->inputs, value, expected, &worst) : NULL;
    if (!value || output) {
        v->failures++;
        printf("%s of \"%s\" %s: ", engine_names[kind], group->name, variant->about);
        if (output) printf("%s differs by %.2e (relative L2 %.2e) from all at once  FAIL\n", output, worst.absolute, worst.relative_l2);
        else printf("%s  FAIL\n", err.text);
    }
    arena_free(arena);
}

static void check_group(Verification *v, EngineKind kind, const GoldenGroup *group)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    bool cached = v->compiled->facts.state_bytes > 0;
    size_t before = v->failures, tried = 0;
    float **expected = run_variant(v, arena, &v->run[kind], &group->inputs, &base, &err);
    for (size_t i = 0; expected && i < COUNT_OF(variants); i++) {
        if (variants[i].feeding.piece && !cached) continue;
        check_variant(v, kind, group, &variants[i], expected);
        tried++;
    }
    if (expected && v->failures == before)
        printf("%s of \"%s\" in %zu ways (pieces, threads, batches): the same bits  ok\n", engine_names[kind], group->name, tried);
    arena_free(arena);
}

/* The group with the longest sequence, and the one with the most sequences. */
void verify_feeding(Verification *v)
{
    const GoldenGroup *longest = NULL, *most = NULL;
    for (size_t i = 0; i < v->compiled->graph->count; i++)
        if (v->compiled->graph->node[i]->op == OP_outliers) {
            printf("not compared in pieces: columns have outliers where any row of the call has\n");
            return;
        }
    for (size_t i = 0; i < v->golden.groups; i++) {
        const GoldenGroup *group = &v->golden.group[i];
        if (!longest || group->inputs.width > longest->inputs.width) longest = group;
        if (!most || group->inputs.sequences > most->inputs.sequences) most = group;
    }
    for (int k = 0; longest && k < ENGINE_reference; k++) {
        if (!v->run[k].engine) continue;
        check_group(v, (EngineKind)k, longest);
        if (most != longest) check_group(v, (EngineKind)k, most);
    }
}
