/* call: see call.h. */
#include "runtime/core/call.h"

void hf2c_call_begin(hf2c_call *call, const hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    call->weights = context->weights;
    call->workspace = context->workspace;
    call->fast = context->fast;
    call->state = context->state;
    call->rows = batch->rows;
    call->sequence_count = batch->sequences;
    call->wanted = batch->wanted;
    call->ids = batch->ids;
    call->positions = batch->positions;
    call->types = batch->types;
    call->want = batch->want;
    call->images = batch->images;
    call->values = batch->values;
    call->table.count = batch->sequences;
    call->table.rows = batch->rows;
    call->table.start = batch->start;
    call->table.past = batch->past;
    call->table.slot = batch->slot;
    call->table.slot_bytes = context->model->state_bytes;
    call->table.ancestors = batch->ancestors;
    call->table.ancestor_stride = context->model->max_sequence;
    call->table.memory = batch->memory;
    call->table.memory_slot = batch->memory_slot;
    call->table.samples = batch->samples;
    call->pieces = 0;
    if (hf2c_takes_sounds(context->model) && batch->samples) {
        for (int i = 0; i < batch->sequences; i++) call->pieces += hf2c_pieces(&call->table, i, context->model->frame_step);
    }
    call->table.sizes = batch->sizes;
    call->table.first = 0;
    call->sequences = &call->table;
    call->outputs = outputs;
}
