/* Goldens: groups, inputs, what follows from an output, comparisons; and files that must be refused. */
#include "tests/unit/scratch.h"

#include <math.h>

#include "compiler/command/compare.h"
#include "compiler/command/golden.h"

/* ---- files ---- */

static void fill(const TensorPlan *plan, size_t first, size_t count, void *out)
{
    size_t size = stored_bytes(plan->type);
    memcpy(out, (const uint8_t *)plan->user + first * size, count * size);
}

static const int64_t ids[] = {5, 6, 7, 5, 8, 1}, tokens[] = {1, 1, 1, 1, 1, 0}, negative[] = {-1, 0, 0, 0, 0, 0}, none[] = {1, 1, 1, 0, 0, 0};
static const float logits[] = {1, 2, 3, 4, 5, 6};

static TensorPlan integers(const char *name, const int64_t *values)
{
    return (TensorPlan){.name = name, .type = STORED_I64, .rank = 2, .shape = {2, 3}, .elements = 6, .user = values};
}

static TensorPlan floats(const char *name)
{
    return (TensorPlan){.name = name, .type = STORED_F32, .rank = 2, .shape = {2, 3}, .elements = 6, .user = logits};
}

static bool open_with(Arena *arena, const TensorPlan *plan, size_t count, const char *notes, Golden *golden, Err *err)
{
    const char *path = scratch_path(arena, "golden.safetensors"), *beside = scratch_path(arena, "golden.json");
    Err written = {{0}};
    remove(beside);
    if (notes) scratch_text(arena, "golden.json", notes);
    assert_true(safetensors_write(path, plan, count, fill, &written));
    *err = (Err){{0}};
    return golden_open(arena, path, 1, golden, err);
}

static const GoldenGroup *group_named(const Golden *golden, const char *name)
{
    for (size_t i = 0; i < golden->groups; i++)
        if (strcmp(golden->group[i].name, name) == 0) return &golden->group[i];
    return NULL;
}

static void test_groups(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err;
    Golden golden;
    const TensorPlan plan[] = {integers("single/input_ids", ids), integers("single/attention_mask", tokens), floats("single/logits"),
                               floats("single/hidden_states.0"), floats("precision/float16/logits"), floats("quant/nf4/logits"),
                               floats("quant/nf4/sample_absmax")};
    const char *notes = "{\"text\": \"a NUL: \\u0000, none: \\\\u0000\", \"tolerance\": {\"atol\": 0.5, \"rtol\": 0.25}, "
                        "\"precision\": {\"float16\": {\"tolerance\": {\"atol\": 2, \"rtol\": 3}}}}";
    assert_true(open_with(arena, plan, COUNT_OF(plan), notes, &golden, &err));
    assert_int_equal(golden.groups, 3);
    assert_int_equal(golden.others, 1);
    assert_true(golden.hidden_states);
    assert_int_equal(golden.longest, 3);
    const GoldenGroup *single = group_named(&golden, "single"), *half = group_named(&golden, "precision/float16");
    assert_int_equal(single->count, 2);
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(golden.notes, "text")->valuestring, "a NUL: \xef\xbf\xbd, none: \\u0000");
    assert_true(single->tolerance.absolute == 0.5 && single->tolerance.relative == 0.25);
    assert_true(half->tolerance.absolute == 2 && half->tolerance.relative == 3);
    assert_string_equal(golden_precision(half), "f16");
    assert_string_equal(golden_precision(group_named(&golden, "quant/nf4")), "nf4");
    assert_null(golden_precision(single));
    assert_memory_equal(half->inputs.ids, single->inputs.ids, 6 * sizeof(int32_t));
    assert_int_equal(single->inputs.ids[4], 8);
    assert_int_equal(single->inputs.mask[5], 0);
    arena_free(arena);
}

static void test_inputs_from_notes(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err;
    Golden golden;
    const TensorPlan plan[] = {floats("qa1/feature0/start_logits"), floats("embeddings")};
    const char *notes = "{\"pipelines\": [{}, {\"features\": [[2, 9, 3, 8, 7, 3, 1, 1]]}], \"input_ids\": [[4], [5, 6]]}";
    assert_true(open_with(arena, plan, COUNT_OF(plan), notes, &golden, &err));
    const Padded *pair = &group_named(&golden, "qa1/feature0")->inputs, *texts = &group_named(&golden, "")->inputs;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pair->mask[i], i < 6);
        assert_int_equal(pair->types[i], i > 2 && i < 6);
    }
    assert_int_equal(texts->sequences, 2);
    assert_int_equal(texts->width, 2);
    assert_int_equal(texts->ids[3], 6);
    assert_int_equal(texts->mask[1], 0);
    arena_free(arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const int64_t huge[] = {(int64_t)1 << 40, 0, 0, 0, 0, 0};
    TensorPlan flat = integers("g/attention_mask", tokens), mask = integers("g/attention_mask", none), real = floats("g/input_ids");
    flat.rank = 1;
    flat.shape[0] = 6;
    const struct {
        TensorPlan tensor[3];
        size_t count;
        const char *notes, *wanted;
    } cases[] = {
        {{floats("g/logits")}, 1, NULL, "no input_ids"},
        {{floats("qa0/feature0/logits")}, 1, "{\"pipelines\": []}", "no list"},
        {{floats("embeddings")}, 1, "{\"input_ids\": [[1], []]}", "no list"},
        {{floats("embeddings")}, 1, "{\"input_ids\": [[1], [\"x\"]]}", "no token id"},
        {{integers("g/input_ids", negative), floats("g/logits")}, 2, NULL, "element 0 is -1"},
        {{integers("g/input_ids", huge), floats("g/logits")}, 2, NULL, "element 0 is 1099511627776"},
        {{real, floats("g/logits")}, 2, NULL, "found F32"},
        {{integers("g/input_ids", ids), flat, floats("g/logits")}, 3, NULL, "found shape [6], wanted [2, 3]"},
        {{integers("g/input_ids", ids), mask, floats("g/logits")}, 3, NULL, "nothing but padding"},
        {{integers("g/input_ids", ids), floats("g/logits")}, 2, "{\"a\": ", "golden.json"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena *arena = arena_new();
        Err err;
        Golden golden;
        assert_false(open_with(arena, cases[i].tensor, cases[i].count, cases[i].notes, &golden, &err));
        assert_contains(err.text, cases[i].wanted);
        arena_free(arena);
    }
}

/* ---- what follows from an output ---- */

static const int32_t pair_ids[] = {0, 1, 1, 1, 0, 9};
static const uint8_t pair_mask[] = {1, 1, 1, 1, 1, 0};
static const Padded pair = {.sequences = 2, .width = 3, .ids = pair_ids, .mask = pair_mask};
static const float value[] = {1, 0, 2, 0, 3, 4, /* */ 0, 5, 0, 7, 99, 99};

static void assert_derived(const char *name, const float *wanted, size_t count)
{
    float out[8];
    const Derivation *derivation = derivation_find(name);
    assert_non_null(derivation);
    assert_true(derivation->make(&pair, value, 2, out, count));
    for (size_t i = 0; i < count; i++) assert_true(fabsf(out[i] - wanted[i]) < 1e-6f);
    assert_false(derivation->make(&pair, value, 2, out, count + 1));
}

static void test_derivations(void **state)
{
    (void)state;
    float near = (float)log1p(exp(1)), far = (float)log1p(exp(2)), five = (float)log1p(exp(5));
    assert_derived("last_logits", (const float[]){3, 4, 0, 7}, 4);
    assert_derived("nll", (const float[]){near, far, five, 0}, 4);
    assert_derived("mean", (const float[]){2, 4.0f / 3, 0, 6}, 4);
    assert_derived("normalized", (const float[]){0.8320503f, 0.5547002f, 0, 1}, 4);
    assert_derived("cls", (const float[]){1, 0, 0, 1}, 4);
    assert_derived("cosine", (const float[]){1, 0.5547002f, 0.5547002f, 1}, 4);
    assert_null(derivation_find("logits"));
}

/* ---- comparing ---- */

static void test_comparisons(void **state)
{
    (void)state;
    const float expected[] = {1, -2, 0}, near[] = {1.05f, -2.1f, 0.05f}, broken[] = {1, NAN, 0};
    Comparison c = compare_values(expected, expected, 3, (Tolerance){0, 0});
    assert_true(c.within && c.same_bits && c.absolute == 0 && c.relative_l2 == 0);
    c = compare_values(near, expected, 3, (Tolerance){0.06, 0.03});
    assert_true(c.within && !c.same_bits && fabs(c.absolute - 0.1) < 1e-6 && c.share < 1);
    c = compare_values(near, expected, 3, (Tolerance){0.04, 0.03});
    assert_false(c.within);
    assert_true(c.share > 1 && c.worst == 2);
    c = compare_values(broken, expected, 3, (Tolerance){10, 10});
    assert_false(c.within);
    assert_true(isnan(c.absolute));
    c = compare_values(expected, broken, 3, (Tolerance){10, 10});
    assert_false(c.within);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),      cmocka_unit_test(test_inputs_from_notes), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_derivations), cmocka_unit_test(test_comparisons),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
