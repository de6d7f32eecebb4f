/* Settings of decoders that config.json makes: angles of every rope type, windows and rotation by layer, biases by distance, layouts of
 * OPT, what is refused by name. The wanted numbers follow from the formulas in transformers 5.23 (modeling_rope_utils.py and the
 * families' own files), computed apart in numpy. */
#include "tests/unit/scratch.h"

#include <math.h>

#include "compiler/arch/arch.h"

typedef struct Made {
    Arena *arena;
    Model model;
    BuiltModel built;
    Err err;
} Made;

static const struct {
    const char *key;
    int value;
} sizes[] = {{"vocab_size", 50}, {"hidden_size", 64}, {"intermediate_size", 96}, {"num_attention_heads", 4}, {"num_hidden_layers", 8},
             {"max_position_embeddings", 128}};

/* Builds { "model_type": type, more, the sizes that it does not say }; the caller frees made->arena. */
static bool build(Made *made, const char *type, const char *more)
{
    *made = (Made){.arena = arena_new()};
    const char *text = arena_printf(made->arena, "{\"model_type\": \"%s\"%s%s", type, *more ? ", " : "", more);
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        if (!strstr(more, arena_printf(made->arena, "\"%s\"", sizes[i].key)))
            text = arena_printf(made->arena, "%s, \"%s\": %d", text, sizes[i].key, sizes[i].value);
    const char *path = scratch_text(made->arena, "config.json", arena_printf(made->arena, "%s}", text));
    return model_open(made->arena, path, false, &made->model, &made->err) &&
           arch_build(made->arena, &made->model, &(ArchOptions){0}, &made->built, &made->err);
}

static Made build_fine(const char *type, const char *more)
{
    Made made;
    if (!build(&made, type, more)) fail_msg("%s %s: %s", type, more, made.err.text);
    return made;
}

static const Node *nth(const Made *made, Op op, int number)
{
    for (size_t i = 0; i < made->built.graph->count; i++)
        if (made->built.graph->node[i]->op == op && number-- == 0) return made->built.graph->node[i];
    fail_msg("the graph has not so many %s", op_info(op)->name);
    return NULL;
}

static void assert_near(const float *found, const double *wanted, int count, const char *what)
{
    for (int i = 0; i < count; i++)
        if (!(fabs(found[i] - wanted[i]) <= 4e-7 * fabs(wanted[i]))) fail_msg("%s[%d]: %.9g, wanted %.9g", what, i, (double)found[i], wanted[i]);
}

/* ---- rope ---- */

static const struct RopeCase {
    const char *settings;
    double frequency[8], magnitude, longer[8];
    int64_t original;
    double factor;
    int64_t longest; /* sequence; 0: 128 */
} rope_cases[] = {
    {.settings = "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}",
     .frequency = {0.25, 0.07905694097280502, 0.02500000037252903, 0.007905694656074047, 0.0024999999441206455, 0.0007905694656074047,
                   0.0002500000118743628, 7.905694656074047e-05},
     .magnitude = 1},
    {.settings = "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, \"high_freq_factor\": 4, "
                 "\"original_max_position_embeddings\": 64}",
     .frequency = {1, 0.24438458681106567, 0.013042256236076355, 0.0039528473280370235, 0.0012499999720603228, 0.00039528473280370235,
                   0.0001250000059371814, 3.9528473280370235e-05},
     .magnitude = 1},
    {.settings = "\"rope_parameters\": {\"rope_type\": \"yarn\", \"rope_theta\": 10000.0, \"factor\": 4, "
                 "\"original_max_position_embeddings\": 128}",
     .frequency = {1, 0.23717081546783447, 0.04999999701976776, 0.007905694656074047, 0.0024999999441206455, 0.0007905694656074047,
                   0.0002500000118743628, 7.905694656074047e-05},
     .magnitude = 1.138629436111989, .longest = 512},
    {.settings = "\"rope_parameters\": {\"rope_type\": \"yarn\", \"factor\": 4, \"truncate\": false, \"mscale\": 2, \"mscale_all_dim\": 1}",
     .frequency = {1, 0.22563748061656952, 0.04270566999912262, 0.007905694656074047, 0.0024999999441206455, 0.0007905694656074047,
                   0.0002500000118743628, 7.905694656074047e-05},
     .magnitude = 1.121751143713058, .longest = 512},
    {.settings = "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2}",
     .frequency = {1, 0.3162277638912201, 0.10000000149011612, 0.03162277862429619, 0.009999999776482582, 0.0031622778624296188,
                   0.0010000000474974513, 0.00031622778624296188},
     .magnitude = 1, .original = 128, .factor = 2, .longest = 256},
    {.settings = "\"original_max_position_embeddings\": 32, \"rope_scaling\": {\"type\": \"longrope\", \"factor\": 4, "
                 "\"short_factor\": [1, 1.5, 2, 2.5, 3, 3.5, 4, 8], \"long_factor\": [2, 3, 4, 5, 6, 7, 8, 16]}",
     .frequency = {1, 0.21081849932670593, 0.05000000074505806, 0.012649111449718475, 0.0033333334140479565, 0.0009035079274326563,
                   0.0002500000118743628, 3.9528473280370235e-05},
     .magnitude = 1.1832159566199232, /* sqrt(1 + log(4) / log(32)) */
     .longer = {0.5, 0.10540924966335297, 0.02500000037252903, 0.006324555724859238, 0.0016666667070239782, 0.00045175396371632814,
                0.0001250000059371814, 1.9764236640185118e-05},
     .original = 32},
};

static void angles_follow_every_rope_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rope_cases); i++) {
        const struct RopeCase *c = &rope_cases[i];
        Made made = build_fine("llama", c->settings);
        const Node *table = nth(&made, OP_rope_table, 0);
        assert_near(table->operand[1]->values, c->frequency, 8, c->settings);
        assert_true(fabs(table->a.magnitude - c->magnitude) < 1e-12);
        assert_int_equal(table->a.original, c->original);
        assert_true(table->a.factor == c->factor);
        assert_int_equal(made.built.max_sequence, c->longest ? c->longest : 128);
        assert_int_equal(table->operand[3] != NULL, c->longer[0] != 0);
        if (c->longer[0] != 0) assert_near(table->operand[3]->values, c->longer, 8, "longer");
        arena_free(made.arena);
    }
}

/* ---- layers ---- */

static int64_t window_of(const Made *made, int layer) { return nth(made, OP_scores, layer)->a.window; }

static void windows_and_rotation_vary_by_layer(void **state)
{
    (void)state;
    Made made = build_fine("mistral", "\"sliding_window\": 9");
    for (int i = 0; i < 8; i++) assert_int_equal(window_of(&made, i), 9);
    arena_free(made.arena);
    made = build_fine("mistral", "\"sliding_window\": null");
    assert_int_equal(window_of(&made, 0), 0);
    arena_free(made.arena);
    made = build_fine("mistral", "");
    assert_int_equal(window_of(&made, 0), 4096);
    arena_free(made.arena);
    made = build_fine("qwen2", "\"use_sliding_window\": true, \"sliding_window\": 9, \"max_window_layers\": 5");
    for (int i = 0; i < 8; i++) assert_int_equal(window_of(&made, i), i < 5 ? 0 : 9);
    arena_free(made.arena);
    made = build_fine("gemma2", "\"sliding_window\": 9, \"head_dim\": 16");
    for (int i = 0; i < 8; i++) assert_int_equal(window_of(&made, i), i % 2 ? 0 : 9);
    assert_true(nth(&made, OP_scores, 0)->a.softcap == 50);
    arena_free(made.arena);
    made = build_fine("gemma3_text", "\"sliding_window\": 9, \"head_dim\": 16, \"rope_local_base_freq\": 100.0");
    for (int i = 0; i < 8; i++) {
        const Node *table = nth(&made, OP_rope, 2 * i)->operand[1];
        assert_int_equal(window_of(&made, i), i == 5 ? 0 : 9);
        assert_near(table->operand[1]->values + 4, i == 5 ? (double[]){0.001} : (double[]){0.1}, 1, "base");
    }
    arena_free(made.arena);
    made = build_fine("smollm3", "\"no_rope_layer_interval\": 4");
    for (int i = 0; i < 12; i++) assert_int_equal(nth(&made, OP_rope, i)->layer, i / 2 < 3 ? i / 2 : i / 2 + 1);
    arena_free(made.arena);
}

/* Slopes of 6 heads: four of a sequence by 1/4, then two of the finer one by 1/2. */
static void biases_fall_with_distance(void **state)
{
    (void)state;
    static const double bloom[] = {0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125};
    static const double mpt[] = {0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125};
    Made made = build_fine("bloom", "\"num_attention_heads\": 6, \"hidden_size\": 96, \"seq_length\": 32");
    const Node *bias = nth(&made, OP_scores, 0)->operand[3];
    assert_int_equal(nth(&made, OP_scores, 0)->a.origin, 31);
    for (int h = 0; h < 6; h++) assert_near(bias->values + h * 32 + 28, (double[]){-3 * bloom[h]}, 1, "bloom");
    arena_free(made.arena);
    made = build_fine("mpt", "\"hidden_size\": 96, \"num_attention_heads\": 6, \"max_seq_len\": 32");
    bias = nth(&made, OP_scores, 0)->operand[3];
    for (int h = 0; h < 6; h++) assert_near(bias->values + h * 32 + 28, (double[]){-3 * mpt[h]}, 1, "mpt");
    arena_free(made.arena);
}

/* ---- layouts ---- */

static const Param *param_named(const Made *made, const char *name)
{
    for (size_t i = 0; i < made->built.graph->params; i++)
        if (strcmp(made->built.graph->param[i].node->a.key, name) == 0) return &made->built.graph->param[i];
    return NULL;
}

static void opt_350m_is_narrow_outside_and_norms_sums(void **state)
{
    (void)state;
    Made made = build_fine("opt", "\"ffn_dim\": 96, \"word_embed_proj_dim\": 24, \"do_layer_norm_before\": false");
    assert_int_equal(made.built.hidden, 24);
    assert_int_equal(param_named(&made, "decoder.embed_tokens.weight")->node->shape.dim[1].size, 24);
    assert_int_equal(param_named(&made, "decoder.project_in.weight")->node->shape.dim[0].size, 64);
    assert_int_equal(param_named(&made, "decoder.project_out.weight")->node->shape.dim[0].size, 24);
    assert_int_equal(param_named(&made, "decoder.embed_positions.weight")->node->shape.dim[0].size, 130);
    assert_null(param_named(&made, "decoder.final_layer_norm.weight"));
    assert_int_equal(nth(&made, OP_layer_norm, 0)->operand[0]->op, OP_add);
    arena_free(made.arena);
}

static void falcon_has_three_layouts(void **state)
{
    (void)state;
    Made made = build_fine("falcon", "\"multi_query\": true");
    assert_int_equal(nth(&made, OP_scores, 0)->a.kv_heads, 1);
    arena_free(made.arena);
    made = build_fine("falcon", "\"new_decoder_architecture\": true, \"num_kv_heads\": 2");
    assert_int_equal(nth(&made, OP_scores, 0)->a.kv_heads, 2);
    assert_non_null(param_named(&made, "h.0.ln_mlp.weight"));
    arena_free(made.arena);
    made = build_fine("falcon", "\"multi_query\": false, \"alibi\": true, \"parallel_attn\": false, \"bias\": true");
    assert_int_equal(nth(&made, OP_scores, 0)->a.kv_heads, 4);
    assert_non_null(nth(&made, OP_scores, 0)->operand[3]);
    assert_non_null(param_named(&made, "h.0.self_attention.query_key_value.bias"));
    arena_free(made.arena);
}

/* q of head 1 stands after q, k and v of head 0. */
static void grouped_projections_are_brought_in_order(void **state)
{
    (void)state;
    Made made = build_fine("gpt_neox", "");
    const float *row = nth(&made, OP_gather, 0)->operand[1]->values;
    assert_true(row[0] == 0 && row[15] == 15 && row[16] == 48 && row[64] == 16 && row[80] == 64 && row[128] == 32 && row[191] == 191);
    arena_free(made.arena);
}

static void embeddings_of_gemma_are_scaled_as_stored(void **state)
{
    (void)state;
    Made made = build_fine("gemma", "\"hidden_size\": 3072, \"head_dim\": 16, \"torch_dtype\": \"bfloat16\"");
    assert_true(nth(&made, OP_embed, 0)->a.scale == 55.5);
    arena_free(made.arena);
    made = build_fine("gemma", "\"hidden_size\": 3072, \"head_dim\": 16, \"dtype\": \"float32\"");
    assert_true((float)nth(&made, OP_embed, 0)->a.scale == sqrtf(3072));
    arena_free(made.arena);
}

/* ---- what is not known ---- */

static void unknown_settings_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *type, *more, *message;
    } cases[] = {
        {"llama", "\"rope_scaling\": {\"type\": \"spiral\"}", "found spiral, which is not implemented; known: default, linear, dynamic, yarn"},
        {"llama", "\"rope_scaling\": {\"type\": \"linear\"}", "rope_scaling.factor: missing"},
        {"llama", "\"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1], \"long_factor\": [1]}", "wanted a list of 8 numbers"},
        {"llama", "\"hidden_act\": \"wobble\"", "found wobble"},
        {"llama", "\"num_key_value_heads\": 3", "num_attention_heads 4 is no multiple of num_key_value_heads 3"},
        {"phi3", "\"rope_scaling\": {\"type\": \"yarn\"}", "found yarn"},
        {"qwen3", "\"use_sliding_window\": true, \"layer_types\": [\"chunked_attention\"]", "chunked_attention"},
        {"smollm3", "\"no_rope_layers\": [1, 2]", "wanted 0 or 1 for layer 1"},
        {"mpt", "\"max_seq_len\": 8, \"attn_config\": {\"alibi\": false}", "attn_config.alibi"},
        {"falcon", "\"num_ln_in_parallel_attn\": 2", "num_ln_in_parallel_attn"},
        {"gptj", "\"rotary_dim\": 5", "wanted an even number"},
        {"stablelm", "\"partial_rotary_factor\": 0.2", "wanted an even number"},
        {"gemma3_text", "\"head_dim\": 16, \"use_bidirectional_attention\": true", "use_bidirectional_attention"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Made made;
        assert_false(build(&made, cases[i].type, cases[i].more));
        assert_contains(made.err.text, cases[i].message);
        arena_free(made.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(angles_follow_every_rope_type),
        cmocka_unit_test(windows_and_rotation_vary_by_layer),
        cmocka_unit_test(biases_fall_with_distance),
        cmocka_unit_test(opt_350m_is_narrow_outside_and_norms_sums),
        cmocka_unit_test(falcon_has_three_layouts),
        cmocka_unit_test(grouped_projections_are_brought_in_order),
        cmocka_unit_test(embeddings_of_gemma_are_scaled_as_stored),
        cmocka_unit_test(unknown_settings_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
