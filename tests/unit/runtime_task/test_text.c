/* feature-extraction, embeddings, fill-mask, entities and answers on a model that can be followed by hand. */
#include "tests/unit/runtime_task/fixture.h"

/* ---- vectors ---- */

static float state_value(const hf2c_batch *batch, int output, int row, int column)
{
    (void)output;
    return batch->ids[row] >= 256 ? 0 : (float)(batch->ids[row] - 'a' + 1) * (column == 0 ? 3 : 4);
}

static const hf2c_output state_output[] = {{"last_hidden_state", HF2C_ROWS_ALL, 2}};

static void test_vectors(void **state)
{
    hf2c_model model = fixture_model(state_output, 1);
    (void)state;
    value_of = state_value;
    assert_int_equal(ask(&model, "feature-extraction", "\"ab\"", NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[[[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [0.0, 0.0]]]");
    assert_int_equal(ask(&model, "sentence-embedding", "[\"ab\", \"dd\"]", "{\"pooling\": \"mean\"}", 0), HF2C_OK);
    assert_string_equal(answer, "[[2.25, 3.0], [6.0, 8.0]]");
    assert_int_equal(ask(&model, "sentence-embedding", "\"ab\"", "{\"pooling\": \"max\", \"normalize\": true}", 0),
                     HF2C_OK);
    assert_non_null(strstr(answer, "[0.6000000238418579, 0.800000011920929]"));
    model.pooling = HF2C_POOLING_CLS;
    assert_int_equal(ask(&model, "sentence-embedding", "\"ab\"", NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[0.0, 0.0]");
    assert_int_equal(ask(&model, "text-classification", "\"ab\"", NULL, 0), HF2C_NOT_SUPPORTED);
    assert_non_null(strstr(message.text, "no output \"logits\""));
}

/* ---- masks ---- */

/* Behind a mask 'x' is likeliest, then 'y'; on row 1 the other way round. */
static float mask_logit(const hf2c_batch *batch, int output, int row, int column)
{
    (void)batch;
    (void)output;
    return column == (row == 1 ? 'y' : 'x') ? 8 : column == (row == 1 ? 'x' : 'y') ? 7 : 0;
}

static void test_masks(void **state)
{
    static const hf2c_output on_demand[] = {{"logits", HF2C_ROWS_WANTED, BYTE_VOCABULARY}},
                             all[] = {{"logits", HF2C_ROWS_ALL, BYTE_VOCABULARY}};
    (void)state;
    value_of = mask_logit;
    for (int form = 0; form < 2; form++) {
        hf2c_model model = fixture_model(form ? all : on_demand, 1);
        assert_int_equal(ask(&model, "fill-mask", "\"a_c\"", "{\"top_k\": 1}", 0), HF2C_OK);
        assert_non_null(strstr(answer, "\"token\": 120, \"token_str\": \"x\", \"sequence\": \"axc\"}]"));
        assert_true(answer[0] == '[' && answer[1] == '{');
        assert_int_equal(ask(&model, "fill-mask", "\"_b_\"", "{\"targets\": [\"y\", \"x\", \"y\"]}", 0), HF2C_OK);
        assert_memory_equal(answer, "[[{", 3);
        assert_non_null(strstr(answer, "\"sequence\": \"[CLS]yb[MASK][SEP]\"}, {"));
        assert_non_null(strstr(answer, "\"sequence\": \"[CLS][MASK]bx[SEP]\"}, {"));
        assert_int_equal(ask(&model, "fill-mask", "\"ac\"", NULL, 0), HF2C_BAD_TEXT);
        assert_string_equal(message.text, "no mask in the text; write [MASK]");
    }
}

/* ---- entities: letters of "AB" words are B-X, "ab" words I-X, 'z' is O, everything else I-Y ---- */

static float entity_logit(const hf2c_batch *batch, int output, int row, int column)
{
    int32_t id = batch->ids[row];
    int label = id == 'A' || id == 'B' ? 1 : id == 'a' || id == 'b' ? 2 : id == 'z' ? 0 : 3;
    (void)output;
    return column == label ? 4 : 0;
}

static const char *const entity_labels[] = {"O", "B-X", "I-X", "I-Y"};
static const hf2c_output entity_output[] = {{"logits", HF2C_ROWS_ALL, 4}};

static void expect_spans(const char *text, const char *kwargs, const char *spans)
{
    hf2c_model model = fixture_model(entity_output, 1);
    char inputs[128], found[256] = "";
    value_of = entity_logit;
    model.labels = entity_labels;
    model.label_count = 4;
    snprintf(inputs, sizeof inputs, "\"%s\"", text);
    assert_int_equal(ask(&model, "ner", inputs, kwargs, 0), HF2C_OK);
    for (const char *at = answer; (at = strstr(at, "\"entity_group\": \"")); at++) {
        int start, end;
        assert_int_equal(sscanf(strstr(at, "\"start\""), "\"start\": %d, \"end\": %d", &start, &end), 2);
        snprintf(found + strlen(found), sizeof found - strlen(found), "%c%d-%d ", at[17], start, end);
    }
    assert_string_equal(found, spans);
}

static void test_entities(void **state)
{
    (void)state;
    expect_spans("Aaz Aa", "{\"aggregation_strategy\": \"simple\"}", "X0-2 Y3-4 X4-6 ");
    expect_spans("AAa", "{\"aggregation_strategy\": \"simple\"}", "X0-1 X1-3 ");
    expect_spans("aqz", "{\"aggregation_strategy\": \"simple\", \"ignore_labels\": []}", "X0-1 Y1-2 O2-3 ");
    expect_spans("Aqq aq", "{\"aggregation_strategy\": \"first\"}", "X0-3 Y3-4 X4-6 ");
    expect_spans("Aqq", "{\"aggregation_strategy\": \"average\"}", "Y0-3 ");
    expect_spans("zzzA", "{\"aggregation_strategy\": \"max\"}", "");
    hf2c_model model = fixture_model(entity_output, 1);
    assert_int_equal(ask(&model, "ner", "\"Az\"", NULL, 0), HF2C_OK);
    assert_non_null(strstr(answer, "{\"entity\": \"LABEL_1\""));
    assert_int_equal(ask(&model, "ner", "\"Az\"", "{\"stride\": 2}", 0), HF2C_BAD_ARGUMENT);
}

/* Texts longer than the model go in windows, and every letter is found once. */
static void test_entities_over_windows(void **state)
{
    char text[101], kwargs[] = "{\"aggregation_strategy\": \"simple\", \"stride\": 8}", spans[256] = "";
    (void)state;
    memset(text, 'z', 100);
    text[100] = '\0';
    for (int at = 5; at < 100; at += 20) {
        memcpy(text + at, "Aaa", 3);
        snprintf(spans + strlen(spans), sizeof spans - strlen(spans), "X%d-%d ", at, at + 3);
    }
    expect_spans(text, kwargs, spans);
}

/* ---- answers: begin at 'S', end at 'E' ---- */

static float answer_logit(const hf2c_batch *batch, int output, int row, int column)
{
    (void)column;
    return batch->ids[row] == (output == 0 ? 'S' : 'E') ? 9 : batch->ids[row] == BYTE_CLS ? 2 : 0;
}

static const hf2c_output answer_outputs[] = {{"start_logits", HF2C_ROWS_ALL, 1}, {"end_logits", HF2C_ROWS_ALL, 1}};

static void test_answers(void **state)
{
    hf2c_model model = fixture_model(answer_outputs, 2);
    (void)state;
    value_of = answer_logit;
    const char *inputs = "{\"question\": \"SE?\", \"context\": \"abc SdE fgh\"}";
    assert_int_equal(ask(&model, "question-answering", inputs, NULL, 0), HF2C_OK);
    assert_memory_equal(answer, "{\"score\": 0.99", 14);
    assert_non_null(
        strstr(answer, "\"start\": 4, \"end\": 8, \"answer\": \"SdE \"")); /* this tokenizer's words have their space */
    assert_int_equal(ask(&model, "question-answering", inputs, "{\"align_to_words\": false, \"top_k\": 1}", 0),
                     HF2C_OK);
    assert_non_null(strstr(answer, "\"start\": 4, \"end\": 7, \"answer\": \"SdE\"}]"));
    assert_int_equal(ask(&model, "question-answering", inputs, "{\"max_answer_len\": 2, \"align_to_words\": false}", 0),
                     HF2C_OK);
    assert_null(strstr(answer, "SdE"));
    assert_int_equal(ask(&model, "question-answering", inputs, "{\"handle_impossible_answer\": true, \"top_k\": 5}", 0),
                     HF2C_OK);
    assert_non_null(strstr(answer, "\"start\": 0, \"end\": 0, \"answer\": \"\"}"));
    assert_int_equal(ask(&model, "question-answering", "\"SE?\"", NULL, 0), HF2C_BAD_ARGUMENT);
    assert_int_equal(ask(&model, "question-answering", "{\"question\": \"a\", \"context\": \"\"}", NULL, 0),
                     HF2C_BAD_TEXT);
    assert_int_equal(ask(&model, "question-answering", inputs, "{\"doc_stride\": 20, \"max_seq_len\": 10}", 0),
                     HF2C_BAD_ARGUMENT);
}

static void test_answers_over_windows(void **state)
{
    hf2c_model model = fixture_model(answer_outputs, 2);
    char inputs[256];
    (void)state;
    value_of = answer_logit;
    snprintf(inputs, sizeof inputs, "{\"question\": \"q\", \"context\": \"%080d S-E\"}", 0);
    assert_int_equal(ask(&model, "question-answering", inputs, "{\"max_seq_len\": 20, \"doc_stride\": 5}", 0), HF2C_OK);
    assert_non_null(strstr(answer, "\"start\": 81, \"end\": 84, \"answer\": \"S-E\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),  cmocka_unit_test(test_masks),
        cmocka_unit_test(test_entities), cmocka_unit_test(test_entities_over_windows),
        cmocka_unit_test(test_answers),  cmocka_unit_test(test_answers_over_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
