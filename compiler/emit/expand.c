/* expand: see expand.h. */
#include "compiler/emit/expand.h"
#include "compiler/emit/ctext.h"

/* A macro whose every use is a line of a list. */
typedef struct Macro {
    const char *name, *parameters, *body; /* parameters: behind the parenthesis */
} Macro;

enum { MOST_MACROS = 16, MOST_ARGUMENTS = 8, DEEPEST = 4 };

typedef struct Expander {
    Str *out;
    Arena *arena;
    const Map *absent;
    Macro macro[MOST_MACROS]; /* those that are defined here */
    size_t count;
    int depth; /* of braces */
    int within; /* so many lists are being written out */
} Expander;

static Macro *find(Expander *e, const char *name, size_t length)
{
    for (size_t i = 0; i < e->count; i++)
        if (strlen(e->macro[i].name) == length && memcmp(e->macro[i].name, name, length) == 0) return &e->macro[i];
    return NULL;
}

/* "NAME" of a line "#define NAME(...) ..."; 0: it is another line. */
static size_t defined_length(const char *line)
{
    if (!ctext_starts(line, "#define ")) return 0;
    size_t n = ctext_word(line + 8);
    return line[8 + n] == '(' ? n : 0;
}

static bool is_list(const char *text, const char *name, size_t length);

/* Does a macro's definition, of n bytes, mention the word otherwise than as a list's that it is a line of? */
static bool is_mixed(const char *line, size_t n, const char *name, size_t length)
{
    size_t at = 8 + ctext_word(line + 8);
    if (!ctext_mentions(line, n, name, length)) return false;
    if (line[at] != '(' || !is_list(line + n, line + 8, at - 8)) return true;
    for (at = (size_t)(strchr(line, ')') + 1 - line); at < n; at++) {
        while (line[at] == ' ') at++;
        if (ctext_is_word(line + at, name, length) && line[at + length] == '(') at += length;
        const char *end = memchr(line + at, '\n', n - at);
        size_t rest = end ? (size_t)(end - line) - at : n - at;
        if (ctext_mentions(line + at, rest, name, length)) return true;
        at += rest;
    }
    return false;
}

/* Is the macro, up to its end, used as lines of a list alone? */
static bool is_list(const char *text, const char *name, size_t length)
{
    bool used = false;
    for (const char *line = text; *line; line += ctext_line(line)) {
        size_t n = ctext_line(line);
        if (ctext_starts(line, "#undef ") && ctext_is_word(line + 7, name, length)) break;
        if (ctext_starts(line, "#ifndef ") && ctext_is_word(line + 8, name, length)) {
            line += n; /* what follows is a default */
            n = ctext_line(line);
        } else if (ctext_is_word(line, name, length) && line[length] == '(') {
            used = true;
        } else if (ctext_starts(line, "#define ") ? is_mixed(line, n, name, length) : ctext_mentions(line, n, name, length)) {
            return false;
        }
    }
    return used;
}

static void define(Expander *e, const char *line)
{
    size_t n = ctext_word(line + 8), length = ctext_line(line);
    const char *copy = arena_copy_text(e->arena, line, length);
    if (e->count == MOST_MACROS) bug("too many lists");
    e->macro[e->count++] = (Macro){arena_copy_text(e->arena, line + 8, n), copy + 8 + n + 1, strchr(copy, ')') + 1};
}

typedef struct Arguments {
    const char *text[MOST_ARGUMENTS];
    size_t length[MOST_ARGUMENTS], count;
} Arguments;

/* "a, (b, c), d)" */
static Arguments split(const char *text)
{
    Arguments a = {.text = {text}};
    int depth = 0;
    size_t i = 0;
    for (;; i++) {
        size_t quoted = ctext_quoted(text + i);
        if (quoted) i += quoted - 1;
        bool ends = text[i] == ')' && depth == 0, next = text[i] == ',' && depth == 0;
        depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        if (!ends && !next) continue;
        a.length[a.count] = (size_t)(text + i - a.text[a.count]);
        if (++a.count == MOST_ARGUMENTS && !ends) bug("too many arguments in a list");
        if (ends) return a;
        while (text[i + 1] == ' ') i++;
        a.text[a.count] = text + i + 1;
    }
}

static void put_word(Str *out, const char *word, size_t n, const Arguments *names, const Arguments *values)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->length[i] == n && memcmp(names->text[i], word, n) == 0) {
            str_add(out, values->text[i], values->length[i]);
            return;
        }
    str_add(out, word, n);
}

/* "#name": the argument in quotes. Bytes of it. */
static size_t put_string(Str *out, const char *text, const Arguments *names, const Arguments *values)
{
    size_t n = ctext_word(text + 1);
    str_printf(out, "\"");
    put_word(out, text + 1, n, names, values);
    str_printf(out, "\"");
    return n + 1;
}

static void expand(Expander *e, const Macro *macro, const char *arguments);

/* A line of a macro's body that is itself a line of a list. */
static bool expand_within(Expander *e, const char *line)
{
    const Macro *macro = find(e, line, ctext_word(line));
    if (!macro || line[strlen(macro->name)] != '(') return false;
    if (++e->within == DEEPEST) bug("lists too deep: %s", macro->name);
    if (e->depth == 0) str_printf(e->out, "\n");
    expand(e, macro, line + strlen(macro->name) + 1);
    e->within--;
    return true;
}

/* One line of a macro's body, without its backslash. */
static void put_body_line(Expander *e, const char *line, size_t length, const Arguments *names, const Arguments *values)
{
    Str text = {0};
    size_t from = 0;
    while (length && (line[length - 1] == ' ' || line[length - 1] == '\\')) length--;
    while (from < length && line[from] == ' ') from++;
    if (from == length) return;
    int indent = e->depth > 0 && from < 4 ? 4 : (int)from - (e->depth > 0 ? 0 : from < 4 ? (int)from : 4);
    for (size_t i = from; i < length;) {
        size_t quoted = ctext_quoted(line + i), n = quoted ? quoted : ctext_word(line + i);
        if (!quoted && line[i] == '#' && line[i + 1] == '#') i += 2;
        else if (!quoted && line[i] == '#') i += put_string(&text, line + i, names, values);
        else if (!quoted && n) put_word(&text, line + i, n, names, values), i += n;
        else str_add(&text, line + i, n ? n : 1), i += n ? n : 1;
    }
    if (!expand_within(e, arena_copy_text(e->arena, text.data, text.length))) str_printf(e->out, "%*s%.*s\n", indent, "", (int)text.length, text.data);
    str_free(&text);
}

static void expand(Expander *e, const Macro *macro, const char *arguments)
{
    Arguments names = split(macro->parameters), values = split(arguments);
    if (names.count != values.count) bug("%s has other arguments", macro->name);
    for (const char *line = macro->body; *line;) {
        const char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) : strlen(line);
        put_body_line(e, line, length, &names, &values);
        line += length + (end ? 1 : 0);
    }
    if (e->depth == 0) str_printf(e->out, "\n");
}

/* The entry of a table that stands for an enumerator: "FORMAT(q4, ..." for WEIGHT_q4. */
static bool is_absent(const Expander *e, const char *line)
{
    static const struct {
        const char *table, *prefix;
    } tables[] = {{"FORMAT(", "WEIGHT_"}, {"CACHE(", "WEIGHT_"}, {"UNARY(", "FUNCTION_"}, {"BINARY(", "FUNCTION_"}};
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        if (!ctext_starts(line, tables[i].table)) continue;
        const char *name = line + strlen(tables[i].table);
        return map_get(e->absent, arena_printf(e->arena, "%s%.*s", tables[i].prefix, (int)ctext_word(name), name)) != NULL;
    }
    return false;
}

/* "#ifndef NAME", "#define NAME(...)", "#endif": a macro that says nothing where there is no other. Bytes of the three lines; 0: others. */
static size_t default_length(Expander *e, const char *line)
{
    size_t n = ctext_starts(line, "#ifndef ") ? ctext_word(line + 8) : 0, first = ctext_line(line);
    const char *second = line + first;
    if (!n || defined_length(second) != n || memcmp(second + 8, line + 8, n) != 0) return 0;
    size_t both = first + ctext_line(second);
    if (!ctext_starts(line + both, "#endif")) return 0;
    if (!find(e, line + 8, n)) define(e, second);
    return both + ctext_line(line + both);
}

/* Whether the line is taken. */
static bool take(Expander *e, const char *line, size_t length)
{
    size_t n = defined_length(line);
    if (n && is_list(line + length, line + 8, n)) {
        define(e, line);
        return true;
    }
    n = ctext_starts(line, "#undef ") ? ctext_word(line + 7) : 0;
    Macro *macro = find(e, n ? line + 7 : line, n ? n : ctext_word(line));
    if (!macro || (!n && line[strlen(macro->name)] != '(')) return false;
    if (n) *macro = e->macro[--e->count];
    else if (!is_absent(e, line)) expand(e, macro, line + strlen(macro->name) + 1);
    return true;
}

void expand_lists(Str *out, Arena *arena, const char *text, const Map *absent)
{
    Expander e = {.out = out, .arena = arena, .absent = absent};
    while (*text) {
        size_t length = ctext_line(text), group = default_length(&e, text);
        if (!group && !take(&e, text, length)) {
            str_add(out, text, length);
            if (*text != '#') e.depth += ctext_depth(text, length);
        }
        text += group ? group : length;
    }
}
