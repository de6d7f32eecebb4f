/* A prompt a line from the serial port; the text goes on, word by word. */
#include "kjv_writer.h"
#include "uart.h"

enum { TOKENS = 40 };

static _Alignas(64) unsigned char workspace[KJV_WRITER_WORKSPACE_BYTES], state[KJV_WRITER_STATE_BYTES];
static unsigned char scratch[KJV_WRITER_SCRATCH_BYTES];
static char prompt[KJV_WRITER_TEXT_BYTES];
static kjv_writer_context model;

static int put(void *to, const char *text, size_t bytes)
{
    (void)to;
    uart_write(text, bytes);
    return 0;
}

int main(void)
{
    uart_begin();
    hf2c_status status = kjv_writer_init(&model, workspace, sizeof workspace, state, sizeof state, kjv_writer_weights, KJV_WRITER_WEIGHTS_BYTES);
    while (status == HF2C_OK) {
        size_t bytes = uart_line(prompt, sizeof prompt);
        uart_write(prompt, bytes);
        status = kjv_writer_write(&model, prompt, bytes, TOKENS, scratch, sizeof scratch, put, NULL);
        if (status == HF2C_TOO_LONG || status == HF2C_CONTEXT_FULL) status = HF2C_OK; /* the next prompt begins anew */
        uart_text("\r\n");
    }
    uart_text(hf2c_status_text(status));
    return 1;
}
