/* Two models in one program: one tells what kind of text it was given, the other one goes on writing.
 *
 *     hf2c build examples/kjv-genre --emit lib -o kjv_genre
 *     hf2c build examples/kjv-writer --emit lib -o kjv_writer
 *     clang -I. examples/several/main.c kjv_genre.so kjv_writer.so -Wl,-rpath,. -o both */
#include <stdio.h>
#include <string.h>

#include "kjv_genre.h"
#include "kjv_writer.h"

enum { FRESH = 24 };

static _Alignas(64) unsigned char workspace[KJV_WRITER_WORKSPACE_BYTES + KJV_GENRE_WORKSPACE_BYTES], state[KJV_WRITER_STATE_BYTES];
static _Alignas(64) unsigned char scratch[KJV_GENRE_SCRATCH_BYTES];
static float logits[KJV_WRITER_VOCABULARY];

static int32_t best_id(void)
{
    int32_t best = 0;
    for (int32_t i = 1; i < KJV_WRITER_VOCABULARY; i++)
        if (logits[i] > logits[best]) best = i;
    return best;
}

static hf2c_status tell_genre(const char *text)
{
    kjv_genre_context genre;
    int label;
    float score;
    hf2c_status status = kjv_genre_init(&genre, workspace, KJV_GENRE_WORKSPACE_BYTES, NULL, 0, kjv_genre_weights, KJV_GENRE_WEIGHTS_BYTES);
    if (status == HF2C_OK) status = kjv_genre_classify(&genre, text, strlen(text), scratch, sizeof scratch, &label, &score);
    if (status == HF2C_OK) printf("%s %.4f\n", kjv_genre_label(label), (double)score);
    return status;
}

/* Greedy: the ids of 24 tokens behind the prompt. */
static hf2c_status go_on(const int32_t *prompt, size_t count)
{
    kjv_writer_context writer;
    hf2c_status status = kjv_writer_init(&writer, workspace, KJV_WRITER_WORKSPACE_BYTES, state, sizeof state, kjv_writer_weights,
                                         KJV_WRITER_WEIGHTS_BYTES);
    if (status == HF2C_OK) status = kjv_writer_prefill(&writer, prompt, count, logits);
    for (int i = 0; i < FRESH && status == HF2C_OK; i++) {
        int32_t id = best_id();
        printf("%d%c", (int)id, i + 1 < FRESH ? ' ' : '\n');
        status = kjv_writer_decode(&writer, id, logits);
    }
    return status;
}

int main(void)
{
    static const int32_t prompt[] = {0, 1172, 260, 1798, 1263}; /* <|begin|> In the begin ning */
    hf2c_status status = tell_genre("In the beginning God created the heaven and the earth.");
    if (status == HF2C_OK) status = go_on(prompt, sizeof prompt / sizeof *prompt);
    if (status != HF2C_OK) fprintf(stderr, "%s\n", hf2c_status_text(status));
    return status != HF2C_OK;
}
