/* pattern: regular expressions of schemas (ECMA 262), read by the parser of the tokenizers' (Oniguruma): what the two understand
 * differently is rewritten first. A pattern may match anywhere in the string, unless ^ and $ say otherwise. */
#include "compiler/constrain/schema.h"

#include <string.h>

/* ---- rewriting ---- */

typedef struct Rewriting {
    Str out;
    const char *at;
    bool in_class, negated;
} Rewriting;

/* \d, \w, \s mean ASCII, but in a negated class, where that would let in more than other readers of the pattern do. */
static const char *class_of_escape(char letter, bool in_class)
{
    static const struct {
        char letter;
        const char *alone, *inside;
    } classes[] = {{'d', "[0-9]", "0-9"}, {'w', "[0-9A-Za-z_]", "0-9A-Za-z_"}, {'s', "[ \\t\\n\\r\\f\\v]", " \\t\\n\\r\\f\\v"}};
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (classes[i].letter == letter) return in_class ? classes[i].inside : classes[i].alone;
    return NULL;
}

static void rewrite_escape(Rewriting *r)
{
    const char *class = r->in_class && r->negated ? NULL : class_of_escape(r->at[1], r->in_class);
    if (class) str_printf(&r->out, "%s", class);
    else if (r->at[1] == '/') str_printf(&r->out, "/");
    else str_add(&r->out, r->at, r->at[1] ? 2 : 1);
    r->at += r->at[1] ? 2 : 1;
}

static void rewrite_in_class(Rewriting *r)
{
    if (*r->at == '[' || *r->at == '&') str_printf(&r->out, "\\"); /* there they are literal, here they are not */
    r->in_class = *r->at != ']';
    str_add(&r->out, r->at++, 1);
}

static void rewrite_outside(Rewriting *r)
{
    if (*r->at == '.') {
        str_printf(&r->out, "[^\\n\\r\xe2\x80\xa8\xe2\x80\xa9]");
        r->at++;
        return;
    }
    if (*r->at == '[') {
        r->in_class = true;
        r->negated = r->at[1] == '^';
        str_add(&r->out, r->at, 1 + r->negated);
        r->at += 1 + r->negated;
        return;
    }
    str_add(&r->out, r->at++, 1);
}

static const char *rewrite(Arena *arena, const char *pattern)
{
    Rewriting r = {.at = pattern};
    while (*r.at) {
        if (*r.at == '\\') rewrite_escape(&r);
        else if (r.in_class) rewrite_in_class(&r);
        else rewrite_outside(&r);
    }
    const char *text = arena_printf(arena, "%s", r.out.data ? r.out.data : "");
    str_free(&r.out);
    return text;
}

/* ---- from the tree to states ---- */

typedef struct Pattern {
    Schema *schema;
    const char *path;
    const RegexNode *begin, *end; /* anchors at the edges of the alternative in question; NULL: none */
} Pattern;

static int add_node(Pattern *p, const RegexNode *node, int from);

static int add_repeat(Pattern *p, const RegexNode *node, int from)
{
    Nfa *nfa = p->schema->nfa;
    int to = nfa_state(nfa), at = from;
    for (int i = 0; i < (node->maximum < 0 ? node->minimum : node->maximum) && at >= 0 && !nfa->too_large; i++) {
        int begin = nfa_state(nfa);
        if (i >= node->minimum) nfa_skip(nfa, at, to);
        nfa_skip(nfa, at, begin);
        at = add_node(p, node->left, begin);
    }
    if (node->maximum < 0 && at >= 0) {
        int again = nfa_state(nfa);
        nfa_skip(nfa, at, again);
        at = add_node(p, node->left, again);
        if (at >= 0) nfa_skip(nfa, at, again);
        nfa_skip(nfa, again, to);
    }
    if (at >= 0) nfa_skip(nfa, at, to);
    return at < 0 ? -1 : to;
}

static int add_either(Pattern *p, const RegexNode *node, int from)
{
    Nfa *nfa = p->schema->nfa;
    int to = nfa_state(nfa), left_begin = nfa_state(nfa), right_begin = nfa_state(nfa);
    nfa_skip(nfa, from, left_begin);
    nfa_skip(nfa, from, right_begin);
    int left = add_node(p, node->left, left_begin), right = left < 0 ? -1 : add_node(p, node->right, right_begin);
    if (right < 0) return -1;
    nfa_skip(nfa, left, to);
    nfa_skip(nfa, right, to);
    return to;
}

static int add_node(Pattern *p, const RegexNode *node, int from)
{
    int to;
    if (p->schema->nfa->too_large) return from;
    switch (node->kind) {
    case REGEX_EMPTY: return from;
    case REGEX_SET:
        to = nfa_state(p->schema->nfa);
        schema_codes(p->schema->nfa, from, to, &node->set);
        return to;
    case REGEX_CONCAT:
        from = add_node(p, node->left, from);
        return from < 0 ? -1 : add_node(p, node->right, from);
    case REGEX_ALTERNATE: return add_either(p, node, from);
    case REGEX_REPEAT: return add_repeat(p, node, from);
    default:
        if (node == p->begin || node == p->end) return from;
        return schema_refuse(p->schema, p->path, "pattern: ^ and $ only at the ends of an alternative, and no look-around, are supported");
    }
}

/* An anchor: nothing before it (or behind it), at most the end of a line. */
static bool is_anchor(const RegexNode *node, RegexKind kind)
{
    return node->kind == kind && node->edge && (node->set.count == 0 || (node->set.count == 1 && node->set.range[0].first == '\n'));
}

static int add_any(Schema *schema, int from)
{
    CharSet any = schema_any_code(schema->arena);
    int again = nfa_state(schema->nfa);
    nfa_skip(schema->nfa, from, again);
    schema_codes(schema->nfa, again, again, &any);
    return again;
}

static int add_alternative(Schema *schema, const RegexNode *node, const char *path, int from)
{
    Pattern p = {.schema = schema, .path = path};
    const RegexNode *first = node, *last = node;
    if (node->kind == REGEX_ALTERNATE) {
        int begin = nfa_state(schema->nfa);
        nfa_skip(schema->nfa, from, begin);
        int left = add_alternative(schema, node->left, path, from), right = left < 0 ? -1 : add_alternative(schema, node->right, path, begin);
        if (right >= 0) nfa_skip(schema->nfa, left, right);
        return right;
    }
    while (first->kind == REGEX_CONCAT) first = first->left;
    while (last->kind == REGEX_CONCAT) last = last->right;
    if (is_anchor(first, REGEX_PREVIOUS)) p.begin = first;
    if (is_anchor(last, REGEX_NEXT)) p.end = last;
    int end = add_node(&p, node, p.begin ? from : add_any(schema, from));
    return end < 0 || p.end ? end : add_any(schema, end);
}

int schema_pattern(Schema *schema, const char *pattern, const char *path, int from)
{
    Err err = {{0}};
    const char *text = rewrite(schema->arena, pattern);
    const RegexNode *node = regex_parse(schema->arena, text, strlen(text), &err);
    if (!node) return schema_refuse(schema, path, "pattern: %s", err.text);
    return add_alternative(schema, node, path, from);
}
