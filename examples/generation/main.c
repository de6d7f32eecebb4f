/* Text that appears while it is generated, and a limit that the program sets itself: it stops behind the second sentence.
 *
 *     hf2c build examples/kjv-writer --emit lib -o kjv_writer
 *     clang -I. examples/generation/main.c kjv_writer.a -fopenmp -lm -o writer
 *     ./writer "And it came to pass" '{"do_sample": true, "temperature": 0.8, "seed": 7}' */
#include <stdio.h>
#include <string.h>

#include "kjv_writer.h"

static _Alignas(64) unsigned char workspace[KJV_WRITER_WORKSPACE_BYTES];
static _Alignas(64) unsigned char state[KJV_WRITER_STATE_BYTES]; /* the cache of one sequence */
static _Alignas(64) unsigned char scratch[KJV_WRITER_REQUEST_SCRATCH_BYTES];

/* Called for each new piece, in whole characters. What it returns stops the generation when it is not 0. */
static int print_text(void *owner, const char *text, size_t bytes)
{
    int *sentences = owner;
    for (size_t i = 0; i < bytes; i++) *sentences += text[i] == '.';
    fwrite(text, 1, bytes, stdout);
    fflush(stdout);
    return *sentences >= 2;
}

int main(int argc, char **argv)
{
    kjv_writer_context model;
    int sentences = 0;
    hf2c_listener listener = {.owner = &sentences, .text = print_text};
    const char *prompt = argc > 1 ? argv[1] : "In the beginning", *settings = argc > 2 ? argv[2] : "{\"max_new_tokens\": 200}";
    hf2c_status status = kjv_writer_init(&model, workspace, sizeof workspace, state, sizeof state, kjv_writer_weights, KJV_WRITER_WEIGHTS_BYTES);
    if (status == HF2C_OK) {
        fputs(prompt, stdout);
        status = kjv_writer_generate(&model, prompt, strlen(prompt), settings, &listener, scratch, sizeof scratch);
        putchar('\n');
    }
    if (status == HF2C_OK || (status == HF2C_CANCELLED && sentences >= 2)) return 0;
    fprintf(stderr, "%s\n", listener.message[0] ? listener.message : hf2c_status_text(status));
    return 1;
}
