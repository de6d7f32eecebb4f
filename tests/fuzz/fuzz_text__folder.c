/* Hostile tokenizer files without tokenizer.json. The first byte chooses which file the rest is; a 0xff byte
 * separates vocab.json from merges.txt. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SCRATCH = 1 << 18, TOKENS = 256, KINDS = 4 };

static char folder[] = "/tmp/hf2c-fuzz-XXXXXX";
static const char *const names[KINDS] = {"vocab.txt", "spiece.model", "vocab.json", "merges.txt"};

static void remove_folder(void)
{
    rmdir(folder);
}

static const char *path_of(int kind)
{
    static char path[64];

    snprintf(path, sizeof path, "%s/%s", folder, names[kind]);
    return path;
}

static void write_file(int kind, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path_of(kind), "wb");

    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        abort();
    }
}

static void use(const hf2c_tokenizer *tokenizer)
{
    static _Alignas(16) uint8_t scratch[SCRATCH];
    static const char text[] = "Hello,  w\xc3\xb6rld 123 <s> \xe6\x97\xa5\xf0\x9f\x98\x80 don't\n";
    int32_t ids[TOKENS], offsets[2 * TOKENS];
    hf2c_encoding encoding = {.ids = ids, .offsets = offsets, .capacity = TOKENS};
    hf2c_encode_options options = {.add_special_tokens = 1};
    char out[4096];
    size_t length;

    if (hf2c_encode(tokenizer, text, sizeof text - 1, NULL, 0, &options, &encoding, NULL, scratch, SCRATCH) == HF2C_OK) {
        hf2c_decode(tokenizer, ids, encoding.count, 0, out, sizeof out, &length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int begun;
    const uint8_t *between;
    Model model = {.folder = folder, .name = "fuzz"};
    const hf2c_tokenizer *tokenizer;
    Err err = {{0}};
    int kind;

    if (size == 0) {
        return 0;
    }
    if (!begun++ && (mkdtemp(folder) == NULL || atexit(remove_folder) != 0)) {
        abort();
    }
    kind = data[0] % (KINDS - 1);
    between = kind == 2 ? memchr(data + 1, 0xff, size - 1) : NULL;
    write_file(kind, data + 1, between != NULL ? (size_t)(between - data) - 1 : size - 1);
    if (between != NULL) {
        write_file(kind + 1, between + 1, size - (size_t)(between - data) - 1);
    }
    model.arena = arena_new();
    tokenizer = tokenizer_compile(model.arena, &model, &err);
    if (tokenizer != NULL) {
        use(tokenizer);
    }
    arena_free(model.arena);
    for (int i = 0; i < KINDS; i++) {
        unlink(path_of(i));
    }
    return 0;
}
