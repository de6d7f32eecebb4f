/* rope: rotary frequencies as transformers computes them (modeling_rope_utils.py), in float32 steps. */
#include <math.h>
#include <string.h>

#include "compiler/arch/blocks.h"

/* The keys of old configs (rope_theta, rope_scaling) and of new ones (rope_parameters). */
static double rope_number(Builder *b, const char *name, double minimum, double maximum, double otherwise)
{
    const char *keys = arena_printf(b->graph->arena, "rope_parameters.%s|rope_scaling.%s|%s", name, name, name);
    return config_float_or(b->config, keys, minimum, maximum, otherwise);
}

/* "llama3": long wavelengths are stretched by factor, short ones kept, those between interpolated. */
static void stretch_llama3(Builder *b, float *frequency, int64_t count)
{
    double factor = rope_number(b, "factor", 1, 1e6, 8);
    double low = rope_number(b, "low_freq_factor", 1e-6, 1e6, 1);
    double high = rope_number(b, "high_freq_factor", 1e-6, 1e6, 4);
    double original = rope_number(b, "original_max_position_embeddings", 1, 1e9, 8192);
    for (int64_t i = 0; i < count; i++) {
        double wavelength = 2 * 3.14159265358979323846 / frequency[i];
        if (wavelength > original / low) {
            frequency[i] = (float)(frequency[i] / factor);
        } else if (wavelength >= original / high) {
            double smooth = (original / wavelength - low) / (high - low);
            frequency[i] = (float)((1 - smooth) * frequency[i] / factor + smooth * frequency[i]);
        }
    }
}

static void stretch_linear(Builder *b, float *frequency, int64_t count)
{
    double factor = rope_number(b, "factor", 1e-6, 1e6, 1);
    for (int64_t i = 0; i < count; i++) frequency[i] = (float)(frequency[i] / factor);
}

static void stretch_none(Builder *b, float *frequency, int64_t count)
{
    (void)b, (void)frequency, (void)count;
}

static const struct RopeType {
    const char *name;
    void (*stretch)(Builder *, float *, int64_t);
} rope_types[] = {{"default", stretch_none}, {"linear", stretch_linear}, {"llama3", stretch_llama3}};

static void rope_stretch(Builder *b, float *frequency, int64_t count)
{
    const char *keys = "rope_parameters.rope_type|rope_scaling.rope_type|rope_scaling.type";
    const char *type = config_text_or(b->config, keys, "default");
    for (size_t i = 0; i < COUNT_OF(rope_types); i++) {
        if (strcmp(rope_types[i].name, type) == 0) {
            rope_types[i].stretch(b, frequency, count);
            return;
        }
    }
    config_refuse(b->config, keys, type, "default, linear, llama3");
}

static float *plain_frequencies(Builder *b, int64_t rotary_dim, double theta)
{
    int64_t count = rotary_dim / 2;
    float *frequency = ARENA_ARRAY(b->graph->arena, float, (size_t)(count ? count : 1));
    for (int64_t i = 0; i < count; i++) frequency[i] = 1.0f / powf((float)theta, (float)(2 * i) / (float)rotary_dim);
    return frequency;
}

static Node *angles(Builder *b, const float *frequency, int64_t count)
{
    b->graph->scope = "rope_frequencies";
    Node *operand[2] = {input_positions(b), graph_constant(b->graph, shape_of(1, dim_of(count)), frequency)};
    b->graph->scope = "rope_angles";
    return graph_add(b->graph, OP_rope_table, 2, operand, &(Attributes){.magnitude = 1});
}

Node *rope_table(Builder *b, int64_t rotary_dim, int64_t max_positions)
{
    (void)max_positions;
    float *frequency = plain_frequencies(b, rotary_dim, rope_number(b, "rope_theta", 1e-3, 1e12, 10000));
    rope_stretch(b, frequency, rotary_dim / 2);
    return angles(b, frequency, rotary_dim / 2);
}

Node *rope_table_plain(Builder *b, int64_t rotary_dim, double theta)
{
    return angles(b, plain_frequencies(b, rotary_dim, theta), rotary_dim / 2);
}
