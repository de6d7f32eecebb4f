/* A whole program: options, lines, exit statuses, interruption. The model counts letters, as in the tests of the tasks.
 */
#include "runtime/cli/program.h"
#include "tests/unit/runtime_task/fixture_model.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int slow;

static float next_letter(const hf2c_batch *batch, int output, int row, int column)
{
    const struct timespec pause = {0, 20000000};
    int32_t id = batch->ids[row];
    (void)output;
    if (slow && column == 0) nanosleep(&pause, NULL);
    return column == (id == 'e' ? slow ? 'a' : BYTE_END : id + 1) ? 5 : 0;
}

static const hf2c_output outputs[] = {{"logits", HF2C_ROWS_WANTED, BYTE_VOCABULARY}};
static const hf2c_tokenizer plain = {.specials = 0};

static void run_child(int in, int out, int error, char **argv)
{
    hf2c_model model = fixture_model(outputs, 1);
    hf2c_program program = {0};
    int argc = 0;
    while (argv[argc]) argc++;
    value_of = next_letter;
    model.tasks = "text-generation unheard-of";
    model.tokenizer = &plain;
    model.state_bytes = 64;
    model.generation = (hf2c_generation_defaults){.bos = -1, .pad = -1, .decoder_start = -1, .forced_bos = -1, .forced_eos = -1, .eos = {BYTE_END}, .eos_count = 1};
    dup2(in, 0);
    dup2(out, 1);
    dup2(error, 2);
    _exit(hf2c_main(&model, &program, argc, argv));
}

static char output[1 << 14], errors[1 << 12];

static void read_all(FILE *file, char *text, size_t capacity)
{
    rewind(file);
    text[fread(text, 1, capacity - 1, file)] = '\0';
    fclose(file);
}

/* Runs the program on the input; the exit status. kill_after: milliseconds until SIGINT, 0: none. */
static int program(const char *input, int kill_after, char **argv)
{
    FILE *in = tmpfile(), *out = tmpfile(), *error = tmpfile();
    int status;
    assert_true(in && out && error);
    assert_int_equal(fwrite(input, 1, strlen(input), in), strlen(input));
    rewind(in);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) run_child(fileno(in), fileno(out), fileno(error), argv);
    if (kill_after) {
        const struct timespec wait = {0, kill_after * 1000000L};
        nanosleep(&wait, NULL);
        assert_int_equal(kill(child, SIGINT), 0);
    }
    while (waitpid(child, &status, 0) < 0) assert_int_equal(errno, EINTR);
    fclose(in);
    memset(output, 0, sizeof output);
    read_all(out, output, sizeof output);
    read_all(error, errors, sizeof errors);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define RUN(input, ...) program(input, 0, (char *[]){"program", __VA_ARGS__, NULL})

static void test_texts(void **state)
{
    (void)state;
    assert_int_equal(RUN("", "xab"), 0);
    assert_string_equal(output, "xabcde\n");
    assert_int_equal(RUN("", "--max-new-tokens", "1", "a", "c"), 0);
    assert_string_equal(output, "ab\ncd\n");
    assert_int_equal(RUN("b\r\nd", "--json", "--no-return-full-text"), 0);
    assert_string_equal(output, "[{\"generated_text\": \"cde\"}]\n[{\"generated_text\": \"e\"}]\n");
    assert_int_equal(RUN("", "--stop-strings=c,zz", "--", "a"), 0);
    assert_string_equal(output, "abc\n");
    assert_int_equal(RUN("", "--max_new_tokens=1", "--", "--json"), 0);
    assert_memory_equal(output, "--json", 6);
}

static void test_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(RUN("", "--nonsense", "a"), 2);
    assert_string_equal(errors, "unknown option: --nonsense (see --help)\n");
    assert_int_equal(RUN("", "--task", "fill-mask", "a"), 2);
    assert_non_null(strstr(errors, "this model cannot do 'fill-mask'"));
    assert_int_equal(RUN("", "--max-new-tokens"), 2);
    assert_int_equal(RUN("", "--threads", "0"), 2);
    assert_int_equal(RUN("", "--task"), 2);
    assert_int_equal(RUN("", "--help"), 0);
    assert_non_null(strstr(output, "--max-new-tokens"));
}

static void test_bad_input(void **state)
{
    (void)state;
    assert_int_equal(RUN("", "--temperature", "-1", "a"), 1);
    assert_non_null(strstr(errors, "temperature must be"));
    assert_int_equal(RUN("\nd\n", "--json"), 1); /* the empty line is bad, the next one goes on */
    assert_string_equal(output, "[{\"generated_text\": \"de\"}]\n");
    assert_int_equal(RUN("", "--eos-token-id", "x", "a"), 1);
}

static void test_jsonl(void **state)
{
    (void)state;
    assert_int_equal(RUN("\"c\"\n"
                         "{\"inputs\": \"c\", \"kwargs\": {\"max_new_tokens\": 1}}\n"
                         "{\"inputs\": \"c\", \"kwargs\": {\"oops\": 1}}\n"
                         "{\"inputs\": \"c\"\n"
                         "17\n"
                         "\n"
                         "{\"input\": \"c\"}\n"
                         "{}\n"
                         "{\"task\": \"ner\", \"inputs\": \"c\"}\n"
                         "\"\xFF\"\n"
                         "{\"prompts\": [\"c\", \"xd\"], \"kwargs\": {\"max_new_tokens\": 1}}\n"
                         "[\"d\"]\n",
                         "--jsonl"),
                     0);
    const char *expected[] = {"[{\"generated_text\": \"cde\"}]",
                              "[{\"generated_text\": \"cd\"}]",
                              "{\"error\": \"unknown argument 'oops'; known: max_new_tokens",
                              "{\"error\": \"the text ends too early (column 15)\"}",
                              "{\"error\": \"wanted a text, a list or an object\"}",
                              "{\"error\": \"unknown key; known: inputs, messages, prompts, kwargs, tools, documents, task\"}",
                              "{\"error\": \"wanted either inputs or prompts\"}",
                              "{\"error\": \"task: this model cannot do that\"}",
                              "{\"error\": \"",
                              "{\"output_ids\": [[259, 99, 100], [120, 100, 101]], \"text\": [\"cd\", \"xde\"]}",
                              "[[{\"generated_text\": \"de\"}]]"};
    char *at = output;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char *end = strchr(at, '\n');
        assert_non_null(end);
        *end = '\0';
        assert_memory_equal(at, expected[i], strlen(expected[i]));
        at = end + 1;
    }
    assert_int_equal(*at, '\0');
    assert_string_equal(errors, "");
}

static void test_interruption(void **state)
{
    (void)state;
    slow = 1;
    assert_int_equal(program("", 200, (char *[]){"program", "--max-new-tokens", "50", "a", NULL}), 130);
    assert_memory_equal(output, "abc", 3); /* what was there is out */
    assert_true(strlen(output) < 40);
    assert_int_equal(program("\"a\"\n\"b\"\n", 200, (char *[]){"program", "--jsonl", "--max-new-tokens", "50", NULL}),
                     130);
    slow = 0;
}

static void test_info_and_bench(void **state)
{
    (void)state;
    assert_int_equal(RUN("", "--info"), 0);
    assert_non_null(strstr(output, "text-generation"));
    assert_non_null(strstr(output, "logits[261]"));
    assert_int_equal(RUN("", "--bench", "--threads", "1"), 0);
    assert_non_null(strstr(output, "tokens/s"));
}

/* Seconds and the first values of the last row; the ids are those of every such run. */
static void test_bench_lines(void **state)
{
    double seconds;
    float value;
    int read;
    (void)state;
    assert_int_equal(RUN("prefill 5 2\ndecode 3 2\n", "--bench", "-"), 0);
    assert_int_equal(sscanf(output, "%lf %f%n", &seconds, &value, &read), 2);
    assert_true(seconds >= 0 && value == 0);
    char *second = strchr(output, '\n') + 1;
    assert_true(strncmp(output + read, " 0 0 0 0 0 0 0\n", 15) == 0);
    assert_int_equal(sscanf(second, "%lf %f", &seconds, &value), 2);
    assert_int_equal(RUN("encode 1 2 3\nprefill\nprefill 5\nprefill 5 0\nprefill 5 1 1\nprefill -1 1\ndecode 99999999 1\n\nprefill 100000 1\n", "--bench", "-"), 0);
    assert_string_equal(output, "error: this model cannot do that\n"
                                "error: wanted a number from 0 to 16777216\n"
                                "error: wanted a number from 0 to 16777216\n"
                                "error: nothing to do\n"
                                "error: too many words\n"
                                "error: wanted a number from 0 to 16777216\n"
                                "error: wanted a number from 0 to 16777216\n"
                                "error: wanted encode, prefill or decode\n"
                                "error: the context is full: no room for another token\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts), cmocka_unit_test(test_wrong_usage),  cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_jsonl), cmocka_unit_test(test_interruption), cmocka_unit_test(test_info_and_bench),
        cmocka_unit_test(test_bench_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
