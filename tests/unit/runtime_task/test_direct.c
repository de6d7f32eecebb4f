/* Tasks as calls from C: labels, scores, vectors, and the scratch that they need. */
#include "runtime/task/direct.h"

#include "tests/unit/runtime_task/fixture_model.h"

static const hf2c_output outputs[] = {{"logits", HF2C_ROWS_SEQUENCES, 3}, {"last_hidden_state", HF2C_ROWS_ALL, 2}};

/* Logits 0 2 1; states: the token's number in the text, and its square. */
static float value(const hf2c_batch *batch, int output, int row, int column)
{
    static const float logits[] = {0, 2, 1};
    (void)batch;
    if (output == 0) return logits[column];
    return column ? (float)(row * row) : (float)row;
}

static hf2c_model make_model(void)
{
    hf2c_model model = fixture_model(outputs, 2);
    value_of = value;
    model.label_count = 3;
    model.pooling = HF2C_POOLING_MEAN;
    return model;
}

static hf2c_context make_context(const hf2c_model *model)
{
    hf2c_context context;
    assert_int_equal(hf2c_context_init(&context, model, NULL, 0, NULL, 0, NULL, 0, 1), HF2C_OK);
    return context;
}

/* A text of that many letters; scratch of exactly `bytes`, that begins at an odd address. */
static hf2c_status classify(const hf2c_model *model, size_t letters, size_t bytes, int *label, float *score)
{
    hf2c_context context = make_context(model);
    char *text = malloc(letters + 1);
    uint8_t *memory = malloc(bytes + 1);
    assert_non_null(text);
    assert_non_null(memory);
    memset(text, 'a', letters);
    hf2c_scratch scratch = {memory + 1, bytes, 0};
    hf2c_status status = hf2c_direct_classify(&context, (hf2c_text){text, letters}, &scratch, label, score);
    free(text);
    free(memory);
    return status;
}

static void test_best_label(void **state)
{
    hf2c_model model = make_model();
    int label;
    float score;
    (void)state;
    assert_int_equal(classify(&model, 5, hf2c_direct_scratch(&model, 5), &label, &score), HF2C_OK);
    assert_int_equal(label, 1);
    assert_float_equal(score, 0.66524094, 1e-6); /* softmax */
    model.problem = HF2C_PROBLEM_MULTI_LABEL;
    assert_int_equal(classify(&model, 5, hf2c_direct_scratch(&model, 5), &label, &score), HF2C_OK);
    assert_float_equal(score, 0.88079708, 1e-6); /* sigmoid */
    model.problem = HF2C_PROBLEM_REGRESSION;
    assert_int_equal(classify(&model, 5, hf2c_direct_scratch(&model, 5), &label, &score), HF2C_OK);
    assert_float_equal(score, 2, 0);
}

static void test_lengths(void **state)
{
    hf2c_model model = make_model();
    int label;
    float score;
    (void)state;
    for (size_t letters = 0; letters <= LONGEST - 2; letters++)
        assert_int_equal(classify(&model, letters, hf2c_direct_scratch(&model, letters), &label, &score), HF2C_OK);
    for (size_t letters = LONGEST - 1; letters < 2000; letters += 99)
        assert_int_equal(classify(&model, letters, hf2c_direct_scratch(&model, letters), &label, &score), HF2C_TOO_LONG);
    model.tokenizer = NULL;
    assert_int_equal(hf2c_direct_scratch(&model, 5), 0);
    assert_int_equal(classify(&model, 5, 4096, &label, &score), HF2C_NOT_SUPPORTED);
}

static void test_little_scratch(void **state)
{
    hf2c_model model = make_model();
    int label;
    float score;
    size_t enough = hf2c_direct_scratch(&model, 20), bytes = 0;
    (void)state;
    while (bytes < enough && classify(&model, 20, bytes, &label, &score) == HF2C_TOO_SMALL) bytes++;
    assert_true(bytes > 256 && bytes <= enough);
    assert_int_equal(classify(&model, 20, bytes, &label, &score), HF2C_OK);
}

static hf2c_status embed(const hf2c_model *model, size_t letters, float *vector)
{
    static char text[2 * LONGEST];
    static uint8_t memory[1 << 16];
    hf2c_context context = make_context(model);
    hf2c_scratch scratch = {memory, hf2c_direct_scratch(model, letters), 0};
    assert_true(letters <= sizeof text && scratch.bytes <= sizeof memory);
    memset(text, 'b', sizeof text);
    return hf2c_direct_embed(&context, (hf2c_text){text, letters}, &scratch, vector);
}

static void test_vector(void **state)
{
    hf2c_model model = make_model();
    float vector[2];
    (void)state;
    assert_int_equal(embed(&model, 3, vector), HF2C_OK); /* five tokens */
    assert_float_equal(vector[0], 2, 1e-6);
    assert_float_equal(vector[1], 6, 1e-6);
    model.normalize = 1;
    assert_int_equal(embed(&model, 3, vector), HF2C_OK);
    assert_float_equal(vector[0], 2 / sqrt(40), 1e-6);
    assert_float_equal(vector[1], 6 / sqrt(40), 1e-6);
    model.normalize = 0;
    assert_int_equal(embed(&model, 2 * LONGEST, vector), HF2C_OK); /* cut */
    assert_float_equal(vector[0], (LONGEST - 1) / 2.0, 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_label),     cmocka_unit_test(test_lengths), cmocka_unit_test(test_little_scratch),
        cmocka_unit_test(test_vector),
    };
    return cmocka_run_group_tests_name("direct", tests, NULL, NULL);
}
