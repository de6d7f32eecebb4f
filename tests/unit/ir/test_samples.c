/* Weights quantised as bitsandbytes does it: codes, parameters and decoded values are those that the oracle holds, bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/ir/ir.h"
#include "compiler/read/safetensors.h"
#include "templates/cpu/pack.h"
#include "templates/format/choose.h"

static const struct Sample {
    const char *folder, *weight;
    bool turned; /* stored [in, out], quantised [out, in] */
} samples[] = {
    {"gpt2", "transformer.h.0.attn.c_attn.weight", true},
    {"llama2", "model.layers.0.self_attn.q_proj.weight", false},
    {"llama3", "model.layers.0.self_attn.q_proj.weight", false},
};

static Tensors open_file(Arena *arena, const struct Sample *sample, const char *file)
{
    Err err = {{0}};
    Tensors tensors = {0};
    if (!safetensors_open(arena, arena_printf(arena, TESTS_FOLDER "/oracle/%s/%s", sample->folder, file), &tensors, &err)) fail_msg("%s", err.text);
    return tensors;
}

static const Tensor *find(const Tensors *tensors, const char *name)
{
    for (size_t i = 0; i < tensors->count; i++)
        if (strcmp(tensors->item[i].name, name) == 0) return &tensors->item[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static float *floats_of(Arena *arena, const Tensor *tensor)
{
    float *values = ARENA_ARRAY(arena, float, tensor->elements);
    tensor_to_float(tensor, 0, tensor->elements, values);
    return values;
}

/* [N, K] as it is quantised. */
static float *weight_of_sample(Arena *arena, const struct Sample *sample, int64_t *N, int64_t *K)
{
    Tensors model = open_file(arena, sample, "model.safetensors");
    const Tensor *tensor = find(&model, sample->weight);
    float *stored = floats_of(arena, tensor), *values = ARENA_ARRAY(arena, float, tensor->elements);
    *N = tensor->shape[sample->turned];
    *K = tensor->shape[!sample->turned];
    for (int64_t n = 0; n < *N; n++)
        for (int64_t k = 0; k < *K; k++) values[n * *K + k] = sample->turned ? stored[k * *N + n] : stored[n * *K + k];
    return values;
}

static void check_decoded(const float *values, int format, int64_t N, int64_t K, const float *wanted)
{
    for (int panel = 1; panel <= 16; panel += 15) {
        Arena *arena = arena_new();
        PackLayout layout = {.format = format, .panel = panel, .N = N, .K = K, .block = format_block((Format)format, K)};
        size_t bytes;
        assert_true(pack_bytes(&layout, &bytes));
        void *packed = arena_alloc(arena, bytes);
        float *back = ARENA_ARRAY(arena, float, (size_t)(N * K));
        pack_weight(&layout, values, packed);
        pack_unpack(&layout, packed, back);
        assert_memory_equal(back, wanted, (size_t)(N * K) * sizeof *back);
        arena_free(arena);
    }
}

/* Blocks of 64 of the flat matrix; the first number of a byte is in its upper half. */
static void check_four_bits(Arena *arena, const Tensors *golden, int format, const float *values, int64_t N, int64_t K)
{
    const char *name = format_name((Format)format);
    const Tensor *packed = find(golden, arena_printf(arena, "quant/%s/sample_packed", name));
    const float *absmax = floats_of(arena, find(golden, arena_printf(arena, "quant/%s/sample_absmax", name)));
    for (int64_t i = 0; i < N * K; i++) {
        unsigned char parameters[8];
        float scale, zero;
        uint32_t code;
        format_choose(format, values + i / 64 * 64, NULL, 64, parameters);
        format_parameters(format, parameters, &scale, &zero);
        format_codes(format, values + i, 1, parameters, &code);
        assert_true(scale == absmax[i / 64]);
        assert_int_equal(code, i % 2 ? packed->data[i / 2] & 15 : packed->data[i / 2] >> 4);
    }
    check_decoded(values, format, N, K, floats_of(arena, find(golden, arena_printf(arena, "quant/%s/sample_dequant", name))));
}

static void check_eight_bits(Arena *arena, const Tensors *golden, const float *values, int64_t N, int64_t K)
{
    const float *largest = floats_of(arena, find(golden, "quant/int8/sample_scb")), *codes = floats_of(arena, find(golden, "quant/int8/sample_q"));
    float *wanted = ARENA_ARRAY(arena, float, (size_t)(N * K));
    for (int64_t n = 0; n < N; n++)
        for (int64_t k = 0; k < K; k++) wanted[n * K + k] = codes[n * K + k] * (largest[n] / 127);
    check_decoded(values, WEIGHT_int8, N, K, wanted);
}

static void quantised_as_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        Arena *arena = arena_new();
        int64_t N, K;
        const float *values = weight_of_sample(arena, &samples[i], &N, &K);
        Tensors golden = open_file(arena, &samples[i], "golden.safetensors");
        check_four_bits(arena, &golden, WEIGHT_nf4, values, N, K);
        check_four_bits(arena, &golden, WEIGHT_fp4, values, N, K);
        check_eight_bits(arena, &golden, values, N, K);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quantised_as_the_oracle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
