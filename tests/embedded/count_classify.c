/* Instructions of a call with as many tokens as the model takes, step by step. */
#include "counter.h"
#include "harness.h"
#include "kjv_genre.h"

static _Alignas(64) unsigned char workspace[KJV_GENRE_WORKSPACE_BYTES];
static kjv_genre_context model;
static int32_t ids[KJV_GENRE_MAX_SEQUENCE];

int main(void)
{
    float logits[6];
    uint64_t instructions = 0;
    hf2c_status status = kjv_genre_init(&model, workspace, sizeof workspace, NULL, 0, kjv_genre_weights, KJV_GENRE_WEIGHTS_BYTES);
    for (int i = 0; i < KJV_GENRE_MAX_SEQUENCE; i++) ids[i] = 100 + 37 * i % 1900;
    if (status == HF2C_OK) status = kjv_genre_encode_begin(&model, ids, NULL, KJV_GENRE_MAX_SEQUENCE, KJV_GENRE_OUTPUT_LOGITS, logits, 1);
    stack_begin();
    counter_begin();
    for (int more = status == HF2C_OK; more;) {
        uint32_t before = counter_read();
        more = kjv_genre_step(&model);
        instructions += counter_between(before, counter_read());
    }
    stack_end();
    put_number((uint32_t)(instructions / KJV_GENRE_MAX_SEQUENCE), 1);
    put_text(" instructions a token\nstack ");
    put_number((uint32_t)stack_used(), 1);
    put_text("\n");
    return status != HF2C_OK;
}
