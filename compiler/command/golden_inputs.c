/* golden_inputs: the padded batch of a group: from tensors beside the outputs, from those of another group, or from golden.json. */
#include <stdlib.h>
#include <string.h>

#include "compiler/command/golden.h"

enum { MOST_TOKENS = 1 << 24 };

/* ---- from tensors ---- */

static bool copy_integers(const Tensor *tensor, int32_t *out, Err *err)
{
    if (tensor->type != STORED_I64 && tensor->type != STORED_I32)
        return err_set(err, "%s: found %s, wanted I64 or I32", tensor->name, stored_name(tensor->type));
    for (size_t i = 0; i < tensor->elements; i++) {
        int64_t value = 0;
        int32_t narrow;
        if (tensor->type == STORED_I64) {
            memcpy(&value, tensor->data + 8 * i, 8);
        } else {
            memcpy(&narrow, tensor->data + 4 * i, 4);
            value = narrow;
        }
        if (value < 0 || value > INT32_MAX) return err_set(err, "%s: element %zu is %lld", tensor->name, i, (long long)value);
        out[i] = (int32_t)value;
    }
    return true;
}

/* "G/word" as [sequences * width]; NULL without an error when there is none. */
static int32_t *read_integers(const Golden *golden, const char *group, const char *word, const Padded *shape, Err *err)
{
    const Tensor *tensor = tensors_find(&golden->tensors, arena_printf(golden->arena, "%s/%s", group, word));
    if (!tensor) return NULL;
    if (tensor->rank != 2 || tensor->shape[0] != shape->sequences || tensor->shape[1] != shape->width) {
        err_set(err, "%s: found shape %s, wanted [%d, %d]", tensor->name, shape_text(golden->arena, tensor->rank, tensor->shape),
                shape->sequences, shape->width);
        return NULL;
    }
    int32_t *values = ARENA_ARRAY(golden->arena, int32_t, tensor->elements);
    return copy_integers(tensor, values, err) ? values : NULL;
}

static bool from_tensors(const Golden *golden, const Tensor *ids, const char *group, Padded *inputs, Err *err)
{
    if (ids->rank != 2 || ids->elements == 0 || ids->elements > MOST_TOKENS)
        return err_set(err, "%s: found shape %s, wanted [sequences, tokens]", ids->name, shape_text(golden->arena, ids->rank, ids->shape));
    inputs->sequences = (int)ids->shape[0];
    inputs->width = (int)ids->shape[1];
    inputs->ids = read_integers(golden, group, "input_ids", inputs, err);
    inputs->types = read_integers(golden, group, "token_type_ids", inputs, err);
    const int32_t *mask = read_integers(golden, group, "attention_mask", inputs, err);
    if (err->text[0]) return false;
    uint8_t *bytes = ARENA_ARRAY(golden->arena, uint8_t, ids->elements);
    for (size_t i = 0; i < ids->elements; i++) bytes[i] = !mask || mask[i] != 0;
    inputs->mask = bytes;
    return true;
}

/* ---- from golden.json ---- */

static bool read_list(const cJSON *list, int32_t *ids, uint8_t *mask, Err *err)
{
    size_t at = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > INT32_MAX) return err_set(err, "an id is no token id");
        mask[at] = 1;
        ids[at++] = (int32_t)item->valuedouble;
    }
    return true;
}

/* lists: an array of arrays of ids, of any lengths. */
static bool from_lists(const Golden *golden, const cJSON *const *list, int count, Padded *inputs, Err *err)
{
    inputs->sequences = count;
    for (int i = 0; i < count; i++) {
        int length = cJSON_GetArraySize(list[i]);
        if (!cJSON_IsArray(list[i]) || length == 0) return err_set(err, "%s: sequence %d of its ids is no list", golden->notes_file, i);
        if (length > inputs->width) inputs->width = length;
    }
    size_t elements;
    if (!size_mul((size_t)count, (size_t)inputs->width, &elements) || elements == 0 || elements > MOST_TOKENS)
        return err_set(err, "%s: %d sequences of up to %d ids", golden->notes_file, count, inputs->width);
    int32_t *ids = ARENA_ARRAY(golden->arena, int32_t, elements);
    uint8_t *mask = ARENA_ARRAY(golden->arena, uint8_t, elements);
    for (int i = 0; i < count; i++) {
        size_t row = (size_t)i * (size_t)inputs->width;
        if (!read_list(list[i], ids + row, mask + row, err)) return err_prefix(err, "%s", golden->notes_file);
    }
    inputs->ids = ids;
    inputs->mask = mask;
    return true;
}

/* A feature is a pair of texts behind which padding may stand. Second texts have type 1: what follows the first separator, which is the
 * token that ends the whole. */
static void mark_pair(const Golden *golden, Padded *inputs)
{
    size_t width = (size_t)inputs->width;
    int32_t *types = ARENA_ARRAY(golden->arena, int32_t, width);
    uint8_t *mask = ARENA_ARRAY(golden->arena, uint8_t, width);
    size_t first = 0, last = width - 1;
    while (last > 0 && inputs->ids[last] == golden->padding) last--;
    while (first < last && inputs->ids[first] != inputs->ids[last]) first++;
    for (size_t i = 0; i <= last; i++) {
        types[i] = i > first;
        mask[i] = 1;
    }
    inputs->types = types;
    inputs->mask = mask;
}

/* "qa3/feature10": pipelines[3].features[10]. False without an error: another name. */
static bool from_feature(const Golden *golden, const char *name, Padded *inputs, Err *err)
{
    char *end;
    if (strncmp(name, "qa", 2) != 0) return false;
    long pipeline = strtol(name + 2, &end, 10);
    if (end == name + 2 || strncmp(end, "/feature", 8) != 0) return false;
    long feature = strtol(end + 8, &end, 10);
    if (*end || pipeline < 0 || feature < 0 || pipeline > INT32_MAX || feature > INT32_MAX) return false;
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(golden->notes, "pipelines");
    const cJSON *features = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(all, (int)pipeline), "features");
    const cJSON *ids = cJSON_GetArrayItem(features, (int)feature);
    if (!from_lists(golden, &ids, 1, inputs, err)) return false;
    mark_pair(golden, inputs);
    return true;
}

/* Names without a group: golden.json's input_ids, one list a text. */
static bool from_texts(const Golden *golden, Padded *inputs, Err *err)
{
    const cJSON *lists = cJSON_GetObjectItemCaseSensitive(golden->notes, "input_ids"), *list;
    int count = cJSON_GetArraySize(lists), at = 0;
    if (!cJSON_IsArray(lists) || count == 0) return false;
    const cJSON **item = ARENA_ARRAY(golden->arena, const cJSON *, (size_t)count);
    cJSON_ArrayForEach(list, lists) item[at++] = list;
    return from_lists(golden, item, count, inputs, err);
}

/* ---- which ---- */

/* The group whose inputs this one shares. */
static const char *group_with_inputs(const GoldenGroup *group)
{
    if (golden_precision(group)) return "single";
    return strcmp(group->name, "embed") == 0 ? "batch" : group->name;
}

static bool check_sequences(const Padded *inputs, Err *err)
{
    for (int s = 0; s < inputs->sequences; s++)
        if (!memchr(inputs->mask + (size_t)s * (size_t)inputs->width, 1, (size_t)inputs->width))
            return err_set(err, "sequence %d is nothing but padding", s);
    return true;
}

/* Where there are decoder_input_ids, those are the inputs, and what was read before is their source. */
static bool read_decoder_inputs(const Golden *golden, const char *name, Padded *inputs, Err *err)
{
    const Tensor *ids = tensors_find(&golden->tensors, arena_printf(golden->arena, "%s/decoder_input_ids", name));
    if (!ids) return true;
    Padded *source = ARENA_NEW(golden->arena, Padded);
    *source = *inputs;
    if (ids->rank != 2 || ids->shape[0] != source->sequences || ids->elements == 0 || ids->elements > MOST_TOKENS)
        return err_set(err, "%s: found shape %s, wanted [%d, tokens]", ids->name, shape_text(golden->arena, ids->rank, ids->shape),
                       source->sequences);
    *inputs = (Padded){.sequences = source->sequences, .width = (int)ids->shape[1], .source = source};
    inputs->ids = read_integers(golden, name, "decoder_input_ids", inputs, err);
    uint8_t *mask = ARENA_ARRAY(golden->arena, uint8_t, ids->elements);
    memset(mask, 1, ids->elements);
    inputs->mask = mask;
    return inputs->ids != NULL;
}

/* "G/pixel_values", [images, channels, height, width]; fine when there are none. */
static bool read_images(const Golden *golden, const char *name, Padded *inputs, Err *err)
{
    const Tensor *values = tensors_find(&golden->tensors, arena_printf(golden->arena, "%s/pixel_values", name));
    if (!values) return true;
    if (values->rank < 2 || values->elements == 0 || values->elements > MOST_TOKENS)
        return err_set(err, "%s: found shape %s, wanted [images, ...]", values->name, shape_text(golden->arena, values->rank, values->shape));
    float *copy = ARENA_ARRAY(golden->arena, float, values->elements);
    tensor_to_float(values, 0, values->elements, copy);
    inputs->images = (int)values->shape[0];
    inputs->image_values = (int64_t)values->elements / values->shape[0];
    inputs->values = copy;
    inputs->image_height = values->rank == 4 ? (int)values->shape[2] : 0;
    inputs->image_width = values->rank == 4 ? (int)values->shape[3] : 0;
    return true;
}

/* ---- sounds ---- */

/* Of the group or, for what transformers computes from a file of the folder, of "audio". */
static const Tensor *find_sound(const Golden *golden, const char *name, const char *word)
{
    const Tensor *own = tensors_find(&golden->tensors, arena_printf(golden->arena, "%s/%s", name, word));
    return own ? own : tensors_find(&golden->tensors, arena_printf(golden->arena, "audio/%s", word));
}

/* Samples of each sequence up to its last that the mask has. */
static const int64_t *sound_lengths(const Golden *golden, const char *name, Padded *inputs, Err *err)
{
    Padded shape = {.sequences = inputs->sequences, .width = (int)inputs->sound_values};
    const int32_t *mask = read_integers(golden, name, "attention_mask", &shape, err);
    int64_t *lengths = ARENA_ARRAY(golden->arena, int64_t, (size_t)shape.sequences);
    for (int s = 0; s < shape.sequences; s++) {
        lengths[s] = inputs->sound_values;
        while (mask && lengths[s] > 0 && !mask[s * inputs->sound_values + lengths[s] - 1]) lengths[s]--;
    }
    return lengths;
}

/* [sequences, mels, spectra] -> [sequences, spectra, mels] */
static void spectra_to_rows(const Tensor *tensor, const float *from, float *to)
{
    int64_t mels = tensor->shape[1], spectra = tensor->shape[2];
    for (int64_t i = 0; i < (int64_t)tensor->elements; i++) {
        int64_t sequence = i / (mels * spectra), mel = i / spectra % mels;
        to[(sequence * spectra + i % spectra) * mels + mel] = from[i];
    }
}

/* "G/input_values", [sequences, samples], or "G/input_features", [sequences, mels, spectra]; fine when there are none. */
static bool read_sounds(const Golden *golden, const char *name, Padded *inputs, Err *err)
{
    const Tensor *samples = find_sound(golden, name, "input_values"), *spectra = find_sound(golden, name, "input_features");
    const Tensor *tensor = samples ? samples : spectra;
    if (!tensor) return true;
    if (tensor->rank != (samples ? 2 : 3) || tensor->elements == 0 || tensor->elements > MOST_TOKENS)
        return err_set(err, "%s: found shape %s, wanted [sequences, %s]", tensor->name, shape_text(golden->arena, tensor->rank, tensor->shape),
                       samples ? "samples" : "mels, spectra");
    float *values = ARENA_ARRAY(golden->arena, float, tensor->elements), *rows = values;
    tensor_to_float(tensor, 0, tensor->elements, values);
    if (spectra) spectra_to_rows(tensor, values, rows = ARENA_ARRAY(golden->arena, float, tensor->elements));
    *inputs = (Padded){.sequences = (int)tensor->shape[0], .sounds = rows};
    inputs->sound_values = (int64_t)tensor->elements / tensor->shape[0];
    if (samples) inputs->lengths = sound_lengths(golden, name, inputs, err);
    return err->text[0] == '\0';
}

/* The rows of a padded sound: all those that the longest has. */
static bool frame_sound(Golden *golden, Padded *inputs, const hf2c_model *model, Err *err)
{
    bool samples = inputs->lengths != NULL;
    if (samples ? !model->frame_step : !model->row_values) return err_set(err, "the model takes no such sounds");
    int64_t width = samples ? hf2c_frames(model, (int)inputs->sound_values) : inputs->sound_values / model->row_values;
    if (width < 1 || (!samples && inputs->sound_values % model->row_values))
        return err_set(err, "a sound of %lld values gives the model no whole rows", (long long)inputs->sound_values);
    uint8_t *mask = ARENA_ARRAY(golden->arena, uint8_t, (size_t)(width * inputs->sequences));
    for (int s = 0; s < inputs->sequences; s++) {
        int64_t rows = samples ? hf2c_frames(model, (int)inputs->lengths[s]) : width;
        if (rows == 0) return err_set(err, "sound %d is too short for the model", s);
        for (int64_t i = 0; i < width; i++) mask[s * width + i] = i < rows;
    }
    inputs->width = (int)width;
    inputs->mask = mask;
    return true;
}

bool golden_frame_inputs(Golden *golden, GoldenGroup *group, const hf2c_model *model, Err *err)
{
    Padded *inputs = &group->inputs;
    if (!inputs->sounds && inputs->source && inputs->source->sounds) {
        Padded *source = ARENA_NEW(golden->arena, Padded);
        *source = *inputs->source;
        inputs->source = source;
        inputs = source;
    }
    return !inputs->sounds || frame_sound(golden, inputs, model, err);
}

bool golden_read_inputs(Golden *golden, GoldenGroup *group, Err *err)
{
    const char *name = group_with_inputs(group);
    const Tensor *ids = tensors_find(&golden->tensors, arena_printf(golden->arena, "%s/input_ids", name));
    bool found = false;
    if (!read_images(golden, name, &group->inputs, err) || !read_sounds(golden, name, &group->inputs, err)) return false;
    if (group->inputs.sounds) return read_decoder_inputs(golden, name, &group->inputs, err);
    if (ids) found = from_tensors(golden, ids, name, &group->inputs, err);
    else if (group->inputs.images) return true;
    else if (group->name[0]) found = from_feature(golden, name, &group->inputs, err);
    else found = from_texts(golden, &group->inputs, err);
    if (!found) return err_set(err, "has outputs, and no input_ids");
    return check_sequences(&group->inputs, err) && read_decoder_inputs(golden, name, &group->inputs, err);
}

void golden_shift_inputs(Golden *golden, GoldenGroup *group, int64_t start)
{
    Padded *inputs = &group->inputs, *source = ARENA_NEW(golden->arena, Padded);
    if (inputs->source) return;
    *source = *inputs;
    int32_t *ids = ARENA_ARRAY(golden->arena, int32_t, (size_t)inputs->sequences * (size_t)inputs->width);
    for (int s = 0; s < inputs->sequences; s++) {
        size_t row = (size_t)s * (size_t)inputs->width;
        int last = inputs->width - 1;
        while (last > 0 && !inputs->mask[row + (size_t)last]) last--;
        ids[row] = start >= 0 ? (int32_t)start : inputs->ids[row + (size_t)last];
        memcpy(ids + row + 1, inputs->ids + row, ((size_t)inputs->width - 1) * sizeof *ids);
    }
    *inputs = (Padded){.sequences = source->sequences, .width = source->width, .ids = ids, .mask = source->mask, .source = source};
}
