/* How fast a compiled tokenizer encodes and decodes a text, given in pieces of about 4 KB as the other libraries get them
 * (tokenizers.sh), on one core; processor time, best of several turns.
 *
 *   bench_tokenizers FOLDER TEXT
 *   bench_tokenizers FOLDER --linear      time of two megabytes of one letter and the like over that of one
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/text/text.h"

enum { PIECE = 4096, TURNS = 7, TEXT_LIMIT = 1 << 28 };

typedef struct Bench {
    const hf2c_tokenizer *tokenizer;
    const char *text;
    size_t bytes;
    int32_t *ids; /* of the whole text */
    size_t *first; /* [pieces + 1] where the ids of each piece begin */
    size_t pieces, capacity;
    void *scratch;
    size_t scratch_bytes;
    char *decoded;
    size_t decoded_bytes;
} Bench;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Behind the line end that follows PIECE bytes. */
static size_t piece_end(const Bench *bench, size_t at)
{
    const char *end = bench->bytes - at > PIECE ? memchr(bench->text + at + PIECE, '\n', bench->bytes - at - PIECE) : NULL;

    return end != NULL ? (size_t)(end + 1 - bench->text) : bench->bytes;
}

static void encode(Bench *bench)
{
    static const hf2c_encode_options plain = {.add_special_tokens = 0};
    size_t count = 0, end;

    bench->pieces = 0;
    for (size_t at = 0; at < bench->bytes; at = end) {
        hf2c_encoding encoding = {.ids = bench->ids + count, .capacity = bench->capacity - count};
        end = piece_end(bench, at);
        if (hf2c_encode(bench->tokenizer, bench->text + at, end - at, NULL, 0, &plain, &encoding, NULL, bench->scratch,
                        bench->scratch_bytes) != HF2C_OK) {
            fatal("cannot encode the piece at byte %zu", at);
        }
        bench->first[bench->pieces++] = count;
        count += encoding.count;
    }
    bench->first[bench->pieces] = count;
}

static void decode(Bench *bench)
{
    bench->decoded_bytes = 0;
    for (size_t i = 0; i < bench->pieces; i++) {
        size_t length;
        if (hf2c_decode(bench->tokenizer, bench->ids + bench->first[i], bench->first[i + 1] - bench->first[i], 0, bench->decoded,
                        bench->bytes, &length) != HF2C_OK) {
            fatal("cannot decode piece %zu", i);
        }
        bench->decoded_bytes += length;
    }
}

static double best_of(Bench *bench, void (*work)(Bench *bench))
{
    double best = 1e30;

    for (int turn = 0; turn < TURNS; turn++) {
        double start = now(), seconds;
        work(bench);
        seconds = now() - start;
        best = seconds < best ? seconds : best;
    }
    return best;
}

/* ---- texts that are hard for a tokenizer that looks back ---- */

static double time_whole(Bench *bench, const char *text, size_t bytes)
{
    static const hf2c_encode_options plain = {.add_special_tokens = 0};
    double best = 1e30;

    for (int turn = 0; turn < 3; turn++) {
        hf2c_encoding encoding = {.ids = bench->ids, .capacity = bench->capacity};
        double start = now(), seconds;
        if (hf2c_encode(bench->tokenizer, text, bytes, NULL, 0, &plain, &encoding, NULL, bench->scratch, bench->scratch_bytes) !=
            HF2C_OK) {
            fatal("cannot encode %zu bytes", bytes);
        }
        seconds = now() - start;
        best = seconds < best ? seconds : best;
    }
    return best;
}

static void check_linear(Arena *arena, Bench *bench)
{
    enum { MEGABYTE = 1 << 20 };
    static const char *const kinds[] = {"one letter", "^", "spaces", "random bytes"};
    char *text = arena_alloc(arena, 2 * MEGABYTE);
    uint32_t random = 1;

    bench->capacity = hf2c_encode_capacity(bench->tokenizer, 2 * MEGABYTE);
    bench->ids = arena_alloc_array(arena, bench->capacity, sizeof *bench->ids);
    bench->scratch_bytes = hf2c_encode_scratch(bench->tokenizer, 2 * MEGABYTE);
    bench->scratch = arena_alloc(arena, bench->scratch_bytes);
    for (int kind = 0; kind < 4; kind++) {
        double once, twice;
        memset(text, "a^ "[kind % 3], 2 * MEGABYTE);
        for (size_t i = 0; kind == 3 && i < 2 * MEGABYTE; i++) {
            random = random * 1664525u + 1013904223u;
            text[i] = (char)(random >> 24);
        }
        once = time_whole(bench, text, MEGABYTE);
        twice = time_whole(bench, text, 2 * MEGABYTE);
        printf("  1 MB of %-12s %6.1f ms, 2 MB %.2f times that\n", kinds[kind], once * 1e3, twice / once);
    }
}

static uint32_t checksum(const Bench *bench)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < bench->first[bench->pieces]; i++) {
        sum = sum * 31 + (uint32_t)bench->ids[i];
    }
    return sum;
}

int main(int argc, char **argv)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    FileView view;
    Bench bench = {0};
    Model model = {.arena = arena, .folder = argc == 3 ? argv[1] : "", .name = "bench"};
    double seconds;

    if (argc != 3) {
        fatal("usage: bench_tokenizers FOLDER TEXT");
    }
    bench.tokenizer = tokenizer_compile(arena, &model, &err);
    if (bench.tokenizer != NULL && strcmp(argv[2], "--linear") == 0) {
        check_linear(arena, &bench);
        arena_free(arena);
        return 0;
    }
    if (bench.tokenizer == NULL || !file_read(arena, argv[2], TEXT_LIMIT, &view, &err)) {
        fatal("%s", err.text[0] != 0 ? err.text : "no tokenizer");
    }
    bench.text = (const char *)view.data;
    bench.bytes = view.size;
    bench.capacity = hf2c_encode_capacity(bench.tokenizer, bench.bytes);
    bench.ids = arena_alloc_array(arena, bench.capacity, sizeof *bench.ids);
    bench.first = arena_alloc_array(arena, bench.bytes / PIECE + 2, sizeof *bench.first);
    bench.scratch_bytes = hf2c_encode_scratch(bench.tokenizer, 1 << 20);
    bench.scratch = arena_alloc(arena, bench.scratch_bytes);
    bench.decoded = arena_alloc(arena, bench.bytes);
    seconds = best_of(&bench, encode);
    printf("encode %.1f MB/s", (double)bench.bytes / seconds * 1e-6);
    seconds = best_of(&bench, decode);
    printf("  decode %.1f MB/s", (double)bench.decoded_bytes / seconds * 1e-6);
    printf("  %zu tokens, checksum %08x, tables %zu bytes\n", bench.first[bench.pieces], (unsigned)checksum(&bench),
           tokenizer_bytes(bench.tokenizer));
    arena_free(arena);
    return 0;
}
