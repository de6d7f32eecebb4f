/* context: binds a model to the caller's memory, and checks every batch before the model sees it. */
#include "runtime/core/weights.h"

#include <stdbool.h>
#include <string.h>

static bool aligned(const void *memory) { return (uintptr_t)memory % HF2C_WEIGHTS_ALIGNMENT == 0; }

static hf2c_status check_memory(const void *memory, size_t bytes, size_t wanted)
{
    if (wanted == 0) return HF2C_OK;
    if (!memory || !aligned(memory)) return HF2C_BAD_ARGUMENT;
    return bytes < wanted ? HF2C_TOO_SMALL : HF2C_OK;
}

hf2c_status hf2c_context_init(hf2c_context *context, const hf2c_model *model, const void *weights, size_t weights_bytes,
                              void *workspace, size_t workspace_bytes, void *state, size_t state_bytes, int threads)
{
    if (!context || !model || model->abi != HF2C_ABI || !model->forward) return HF2C_BAD_ARGUMENT;
    /* A model without packed weights (an interpreter's) has none to check. */
    if (model->weights_bytes) {
        hf2c_status status = hf2c_weights_check(model, weights, weights_bytes);
        if (status != HF2C_OK) return status;
        if (!aligned(weights)) return HF2C_BAD_ARGUMENT;
    }
    hf2c_status status = check_memory(workspace, workspace_bytes, model->workspace_bytes);
    if (status == HF2C_OK) status = check_memory(state, state_bytes, model->state_bytes);
    if (status != HF2C_OK) return status;
    *context = (hf2c_context){.model = model, .weights = weights, .workspace = workspace, .threads = threads < 1 ? 1 : threads};
    context->state = model->state_bytes ? state : NULL;
    context->slots = model->state_bytes ? state_bytes / model->state_bytes : 0;
    return HF2C_OK;
}

hf2c_status hf2c_context_fast(hf2c_context *context, void *fast, size_t fast_bytes)
{
    hf2c_status status = check_memory(fast, fast_bytes, context->model->fast_bytes);
    if (status == HF2C_OK) context->fast = fast;
    return status;
}

hf2c_status hf2c_context_copy_slot(hf2c_context *context, size_t from, size_t to)
{
    if (from >= context->slots || to >= context->slots) return HF2C_BAD_ARGUMENT;
    if (context->copy_slot) return context->copy_slot(context, from, to);
    size_t bytes = context->model->state_bytes;
    if (from != to) memcpy(context->state + to * bytes, context->state + from * bytes, bytes);
    return HF2C_OK;
}

int hf2c_output_find(const hf2c_model *model, const char *name)
{
    for (int i = 0; i < model->output_count; i++) {
        if (strcmp(model->outputs[i].name, name) == 0) return i;
    }
    return -1;
}

int hf2c_frames(const hf2c_model *model, int samples)
{
    return samples < model->frame_samples ? 0 : (samples - model->frame_samples) / model->frame_step + 1;
}

int hf2c_longest_source(const hf2c_model *model) { return model->max_source ? model->max_source : model->max_sequence; }

int hf2c_source_vocabulary(const hf2c_model *model) { return model->source_vocabulary ? model->source_vocabulary : model->vocabulary; }

const hf2c_tokenizer *hf2c_writing_tokenizer(const hf2c_model *model)
{
    return model->target_tokenizer ? model->target_tokenizer : model->tokenizer;
}

/* What an entry of a model reads. */
typedef struct Entry {
    const hf2c_context *context;
    int longest; /* sequence */
    int vocabulary; /* ids are below it; 0: there are none, but sounds or features */
} Entry;

static Entry entry_forward(const hf2c_context *context)
{
    return (Entry){context, context->model->max_sequence, hf2c_takes_sounds(context->model) ? 0 : context->model->vocabulary};
}

static Entry entry_source(const hf2c_context *context)
{
    const hf2c_model *model = context->model;
    return (Entry){context, hf2c_longest_source(model), hf2c_takes_features(model) ? 0 : hf2c_source_vocabulary(model)};
}

int hf2c_picture_rows(const hf2c_model *model, int height, int width)
{
    int patch = model->image_patch;
    if (patch < 1 || height < patch || width < patch || height > model->image_values / width / model->image_channels) return 0;
    int64_t rows = model->image_tokens + (int64_t)(height / patch) * (width / patch);
    return rows <= model->max_sequence ? (int)rows : 0;
}

/* Pictures that are sequences. */
static hf2c_status check_pictures(const hf2c_model *model, const hf2c_batch *batch)
{
    if (batch->images < 1 || batch->sequences != batch->images || !batch->sizes || !batch->start || batch->wanted != 0)
        return HF2C_BAD_ARGUMENT;
    if (batch->rows > model->max_rows) return HF2C_TOO_LONG;
    if (batch->start[0] != 0 || batch->start[batch->images] != batch->rows) return HF2C_BAD_ARGUMENT;
    for (int i = 0; i < batch->images; i++) {
        int rows = hf2c_picture_rows(model, batch->sizes[2 * i], batch->sizes[2 * i + 1]);
        if (rows == 0) return HF2C_TOO_LONG;
        if (batch->start[i + 1] - batch->start[i] != rows) return HF2C_BAD_ARGUMENT;
    }
    return HF2C_OK;
}

static bool images_alone(const hf2c_batch *batch)
{
    return batch->images > 0 && batch->rows == 0 && batch->sequences == 0 && batch->wanted == 0;
}

static hf2c_status check_images(const hf2c_model *model, const hf2c_batch *batch)
{
    if (batch->images > 0 && !batch->values) return HF2C_BAD_ARGUMENT;
    return batch->images > model->max_images ? HF2C_TOO_LONG : HF2C_OK;
}

static hf2c_status check_counts(Entry entry, const hf2c_batch *batch)
{
    const hf2c_model *model = entry.context->model;
    if (batch->images < 0) return HF2C_BAD_ARGUMENT;
    if (batch->images > 0 && !hf2c_takes_images(model)) return HF2C_NOT_SUPPORTED;
    if (hf2c_takes_images(model)) {
        hf2c_status status = check_images(model, batch);
        if (status != HF2C_OK || images_alone(batch)) return status;
    }
    if (hf2c_takes_pictures(model)) return check_pictures(model, batch);
    if (batch->rows < 1 || batch->sequences < 1 || batch->wanted < 0) return HF2C_BAD_ARGUMENT;
    if (!batch->start || (entry.vocabulary ? !batch->ids || !batch->positions : !batch->values)) return HF2C_BAD_ARGUMENT;
    if (batch->sequences > model->max_batch || batch->sequences > batch->rows) return HF2C_BAD_ARGUMENT;
    if (batch->wanted > batch->rows || (batch->wanted > 0 && !batch->want)) return HF2C_BAD_ARGUMENT;
    return batch->rows > model->max_rows ? HF2C_TOO_LONG : HF2C_OK;
}

static hf2c_status check_slot(const hf2c_context *context, const hf2c_batch *batch, int sequence)
{
    int32_t slot = batch->slot ? batch->slot[sequence] : sequence;
    if (slot < 0 || (size_t)slot >= context->slots) return HF2C_BAD_ARGUMENT;
    /* Two sequences that write one slot at once would be a race. */
    for (int i = 0; batch->slot && i < sequence; i++) {
        if (batch->slot[i] == slot) return HF2C_BAD_ARGUMENT;
    }
    return HF2C_OK;
}

static hf2c_status check_places(const hf2c_context *context, const hf2c_batch *batch, int sequence, int past)
{
    hf2c_status status = check_slot(context, batch, sequence);
    if (status != HF2C_OK || !batch->ancestors) return status;
    const int32_t *ancestors = batch->ancestors + (size_t)sequence * (size_t)context->model->max_sequence;
    if (context->copy_slot) return HF2C_NOT_SUPPORTED;
    for (int i = 0; i < past; i++)
        if (ancestors[i] < 0 || (size_t)ancestors[i] >= context->slots) return HF2C_BAD_ARGUMENT;
    return HF2C_OK;
}

static hf2c_status check_sequence(Entry entry, const hf2c_batch *batch, int sequence)
{
    int32_t first = batch->start[sequence], end = batch->start[sequence + 1];
    int32_t past = batch->past ? batch->past[sequence] : 0;
    if (first < 0 || first >= end || end > batch->rows || past < 0) return HF2C_BAD_ARGUMENT;
    if (past > 0 && !hf2c_has_state(entry.context->model)) return HF2C_NOT_SUPPORTED;
    if (batch->ancestors && !hf2c_has_state(entry.context->model)) return HF2C_NOT_SUPPORTED;
    if (end - first > entry.longest) return HF2C_TOO_LONG;
    if (past > entry.longest - (end - first)) return HF2C_CONTEXT_FULL;
    return hf2c_has_state(entry.context->model) ? check_places(entry.context, batch, sequence, past) : HF2C_OK;
}

/* Several sequences may look back at one source, also at one in the slot of another of them. */
static hf2c_status check_sources(const hf2c_context *context, const hf2c_batch *batch)
{
    for (int i = 0; i < batch->sequences; i++) {
        if (!batch->memory || batch->memory[i] < 1) return HF2C_BAD_ARGUMENT;
        if (batch->memory_slot && (batch->memory_slot[i] < 0 || (size_t)batch->memory_slot[i] >= context->slots)) return HF2C_BAD_ARGUMENT;
        if (batch->memory[i] > hf2c_longest_source(context->model)) return HF2C_TOO_LONG;
    }
    return HF2C_OK;
}

/* A sound gives its sequence's rows. */
static hf2c_status check_sounds(const hf2c_model *model, const hf2c_batch *batch)
{
    if (!batch->samples || batch->samples[0] != 0) return HF2C_BAD_ARGUMENT;
    for (int i = 0; i < batch->sequences; i++) {
        int32_t first = batch->samples[i], end = batch->samples[i + 1];
        if (end < first || hf2c_frames(model, end - first) != batch->start[i + 1] - batch->start[i]) return HF2C_BAD_ARGUMENT;
    }
    return HF2C_OK;
}

static hf2c_status check_rows(Entry entry, const hf2c_batch *batch)
{
    const hf2c_model *model = entry.context->model;
    for (int i = 0; entry.vocabulary && i < batch->rows; i++) {
        if (batch->ids[i] < 0 || batch->ids[i] >= entry.vocabulary) return HF2C_BAD_TOKEN;
        if (batch->positions[i] < 0 || batch->positions[i] >= entry.longest) return HF2C_TOO_LONG;
        if (batch->types && model->token_types > 0 && (batch->types[i] < 0 || batch->types[i] >= model->token_types))
            return HF2C_BAD_ARGUMENT;
    }
    for (int i = 0; i < batch->wanted; i++) {
        int32_t before = i > 0 ? batch->want[i - 1] : -1;
        if (batch->want[i] <= before || batch->want[i] >= batch->rows) return HF2C_BAD_ARGUMENT;
    }
    return HF2C_OK;
}

static hf2c_status check_batch(Entry entry, const hf2c_batch *batch)
{
    hf2c_status status = check_counts(entry, batch);
    if (status != HF2C_OK || hf2c_takes_pictures(entry.context->model)) return status;
    if (hf2c_takes_images(entry.context->model) && images_alone(batch)) return HF2C_OK;
    if (batch->start[0] != 0 || batch->start[batch->sequences] != batch->rows) return HF2C_BAD_ARGUMENT;
    for (int i = 0; i < batch->sequences; i++) {
        status = check_sequence(entry, batch, i);
        if (status != HF2C_OK) return status;
    }
    status = check_rows(entry, batch);
    return status == HF2C_OK && hf2c_takes_sounds(entry.context->model) ? check_sounds(entry.context->model, batch) : status;
}

hf2c_status hf2c_batch_check(const hf2c_context *context, const hf2c_batch *batch)
{
    if (!context || !batch) return HF2C_BAD_ARGUMENT;
    hf2c_status status = check_batch(entry_forward(context), batch);
    return status == HF2C_OK && hf2c_has_source(context->model) ? check_sources(context, batch) : status;
}

hf2c_status hf2c_source_check(const hf2c_context *context, const hf2c_batch *batch)
{
    if (!context || !batch) return HF2C_BAD_ARGUMENT;
    hf2c_status status = check_batch(entry_source(context), batch);
    for (int i = 0; status == HF2C_OK && batch->past && i < batch->sequences; i++)
        if (batch->past[i] != 0) status = HF2C_BAD_ARGUMENT; /* an encoder reads a source whole */
    return status;
}
