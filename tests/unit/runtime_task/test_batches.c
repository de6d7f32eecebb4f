/* Lists of inputs: as many as fit go through the model in one call, and the answers are those of each input alone. */
#include "tests/unit/runtime_task/fixture.h"

static int calls, most_sequences;

static hf2c_status counted_forward(hf2c_context *context, const hf2c_batch *batch, float *const *results)
{
    calls++;
    most_sequences = batch->sequences > most_sequences ? batch->sequences : most_sequences;
    return fixture_forward(context, batch, results);
}

/* Depends on everything that belongs to the row's own sequence: tokens, positions, types, order. */
static float own_value(const hf2c_batch *batch, int output, int row, int column)
{
    int sequence = 0;
    uint32_t hash = 2166136261u + (uint32_t)output;
    while (batch->start[sequence + 1] <= row) sequence++;
    for (int i = batch->start[sequence]; i < batch->start[sequence + 1]; i++) {
        hash = (hash ^ (uint32_t)batch->ids[i]) * 16777619u;
        hash = (hash ^ (uint32_t)batch->positions[i]) * 16777619u;
        hash = (hash ^ (uint32_t)(batch->types ? batch->types[i] : 0)) * 16777619u;
    }
    hash = (hash ^ (uint32_t)(row - batch->start[sequence])) * 16777619u;
    hash = (hash ^ (uint32_t)column) * 16777619u;
    return (float)(hash >> 16) / 16384.0f;
}

enum { TEXTS = 9 };
static const char *const texts[TEXTS] = {
    "\"a_b\"", "\"_\"", "{\"text\": \"c_d\"}", "\"a text of forty letters_ or thereabouts\"", "\"_ _\"", "\"a_b\"",
    "\"another text_ that is long enough\"", "\"x_\"", "\"_y\""};

/* The answer to the list must be the answers to lists of one. */
static void expect_equal(const hf2c_model *model, const char *task, const char *kwargs)
{
    static char list[1 << 10], wanted[1 << 18];
    size_t length = 1, used = 1;
    strcpy(list, "[");
    strcpy(wanted, "[");
    for (int i = 0; i < TEXTS; i++) {
        char one[128];
        snprintf(one, sizeof one, "[%s]", texts[i]);
        assert_int_equal(ask(model, task, one, kwargs, 0), HF2C_OK);
        answer[answer_length - 1] = '\0'; /* without its brackets */
        used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%s%s", i ? ", " : "", answer + 1);
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", i ? ", " : "", texts[i]);
    }
    strcpy(list + length, "]");
    strcpy(wanted + used, "]");
    calls = most_sequences = 0;
    assert_int_equal(ask(model, task, list, kwargs, 0), HF2C_OK);
    assert_string_equal(answer, wanted);
}

static hf2c_model batched(const hf2c_output *outputs, int count)
{
    hf2c_model model = fixture_model(outputs, count);
    value_of = own_value;
    model.forward = counted_forward;
    return model;
}

static void test_lists_share_calls(void **state)
{
    static const hf2c_output logits[] = {{"logits", HF2C_ROWS_SEQUENCES, 3}}, states[] = {{"last_hidden_state", HF2C_ROWS_ALL, 2}};
    (void)state;
    hf2c_model model = batched(logits, 1);
    expect_equal(&model, "text-classification", "{\"top_k\": 2}");
    assert_int_equal(most_sequences, 4); /* max_batch; nine texts of 112 rows in calls of 64 */
    assert_true(calls <= 4);
    model = batched(states, 1);
    expect_equal(&model, "feature-extraction", NULL);
    expect_equal(&model, "sentence-embedding", "{\"pooling\": \"mean\"}");
    assert_true(calls <= 4);
}

static void test_rows_on_demand(void **state)
{
    static const hf2c_output logits[] = {{"logits", HF2C_ROWS_WANTED, BYTE_VOCABULARY}}, all[] = {{"logits", HF2C_ROWS_ALL, BYTE_VOCABULARY}};
    (void)state;
    hf2c_model model = batched(logits, 1);
    expect_equal(&model, "fill-mask", "{\"top_k\": 1}");
    assert_true(calls <= 4);
    model = batched(all, 1);
    expect_equal(&model, "fill-mask", "{\"top_k\": 1}");
}

static void test_windows(void **state)
{
    static const hf2c_output logits[] = {{"logits", HF2C_ROWS_ALL, 4}};
    static const char *const labels[] = {"O", "B-X", "I-X", "I-Y"};
    (void)state;
    hf2c_model model = batched(logits, 1);
    model.labels = labels;
    model.label_count = 4;
    model.max_sequence = 24; /* the long texts need windows; one job is more than a call takes */
    expect_equal(&model, "ner", "{\"aggregation_strategy\": \"simple\", \"stride\": 4}");
    assert_true(most_sequences > 1);
}

/* With a cache there are as many sequences in a call as slots, and long ones go in pieces. */
static void test_models_with_a_cache(void **state)
{
    static const hf2c_output states[] = {{"last_hidden_state", HF2C_ROWS_ALL, 2}, {"logits", HF2C_ROWS_SEQUENCES, 3}};
    (void)state;
    hf2c_model model = batched(states, 2);
    model.state_bytes = 64;
    expect_equal(&model, "feature-extraction", NULL);
    assert_int_equal(most_sequences, 4);
    model.max_rows = 16;
    expect_equal(&model, "text-classification", NULL);
    assert_true(calls > 4);
}

static void test_errors_end_the_list(void **state)
{
    static const hf2c_output logits[] = {{"logits", HF2C_ROWS_WANTED, BYTE_VOCABULARY}};
    (void)state;
    hf2c_model model = batched(logits, 1);
    assert_int_equal(ask(&model, "fill-mask", "[\"a_\", \"b\"]", NULL, 0), HF2C_BAD_TEXT);
    assert_non_null(strstr(message.text, "no mask"));
    assert_int_equal(ask(&model, "fill-mask", "[\"a_\", 3]", NULL, 0), HF2C_BAD_ARGUMENT);
    assert_int_equal(ask(&model, "fill-mask", "[\"a_\"", NULL, 0), HF2C_BAD_ARGUMENT);
    assert_int_equal(ask(&model, "fill-mask", "[]", NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_share_calls),   cmocka_unit_test(test_rows_on_demand),      cmocka_unit_test(test_windows),
        cmocka_unit_test(test_models_with_a_cache), cmocka_unit_test(test_errors_end_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
