/* Labels of one's own, similarity and ranking. */
#include "tests/unit/runtime_task/fixture.h"

#include "runtime/task/labels.h"

/* ---- zero-shot-classification: the text entails a label as strongly as the hypothesis is long ---- */

static int entailment_at;

static int sequence_of(const hf2c_batch *batch, int row)
{
    int sequence = 0;
    while (batch->start[sequence + 1] <= row) sequence++;
    return sequence;
}

/* A quarter for every token of the second text; 1 for the contradiction. */
static float inference(const hf2c_batch *batch, int output, int row, int column)
{
    int sequence = sequence_of(batch, row), second = 0;
    (void)output;
    for (int i = batch->start[sequence]; i < batch->start[sequence + 1]; i++) second += batch->types[i];
    return column == entailment_at ? (float)second / 4 : column == 1 ? 9 : 1;
}

static const hf2c_output inference_output[] = {{"logits", HF2C_ROWS_SEQUENCES, 3}};
static const char *const entails_last[] = {"contradiction", "neutral", "entailment"}, *const entails_first[] = {"ENTAILS", "NEUTRAL", "REFUTES"},
                         *const entails_never[] = {"yes", "no", "entai"};

static hf2c_model inference_model(const char *const *labels, int entailment)
{
    hf2c_model model = fixture_model(inference_output, 1);
    value_of = inference;
    entailment_at = entailment;
    model.labels = labels;
    model.label_count = 3;
    return model;
}

static const char *const about_x = "{\"candidate_labels\": \" a , bcd,,ef\", \"hypothesis_template\": \"x{}\"}";

static void expect_scores(const double *wanted)
{
    const char *at = strstr(answer, "\"scores\": [");
    assert_non_null(at);
    at += 10;
    for (int i = 0; i < 3; i++) {
        char *end;
        assert_float_equal(strtod(at + 1, &end), wanted[i], 1e-6);
        at = end;
    }
}

static void test_zero_shot(void **state)
{
    hf2c_model model = inference_model(entails_last, 2);
    /* Entailments of 4, 3 and 2 quarters against each other. */
    double total = exp(1) + exp(0.75) + exp(0.5), against[] = {exp(1) / total, exp(0.75) / total, exp(0.5) / total};
    double alone[] = {0.5, 1 / (1 + exp(0.25)), 1 / (1 + exp(0.5))};
    (void)state;
    assert_int_equal(ask(&model, "zero-shot-classification", "\"text\"", about_x, 0), HF2C_OK);
    assert_memory_equal(answer, "{\"sequence\": \"text\", \"labels\": [\"bcd\", \"ef\", \"a\"], \"scores\": [", 61);
    expect_scores(against);
    const char *multi = "{\"candidate_labels\": [\"a\", \"bcd\", \"ef\"], \"hypothesis_template\": \"{0}x\", \"multi_label\": true}";
    assert_int_equal(ask(&model, "zero-shot-classification", "{\"sequences\": \"text\"}", multi, 0), HF2C_OK);
    expect_scores(alone);
    model = inference_model(entails_first, 0); /* its contradiction is the last label */
    assert_int_equal(ask(&model, "zero-shot-classification", "\"text\"", multi, 0), HF2C_OK);
    expect_scores(alone);
    /* One label has nothing to stand against but its contradiction. */
    assert_int_equal(ask(&model, "zero-shot-classification", "\"text\"", "{\"candidate_labels\": \"bcd\", \"hypothesis_template\": \"x{}\"}", 1), HF2C_OK);
    assert_string_equal(answer, "bcd  0.5000\n");
}

/* A label with a comma stays one in a list; the answers of a list are those of its texts. */
static void test_zero_shot_lists(void **state)
{
    hf2c_model model = inference_model(entails_last, 2);
    static char first[1 << 10], both[4 << 10];
    const char *kwargs = "{\"candidate_labels\": [\"b, c\", \"d\"], \"hypothesis_template\": \"{{{}}}\"}";
    (void)state;
    assert_int_equal(ask(&model, "zero-shot-classification", "\"abc\"", kwargs, 0), HF2C_OK);
    assert_non_null(strstr(answer, "\"labels\": [\"b, c\", \"d\"]"));
    strcpy(first, answer);
    assert_int_equal(ask(&model, "zero-shot-classification", "[\"abc\", \"abc\", \"abc\"]", kwargs, 0), HF2C_OK);
    snprintf(both, sizeof both, "[%s, %s, %s]", first, first, first);
    assert_string_equal(answer, both);
}

static void refused(const hf2c_model *model, const char *task, const char *inputs, const char *kwargs, const char *word)
{
    assert_int_not_equal(ask(model, task, inputs, kwargs, 0), HF2C_OK);
    assert_non_null(strstr(message.text, word));
}

static void test_zero_shot_refuses(void **state)
{
    hf2c_model model = inference_model(entails_last, 2);
    const char *task = "zero-shot-classification";
    static const char *const templates[] = {"x", "{", "}", "{}{}", "{1}", "{label}", "{{}}", "{} {0}"};
    (void)state;
    refused(&model, task, "\"a\"", NULL, "candidate_labels: wanted at least one");
    refused(&model, task, "\"a\"", "{\"candidate_labels\": \" , \"}", "candidate_labels: wanted at least one");
    refused(&model, task, "\"a\"", "{\"candidate_labels\": 3}", "candidate_labels: wanted a list of texts");
    refused(&model, task, "\"\"", "{\"candidate_labels\": \"a\"}", "the text is empty");
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        char kwargs[128];
        snprintf(kwargs, sizeof kwargs, "{\"candidate_labels\": \"a\", \"hypothesis_template\": \"%s\"}", templates[i]);
        refused(&model, task, "\"a\"", kwargs, "hypothesis_template: wanted a text with {}");
    }
    model = inference_model(entails_never, 2);
    refused(&model, task, "\"a\"", "{\"candidate_labels\": \"a\"}", "none of the model's labels");
    const hf2c_task *found = hf2c_task_find(task, strlen(task));
    assert_false(found->suits(&model));
    model = inference_model(entails_first, 0);
    assert_true(found->suits(&model));
}

/* ---- similarity and ranking: a text's vector points along its first letter's axis, except 'z', between both ---- */

static float direction(const hf2c_batch *batch, int output, int row, int column)
{
    int32_t id = batch->ids[batch->start[sequence_of(batch, row)] + 1];
    (void)output;
    return id == 'z' ? 2 : id == (column ? 'y' : 'x') ? 3 : 0;
}

static const hf2c_output direction_output[] = {{"last_hidden_state", HF2C_ROWS_ALL, 2}};

static void test_similarity(void **state)
{
    hf2c_model model = fixture_model(direction_output, 1);
    (void)state;
    value_of = direction;
    const char *inputs = "{\"source_sentence\": \"xa\", \"sentences\": [\"x\", \"yyy\", \"zb\", \"xx\", \"y\", \"x\"]}";
    assert_int_equal(ask(&model, "sentence-similarity", inputs, NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[1.0, 0.0, 0.7071067690849304, 1.0, 0.0, 1.0]");
    assert_int_equal(ask(&model, "sentence-similarity", "{\"sentences\": [\"z\"], \"source_sentence\": \"x\"}", NULL, 1), HF2C_OK);
    assert_string_equal(answer, "0.7071  z\n");
    assert_int_equal(ask(&model, "sentence-similarity", "{\"source_sentence\": \"x\", \"sentences\": []}", NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[]");
    refused(&model, "sentence-similarity", "\"x\"", NULL, "a text alone; wanted an object with \"source_sentence\" and \"sentences\"");
    refused(&model, "sentence-similarity", "{\"source_sentence\": \"x\"}", NULL, "a field is missing");
    refused(&model, "sentence-similarity", "{\"sentences\": [\"x\"]}", NULL, "a field is missing");
}

static void test_ranking_by_embeddings(void **state)
{
    hf2c_model model = fixture_model(direction_output, 1);
    (void)state;
    value_of = direction;
    const char *inputs = "{\"query\": \"xa\", \"documents\": [\"y\", \"z\", \"x\", \"yy\", \"zz\", \"xx\"]}";
    assert_int_equal(ask(&model, "text-ranking", inputs, "{\"top_k\": 3}", 0), HF2C_OK);
    assert_string_equal(answer, "[{\"corpus_id\": 2, \"score\": 1.0}, {\"corpus_id\": 5, \"score\": 1.0}, "
                                "{\"corpus_id\": 1, \"score\": 0.7071067690849304}]");
}

/* The score of a pair: tokens of the second text. */
static float pair_length(const hf2c_batch *batch, int output, int row, int column)
{
    int sequence = sequence_of(batch, row), second = 0;
    (void)output;
    (void)column;
    for (int i = batch->start[sequence]; i < batch->start[sequence + 1]; i++) second += batch->types[i];
    return (float)second;
}

static void test_ranking_by_pairs(void **state)
{
    static const hf2c_output logit[] = {{"logits", HF2C_ROWS_SEQUENCES, 1}};
    hf2c_model model = fixture_model(logit, 1);
    (void)state;
    value_of = pair_length;
    model.label_count = 1;
    model.problem = HF2C_PROBLEM_MULTI_LABEL;
    const char *inputs = "{\"query\": \"q\", \"documents\": [\"a\", \"bcd\", \"\", \"ef\", \"ghij\"]}";
    assert_int_equal(ask(&model, "text-ranking", inputs, "{\"function_to_apply\": \"none\", \"return_documents\": true}", 0), HF2C_OK);
    assert_string_equal(answer, "[{\"corpus_id\": 4, \"score\": 4.0, \"text\": \"ghij\"}, {\"corpus_id\": 1, \"score\": 3.0, \"text\": \"bcd\"}, "
                                "{\"corpus_id\": 3, \"score\": 2.0, \"text\": \"ef\"}, {\"corpus_id\": 0, \"score\": 1.0, \"text\": \"a\"}, "
                                "{\"corpus_id\": 2, \"score\": 0.0, \"text\": \"\"}]");
    assert_int_equal(ask(&model, "text-ranking", inputs, "{\"top_k\": 1}", 1), HF2C_OK);
    assert_string_equal(answer, "0.9820  ghij\n"); /* the sigmoid of 4 */
    const hf2c_task *found = hf2c_task_find("text-ranking", 12);
    assert_true(found->suits(&model));
    model.label_count = 2;
    assert_false(found->suits(&model));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_shot),  cmocka_unit_test(test_zero_shot_lists),       cmocka_unit_test(test_zero_shot_refuses),
        cmocka_unit_test(test_similarity), cmocka_unit_test(test_ranking_by_embeddings), cmocka_unit_test(test_ranking_by_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
