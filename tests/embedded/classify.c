/* Reads verses, one a line, from verses.txt and prints label and score of each; then, the other way, the first one step by step. */
#include "harness.h"
#include "kjv_genre.h"

enum { SLICES = 5 };

#ifdef KJV_GENRE_FAST_BYTES /* two memories */
static _Alignas(64) unsigned char fast[KJV_GENRE_FAST_BYTES];
static _Alignas(64) unsigned char workspace[KJV_GENRE_WORKSPACE_BYTES] __attribute__((section(".slow")));
#else
static _Alignas(64) unsigned char workspace[KJV_GENRE_WORKSPACE_BYTES];
#endif
static unsigned char scratch[KJV_GENRE_SCRATCH_BYTES];
static char verses[8192];
static kjv_genre_context model;

static size_t read_verses(void)
{
    int file = semihosting_open("verses.txt");
    size_t length = 0, more;
    while (file >= 0 && (more = semihosting_read(file, verses + length, sizeof verses - length)) > 0) length += more;
    return length;
}

static hf2c_status classify(const char *verse, size_t bytes)
{
    int label;
    float score;
    stack_begin();
    hf2c_status status = kjv_genre_classify(&model, verse, bytes, scratch, sizeof scratch, &label, &score);
    stack_end();
    if (status != HF2C_OK) return status;
    put_text(kjv_genre_label(label));
    put_text(" 0.");
    put_number((uint32_t)(score * 10000.0f + 0.5f), 4);
    put_text("\n");
    return HF2C_OK;
}

/* FNV-1a of the bits. */
static uint32_t hash_of(const float *values, size_t count)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < count * sizeof *values; i++) hash = (hash ^ ((const unsigned char *)values)[i]) * 16777619u;
    return hash;
}

/* The same tokens in one call and in slices of steps must give the same bits. */
static hf2c_status compare_steps(void)
{
    static const int32_t ids[] = {2, 100, 200, 300, 400, 500, 3};
    static float whole[6], sliced[6];
    uint32_t steps = 0;
    stack_begin();
    hf2c_status status = kjv_genre_encode(&model, ids, NULL, 7, KJV_GENRE_OUTPUT_LOGITS, whole);
    if (status == HF2C_OK) status = kjv_genre_encode_begin(&model, ids, NULL, 7, KJV_GENRE_OUTPUT_LOGITS, sliced, SLICES);
    if (status != HF2C_OK) return status;
    do steps++;
    while (kjv_genre_step(&model));
    int same = kjv_genre_step(&model) == 0; /* nothing is under way any more */
    stack_end();
    for (int i = 0; i < 6; i++) same = same && whole[i] == sliced[i];
    put_text("steps ");
    put_number(steps, 1);
    put_text(same ? " same\nbits " : " different\nbits ");
    put_number(hash_of(whole, 6), 1);
    put_text("\n");
    return HF2C_OK;
}

int main(void)
{
    size_t length = read_verses(), begin = 0;
    stack_begin();
#ifdef KJV_GENRE_FAST_BYTES
    hf2c_status status = kjv_genre_init(&model, workspace, sizeof workspace, fast, sizeof fast, NULL, 0, kjv_genre_weights, KJV_GENRE_WEIGHTS_BYTES);
#else
    hf2c_status status = kjv_genre_init(&model, workspace, sizeof workspace, NULL, 0, kjv_genre_weights, KJV_GENRE_WEIGHTS_BYTES);
#endif
    stack_end();
    if (status == HF2C_OK) status = compare_steps();
    for (size_t i = 0; i < length && status == HF2C_OK; i++) {
        if (verses[i] != '\n') continue;
        status = classify(verses + begin, i - begin);
        begin = i + 1;
    }
    if (status != HF2C_OK) put_text(hf2c_status_text(status));
    put_text("stack ");
    put_number((uint32_t)stack_used(), 1);
    put_text(" bytes\n");
    return status != HF2C_OK;
}
