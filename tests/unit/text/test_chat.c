/* Chat templates: what Jinja, set as transformers sets it, gives for the same template and variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/read/json.h"
#include "compiler/text/chat.h"

enum { SCRATCH = 1 << 20, TEXT = 1 << 16, FILE_LIMIT = 1 << 24 };

typedef struct Case {
    const char *source, *expected; /* expected NULL: the message is looked at */
    const char *message;
} Case;

static const char variables[] =
    "{\"s\": \"Hello, w\\u00f6rld  foo\", \"n\": 7, \"l\": [3, 1, 2], \"e\": \"\", \"d\": {\"b\": 1, \"a\": \"x\", \"c\": [1, {\"z\": null}]},"
    " \"m\": [{\"role\": \"system\", \"content\": \" S \"}, {\"role\": \"user\", \"content\": \"U\"}]}";

static hf2c_status render(Arena *arena, const char *source, char *text, size_t *length, hf2c_message *message)
{
    static char scratch[SCRATCH];
    static const ChatConstant constants[] = {{"bos_token", "<s>"}};
    hf2c_chat_request request = {.messages = "[]", .messages_bytes = 2, .variables = variables, .variables_bytes = sizeof variables - 1,
                                 .now = 1732000000};
    Err err = {{0}};
    const hf2c_chat_table *table = chat_compile(arena, source, strlen(source), constants, 1, &err);

    if (table == NULL) {
        hf2c_message_set(message, err.text);
        return HF2C_NOT_SUPPORTED;
    }
    return hf2c_chat_render(table, &request, text, TEXT, length, message, scratch, SCRATCH);
}

static void check_case(const Case *item)
{
    static char text[TEXT + 1];
    Arena *arena = arena_new();
    hf2c_message message = {""};
    size_t length = 0;
    hf2c_status status = render(arena, item->source, text, &length, &message);

    if (item->expected != NULL) {
        text[length] = 0;
        if (status != HF2C_OK || strcmp(text, item->expected) != 0) {
            printf("%s: %s\n", item->source, message.text);
        }
        assert_int_equal(status, HF2C_OK);
        assert_string_equal(text, item->expected);
    } else {
        assert_int_not_equal(status, HF2C_OK);
        assert_string_equal(message.text, item->message);
    }
    arena_free(arena);
}

static void check_cases(const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_case(&cases[i]);
    }
}

static void test_white_space(void **state)
{
    static const Case cases[] = {
        {"a\n", "a", NULL},
        {"a\n\n", "a\n", NULL},
        {"a\r\nb\rc", "a\nb\nc", NULL},
        {"{% if n %}\n  x\n{% endif %}\ny", "  x\ny", NULL},
        {"  {% if n %}x{% endif %}  \ny", "x  \ny", NULL},
        {"a  {% if n %}x{% endif %}", "a  x", NULL},
        {"a \n {%- if n -%} \n x \n {%- endif -%} \n y", "axy", NULL},
        {"  {%+ if n %}x{% endif +%}\ny", "  x\ny", NULL},
        {"  {{ n }}\n  {{- n -}}  \n!", "  77!", NULL},
        {"a {# c #}\n b {#- c -#} c", "a  bc", NULL},
        {"{% raw %}{{ n }}{% endraw %}\n|", "{{ n }}|", NULL},
        {"{{ '}}' }}{{ {'a': {'b': 1}}.a.b }}", "}}1", NULL},
    };
    (void)state;
    check_cases(cases, COUNT_OF(cases));
}

static void test_expressions(void **state)
{
    static const Case cases[] = {
        {"{{ s[0] ~ s[-1] ~ s[7:9] ~ s[::-1] }}", "Howöoof  dlröw ,olleH", NULL},
        {"{{ n // 2 ~ n % 4 ~ n / 2 ~ -n // 2 ~ n ** 2 }}", "333.5-449", NULL},
        {"{{ not n == 7 or 'x' in 'axb' and 2 not in l }}", "False", NULL},
        {"{{ l|sort|join('-') ~ l|map('string')|list ~ (l + [4])|length }}", "1-2-3['3', '1', '2']4", NULL},
        {"{{ d|tojson }}{{ [1.5, true, none, 'é\"']|tojson }}", "{\"b\": 1, \"a\": \"x\", \"c\": [1, {\"z\": null}]}[1.5, true, null, \"é\\\"\"]", NULL},
        {"{{ {'a': [1]}|tojson(indent=2) }}", "{\n  \"a\": [\n    1\n  ]\n}", NULL},
        {"{{ m|selectattr('role', 'equalto', 'user')|map(attribute='content')|first }}", "U", NULL},
        {"{{ s.split(' ')|length }}{{ s.split()|length }}{{ 'a,b'.split(',')[1] }}", "43b", NULL},
        {"{{ 'abc'.startswith('ab') and 'abc'.endswith(('x', 'c')) }}", "True", NULL},
        {"{{ m[0].content|trim }}{{ m[1]['content'].lower() }}{{ 'aB'|upper }}{{ 'ä'|upper }}", "SuABÄ", NULL},
        {"{{ q is defined }}{{ q|default('z') }}{{ e|default('y', true) }}{{ d.q is none }}", "FalsezyFalse", NULL},
        {"{{ d.items()|map('first')|join }}{{ d.get('q', 5) }}", "bac5", NULL},
        {"{{ strftime_now('%d %b %Y') }}{{ strftime_now is defined }}", "19 Nov 2024True", NULL},
        {"{{ 'x' if e }}{{ 'y' if n else 'z' }}", "y", NULL},
        {"{{ bos_token + '!' }}", "<s>!", NULL},
    };
    (void)state;
    check_cases(cases, COUNT_OF(cases));
}

static void test_statements(void **state)
{
    static const Case cases[] = {
        {"{% for x in l %}{{ loop.index }}{{ x }}{{ ',' if not loop.last }}{% endfor %}", "13,21,32", NULL},
        {"{% for x in l if x > 1 %}{{ loop.length }}{{ loop.previtem }}{{ x }} {% else %}no{% endfor %}", "23 232 ", NULL},
        {"{% for x in [] %}x{% else %}empty{% endfor %}", "empty", NULL},
        {"{% for k, v in d.items() %}{{ k }}{% endfor %}", "bac", NULL},
        {"{% set x = 1 %}{% for y in l %}{{ x }}{% set x = y %}{{ x }}{% endfor %}{{ x }}", "1311121", NULL},
        {"{% set ns = namespace(a=0) %}{% for y in l %}{% set ns.a = ns.a + y %}{% endfor %}{{ ns.a }}", "6", NULL},
        {"{% for y in l %}{% if y == 1 %}{% continue %}{% endif %}{{ y }}{% if y == 2 %}{% break %}{% endif %}{% endfor %}", "32", NULL},
        {"{% macro f(a, b='d') %}<{{ a }}{{ b }}>{% endmacro %}{{ f(1) }}{{ f(b=2, a=1) }}", "<1d><12>", NULL},
        {"{% macro f(k) %}{{ k }}{% if k %}{{ f(k - 1) }}{{ k }}{% endif %}{% endmacro %}{{ f(2) }}", "21012", NULL},
        {"{% set x %} a {{ n }} {% endset %}[{{ x|trim }}]{% filter upper %}b{% endfilter %}", "[a 7]B", NULL},
        {"{% generation %}g{% endgeneration %}", "g", NULL},
    };
    (void)state;
    check_cases(cases, COUNT_OF(cases));
}

static void test_refusals(void **state)
{
    static const Case cases[] = {
        {"{{ raise_exception('no ' ~ n) }}", NULL, "no 7"},
        {"{{ q.x }}", NULL, "'q' is undefined"},
        {"a\n{% include 'x' %}", NULL, "line 2: include is not supported"},
        {"\n\n{{ s|groupby('x') }}", NULL, "line 3: filter groupby is not supported"},
        {"{{ s.encode() }}", NULL, "line 1: method encode is not supported"},
        {"{{ f() }}", NULL, "line 1: function f is not supported"},
        {"{% if n %}", NULL, "line 1: endif is missing"},
        {"{{ 1 < 2 < 3 }}", NULL, "line 1: a chain of comparisons is not supported"},
        {"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", NULL, "macros of the chat template are nested too deeply"},
        {"{% set r = range(20000) %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}", NULL, "the chat template runs too long"},
        {"{% for a in range(9999) %}{{ s * 9999 }}{% endfor %}", NULL, "not enough memory for the chat template"},
    };
    (void)state;
    check_cases(cases, COUNT_OF(cases));
}

/* ---- whole templates, as transformers renders them: see tests/bench/chat_goldens.py ---- */

static char *json_of(const cJSON *object, const char *key, size_t *bytes)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    char *text = item != NULL ? cJSON_PrintUnformatted(item) : NULL;

    *bytes = text != NULL ? strlen(text) : 0;
    return text;
}

static void check_row(const hf2c_chat_table *table, const cJSON *row)
{
    static char text[TEXT + 1], scratch[SCRATCH];
    const cJSON *asked = cJSON_GetObjectItemCaseSensitive(row, "request"), *wanted = cJSON_GetObjectItemCaseSensitive(row, "wanted");
    const cJSON *expected = cJSON_GetObjectItemCaseSensitive(wanted, "text");
    hf2c_chat_request request = {.add_generation_prompt = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(asked, "add_generation_prompt"))};
    const char *refused = expected == NULL ? cJSON_GetObjectItemCaseSensitive(wanted, "error")->valuestring : NULL;
    hf2c_message message = {""};
    size_t length = 0;
    char *messages = json_of(asked, "messages", &request.messages_bytes), *tools = json_of(asked, "tools", &request.tools_bytes);
    char *documents = json_of(asked, "documents", &request.documents_bytes);
    char *more = json_of(asked, "chat_template_kwargs", &request.variables_bytes);
    hf2c_status status;

    request.messages = messages;
    request.tools = tools;
    request.documents = documents;
    request.variables = more;
    status = hf2c_chat_render(table, &request, text, TEXT, &length, &message, scratch, SCRATCH);
    text[length < TEXT ? length : TEXT] = 0;
    if (expected == NULL) {
        assert_int_equal(status, HF2C_BAD_TEXT);
        if (strncmp(refused, "can only concatenate", 20) != 0) { /* Python's own words */
            assert_string_equal(message.text, refused);
        }
    } else {
        assert_string_equal(message.text, "");
        assert_int_equal(status, HF2C_OK);
        assert_string_equal(text, expected->valuestring);
    }
    free(messages);
    free(tools);
    free(documents);
    free(more);
}

static void test_goldens(void **state)
{
    static const ChatConstant constants[] = {{"bos_token", "<s>"}, {"eos_token", "</s>"}};
    Arena *arena = arena_new();
    const hf2c_chat_table *table = NULL;
    Err err = {{0}};
    FileView view;
    int rows = 0;

    (void)state;
    assert_true(file_read(arena, TESTS_FOLDER "/unit/text/chat.jsonl", FILE_LIMIT, &view, &err));
    for (size_t at = 0; at < view.size;) {
        const char *line = (const char *)view.data + at, *end = memchr(line, '\n', view.size - at);
        cJSON *row = cJSON_ParseWithLength(line, (size_t)(end - line));
        const cJSON *source = cJSON_GetObjectItemCaseSensitive(row, "chat_template");
        assert_non_null(row);
        if (source != NULL) {
            table = chat_compile(arena, source->valuestring, strlen(source->valuestring), constants, COUNT_OF(constants), &err);
            assert_non_null(table);
        } else {
            check_row(table, row);
            rows++;
        }
        cJSON_Delete(row);
        at += (size_t)(end - line) + 1;
    }
    assert_int_equal(rows, 128);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_white_space), cmocka_unit_test(test_expressions),
                                       cmocka_unit_test(test_statements), cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_goldens)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
