/* Shape rules: what each op gives, and what it refuses. Each case is one line of text after a common beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "compiler/ir/ir.h"

static const char beginning[] =
    "%0 = input {key=\"ids\"} : i32[rows]\n"
    "%1 = input {key=\"sequences\"} : sequences[sequences]\n"
    "%2 = input {key=\"want\"} : i32[wanted]\n"
    "%3 = param {key=\"table\"} : bf16[7, 6]\n"
    "%4 = embed %0, %3 {scale=1}\n"                     /* [rows, 6] */
    "%5 = param {key=\"vector6\"} : f32[6]\n"
    "%6 = param {key=\"matrix\"} : f32[4, 6]\n"
    "%7 = linear %4, %6\n"                              /* [rows, 4] */
    "%8 = param {key=\"vector4\"} : f32[4]\n"
    "%9 = take %4, %2\n"                                /* [wanted, 6] */
    "%10 = cache %7, %1 {heads=2 window=7}\n"           /* [keys, 4] */
    "%11 = scores %7, %10, %1 {heads=2 kv_heads=2 head_dim=2 window=4 scale=1}\n"
    "%12 = param {key=\"f16\"} : f16[4, 6]\n"
    "%13 = param {key=\"vector2\"} : f32[2]\n"
    "%14 = rope_table %0, %13 {magnitude=1}\n"          /* [rows, 4] */
    "%15 = param {key=\"row\"} : f32[1, 6]\n"
    "%16 = constant (3.0, 0.0, 0.0) : f32[3]\n"
    "%17 = constant (4.0) : f32[1]\n"
    "%18 = constant (0.5) : f32[1]\n"
    "%19 = param {key=\"column\"} : f32[4, 1]\n"
    "%20 = input {key=\"values\"} : f32[48*images, 1]\n";

static const char *const accepted[] = {
    "take %4, %2 : f32[wanted, 6]",
    "pool %4, %1 {mode=mean} : f32[sequences, 6]",
    "linear %4, %6, %8 : f32[rows, 4]",
    "linear %9, %6 : f32[wanted, 4]",
    "linear %4, %6, %8, %7 : f32[rows, 4]",
    "linear %4, %6, %8 {gate=silu} : f32[rows, 2]",
    "linear %4, %6, %8 {activation=gelu} : f32[rows, 4]",
    "linear %5, %6 : f32[4]",
    "linear %6, %12 : f32[4, 4]",
    "layer_norm %4, %5, %5 {epsilon=1e-5} : f32[rows, 6]",
    "layer_norm %4 : f32[rows, 6]",
    "rms_norm %4, %5 : f32[rows, 6]",
    "rms_norm %4, %5 {heads=3 epsilon=0.5} : f32[rows, 6]",
    "gather %12, %16 : f16[3, 6]",
    "gather %8, %16 : f32[3]",
    "rope_table %0, %13, %1 {magnitude=1 original=8 factor=2} : f32[rows, 4]",
    "rope_table %0, %13, %1, %13 {magnitude=1 original=8} : f32[rows, 4]",
    "add %4, %4 : f32[rows, 6]",
    "add %4, %5 : f32[rows, 6]",
    "mul %4, %15 : f32[rows, 6]",
    "mul %6, %5 : f32[4, 6]",
    "mul %12, %5 : f32[4, 6]",
    "gelu %11 : f32[rows, 2, keys]",
    "add %11, %11 : f32[rows, 2, keys]",
    "softmax %11 : f32[rows, 2, keys]",
    "softmax %4 : f32[rows, 6]",
    "mix %11, %10, %1 {heads=2 kv_heads=2 head_dim=2} : f32[rows, 4]",
    "scores %7, %7, %1 {heads=2 kv_heads=2 head_dim=2 scale=1} : f32[rows, 2, keys]",
    "attention %7, %10, %10, %1 {heads=2 kv_heads=2 head_dim=2 scale=1 window=7} : f32[rows, 4]",
    "slice %4 {first=5 size=1} : f32[rows, 1]",
    "slice %5 {first=2 size=3} : f32[3]",
    "slice %12 {first=2 size=3} : f16[4, 3]",
    "slice %10 {size=2} : f32[keys, 2]",
    "scores %7, %7, %1, %15 {heads=1 kv_heads=1 head_dim=4 scale=1 origin=5} : f32[rows, 1, keys]",
    "neighbours %4, %1 {size=3 origin=1} : f32[rows, 18]",
    "reshape %12 {size=8} : f16[3, 8]",
    "layer_norm %6, %5 {epsilon=1e-5} : f32[4, 6]",
    "transpose %12 : f16[6, 4]",
    "concat %6, %12, %6 : f32[12, 6]",
    "concat %12, %12 : f16[8, 6]",
    "concat %5, %8 : f32[10]",
    "rope %7, %14 {heads=1 head_dim=4 rotary_dim=4} : f32[rows, 4]",
    "cache %4, %1 {index=1} : f32[keys, 6]",
    "scale %5 {value=2} : f32[6]",
    "route %4, %5 {active=2 groups=3 active_groups=1 group_best=2 scale=1 activation=sigmoid} : f32[rows, 6]",
    "combine %4, %7, %6 {active=1} : f32[rows, 1]",
    "join %7, %4 {heads=3} : f32[rows, 18]",
    "state %1 {index=2 size=7} : f32[sequences, 7]",
    "scan %7, %7, %4, %19, %1 {heads=4 head_dim=1 groups=1} : f32[rows, 4]",
    "attention %7, %7, %4, %1, _, %13 {heads=2 kv_heads=2 head_dim=2 v_head_dim=3 scale=1} : f32[rows, 6]",
    "softmax %11, %13 : f32[rows, 2, keys]",
    "patches %20, %1 {size=2 channels=3 first=1 behind=2} : f32[rows, 12]",
    "places %6, %1 {size=2 height=1 width=2 first=1 behind=1} : f32[rows, 6]",
    "ends %4, %1 {size=3} : f32[3*images, 6]",
};

static const struct {
    const char *line, *message;
} refused[] = {
    {"embed %0, %3", "scale is 0"},
    {"embed %4, %3 {scale=1}", "ids (operand 0) is f32[rows, 6], wanted i32[symbol]"},
    {"embed %0, %5 {scale=1}", "table is [6], wanted a constant [V, H]"},
    {"take %5, %2", "x (operand 0) is f32[6], wanted f32[symbol, columns]"},
    {"pool %9, %1 {mode=mean}", "wanted f32[rows, columns]"},
    {"pool %4, %0 {mode=mean}", "sequences (operand 1) is i32[rows]"},
    {"pool %4, %1 {mode=median}", "there is no median"},
    {"linear %7, %6", "weight is [4, 6], wanted a constant [N, 4]"},
    {"linear %4, %6, %5", "bias (operand 2) is f32[6], wanted f32[4]"},
    {"linear %4, %6, %8, %4", "residual is f32[rows, 6], wanted f32[rows, 4]"},
    {"linear %4, %6 {gate=silu activation=silu}", "wanted one of them"},
    {"linear %4, %6 {activation=add}", "functions of one number"},
    {"linear %4, %3 {gate=silu}", "wanted an even number of rows"},
    {"linear %10, %6", "wanted f32[symbol, columns]"},
    {"layer_norm %4, %8", "gain (operand 1) is f32[4], wanted f32[6]"},
    {"rms_norm %4, %5 {epsilon=-1.0}", "epsilon is -1"},
    {"rms_norm %5", "wanted f32[symbol, columns]"},
    {"rms_norm %4, %5 {heads=4}", "heads is 4, wanted a divisor of the 6 columns"},
    {"gather %4, %16", "wanted a constant vector or matrix"},
    {"gather %6, %8", "index is [4], wanted a constant f32[n]"},
    {"gather %6, %17", "index[0] is 4, wanted a row of [4, 6]"},
    {"gather %6, %18", "index[0] is 0.5, wanted a row of [4, 6]"},
    {"rope_table %0, %13 {magnitude=1 original=8}", "original 8 factor 0 without sequences"},
    {"rope_table %0, %13, %1 {magnitude=1 original=8}", "factor is 0 for 2 frequencies"},
    {"rope_table %0, %13, %1, %13 {magnitude=1 original=8 factor=2}", "factor 2 beside longer frequencies"},
    {"rope_table %0, %13, %1, %8 {magnitude=1 original=8}", "longer (operand 3) is f32[4], wanted f32[2]"},
    {"add %4, %7", "add of f32[rows, 6] and f32[rows, 4]"},
    {"add %5, %4", "wanted the same shape"},
    {"add %4, %9", "wanted the same shape"},
    {"gelu %0", "gelu of i32[rows]"},
    {"softcap %4", "value is 0"},
    {"softmax %5", "softmax of f32[6]"},
    {"mix %4, %10, %1 {heads=2 kv_heads=2 head_dim=2}", "p is f32[rows, 6], wanted f32[rows, 2, keys]"},
    {"attention %7, %10, %7, %1 {heads=2 kv_heads=2 head_dim=2 window=7 scale=1}", "k and v are not in caches of one kind"},
    {"attention %7, %7, %7, %1 {heads=2 kv_heads=2 head_dim=2}", "scale is 0"},
    {"attention %7, %7, %7, %1 {heads=3 kv_heads=2 head_dim=2 scale=1}", "not a multiple of kv_heads 2"},
    {"attention %7, %7, %7, %1 {heads=4 kv_heads=2 head_dim=2 scale=1}", "q is [rows, 4], wanted [rows, 8]"},
    {"attention %7, %4, %7, %1 {heads=2 kv_heads=2 head_dim=2 scale=1}", "k is f32[rows, 6]"},
    {"attention %7, %7, %7, %1 {heads=2 kv_heads=2 head_dim=2 scale=1 causal=2}", "causal 2"},
    {"attention %7, %7, %7, %1 {heads=2147483647 kv_heads=1 head_dim=2147483647 scale=1}", "q is [rows, 4]"},
    {"attention %7, %7, %7, %1, %6 {heads=2 kv_heads=2 head_dim=2 scale=1}", "bias is [4, 6], wanted a constant f32[2, D]"},
    {"attention %7, %7, %7, %1 {heads=2 kv_heads=2 head_dim=2 scale=1 origin=1}", "bias is absent"},
    {"scores %7, %7, %1, %15 {heads=1 kv_heads=1 head_dim=4 scale=1 origin=6}", "origin is 6"},
    {"embed %0, %3 {scale=1 first=7}", "first is 7"},
    {"neighbours %4, %1 {size=3 origin=3}", "origin is 3, wanted one of 3 rows"},
    {"neighbours %9, %1 {size=1}", "x (operand 0) is f32[wanted, 6]"},
    {"gather %6, %13", "numbers known to the compiler"},
    {"reshape %12 {size=5}", "size 5 does not divide [4, 6]"},
    {"reshape %4 {size=6}", "wanted constant numbers"},
    {"disentangled %7, %7, %7, %1, %13, %6 {heads=2 head_dim=2 scale=1}", "position keys are [4, 6], wanted constant f32[4, 4]"},
    {"disentangled %7, %7, %7, %1, %13, _ {heads=2 head_dim=2 scale=1}", "neither position keys nor position queries"},
    {"slice %4 {first=5 size=2}", "first 5 size 2 is outside [rows, 6]"},
    {"slice %4", "size 0"},
    {"slice %11 {size=1}", "slice of f32[rows, 2, keys]"},
    {"slice %0 {size=1}", "slice of i32[rows]"},
    {"transpose %4", "wanted a constant matrix"},
    {"concat %6, %5", "concat of [4, 6] and [6]"},
    {"concat %4, %4", "wanted constant vectors or matrices"},
    {"rope %7, %14 {heads=1 head_dim=4 rotary_dim=3}", "wanted an even number up to head_dim 4"},
    {"rope %7, %14 {heads=2 head_dim=2 rotary_dim=2}", "table is [rows, 4], wanted [rows, 2]"},
    {"rope %7, %14 {heads=1 head_dim=4 rotary_dim=4 interleaved=2}", "interleaved is 2"},
    {"rope_table %0, %13", "magnitude is 0"},
    {"rope_table %0, %6 {magnitude=1}", "frequencies are f32[4, 6]"},
    {"cache %9, %1", "wanted f32[rows, columns]"},
    {"cache %4, %1 {index=1 heads=4}", "heads is 4, wanted a divisor of its 6 columns"},
    {"cache %4, %1 {index=1 window=-1}", "window is -1"},
    {"scores %7, %10, %1 {heads=1 kv_heads=1 head_dim=4 scale=1}", "cached in 2 parts, wanted one for each of 1 heads"},
    {"scores %7, %10, %1 {heads=2 kv_heads=2 head_dim=2 scale=1}", "keeps a window of 7, which is less than is looked at"},
    {"scores %7, %10, %1 {heads=2 kv_heads=2 head_dim=2 scale=1 window=8}", "keeps a window of 7, which is less than is looked at"},
    {"route %4 {groups=1 active_groups=1 group_best=1 scale=1}", "active is 0, wanted 1 .. 6"},
    {"route %4 {active=3 groups=3 active_groups=1 group_best=1 scale=1}", "active is 3, wanted 1 .. 2"},
    {"route %4 {active=1 groups=4 active_groups=1 group_best=1 scale=1}", "groups is 4, no divisor of the 6 experts"},
    {"route %4 {active=1 groups=2 active_groups=3 group_best=1 scale=1}", "active_groups is 3"},
    {"route %4 {active=1 groups=2 active_groups=1 group_best=3 scale=1}", "group_best is 3"},
    {"route %4 {active=1 groups=1 active_groups=1 group_best=1 scale=1 activation=relu}", "activation is relu"},
    {"route %4, %8 {active=1 groups=1 active_groups=1 group_best=1 scale=1}", "offset (operand 1) is f32[4], wanted f32[6]"},
    {"experts %4, %7, %6 {active=1}", "wanted gate and up of each expert alike"},
    {"experts %7, %7, %6 {active=1}", "x is [rows, 4], wanted 6 columns"},
    {"experts %4, %4, %6 {active=1}", "wanted a constant matrix of as many rows for each of 6 experts"},
    {"experts %4, %7, %6 {active=5}", "active is 5, wanted 1 .. 4"},
    {"combine %4, %7, %6, %5 {active=1}", "bias is f32[6], wanted f32[4, 1]"},
    {"combine %4, %7, %6 {active=2}", "x is [rows, 6], wanted 12 columns"},
    {"join %7, %4 {heads=4}", "a multiple of 4"},
    {"join %7, %4", "heads is 0"},
    {"state %1", "size is 0"},
    {"convolve %4, %6, %1", "weight is f32[4, 6], wanted a constant f32[6, size]"},
    {"convolve %7, %6, %1, %5", "bias (operand 3) is f32[6], wanted f32[4]"},
    {"convolve %7, %6, %1, _, %4", "state is"},
    {"scan %4, %7, %4, %19, %1 {heads=4 head_dim=1 groups=1}", "wanted 4 heads of 1, 1 groups"},
    {"scan %7, %7, %4, %19, %1 {heads=4 head_dim=1 groups=2}", "wanted 4 heads of 1, 2 groups"},
    {"scan %7, %7, %4, %6, %1 {heads=4 head_dim=1 groups=1}", "decay is [4, 6]"},
    {"scan %7, %7, %4, %19, %1 {heads=4 head_dim=1 groups=3}", "not a multiple of groups 3"},
    {"attention %7, %7, %7, %1 {heads=2 kv_heads=2 head_dim=2 v_head_dim=3 scale=1}", "v is f32[rows, 4], wanted f32[rows, 6]"},
    {"attention %7, %7, %7, %1, _, %8 {heads=2 kv_heads=2 head_dim=2 scale=1}", "sinks (operand 5) is f32[4], wanted f32[2]"},
    {"attention %7, %7, %7, %1 {heads=2 kv_heads=2 head_dim=2 v_head_dim=2147483647 scale=1}", "v_head_dim is 2147483647"},
    {"softmax %4, %5", "with sinks, wanted scores"},
    {"patches %4, %1 {size=2 channels=3}", "wanted the values of images"},
    {"patches %20, %1 {size=2}", "channels is 0"},
    {"patches %20, %1 {size=65536 channels=1}", "are too many"},
    {"patches %20, %0 {size=2 channels=3}", "sequences (operand 1) is i32[rows]"},
    {"places %6, %1 {size=2 height=2 width=2 first=1}", "wanted a constant f32 of 1 + 2 x 2 + 0 rows"},
    {"places %4, %1 {size=2 height=2 width=2}", "table is f32[rows, 6]"},
    {"places %6, %1 {size=2 height=2 width=2 first=-1 behind=1}", "-1 rows in front"},
    {"ends %9, %1 {size=3}", "wanted f32[rows, columns]"},
    {"ends %4, %1", "size is 0"},
    {"relu %5 {value=1} : f32[7]", "not f32[7]"},
};

static Graph *parse_line(Arena *arena, const char *line, Err *err)
{
    return graph_parse(arena, "line", arena_printf(arena, "%s%%90 = %s\n", beginning, line), err);
}

static void ops_give_the_shapes_they_promise(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(accepted); i++) {
        Arena *arena = arena_new();
        Err err = {{0}};
        if (parse_line(arena, accepted[i], &err) == NULL)
            fail_msg("%s: %s", accepted[i], err.text);
        arena_free(arena);
    }
}

static void ops_refuse_what_does_not_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        Arena *arena = arena_new();
        Err err = {{0}};
        Graph *graph = parse_line(arena, refused[i].line, &err);
        if (graph != NULL || strstr(err.text, refused[i].message) == NULL)
            fail_msg("%s\n  gave    %s\n  wanted  %s", refused[i].line, err.text, refused[i].message);
        arena_free(arena);
    }
}

static void sizes_count_symbols(void **state)
{
    (void)state;
    const int64_t symbols[SYMBOL_COUNT] = {[SYMBOL_rows] = 5, [SYMBOL_keys] = 11};
    Shape scores = shape_of(3, dim_symbol(SYMBOL_rows), dim_of(2), dim_symbol(SYMBOL_keys));
    assert_int_equal(shape_elements(scores, symbols), 110);
    assert_int_equal(shape_rows(scores, symbols), 10);
    assert_int_equal(shape_elements(shape_of(0), symbols), 1);
    assert_false(shape_is_constant(scores));
    assert_true(shape_is_constant(shape_of(1, dim_of(3))));
    assert_false(shape_equal(shape_of(1, dim_of(1)), shape_of(1, dim_symbol(SYMBOL_rows))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ops_give_the_shapes_they_promise),
        cmocka_unit_test(ops_refuse_what_does_not_fit),
        cmocka_unit_test(sizes_count_symbols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
