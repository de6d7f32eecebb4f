/* A C program with a compiled model inside. The model's memory is static; nothing is allocated.
 *
 *     hf2c build examples/kjv-genre --emit lib -o kjv_genre
 *     clang -I. examples/library/main.c kjv_genre.a -fopenmp -lm -o genre      (or: kjv_genre.so -Wl,-rpath,.)
 *     ./genre "And it came to pass" */
#include <stdio.h>
#include <string.h>

#include "kjv_genre.h"

static _Alignas(64) unsigned char workspace[KJV_GENRE_WORKSPACE_BYTES];
static _Alignas(64) unsigned char scratch[KJV_GENRE_SCRATCH_BYTES];

int main(int argc, char **argv)
{
    kjv_genre_context model;
    hf2c_status status = kjv_genre_init(&model, workspace, sizeof workspace, NULL, 0, kjv_genre_weights, KJV_GENRE_WEIGHTS_BYTES);
    for (int i = 1; i < argc && status == HF2C_OK; i++) {
        int label;
        float score;
        status = kjv_genre_classify(&model, argv[i], strlen(argv[i]), scratch, sizeof scratch, &label, &score);
        if (status == HF2C_OK) printf("%-10s %.4f  %s\n", kjv_genre_label(label), (double)score, argv[i]);
    }
    if (status != HF2C_OK) fprintf(stderr, "%s\n", hf2c_status_text(status));
    return status != HF2C_OK;
}
