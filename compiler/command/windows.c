/* windows: see windows.h. */
#include "compiler/command/windows.h"

#include <math.h>
#include <string.h>

#include "compiler/command/forward.h"
#include "compiler/command/tokenize.h"

enum { WINDOW = 512, TEXT_LIMIT = 1 << 28 };

typedef struct Ids {
    int32_t *id;
    size_t count, capacity;
} Ids;

static void ids_add(Arena *arena, Ids *ids, const int32_t *id, size_t count)
{
    if (ids->count + count > ids->capacity) {
        ids->capacity = 2 * (ids->count + count);
        int32_t *more = ARENA_ARRAY(arena, int32_t, ids->capacity);
        if (ids->count) memcpy(more, ids->id, ids->count * sizeof *more);
        ids->id = more;
    }
    if (count) memcpy(ids->id + ids->count, id, count * sizeof *id);
    ids->count += count;
}

static bool add_text(Arena *arena, const Compiled *compiled, const char *text, size_t bytes, Ids *ids, Err *err)
{
    static const hf2c_encode_options plain = {.add_special_tokens = 1};
    hf2c_encoding encoding;
    Arena *scratch = arena_new();
    bool fine = tokens_encode(scratch, compiled->tokenizer, (Words){text, bytes}, (Words){0}, &plain, &encoding, err);
    if (fine) ids_add(arena, ids, encoding.ids, encoding.count);
    if (fine && compiled->facts.generation.eos_count) ids_add(arena, ids, compiled->facts.generation.eos, 1);
    arena_free(scratch);
    return fine;
}

static bool add_list(Arena *arena, const Compiled *compiled, const char *path, const FileView *file, Ids *ids, Err *err)
{
    const cJSON *list = json_parse(arena, path, (const char *)file->data, file->size, err);
    if (!list) return false;
    if (!cJSON_IsArray(list)) return err_set(err, "%s: wanted a list of texts", path);
    for (const cJSON *item = list->child; item; item = item->next) {
        if (!cJSON_IsString(item)) return err_set(err, "%s: wanted a list of texts only", path);
        if (!add_text(arena, compiled, item->valuestring, strlen(item->valuestring), ids, err)) return false;
    }
    return true;
}

bool windows_read(Arena *arena, const Compiled *compiled, const char *path, Windows *windows, Err *err)
{
    FileView file;
    Ids ids = {0};
    size_t length = strlen(path);
    if (!compiled->tokenizer) return err_set(err, "%s: the model has no tokenizer to read it with", path);
    if (!file_read(arena, path, TEXT_LIMIT, &file, err)) return false;
    bool list = length > 5 && strcmp(path + length - 5, ".json") == 0;
    if (!(list ? add_list(arena, compiled, path, &file, &ids, err)
               : add_text(arena, compiled, (const char *)file.data, file.size, &ids, err)))
        return false;
    size_t width = compiled->facts.max_sequence < WINDOW ? (size_t)compiled->facts.max_sequence : WINDOW;
    if (ids.count < width) width = ids.count;
    if (width < 2) return err_set(err, "%s: found %zu tokens, wanted at least 2", path, ids.count);
    *windows = (Windows){.count = (int)(ids.count / width), .width = (int)width, .ids = ids.id};
    return true;
}

static int find_logits(const hf2c_model *model)
{
    for (int i = 0; i < model->output_count; i++)
        if (strcmp(model->outputs[i].name, "logits") == 0 && model->outputs[i].rows != HF2C_ROWS_SEQUENCES) return i;
    return -1;
}

const float *windows_logits(Arena *arena, hf2c_context *context, const Windows *windows, int number, int *columns, Err *err)
{
    int output = find_logits(context->model);
    if (output < 0 || hf2c_has_source(context->model)) {
        err_set(err, "%s: found no logits of every token, wanted a causal language model", context->model->name);
        return NULL;
    }
    uint8_t *mask = ARENA_ARRAY(arena, uint8_t, (size_t)windows->width);
    memset(mask, 1, (size_t)windows->width);
    Padded inputs = {.sequences = 1, .width = windows->width, .ids = windows->ids + (size_t)number * (size_t)windows->width, .mask = mask};
    float **value = forward_padded(arena, context, &inputs, (Feeding){0, 0}, false, output, err);
    *columns = context->model->outputs[output].columns;
    return value ? value[output] : NULL;
}

static double log_of_sum(const float *logits, int columns)
{
    double largest = (double)logits[0], sum = 0;
    for (int i = 1; i < columns; i++) largest = fmax(largest, (double)logits[i]);
    for (int i = 0; i < columns; i++) sum += exp((double)logits[i] - largest);
    return largest + log(sum);
}

double logits_divergence(const float *exact, const float *other, int rows, int columns)
{
    double sum = 0;
    for (int r = 0; r < rows; r++, exact += columns, other += columns) {
        double exact_sum = log_of_sum(exact, columns), other_sum = log_of_sum(other, columns);
        for (int i = 0; i < columns; i++) {
            double logarithm = (double)exact[i] - exact_sum;
            sum += exp(logarithm) * (logarithm - ((double)other[i] - other_sum));
        }
    }
    return sum / rows;
}
