/* conditions: see conditions.h. The text is ours: a directive stands in one line and begins in column 0. */
#include "compiler/emit/conditions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void known_add(KnownMacros *known, const char *name, bool defined, int64_t value)
{
    if (known->count == COUNT_OF(known->macro)) bug("too many known macros");
    known->macro[known->count++] = (KnownMacro){name, defined, value};
}

/* ---- one condition ---- */

typedef struct Reader {
    Arena *arena;
    const KnownMacros *known;
    const char *at, *end;
} Reader;

static Condition decided(bool yes) { return (Condition){yes ? ALWAYS : NEVER, ""}; }

static void skip_spaces(Reader *r)
{
    while (r->at < r->end && isspace((unsigned char)*r->at)) r->at++;
}

static bool take(Reader *r, const char *word)
{
    size_t n = strlen(word);
    skip_spaces(r);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) return false;
    r->at += n;
    return true;
}

static const KnownMacro *known_find(const Reader *r, const char *name, size_t length)
{
    for (size_t i = 0; i < r->known->count; i++) {
        const KnownMacro *macro = &r->known->macro[i];
        if (strlen(macro->name) == length && memcmp(macro->name, name, length) == 0) return macro;
    }
    return NULL;
}

static size_t name_length(const Reader *r)
{
    size_t n = 0;
    while (r->at + n < r->end && (isalnum((unsigned char)r->at[n]) || r->at[n] == '_')) n++;
    return n;
}

static const KnownMacro *take_name(Reader *r)
{
    skip_spaces(r);
    size_t n = name_length(r);
    const KnownMacro *macro = known_find(r, r->at, n);
    r->at += n;
    return macro;
}

/* A number, or a macro that is known to be one. */
static bool take_number(Reader *r, int64_t *value)
{
    skip_spaces(r);
    if (r->at < r->end && isdigit((unsigned char)*r->at)) {
        char *end;
        *value = strtoll(r->at, &end, 10);
        r->at = end;
        return true;
    }
    const KnownMacro *macro = take_name(r);
    if (macro) *value = macro->value;
    return macro && macro->defined;
}

static bool take_comparison(Reader *r, bool *yes)
{
    static const char *const operators[] = {"==", "!=", ">=", "<=", ">", "<"};
    int64_t a, b;
    size_t which = 0;
    if (!take_number(r, &a)) return false;
    while (which < COUNT_OF(operators) && !take(r, operators[which])) which++;
    if (which == COUNT_OF(operators) || !take_number(r, &b)) return false;
    const bool results[] = {a == b, a != b, a >= b, a <= b, a > b, a < b};
    *yes = results[which];
    return true;
}

/* What nothing is known of, up to the next && or || or the end of the parentheses. */
static Condition take_rest(Reader *r)
{
    const char *from = r->at;
    for (int depth = 0; r->at < r->end; r->at++) {
        if (*r->at == '(') depth++;
        if ((*r->at == ')' && depth-- == 0) || (depth == 0 && strchr("?;", *r->at))) break;
        if (depth == 0 && r->at + 1 < r->end && (*r->at == '&' || *r->at == '|') && r->at[1] == *r->at) break;
    }
    const char *to = r->at;
    while (to > from && isspace((unsigned char)to[-1])) to--;
    return (Condition){DEPENDS, arena_copy_text(r->arena, from, (size_t)(to - from))};
}

static Condition take_either(Reader *r);

static Condition take_defined(Reader *r)
{
    skip_spaces(r);
    const char *name = r->at;
    size_t n = name_length(r);
    const KnownMacro *macro = take_name(r);
    if (!take(r, ")")) bug("a condition without its parenthesis: %s", name);
    return macro ? decided(macro->defined) : (Condition){DEPENDS, arena_printf(r->arena, "defined(%.*s)", (int)n, name)};
}

static bool begins_arrow(const char *text) { return text[0] == '-' && text[1] == '>'; }

/* "l->w.format", without what a function is called with. */
static size_t operand_length(const Reader *r)
{
    size_t n = 0, left = (size_t)(r->end - r->at);
    while (n < left && (isalnum((unsigned char)r->at[n]) || strchr("_.", r->at[n]) || begins_arrow(r->at + n))) n += r->at[n] == '-' ? 2 : 1;
    return n;
}

/* "format == WEIGHT_q4" where nothing has that, "is_nested(...)" where nothing is. */
static bool take_absent(Reader *r, bool *yes)
{
    const Map *absent = r->known->absent;
    skip_spaces(r);
    const char *name = r->at;
    size_t n = operand_length(r);
    if (!absent || n == 0) return false;
    r->at += n;
    bool calls = r->at < r->end && *r->at == '(';
    for (int depth = calls; depth > 0 && ++r->at < r->end;) depth += *r->at == '(' ? 1 : *r->at == ')' ? -1 : 0;
    r->at += calls;
    if (calls && map_get_n(absent, name, n)) {
        *yes = false;
        return true;
    }
    *yes = take(r, "!=");
    if (!*yes && !take(r, "==")) return false;
    skip_spaces(r);
    name = r->at;
    r->at += name_length(r);
    return map_get_n(absent, name, (size_t)(r->at - name)) != NULL;
}

/* Does a condition, or one of its parts, end here? */
static bool at_end(Reader *r)
{
    skip_spaces(r);
    return r->at == r->end || strchr("&|)?;", *r->at);
}

static Condition take_one(Reader *r)
{
    bool yes;
    if (take(r, "!")) {
        Condition c = take_one(r);
        return c.truth == DEPENDS ? (Condition){DEPENDS, arena_printf(r->arena, "!%s", c.text)} : decided(c.truth == NEVER);
    }
    if (take(r, "defined(")) return take_defined(r);
    skip_spaces(r);
    const char *from = r->at;
    if (take(r, "(")) {
        Condition c = take_either(r);
        if (take(r, ")") && at_end(r)) return c.truth == DEPENDS ? (Condition){DEPENDS, arena_printf(r->arena, "(%s)", c.text)} : c;
    }
    r->at = from;
    if (take_comparison(r, &yes)) return decided(yes);
    r->at = from;
    if (take_absent(r, &yes)) return decided(yes);
    r->at = from;
    return take_rest(r);
}

/* strong: what decides alone: NEVER for &&, ALWAYS for || */
static Condition combine(Arena *arena, Condition a, Condition b, Truth strong, const char *sign)
{
    if (a.truth == strong || b.truth == strong) return decided(strong == ALWAYS);
    if (a.truth != DEPENDS) return b;
    if (b.truth != DEPENDS) return a;
    return (Condition){DEPENDS, arena_printf(arena, "%s %s %s", a.text, sign, b.text)};
}

static Condition take_both(Reader *r)
{
    Condition c = take_one(r);
    while (take(r, "&&")) c = combine(r->arena, c, take_one(r), NEVER, "&&");
    return c;
}

static Condition take_either(Reader *r)
{
    Condition c = take_both(r);
    while (take(r, "||")) c = combine(r->arena, c, take_both(r), ALWAYS, "||");
    return c;
}

Condition condition_read(Arena *arena, const KnownMacros *known, const char **at, const char *end)
{
    Reader r = {arena, known, *at, end};
    Condition c = take_either(&r);
    skip_spaces(&r);
    *at = r.at;
    return c;
}

/* ---- lines ---- */

/* An #if that is not closed yet. */
typedef struct Group {
    bool outside; /* what surrounds it is compiled */
    bool chosen;  /* one of its parts always is, where none before it is */
    bool printed; /* some of its conditions stay */
    bool here;    /* the part at hand stays */
} Group;

enum { DEEPEST = 32 };

typedef struct Text {
    Str *out;
    Arena *arena;
    const KnownMacros *known;
    Group group[DEEPEST];
    int depth;
    bool blank; /* the last line that was added is empty */
} Text;

static bool stays(const Text *t) { return t->depth == 0 || t->group[t->depth - 1].here; }

static bool begins(const char *line, size_t length, const char *word) { return length >= strlen(word) && memcmp(line, word, strlen(word)) == 0; }

static Condition condition_of(const Text *t, const char *line, size_t length, const char *directive)
{
    const char *comment = strstr(line, "/*"), *end = comment && comment < line + length ? comment : line + length;
    Reader r = {t->arena, t->known, line + strlen(directive), end};
    bool not_defined = strcmp(directive, "#ifndef ") == 0;
    if (!not_defined && strcmp(directive, "#ifdef ") != 0) return take_either(&r);
    const KnownMacro *macro = take_name(&r);
    if (macro) return decided(macro->defined != not_defined);
    return (Condition){DEPENDS, NULL};
}

/* text NULL: the line as it is */
static void put_condition(const Text *t, const char *word, const char *text, const char *line, size_t length)
{
    if (text) str_printf(t->out, "%s %s\n", word, text);
    else str_add(t->out, line, length);
}

static void open_group(Text *t, Condition c, const char *line, size_t length)
{
    if (t->depth == DEEPEST) bug("conditions too deep");
    Group group = {.outside = stays(t), .chosen = c.truth == ALWAYS, .printed = c.truth == DEPENDS};
    group.here = group.outside && c.truth != NEVER;
    t->group[t->depth++] = group;
    if (group.outside && group.printed) put_condition(t, "#if", c.text, line, length);
}

static void next_part(Text *t, Condition c)
{
    Group *group = &t->group[t->depth - 1];
    group->here = group->outside && !group->chosen && c.truth != NEVER;
    if (!group->here) return;
    if (c.truth == DEPENDS) put_condition(t, group->printed ? "#elif" : "#if", c.text, NULL, 0);
    else if (group->printed) str_printf(t->out, "#else\n");
    group->printed = group->printed || c.truth == DEPENDS;
    group->chosen = c.truth == ALWAYS;
}

static void close_group(Text *t)
{
    const Group *group = &t->group[--t->depth];
    if (group->outside && group->printed) str_printf(t->out, "#endif\n");
}

static bool take_directive(Text *t, const char *line, size_t length)
{
    static const char *const openings[] = {"#ifdef ", "#ifndef ", "#if "};
    for (size_t i = 0; i < COUNT_OF(openings); i++)
        if (begins(line, length, openings[i])) {
            open_group(t, condition_of(t, line, length, openings[i]), line, length);
            return true;
        }
    if (t->depth == 0) return false;
    if (begins(line, length, "#elif ")) next_part(t, condition_of(t, line, length, "#elif "));
    else if (begins(line, length, "#else")) next_part(t, decided(true));
    else if (begins(line, length, "#endif")) close_group(t);
    else return false;
    return true;
}

static bool is_told(const Text *t, const char *line, size_t length)
{
    static const char word[] = "#define ";
    return t->known->told && begins(line, length, word) && begins(line + sizeof word - 1, length - (sizeof word - 1), t->known->told);
}

void conditions_resolve(Str *out, Arena *arena, const char *text, size_t bytes, const KnownMacros *known)
{
    Text t = {.out = out, .arena = arena, .known = known};
    for (size_t at = 0; at < bytes;) {
        const char *line = text + at, *end = memchr(line, '\n', bytes - at);
        size_t length = end ? (size_t)(end - line) + 1 : bytes - at;
        at += length;
        if (take_directive(&t, line, length) || !stays(&t) || is_told(&t, line, length)) continue;
        bool blank = length == 1;
        if (!blank || !t.blank) str_add(out, line, length);
        t.blank = blank;
    }
    if (t.depth) bug("a condition is not closed");
}
