/* Quantised checkpoints decode to the bits that the tools which made them compute; what is wrong with one is named. */
#include <math.h>

#include "tests/unit/scratch.h"

#include "compiler/read/quantized.h"


static Model open_case(Arena *arena, const char *folder)
{
    Model model;
    Err err = {{0}};
    if (!model_open(arena, folder, true, &model, &err)) print_message("%s\n", err.text);
    assert_true(err.text[0] == '\0');
    return model;
}

static Tensors open_tensors(Arena *arena, const char *path)
{
    Tensors tensors = {0};
    Err err = {{0}};
    assert_true(safetensors_open(arena, path, &tensors, &err));
    return tensors;
}

static float *floats_of(Arena *arena, const Tensor *tensor)
{
    float *values = ARENA_ARRAY(arena, float, tensor->elements);
    tensor_to_float(tensor, 0, tensor->elements, values);
    return values;
}

/* Any range gives what the whole gives, values and parameters. */
static void check_ranges(Arena *arena, const Tensor *tensor, const float *values)
{
    size_t n = tensor->elements, state = 12345;
    float *piece = ARENA_ARRAY(arena, float, n), *whole = ARENA_ARRAY(arena, float, n * (PART_offset + 1));
    for (TensorPart part = PART_value; part <= PART_offset; part++) tensor_part(tensor, part, 0, n, whole + part * n);
    assert_memory_equal(whole, values, n * sizeof *values);
    for (int round = 0; round < 40; round++) {
        state = state * 1103515245 + 12345;
        size_t first = (state >> 16) % n, count = (state >> 32) % (n - first + 1);
        for (TensorPart part = PART_value; part <= PART_offset; part++) {
            tensor_part(tensor, part, first, count, piece);
            assert_memory_equal(piece, whole + part * n + first, count * sizeof *values);
        }
    }
}

/* The parameters are those of the format: every code is one that it has. */
static void check_given(Arena *arena, const Tensor *tensor, const float *values)
{
    const char *format = tensor_natural_format(tensor);
    size_t n = tensor->elements;
    float *scale = ARENA_ARRAY(arena, float, 2 * n), *zero = scale + n;
    tensor_part(tensor, PART_scale, 0, n, scale);
    tensor_part(tensor, PART_zero, 0, n, zero);
    bool eight = strcmp(format, "q8") == 0 || strcmp(format, "int8") == 0, four = format[0] == 'q' && format[1] == '4';
    for (size_t i = 0; i < n && (eight || four); i++) {
        float code = rintf(values[i] / scale[i]) + zero[i];
        assert_true((code - zero[i]) * scale[i] == values[i]);
        assert_true(code >= 0 && code <= (eight ? 255 : 15));
    }
}

static void check_tensor(Arena *arena, Model *model, const char *name, const Tensor *expected)
{
    Err err = {{0}};
    const Tensor *tensor = model_tensor(model, name, expected->rank, expected->shape, &err);
    if (tensor == NULL) print_message("%s\n", err.text);
    assert_non_null(tensor);
    assert_non_null(tensor->quantized);
    float *values = floats_of(arena, tensor), *wanted = floats_of(arena, expected);
    for (size_t i = 0; i < tensor->elements; i++)
        if (values[i] != wanted[i]) print_message("%s[%zu]: %.9g, wanted %.9g\n", name, i, (double)values[i], (double)wanted[i]);
    for (size_t i = 0; i < tensor->elements; i++) assert_true(values[i] == wanted[i]);
    check_ranges(arena, tensor, values);
    check_given(arena, tensor, values);
}

static void check_format(Model *model, const char *name, const char *format)
{
    Err err = {{0}};
    const Tensor *tensor = model_tensor(model, name, -1, NULL, &err);
    assert_string_equal(tensor_natural_format(tensor), format);
}

/* What transformers decodes, from the oracle. */
static void oracle_bits(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"llama-nf4", "nf4"},   {"llama-nf4-double", "nf4_double"}, {"llama-fp4", "fp4"},
                                           {"llama-int8", "int8"}, {"llama-gptq", "q4z"},       {"llama-awq", "q4z"}};
    static const char prefix[] = "dequant/";
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena *arena = arena_new();
        const char *folder = arena_printf(arena, TESTS_FOLDER "/oracle/%s", cases[i][0]);
        Model model = open_case(arena, folder);
        Tensors golden = open_tensors(arena, arena_printf(arena, "%s/golden.safetensors", folder));
        int checked = 0;
        for (size_t t = 0; t < golden.count; t++) {
            const char *name = golden.item[t].name;
            if (strncmp(name, prefix, sizeof prefix - 1) != 0) continue;
            name = arena_printf(arena, "%s.weight", name + sizeof prefix - 1);
            check_tensor(arena, &model, name, &golden.item[t]);
            check_format(&model, name, cases[i][1]);
            checked++;
        }
        assert_int_equal(checked, 2);
        arena_free(arena);
    }
}

/* What tests/quantized/make.py packed. */
static void packed_bits(void **state)
{
    (void)state;
    static const char *const formats[][2] = {
        {"compressed-fp8", "e4m3"},        {"compressed-int8", "int8"},    {"compressed-int8-zero", "f32"},
        {"compressed-w4a16", "q4"},        {"compressed-w4a16-zero", "q4z"}, {"compressed-w8a16-act-order", "f32"},
        {"fp8-blocks", "e4m3"},            {"fp8-rows", "e4m3"},           {"fp8-tensor", "e4m3"},
        {"gptq-2bit", "q4z"},              {"gptq-3bit", "q4z"},           {"gptq-4bit-act-order", "f32"},
        {"gptq-4bit-v2", "q4z"},           {"gptq-4bit-whole", "q4"},      {"gptq-8bit", "q8"},
        {"gptq-gpt2", "q4z"},              {"mxfp4", "mxfp4"},
    };
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        Arena *arena = arena_new();
        const char *folder = arena_printf(arena, TESTS_FOLDER "/quantized/%s", formats[i][0]);
        Model model = open_case(arena, folder);
        Tensors expected = open_tensors(arena, arena_printf(arena, "%s/expected.safetensors", folder));
        check_tensor(arena, &model, expected.item[0].name, &expected.item[0]);
        check_format(&model, expected.item[0].name, formats[i][1]);
        arena_free(arena);
    }
}

/* Weights in act order, with the columns of a group side by side: the same numbers, which few bits hold. */
static void check_ordered(const char *folder, const char *format)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    Model model = open_case(arena, arena_printf(arena, TESTS_FOLDER "/quantized/%s", folder));
    Tensors expected = open_tensors(arena, arena_printf(arena, TESTS_FOLDER "/quantized/%s/expected.safetensors", folder));
    const Tensor *tensor = model_tensor(&model, expected.item[0].name, -1, NULL, &err), *ordered = tensor->quantized->ordered;
    assert_non_null(ordered);
    assert_string_equal(tensor_natural_format(ordered), format);
    const float *plain = floats_of(arena, tensor), *values = floats_of(arena, ordered);
    int64_t columns = tensor->shape[1];
    bool *seen = ARENA_ARRAY(arena, bool, (size_t)columns);
    for (int64_t k = 0; k < columns; k++) seen[tensor->quantized->order[k]] = true;
    for (int64_t k = 0; k < columns; k++) assert_true(seen[k]);
    for (int64_t n = 0; n < tensor->shape[0]; n++)
        for (int64_t k = 0; k < columns; k++) assert_true(values[n * columns + k] == plain[n * columns + tensor->quantized->order[k]]);
    check_ranges(arena, ordered, values);
    arena_free(arena);
}

static void ordered_bits(void **state)
{
    (void)state;
    check_ordered("gptq-4bit-act-order", "q4z");
}

/* What is not quantised is as it was, and no helper is reported as unused. */
static void others_stay(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err = {{0}};
    Model model = open_case(arena, TESTS_FOLDER "/oracle/llama-nf4-double");
    const Tensor *norm = model_tensor(&model, "model.norm.weight", 1, (int64_t[]){64}, &err);
    assert_true(norm != NULL && norm->quantized == NULL);
    for (size_t i = 0; i < model.tensors.count; i++) {
        const Tensor *tensor = &model.tensors.item[i];
        bool helper = strstr(tensor->name, "absmax") != NULL || strstr(tensor->name, "quant_") != NULL;
        assert_true(!helper || tensor->used);
    }
    arena_free(arena);
}

/* ---- what is wrong ---- */

static void copy_file(Arena *arena, const char *from, const char *to, const char *find, const char *replace)
{
    FileView view;
    Err err = {{0}};
    assert_true(file_read(arena, from, 1 << 20, &view, &err));
    uint8_t *bytes = arena_alloc(arena, view.size + 1);
    memcpy(bytes, view.data, view.size);
    size_t length = find != NULL ? strlen(find) : 0;
    bool found = find == NULL;
    for (size_t i = 0; !found && i + length <= view.size; i++)
        if (memcmp(bytes + i, find, length) == 0) {
            memcpy(bytes + i, replace, length);
            found = true;
        }
    assert_true(found);
    scratch_write(arena, to, (const char *)bytes, view.size);
}

typedef struct Damage {
    const char *folder, *file, *find, *replace; /* of the same length */
    const char *const wanted[3];                /* in the message */
} Damage;

/* All replacements keep lengths, so that files stay whole. */
static const Damage damages[] = {
    {"quantized/gptq-3bit", "config.json", "\"gptq\"", "\"what\"", {"quant_method", "what", "compressed-tensors"}},
    {"quantized/gptq-3bit", "config.json", "\"bits\": 3", "\"bits\": 5", {"bits", "5", "2, 3, 4, 8"}},
    {"quantized/gptq-3bit", "config.json", "\"group_size\": 32", "\"group_size\": 16", {"scales", "[4, 64]", "[8, 64]"}},
    {"quantized/gptq-3bit", "config.json", "\"group_size\": 32", "\"group_size\": -9", {"group_size", "-9", "-1"}},
    {"quantized/gptq-3bit", "config.json", "\"group_size\": 32", "\"group_size\":  0", {"group_size", "0", "-1"}},
    {"quantized/gptq-3bit", "model.safetensors", "q_proj.qzeros", "q_proj.qzerox", {"q_proj.qzeros", "missing", "q_proj"}},
    {"quantized/gptq-3bit", "model.safetensors", "\"dtype\": \"I32\"", "\"dtype\": \"F32\"", {"qweight", "F32", "I32"}},
    {"quantized/gptq-4bit-act-order", "config.json", "\"group_size\": 32", "\"group_size\": 64", {"scales", "[4, 64]", "[2, 64]"}},
    {"quantized/gptq-4bit-v2", "config.json", "gptq_v2", "marlin2", {"checkpoint_format", "marlin2", "gptq_v2"}},
    {"quantized/compressed-w4a16", "model.safetensors", "weight_shape", "weight_shapf", {"weight_shape", "missing", "up_proj"}},
    {"quantized/compressed-w4a16", "config.json", "pack-quantized", "what-quantized", {"format", "what-quantized", "pack-quantized"}},
    {"quantized/compressed-w4a16", "model.safetensors", "\"shape\": [44, 12]", "\"shape\": [12, 44]", {"weight_packed", "[12, 44]", "[44, 12]"}},
    {"quantized/compressed-int8", "model.safetensors", "\"shape\": [40, 1]", "\"shape\": [20, 2]", {"weight_scale", "[20, 2]", "[40, 2]"}},
    {"quantized/compressed-int8", "model.safetensors", "down_proj.weight_scale", "down_proj.weight_scalf", {"weight_scale", "missing", "down_proj"}},
    {"quantized/fp8-blocks", "config.json", "128,", "64, ", {"weight_scale_inv", "[2, 2]", "[3, 2]"}},
    {"quantized/mxfp4", "model.safetensors", "gate_up_proj_scales", "gate_up_proj_scalfs", {"_scales", "missing", "gate_up_proj"}},
    {"quantized/mxfp4", "model.safetensors", "\"shape\": [2, 12, 3]", "\"shape\": [2, 3, 12]", {"_scales", "[2, 3, 12]", "[2, 12, 3]"}},
    {"oracle/llama-nf4", "model.safetensors", "\"blocksize\": 64", "\"blocksize\": 32", {"absmax", "F32 [", "wanted"}},
    {"oracle/llama-nf4", "model.safetensors", "\"shape\": [64, 96]}", "\"shape\": [64, 95]}", {"bytes", "wanted", "[64, 95]"}},
    {"oracle/llama-nf4", "model.safetensors", "q_proj.weight.absmax", "q_proj.weight.absmay", {"absmax", "missing", "q_proj"}},
    {"oracle/llama-nf4", "model.safetensors", "{\"quant_type\"", "[\"quant_type\"", {"quant_state", "line 1", "column"}},
    {"oracle/llama-int8", "model.safetensors", "q_proj.SCB", "q_proj.SCC", {"SCB", "missing", "q_proj"}},
    {"oracle/llama-awq", "config.json", "\"gemm\"", "\"gemv\"", {"version", "gemv", "gemm"}},
    {"oracle/llama-awq", "config.json", "\"awq\"", "\"hqq\"", {"quant_method", "hqq", "awq"}},
};

static void damage_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        const Damage *d = &damages[i];
        Arena *arena = arena_new();
        static const char *const files[] = {"config.json", "model.safetensors"};
        for (size_t f = 0; f < COUNT_OF(files); f++) {
            bool here = strcmp(files[f], d->file) == 0;
            copy_file(arena, arena_printf(arena, TESTS_FOLDER "/%s/%s", d->folder, files[f]), files[f], here ? d->find : NULL, d->replace);
        }
        Model model;
        Err err = {{0}};
        assert_false(model_open(arena, scratch, true, &model, &err));
        for (int w = 0; w < 3; w++) {
            if (strstr(err.text, d->wanted[w]) == NULL) print_message("%s for %s: lacks %s\n", err.text, d->find, d->wanted[w]);
            assert_non_null(strstr(err.text, d->wanted[w]));
        }
        arena_free(arena);
    }
}

/* A group beyond the last, in the act order of GPTQ. */
static void index_is_checked(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err = {{0}};
    Model model = open_case(arena, TESTS_FOLDER "/quantized/gptq-4bit-act-order");
    const Tensor *index = tensors_find(&model.tensors, "model.layers.0.self_attn.q_proj.g_idx");
    FileView view;
    assert_true(file_read(arena, TESTS_FOLDER "/quantized/gptq-4bit-act-order/model.safetensors", 1 << 20, &view, &err));
    for (size_t at = 0; at + index->bytes <= view.size; at++) {
        if (memcmp(view.data + at, index->data, index->bytes) != 0) continue;
        uint8_t *bytes = arena_alloc(arena, view.size);
        memcpy(bytes, view.data, view.size);
        memset(bytes + at + 8, 0xff, 4);
        scratch_write(arena, "model.safetensors", (const char *)bytes, view.size);
    }
    copy_file(arena, TESTS_FOLDER "/quantized/gptq-4bit-act-order/config.json", "config.json", NULL, NULL);
    assert_false(model_open(arena, scratch, true, &model, &err));
    assert_non_null(strstr(err.text, "g_idx\": element 2: found -1, wanted a group in 0..3"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oracle_bits),     cmocka_unit_test(packed_bits),      cmocka_unit_test(ordered_bits), cmocka_unit_test(others_stay),
        cmocka_unit_test(damage_is_named), cmocka_unit_test(index_is_checked),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
