/* arch: from config.json to the family's function and head. */
#include "compiler/arch/arch.h"

#include <string.h>

#include "compiler/arch/blocks.h"
#include "compiler/arch/sentence.h"

#define ARCH(name) extern const Architecture arch_##name;
#include "compiler/arch/archs.def"

static const Architecture *const architectures[] = {
#define ARCH(name) &arch_##name,
#include "compiler/arch/archs.def"
};

static const struct HeadInfo {
    const char *name, *suffixes, *tasks, *about;
} heads[HEAD_COUNT] = {
#define HEAD(name, suffixes, tasks, about) {#name, suffixes, tasks, about},
#include "compiler/arch/heads.def"
};

const char *arch_known(Arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < COUNT_OF(architectures); i++)
        if (!architectures[i]->classes) text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", architectures[i]->model_type);
    return text;
}

const char *head_known(Arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < HEAD_COUNT; i++)
        text = arena_printf(arena, "%s%s%s (%s)", text, i ? ", " : "", heads[i].suffixes, heads[i].about);
    return text;
}

/* Tasks of a head; those of the base and sequence-to-sequence heads differ between families. */
static const char *head_tasks(const Architecture *architecture, Head head)
{
    bool own = head == HEAD_seq2seq_lm || head == HEAD_base;
    return own && architecture->tasks ? architecture->tasks : heads[head].tasks;
}

static void print_family(Str *out, const Architecture *a)
{
    str_printf(out, "| `%s`%s%s | %s |", a->model_type, a->classes ? ", class ..." : "", a->classes ? a->classes : "", a->encoder ? "encoder and decoder" : a->decoder ? "decoder" : a->images ? "pictures" : a->sounds ? "sounds" : "encoder");
    for (int i = 0, shown = 0; i < HEAD_COUNT; i++)
        if (a->head[i]) str_printf(out, "%s%s", shown++ ? ", " : " ", heads[i].name);
    str_printf(out, " |");
    for (int i = 0, shown = 0; i < HEAD_COUNT; i++)
        if (a->head[i] && *head_tasks(a, (Head)i)) str_printf(out, "%s%s", shown++ ? "; " : " ", head_tasks(a, (Head)i));
    str_printf(out, " |\n");
}

void families_reference(Str *out)
{
    str_printf(out, "# Families\n\nMade from `compiler/arch/archs.def` and `heads.def`. The tasks are those of each head in turn; a model may lack the labels\n"
                    "for some. `python3 tests/bench/families.py` tells the length of each family's file.\n\n"
                    "| model_type | kind | heads | tasks |\n|---|---|---|---|\n");
    for (size_t i = 0; i < COUNT_OF(architectures); i++) print_family(out, architectures[i]);
}

/* Length of the ending of `text` that one of the '|'-separated suffixes is; 0: none. */
static size_t suffix_match(const char *text, const char *suffixes)
{
    size_t length = strlen(text), longest = 0;
    for (const char *at = suffixes; *at;) {
        size_t n = strcspn(at, "|");
        if (n <= length && n > longest && memcmp(text + length - n, at, n) == 0) longest = n;
        at += n + (at[n] == '|');
    }
    return longest;
}

/* That of the class, or of all classes of the type. */
static const Architecture *arch_find(const char *model_type, const char *class_name)
{
    const Architecture *found = NULL;
    for (size_t i = 0; i < COUNT_OF(architectures); i++) {
        const Architecture *a = architectures[i];
        if (strcmp(a->model_type, model_type) != 0 || (a->classes && !suffix_match(class_name, a->classes))) continue;
        if (!found || a->classes) found = a;
    }
    return found;
}

/* The head whose ending fits the class name longest: "BertModel" is base, "GPT2LMHeadModel" is not. */
static Head head_find(const char *class_name)
{
    size_t longest = 0;
    Head found = HEAD_COUNT;
    for (int i = 0; i < HEAD_COUNT; i++) {
        size_t n = suffix_match(class_name, heads[i].suffixes);
        if (n > longest) {
            longest = n;
            found = (Head)i;
        }
    }
    return found;
}

static const char *class_of(Model *model, const ArchOptions *options)
{
    if (options->class_name) return options->class_name;
    const cJSON *list = config_item(&model->config, "architectures");
    if (cJSON_IsArray(list) && cJSON_IsString(list->child)) return list->child->valuestring;
    return "Model"; /* as AutoModel.from_config does: the body alone */
}

static bool choose(Arena *arena, Model *model, const ArchOptions *options, BuiltModel *built, Err *err)
{
    const char *model_type = config_text_or(&model->config, "model_type", NULL);
    if (!model_type) return err_set(err, "%s: model_type: not there; wanted one of %s", model->config.file, arch_known(arena));
    built->class_name = class_of(model, options);
    built->architecture = arch_find(model_type, built->class_name);
    if (!built->architecture)
        return err_set(err, "%s: model_type: found \"%s\", which hf2c does not know; known: %s", model->config.file, model_type,
                       arch_known(arena));
    built->head = head_find(built->class_name);
    if (built->head == HEAD_COUNT)
        return err_set(err, "%s: architectures: found \"%s\", whose head hf2c does not know; known endings: %s", model->config.file,
                       built->class_name, head_known(arena));
    if (!built->architecture->head[built->head])
        return err_set(err, "%s: architectures: found \"%s\": %s models have no such head in hf2c", model->config.file,
                       built->class_name, model_type);
    return true;
}

static const Node *logits_of(const Graph *graph)
{
    for (size_t i = 0; i < graph->outputs; i++)
        if (strcmp(graph->output[i].name, "logits") == 0) return graph->output[i].node;
    bug("a head with labels but without logits");
}

/* What id2label says, in order of the ids. */
static bool read_labels(Arena *arena, Builder *b, BuiltModel *built)
{
    bool labelled = strstr(heads[built->head].tasks, "-classification") != NULL || built->head == HEAD_object_detection;
    if (!labelled) return true;
    int count = (int)shape_columns(logits_of(b->graph)->shape) - (built->head == HEAD_object_detection); /* the last of those: nothing */
    built->label_count = count;
    built->labels = ARENA_ARRAY(arena, const char *, (size_t)count);
    const cJSON *labels = built->head == HEAD_multiple_choice ? NULL : config_item(b->config, "id2label");
    for (int i = 0; i < count; i++) {
        const cJSON *label = cJSON_GetObjectItemCaseSensitive(labels, arena_printf(arena, "%d", i));
        if (label && !cJSON_IsString(label))
            return err_set(b->err, "%s: id2label.%d: wanted a string", b->config->file, i);
        if (labels && !label) return err_set(b->err, "%s: id2label: no label for id %d of %d", b->config->file, i, count);
        built->labels[i] = label ? label->valuestring : arena_printf(arena, "LABEL_%d", i);
    }
    return true;
}

/* As the text-classification pipeline decides it. */
static bool read_problem(Builder *b, BuiltModel *built)
{
    const char *problem = config_text_or(b->config, "problem_type", "");
    if (built->head == HEAD_multiple_choice) problem = "regression"; /* a choice's score means something beside the others only */
    if (strcmp(problem, "multi_label_classification") == 0) {
        built->problem = HF2C_PROBLEM_MULTI_LABEL;
    } else if (strcmp(problem, "regression") == 0) {
        built->problem = HF2C_PROBLEM_REGRESSION;
    } else if (*problem == '\0' || strcmp(problem, "single_label_classification") == 0) {
        /* One label can only be a score of its own. */
        built->problem = built->label_count == 1 ? HF2C_PROBLEM_MULTI_LABEL : HF2C_PROBLEM_SINGLE_LABEL;
    } else {
        config_refuse(b->config, "problem_type", problem,
                      "regression, single_label_classification, multi_label_classification");
    }
    return b->err->text[0] == '\0';
}

static void report_unused(const Model *model)
{
    size_t unused = 0;
    const char *example = NULL;
    for (size_t i = 0; i < model->tensors.count; i++) {
        if (model->tensors.item[i].used) continue;
        if (!example) example = model->tensors.item[i].name;
        unused++;
    }
    if (unused) warn("%s: %zu tensors are not used by this model, the first is %s", model->name, unused, example);
}

static void describe(Builder *b, BuiltModel *built, const Node *hidden)
{
    const Config *c = b->config;
    const char *tasks = head_tasks(built->architecture, built->head);
    built->graph = b->graph;
    built->tasks = tasks_suited(b->graph->arena, built, tasks);
    built->layers = config_int_or(c, "num_hidden_layers|n_layer|num_layers|n_layers|decoder_layers", 1, 1 << 16, 1);
    built->hidden = shape_columns(hidden->shape);
    built->cached = b->cached;
    built->caches = b->caches;
    built->similarity = b->similarity;
    built->max_source = b->source_positions;
    built->frame_samples = b->frame_samples;
    built->frame_step = b->frame_step;
    built->pictures = b->pictures;
    built->max_sequence = 1;
    if (b->pictures.patch)
        built->max_sequence = b->pictures.tokens + b->pictures.most.height / b->pictures.patch * (b->pictures.most.width / b->pictures.patch);
    if (built->architecture->images) return;
    built->source_vocabulary = b->source_vocabulary;
    built->vocabulary = b->target_vocabulary ? b->target_vocabulary : config_int(c, "vocab_size|text_config.vocab_size", 1, 1 << 24);
    if (built->architecture->sounds) return;
    const char *length = built->architecture->length_keys;
    int64_t otherwise = built->architecture->default_length;
    int64_t positions = otherwise ? config_int_or(c, length, 1, 1 << 26, otherwise) : config_int(c, length, 1, 1 << 26);
    if (b->stretched_positions > positions) positions = b->stretched_positions;
    built->max_sequence = positions - b->reserved_positions;
}

/* transformers has the bodies of some decoders under "transformer" where they answer questions, and under "model" otherwise. */
static const char *body_prefix(Arena *arena, const Model *model, const Architecture *architecture)
{
    const char *usual = architecture->prefix, *dot = strchr(usual, '.');
    if (!dot || model_has_prefix(model, arena_copy_text(arena, usual, (size_t)(dot - usual))) || !model_has_prefix(model, "transformer"))
        return usual;
    return "transformer.";
}

bool arch_build(Arena *arena, Model *model, const ArchOptions *options, BuiltModel *built, Err *err)
{
    *built = (BuiltModel){0};
    model->config.err = err;
    if (!choose(arena, model, options, built, err)) return false;
    Builder b = {.graph = graph_new(arena),
                 .model = model,
                 .config = &model->config,
                 .err = err,
                 .architecture = built->architecture,
                 .head = built->head,
                 .base = built->head == HEAD_base ? "" : body_prefix(arena, model, built->architecture),
                 .cached = built->architecture->encoder || (built->architecture->decoder && built->head == HEAD_causal_lm),
                 .hidden_states = options->hidden_states};
    b.deviation = config_float_or(&model->config, "initializer_range", 0, 100, 0.02);
    strcpy(b.scope, b.base);
    Node *hidden = err->text[0] ? NULL : built->architecture->body(&b);
    if (err->text[0]) return false;
    b.scope[0] = '\0';
    built->architecture->head[built->head](&b, hidden);
    if (built->head == HEAD_base && !err->text[0]) sentence_output(&b, hidden);
    if (!read_labels(arena, &b, built) || !read_problem(&b, built)) return false;
    describe(&b, built, hidden);
    if (err->text[0]) return false;
    if (model->has_weights) report_unused(model);
    return true;
}
