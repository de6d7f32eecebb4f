/* Instructions of the token that comes when the cache is half full, step by step. */
#include "counter.h"
#include "harness.h"
#include "kjv_writer.h"

static _Alignas(64) unsigned char workspace[KJV_WRITER_WORKSPACE_BYTES], state[KJV_WRITER_STATE_BYTES];
static kjv_writer_context model;
static float logits[KJV_WRITER_VOCABULARY];

static uint64_t decode(int32_t id, hf2c_status *status)
{
    uint64_t instructions = 0;
    stack_begin();
    *status = kjv_writer_prefill_begin(&model, &id, 1, logits, 1);
    for (int more = *status == HF2C_OK; more;) {
        uint32_t before = counter_read();
        more = kjv_writer_step(&model);
        instructions += counter_between(before, counter_read());
    }
    stack_end();
    return instructions;
}

int main(void)
{
    uint64_t instructions = 0;
    hf2c_status status = kjv_writer_init(&model, workspace, sizeof workspace, state, sizeof state, kjv_writer_weights, KJV_WRITER_WEIGHTS_BYTES);
    counter_begin();
    for (int i = 0; i < KJV_WRITER_MAX_SEQUENCE / 2 && status == HF2C_OK; i++) instructions = decode(100 + 37 * i % 1900, &status);
    put_number((uint32_t)instructions, 1);
    put_text(" instructions a token\nstack ");
    put_number((uint32_t)stack_used(), 1);
    put_text("\n");
    return status != HF2C_OK;
}
