/* Constraints over a vocabulary of all bytes and a few longer tokens: which texts they accept, token by token in every way to write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compiler/constrain/constrain.h"
#include "compiler/text/text.h"
#include "runtime/text/work.h"

/* Tokens of several bytes, some of them with parts of characters. */
static const char *const longer[] = {"12", "\":", "{\"", ", \"", "true", "\xc3\x9f", "\xf0\x9f", "\x98\x80", "\"}", "00"};
enum { END = 256 + COUNT_OF(longer), VOCABULARY };

static void spell(Str *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        uint32_t code = hf2c_byte_code((uint8_t)*c);
        str_printf(out, "\\u%04x", code);
    }
}

static const hf2c_tokenizer *byte_tokenizer(Arena *arena)
{
    Str text = {0};
    Err err = {{0}};
    str_printf(&text, "{\"added_tokens\":[{\"id\":%d,\"content\":\"<end>\",\"special\":true}],\"decoder\":{\"type\":\"ByteLevel\"},"
                      "\"model\":{\"type\":\"BPE\",\"merges\":[],\"vocab\":{", END);
    for (int byte = 0; byte < 256; byte++) str_printf(&text, "%s\"\\u%04x\":%d", byte ? "," : "", hf2c_byte_code((uint8_t)byte), byte);
    for (size_t i = 0; i < COUNT_OF(longer); i++) {
        str_printf(&text, ",\"");
        spell(&text, longer[i]);
        str_printf(&text, "\":%zu", 256 + i);
    }
    str_printf(&text, "}}}");
    const hf2c_tokenizer *tokenizer = tokenizer_compile_text(arena, text.data, text.length, &err);
    str_free(&text);
    if (!tokenizer) fail_msg("%s", err.text);
    return tokenizer;
}

static const hf2c_constraint *compile_schema(Arena *arena, const char *schema, Err *err)
{
    return constrain_schema_text(arena, byte_tokenizer(arena), VOCABULARY, "s", schema, strlen(schema), err);
}

/* Does every way to write the text with the tokens lead to the same answer? Returns it. */
static bool accepts_from(const hf2c_constraint *c, int state, const char *text)
{
    if (!*text) return c->distance[state] == 0;
    bool accepted = false, first = true;
    for (int id = 0; id < END; id++) {
        char byte[2] = {(char)id, 0};
        const char *token = id < 256 ? byte : longer[id - 256];
        size_t length = strlen(token);
        if (length == 0 || strncmp(text, token, length) != 0) continue;
        int next = c->class_of[id] ? hf2c_constraint_next(c, state, id) : HF2C_CONSTRAINT_DEAD;
        bool one = next != HF2C_CONSTRAINT_DEAD && accepts_from(c, next, text + length);
        if (!first && one != accepted) fail_msg("\"%s\": its tokens disagree", text);
        accepted = one;
        first = false;
    }
    return accepted;
}

static void check(const char *schema, const char *text, bool wanted)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    const hf2c_constraint *c = compile_schema(arena, schema, &err);
    if (!c) fail_msg("%s: %s", schema, err.text);
    if (accepts_from(c, HF2C_CONSTRAINT_START, text) != wanted) fail_msg("%s: \"%s\" should be %s", schema, text, wanted ? "accepted" : "refused");
    arena_free(arena);
}

static void test_texts(void **state)
{
    (void)state;
    check("{\"type\": \"string\"}", "\"\xf0\x9f\x98\x80 \xc3\x9f\\\"\\\\\\n\"", true);
    check("{\"type\": \"string\"}", "\"\xf0\x9f\"", false);
    check("{\"type\": \"string\"}", "\"\xed\xa0\x80\"", false); /* half of a surrogate pair */
    check("{\"type\": \"string\"}", "\"a\nb\"", false);
    check("{\"type\": \"string\", \"maxLength\": 2}", "\"\xf0\x9f\x98\x80\xc3\x9f\"", true);
    check("{\"type\": \"string\", \"maxLength\": 2}", "\"abc\"", false);
    check("{\"type\": \"string\", \"minLength\": 2, \"maxLength\": 3}", "\"a\"", false);
    check("{\"type\": \"string\", \"pattern\": \"^a|b$\"}", "\"axy\"", true);
    check("{\"type\": \"string\", \"pattern\": \"^a|b$\"}", "\"xyb\"", true);
    check("{\"type\": \"string\", \"pattern\": \"^a|b$\"}", "\"ba\"", false);
    check("{\"type\": \"string\", \"pattern\": \"^(a|\\\\d{2})+$\"}", "\"a12a\"", true);
    check("{\"type\": \"string\", \"pattern\": \"^\\\\d$\"}", "\"\xd9\xa3\"", false); /* a digit, but not of ASCII */
    check("{\"type\": \"string\", \"pattern\": \"^.$\"}", "\"\\n\"", false);
    check("{\"enum\": [12, \"x\", null, {\"a\": [true]}]}", "{\"a\":[true]}", true);
    check("{\"enum\": [12, \"x\", null], \"type\": [\"string\", \"null\"]}", "12", false);
    check("{\"type\": \"number\"}", "-0.50e-12", true);
    check("{\"type\": \"number\"}", "01", false);
    check("{\"type\": \"number\"}", "1e100", false);
    check("{\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 1}", "0.0", false);
    check("{\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 1}", "0.01", true);
    check("{\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 1}", "1.5", false);
    check("{\"type\": \"array\", \"items\": {\"const\": 1}, \"minItems\": 1, \"maxItems\": 2}", "[]", false);
    check("{\"type\": \"array\", \"items\": {\"const\": 1}, \"minItems\": 1, \"maxItems\": 2}", "[1, 1]", true);
    check("{\"type\": \"array\", \"items\": {\"const\": 1}, \"minItems\": 1, \"maxItems\": 2}", "[1,1,1]", false);
}

static void test_objects(void **state)
{
    static const char schema[] = "{\"properties\": {\"a\": {\"const\": 1}, \"b\": {\"const\": 2}, \"c\": {\"const\": 3}}, \"required\": [\"b\"]}";
    (void)state;
    check(schema, "{\"b\": 2}", true);
    check(schema, "{\"a\":1, \"b\":2,\"c\": 3}", true);
    check(schema, "{\"b\":2,\"c\":3}", true);
    check(schema, "{\"a\":1}", false);
    check(schema, "{\"b\":2,\"a\":1}", false);
    check(schema, "{,\"b\":2}", false);
    check(schema, "{\"b\":2,}", false);
    check("{\"properties\": {}, \"additionalProperties\": false}", "{}", true);
    check("{\"additionalProperties\": {\"const\": 1}}", "{\"x\":1,\"y\": 1}", true);
}

/* Every bound against every number, as integers and as numbers. */
static void test_bounds(void **state)
{
    static const int bounds[] = {-120, -21, -10, -9, -1, 0, 1, 8, 10, 99, 100, 105};
    (void)state;
    for (size_t low = 0; low < COUNT_OF(bounds); low++) {
        for (size_t high = low; high < COUNT_OF(bounds); high += 3) {
            char schema[128], text[32];
            Err err = {{0}};
            Arena *arena = arena_new();
            snprintf(schema, sizeof schema, "{\"type\": \"%s\", \"minimum\": %d, \"maximum\": %d}", high % 2 ? "integer" : "number", bounds[low], bounds[high]);
            const hf2c_constraint *c = compile_schema(arena, schema, &err);
            assert_non_null(c);
            for (int value = -130; value <= 130; value++) {
                snprintf(text, sizeof text, "%d", value);
                if (accepts_from(c, HF2C_CONSTRAINT_START, text) != (value >= bounds[low] && value <= bounds[high])) fail_msg("%s: %s", schema, text);
            }
            if (high % 2) assert_false(accepts_from(c, HF2C_CONSTRAINT_START, "-0"));
            arena_free(arena);
        }
    }
}

/* Only what still fits into the room is allowed; end tokens only where the text may end; what other rules have banned comes back. */
static void test_room(void **state)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    const hf2c_constraint *c = compile_schema(arena, "{\"enum\": [1, 1200, true]}", &err);
    int32_t end = END, ids[2] = {0, '1'};
    hf2c_constraint_place place = {0};
    uint8_t seen[VOCABULARY] = {0};
    float scores[VOCABULARY] = {0};
    (void)state;
    assert_non_null(c);
    assert_int_equal(c->distance[HF2C_CONSTRAINT_START], 1);
    hf2c_constraint_apply(c, HF2C_CONSTRAINT_START, 1, (hf2c_ids){&end, 1}, seen, scores);
    assert_true(scores['1'] == 0 && scores[260] == 0);                         /* "1" and "true" are whole */
    assert_true(scores[256] == -INFINITY && scores['t'] == -INFINITY && scores[END] == -INFINITY);
    memset(scores, 0, sizeof scores);
    hf2c_constraint_apply(c, HF2C_CONSTRAINT_START, 2, (hf2c_ids){&end, 1}, seen, scores);
    assert_true(scores[256] == 0 && scores['t'] == -INFINITY);                  /* "12", "00" */
    int after = hf2c_constraint_walk(c, ids, 2, 1, &place);
    assert_int_equal(hf2c_constraint_walk(c, ids, 2, 1, &place), after);
    memset(scores, 0, sizeof scores);
    hf2c_constraint_apply(c, after, 9, (hf2c_ids){&end, 1}, seen, scores);
    assert_true(scores[END] == 0 && scores['2'] == 0 && scores['1'] == -INFINITY);
    for (int i = 0; i < VOCABULARY; i++) scores[i] = i == 'x' ? 0 : -INFINITY;
    hf2c_constraint_apply(c, after, 9, (hf2c_ids){&end, 1}, seen, scores);
    assert_true(scores[END] == 0 && scores['2'] == -INFINITY && scores['x'] == -INFINITY);
    ids[1] = 't';                                                               /* another text: the place is not that one's */
    assert_int_equal(hf2c_constraint_walk(c, ids, 2, 1, &place), hf2c_constraint_next(c, HF2C_CONSTRAINT_START, 't'));
    for (int i = 0; i < VOCABULARY; i++) assert_int_equal(seen[i], 0);
    arena_free(arena);
}

static void test_choices(void **state)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    const hf2c_constraint *c = constrain_choices(arena, byte_tokenizer(arena), VOCABULARY, "yes,no,12", &err);
    (void)state;
    assert_non_null(c);
    assert_true(accepts_from(c, HF2C_CONSTRAINT_START, "yes") && accepts_from(c, HF2C_CONSTRAINT_START, "12"));
    assert_false(accepts_from(c, HF2C_CONSTRAINT_START, "ye") || accepts_from(c, HF2C_CONSTRAINT_START, "yes,no"));
    assert_null(constrain_choices(arena, byte_tokenizer(arena), VOCABULARY, "a,,b", &err));
    assert_non_null(strstr(err.text, "empty"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts), cmocka_unit_test(test_objects), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_room),  cmocka_unit_test(test_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
