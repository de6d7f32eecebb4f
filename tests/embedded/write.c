/* Continues the text of prompt.txt. */
#include "harness.h"
#include "kjv_writer.h"

enum { TOKENS = 24 };

static _Alignas(64) unsigned char workspace[KJV_WRITER_WORKSPACE_BYTES], state[KJV_WRITER_STATE_BYTES];
static unsigned char scratch[KJV_WRITER_SCRATCH_BYTES];
static kjv_writer_context model;

static int put(void *to, const char *text, size_t bytes)
{
    (void)to;
    semihosting_write(text, bytes);
    return 0;
}

int main(void)
{
    char prompt[256];
    int file = semihosting_open("prompt.txt");
    size_t length = file >= 0 ? semihosting_read(file, prompt, sizeof prompt) : 0;
    stack_begin();
    hf2c_status status = kjv_writer_init(&model, workspace, sizeof workspace, state, sizeof state, kjv_writer_weights, KJV_WRITER_WEIGHTS_BYTES);
    stack_end();
    semihosting_write(prompt, length);
    stack_begin();
    if (status == HF2C_OK) status = kjv_writer_write(&model, prompt, length, TOKENS, scratch, sizeof scratch, put, NULL);
    stack_end();
    put_text("\n");
    if (status != HF2C_OK) put_text(hf2c_status_text(status));
    put_text("stack ");
    put_number((uint32_t)stack_used(), 1);
    put_text(" bytes\n");
    return status != HF2C_OK;
}
