/* golden: see golden.h. */
#include "compiler/command/golden.h"

#include <string.h>

const Tolerance golden_default_tolerance = {2e-4, 2e-4};

enum { MOST_GROUPS = 4096 };
static const size_t notes_limit = (size_t)64 << 20;

/* First parts of names of what other tests compare. */
static const char *const other_kinds[] = {"generation", "sampling", "quant", "dequant", "beam", "chat"};
static const char *const input_names[] = {"input_ids", "attention_mask", "token_type_ids", "decoder_input_ids", "pixel_values", "input_values", "input_features"};

static bool is_input(const char *output)
{
    for (size_t i = 0; i < COUNT_OF(input_names); i++)
        if (strcmp(output, input_names[i]) == 0) return true;
    return false;
}

static bool is_other_kind(const char *name)
{
    size_t length = strcspn(name, "/");
    for (size_t i = 0; i < COUNT_OF(other_kinds); i++)
        if (strlen(other_kinds[i]) == length && memcmp(name, other_kinds[i], length) == 0) return true;
    return false;
}

/* LLM.int8 also rounds activations, all but the columns with outliers: another model than the weights' own. */
#define LLM_INT8 "quant/llm.int8"

static const struct {
    const char *group, *format;
} precisions[] = {{"precision/float32", "f32"}, {"precision/float16", "f16"}, {"precision/bfloat16", "bf16"},
                  {"quant/nf4", "nf4"},         {"quant/fp4", "fp4"},         {"quant/int8", "int8"},         {LLM_INT8, "llm.int8"}};

const char *golden_precision(const GoldenGroup *group)
{
    for (size_t i = 0; i < COUNT_OF(precisions); i++)
        if (strcmp(group->name, precisions[i].group) == 0) return precisions[i].format;
    return NULL;
}

/* Quantised weights, multiplied exactly: the logits of quant/nf4 and quant/fp4, and those of quant/int8 without LLM.int8's rounding of
 * activations. */
static const char *quantised_output(const char *name)
{
    const char *output = strrchr(name, '/') + 1;
    bool logits = strncmp(name, "quant/", 6) == 0 && (strcmp(output, "logits") == 0 || strcmp(output, "logits_weight_only") == 0);
    return logits ? "logits" : NULL;
}

static bool is_llm_int8(const char *name)
{
    return strcmp(name, "single/llm_int8_logits") == 0 || strcmp(name, "quant/int8/logits_llm_int8") == 0;
}

/* ---- golden.json ---- */

/* {"atol": x, "rtol": y}; leaves *tolerance as it is when the item is none. */
static void read_tolerance(const cJSON *item, Tolerance *tolerance)
{
    const cJSON *absolute = cJSON_GetObjectItemCaseSensitive(item, "atol"), *relative = cJSON_GetObjectItemCaseSensitive(item, "rtol");
    if (cJSON_IsNumber(absolute)) tolerance->absolute = absolute->valuedouble;
    if (cJSON_IsNumber(relative)) tolerance->relative = relative->valuedouble;
}

/* Generated texts may hold NUL, which no string of ours can; nothing here reads those texts. */
static void replace_nuls(char *text, size_t bytes)
{
    static const char nul[] = "\\u0000", replacement[] = "\\ufffd";
    for (size_t at = 0; at + sizeof nul - 1 <= bytes; at++) {
        if (text[at] != '\\') continue;
        if (memcmp(text + at, nul, sizeof nul - 1) == 0) memcpy(text + at, replacement, sizeof replacement - 1);
        at++; /* what the backslash escapes */
    }
}

static cJSON *parse_notes(Golden *golden, Err *err)
{
    FileView view;
    if (!file_read(golden->arena, golden->notes_file, notes_limit, &view, err)) return NULL;
    char *text = arena_copy_text(golden->arena, (const char *)view.data, view.size);
    replace_nuls(text, view.size);
    return json_parse(golden->arena, golden->notes_file, text, view.size, err);
}

static bool read_notes(Golden *golden, Err *err)
{
    const char *slash = strrchr(golden->file, '/');
    int folder = slash ? (int)(slash - golden->file) + 1 : 0;
    golden->notes_file = arena_printf(golden->arena, "%.*sgolden.json", folder, golden->file);
    golden->tolerance = golden_default_tolerance;
    if (!file_exists(golden->notes_file)) return true;
    golden->notes = parse_notes(golden, err);
    read_tolerance(cJSON_GetObjectItemCaseSensitive(golden->notes, "tolerance"), &golden->tolerance);
    return golden->notes != NULL;
}

static Tolerance group_tolerance(const Golden *golden, const GoldenGroup *group)
{
    Tolerance tolerance = golden->tolerance;
    static const char word[] = "precision/";
    if (strncmp(group->name, word, sizeof word - 1) != 0) return tolerance;
    const char *precision = group->name + sizeof word - 1;
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(golden->notes, "precision");
    read_tolerance(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(all, precision), "tolerance"), &tolerance);
    return tolerance;
}

/* ---- groups ---- */

static GoldenGroup *group_of(Golden *golden, Map *by_name, const char *name, size_t length, Err *err)
{
    GoldenGroup *group = map_get_n(by_name, name, length);
    if (group) return group;
    if (golden->groups == MOST_GROUPS) {
        err_set(err, "%s: more than %d groups", golden->file, MOST_GROUPS);
        return NULL;
    }
    group = &golden->group[golden->groups++];
    group->name = arena_copy_text(golden->arena, name, length);
    group->expected = ARENA_ARRAY(golden->arena, const Tensor *, golden->tensors.count);
    group->output = ARENA_ARRAY(golden->arena, const char *, golden->tensors.count);
    group->tolerance = group_tolerance(golden, group);
    map_set(by_name, group->name, group);
    return group;
}

static bool sort_into_groups(Golden *golden, Err *err)
{
    Map *by_name = map_new(golden->arena);
    golden->group = ARENA_ARRAY(golden->arena, GoldenGroup, MOST_GROUPS);
    for (size_t i = 0; i < golden->tensors.count; i++) {
        const Tensor *tensor = &golden->tensors.item[i];
        const char *slash = strrchr(tensor->name, '/'), *output = slash ? slash + 1 : tensor->name;
        if (is_input(output)) continue;
        const char *quantised = slash ? quantised_output(tensor->name) : NULL, *name = tensor->name;
        size_t length = slash ? (size_t)(slash - name) : 0;
        if (is_llm_int8(name)) {
            name = LLM_INT8;
            length = strlen(name);
            output = "logits";
        } else if (quantised) output = quantised;
        else if (is_other_kind(tensor->name)) {
            golden->others++;
            continue;
        }
        GoldenGroup *group = group_of(golden, by_name, name, length, err);
        if (!group) return false;
        group->expected[group->count] = tensor;
        group->output[group->count++] = output;
        golden->hidden_states |= strstr(output, "hidden_states.") != NULL;
    }
    return true;
}

bool golden_open(Arena *arena, const char *path, int64_t padding, Golden *golden, Err *err)
{
    *golden = (Golden){.arena = arena, .file = path, .padding = padding};
    if (!safetensors_open(arena, path, &golden->tensors, err) || !read_notes(golden, err) || !sort_into_groups(golden, err)) return false;
    for (size_t i = 0; i < golden->groups; i++) {
        GoldenGroup *group = &golden->group[i];
        if (!golden_read_inputs(golden, group, err)) return err_prefix(err, "%s: group \"%s\"", path, group->name);
        if (group->inputs.width > golden->longest) golden->longest = group->inputs.width;
        if (group->inputs.source && group->inputs.source->width > golden->longest) golden->longest = group->inputs.source->width;
    }
    return true;
}
