/* facts: what the runtime is told of a compiled model. The interpreter hands the struct over as it is; the emitter prints it. */
#include <stdio.h>
#include <string.h>

#include "compiler/compile.h"

static const char *printable(Arena *arena, const char *text)
{
    char *copy = arena_printf(arena, "%s", text);
    for (char *c = copy; *c; c++)
        if (*c < ' ' || *c > '~' || strchr("\"\\?*/", *c)) *c = '_';
    return copy;
}

static hf2c_rows rows_of(const Node *node)
{
    if (node->entry == 1) return HF2C_ROWS_SOURCE;
    switch (node->shape.dim[0].symbol) {
    case SYMBOL_sequences: return HF2C_ROWS_SEQUENCES;
    case SYMBOL_wanted: return HF2C_ROWS_WANTED;
    case SYMBOL_images: return HF2C_ROWS_IMAGES;
    default: return HF2C_ROWS_ALL;
    }
}

static void describe_outputs(Compiled *c)
{
    hf2c_output *output = ARENA_ARRAY(c->arena, hf2c_output, c->graph->outputs);
    for (size_t i = 0; i < c->graph->outputs; i++) {
        const GraphOutput *from = &c->graph->output[i];
        int64_t columns = shape_columns(from->node->shape) * from->node->shape.dim[0].size;
        if (columns > INT32_MAX) fatal("output %s has %lld columns, which is too many", from->name, (long long)columns);
        output[i] = (hf2c_output){from->name, rows_of(from->node), (int)columns};
    }
    c->facts.outputs = output;
    c->facts.output_count = (int)c->graph->outputs;
}

static void describe_places(Compiled *c)
{
    hf2c_places *places = ARENA_ARRAY(c->arena, hf2c_places, c->graph->outputs);
    for (size_t i = 0; i < c->graph->outputs; i++) {
        const GraphOutput *from = &c->graph->output[i];
        bool several = rows_of(from->node) == HF2C_ROWS_IMAGES && (from->node->shape.dim[0].size > 1 || from->line > 0);
        if (several) places[i] = (hf2c_places){(int)shape_columns(from->node->shape), (int)from->line};
    }
    c->facts.places = c->facts.image_values ? places : NULL;
}

/* A token id of config.json or generation_config.json; the latter counts. Configs carry ids of another vocabulary as defaults of their
 * family: nothing can be such a token. */
static int32_t token_id(const Compiled *c, const char *key)
{
    int64_t id = config_int_or(&c->model.config, key, -1, INT32_MAX, -1);
    id = config_int_or(&c->model.generation, key, -1, INT32_MAX, id);
    return id < c->built.vocabulary ? (int32_t)id : -1;
}

/* Ids of a list, then the words of one token that may never appear, as one list; NULL: none. */
static const int32_t *token_list(Compiled *c, const Config *from, const char *key, bool bad_words, int *count)
{
    enum { MOST = 1024 };
    int64_t ids[MOST];
    size_t found = config_ints(from, key, -1, INT32_MAX, ids, MOST);
    const cJSON *words = bad_words ? config_item(from, "bad_words_ids") : NULL, *word;
    cJSON_ArrayForEach(word, words)
    {
        bool alone = cJSON_GetArraySize(word) == 1 && cJSON_IsNumber(word->child) && found < MOST;
        if (alone) ids[found++] = (int64_t)word->child->valuedouble;
        else warn("%s: bad_words_ids: only words of one token are known; one is left out", from->file);
    }
    int32_t *list = ARENA_ARRAY(c->arena, int32_t, found + 1);
    for (size_t i = 0; i < found; i++)
        if (ids[i] >= 0 && ids[i] < c->built.vocabulary) list[(*count)++] = (int32_t)ids[i];
    return *count ? list : NULL;
}

/* false, true or "never", as hf2c_early_stopping has them. */
static int early_stopping(const Config *from)
{
    const cJSON *item = config_item(from, "early_stopping");
    return cJSON_IsString(item) ? 2 : cJSON_IsTrue(item) ? 1 : 0;
}

static void describe_search(Compiled *c, const Config *from)
{
    hf2c_generation_defaults *g = &c->facts.generation;
    g->decoder_start = token_id(c, "decoder_start_token_id");
    g->forced_bos = token_id(c, "forced_bos_token_id");
    g->forced_eos = token_id(c, "forced_eos_token_id");
    g->min_length = (int)config_int_or(from, "min_length", 0, 1 << 26, 0);
    g->no_repeat_ngram_size = (int)config_int_or(from, "no_repeat_ngram_size", 0, 1 << 26, 0);
    g->num_beams = (int)config_int_or(from, "num_beams", 1, 256, 1);
    g->length_penalty = (float)config_float_or(from, "length_penalty", -1e6, 1e6, 1);
    g->early_stopping = early_stopping(from);
    g->typical_p = (float)config_float_or(from, "typical_p", 0, 1, 0);
    g->epsilon_cutoff = (float)config_float_or(from, "epsilon_cutoff", 0, 1, 0);
    g->eta_cutoff = (float)config_float_or(from, "eta_cutoff", 0, 1, 0);
    g->encoder_repetition_penalty = (float)config_float_or(from, "encoder_repetition_penalty", 0, 1e6, 0);
    g->min_new_tokens = (int)config_int_or(from, "min_new_tokens", 0, 1 << 26, 0);
    g->encoder_no_repeat_ngram_size = (int)config_int_or(from, "encoder_no_repeat_ngram_size", 0, 1 << 26, 0);
    g->suppress = token_list(c, from, "suppress_tokens", true, &g->suppress_count);
    g->begin_suppress = token_list(c, from, "begin_suppress_tokens", false, &g->begin_suppress_count);
}

static void describe_generation(Compiled *c)
{
    hf2c_generation_defaults *g = &c->facts.generation;
    /* Folders without a generation_config.json have its settings in config.json. */
    const Config *from = c->model.generation.root->child ? &c->model.generation : &c->model.config;
    int64_t eos[COUNT_OF(g->eos)];
    g->bos = token_id(c, "bos_token_id");
    g->pad = token_id(c, "pad_token_id");
    size_t count = config_ints(from, "eos_token_id", 0, INT32_MAX, eos, COUNT_OF(eos));
    if (count == 0) count = config_ints(&c->model.config, "eos_token_id", 0, INT32_MAX, eos, COUNT_OF(eos));
    for (size_t i = 0; i < count; i++)
        if (eos[i] < c->built.vocabulary) g->eos[g->eos_count++] = (int32_t)eos[i];
    g->do_sample = config_bool_or(from, "do_sample", false);
    g->top_k = (int)config_int_or(from, "top_k", 0, 1 << 24, 50);
    g->max_length = (int)config_int_or(from, "max_length", 0, 1 << 26, 0);
    g->max_new_tokens = (int)config_int_or(from, "max_new_tokens", 0, 1 << 26, 0);
    g->temperature = (float)config_float_or(from, "temperature", 0, 1e6, 1);
    g->top_p = (float)config_float_or(from, "top_p", 0, 1, 1);
    g->min_p = (float)config_float_or(from, "min_p", 0, 1, 0);
    g->repetition_penalty = (float)config_float_or(from, "repetition_penalty", 1e-6, 1e6, 1);
    describe_search(c, from);
}

static hf2c_task_settings settings_of(const Config *from, const char *task)
{
    hf2c_task_settings s = {.task = task, .prefix = config_text_or(from, "prefix", NULL)};
    if (!*task) return s; /* of the whole model: the rest is among the defaults of generation */
    s.max_length = (int)config_int_or(from, "max_length", 0, 1 << 26, 0);
    s.min_length = (int)config_int_or(from, "min_length", 0, 1 << 26, 0);
    s.num_beams = (int)config_int_or(from, "num_beams", 1, 256, 0);
    s.no_repeat_ngram_size = (int)config_int_or(from, "no_repeat_ngram_size", 0, 1 << 26, 0);
    s.length_penalty = (float)config_float_or(from, "length_penalty", -1e6, 1e6, 0);
    s.early_stopping = early_stopping(from);
    return s;
}

static void describe_task_settings(Compiled *c)
{
    const cJSON *tasks = config_item(&c->model.config, "task_specific_params"), *task;
    hf2c_task_settings *list = ARENA_ARRAY(c->arena, hf2c_task_settings, (size_t)cJSON_GetArraySize(tasks) + 1);
    int count = 0;
    if (!c->built.architecture->encoder) return;
    cJSON_ArrayForEach(task, tasks)
    {
        Config one = config_object(&c->model.config, arena_printf(c->arena, "task_specific_params.%s", task->string));
        if (cJSON_IsObject(task)) list[count++] = settings_of(&one, task->string);
    }
    if (config_text_or(&c->model.config, "prefix", NULL)) list[count++] = settings_of(&c->model.config, "");
    c->facts.task_settings = list;
    c->facts.task_settings_count = count;
}

static void describe_embedding(Compiled *c)
{
    static const struct {
        const char *name;
        hf2c_pooling pooling;
    } modes[] = {{"mean", HF2C_POOLING_MEAN}, {"cls", HF2C_POOLING_CLS}, {"max", HF2C_POOLING_MAX}, {"last", HF2C_POOLING_LAST}};
    const char *mode = config_text_or(&c->model.sentence, "pooling_mode", "");
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        if (strcmp(modes[i].name, mode) == 0) c->facts.pooling = modes[i].pooling;
    c->facts.normalize = config_bool_or(&c->model.sentence, "normalize", false);
}

/* Numbers of an image; 0: the graph takes none. */
static int image_values(const Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        bool images = node->op == OP_input && node->shape.dim[0].symbol == SYMBOL_images;
        if (images) return (int)node->shape.dim[0].size;
    }
    return 0;
}

/* Features of a row; 0: the graph takes none. */
static int row_values(const Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        bool features = node->op == OP_input && node->format == FORMAT_f32 && node->shape.dim[0].symbol == SYMBOL_rows;
        if (features) return (int)(node->shape.dim[0].size * node->shape.dim[1].size);
    }
    return 0;
}

/* Rows of the table that token types choose from. */
static int token_types(const Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (node->op == OP_embed && node->operand[0]->op == OP_input && strcmp(node->operand[0]->a.key, "types") == 0)
            return (int)node->operand[1]->shape.dim[0].size;
    }
    return 0;
}

/* Caches that hold a row for each position can be cut back to any of them, unless a row depends on what came behind it: rotations that
 * change with the sequence's length. Sums over all rows so far, of models without attention, cannot be taken back. */
static bool can_rewind(const Graph *graph)
{
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (node->op == OP_state || (node->op == OP_rope_table && node->a.original > 0)) return false;
    }
    return true;
}

/* The default task first. */
static bool describe_tasks(Compiled *c, Err *err)
{
    const char *tasks = c->built.tasks, *first = c->options.task;
    /* A folder with sentence-transformers settings is an embedding model first of all. */
    if (!first && c->facts.pooling && strstr(tasks, "sentence-embedding")) first = "sentence-embedding";
    c->facts.tasks = tasks;
    if (!first) return true;
    Str others = {0};
    bool known = false;
    for (const char *at = tasks; *at;) {
        size_t n = strcspn(at, " ");
        if (strlen(first) == n && memcmp(first, at, n) == 0) {
            known = true;
        } else {
            str_printf(&others, " %.*s", (int)n, at);
        }
        at += n + (at[n] == ' ');
    }
    c->facts.tasks = arena_printf(c->arena, "%s%s", first, others.data ? others.data : "");
    str_free(&others);
    return known || err_set(err, "%s cannot do the task \"%s\"; it can do: %s", c->built.class_name, first, tasks);
}

bool facts_describe(Compiled *c, Err *err)
{
    hf2c_model *f = &c->facts;
    const PlanOptions *limits = &c->plan->options;
    f->abi = HF2C_ABI;
    f->name = printable(c->arena, c->model.name);
    f->architecture = printable(c->arena, c->built.class_name);
    f->weights_bytes = c->plan->weights_bytes;
    f->workspace_bytes = c->plan->arena_bytes - c->plan->fast_bytes;
    f->fast_bytes = c->plan->fast_bytes;
    f->state_bytes = c->plan->state_bytes;
    f->vocabulary = (int)c->built.vocabulary;
    f->hidden = (int)c->built.hidden;
    f->layers = (int)c->built.layers;
    f->token_types = token_types(c->before);
    f->rewinds = c->built.cached && can_rewind(c->before);
    f->max_sequence = (int)limits->max_sequence;
    f->max_rows = (int)limits->max_rows;
    f->max_batch = (int)limits->max_batch;
    f->alone_rows = c->plan->alone_rows;
    Rings rings = plan_rings(c->plan);
    f->ring = (int)rings.positions;
    f->ring_back = (int)rings.back;
    f->image_values = image_values(c->before);
    f->max_images = f->image_values ? (int)limits->max_images : 0;
    f->frame_samples = (int)c->built.frame_samples;
    f->frame_step = (int)c->built.frame_step;
    f->max_source = (int)c->built.max_source;
    f->source_vocabulary = (int)c->built.source_vocabulary;
    f->row_values = row_values(c->before);
    f->image_patch = (int)c->built.pictures.patch;
    f->image_tokens = (int)c->built.pictures.tokens;
    f->image_channels = (int)c->built.pictures.channels;
    f->similarity = (float)c->built.similarity;
    f->labels = c->built.labels;
    f->label_count = c->built.label_count;
    f->problem = c->built.problem;
    f->tokenizer = c->tokenizer;
    f->target_tokenizer = c->target_tokenizer;
    f->constraint = c->constraint;
    c->model.generation.err = c->model.sentence.err = c->model.config.err = err;
    describe_outputs(c);
    describe_places(c);
    if (!facts_describe_images(c, err) || !facts_describe_sounds(c, err)) return false;
    describe_generation(c);
    describe_task_settings(c);
    describe_embedding(c);
    return err->text[0] == '\0' && describe_tasks(c, err);
}
