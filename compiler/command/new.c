/* new: a model from its config alone, as AutoModel.from_config makes it: counted, or written with random weights. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler/command/command.h"
#include "compiler/command/edit.h"
#include "compiler/command/random.h"
#include "compiler/command/summary.h"
#include "templates/format/bf16.h"
#include "templates/format/f16.h"

typedef struct NewModel {
    Arena *arena;
    const Options *options;
    const char *config; /* text of config.json, edited */
    Model model;
    BuiltModel built;
    StoredType type;    /* of the weights to be written */
    Err err;
} NewModel;

/* ---- the config ---- */

enum { CONFIG_LIMIT = 1 << 24 };

/* As transformers: a number of labels stands for that many labels with made-up names. */
static bool set_labels(NewModel *n, const char *value)
{
    Config one = {json_parse(n->arena, "--set num_labels", arena_printf(n->arena, "{\"n\": %s}", value), strlen(value) + 7, &n->err),
                  "--set num_labels", n->arena, &n->err};
    int64_t count = one.root ? config_int(&one, "n", 1, 1 << 20) : 0;
    if (n->err.text[0]) return false;
    Str names = {0}, ids = {0};
    for (int64_t i = 0; i < count; i++) {
        str_printf(&names, "%s\"%" PRId64 "\": \"LABEL_%" PRId64 "\"", i ? ", " : "{", i, i);
        str_printf(&ids, "%s\"LABEL_%" PRId64 "\": %" PRId64, i ? ", " : "{", i, i);
    }
    str_printf(&names, "}");
    str_printf(&ids, "}");
    n->config = json_edit(n->arena, n->config, "id2label", names.data, NULL, &n->err);
    if (n->config) n->config = json_edit(n->arena, n->config, "label2id", ids.data, NULL, &n->err);
    str_free(&names);
    str_free(&ids);
    return n->config != NULL;
}

static bool set_one(NewModel *n, const char *setting)
{
    const char *equals = strchr(setting, '=');
    if (!equals || equals == setting) return err_set(&n->err, "--set: found \"%s\", wanted KEY=VALUE", setting);
    const char *key = arena_copy_text(n->arena, setting, (size_t)(equals - setting));
    const char *value = json_of_word(n->arena, equals + 1);
    bool added;
    if (strcmp(key, "num_labels") == 0) return set_labels(n, value);
    n->config = json_edit(n->arena, n->config, key, value, &added, &n->err);
    if (n->config && added) warn("--set %s: the config had no such key; added", key);
    return n->config || err_prefix(&n->err, "--set");
}

/* Reads the config once more as text, changes it, and gives the model what came out. */
static bool edit_config(NewModel *n)
{
    const char *file = n->model.config.file;
    FileView text;
    if (!file_read(n->arena, file, CONFIG_LIMIT, &text, &n->err)) return false;
    n->config = (const char *)text.data;
    for (size_t i = 0; i < n->options->set.count; i++)
        if (!set_one(n, n->options->set.item[i])) return false;
    if (n->options->set.count == 0) return true;
    n->model.config.root = json_parse(n->arena, arena_printf(n->arena, "%s with --set", file), n->config, strlen(n->config), &n->err);
    return n->model.config.root != NULL;
}

static bool choose_type(NewModel *n)
{
    static const struct {
        const char *name;
        StoredType type;
    } types[] = {{"float32", STORED_F32}, {"bfloat16", STORED_BF16}, {"float16", STORED_F16}};
    const char *name = config_text_or(&n->model.config, "dtype|torch_dtype", "float32");
    if (strncmp(name, "torch.", 6) == 0) name += 6;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strcmp(types[i].name, name) != 0) continue;
        n->type = types[i].type;
        return true;
    }
    config_refuse(&n->model.config, "dtype", name, "float32, bfloat16, float16");
    return false;
}

static bool open_new(NewModel *n)
{
    static const ArchOptions plain = {0};
    return model_open(n->arena, n->options->model, false, &n->model, &n->err) && edit_config(n) &&
           arch_build(n->arena, &n->model, &plain, &n->built, &n->err) && choose_type(n);
}

/* ---- the weights ---- */

typedef struct Source {
    Initial initial;
    RandomStream stream;
    int64_t columns;
} Source;

static double initial_value(const Source *source, uint64_t index)
{
    const Initial *initial = &source->initial;
    if (initial->zero_row >= 0 && (int64_t)index / source->columns == initial->zero_row) return 0;
    switch (initial->kind) {
    case INITIAL_NORMAL: return initial->deviation * random_normal(source->stream, index);
    case INITIAL_UNIFORM: return initial->deviation * (2 * random_uniform(source->stream, index) - 1);
    case INITIAL_ONES: return 1;
    case INITIAL_NUMBER: return initial->deviation;
    case INITIAL_ZEROS: return 0;
    }
    bug("initial kind %d", initial->kind);
}

static void fill(const TensorPlan *plan, size_t first, size_t count, void *out)
{
    for (size_t i = 0; i < count; i++) {
        float value = (float)initial_value(plan->user, first + i);
        if (plan->type == STORED_F32) ((float *)out)[i] = value;
        if (plan->type == STORED_BF16) ((uint16_t *)out)[i] = bf16_encode(value);
        if (plan->type == STORED_F16) ((uint16_t *)out)[i] = f16_encode(value);
    }
}

static void plan_tensor(const NewModel *n, const Param *param, Source *source, TensorPlan *plan)
{
    const Node *node = param->node;
    *source = (Source){param->initial, random_stream((uint64_t)n->options->seed, node->a.key), shape_columns(node->shape)};
    *plan = (TensorPlan){.name = node->a.key, .type = n->type, .rank = node->shape.rank, .elements = 1, .user = source};
    for (int i = 0; i < plan->rank; i++) {
        plan->shape[i] = node->shape.dim[i].size;
        if (!size_mul(plan->elements, (size_t)plan->shape[i], &plan->elements)) fatal("%s: too many elements", plan->name);
    }
}

static bool write_weights(NewModel *n, const char *folder)
{
    const Graph *graph = n->built.graph;
    TensorPlan *plan = ARENA_ARRAY(n->arena, TensorPlan, graph->params);
    Source *source = ARENA_ARRAY(n->arena, Source, graph->params);
    for (size_t i = 0; i < graph->params; i++) plan_tensor(n, &graph->param[i], &source[i], &plan[i]);
    return safetensors_write(arena_printf(n->arena, "%s/model.safetensors", folder), plan, graph->params, fill, &n->err);
}

static bool write_config(NewModel *n, const char *folder)
{
    FileWriter *writer = writer_open(arena_printf(n->arena, "%s/config.json", folder), &n->err);
    if (!writer) return false;
    writer_write(writer, n->config, strlen(n->config));
    return writer_commit(writer, false, &n->err);
}

static bool write_folder(NewModel *n)
{
    const char *output = n->options->output;
    const char *folder = folder_begin(n->arena, output, &n->err);
    if (!folder) return false;
    if (write_config(n, folder) && (!n->options->save || write_weights(n, folder))) return folder_commit(folder, output, &n->err);
    folder_discard(folder);
    return false;
}

/* ---- what is said ---- */

static void print_json(const NewModel *n)
{
    const BuiltModel *b = &n->built;
    printf("{\"class\": %s, \"model_type\": \"%s\", \"parameters\": %" PRId64 ", \"tensors\": %zu, \"layers\": %" PRId64
           ", \"hidden\": %" PRId64 ", \"vocabulary\": %" PRId64 ", \"dtype\": \"%s\"}\n",
           json_quoted(n->arena, b->class_name), b->architecture->model_type, graph_parameters(b->graph), b->graph->params, b->layers,
           b->hidden, b->vocabulary, stored_name(n->type));
}

static void print_text(const NewModel *n)
{
    Str text = {0};
    summary_head(&text, &n->model, &n->built);
    if (!n->options->output) summary_tensors(&text, n->arena, n->built.graph);
    fputs(text.data, stdout);
    str_free(&text);
    if (n->options->output) printf("written      %s%s\n", n->options->output, n->options->save ? ", with weights" : ", config.json only");
}

int command_new(const Options *options)
{
    NewModel n = {.arena = arena_new(), .options = options};
    bool fine = !options->save || options->output || err_set(&n.err, "--save needs a folder to write: -o DIR");
    fine = fine && open_new(&n) && (!options->output || write_folder(&n));
    if (!fine) fatal("%s", n.err.text);
    if (options->json) print_json(&n);
    else print_text(&n);
    arena_free(n.arena);
    return EXIT_DONE;
}
