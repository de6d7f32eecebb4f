/* test: NAME_test.c, a self-test of the emitted code: fixed ids, pixels, samples or features in, the reference evaluation's outputs expected. */
#include <inttypes.h>
#include <string.h>

#include "compiler/emit/emit.h"

enum { TEST_TOKENS = 6, TEST_VALUES = 64 };

typedef struct TestCase {
    int tokens;
    int32_t ids[TEST_TOKENS];
    int output, values;
    float expected[TEST_VALUES];
} TestCase;

static bool reads_images(const Compiled *c) { return c->facts.outputs[0].rows == HF2C_ROWS_IMAGES || c->facts.image_patch; }

/* Sides of the picture that stands for all where they have sizes of their own: two patches by three, or what is allowed of that. */
static Grid test_picture(const Compiled *c)
{
    Grid most = c->built.pictures.most, patch = {2 * c->built.pictures.patch, 3 * c->built.pictures.patch};
    return (Grid){patch.height < most.height ? patch.height : most.height, patch.width < most.width ? patch.width : most.width};
}

/* Unfused, and exact but for the formats of weights and caches; rounded activations are in the graph after the passes only. */
static const Graph *tested_graph(const Compiled *c) { return c->graph->activations == FORMAT_f32 ? c->before : c->graph; }

/* Rounded activations and caches end on the other side of a rounding now and then. */
static const char *tolerance_of(const Graph *graph)
{
    bool rounds = graph->activations != FORMAT_f32;
    for (size_t i = 0; i < graph->count; i++) rounds = rounds || (graph->node[i]->op == OP_cache && graph->node[i]->format != FORMAT_f32);
    return rounds ? "5e-2" : "1e-3";
}

/* Numbers that the model reads beside ids, or instead: of one image, of a sound, of the rows of a source. */
static int value_count(const Compiled *c, const TestCase *test)
{
    const hf2c_model *f = &c->facts;
    if (reads_images(c)) return f->image_values;
    return f->frame_step ? f->frame_samples + (test->tokens - 1) * f->frame_step : f->row_values * test->tokens;
}

static float *make_values(Arena *arena, int count)
{
    float *values = ARENA_ARRAY(arena, float, (size_t)count + 1);
    for (int i = 0; i < count; i++) values[i] = (float)((unsigned)i * 7919u % 255u) / 255.0f;
    return values;
}

/* Output 0 of the double evaluation of one image. */
static void evaluate_image(const Compiled *c, TestCase *test)
{
    Arena *arena = arena_new();
    Grid size = test_picture(c);
    int32_t sizes[2] = {(int32_t)size.height, (int32_t)size.width}, start[2] = {0, 0};
    hf2c_batch batch = {.images = 1};
    if (c->facts.image_patch) {
        batch.rows = start[1] = hf2c_picture_rows(&c->facts, sizes[0], sizes[1]);
        batch.sequences = 1;
        batch.start = start;
        batch.sizes = sizes;
    }
    batch.values = make_values(arena, c->facts.image_values);
    double **value = graph_evaluate(arena, tested_graph(c), &batch);
    int columns = c->facts.outputs[0].columns;
    test->values = columns < TEST_VALUES ? columns : TEST_VALUES;
    for (int i = 0; i < test->values; i++) test->expected[i] = (float)value[tested_graph(c)->output[0].node->id][i];
    arena_free(arena);
}

bool emit_has_self_test(const Compiled *c)
{
    static const int64_t most_parameters = 32 << 20;
    return c->target->hosted && graph_parameters(c->before) <= most_parameters;
}

/* Output 0 of the double evaluation, its last row. */
static void evaluate(const Compiled *c, TestCase *test)
{
    int32_t positions[TEST_TOKENS], types[TEST_TOKENS] = {0}, want[TEST_TOKENS], start[2] = {0, test->tokens};
    for (int i = 0; i < test->tokens; i++) positions[i] = want[i] = i;
    hf2c_batch batch = {.rows = test->tokens, .sequences = 1, .wanted = test->tokens, .ids = test->ids, .positions = positions};
    batch.types = types;
    batch.start = start;
    batch.want = want;
    Arena *arena = arena_new();
    int32_t samples[2] = {0, value_count(c, test)};
    if (samples[1]) batch.values = make_values(arena, samples[1]);
    if (c->facts.frame_step) batch.samples = samples;
    double **value = graph_evaluate_source(arena, tested_graph(c), &batch, graph_has_encoder(c->before) ? &batch : NULL);
    const Node *node = tested_graph(c)->output[0].node;
    int columns = c->facts.outputs[0].columns;
    int row = c->facts.outputs[0].rows == HF2C_ROWS_SEQUENCES ? 0 : test->tokens - 1;
    test->values = columns < TEST_VALUES ? columns : TEST_VALUES;
    for (int i = 0; i < test->values; i++) test->expected[i] = (float)value[node->id][(size_t)row * (size_t)columns + (size_t)i];
    arena_free(arena);
}

/* How the test's context comes about. */
static void print_open(Str *out, const Compiled *c)
{
    const char *device = dialect_find(c->target->emitter)->device, *name = c->name;
    size_t workspace = c->facts.workspace_bytes ? c->facts.workspace_bytes : 64, state = c->facts.state_bytes ? c->facts.state_bytes : 64;
    if (!device)
        str_printf(out, "static _Alignas(64) unsigned char workspace[%zu], state[%zu];\n\n", workspace, state);
    str_printf(out, "static hf2c_status open_model(%s_context *c)\n{\n", name);
    if (device)
        str_printf(out,
                   "    char reason[256] = \"\";\n    hf2c_status status = hf2c_program_%s.attach(&c->context, &%s_model, %s_weights, %zu, 1, reason);\n"
                   "    if (status != HF2C_OK) printf(\"%%s\\n\", reason);\n    c->past = 0;\n    return status;\n}\n\n",
                   device, name, name, c->facts.weights_bytes);
    else
        str_printf(out, "    return %s_init(c, workspace, sizeof workspace, state, sizeof state, %s_weights, %zu);\n}\n\n", name, name,
                   c->facts.weights_bytes);
}

static void print_numbers(Str *out, Arena *arena, const TestCase *test, int values, bool tokens)
{
    if (values) str_printf(out, "static float values[%d];\n", values);
    if (tokens) {
        str_printf(out, "static const int32_t ids[%d] = {", test->tokens);
        for (int i = 0; i < test->tokens; i++) str_printf(out, "%s%" PRId32, i ? ", " : "", test->ids[i]);
        str_printf(out, "};\n");
    }
    str_printf(out, "static const float expected[%d] = {", test->values);
    for (int i = 0; i < test->values; i++) str_printf(out, "%s%s%sf", i ? "," : "", i % 8 ? " " : "\n    ", text_of_float(arena, test->expected[i]));
    str_printf(out, "};\n\n");
}

/* The call of NAME.h that fits the model; row: what of its output is compared. */
static void print_call(Str *out, const Compiled *c, const TestCase *test, int values)
{
    const char *name = c->name;
    bool per_sequence = c->facts.outputs[0].rows == HF2C_ROWS_SEQUENCES;
    const char *picture = c->facts.image_patch ? arena_printf(c->arena, "%d, %d", (int)test_picture(c).height, (int)test_picture(c).width) : "1";
    if (reads_images(c))
        str_printf(out, "    if (status == HF2C_OK) status = %s_see(&c, values, %s, 0, output);\n    const float *row = output;\n", name, picture);
    else if (c->facts.row_values) str_printf(out, "    if (status == HF2C_OK) status = %s_listen(&c, values, %d);\n", name, test->tokens);
    else if (graph_has_encoder(c->graph)) str_printf(out, "    if (status == HF2C_OK) status = %s_source(&c, ids, %d);\n", name, test->tokens);
    if (!reads_images(c) && c->facts.state_bytes)
        str_printf(out, "    if (status == HF2C_OK) status = %s_prefill(&c, ids, %d, output);\n    const float *row = output + %d;\n", name, test->tokens,
                   c->facts.outputs[0].rows == HF2C_ROWS_ALL ? (test->tokens - 1) * c->facts.outputs[0].columns : 0);
    else if (c->facts.frame_step)
        str_printf(out, "    if (status == HF2C_OK) status = %s_hear(&c, values, %d, 0, output);\n    const float *row = output + %d;\n", name, values,
                   (test->tokens - 1) * c->facts.outputs[0].columns);
    else if (!reads_images(c))
        str_printf(out, "    if (status == HF2C_OK) status = %s_encode(&c, ids, NULL, %d, 0, output);\n    const float *row = output + %d;\n", name, test->tokens,
                   per_sequence ? 0 : (test->tokens - 1) * c->facts.outputs[0].columns);
}

void emit_self_test(Str *out, const Compiled *c)
{
    const char *name = c->name, *device = dialect_find(c->target->emitter)->device;
    TestCase test = {.tokens = c->facts.max_sequence < TEST_TOKENS ? c->facts.max_sequence : TEST_TOKENS};
    for (int i = 0; c->facts.vocabulary && i < test.tokens; i++) test.ids[i] = (int32_t)((i * 7919 + 11) % c->facts.vocabulary);
    if (reads_images(c)) evaluate_image(c, &test);
    else evaluate(c, &test);
    str_printf(out, "/* %s_test.c: a self-test. Build it with `cc -DHF2C_SELF_TEST *.c -lm`; it prints the largest error and fails above the\n"
                    " * tolerance. The expected numbers are the reference evaluation's, in double, of the unfused graph. */\n#include \"%s.h\"\n\n#ifdef HF2C_SELF_TEST\n#include <math.h>\n#include <stdio.h>\n", name, name);
    if (device) str_printf(out, "#include \"%s\"\n", flat_name(c->arena, arena_printf(c->arena, "runtime/%s/program.h", device)));
    str_printf(out, "\n");
    int values = value_count(c, &test);
    print_numbers(out, c->arena, &test, values, !reads_images(c) && !c->facts.frame_step);
    str_printf(out, "static float output[%zu];\n\n", (size_t)(reads_images(c) && !c->facts.image_patch ? 1 : c->facts.max_rows) * (size_t)c->facts.outputs[0].columns);
    print_open(out, c);
    str_printf(out, "int main(void)\n{\n    %s_context c;\n    hf2c_status status = open_model(&c);\n", name);
    if (values) str_printf(out, "    for (int i = 0; i < %d; i++) values[i] = (float)((unsigned)i * 7919u %% 255u) / 255.0f;\n", values);
    print_call(out, c, &test, values);
    str_printf(out,
               "    if (status != HF2C_OK) {\n        printf(\"%s: %%s\\n\", hf2c_status_text(status));\n        return 1;\n    }\n"
               "    double worst = 0;\n    for (int i = 0; i < %d; i++) {\n        double error = fabs((double)row[i] - (double)expected[i]) / (1 + fabs((double)expected[i]));\n"
               "        if (!(error <= worst)) worst = error;\n    }\n    printf(\"%s: largest error %%.2e\\n\", worst);\n    return worst < %s ? 0 : 1;\n}\n#else\ntypedef int no_self_test_here;\n#endif\n",
               name, test.values, name, tolerance_of(c->graph));
}
