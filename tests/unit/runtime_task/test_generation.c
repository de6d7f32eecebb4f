/* text-generation and prompts: texts, padding, streaming, errors. The model counts: behind a letter comes the next one.
 */
#include "tests/unit/runtime_task/fixture.h"

#include "runtime/generate/stream.h"

static float next_letter(const hf2c_batch *batch, int output, int row, int column)
{
    int32_t id = batch->ids[row];
    (void)output;
    return column == (id == 'e' ? BYTE_END : id + 1) ? 5 : 0;
}

static const hf2c_output outputs[] = {{"logits", HF2C_ROWS_WANTED, BYTE_VOCABULARY}};
static const hf2c_tokenizer plain = {.specials = 0};

static hf2c_model counter(void)
{
    hf2c_model model = fixture_model(outputs, 1);
    value_of = next_letter;
    model.tasks = "text-generation";
    model.tokenizer = &plain;
    model.state_bytes = 64;
    model.generation = (hf2c_generation_defaults){.bos = 'a', .pad = -1, .decoder_start = -1, .forced_bos = -1, .forced_eos = -1, .eos = {BYTE_END}, .eos_count = 1};
    return model;
}

static void test_texts(void **state)
{
    hf2c_model model = counter();
    (void)state;
    assert_int_equal(ask(&model, "text-generation", "\"xab\"", NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[{\"generated_text\": \"xabcde\"}]");
    assert_int_equal(ask(&model, "text-generation", "[\"c\", \"d\"]", "{\"return_full_text\": false}", 0), HF2C_OK);
    assert_string_equal(answer, "[[{\"generated_text\": \"de\"}], [{\"generated_text\": \"e\"}]]");
    assert_int_equal(ask(&model, "text-generation", "\"b\"", "{\"max_new_tokens\": 2, \"return_tensors\": true}", 0),
                     HF2C_OK);
    assert_string_equal(answer, "[{\"generated_token_ids\": [98, 99, 100]}]");
    assert_int_equal(ask(&model, "text-generation", "\"b\"", "{\"skip_special_tokens\": false}", 0), HF2C_OK);
    assert_string_equal(answer, "[{\"generated_text\": \"bcde[END]\"}]");
    assert_int_equal(ask(&model, "text-generation", "\"\"", NULL, 0), HF2C_OK); /* begins with the begin token */
    assert_string_equal(answer, "[{\"generated_text\": \"bcde\"}]");
    assert_int_equal(ask(&model, "text-generation", "\"b\"", "{\"num_beams\": 3}", 0), HF2C_OK);
    assert_string_equal(answer, "[{\"generated_text\": \"bcde\"}]");
}

static void test_stop_strings(void **state)
{
    hf2c_model model = counter();
    (void)state;
    assert_int_equal(ask(&model, "text-generation", "\"a\"", "{\"stop_strings\": [\"zz\", \"cd\"]}", 0), HF2C_OK);
    assert_string_equal(answer, "[{\"generated_text\": \"abcd\"}]");
    assert_int_equal(ask(&model, "text-generation", "\"cd a\"", "{\"stop_strings\": \"cd\"}", 0), HF2C_OK);
    assert_string_equal(answer, "[{\"generated_text\": \"cd abcd\"}]"); /* one in the prompt alone does not stop */
}

static void test_for_people(void **state)
{
    hf2c_model model = counter();
    (void)state;
    assert_int_equal(ask(&model, "text-generation", "\"xab\"", NULL, 1), HF2C_OK);
    assert_string_equal(answer, "xabcde\n");
    assert_int_equal(ask(&model, "text-generation", "\"xab\"",
                         "{\"num_beams\": 2, \"num_return_sequences\": 2, \"max_new_tokens\": 1}", 1),
                     HF2C_OK);
    assert_memory_equal(answer, "xabc\nxab", 8);
}

static void test_prompts_are_padded_as_in_transformers(void **state)
{
    hf2c_model model = counter();
    (void)state;
    assert_int_equal(ask(&model, NULL, "[\"xxb\", \"d\"]", "{\"max_new_tokens\": 3}", 0), HF2C_OK);
    assert_string_equal(answer, "{\"output_ids\": [[120, 120, 98, 99, 100, 101], [259, 259, 100, 101, 260, 260]], "
                                "\"text\": [\"xxbcde\", \"de\"]}");
    assert_int_equal(ask(&model, NULL, "[[98], [100]]", "{\"max_new_tokens\": 3, \"pad_token_id\": 7}", 0), HF2C_OK);
    assert_memory_equal(answer, "{\"output_ids\": [[98, 99, 100, 101], [100, 101, 260, 7]]", 55);
    model.tokenizer = NULL;
    assert_int_equal(
        ask(&model, NULL, "[[98]]", "{\"max_new_tokens\": 1, \"num_beams\": 2, \"output_scores\": true}", 0), HF2C_OK);
    assert_null(strstr(answer, "text"));
    assert_non_null(strstr(answer, "\"sequences_scores\": [-"));
}

static void refused(const char *task, const char *inputs, const char *kwargs, const char *word)
{
    hf2c_model model = counter();
    assert_int_not_equal(ask(&model, task, inputs, kwargs, 0), HF2C_OK);
    assert_non_null(strstr(message.text, word));
}

static void test_bad_requests_are_named(void **state)
{
    (void)state;
    refused(NULL, "\"a\"", NULL, "prompts: wanted a list");
    refused(NULL, "[]", NULL, "prompts: wanted a list");
    refused(NULL, "[1]", NULL, "prompts: wanted a list");
    refused(NULL, "[[1.5]]", NULL, "prompts: wanted a list");
    refused(NULL, "[[]]", NULL, "the prompt is empty");
    refused(NULL, "[\"a\"]", "{\"max_new\": 3}", "unknown argument 'max_new'");
    refused("text-generation", "\"a\"", "{\"temperature\": 0, \"do_sample\": true}", "temperature must be");
    refused("text-generation", "\"a\"", "{\"temperature\": 1e400}", "temperature: wanted a number");
    refused("text-generation", "\"a\"", "{\"bad_words_ids\": [[]]}", "bad_words_ids");
    refused("text-generation", "\"a\"", "{\"bad_words_ids\": [[99999]]}", "bad_words_ids");
    refused("text-generation", "\"a\"", "{\"bad_words_ids\": [3]}", "bad_words_ids: wanted a list of lists");
    refused("text-generation", "\"a\"", "{\"eos_token_id\": -5}", "eos_token_id");
    refused("text-generation", "\"a\"", "{\"sequence_bias\": [[[1], 2, 3]]}", "sequence_bias");
    refused("text-generation", "\"a\"", "{\"early_stopping\": \"maybe\"}", "false true never");
    refused("text-generation", "\"a\"", "{\"num_beams\": 100000}", "num_beams");
    refused("text-generation", "\"a\"", "{\"seed\": -1}", "seed");
}

/* Whatever comes in pieces, the pieces join to the whole, and no piece ends inside a character. */
static void test_streams_whole_characters(void **state)
{
    const char *text = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\xB6z";
    int32_t ids[16];
    int count = (int)strlen(text);
    hf2c_scratch scratch = {fixture_memory, sizeof fixture_memory, 0};
    hf2c_sink sink = {.write = keep_answer};
    hf2c_stream stream;
    (void)state;
    for (int i = 0; i < count; i++) ids[i] = (unsigned char)text[i];
    answer_length = 0;
    assert_int_equal(hf2c_stream_begin(&stream, &plain, ids, 1, &sink, &scratch), HF2C_OK);
    for (int i = 1; i <= count; i++) {
        assert_int_equal(hf2c_stream_push(&stream, i, i == count), HF2C_OK);
        assert_memory_equal(answer, text, answer_length);
    }
    assert_int_equal(answer_length, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_stop_strings),
        cmocka_unit_test(test_for_people),
        cmocka_unit_test(test_prompts_are_padded_as_in_transformers),
        cmocka_unit_test(test_bad_requests_are_named),
        cmocka_unit_test(test_streams_whole_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
