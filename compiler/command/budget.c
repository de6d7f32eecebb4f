/* budget: see budget.h.
 *
 * What several weights lose by small errors is about the sum of what each loses alone, and that grows with the square of its error. So the loss of every
 * weight is measured with it alone in the smallest format, and scaled by the errors of the others. Where the model cannot be run on tokens, the
 * squared error relative to the weight stands for it. Then bytes are spent where they take away the most of the sum. */
#include "compiler/command/budget.h"

#include <math.h>
#include <string.h>

#include "compiler/command/probe.h"
#include "compiler/emit/pack.h"
#include "runtime/core/team.h"
#include "runtime/core/weights.h"

enum { MOST_CANDIDATES = 12 };

typedef struct Candidate {
    Format format;
    bool stored; /* the format of the weight as it is */
    size_t bytes;
    PackError error;
    double loss;
} Candidate;

/* A weight, and those that share params with it. */
typedef struct Item {
    const PackedWeight *weight;
    const char *name;
    int params;
    Candidate candidate[MOST_CANDIDATES]; /* by size; larger ones are better */
    size_t candidates, chosen;
} Item;

struct Chooser {
    Arena *arena;
    const Options *options;
    const Calibration *calibration;
    Compiled *compiled; /* as it is stored */
    Item *item;
    size_t items;
    size_t fixed; /* bytes of all that is not chosen */
};

/* ---- what there is to choose ---- */

/* --embeddings has the last word on them. */
static bool is_open(const Chooser *c, const Node *weight)
{
    const Graph *graph = c->compiled->graph;
    bool open = false;
    for (size_t i = 0; i < graph->count; i++) {
        if (precision_weight(graph->node[i]) != weight) continue;
        if (c->options->embeddings && precision_of_embedding(graph, graph->node[i])) return false;
        open = true;
    }
    return open;
}

/* Numbers and names of the params under a weight whose format goes with it. */
static void visit_params(const Node *node, void (*visit)(const Node *param, void *argument), void *argument)
{
    if (node->op == OP_param && node->a.key) visit(node, argument);
    for (int i = 0; i < node->operands; i++)
        if (node->operand[i]) visit_params(node->operand[i], visit, argument);
}

static void count_param(const Node *param, void *argument)
{
    Item *item = argument;
    if (item->params++ == 0) item->name = param->a.key;
}

/* Codes that a checkpoint has already are kept. */
static void find_quantised(const Node *param, void *argument)
{
    if (param->tensor && param->tensor->quantized) *(bool *)argument = true;
}

static size_t bytes_in(const PackedWeight *weight, Format format)
{
    size_t bytes;
    PackLayout layout = weight->layout;
    layout.format = (int)format;
    layout.block = format_block(format, layout.K);
    if (!pack_bytes(&layout, &bytes)) bug("%s: cannot be packed as %s", moments_key(weight->node), format_name(format));
    return align_up(bytes, HF2C_WEIGHTS_ALIGNMENT);
}

static void add_candidate(Item *item, Format format, bool stored)
{
    format = precision_fitting(format, item->weight->node);
    for (size_t i = 0; i < item->candidates; i++)
        if (item->candidate[i].format == format) return;
    if (item->candidates == MOST_CANDIDATES) fatal("--precision: more than %d formats", MOST_CANDIDATES);
    item->candidate[item->candidates++] = (Candidate){.format = format, .stored = stored || format == item->weight->node->format,
                                                      .bytes = bytes_in(item->weight, format)};
}

static void add_candidates(Chooser *c, Item *item)
{
    const char *list = c->options->precision ? c->options->precision : "q4,q4z,q8,bf16,stored";
    bool keep = false;
    visit_params(item->weight->node, find_quantised, &keep);
    if (keep) list = "stored";
    while (*list) {
        size_t length = strcspn(list, ",");
        const char *name = arena_copy_text(c->arena, list, length);
        Format format = item->weight->node->format;
        bool stored = strcmp(name, "stored") == 0;
        if (!stored && (!format_parse(name, &format) || !format_packs(format)))
            fatal("--precision: found \"%s\", wanted a list of: stored, %s", name, precision_known());
        add_candidate(item, format, stored);
        list += length + (list[length] == ',');
    }
}

static void find_items(Chooser *c)
{
    const Plan *plan = c->compiled->plan;
    c->item = ARENA_ARRAY(c->arena, Item, plan->weights);
    c->fixed = HF2C_WEIGHTS_HEADER;
    for (size_t i = 0; i < plan->weights; i++) {
        const PackedWeight *weight = &plan->weight[i];
        if (!is_open(c, weight->node)) {
            c->fixed += align_up(weight->bytes, HF2C_WEIGHTS_ALIGNMENT);
            continue;
        }
        Item *item = &c->item[c->items++];
        item->weight = weight;
        visit_params(weight->node, count_param, item);
        add_candidates(c, item);
    }
}

/* ---- what it costs ---- */

static void measure_errors(Chooser *c)
{
    Err err = {{0}};
    for (size_t i = 0; i < c->items; i++)
        for (size_t k = 0; k < c->item[i].candidates; k++) {
            Candidate *candidate = &c->item[i].candidate[k];
            if (candidate->stored) continue;
            if (!pack_rounded(c->item[i].weight, candidate->format, NULL, &candidate->error, &err)) fatal("%s", err.text);
            candidate->loss = candidate->error.energy > 0 ? candidate->error.error / candidate->error.energy : 0;
        }
}

/* Those that are larger than another without being better are left out. */
static void sort_candidates(Item *item)
{
    for (size_t i = 1; i < item->candidates; i++)
        for (size_t k = i; k > 0; k--) {
            Candidate *a = &item->candidate[k - 1], *b = &item->candidate[k], swap = *a;
            if (a->bytes < b->bytes || (a->bytes == b->bytes && a->loss <= b->loss)) break;
            *a = *b;
            *b = swap;
        }
    size_t kept = 1;
    for (size_t i = 1; i < item->candidates; i++)
        if (item->candidate[i].loss < item->candidate[kept - 1].loss) item->candidate[kept++] = item->candidate[i];
    item->candidates = kept;
}

/* The smallest format is tried; what the others lose goes with their errors. */
static void measure_loss(Probe *probe, Item *item)
{
    const Candidate *smallest = &item->candidate[0];
    if (!(smallest->error.error > 0)) return;
    double loss = probe_loss(probe, item->weight, smallest->format) / smallest->error.error;
    for (size_t k = 0; k < item->candidates; k++) item->candidate[k].loss = loss * item->candidate[k].error.error;
}

static void measure(Chooser *c)
{
    int threads = c->options->threads ? (int)c->options->threads : hf2c_thread_limit();
    measure_errors(c);
    for (size_t i = 0; i < c->items; i++) sort_candidates(&c->item[i]);
    Probe *probe = probe_new(c->arena, c->compiled, c->options->calibrate, threads);
    for (size_t i = 0; probe && i < c->items; i++) measure_loss(probe, &c->item[i]);
}

/* ---- choosing ---- */

static size_t total(const Chooser *c)
{
    size_t bytes = c->fixed;
    for (size_t i = 0; i < c->items; i++) bytes += c->item[i].candidate[c->item[i].chosen].bytes;
    return bytes;
}

/* What a byte takes away when this item gets that candidate instead of the one it has. */
static double gain_per_byte(const Item *item, size_t candidate)
{
    const Candidate *now = &item->candidate[item->chosen], *then = &item->candidate[candidate];
    return (now->loss - then->loss) / (double)(then->bytes - now->bytes);
}

/* Gives room to the step that gains most by the byte, as long as one fits; the first of equal ones. */
static void spend(Chooser *c, size_t limit)
{
    for (size_t i = 0; i < c->items; i++) c->item[i].chosen = 0;
    for (size_t bytes = total(c);;) {
        Item *best = NULL;
        size_t to = 0;
        for (size_t i = 0; i < c->items; i++)
            for (size_t k = c->item[i].chosen + 1; k < c->item[i].candidates; k++) {
                const Item *item = &c->item[i];
                size_t more = item->candidate[k].bytes - item->candidate[item->chosen].bytes;
                if (bytes + more > limit || (best && gain_per_byte(item, k) <= gain_per_byte(best, to))) continue;
                best = &c->item[i];
                to = k;
            }
        if (!best) return;
        bytes += best->candidate[to].bytes - best->candidate[best->chosen].bytes;
        best->chosen = to;
    }
}

typedef struct Naming {
    Arena *arena;
    Map *chosen;
    Format format;
} Naming;

static void name_param(const Node *param, void *argument)
{
    Naming *naming = argument;
    Format *format = ARENA_NEW(naming->arena, Format);
    *format = naming->format;
    map_set(naming->chosen, param->a.key, format);
}

static const Map *chosen_formats(const Chooser *c)
{
    Naming naming = {c->arena, map_new(c->arena), FORMAT_f32};
    for (size_t i = 0; i < c->items; i++) {
        const Candidate *candidate = &c->item[i].candidate[c->item[i].chosen];
        naming.format = candidate->format;
        if (!candidate->stored) visit_params(c->item[i].weight->node, name_param, &naming);
    }
    return naming.chosen;
}

/* What the weights take once they are compiled so. */
static size_t compiled_bytes(const Chooser *c)
{
    Arena *scratch = arena_new();
    CompileOptions options = options_compile(c->options);
    budget_use(chosen_formats(c), &options);
    options.precision.cache = NULL; /* it may be a list, of --quality */
    size_t bytes = command_compile(scratch, c->options, &options)->facts.weights_bytes;
    arena_free(scratch);
    return bytes;
}

static void add_choices(const Chooser *c, Budget *budget)
{
    budget->choice = ARENA_ARRAY(c->arena, BudgetChoice, c->items + 1);
    for (size_t i = 0; i < c->items; i++) {
        const Item *item = &c->item[i];
        const Candidate *candidate = &item->candidate[item->chosen];
        double relative = candidate->error.energy > 0 ? sqrt(candidate->error.error / candidate->error.energy) : 0;
        budget->choice[budget->choices++] = (BudgetChoice){item->name, item->params, candidate->format, candidate->bytes, relative, candidate->loss};
    }
}

Chooser *budget_measure(Arena *arena, const Options *options, const Calibration *calibration)
{
    Chooser *c = ARENA_NEW(arena, Chooser);
    *c = (Chooser){.arena = arena, .options = options, .calibration = calibration, .compiled = compile_original(arena, options)};
    for (size_t i = 0; calibration && i < c->compiled->plan->weights; i++)
        c->compiled->plan->weight[i].inputs = map_get(calibration->inputs, moments_key(c->compiled->plan->weight[i].node));
    find_items(c);
    measure(c);
    return c;
}

const Budget *budget_choose(Chooser *c, const char *text)
{
    Budget *budget = ARENA_NEW(c->arena, Budget);
    *budget = (Budget){.text = text, .limit = (size_t)options_bytes("budget", text), };
    size_t limit, over; /* of the choice: what fusing adds is known when it is compiled */
    spend(c, 0);
    budget->bytes = compiled_bytes(c);
    if (budget->bytes > budget->limit)
        fatal("--budget %s: found %zu bytes, wanted at least %zu, which the weights take in the smallest formats", text, budget->limit, budget->bytes);
    for (limit = budget->limit; total(c) <= limit; limit -= over) {
        spend(c, limit);
        budget->bytes = compiled_bytes(c);
        over = budget->bytes > budget->limit ? budget->bytes - budget->limit : 0;
        if (!over) break;
    }
    budget->chosen = chosen_formats(c);
    add_choices(c, budget);
    return budget;
}

void budget_use(const Map *chosen, CompileOptions *compile)
{
    compile->precision.weights = "stored";
    compile->precision.chosen = chosen;
}

void budget_print(FILE *out, const Budget *budget)
{
    double sum = 0;
    fprintf(out, "| weight | format | bytes | error | loss |\n|---|---|---:|---:|---:|\n");
    for (size_t i = 0; i < budget->choices; i++) {
        const BudgetChoice *choice = &budget->choice[i];
        fprintf(out, "| %s", choice->name);
        if (choice->params > 1) fprintf(out, " and %d more", choice->params - 1);
        fprintf(out, " | %s | %zu | %.2f %% | %.3e |\n", format_name(choice->format), choice->bytes, 100 * choice->relative, choice->loss);
        sum += choice->loss;
    }
    fprintf(out, "| all, of a budget of %s | | %zu of %zu | | %.3e |\n", budget->text, budget->bytes, budget->limit, sum);
}
