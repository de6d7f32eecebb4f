/* Temperature and cut-offs against the probabilities that transformers had after them: rows `sampling` of the oracle's cases. What is drawn
 * then must come as often as those say (chi-square). */
#include "runtime/generate/processors.h"
#include "runtime/generate/sampler.h"
#include "runtime/task/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

static const hf2c_option rows[] = {
#define GENERATION_OPTION(name, kind, field, choices, help) {name, HF2C_OPTION_##kind, offsetof(hf2c_generation, field), choices, help},
#include "runtime/task/generation_options.def"
#undef GENERATION_OPTION
};

typedef struct File {
    char *bytes;
    size_t size;
} File;

static File read_file(const char *name, const char *file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/oracle/%s/%s", TESTS_FOLDER, name, file);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    File read = {.size = (size_t)ftell(in)};
    rewind(in);
    read.bytes = malloc(read.size + 1);
    assert_non_null(read.bytes);
    assert_int_equal(fread(read.bytes, 1, read.size, in), read.size);
    read.bytes[read.size] = '\0';
    fclose(in);
    return read;
}

/* Moves into the object on which the scanner stands, to the value of the key; false: it is not there. */
static int seek(JsonScanner *scanner, const char *key)
{
    while (json_next(scanner) == JSON_KEY) {
        int found = json_is(scanner, key);
        json_next(scanner);
        if (found) return 1;
        assert_true(json_skip(scanner));
    }
    return 0;
}

/* A tensor of the golden file; the data follow an 8-byte length and a header. */
static const float *find_tensor(const File *golden, const char *name, int *columns)
{
    JsonScanner scanner;
    int64_t offset, width;
    uint64_t header;
    memcpy(&header, golden->bytes, sizeof header);
    json_scan_begin(&scanner, golden->bytes + 8, header);
    json_next(&scanner);
    assert_true(seek(&scanner, name));
    JsonScanner shape = scanner;
    assert_true(seek(&shape, "shape"));
    json_next(&shape);
    json_next(&shape);
    assert_true(json_integer(&shape, &width));
    assert_true(seek(&scanner, "data_offsets"));
    json_next(&scanner);
    assert_true(json_integer(&scanner, &offset));
    *columns = (int)width;
    return (const float *)(const void *)(golden->bytes + 8 + header + offset);
}

typedef struct Case {
    File json, golden;
    hf2c_scratch scratch;
    uint8_t *memory;
    hf2c_ids prompt; /* whose next token the scores are for */
} Case;

static void case_open(Case *c, const char *name)
{
    JsonScanner scanner;
    *c = (Case){.json = read_file(name, "golden.json"), .golden = read_file(name, "golden.safetensors"), .memory = malloc(1 << 20)};
    assert_non_null(c->memory);
    c->scratch = (hf2c_scratch){c->memory, 1 << 20, 0};
    json_scan_begin(&scanner, c->json.bytes, c->json.size);
    json_next(&scanner);
    assert_true(seek(&scanner, "forward") && seek(&scanner, "single") && seek(&scanner, "input_ids"));
    json_next(&scanner);
    assert_int_equal(hf2c_option_ids(&scanner, &c->prompt, &c->scratch), HF2C_OK);
}

static void case_close(Case *c)
{
    free(c->json.bytes);
    free(c->golden.bytes);
    free(c->memory);
}

/* The settings of the row on which the scanner stands, and where its probabilities are. */
static void read_row(Case *c, JsonScanner scanner, hf2c_generation *settings, char tensor[64], int *kept)
{
    JsonScanner field = scanner;
    hf2c_message message = {""};
    hf2c_model nothing = {.generation = {.top_p = 1, .temperature = 1, .repetition_penalty = 1}};
    int64_t number = 0;
    hf2c_generation_init(settings, &nothing);
    assert_true(seek(&field, "params"));
    assert_int_equal(hf2c_options_read((hf2c_options){rows, sizeof rows / sizeof *rows}, &field, settings, &c->scratch, &message), HF2C_OK);
    field = scanner;
    assert_true(seek(&field, "tensor") && field.length < 64);
    tensor[json_string(&field, tensor, NULL)] = '\0';
    assert_true(seek(&scanner, "kept") && json_integer(&scanner, &number));
    *kept = (int)number;
}

/* Draws from streams of a fixed seed; tokens that are expected less than 8 times count as one. What chi-square exceeds once in 30,000 times
 * by chance is the limit (Wilson and Hilferty's approximation). */
static void check_draws(const hf2c_candidate *candidates, int left, const float *wanted, int vocabulary)
{
    enum { DRAWS = 4000 };
    static int drawn[1 << 16];
    double square = 0, rare_wanted = 0, rare_drawn = 0;
    int bins = 0;
    assert_true(vocabulary <= 1 << 16);
    memset(drawn, 0, sizeof drawn);
    for (int i = 0; i < DRAWS; i++) {
        hf2c_random random = hf2c_random_begin(2024, (uint64_t)i);
        drawn[hf2c_sample_draw(candidates, left, &random)]++;
    }
    for (int id = 0; id < vocabulary; id++) {
        double expected = DRAWS * (double)wanted[id];
        if (expected == 0) assert_int_equal(drawn[id], 0);
        if (expected >= 8) square += (drawn[id] - expected) * (drawn[id] - expected) / expected;
        else rare_wanted += expected;
        if (expected < 8) rare_drawn += drawn[id];
        bins += expected >= 8;
    }
    if (rare_wanted >= 8) square += (rare_drawn - rare_wanted) * (rare_drawn - rare_wanted) / rare_wanted;
    bins += rare_wanted >= 8;
    if (bins < 2) return;
    double freedom = bins - 1, spread = 2 / (9 * freedom), limit = freedom * pow(1 - spread + 4 * sqrt(spread), 3);
    if (square > limit) fail_msg("chi-square %g of %d bins, at most %g", square, bins, limit);
}

static void compare_row(Case *c, JsonScanner scanner)
{
    hf2c_generation settings;
    char tensor[64];
    int kept, vocabulary, wanted_columns;
    read_row(c, scanner, &settings, tensor, &kept);
    const float *logits = find_tensor(&c->golden, "sampling/logits", &vocabulary), *wanted = find_tensor(&c->golden, tensor, &wanted_columns);
    float *scores = HF2C_TAKE(&c->scratch, float, vocabulary), *found = HF2C_TAKE(&c->scratch, float, vocabulary);
    hf2c_candidate *candidates = HF2C_TAKE(&c->scratch, hf2c_candidate, 2 * vocabulary);
    uint8_t *seen = HF2C_TAKE(&c->scratch, uint8_t, vocabulary);
    assert_true(scores && found && candidates && seen && wanted_columns == vocabulary);
    memcpy(scores, logits, (size_t)vocabulary * sizeof *scores);
    memset(found, 0, (size_t)vocabulary * sizeof *found);
    memset(seen, 0, (size_t)vocabulary);
    hf2c_history history = {.ids = c->prompt.ids, .count = c->prompt.count, .prompt = c->prompt.count, .limit = 1000, .vocabulary = vocabulary, .seen = seen};
    hf2c_process_scores(&settings, &history, scores);
    int left = hf2c_sample_candidates(&settings, scores, vocabulary, 1, candidates);
    double total = 0;
    assert_int_equal(left, kept);
    for (int i = 0; i < left; i++) total += exp(candidates[i].score);
    for (int i = 0; i < left; i++) found[candidates[i].id] = (float)(exp(candidates[i].score) / total);
    for (int i = 0; i < vocabulary; i++) assert_float_equal(found[i], wanted[i], 1e-5);
    check_draws(candidates, left, wanted, vocabulary);
}

static void compare_case(const char *name)
{
    Case c;
    JsonScanner scanner;
    int compared = 0;
    case_open(&c, name);
    json_scan_begin(&scanner, c.json.bytes, c.json.size);
    json_next(&scanner);
    assert_true(seek(&scanner, "sampling") && scanner.kind == JSON_ARRAY);
    while (json_next(&scanner) == JSON_OBJECT) {
        hf2c_scratch before = c.scratch;
        compare_row(&c, scanner);
        c.scratch = before;
        compared++;
        assert_true(json_skip(&scanner));
    }
    assert_int_equal(compared, 14);
    case_close(&c);
}

static void test_gpt2(void **state)
{
    (void)state;
    compare_case("gpt2");
}

static void test_llama2(void **state)
{
    (void)state;
    compare_case("llama2");
}

static void test_mistral(void **state)
{
    (void)state;
    compare_case("mistral");
}

static void test_qwen2(void **state)
{
    (void)state;
    compare_case("qwen2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpt2),
        cmocka_unit_test(test_llama2),
        cmocka_unit_test(test_mistral),
        cmocka_unit_test(test_qwen2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
