/* A verse a line from the serial port; its label and score back. */
#include "kjv_genre.h"
#include "uart.h"

static _Alignas(64) unsigned char workspace[KJV_GENRE_WORKSPACE_BYTES];
static unsigned char scratch[KJV_GENRE_SCRATCH_BYTES];
static char verse[KJV_GENRE_TEXT_BYTES];
static kjv_genre_context model;

static void put_score(float score)
{
    char text[] = "  0.0000\r\n";
    int digits = (int)(score * 10000.0f + 0.5f);
    if (digits == 10000) text[2] = '1';
    for (int i = 7; i > 3; i--, digits /= 10) text[i] = (char)('0' + digits % 10);
    uart_text(text);
}

int main(void)
{
    uart_begin();
    hf2c_status status = kjv_genre_init(&model, workspace, sizeof workspace, NULL, 0, kjv_genre_weights, KJV_GENRE_WEIGHTS_BYTES);
    while (status == HF2C_OK) {
        int label;
        float score;
        size_t bytes = uart_line(verse, sizeof verse);
        status = kjv_genre_classify(&model, verse, bytes, scratch, sizeof scratch, &label, &score);
        if (status != HF2C_OK) break;
        uart_text(kjv_genre_label(label));
        put_score(score);
    }
    uart_text(hf2c_status_text(status));
    return 1;
}
