#include "runtime/generate/step.h"

#include <string.h>

hf2c_status hf2c_step_init(hf2c_step *step, const hf2c_generate_call *call)
{
    const hf2c_model *model = call->context->model;
    hf2c_scratch *scratch = call->scratch;
    *step = (hf2c_step){.context = call->context, .cancelled = call->cancelled, .owner = call->owner};
    step->logits = hf2c_output_find(model, "logits");
    if (step->logits < 0 || !call->context->state) return HF2C_NOT_SUPPORTED;
    const hf2c_output *output = &model->outputs[step->logits];
    if (output->rows != HF2C_ROWS_WANTED || output->columns != model->vocabulary) return HF2C_NOT_SUPPORTED;
    step->ids = HF2C_TAKE(scratch, int32_t, model->max_rows);
    step->positions = HF2C_TAKE(scratch, int32_t, model->max_rows);
    step->start = HF2C_TAKE(scratch, int32_t, model->max_batch + 1);
    step->past = HF2C_TAKE(scratch, int32_t, model->max_batch);
    step->slot = HF2C_TAKE(scratch, int32_t, model->max_batch);
    step->want = HF2C_TAKE(scratch, int32_t, model->max_rows);
    step->memory = HF2C_TAKE(scratch, int32_t, model->max_batch);
    step->memory_slot = HF2C_TAKE(scratch, int32_t, model->max_batch);
    step->outputs = HF2C_TAKE(scratch, float *, model->output_count);
    if (!step->ids || !step->positions || !step->start || !step->past || !step->slot || !step->want || !step->outputs ||
        !step->memory || !step->memory_slot)
        return HF2C_TOO_SMALL;
    for (int i = 0; i < model->output_count; i++) step->outputs[i] = NULL;
    return HF2C_OK;
}

/* A state holds all of the text or nothing, and a window what its last positions need. */
static int usable(const hf2c_model *model, int alike)
{
    int count = model->baked->count, lost = model->ring && count > model->ring && count - alike > model->ring_back;
    return alike == count || (model->rewinds && !lost);
}

int hf2c_step_baked(hf2c_context *context, const int32_t *ids, int count, int slot, int least)
{
    const hf2c_baked *baked = context->model->baked;
    int alike = 0;
    if (!baked) return 0;
    while (alike < baked->count && alike < count - 1 && baked->ids[alike] == ids[alike]) alike++; /* the last one is read for its logits */
    if (alike <= least || !usable(context->model, alike) || hf2c_baked_load(context, (size_t)slot) != HF2C_OK) return 0;
    return alike;
}

hf2c_status hf2c_step_share(hf2c_step *step, hf2c_scratch *scratch)
{
    size_t sequences = (size_t)step->context->model->max_batch, positions = (size_t)step->context->model->max_sequence;
    step->ancestors = hf2c_scratch_take(scratch, sequences, positions * sizeof(int32_t));
    return step->ancestors ? HF2C_OK : HF2C_TOO_SMALL;
}

static void add_ancestors(hf2c_step *step, int sequence, const hf2c_lane *lane)
{
    int32_t *ancestors = step->ancestors + (size_t)sequence * (size_t)step->context->model->max_sequence;
    for (int i = 0; i < lane->cached; i++) ancestors[i] = lane->ancestors ? lane->ancestors[i] : lane->slot;
}

/* Appends as many of the lane's pending tokens as fit; returns whether that were all. */
static int add_lane(hf2c_step *step, hf2c_batch *batch, hf2c_lane *lane)
{
    int room = step->context->model->max_rows - batch->rows, pending = lane->count - lane->cached;
    int take = pending < room ? pending : room, sequence = batch->sequences++;
    for (int i = 0; i < take; i++) {
        step->ids[batch->rows + i] = lane->ids[lane->cached + i];
        step->positions[batch->rows + i] = lane->cached + i;
        if (lane->cached + i >= lane->count - 1 - lane->more) step->want[batch->wanted++] = batch->rows + i;
    }
    batch->rows += take;
    step->start[sequence + 1] = batch->rows;
    step->past[sequence] = lane->cached;
    step->slot[sequence] = lane->slot;
    if (step->ancestors) add_ancestors(step, sequence, lane);
    step->memory[sequence] = lane->memory;
    step->memory_slot[sequence] = lane->memory_slot;
    lane->cached += take;
    if (lane->furthest < lane->cached) lane->furthest = lane->cached;
    return take == pending;
}

static void add_source(hf2c_step *step, hf2c_batch *batch, const hf2c_source *source)
{
    for (int i = 0; i < source->count; i++) {
        step->ids[batch->rows + i] = source->ids ? source->ids[i] : 0;
        step->positions[batch->rows + i] = i;
    }
    if (source->features) batch->values = source->features;
    step->slot[batch->sequences++] = source->slot;
    batch->rows += source->count;
    step->start[batch->sequences] = batch->rows;
}

hf2c_status hf2c_step_encode(hf2c_step *step, const hf2c_source *sources, int count)
{
    const hf2c_model *model = step->context->model;
    for (int done = 0; done < count;) {
        if (step->cancelled && step->cancelled(step->owner)) return HF2C_CANCELLED;
        hf2c_batch batch = {.ids = step->ids, .positions = step->positions, .start = step->start, .slot = step->slot};
        if (sources[done].count > model->max_rows) return HF2C_TOO_LONG;
        step->start[0] = 0;
        step->outputs[step->logits] = NULL;
        /* Features of several sources do not stand behind one another: one source a call. */
        do add_source(step, &batch, &sources[done++]);
        while (done < count && !sources[done].features && batch.sequences < model->max_batch &&
               sources[done].count <= model->max_rows - batch.rows);
        hf2c_status status = model->encode(step->context, &batch, step->outputs);
        if (status != HF2C_OK) return status;
    }
    return HF2C_OK;
}

hf2c_status hf2c_step_feed(hf2c_step *step, hf2c_lane *lanes, int count, float *logits)
{
    const hf2c_model *model = step->context->model;
    size_t rows = 0;
    for (int done = 0; done < count;) {
        if (step->cancelled && step->cancelled(step->owner)) return HF2C_CANCELLED;
        hf2c_batch batch = {.ids = step->ids,
                            .positions = step->positions,
                            .start = step->start,
                            .past = step->past,
                            .slot = step->slot,
                            .ancestors = step->ancestors,
                            .want = step->want};
        if (hf2c_has_source(model)) {
            batch.memory = step->memory;
            batch.memory_slot = step->memory_slot;
        }
        step->start[0] = 0;
        while (done < count && batch.sequences < model->max_batch && batch.rows < model->max_rows) {
            if (!add_lane(step, &batch, &lanes[done])) break;
            done++;
        }
        step->outputs[step->logits] = logits + rows * (size_t)model->vocabulary;
        hf2c_status status = model->forward(step->context, &batch, step->outputs);
        if (status != HF2C_OK) return status;
        rows += (size_t)batch.wanted;
    }
    return HF2C_OK;
}
