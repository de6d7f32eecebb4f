/* verify: the engines against golden tensors and against each other. */
#include "compiler/command/verify.h"
#include "compiler/read/quantized.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command/forward.h"
#include "compiler/engine/loaded.h"
#include "runtime/core/team.h"

const char *const engine_names[ENGINE_COUNT] = {"compiled", "interpreter", "reference"};

/* Compiled and interpreted code round alike where the C compiler contracts nothing; what differs more than rounding is a fault. */
static const double rounding = 1e-6;

/* ---- options ---- */

static double tolerance_of(const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0) || isinf(value)) fatal("--%s: found \"%s\", wanted a number that is not negative", option, text);
    return value;
}

static bool engine_asked(const Options *options, EngineKind kind)
{
    const char *list = options->engines;
    size_t length = strlen(engine_names[kind]);
    for (const char *at = list; at && *at;) {
        size_t n = strcspn(at, ",");
        if (n == length && memcmp(at, engine_names[kind], n) == 0) return true;
        at += n + (at[n] == ',');
    }
    return list == NULL;
}

static void check_engine_list(const char *list)
{
    for (const char *at = list; at && *at;) {
        size_t n = strcspn(at, ","), known = 0;
        for (size_t i = 0; i < ENGINE_COUNT; i++) known += strlen(engine_names[i]) == n && memcmp(at, engine_names[i], n) == 0;
        if (!known) fatal("--engines: found \"%.*s\", wanted some of compiled,interpreter,reference", (int)n, at);
        at += n + (at[n] == ',');
    }
}

static void open_golden(Verification *v)
{
    Err err = {{0}};
    Model model;
    if (!model_open(v->arena, v->options->model, false, &model, &err)) fatal("%s", err.text);
    const char *path = v->options->golden ? v->options->golden : model_file(&model, "golden.safetensors");
    if (!path) fatal("%s: has no golden.safetensors; --golden names one elsewhere", model.folder);
    int64_t padding = config_int_or(&model.config, "pad_token_id", -1, INT32_MAX, -1);
    if (err.text[0] || !golden_open(v->arena, path, padding, &v->golden, &err)) fatal("%s", err.text);
}

/* ---- engines ---- */

static bool rounds_caches(const Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++)
        if (graph->node[i]->op == OP_cache && graph->node[i]->format != FORMAT_f32) return true;
    return false;
}

/* Matrices stored as numbers that their format does not hold, or caches that round. */
static bool loses_precision(const Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (node->op == OP_quantize) return true;
        if (node->op != OP_param || !node->tensor || node->format == FORMAT_f32) continue;
        if (strcmp(tensor_natural_format(node->tensor), format_name(node->format)) != 0) return true;
    }
    return rounds_caches(graph);
}

static void compile_model(Verification *v)
{
    enum { ROWS_OF_DEFAULT = 256 };
    CompileOptions options = options_compile(v->options);
    options.hidden_states = options.hidden_states || v->golden.hidden_states;
    if (!options.max_rows && v->golden.longest > ROWS_OF_DEFAULT) options.max_rows = v->golden.longest;
    v->compiled = command_compile(v->arena, v->options, &options);
    v->column_positions = !v->compiled->built.architecture->decoder;
    v->lossy = loses_precision(v->compiled->graph);
}

static void complete_inputs(Verification *v)
{
    Err err = {{0}};
    for (size_t i = 0; i < v->golden.groups; i++)
        if (!golden_frame_inputs(&v->golden, &v->golden.group[i], &v->compiled->facts, &err))
            fatal("%s: group \"%s\": %s", v->golden.file, v->golden.group[i].name, err.text);
    const hf2c_model *model = &v->compiled->facts;
    for (size_t i = 0; hf2c_takes_pictures(model) && i < v->golden.groups; i++) {
        Padded *inputs = &v->golden.group[i].inputs;
        inputs->image_rows = hf2c_picture_rows(model, inputs->image_height, inputs->image_width);
        if (!inputs->image_rows)
            fatal("%s/pixel_values: pictures of %d x %d are not what this model takes", v->golden.group[i].name, inputs->image_height,
                  inputs->image_width);
    }
    if (!v->compiled->built.architecture->encoder) return;
    int64_t start = config_int_or(&v->compiled->model.config, "decoder_start_token_id", -1, INT32_MAX, -1);
    for (size_t i = 0; i < v->golden.groups; i++) golden_shift_inputs(&v->golden, &v->golden.group[i], start);
}

static Engine *make_engine(Verification *v, EngineKind kind, Err *err)
{
    LoadOptions load = {.compiler = v->options->compiler, .verbose = v->options->verbose};
    switch (kind) {
    case ENGINE_compiled: return engine_compiled(v->arena, v->compiled, &load, err);
    case ENGINE_interpreter: return engine_interpreter(v->arena, v->compiled, err);
    case ENGINE_reference: return engine_reference(v->arena, v->compiled);
    default: bug("engine %d", (int)kind);
    }
}

static void open_engines(Verification *v)
{
    Err err = {{0}};
    int threads = v->options->threads ? (int)v->options->threads : hf2c_thread_limit();
    size_t slots = 1;
    for (size_t i = 0; i < v->golden.groups; i++)
        if ((size_t)v->golden.group[i].inputs.sequences > slots) slots = (size_t)v->golden.group[i].inputs.sequences;
    if (slots > (size_t)v->compiled->facts.max_batch) slots = (size_t)v->compiled->facts.max_batch;
    check_engine_list(v->options->engines);
    for (int k = 0; k < ENGINE_COUNT; k++) {
        EngineRun *run = &v->run[k];
        if (!engine_asked(v->options, (EngineKind)k)) continue;
        run->engine = make_engine(v, (EngineKind)k, &err);
        if (!run->engine) fatal("%s", err.text);
        if (!engine_context(v->arena, &run->engine->model, run->engine, run->engine->weights, slots, threads, &run->context, &err))
            fatal("%s", err.text);
    }
}

/* ---- the report ---- */

static void print_head(void)
{
    printf("%-20s %-18s %-12s %13s %13s %20s\n", "group", "output", "engine", "largest error", "relative L2", "tolerance");
}

static void print_line(const GoldenGroup *group, const char *output, const char *engine, const Comparison *c, Tolerance t)
{
    char tolerance[48];
    snprintf(tolerance, sizeof tolerance, "%.1e + %.1e|b|", t.absolute, t.relative);
    printf("%-20s %-18s %-12s %13.2e %13.2e %20s  %s\n", group->name, output, engine, c->absolute, c->relative_l2, tolerance,
           c->within ? "ok" : "FAIL");
}

static void report_failure(Verification *v, const GoldenGroup *group, const char *output, const char *engine, const char *why)
{
    v->failures++;
    printf("%-20s %-18s %-12s %s  FAIL\n", group->name, output, engine, why);
}

/* ---- comparing ---- */

/* Similarities of all images and all texts, from their embeddings: [images, sequences], or of texts and images. */
static float *similarities(const Verification *v, Arena *arena, const GoldenGroup *group, size_t i, float *const *value)
{
    const hf2c_model *model = &v->compiled->facts;
    bool by_image = strcmp(group->output[i], "logits_per_image") == 0;
    int image = hf2c_output_find(model, "image_embeds"), text = hf2c_output_find(model, "text_embeds");
    if ((!by_image && strcmp(group->output[i], "logits_per_text") != 0) || image < 0 || text < 0) return NULL;
    size_t images = (size_t)group->inputs.images, texts = (size_t)group->inputs.sequences, columns = (size_t)model->outputs[image].columns;
    if (group->expected[i]->elements != images * texts) return NULL;
    float *out = ARENA_ARRAY(arena, float, images * texts);
    for (size_t p = 0; p < images * texts; p++) {
        double sum = 0;
        for (size_t c = 0; c < columns; c++) sum += (double)value[image][p / texts * columns + c] * (double)value[text][p % texts * columns + c];
        out[by_image ? p : p % texts * images + p / texts] = model->similarity * (float)sum;
    }
    return out;
}

/* The model's value for one expected tensor; NULL: not covered, *why says why. */
static float *computed(const Verification *v, Arena *arena, const GoldenGroup *group, size_t i, float *const *value, const char **why)
{
    const Derivation *derivation = derivation_find(group->output[i]);
    const hf2c_model *model = &v->compiled->facts;
    int found = hf2c_output_find(model, group->output[i]);
    if (found >= 0) derivation = NULL;
    else if (derivation) found = hf2c_output_find(model, derivation->from);
    *why = "the model has no such output";
    if (found < 0) return similarities(v, arena, group, i, value);
    const hf2c_output *output = &model->outputs[found];
    size_t elements = group->expected[i]->elements, rows = padded_count(&group->inputs, output->rows);
    *why = "the golden's shape is not that of this output";
    if (!derivation) return elements == rows * (size_t)output->columns ? value[found] : NULL;
    float *out = ARENA_ARRAY(arena, float, elements);
    return derivation->make(&group->inputs, value[found], output->columns, out, elements) ? out : NULL;
}

/* Where a batch is padded with another token than the config's pad_token_id, transformers takes the last column for a sequence's last
 * token, and pools a padding token that sees the text but not itself. Nothing without padding can give that. */
static bool pools_padding(const Verification *v, const Padded *inputs, int sequence)
{
    size_t last = ((size_t)sequence + 1) * (size_t)inputs->width - 1;
    return !inputs->mask[last] && inputs->ids[last] != v->golden.padding;
}

/* Rows of an expected tensor: of tokens, of sequences, or (of what is derived) none of both. */
typedef enum RowKind { ROW_derived, ROW_token, ROW_source, ROW_sequence, ROW_image } RowKind;

static RowKind row_kind(const Verification *v, const char *output)
{
    int found = hf2c_output_find(&v->compiled->facts, output);
    if (found < 0) return ROW_derived;
    hf2c_rows rows = v->compiled->facts.outputs[found].rows;
    if (rows == HF2C_ROWS_IMAGES) return ROW_image;
    return rows == HF2C_ROWS_SEQUENCES ? ROW_sequence : rows == HF2C_ROWS_SOURCE ? ROW_source : ROW_token;
}

/* Padding has no result here; what goldens hold there is zeros or nothing that matters. */
static bool row_counts(const Verification *v, const GoldenGroup *group, RowKind kind, size_t row)
{
    if (kind == ROW_token) return group->inputs.mask[row];
    if (kind == ROW_source) return group->inputs.source->mask[row];
    return !v->compiled->built.architecture->decoder || !pools_padding(v, &group->inputs, (int)row);
}

/* Leaves out, in place, the rows that cannot be compared; returns the count of values left. */
static size_t keep_comparable(const Verification *v, const GoldenGroup *group, size_t i, float *values)
{
    RowKind kind = row_kind(v, group->output[i]);
    size_t rows = (size_t)group->inputs.sequences, elements = group->expected[i]->elements, kept = 0;
    if (kind == ROW_token) rows *= (size_t)group->inputs.width;
    if (kind == ROW_source) rows *= (size_t)group->inputs.source->width;
    if (kind == ROW_derived || kind == ROW_image || group->inputs.image_rows || elements % rows != 0) return elements;
    size_t columns = elements / rows;
    for (size_t row = 0; row < rows; row++) {
        if (!row_counts(v, group, kind, row)) continue;
        memmove(values + kept, values + row * columns, columns * sizeof *values);
        kept += columns;
    }
    return kept;
}

static void note_left_out(const Verification *v, const GoldenGroup *group, size_t i)
{
    int count = 0, sequences = group->inputs.sequences;
    if (row_kind(v, group->output[i]) != ROW_sequence || group->inputs.image_rows) return;
    for (int s = 0; s < sequences; s++) count += !row_counts(v, group, ROW_sequence, (size_t)s);
    if (count)
        printf("%-20s %-18s %d of %d sequences not compared: their padding is not pad_token_id, so transformers pooled it\n", group->name,
               group->output[i], count, sequences);
}

/* [images, channels, height, width] -> [images, height * width, channels]: a row for each place, as the model has it */
static void pixels_to_rows(Arena *arena, const Tensor *tensor, float *values)
{
    size_t channels = (size_t)tensor->shape[1], places = (size_t)tensor->shape[2] * (size_t)tensor->shape[3];
    float *copy = ARENA_ARRAY(arena, float, tensor->elements);
    memcpy(copy, values, tensor->elements * sizeof *copy);
    for (size_t i = 0; i < tensor->elements; i++) {
        size_t image = i / (channels * places), place = i / channels % places, channel = i % channels;
        values[i] = copy[(image * channels + channel) * places + place];
    }
}

/* NULL: nothing says what is right. */
static float *expected_values(const Verification *v, Arena *arena, const GoldenGroup *group, size_t i, float **const value[ENGINE_COUNT])
{
    const Tensor *tensor = group->expected[i];
    const char *why;
    float *expected = ARENA_ARRAY(arena, float, tensor->elements);
    if (!v->alone) {
        tensor_to_float(tensor, 0, tensor->elements, expected);
        return expected;
    }
    const float *reference = value[ENGINE_reference] ? computed(v, arena, group, i, value[ENGINE_reference], &why) : NULL;
    if (!reference || v->compiled->graph->activations != FORMAT_f32) return NULL;
    memcpy(expected, reference, tensor->elements * sizeof *expected);
    return expected;
}

/* Numbers of a cache that differ by little may end on two sides of a rounding: a step of their format apart. */
static Tolerance group_tolerance(const Verification *v, const GoldenGroup *group)
{
    static const double step = 5e-2;
    Tolerance tolerance = group->tolerance;
    if (rounds_caches(v->compiled->graph)) tolerance = (Tolerance){fmax(tolerance.absolute, step), fmax(tolerance.relative, step)};
    if (v->options->atol) tolerance.absolute = tolerance_of("atol", v->options->atol);
    if (v->options->rtol) tolerance.relative = tolerance_of("rtol", v->options->rtol);
    return tolerance;
}

static void compare_output(Verification *v, Arena *arena, const GoldenGroup *group, size_t i, float **const value[ENGINE_COUNT])
{
    Tolerance tolerance = group_tolerance(v, group);
    const Tensor *tensor = group->expected[i];
    float *expected = expected_values(v, arena, group, i, value);
    if (!expected) return;
    if (!v->alone && row_kind(v, group->output[i]) == ROW_image && tensor->rank == 4) pixels_to_rows(arena, tensor, expected);
    size_t count = keep_comparable(v, group, i, expected);
    note_left_out(v, group, i);
    for (int k = 0; k < ENGINE_COUNT; k++) {
        EngineRun *run = &v->run[k];
        const char *why;
        if (!value[k]) continue;
        float *got = computed(v, arena, group, i, value[k], &why);
        if (!got) {
            report_failure(v, group, group->output[i], engine_names[k], why);
            continue;
        }
        keep_comparable(v, group, i, got);
        Comparison c = compare_values(got, expected, count, tolerance);
        print_line(group, group->output[i], engine_names[k], &c, tolerance);
        run->comparisons++;
        if (!c.within) v->failures++;
        run->absolute = compare_worse(run->absolute, c.absolute);
        run->share = compare_worse(run->share, c.share);
    }
}

/* Compiled beside interpreted, every output of the model. */
static void compare_engines(Verification *v, const GoldenGroup *group, float *const *compiled, float *const *interpreted)
{
    const hf2c_model *model = &v->compiled->facts;
    for (int i = 0; compiled && interpreted && i < model->output_count; i++) {
        size_t rows = padded_count(&group->inputs, model->outputs[i].rows);
        Comparison c = compare_values(compiled[i], interpreted[i], rows * (size_t)model->outputs[i].columns, (Tolerance){0, 0});
        v->disagreement = compare_worse(v->disagreement, c.relative_l2);
        v->same_bits = v->same_bits && c.same_bits;
    }
}

/* With less precision than the folder's only the goldens of that precision hold; with all of it, only the others. */
static bool is_compared(const Verification *v, const GoldenGroup *group)
{
    const char *precision = golden_precision(group), *asked = v->options->precision, *activations = v->options->activations;
    if (activations && strcmp(activations, "llm.int8") == 0) asked = activations;
    if (!precision) return !v->lossy || v->alone;
    return asked && strcmp(precision, asked) == 0;
}

static bool has_golden(const Verification *v)
{
    for (size_t i = 0; i < v->golden.groups; i++)
        if (is_compared(v, &v->golden.group[i])) return true;
    return false;
}

static void verify_group(Verification *v, const GoldenGroup *group)
{
    Arena *arena = arena_new();
    float **value[ENGINE_COUNT] = {NULL};
    for (int k = 0; k < ENGINE_COUNT; k++) {
        Err err = {{0}};
        EngineRun *run = &v->run[k];
        if (!run->engine) continue;
        value[k] = forward_padded(arena, &run->context, &group->inputs, (Feeding){0, 0}, v->column_positions, -1, &err);
        if (!value[k]) report_failure(v, group, "-", engine_names[k], err.text);
    }
    compare_engines(v, group, value[ENGINE_compiled], value[ENGINE_interpreter]);
    for (size_t i = 0; i < group->count; i++) compare_output(v, arena, group, i, value);
    arena_free(arena);
}

static void report_agreement(Verification *v)
{
    if (!v->run[ENGINE_compiled].engine || !v->run[ENGINE_interpreter].engine) return;
    bool fine = v->disagreement <= rounding;
    if (v->same_bits) printf("compiled against interpreter: the same bits  ok\n");
    else printf("compiled against interpreter: relative L2 %.2e  %s\n", v->disagreement, fine ? "ok" : "FAIL");
    v->failures += !fine;
}

static size_t report_summary(const Verification *v)
{
    size_t comparisons = 0;
    for (int k = 0; k < ENGINE_COUNT; k++) {
        const EngineRun *run = &v->run[k];
        if (run->engine)
            printf("%s: %zu tensors, largest error %.2e, at most %.2g of the tolerance\n", engine_names[k], run->comparisons, run->absolute,
                   run->share);
        comparisons += run->comparisons;
    }
    printf("%s: target %s, %s\n", v->compiled->facts.name, v->compiled->target->name, v->failures ? "FAILED" : "all within tolerance");
    return comparisons;
}

int command_verify(const Options *options)
{
    Verification v = {.arena = arena_new(), .options = options, .same_bits = true};
    size_t skipped = 0;
    open_golden(&v);
    compile_model(&v);
    complete_inputs(&v);
    open_engines(&v);
    v.alone = !has_golden(&v);
    if (v.alone) printf("no golden is for these formats: compared with the reference's rounded weights%s\n",
                        v.compiled->graph->activations == FORMAT_f32 ? "" : ", but for the rounded activations: only for the same bits");
    print_head();
    for (size_t i = 0; i < v.golden.groups; i++) {
        if (is_compared(&v, &v.golden.group[i])) verify_group(&v, &v.golden.group[i]);
        else skipped += v.golden.group[i].count;
    }
    if (skipped) printf("not compared: %zu tensors of another precision\n", skipped);
    if (v.golden.others) printf("not compared: %zu tensors of generation, sampling, quantisation\n", v.golden.others);
    report_agreement(&v);
    verify_feeding(&v);
    if (report_summary(&v) == 0 && !v.alone) fatal("%s: nothing in it could be compared", v.golden.file);
    arena_free(v.arena);
    return v.failures ? EXIT_BAD_INPUT : EXIT_DONE;
}
