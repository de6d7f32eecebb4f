/* Reads verses, one a line, from verses.txt and prints label and score of each. All memory is static. */
#include <string.h>

#include "core_sink.h"
#include "harness.h"
#include "kjv_genre.h"
#include "task_task.h"

static _Alignas(64) unsigned char workspace[KJV_GENRE_WORKSPACE_BYTES];
static unsigned char scratch[KJV_GENRE_SCRATCH_BYTES];
static char verses[16384];

static int write_out(void *to, const char *bytes, size_t count)
{
    (void)to;
    semihosting_write(bytes, count);
    return 0;
}

static hf2c_sink console = {.write = write_out};

static size_t read_verses(void)
{
    int file = semihosting_open("verses.txt");
    size_t length = 0, more;
    while (file >= 0 && (more = semihosting_read(file, verses + length, sizeof verses - length)) > 0) length += more;
    return length;
}

static hf2c_status classify(kjv_genre_context *model, const char *verse, size_t bytes)
{
    int label;
    float score;
    hf2c_status status = kjv_genre_classify(model, verse, bytes, scratch, sizeof scratch, &label, &score);
    if (status != HF2C_OK) return status;
    hf2c_sink_text(&console, kjv_genre_label(label));
    hf2c_sink_text(&console, " ");
    hf2c_sink_fixed(&console, score, 4);
    hf2c_sink_text(&console, "\n");
    return HF2C_OK;
}

int main(void)
{
    kjv_genre_context model;
    size_t length = read_verses();
    hf2c_status status = kjv_genre_init(&model, workspace, sizeof workspace, NULL, 0, kjv_genre_weights, KJV_GENRE_WEIGHTS_BYTES);
    for (const char *verse = verses, *end; status == HF2C_OK && (end = memchr(verse, '\n', length)) != NULL; verse = end + 1) {
        status = classify(&model, verse, (size_t)(end - verse));
        length -= (size_t)(end - verse) + 1;
    }
    if (status != HF2C_OK) {
        hf2c_sink_text(&console, hf2c_status_text(status));
        hf2c_sink_text(&console, "\n");
        return 1;
    }
    hf2c_sink_text(&console, "stack ");
    hf2c_sink_integer(&console, (int64_t)stack_used());
    hf2c_sink_text(&console, " bytes\n");
    return 0;
}
