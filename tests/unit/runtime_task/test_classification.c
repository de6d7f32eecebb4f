/* text-classification: the shapes and numbers that transformers returns. */
#include "tests/unit/runtime_task/fixture.h"

static float logit(const hf2c_batch *batch, int output, int row, int column)
{
    static const float logits[] = {0, 2, 1};
    (void)output;
    /* A second text turns the labels round. */
    int pair = batch->types && batch->types[batch->rows - 2] == 1;
    (void)row;
    return logits[pair ? 2 - column : column];
}

static const hf2c_output outputs[] = {{"logits", HF2C_ROWS_SEQUENCES, 3}};
static const char *const labels[] = {"bad", "good \"x\"", "so\xC3\xA4"};

static hf2c_model classifier(void)
{
    hf2c_model model = fixture_model(outputs, 1);
    value_of = logit;
    model.labels = labels;
    model.label_count = 3;
    return model;
}

#define GOOD "{\"label\": \"good \\\"x\\\"\", \"score\": 0.6652409434318542}"

static void test_shapes(void **state)
{
    hf2c_model model = classifier();
    (void)state;
    assert_int_equal(ask(&model, "text-classification", "\"abc\"", NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[" GOOD "]");
    assert_int_equal(ask(&model, "sentiment-analysis", "[\"abc\", \"d\"]", "{}", 0), HF2C_OK);
    assert_string_equal(answer, "[" GOOD ", " GOOD "]");
    assert_int_equal(ask(&model, "text-classification", "{\"text\": \"abc\"}", NULL, 0), HF2C_OK);
    assert_string_equal(answer, GOOD);
    assert_int_equal(ask(&model, "text-classification", "[\"abc\"]", "{\"top_k\": 1}", 0), HF2C_OK);
    assert_string_equal(answer, "[[" GOOD "]]");
    assert_int_equal(ask(&model, "text-classification", "[]", NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[]");
    assert_int_equal(ask(&model, "text-classification", "\"abc\"", "{\"top_k\": 2}", 1), HF2C_OK);
    assert_string_equal(answer, "good \"x\"  0.6652\nso\xC3\xA4  0.2447\n");
}

static void test_top_k_null_sorts_all(void **state)
{
    hf2c_model model = classifier();
    (void)state;
    assert_int_equal(ask(&model, "text-classification", "\"abc\"", "{\"top_k\": null}", 0), HF2C_OK);
    const char *first = strstr(answer, "good"), *second = strstr(answer, "so\xC3\xA4"), *third = strstr(answer, "bad");
    assert_true(first && second && third && first < second && second < third);
    assert_int_equal(
        ask(&model, "text-classification", "{\"text\": \"abc\", \"text_pair\": \"d\"}", "{\"top_k\": 1}", 0), HF2C_OK);
    assert_non_null(strstr(answer, GOOD)); /* 2 - 1 is 1 */
}

static float first_score(const char *kwargs, const hf2c_model *model)
{
    assert_int_equal(ask(model, "text-classification", "\"abc\"", kwargs, 0), HF2C_OK);
    return strtof(strstr(answer, "\"score\": ") + 9, NULL);
}

static void test_functions(void **state)
{
    hf2c_model model = classifier();
    (void)state;
    assert_true(first_score("{\"function_to_apply\": \"none\"}", &model) == 2);
    assert_true(fabsf(first_score("{\"function_to_apply\": \"sigmoid\"}", &model) - 0.8807971f) < 1e-6f);
    model.problem = HF2C_PROBLEM_MULTI_LABEL;
    assert_true(fabsf(first_score(NULL, &model) - 0.8807971f) < 1e-6f);
    model.problem = HF2C_PROBLEM_REGRESSION;
    assert_true(first_score(NULL, &model) == 2);
    assert_true(fabsf(first_score("{\"function_to_apply\": \"softmax\"}", &model) - 0.66524094f) < 1e-6f);
}

static void test_labels_without_names(void **state)
{
    hf2c_model model = classifier();
    (void)state;
    model.labels = NULL;
    assert_int_equal(ask(&model, "text-classification", "\"abc\"", NULL, 0), HF2C_OK);
    assert_non_null(strstr(answer, "\"LABEL_1\""));
}

static void refused(const hf2c_model *model, const char *inputs, const char *kwargs, hf2c_status status,
                    const char *word)
{
    assert_int_equal(ask(model, "text-classification", inputs, kwargs, 0), status);
    assert_non_null(strstr(message.text, word));
}

static void test_bad_requests_are_named(void **state)
{
    hf2c_model model = classifier();
    char longer[LONGEST + 3];
    (void)state;
    refused(&model, "\"a\"", "{\"top\": 3}", HF2C_BAD_ARGUMENT,
            "unknown argument 'top'; known: top_k function_to_apply");
    refused(&model, "\"a\"", "{\"top_k\": 0}", HF2C_BAD_ARGUMENT, "top_k: wanted a whole number above 0");
    refused(&model, "\"a\"", "{\"top_k\": 1.5}", HF2C_BAD_ARGUMENT, "top_k");
    refused(&model, "\"a\"", "{\"top_k\": 99999999999}", HF2C_BAD_ARGUMENT, "top_k");
    refused(&model, "\"a\"", "{\"function_to_apply\": \"tanh\"}", HF2C_BAD_ARGUMENT, "none softmax sigmoid");
    refused(&model, "\"a\"", "[]", HF2C_BAD_ARGUMENT, "kwargs");
    refused(&model, "17", NULL, HF2C_BAD_ARGUMENT, "wanted a text or an object with \"text\" and \"text_pair\"");
    refused(&model, "{\"txt\": \"a\"}", NULL, HF2C_BAD_ARGUMENT, "unknown field");
    refused(&model, "{\"text_pair\": \"a\"}", NULL, HF2C_BAD_ARGUMENT, "a field is missing");
    memset(longer, 'a', sizeof longer);
    longer[0] = longer[LONGEST + 1] = '"';
    longer[LONGEST + 2] = '\0';
    refused(&model, longer, NULL, HF2C_TOO_LONG, "66 tokens, the model takes at most 64");
    assert_int_equal(ask(&model, "text-classification", longer, "{\"truncation\": true}", 0), HF2C_OK);
    model.tokenizer = NULL;
    refused(&model, "\"a\"", NULL, HF2C_NOT_SUPPORTED, "no tokenizer");
}

static float poisoned(const hf2c_batch *batch, int output, int row, int column)
{
    (void)batch;
    (void)output;
    (void)row;
    return column == 1 ? NAN : 0;
}

static void test_values_that_are_no_numbers(void **state)
{
    hf2c_model model = classifier();
    (void)state;
    value_of = poisoned;
    assert_int_equal(ask(&model, "text-classification", "\"abc\"", NULL, 0), HF2C_NOT_FINITE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_top_k_null_sorts_all),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_labels_without_names),
        cmocka_unit_test(test_bad_requests_are_named),
        cmocka_unit_test(test_values_that_are_no_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
