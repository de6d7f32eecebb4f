/* call: one call of a compiled model, as its schedule sees it. */
#ifndef HF2C_CORE_CALL_H
#define HF2C_CORE_CALL_H

#include "runtime/core/team.h"
#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf2c_call {
    const uint8_t *weights;
    uint8_t *workspace, *fast, *state;
    int rows, sequence_count, wanted;
    const int32_t *ids, *positions, *types, *want; /* types: NULL means 0 for all */
    int images;
    const float *values;
    int pieces; /* of sounds */
    const hf2c_sequences *sequences;
    hf2c_sequences table; /* what sequences points at, unless the device has its own */
    float *const *outputs;
} hf2c_call;

void hf2c_call_begin(hf2c_call *call, const hf2c_context *context, const hf2c_batch *batch, float *const *outputs);
/* schedule(team, call) on as many of the context's threads as that batch is worth. */
void hf2c_call_run(hf2c_context *context, const hf2c_batch *batch, void (*schedule)(const hf2c_team *team, void *call), void *call);
/* Checks the batch, fills *call and runs schedule(team, call) on the context's threads. */
hf2c_status hf2c_call_schedule(hf2c_context *context, const hf2c_batch *batch, float *const *outputs,
                              void (*schedule)(const hf2c_team *team, void *call));
/* The same for the schedule of an encoder. */
hf2c_status hf2c_call_encode(hf2c_context *context, const hf2c_batch *batch, float *const *outputs,
                             void (*schedule)(const hf2c_team *team, void *call));

#ifdef __cplusplus
}
#endif
#endif
