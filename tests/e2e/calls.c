/* What a program can do with a generating model beside printing: stop it, say which tokens may follow, ask in JSON, give too little. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kjv_writer.h"

static _Alignas(64) unsigned char workspace[KJV_WRITER_WORKSPACE_BYTES], state[KJV_WRITER_STATE_BYTES], scratch[KJV_WRITER_REQUEST_SCRATCH_BYTES];
static kjv_writer_context model;

#define CHECK(condition)                                                     \
    do {                                                                     \
        if (condition) break;                                                \
        fprintf(stderr, "calls.c:%d: not so: %s\n", __LINE__, #condition);   \
        exit(1);                                                             \
    } while (0)

typedef struct Heard {
    char text[1 << 16];
    size_t bytes;
    int asked, asked_at_most; /* calls of is_cancelled; 0: it never says so */
    int32_t list[3];
    int listed, first, steps; /* of allow_three */
} Heard;

static int hear(void *owner, const char *text, size_t bytes)
{
    Heard *heard = owner;
    CHECK(heard->bytes + bytes < sizeof heard->text);
    memcpy(heard->text + heard->bytes, text, bytes);
    heard->bytes += bytes;
    return 0;
}

static int is_cancelled(void *owner)
{
    Heard *heard = owner;
    return heard->asked_at_most > 0 && ++heard->asked > heard->asked_at_most;
}

/* Three tokens that change with every step; each token so far must have been one of those it was chosen from. */
static int allow_three(void *owner, int sequence, const int32_t *ids, int count, const int32_t **allowed)
{
    Heard *heard = owner;
    CHECK(sequence == 0);
    if (heard->steps++ == 0) heard->first = count;
    CHECK(count == heard->first + heard->steps - 1);
    if (heard->listed) CHECK(ids[count - 1] == heard->list[0] || ids[count - 1] == heard->list[1] || ids[count - 1] == heard->list[2]);
    for (int i = 0; i < 3; i++) heard->list[i] = 300 + 17 * heard->steps + i;
    heard->listed = 1;
    *allowed = heard->list;
    return 3;
}

static hf2c_status generate(Heard *heard, hf2c_listener *listener, const char *prompt, const char *kwargs)
{
    heard->bytes = 0;
    listener->owner = heard;
    return kjv_writer_generate(&model, prompt, strlen(prompt), kwargs, listener, scratch, sizeof scratch);
}

static void check_listener(Heard *heard)
{
    hf2c_listener listener = {.text = hear, .allowed = allow_three, .cancelled = is_cancelled};
    CHECK(generate(heard, &listener, "In the", "{\"max_new_tokens\": 12}") == HF2C_OK);
    CHECK(heard->steps == 12 && heard->bytes > 0);
    heard->steps = heard->listed = 0;
    CHECK(generate(heard, &listener, "In the", "{\"max_new_tokens\": 9, \"do_sample\": true, \"seed\": 3}") == HF2C_OK);
    CHECK(heard->steps == 9);
    listener.allowed = NULL;
    heard->asked_at_most = 5;
    CHECK(generate(heard, &listener, "In the", "{\"max_new_tokens\": 100}") == HF2C_CANCELLED);
    CHECK(heard->asked >= 6 && heard->asked < 12);
    heard->asked_at_most = 0;
}

/* The longest text that TEXT_BYTES were made for must not run out of scratch. */
static void check_sizes(Heard *heard)
{
    static char longest[8 * KJV_WRITER_MAX_SEQUENCE + 1];
    hf2c_listener listener = {.text = hear};
    for (size_t i = 0; i + 1 < sizeof longest; i++) longest[i] = " the children of Israel"[i % 23];
    hf2c_status status = generate(heard, &listener, longest, "{\"do_sample\": true, \"max_new_tokens\": 4}");
    CHECK(status == HF2C_TOO_LONG && strstr(listener.message, "512"));
    for (size_t length = sizeof longest - 1; status == HF2C_TOO_LONG; length -= 64) {
        longest[length] = '\0';
        status = generate(heard, &listener, longest, "{\"do_sample\": true, \"max_new_tokens\": 4}");
    }
    CHECK(status == HF2C_OK && heard->bytes > 0);
    CHECK(kjv_writer_generate(&model, "In", 2, NULL, &listener, scratch, 1 << 12) == HF2C_TOO_SMALL);
    CHECK(kjv_writer_generate(&model, NULL, 2, NULL, &listener, scratch, sizeof scratch) == HF2C_BAD_ARGUMENT);
    CHECK(generate(heard, &listener, "In", "{\"num_beams\": 2}") == HF2C_TOO_SMALL && strstr(listener.message, "num_beams"));
    CHECK(generate(heard, &listener, "In", "{\"top_p\": 2}") == HF2C_BAD_ARGUMENT && strstr(listener.message, "top_p"));
    CHECK(generate(heard, &listener, "In", "[1") == HF2C_BAD_ARGUMENT);
}

int main(void)
{
    static Heard heard;
    hf2c_listener listener = {.text = hear, .owner = &heard};
    CHECK(kjv_writer_init(&model, workspace, sizeof workspace, state, sizeof state, kjv_writer_weights, KJV_WRITER_WEIGHTS_BYTES) == HF2C_OK);
    check_listener(&heard);
    check_sizes(&heard);
    heard.bytes = 0;
    CHECK(kjv_writer_request(&model, "summarization", "\"x\"", NULL, &listener, scratch, sizeof scratch) == HF2C_NOT_SUPPORTED);
    CHECK(kjv_writer_request(&model, NULL, "\"In the", NULL, &listener, scratch, sizeof scratch) == HF2C_BAD_ARGUMENT);
    CHECK(kjv_writer_request(&model, "text-generation", "\"In the\"", "{\"max_new_tokens\": 20}", &listener, scratch, sizeof scratch) == HF2C_OK);
    fwrite(heard.text, 1, heard.bytes, stdout);
    putchar('\n');
    return 0;
}
