/* Weights in a file of their own, or appended to a program. */
#include "runtime/cli/weights_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

enum { WEIGHTS = 256, HASH = 77 };

static uint8_t weights[WEIGHTS];

static void write_file(const char *path, size_t lead, int with_trailer, uint64_t begin, uint64_t bytes)
{
    uint8_t trailer[HF2C_WEIGHTS_TRAILER];
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < lead; i++) fputc('x', file);
    hf2c_weights_write_header(weights, WEIGHTS, 0, HASH);
    assert_int_equal(fwrite(weights, 1, WEIGHTS, file), WEIGHTS);
    hf2c_weights_write_trailer(trailer, begin, bytes, HASH);
    if (with_trailer) assert_int_equal(fwrite(trailer, 1, sizeof trailer, file), sizeof trailer);
    fclose(file);
}

static void test_files(void **state)
{
    char path[] = "/tmp/hf2c_weights_XXXXXX";
    const hf2c_model model = {.weights_bytes = WEIGHTS, .weights_hash = HASH};
    hf2c_weights_map map;
    const char *reason;
    int file = mkstemp(path);
    (void)state;
    assert_true(file >= 0);
    close(file);
    write_file(path, 0, 0, 0, 0);
    assert_int_equal(hf2c_weights_map_file(&map, path, &reason), HF2C_OK);
    assert_int_equal(hf2c_weights_check(&model, map.weights, map.bytes), HF2C_OK);
    hf2c_weights_unmap(&map);
    write_file(path, HF2C_WEIGHTS_PAGE, 1, HF2C_WEIGHTS_PAGE, WEIGHTS);
    assert_int_equal(hf2c_weights_map_file(&map, path, &reason), HF2C_OK);
    assert_int_equal(hf2c_weights_check(&model, map.weights, map.bytes), HF2C_OK);
    hf2c_weights_unmap(&map);
    static const uint64_t lies[][2] = {{1, WEIGHTS},
                                       {HF2C_WEIGHTS_PAGE, WEIGHTS + 1},
                                       {2 * HF2C_WEIGHTS_PAGE, 1},
                                       {0, UINT64_MAX},
                                       {UINT64_MAX - 65535, WEIGHTS}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        write_file(path, HF2C_WEIGHTS_PAGE, 1, lies[i][0], lies[i][1]);
        assert_int_equal(hf2c_weights_map_file(&map, path, &reason), HF2C_BAD_WEIGHTS);
        assert_non_null(reason);
    }
    unlink(path);
    assert_int_equal(hf2c_weights_map_file(&map, path, &reason), HF2C_BAD_WEIGHTS);
    assert_int_equal(hf2c_weights_map_file(&map, "/", &reason), HF2C_BAD_WEIGHTS);
}

/* More than two huge pages and a rest, by every number of threads; a system without them leaves everything as it was. */
static void test_huge_pages(void **state)
{
    enum { HUGE_PAGE = 2 << 20, MOST = 2 * HUGE_PAGE + 4096 + 192 };
    char path[] = "/tmp/hf2c_huge_XXXXXX";
    static uint8_t data[MOST];
    hf2c_weights_map map;
    const char *reason;
    int file = mkstemp(path);
    (void)state;
    assert_true(file >= 0);
    for (size_t i = 0; i < MOST; i++) data[i] = (uint8_t)(i * 7 + i / 4096);
    assert_int_equal(write(file, data, MOST), MOST);
    close(file);
    for (int threads = 1; threads <= 3; threads++) {
        assert_int_equal(hf2c_weights_map_file(&map, path, &reason), HF2C_OK);
        const void *before = map.weights;
        const char *refused = hf2c_weights_to_huge_pages(&map, threads);
        if (refused) assert_ptr_equal(map.weights, before);
        else assert_int_equal((uintptr_t)map.weights % HUGE_PAGE, 0);
        assert_int_equal(map.bytes, MOST);
        assert_memory_equal(map.weights, data, MOST);
        hf2c_weights_unmap(&map);
    }
    map = (hf2c_weights_map){.weights = data, .bytes = MOST}; /* linked in: it stays */
    if (!hf2c_weights_to_huge_pages(&map, 2)) assert_ptr_not_equal(map.weights, data);
    assert_memory_equal(map.weights, data, MOST);
    hf2c_weights_unmap(&map);
    assert_non_null(hf2c_weights_to_huge_pages(&map, 1));
    unlink(path);
}

/* A sparse file beyond 4 GB, its weights behind the mark. */
static void test_large_files(void **state)
{
    char path[] = "/tmp/hf2c_large_XXXXXX";
    const hf2c_model model = {.weights_bytes = WEIGHTS, .weights_hash = HASH};
    hf2c_weights_map map;
    const char *reason;
    uint8_t trailer[HF2C_WEIGHTS_TRAILER];
    const off_t begin = (off_t)5 << 30;
    int file = mkstemp(path);
    (void)state;
    assert_true(file >= 0);
    hf2c_weights_write_header(weights, WEIGHTS, 0, HASH);
    hf2c_weights_write_trailer(trailer, (uint64_t)begin, WEIGHTS, HASH);
    assert_int_equal(pwrite(file, weights, WEIGHTS, begin), WEIGHTS);
    assert_int_equal(pwrite(file, trailer, sizeof trailer, begin + WEIGHTS), sizeof trailer);
    close(file);
    assert_int_equal(hf2c_weights_map_file(&map, path, &reason), HF2C_OK);
    assert_int_equal(hf2c_weights_check(&model, map.weights, map.bytes), HF2C_OK);
    hf2c_weights_unmap(&map);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_huge_pages), cmocka_unit_test(test_large_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
