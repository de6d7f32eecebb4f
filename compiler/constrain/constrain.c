/* constrain: from what is asked for to the tables. */
#include "compiler/constrain/constrain.h"

#include <string.h>

#include "compiler/constrain/automaton.h"
#include "compiler/constrain/schema.h"
#include "compiler/read/json.h"
#include "runtime/text/utf8.h"

enum { NESTING_MAX = 4, FILE_MAX = 1 << 22 };

/* Texts between the states start and end, as tables. what: for messages. */
static const hf2c_constraint *finish(Arena *arena, Nfa *nfa, const TokenTexts *texts, int start, int end, const char *what, bool *too_large, Err *err)
{
    Err reason = {{0}};
    if (texts->drops_space) {
        int before = nfa_state(nfa);
        nfa_skip(nfa, before, start);
        nfa_edge(nfa, before, start, ' ', ' ');
        start = before;
    }
    Dfa *dfa = dfa_make(nfa->arena, nfa, start, end, &reason);
    *too_large = !dfa && reason.text[0];
    if (!dfa) err_set(err, "%s: %s", what, reason.text[0] ? reason.text : "there is no text that it allows");
    return dfa ? automaton_compile(arena, dfa, texts, err) : NULL;
}

/* ---- schemas ---- */

static const hf2c_constraint *compile_nested(Arena *arena, const TokenTexts *texts, const cJSON *root, const char *name, int nesting,
                                             bool *too_large, Err *err)
{
    Arena *work = arena_new();
    Nfa nfa = {.arena = work};
    Schema schema = {.arena = work, .nfa = &nfa, .root = root, .name = name, .nesting = nesting, .err = err};
    int start = nfa_state(&nfa), end = schema_value(&schema, root, "#", start);
    const hf2c_constraint *constraint = end < 0 ? NULL : finish(arena, &nfa, texts, start, end, name, too_large, err);
    arena_free(work);
    return constraint;
}

const hf2c_constraint *constrain_schema_text(Arena *arena, const hf2c_tokenizer *tokenizer, int vocabulary, const char *name, const char *text,
                                             size_t bytes, Err *err)
{
    TokenTexts texts;
    const cJSON *root = json_parse(arena, name, text, bytes, err);
    const hf2c_constraint *constraint = NULL;
    if (!root || !token_texts(arena, tokenizer, vocabulary, &texts, err)) return NULL;
    /* A schema that refers to itself is unfolded as often as the tables allow. */
    for (int nesting = NESTING_MAX; nesting >= 0 && !constraint; nesting--) {
        bool too_large = false;
        Err reason = {{0}};
        constraint = compile_nested(arena, &texts, root, name, nesting, &too_large, &reason);
        if (!constraint && (!too_large || nesting == 0)) {
            err_set(err, "%s", reason.text);
            return NULL;
        }
    }
    return constraint;
}

const hf2c_constraint *constrain_schema(Arena *arena, const hf2c_tokenizer *tokenizer, int vocabulary, const char *path, Err *err)
{
    FileView file;
    if (!file_read(arena, path, FILE_MAX, &file, err)) return NULL;
    return constrain_schema_text(arena, tokenizer, vocabulary, path, (const char *)file.data, file.size, err);
}

/* ---- choices ---- */

static bool add_choice(Nfa *nfa, const char *text, size_t bytes, int from, int to, Err *err)
{
    if (bytes == 0) return err_set(err, "choices: an empty text is no choice");
    if (hf2c_utf8_valid_bytes((const uint8_t *)text, bytes) != bytes) return err_set(err, "choices: a text is not UTF-8");
    nfa_skip(nfa, nfa_text(nfa, from, text, bytes), to);
    return true;
}

static bool add_listed(Arena *arena, Nfa *nfa, const char *choices, int from, int to, Err *err)
{
    const cJSON *list = json_parse(arena, "choices", choices, strlen(choices), err), *one;
    if (!list) return false;
    if (!list->child) return err_set(err, "choices: the list is empty");
    cJSON_ArrayForEach(one, list)
    {
        if (!cJSON_IsString(one)) return err_set(err, "choices: wanted a list of texts");
        if (!add_choice(nfa, one->valuestring, strlen(one->valuestring), from, to, err)) return false;
    }
    return true;
}

static bool add_choices(Arena *arena, Nfa *nfa, const char *choices, int from, int to, Err *err)
{
    if (choices[0] == '[') return add_listed(arena, nfa, choices, from, to, err);
    for (const char *at = choices;; at++) {
        size_t length = strcspn(at, ",");
        if (!add_choice(nfa, at, length, from, to, err)) return false;
        at += length;
        if (!*at) return true;
    }
}

const hf2c_constraint *constrain_choices(Arena *arena, const hf2c_tokenizer *tokenizer, int vocabulary, const char *choices, Err *err)
{
    TokenTexts texts;
    if (!token_texts(arena, tokenizer, vocabulary, &texts, err)) return NULL;
    Arena *work = arena_new();
    Nfa nfa = {.arena = work};
    int start = nfa_state(&nfa), end = nfa_state(&nfa);
    bool too_large, fine = add_choices(work, &nfa, choices, start, end, err);
    const hf2c_constraint *constraint = fine ? finish(arena, &nfa, &texts, start, end, "choices", &too_large, err) : NULL;
    arena_free(work);
    return constraint;
}
