/* compile: the pipeline. A reader who has read compile() knows where everything is. */
#include "compiler/compile.h"
#include "compiler/constrain/constrain.h"
#include "compiler/read/json.h"
#include "runtime/text/tables.h"

#include <ctype.h>
#include <string.h>

/* Copied files are called ROOM_file.c, which a model of that name would overwrite, and formats have functions called FORMAT_decode, as
 * models do. */
static bool is_taken(const char *name)
{
    static const char *const names[] = {
        "core", "text", "generate", "task", "cli", "cpu", "simd", "format", "cuda", "image", "audio", "hf2c",
#define FORMAT(name, bits, block, parameters, group, cut, text) #name,
#include "templates/format/formats.def"
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* "kjv-writer" -> kjv_writer: a C identifier that no keyword or reserved name can clash with (it is always followed by _word). */
static const char *identifier_of(Arena *arena, const char *text)
{
    char *name = arena_printf(arena, "%s%s", isalpha((unsigned char)text[0]) ? "" : "model_", text);
    for (char *c = name; *c; c++) *c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
    return is_taken(name) ? arena_printf(arena, "model_%s", name) : name;
}

static int64_t longest_sequence(const Compiled *c)
{
    if (c->built.frame_step) return (facts_longest_sound(c) - c->built.frame_samples) / c->built.frame_step + 1;
    int64_t most = c->built.max_sequence, tokenizer = c->tokenizer ? hf2c_tokenizer_max_length(c->tokenizer) : 0;
    int64_t sentence = config_int_or(&c->model.sentence, "max_seq_length", 1, most, most);
    if (c->options.max_sequence > 0) return c->options.max_sequence < most ? c->options.max_sequence : most;
    if (tokenizer > 0 && tokenizer < most) most = tokenizer;
    return sentence < most ? sentence : most;
}

/* Without a cache a sequence must fit in one call; with one, long prompts go in pieces. */
static PlanOptions plan_options(const Compiled *c)
{
    PlanOptions p = {.target = c->target, .max_sequence = longest_sequence(c), .max_rows = c->options.max_rows};
    if (p.max_rows == 0) p.max_rows = c->built.cached && p.max_sequence > 256 ? 256 : p.max_sequence;
    p.max_source = c->built.max_source;
    p.frame_samples = c->built.frame_samples;
    p.frame_step = c->built.frame_step;
    bool whole = !c->built.cached || c->built.architecture->encoder; /* so must what an encoder reads */
    if (whole && p.max_rows < p.max_sequence) p.max_rows = p.max_sequence;
    if (p.max_rows < p.max_source) p.max_rows = p.max_source;
    p.max_batch = c->options.max_batch ? c->options.max_batch : 64;
    p.max_images = p.max_batch < 4 ? p.max_batch : 4; /* one is much work alone */
    if (p.frame_step && !c->options.max_batch) p.max_batch = p.max_images;
    if (c->built.pictures.patch) { /* and those of sizes of their own may be large */
        p.max_images = c->options.max_batch ? c->options.max_batch : 1;
        p.max_rows = p.max_images * p.max_sequence;
    }
    if (p.max_batch > p.max_rows) p.max_batch = p.max_rows;
    p.fast_ram = c->options.fast_ram;
    p.roll = pass_enabled(&c->options.passes, "roll");
    return p;
}

/* Whether what is read and what is written have tokens of their own, as Marian's tokenizers say it. */
static bool has_separate_vocabularies(const Compiled *c, Err *err)
{
    enum { LIMIT = 1 << 24 };
    const char *path = model_file(&c->model, "tokenizer_config.json");
    const cJSON *settings = path ? json_read(c->arena, path, LIMIT, err) : NULL;
    return settings && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(settings, "separate_vocabs"));
}

/* transformers hides the numbers of the source's special tokens in what is written too: the first one is such. */
static const hf2c_tokenizer *compile_target_tokenizer(Arena *arena, const Model *target, const hf2c_tokenizer *source, Err *err)
{
    const hf2c_tokenizer *plain = tokenizer_compile(arena, target, err);
    if (!plain) return NULL;
    hf2c_tokenizer *tokenizer = ARENA_NEW(arena, hf2c_tokenizer);
    hf2c_vocabulary_table *table = ARENA_NEW(arena, hf2c_vocabulary_table);
    uint8_t *flags = ARENA_ARRAY(arena, uint8_t, plain->vocabulary->count);
    for (uint32_t id = 0; id < plain->vocabulary->count; id++)
        flags[id] = (uint8_t)(plain->vocabulary->flags[id] | (hf2c_token_is_special(source, (int32_t)id) ? HF2C_TOKEN_SPECIAL : 0));
    *table = *plain->vocabulary;
    table->flags = flags;
    *tokenizer = *plain;
    tokenizer->vocabulary = table;
    return tokenizer;
}

/* Without files for both, or where there is room for one only, such a model's program takes and gives ids. */
static bool read_tokenizer(Compiled *c, Err *err)
{
    Model target = c->model;
    target.of_target = has_separate_vocabularies(c, err);
    if (err->text[0]) return false;
    bool two = target.of_target && model_file(&target, "vocab.json");
    if (c->built.source_vocabulary && !two && model_file(&c->model, "vocab.json"))
        warn("%s: source and target have vocabularies of their own, and separate_vocabs and target_vocab.json are not there: the program takes and "
             "gives ids, no texts", c->model.name);
    if ((c->built.source_vocabulary || target.of_target) && (!two || !c->target->hosted)) return true;
    c->tokenizer = tokenizer_compile(c->arena, &c->model, err);
    if (c->tokenizer && two) c->target_tokenizer = compile_target_tokenizer(c->arena, &target, c->tokenizer, err);
    return !err->text[0];
}

/* The clean-up of spaces would change what the constraint has allowed. */
static bool make_constraint(Compiled *c, Err *err)
{
    const char *schema = c->options.json_schema, *choices = c->options.choices;
    if (!schema && !choices) return true;
    if (schema && choices) return err_set(err, "--json-schema and --choices: wanted only one of them");
    if (!c->built.cached) return err_set(err, "--json-schema and --choices are for models that generate text");
    if (!c->tokenizer) return err_set(err, "--json-schema and --choices need a tokenizer, and the folder has none");
    if (c->target_tokenizer) return err_set(err, "--json-schema and --choices are for models that write the tokens that they read");
    hf2c_tokenizer *plain = ARENA_NEW(c->arena, hf2c_tokenizer);
    *plain = *c->tokenizer;
    plain->clean_up = 0;
    c->tokenizer = plain;
    c->constraint = schema ? constrain_schema(c->arena, plain, (int)c->built.vocabulary, schema, err)
                           : constrain_choices(c->arena, plain, (int)c->built.vocabulary, choices, err);
    return c->constraint != NULL;
}

/* Sounds travel with the batch of hosted programs only. */
static bool check_sounds(const Compiled *c, Err *err)
{
    bool sounds = c->built.frame_step || c->built.max_source;
    if (!sounds || (c->target->hosted && !c->target->device_compiler[0])) return true;
    return err_set(err, "target %s cannot run models that read sounds", c->target->name);
}

/* Gives measured inputs to the weights that are rounded with them: those in formats with blocks. */
static bool use_inputs(Compiled *c, Err *err)
{
    bool used = false;
    for (size_t i = 0; c->options.inputs && i < c->plan->weights; i++) {
        PackedWeight *weight = &c->plan->weight[i];
        weight->inputs = map_get(c->options.inputs, moments_key(weight->node));
        used = used || (weight->inputs && format_bits(weight->node->format) < 16);
    }
    return !c->options.inputs || used || err_set(err, "calibrate: no weight is rounded to few bits; wanted --precision q4 or the like");
}

/* Linears of one input stay apart where rows go in strips: queries are for one strip, keys and values for all. */
static PassOptions passes_for(const Compiled *c, int64_t strip_rows)
{
    PassOptions chosen = c->options.passes;
    if (!strip_rows) return chosen;
    const char **without = ARENA_ARRAY(c->arena, const char *, chosen.without_count + 1);
    for (size_t i = 0; i < chosen.without_count; i++) without[i] = chosen.without[i];
    without[chosen.without_count++] = "fuse_qkv";
    chosen.without = without;
    return chosen;
}

static bool plan_graph(Compiled *c, int64_t strip_rows, Err *err)
{
    PassOptions chosen = passes_for(c, strip_rows);
    PlanOptions options = plan_options(c);
    options.strip_rows = strip_rows < options.max_rows ? strip_rows : 0;
    c->graph = graph_copy(c->arena, c->before);
    passes_run(c->graph, &chosen);
    c->plan = plan_make(c->arena, c->graph, &options, err);
    return c->plan != NULL;
}

/* What firmware needs besides the plan, about: the stack is measured when the code is there. */
enum { ROOM_OF_STACK = 4096 };

static bool has_room(const Compiled *c, int64_t ram) { return plan_ram(c->plan) + ROOM_OF_STACK <= (size_t)ram; }

/* The highest strips that the RAM has room for; the lowest where it has for none. */
static bool plan_strips_for(Compiled *c, int64_t ram, Err *err)
{
    enum { HIGHEST = 32 };
    for (int64_t rows = HIGHEST; rows >= 1; rows /= 2) {
        if (!plan_graph(c, rows, err)) return false;
        if (has_room(c, ram)) return true;
    }
    return true;
}

static bool make_plan(Compiled *c, Err *err)
{
    bool firmware = !c->target->hosted;
    int64_t ram = c->options.ram ? c->options.ram : c->target->ram;
    if (!check_sounds(c, err)) return false;
    if (c->options.strip_rows && !firmware) return err_set(err, "--strip-rows is for firmware, not for target %s", c->target->name);
    if (c->options.fast_ram && !firmware) return err_set(err, "--fast-ram is for firmware, not for target %s", c->target->name);
    if (!plan_graph(c, c->options.strip_rows, err)) return false;
    if (firmware && ram && !c->options.strip_rows && !has_room(c, ram) && !plan_strips_for(c, ram, err)) return false;
    return plan_fits(c->plan, err) && use_inputs(c, err);
}

static bool tune(Arena *arena, Target *target, const char *file, Err *err)
{
    enum { MOST_BYTES = 1 << 16 };
    FileView text;
    return file_read(arena, file, MOST_BYTES, &text, err) && target_tune(arena, file, (const char *)text.data, target, err);
}

/* The target with what was measured, and with the limits that the user named, or none where nothing is to be refused. */
static const Target *choose_target(Arena *arena, const CompileOptions *options, Err *err)
{
    const Target *target = target_find(arena, options->target ? options->target : "native", err);
    if (!target || (!options->ram && !options->flash && !options->tune)) return target;
    Target *own = ARENA_NEW(arena, Target);
    *own = *target;
    if (options->tune && !tune(arena, own, options->tune, err)) return NULL;
    if (options->ram) own->ram = options->measure_only ? 0 : options->ram;
    if (options->flash) own->flash = options->measure_only ? 0 : options->flash;
    return own;
}

Compiled *compile(Arena *arena, const CompileOptions *options, Err *err)
{
    Compiled *c = ARENA_NEW(arena, Compiled);
    c->arena = arena;
    c->options = *options;
    c->target = choose_target(arena, options, err);
    if (!c->target || !model_open(arena, options->model, !options->without_weights, &c->model, err)) return NULL;
    c->name = identifier_of(arena, options->name ? options->name : c->model.name);
    ArchOptions arch = {.hidden_states = options->hidden_states};
    if (!arch_build(arena, &c->model, &arch, &c->built, err)) return NULL;
    c->before = c->built.graph;
    c->options.precision.outliers = config_float_or(&c->model.config, "quantization_config.llm_int8_threshold", 0, 1e6, 0);
    if (!precision_apply(c->before, &c->options.precision, err) || !read_tokenizer(c, err)) return NULL;
    if (!make_constraint(c, err) || !make_plan(c, err) || !facts_describe(c, err)) return NULL;
    if (options->draft && !compile_draft(c, err)) return NULL;
    return c;
}
