/* inspect: what a model is and what it will need, without building it; its graph as a picture; the reference pages. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler/command/calibrate.h"
#include "compiler/command/command.h"
#include "compiler/command/edit.h"
#include "compiler/command/fit.h"
#include "compiler/command/picture.h"
#include "compiler/command/summary.h"
#include "runtime/text/work.h"

/* Bytes at one precision of the weights, or of the cache. */
typedef struct Need {
    const char *name; /* "stored" or a format */
    size_t weights, workspace, state, total;
    Err err; /* why it cannot be compiled so; empty otherwise */
} Need;

enum { MAX_NEEDS = 32, CACHE_UNIT = 1000 };

typedef struct Inspection {
    Arena *arena;
    const Options *options;
    CompileOptions compile;
    Compiled *compiled; /* as the options ask for it */
    Need need[MAX_NEEDS], cache[MAX_NEEDS]; /* by formats of the weights; of the cache, with the weights that the options ask for */
    size_t needs, caches;
} Inspection;

/* ---- the numbers ---- */

static size_t tokenizer_table_bytes(const Compiled *c)
{
    return (c->tokenizer ? tokenizer_bytes(c->tokenizer) : 0) + (c->target_tokenizer ? tokenizer_bytes(c->target_tokenizer) : 0);
}

static const char *tokenizer_kind(const Compiled *c)
{
    if (!c->tokenizer) return "none";
#define MODEL(type, function, table, file) \
    if (c->tokenizer->model == function) return #type;
#include "runtime/text/tokenizers.def"
    return "of another kind";
}

static void need_from(Need *need, const Compiled *c)
{
    need->weights = c->facts.weights_bytes;
    need->workspace = c->facts.workspace_bytes;
    need->state = c->facts.state_bytes;
    need->total = need->weights + need->workspace + need->state + tokenizer_table_bytes(c);
}

static void find_need(Need *need, const CompileOptions *options, const char *name)
{
    Arena *arena = arena_new();
    const Compiled *c = compile(arena, options, &need->err);
    need->name = name;
    if (c) need_from(need, c);
    arena_free(arena);
}

/* What the budget comes to, instead of one format. */
static void add_budget(Inspection *in)
{
    Need *need = &in->need[in->needs++];
    need->name = "budget";
    need_from(need, in->compiled);
}

static void add_weights(Inspection *in, const char *precision)
{
    CompileOptions options = in->compile;
    options.precision.weights = precision;
    options.precision.chosen = NULL;
    options.inputs = NULL;
    find_need(&in->need[in->needs++], &options, precision ? precision : "stored");
}

static void add_cache(Inspection *in, const char *format)
{
    CompileOptions options = in->compile;
    options.precision.cache = format;
    find_need(&in->cache[in->caches++], &options, format);
}

static void for_each_name(Inspection *in, const char *names, void (*add)(Inspection *, const char *))
{
    for (const char *at = names; *at;) {
        size_t length = strcspn(at, ",");
        add(in, arena_copy_text(in->arena, at, length));
        at += length + strspn(at + length, ", ");
    }
}

/* One row for the weights as they are stored and one for each precision; one for each format of the cache, if there is one. */
static void collect_needs(Inspection *in)
{
    if (in->options->budget) add_budget(in);
    if (!in->compile.without_weights) add_weights(in, NULL);
    for_each_name(in, precision_known(), add_weights);
    if (plan_rings(in->compiled->plan).caches) for_each_name(in, precision_caches(), add_cache);
}

/* A configuration alone, or a folder that has no weights yet, is inspected as well as a whole model. */
static bool lacks_weights(Inspection *in)
{
    Err err = {{0}};
    Model model;
    if (!model_open(in->arena, in->options->model, false, &model, &err)) fatal("%s", err.text);
    bool file = strlen(in->options->model) > 5 && strcmp(in->options->model + strlen(in->options->model) - 5, ".json") == 0;
    return file || (!model_file(&model, "model.safetensors") && !model_file(&model, "model.safetensors.index.json"));
}

/* ---- for people ---- */

static void add_tokenizer(Str *out, const Inspection *in)
{
    const Compiled *c = in->compiled;
    str_printf(out, "tokenizer    %s", tokenizer_kind(c));
    if (c->tokenizer) str_printf(out, ", %s tokens", text_of_count(in->arena, (int64_t)hf2c_vocabulary(c->tokenizer)));
    if (c->target_tokenizer) str_printf(out, ", %s others are written", text_of_count(in->arena, (int64_t)hf2c_vocabulary(c->target_tokenizer)));
    if (c->tokenizer) str_printf(out, ", tables of %s", text_of_bytes(in->arena, tokenizer_table_bytes(c)));
    str_printf(out, "\n");
}

/* Quantised tensors of one format, and what they are packed in. */
typedef struct Kept {
    Format stored, packed;
    int count;
} Kept;

/* Returns how many kinds there are. */
static int find_kept(const Inspection *in, Kept kept[MAX_NEEDS])
{
    const Graph *graph = in->compiled->graph;
    int kinds = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const Node *param = graph->node[i];
        Kept one = {FORMAT_f32, param->format, 0};
        if (param->op != OP_param || !param->tensor || !param->tensor->quantized) continue;
        format_parse(tensor_natural_format(param->tensor), &one.stored);
        int k = 0;
        while (k < kinds && (kept[k].stored != one.stored || kept[k].packed != one.packed)) k++;
        if (k == MAX_NEEDS) continue;
        if (k == kinds) kept[kinds++] = one;
        kept[k].count++;
    }
    return kinds;
}

static void add_compute_type(Str *out, const char *asked, Format activations)
{
    str_printf(out, "; bnb_4bit_compute_dtype %s, computed in %s", asked, activations == FORMAT_bf16 ? "bfloat16" : "float32");
    if (activations == FORMAT_f32 && strcmp(asked, "bfloat16") == 0) str_printf(out, " (--activations bf16 computes in that)");
}

/* How the checkpoint is quantised, what becomes of it, and in which numbers its tool would multiply. */
static void add_quantised(Str *out, const Inspection *in)
{
    const Model *model = &in->compiled->model;
    Kept kept[MAX_NEEDS];
    if (!model->quantised_by) return;
    str_printf(out, "quantised    by %s", model->quantised_by);
    for (int i = 0, kinds = find_kept(in, kept); i < kinds; i++) {
        str_printf(out, "%s%d weights of %s", i ? ", " : ": ", kept[i].count, format_name(kept[i].stored));
        if (kept[i].packed != kept[i].stored) str_printf(out, ", packed as %s", format_name(kept[i].packed));
    }
    if (model->computes_in) add_compute_type(out, model->computes_in, in->compiled->graph->activations);
    str_printf(out, "\n");
}

static void add_program(Str *out, const Inspection *in)
{
    const Compiled *c = in->compiled;
    str_printf(out, "target       %s: %s\n", c->target->name, c->target->about);
    str_printf(out, "limits       %d tokens a sequence, %d tokens and %d sequences a call\n", c->facts.max_sequence, c->facts.max_rows,
               c->facts.max_batch);
    Rings rings = plan_rings(c->plan);
    if (rings.rings)
        str_printf(out, "windows      %d of %d caches keep %" PRId64 " of %d positions or little more\n", rings.rings, rings.caches,
                   rings.positions, c->facts.max_sequence);
    str_printf(out, "graph        %zu nodes, after the passes %zu; %zu steps in %zu sections, %zu kernels\n", c->before->count,
               c->graph->count, c->plan->steps, c->plan->sections, c->plan->instances);
}

static void add_need_row(Str *out, const Inspection *in, const Need *need)
{
    Arena *a = in->arena;
    if (need->err.text[0]) {
        str_printf(out, "%-10s %s\n", need->name, need->err.text);
        return;
    }
    size_t cache = need->state * CACHE_UNIT / (size_t)in->compiled->facts.max_sequence;
    str_printf(out, "%-10s %11s %16s %11s %11s %11s\n", need->name, text_of_bytes(a, need->weights), text_of_bytes(a, cache),
               text_of_bytes(a, need->state), text_of_bytes(a, need->workspace), text_of_bytes(a, need->total));
}

static void add_need_rows(Str *out, const Inspection *in, const char *head, const Need *need, size_t count)
{
    if (count) str_printf(out, "\n%-10s %11s %16s %11s %11s %11s\n", head, "weights", "cache/1k tokens", "cache", "workspace", "total");
    for (size_t i = 0; i < count; i++) add_need_row(out, in, &need[i]);
}

static void print_text(const Inspection *in)
{
    Str out = {0};
    summary_head(&out, &in->compiled->model, &in->compiled->built);
    add_tokenizer(&out, in);
    add_quantised(&out, in);
    add_program(&out, in);
    add_need_rows(&out, in, "precision", in->need, in->needs);
    add_need_rows(&out, in, "cache", in->cache, in->caches);
    str_printf(&out, "\nThe total is that of one sequence of %d tokens, the tokenizer's tables included.\n", in->compiled->facts.max_sequence);
    fputs(out.data, stdout);
    str_free(&out);
}

/* ---- for programs ---- */

static void add_need_json(Str *out, const Inspection *in, const char *kind, const Need *need)
{
    str_printf(out, "{\"%s\": \"%s\", ", kind, need->name);
    if (need->err.text[0])
        str_printf(out, "\"error\": %s}", json_quoted(in->arena, need->err.text));
    else
        str_printf(out, "\"weights_bytes\": %zu, \"state_bytes\": %zu, \"workspace_bytes\": %zu, \"total_bytes\": %zu}", need->weights,
                   need->state, need->workspace, need->total);
}

static void add_model_json(Str *out, const Inspection *in)
{
    const Compiled *c = in->compiled;
    const BuiltModel *b = &c->built;
    str_printf(out, "{\"model\": %s, \"class\": %s, \"model_type\": \"%s\", ", json_quoted(in->arena, c->model.name),
               json_quoted(in->arena, b->class_name), b->architecture->model_type);
    str_printf(out, "\"tasks\": [\"");
    for (const char *t = c->facts.tasks; *t; t++) str_printf(out, *t == ' ' ? "\", \"" : "%c", *t);
    str_printf(out, "\"], \"parameters\": %" PRId64 ", \"layers\": %" PRId64 ", \"hidden\": %" PRId64 ", \"vocabulary\": %" PRId64 ", ",
               graph_parameters(b->graph), b->layers, b->hidden, b->vocabulary);
    str_printf(out, "\"max_sequence\": %d, \"max_rows\": %d, \"max_batch\": %d, ", c->facts.max_sequence, c->facts.max_rows, c->facts.max_batch);
    Rings rings = plan_rings(c->plan);
    str_printf(out, "\"caches\": %d, \"windowed_caches\": %d, \"window_positions\": %" PRId64 ", ", rings.caches, rings.rings, rings.positions);
    str_printf(out, "\"labels\": [");
    for (int i = 0; i < b->label_count; i++) str_printf(out, "%s%s", i ? ", " : "", json_quoted(in->arena, b->labels[i]));
    str_printf(out, "], \"tokenizer\": {\"kind\": \"%s\", \"bytes\": %zu}, ", tokenizer_kind(c), tokenizer_table_bytes(c));
    str_printf(out, "\"target\": \"%s\", \"nodes_before\": %zu, \"nodes\": %zu, \"steps\": %zu, \"kernels\": %zu, ", c->target->name,
               c->before->count, c->graph->count, c->plan->steps, c->plan->instances);
}

static void add_quantised_json(Str *out, const Inspection *in)
{
    const Model *model = &in->compiled->model;
    Kept kept[MAX_NEEDS];
    if (!model->quantised_by) return;
    str_printf(out, "\"quantised\": {\"method\": \"%s\", \"compute_dtype\": ", model->quantised_by);
    str_printf(out, "%s, \"weights\": [", model->computes_in ? json_quoted(in->arena, model->computes_in) : "null");
    for (int i = 0, kinds = find_kept(in, kept); i < kinds; i++)
        str_printf(out, "%s{\"stored\": \"%s\", \"packed\": \"%s\", \"count\": %d}", i ? ", " : "", format_name(kept[i].stored),
                   format_name(kept[i].packed), kept[i].count);
    str_printf(out, "]}, ");
}

static void add_needs_json(Str *out, const Inspection *in, const char *kind, const Need *need, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i) str_printf(out, ", ");
        add_need_json(out, in, kind, &need[i]);
    }
}

static void print_json(const Inspection *in)
{
    Str out = {0};
    add_model_json(&out, in);
    add_quantised_json(&out, in);
    str_printf(&out, "\"precisions\": [");
    add_needs_json(&out, in, "precision", in->need, in->needs);
    str_printf(&out, "], \"cache_formats\": [");
    add_needs_json(&out, in, "cache", in->cache, in->caches);
    str_printf(&out, "]}");
    puts(out.data);
    str_free(&out);
}

/* ---- the reference pages ---- */

static void targets_reference(Str *out)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    str_printf(out, "# Targets\n\nMade from the files in `targets/`.\n\n| target | what | kernels | compiler | threads |\n|---|---|---|---|---|\n");
    const char *at = strchr(target_known(arena), ','); /* "native" stands for one of the others */
    while (at && *at) {
        at += strspn(at, ", ");
        size_t length = strcspn(at, ",");
        const Target *target = target_find(arena, arena_copy_text(arena, at, length), &err);
        if (!target) bug("%s", err.text);
        str_printf(out, "| `%s` | %s | %s | %s | %s |\n", target->name, target->about, target->isa, target->compiler, target->threads ? "yes" : "no");
        at += length;
    }
    arena_free(arena);
}

static int print_reference(const char *page)
{
    static const struct {
        const char *name;
        void (*print)(Str *);
    } pages[] = {{"ops", ops_reference}, {"passes", passes_reference}, {"targets", targets_reference}, {"families", families_reference}};
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        if (strcmp(pages[i].name, page) != 0) continue;
        Str out = {0};
        pages[i].print(&out);
        fputs(out.data, stdout);
        str_free(&out);
        return EXIT_DONE;
    }
    fprintf(stderr, "hf2c: --reference: found \"%s\", wanted ops, passes, targets or families\n", page);
    return EXIT_USAGE;
}

int command_inspect(const Options *options)
{
    if (options->reference) return print_reference(options->reference);
    Inspection in = {.arena = arena_new(), .options = options, .compile = options_compile(options)};
    in.compile.without_weights = lacks_weights(&in);
    if (in.compile.ram || in.compile.flash) return fit_print(options, &in.compile) ? EXIT_DONE : EXIT_BAD_INPUT;
    if (options->calibrate && !options->budget) fatal("--calibrate: inspect takes it with --budget only");
    if (options->budget && in.compile.without_weights) fatal("--budget: %s has no weights to choose formats for", options->model);
    if (options->budget) calibrate_for(in.arena, options, options->json ? stderr : stdout, &in.compile);
    in.compiled = command_compile(in.arena, options, &in.compile);
    Err err = {{0}};
    if (options->graph && !picture_write(in.compiled, options->graph, &err)) fatal("%s", err.text);
    if (!options->dump_ir && !options->dump_plan) {
        collect_needs(&in);
        if (options->json) print_json(&in);
        else print_text(&in);
    }
    arena_free(in.arena);
    return EXIT_DONE;
}
