/* Bindings fill a Call as templates/kernels.def lists the parameters of the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/ir/ir.h"

static const char model[] =
    "%0 = input {key=\"ids\"} : i32[rows]\n%1 = input {key=\"sequences\"} : sequences[sequences]\n"
    "%2 = input {key=\"want\"} : i32[wanted]\n%3 = input {key=\"positions\"} : i32[rows]\n"
    "%4 = param {key=\"table\"} : bf16[7, 8]\n%5 = embed %0, %4 {first=1 scale=2}\n"
    "%6 = param {key=\"w\"} : f16[24, 8]\n%7 = linear %5, %6\n"
    "%8 = slice %7 {first=4 size=8}\n%9 = slice %8 {first=2 size=4}\n"
    "%10 = cache %9, %1 {heads=2 window=3 index=0}\n%11 = param {key=\"v\"} : f32[8, 4]\n"
    "%12 = linear %9, %11, _, %8 {activation=silu}\n"
    "%13 = attention %8, %10, %10, %1 {heads=4 kv_heads=2 head_dim=2 scale=0.5 window=3 causal=1}\n"
    "%14 = scores %8, %9, %1 {heads=4 kv_heads=2 head_dim=2 scale=0.5}\n%15 = softmax %14\n"
    "%16 = mix %15, %9, %1 {heads=4 kv_heads=2 head_dim=2}\n%17 = gelu %14\n"
    "%18 = constant (1.0, ...) : f32[8]\n%19 = add %8, %18\n%20 = mul %8, %5\n"
    "%21 = constant (1.0) : f32[1]\n%22 = rope_table %3, %21 {magnitude=1.5}\n"
    "%23 = rope %8, %22 {heads=4 head_dim=2 rotary_dim=2}\n%24 = layer_norm %8, %18 {epsilon=0.5}\n"
    "%25 = pool %8, %1 {mode=max}\n%26 = take %8, %2\n%27 = softmax %8\n%28 = rms_norm %8 {epsilon=0.5}\n"
    "%29 = softcap %8 {value=3}\n%30 = constant (1.0, ...) : f32[4, 5]\n"
    "%31 = scores %8, %9, %1, %30 {heads=4 kv_heads=2 head_dim=2 origin=2 scale=0.5}\n"
    "%32 = attention %8, %9, %9, %1, %30 {heads=4 kv_heads=2 head_dim=2 origin=4 scale=0.5}\n"
    "%33 = constant (1.0, 0.0) : f32[2]\n%34 = constant (1.0, ...) : f32[2, 8]\n"
    "%35 = disentangled %8, %8, %8, %1, %33, _, %34 {heads=4 head_dim=2 origin=1 scale=0.5}\n"
    "%36 = neighbours %8, %1 {size=3 origin=1}\n"
    "%37 = rms_norm %8 {epsilon=0.5 heads=4}\n%38 = constant (1.0, ...) : f32[3]\n"
    "%39 = rope_table %3, %38, %1, %38 {magnitude=1 original=9}\n"
    "%40 = rope_table %3, %38, %1 {magnitude=1 original=9 factor=2}\n"
    "%41 = route %9 {active=2 groups=2 active_groups=1 group_best=1 normalized=1 scale=2.5}\n"
    "%42 = experts %8, %41, %6 {active=2 gate=silu limit=7 shift=1}\n%43 = param {key=\"down\"} : bf16[20, 3]\n"
    "%44 = combine %42, %41, %43 {active=2}\n%45 = state %1 {index=1 size=24}\n"
    "%46 = convolve %8, %11, %1, %18, %45\n%47 = constant (-1.0, ...) : f32[4, 1]\n"
    "%48 = scan %8, %9, %8, %47, %1 {heads=4 head_dim=2 groups=2 least=0.5 limit=2}\n"
    "%49 = join %9, %8 {heads=2}\n%50 = constant (1.0, ...) : f32[4]\n"
    "%51 = attention %8, %9, %8, %1, _, %50 {heads=4 kv_heads=2 head_dim=2 v_head_dim=4 scale=0.5}\n"
    "%52 = softmax %14, %50\n"
    "%53 = input {key=\"values\"} : f32[12*images, 1]\n%54 = constant (11.0, ...) : f32[24]\n"
    "%55 = arrange %53, %54 {size=4 value=2}\n%56 = pool %55 {mode=max size=3}\n"
    "%57 = constant (1.0, ...) : f32[2, 6]\n%58 = grouped %55, %57 {size=1 groups=2}\n"
    "%59 = spans %55, %55, %55 {heads=2 head_dim=2 size=3 groups=2 scale=0.5}\n"
    "%60 = constant (1.0, ...) : f32[6, 4]\n%61 = add %55, %60\n"
    "%62 = patches %53, %1 {size=2 channels=3 first=1 behind=2}\n%63 = constant (1.0, ...) : f32[9, 8]\n"
    "%64 = places %63, %1 {size=2 height=2 width=3 first=1 behind=2}\n%65 = ends %8, %1 {size=2}\n";

typedef struct Case {
    int id;
    const char *op, *label;
    int format, pointers, constants;
    int pointer[8]; /* ids; -1: absent */
    int64_t constant[13];
    Symbol dynamic;
    int reals;
    double real[3];
} Case;

static const Case cases[] = {
    {5, "embed", "7x8", FORMAT_bf16, 3, 5, {5, 0, 4}, {7, 8, 16, 1, 1}, SYMBOL_rows, 1, {2}},
    {7, "linear", "8x24", FORMAT_f16, 5, 8, {7, 5, 6, -1, -1}, {8, 24, 8, 0, 16, 1, 0, 0}, SYMBOL_rows, 1, {0}},
    {10, "cache", "4", FORMAT_f32, 3, 4, {10, 9, 1}, {4, 24, 2, 32}, SYMBOL_rows, 0, {0}},
    {12, "linear", "4x8", FORMAT_f32, 5, 8, {12, 9, 11, -1, 8}, {4, 8, 24, 24, 16, 1, FUNCTION_silu, 0}, SYMBOL_rows, 1, {0}},
    {13, "attention", "4h2k2", FORMAT_f32, 7, 13, {13, 8, 10, 10, 1, -1, -1}, {4, 2, 2, 24, 32, 32, 1, 1, 3, 0, 0, 2, 20}, SYMBOL_rows, 2, {0.5, 0}},
    {14, "scores", "4h2k2", FORMAT_f32, 5, 11, {14, 8, 9, 1, -1}, {4, 2, 2, 24, 24, 100, 0, 0, 0, 0, 0}, SYMBOL_rows, 2, {0.5, 0}},
    {15, "softmax", "4x100", FORMAT_f32, 3, 2, {15, 14, -1}, {4, 100}, SYMBOL_rows, 0, {0}},
    {16, "mix", "4h2k2", FORMAT_f32, 4, 6, {16, 15, 9, 1}, {4, 2, 2, 100, 24, 0}, SYMBOL_rows, 0, {0}},
    {17, "unary", "gelu_400", FORMAT_f32, 2, 3, {17, 14}, {400, 400, FUNCTION_gelu}, SYMBOL_rows, 1, {0}},
    {19, "binary", "add_8", FORMAT_f32, 3, 4, {19, 8, 18}, {8, 24, 0, FUNCTION_add}, SYMBOL_rows, 1, {0}},
    {20, "binary", "mul_8", FORMAT_f32, 3, 4, {20, 8, 5}, {8, 24, 8, FUNCTION_mul}, SYMBOL_rows, 1, {0}},
    {22, "rope_table", "2", FORMAT_f32, 3, 1, {22, 3, 21}, {1}, SYMBOL_rows, 1, {1.5}},
    {23, "rope", "4x2", FORMAT_f32, 3, 5, {23, 8, 22}, {4, 2, 2, 0, 24}, SYMBOL_rows, 0, {0}},
    {24, "layer_norm", "8", FORMAT_f32, 4, 3, {24, 8, 18, -1}, {1, 8, 24}, SYMBOL_rows, 1, {0.5}},
    {25, "pool", "max_8", FORMAT_f32, 3, 4, {25, 8, 1}, {8, 24, POOL_max, 0}, SYMBOL_sequences, 0, {0}},
    {26, "take", "8", FORMAT_f32, 3, 2, {26, 8, 2}, {8, 24}, SYMBOL_wanted, 0, {0}},
    {27, "softmax", "1x8", FORMAT_f32, 3, 2, {27, 8, -1}, {1, 8}, SYMBOL_rows, 0, {0}},
    {28, "rms_norm", "8", FORMAT_f32, 3, 3, {28, 8, -1}, {1, 8, 24}, SYMBOL_rows, 1, {0.5}},
    {29, "unary", "softcap_8", FORMAT_f32, 2, 3, {29, 8}, {8, 24, FUNCTION_softcap}, SYMBOL_rows, 1, {3}},
    {31, "scores", "4h2k2", FORMAT_f32, 5, 11, {31, 8, 9, 1, 30}, {4, 2, 2, 24, 24, 100, 0, 0, 0, 5, 2}, SYMBOL_rows, 2, {0.5, 0}},
    {32, "attention", "4h2k2", FORMAT_f32, 7, 13, {32, 8, 9, 9, 1, 30, -1}, {4, 2, 2, 24, 24, 24, 0, 0, 0, 5, 4, 2, 20}, SYMBOL_rows, 2, {0.5, 0}},
    {35, "disentangled", "4h2", FORMAT_f32, 8, 7, {35, 8, 8, 8, 1, 33, -1, 34}, {4, 2, 24, 24, 24, 2, 1}, SYMBOL_rows, 1, {0.5}},
    {36, "neighbours", "8x3", FORMAT_f32, 3, 6, {36, 8, 1}, {8, 24, 3, 1, 1, 1}, SYMBOL_rows, 0, {0}},
    {37, "rms_norm", "4x2", FORMAT_f32, 3, 3, {37, 8, -1}, {4, 2, 24}, SYMBOL_rows, 1, {0.5}},
    {39, "rope_table_by_length", "6", FORMAT_f32, 5, 2, {39, 3, 38, 1, 38}, {3, 9}, SYMBOL_rows, 2, {1, 0}},
    {40, "rope_table_by_length", "6", FORMAT_f32, 5, 2, {40, 3, 38, 1, -1}, {3, 9}, SYMBOL_rows, 2, {1, 2}},
    {41, "route", "2of4", FORMAT_f32, 3, 8, {41, 9, -1}, {4, 24, 2, 2, 1, 1, 1, 0}, SYMBOL_rows, 1, {2.5}},
    {42, "experts", "8x3_2of4", FORMAT_f16, 5, 8, {42, 8, 41, 6, -1}, {4, 8, 3, 2, 24, 4, 1, FUNCTION_silu}, SYMBOL_rows, 3, {0, 7, 1}},
    {44, "combine", "3x5_2of4", FORMAT_bf16, 5, 7, {44, 42, 41, 43, -1}, {4, 3, 5, 2, 6, 4, 1}, SYMBOL_rows, 0, {0}},
    {46, "convolve", "8x4", FORMAT_f32, 6, 3, {46, 8, 11, 1, 18, 45}, {8, 24, 4}, SYMBOL_sequences, 0, {0}},
    {48, "scan", "4h2x2", FORMAT_f32, 7, 8, {48, 8, 9, 8, 47, 1, -1}, {4, 2, 2, 2, 1, 24, 24, 24}, SYMBOL_sequences, 2, {0.5, 2}},
    {49, "join", "2x4_4", FORMAT_f32, 3, 5, {49, 9, 8}, {2, 4, 4, 24, 24}, SYMBOL_rows, 0, {0}},
    {51, "attention", "4h2k2", FORMAT_f32, 7, 13, {51, 8, 9, 8, 1, -1, 50}, {4, 2, 2, 24, 24, 24, 0, 0, 0, 0, 0, 4, 20}, SYMBOL_rows, 2, {0.5, 0}},
    {52, "softmax", "4x100", FORMAT_f32, 3, 2, {52, 14, 50}, {4, 100}, SYMBOL_rows, 0, {0}},
    {55, "arrange", "24x1", FORMAT_f32, 4, 3, {55, 53, 54, -1}, {1, 12, 24}, SYMBOL_images, 1, {2}},
    {56, "pool", "max_4", FORMAT_f32, 3, 4, {56, 55, -1}, {4, 4, POOL_max, 3}, SYMBOL_images, 0, {0}},
    {58, "grouped", "6x2", FORMAT_f32, 3, 5, {58, 55, 57}, {6, 2, 1, 2, 4}, SYMBOL_images, 0, {0}},
    {59, "spans", "2h2x3", FORMAT_f32, 5, 7, {59, 55, 55, 55, -1}, {2, 2, 3, 2, 4, 4, 4}, SYMBOL_images, 1, {0.5}},
    {62, "patches", "3x2", FORMAT_f32, 3, 3, {62, 53, 1}, {3, 2, 1}, SYMBOL_rows, 0, {0}},
    {64, "places", "2x3_8", FORMAT_f32, 3, 5, {64, 63, 1}, {8, 2, 3, 2, 1}, SYMBOL_rows, 0, {0}},
    {65, "ends", "2x8", FORMAT_f32, 3, 3, {65, 8, 1}, {8, 24, 2}, SYMBOL_images, 0, {0}},
    {61, "binary", "add_24", FORMAT_f32, 3, 4, {61, 55, 60}, {24, 24, 0, FUNCTION_add}, SYMBOL_images, 1, {0}},
};

/* Counts of kernels.def, so that a kernel that gets another parameter fails here. */
static const struct {
    const char *op;
    int pointers, dynamics, constants, reals;
} kernels[] = {
#define P(n, text) n
#define D(n, text) n
#define C(n, text) n
#define F(n, text) n
#define KERNEL(function, op, format, file, ...) {#op, __VA_ARGS__},
#include "templates/kernels.def"
};

static void check_counts(const Call *call)
{
    for (size_t i = 0; i < COUNT_OF(kernels); i++) {
        if (strcmp(kernels[i].op, call->op) != 0)
            continue;
        assert_int_equal(call->pointers, kernels[i].pointers);
        assert_int_equal(call->dynamics, kernels[i].dynamics);
        assert_int_equal(call->constants, kernels[i].constants);
        assert_int_equal(call->reals, kernels[i].reals);
        return;
    }
    fail_msg("no kernel computes %s", call->op);
}

static void check_case(const Graph *graph, const Case *c)
{
    Call call = {.panel = 16, .block = 1, .keys = 100, .rows = 20};
    const Node *node = graph->node[c->id];
    op_info(node->op)->bind(node, &call);
    check_counts(&call);
    assert_string_equal(call.op, c->op);
    assert_string_equal(call.label, c->label);
    assert_int_equal(call.format, c->format);
    assert_int_equal(call.dynamic[0], c->dynamic);
    assert_int_equal(call.pointers, c->pointers);
    for (int i = 0; i < c->pointers; i++)
        assert_int_equal(call.pointer[i] ? call.pointer[i]->id : -1, c->pointer[i]);
    assert_int_equal(call.constants, c->constants);
    for (int i = 0; i < c->constants; i++) assert_int_equal(call.constant[i], c->constant[i]);
    assert_int_equal(call.reals, c->reals);
    for (int i = 0; i < c->reals; i++) assert_true(call.real[i] == c->real[i]);
}

static void calls_follow_the_kernel_table(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err = {{0}};
    Graph *graph = graph_parse(arena, "model", model, &err);
    if (graph == NULL)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < COUNT_OF(cases); i++) check_case(graph, &cases[i]);
    arena_free(arena);
}

static void slices_are_views(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err = {{0}};
    Graph *graph = graph_parse(arena, "model", model, &err);
    int64_t column = -1;
    assert_ptr_equal(node_storage(graph->node[9], &column), graph->node[7]);
    assert_int_equal(column, 6);
    assert_int_equal(node_stride(graph->node[9]), 24);
    assert_ptr_equal(node_storage(graph->node[5], &column), graph->node[5]);
    assert_int_equal(column, 0);
    assert_null(op_info(OP_slice)->bind);
    assert_null(op_info(OP_param)->bind);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_follow_the_kernel_table),
        cmocka_unit_test(slices_are_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
