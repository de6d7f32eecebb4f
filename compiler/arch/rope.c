/* rope: rotary frequencies as transformers computes them (modeling_rope_utils.py), in float32 steps. */
#include <math.h>
#include <string.h>

#include "compiler/arch/blocks.h"

/* New configs say all in rope_parameters, old ones in rope_theta and rope_scaling. */
static const RopeSettings usual_settings = {
    .objects = "rope_parameters|rope_scaling", .theta = "rope_parameters.rope_theta|rope_scaling.rope_theta|rope_theta|rotary_emb_base"};

static const double pi = 3.14159265358979323846;

/* A table in the making. */
typedef struct Rope {
    Builder *b;
    const RopeSettings *settings;
    int64_t dim, count; /* count: dim / 2 frequencies */
    double theta;
    float *frequency;
    double magnitude;   /* of cosine and sine */
    /* types that turn sequences longer than `original` otherwise: by the frequencies `longer`, or by `factor`, see op rope_table */
    int64_t original;
    float *longer;
    double factor;
} Rope;

/* ---- config ---- */

/* "object.name|object.name" for all objects that may hold it. */
static const char *rope_keys(const Rope *r, const char *name)
{
    Arena *arena = r->b->graph->arena;
    const char *keys = "";
    for (const char *at = r->settings->objects; *at;) {
        size_t n = strcspn(at, "|");
        keys = arena_printf(arena, "%s%s%.*s.%s", keys, *keys ? "|" : "", (int)n, at, name);
        at += n + (at[n] == '|');
    }
    return keys;
}

/* What says how to turn is an object. */
static void check_objects(const Rope *r)
{
    for (const char *at = r->settings->objects; *at;) {
        size_t n = strcspn(at, "|");
        config_object(r->b->config, arena_copy_text(r->b->graph->arena, at, n));
        at += n + (at[n] == '|');
    }
}

static double rope_number(const Rope *r, const char *name, double minimum, double maximum, double otherwise)
{
    return config_float_or(r->b->config, rope_keys(r, name), minimum, maximum, otherwise);
}

/* A number that the type cannot do without. */
static double rope_needed(const Rope *r, const char *name, double minimum, double maximum)
{
    const char *keys = rope_keys(r, name);
    if (!config_has(r->b->config, keys)) err_set(r->b->err, "%s: %s: missing, wanted a number", r->b->config->file, keys);
    return config_float_or(r->b->config, keys, minimum, maximum, minimum);
}

static int64_t longest_position(const Rope *r) { return config_int(r->b->config, "max_position_embeddings", 1, 1 << 26); }

/* Positions seen in training before the stretch. Beside the rope's own numbers it counts first. */
static int64_t original_positions(const Rope *r)
{
    const char *keys = arena_printf(r->b->graph->arena, "original_max_position_embeddings|%s", rope_keys(r, "original_max_position_embeddings"));
    if (config_has(r->b->config, keys)) return config_int(r->b->config, keys, 1, 1 << 26);
    return longest_position(r);
}

/* How far positions are stretched: said, or by what the model's positions exceed the original ones. */
static double stretch_factor(const Rope *r, int64_t original)
{
    if (config_has(r->b->config, rope_keys(r, "factor"))) return rope_number(r, "factor", 1e-6, 1e6, 1);
    return (double)longest_position(r) / (double)original;
}

/* The type serves more positions than the config's others know of. */
static void note_stretch(const Rope *r, double positions)
{
    const double most = 1 << 26;
    r->b->stretched_positions = (int64_t)fmin(positions, most);
}

/* ---- types ---- */

static void stretch_none(Rope *r) { (void)r; }

static void stretch_linear(Rope *r)
{
    double factor = rope_needed(r, "factor", 1e-6, 1e6);
    for (int64_t i = 0; i < r->count; i++) r->frequency[i] = (float)(r->frequency[i] / factor);
}

/* Long wavelengths are stretched by factor, short ones kept, those between interpolated. */
static void stretch_llama3(Rope *r)
{
    double factor = rope_needed(r, "factor", 1, 1e6);
    double low = rope_needed(r, "low_freq_factor", 1e-6, 1e6);
    double high = rope_needed(r, "high_freq_factor", 1e-6, 1e6);
    double original = (double)original_positions(r);
    for (int64_t i = 0; i < r->count; i++) {
        float *frequency = &r->frequency[i];
        double wavelength = 2 * pi / *frequency;
        if (wavelength > original / low) {
            *frequency = (float)(*frequency / factor);
        } else if (wavelength >= original / high) {
            double smooth = (original / wavelength - low) / (high - low);
            *frequency = (float)((1 - smooth) * *frequency / factor + smooth * *frequency);
        }
    }
}

/* NTK: the base grows with the length of the sequence, once that is longer than the model's positions. */
static void stretch_dynamic(Rope *r)
{
    r->factor = rope_needed(r, "factor", 1, 1e6);
    r->original = longest_position(r);
    note_stretch(r, (double)r->original * r->factor);
    if (r->dim == 2) config_refuse(r->b->config, "rope_type", "dynamic with one pair of rotating elements", "more pairs");
}

/* The pair that turns so many times within the original positions. */
static double yarn_pair(const Rope *r, double turns, double original)
{
    return (double)r->dim * log(original / (turns * 2 * pi)) / (2 * log(r->theta));
}

static double yarn_magnitude(const Rope *r, double factor)
{
    double all = rope_number(r, "mscale_all_dim", 0, 1e3, 0), one = rope_number(r, "mscale", 0, 1e3, 0);
    double growth = factor > 1 ? 0.1 * log(factor) : 0;
    double otherwise = one != 0 && all != 0 ? (one * growth + 1) / (all * growth + 1) : growth + 1;
    return rope_number(r, "attention_factor", 1e-6, 1e6, otherwise);
}

/* YaRN: pairs that turn often are kept, pairs that turn seldom are stretched, a ramp between. */
static void stretch_yarn(Rope *r)
{
    double original = (double)original_positions(r), factor = stretch_factor(r, (int64_t)original);
    double fast = rope_number(r, "beta_fast", 1e-6, 1e6, 32), slow = rope_number(r, "beta_slow", 1e-6, 1e6, 1);
    bool whole = config_bool_or(r->b->config, rope_keys(r, "truncate"), true);
    double low = yarn_pair(r, fast, original), high = yarn_pair(r, slow, original);
    low = fmax(whole ? floor(low) : low, 0);
    high = fmin(whole ? ceil(high) : high, (double)(r->dim - 1));
    if (low == high) high += 0.001;
    for (int64_t i = 0; i < r->count; i++) {
        float ramp = fminf(fmaxf(((float)i - (float)low) / (float)(high - low), 0), 1), keep = 1 - ramp;
        float stretched = (float)(r->frequency[i] / factor);
        r->frequency[i] = stretched * (1 - keep) + r->frequency[i] * keep;
    }
    r->magnitude = yarn_magnitude(r, factor);
    note_stretch(r, original * factor);
}

/* Frequencies divided by the config's own factor for each. */
static float *divided_frequencies(const Rope *r, const char *name)
{
    const char *keys = rope_keys(r, name);
    const cJSON *list = config_item(r->b->config, keys);
    float *divided = ARENA_ARRAY(r->b->graph->arena, float, (size_t)r->count);
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != r->count) {
        err_set(r->b->err, "%s: %s: wanted a list of %lld numbers", r->b->config->file, keys, (long long)r->count);
        return divided;
    }
    const cJSON *item = list->child;
    for (int64_t i = 0; i < r->count; i++, item = item->next) {
        if (!cJSON_IsNumber(item) || !(item->valuedouble > 0)) {
            err_set(r->b->err, "%s: %s[%lld]: wanted a number above 0", r->b->config->file, keys, (long long)i);
            return divided;
        }
        divided[i] = 1 / ((float)item->valuedouble * powf((float)r->theta, (float)(2 * i) / (float)r->dim));
    }
    return divided;
}

static void stretch_longrope(Rope *r)
{
    int64_t original = original_positions(r);
    double factor = stretch_factor(r, original);
    double otherwise = factor > 1 && original > 1 ? sqrt(1 + log(factor) / log((double)original)) : 1;
    r->magnitude = rope_number(r, "attention_factor", 1e-6, 1e6, otherwise);
    r->original = original;
    r->frequency = divided_frequencies(r, "short_factor");
    r->longer = divided_frequencies(r, "long_factor");
}

static const struct RopeType {
    const char *name;
    void (*stretch)(Rope *);
} rope_types[] = {{"default", stretch_none}, {"linear", stretch_linear}, {"dynamic", stretch_dynamic}, {"yarn", stretch_yarn},
                  {"longrope", stretch_longrope}, {"su", stretch_longrope}, {"llama3", stretch_llama3}};

static void rope_stretch(Rope *r)
{
    const char *keys = arena_printf(r->b->graph->arena, "%s|%s", rope_keys(r, "rope_type"), rope_keys(r, "type"));
    const char *type = config_text_or(r->b->config, keys, "default"), *known = "";
    for (size_t i = 0; i < COUNT_OF(rope_types); i++) {
        if (strcmp(rope_types[i].name, type) == 0) {
            rope_types[i].stretch(r);
            return;
        }
        known = arena_printf(r->b->graph->arena, "%s%s%s", known, i ? ", " : "", rope_types[i].name);
    }
    config_refuse(r->b->config, keys, type, known);
}

/* ---- the node ---- */

static Node *rope_constant(const Rope *r, const float *frequency)
{
    r->b->graph->scope = "rope_frequencies";
    return graph_constant(r->b->graph, shape_of(1, dim_of(r->count)), frequency);
}

/* What the config's base gives, before any stretch. */
static Rope rope_plain(Builder *b, int64_t dim, double theta)
{
    Rope r = {.b = b, .dim = dim, .count = dim / 2, .theta = theta, .magnitude = 1};
    r.frequency = ARENA_ARRAY(b->graph->arena, float, (size_t)r.count);
    for (int64_t i = 0; i < r.count; i++) r.frequency[i] = 1.0f / powf((float)theta, (float)(2 * i) / (float)dim);
    return r;
}

static Node *rope_angles(const Rope *r)
{
    Graph *graph = r->b->graph;
    Node *operand[4] = {input_positions(r->b), rope_constant(r, r->frequency)};
    if (r->original) operand[2] = input_sequences(r->b);
    if (r->longer) operand[3] = rope_constant(r, r->longer);
    graph->scope = "rope_angles";
    return graph_add(graph, OP_rope_table, r->longer ? 4 : r->original ? 3 : 2, operand,
                     &(Attributes){.magnitude = r->magnitude, .original = r->original, .factor = r->factor});
}

Node *rope_table(Builder *b, int64_t rotary_dim, const RopeSettings *settings)
{
    double otherwise = settings ? settings->theta_otherwise : b->architecture->rope_theta ? b->architecture->rope_theta : 10000;
    if (!settings) settings = &usual_settings;
    Rope r = rope_plain(b, rotary_dim, config_float_or(b->config, settings->theta, 1e-3, 1e12, otherwise));
    r.settings = settings;
    check_objects(&r);
    rope_stretch(&r);
    return rope_angles(&r);
}

Node *rope_table_plain(Builder *b, int64_t rotary_dim, double theta)
{
    Rope r = rope_plain(b, rotary_dim, theta);
    return rope_angles(&r);
}
