/* fold: see fold.h. Branches are told apart by their indentation. */
#include "compiler/emit/fold.h"
#include "compiler/emit/conditions.h"
#include "compiler/emit/ctext.h"

typedef struct Line {
    const char *text; /* without its indentation */
    size_t length;    /* without its end */
    int indent;
} Line;

/* One text, once. */
typedef struct Fold {
    Str *out;
    Arena *arena;
    KnownMacros known;
    Line *line;
} Fold;

static Line *lines_of(Arena *arena, const char *text, size_t *count)
{
    *count = 0;
    for (const char *c = text; *c; c += ctext_line(c)) ++*count;
    Line *line = ARENA_ARRAY(arena, Line, *count + 1);
    for (size_t i = 0; i < *count; i++) {
        size_t length = ctext_line(text), indent = strspn(text, " ");
        line[i] = (Line){text + indent, length - indent, (int)indent};
        if (line[i].length && text[length - 1] == '\n') line[i].length--;
        text += length;
    }
    return line;
}

/* Bytes before the first word that is absent; the whole text: there is none. */
static size_t absent_at(const Fold *f, const char *text, size_t length)
{
    size_t i = 0;
    while (i < length) {
        size_t quoted = ctext_quoted(text + i), n = quoted ? 0 : ctext_word(text + i);
        if (n && map_get_n(f->known.absent, text + i, n)) return i;
        i += quoted ? quoted : n ? n : 1;
    }
    return length;
}

/* ---- conditions within a line ---- */

/* Where the condition begins that holds text[at]. */
static size_t condition_begin(const char *text, size_t at)
{
    static const char word[] = "return ";
    size_t i = at;
    int depth = 0;
    for (; i > 0; i--) {
        bool compares = i > 1 && text[i - 1] == '=' && strchr("=!<>", text[i - 2]);
        if (depth == 0 && !compares && strchr("(,?:;{=", text[i - 1])) break;
        depth += text[i - 1] == ')' ? 1 : text[i - 1] == '(' ? -1 : 0;
        if (compares) i--;
        if (depth == 0 && i >= sizeof word - 1 && memcmp(text + i - (sizeof word - 1), word, sizeof word - 1) == 0) break;
    }
    while (text[i] == ' ') i++;
    return i;
}

/* Bytes up to the stop, or to what closes the expression. */
static size_t expression_length(const char *text, char stop)
{
    int depth = 0;
    size_t i = 0;
    for (; text[i] && text[i] != '\n'; i++) {
        if (depth == 0 && (text[i] == stop || strchr(",;)}", text[i]))) break;
        depth += strchr("({[", text[i]) ? 1 : strchr(")}]", text[i]) ? -1 : 0;
    }
    return i;
}

static const char *trimmed(Arena *arena, const char *text, size_t n)
{
    while (n && *text == ' ') text++, n--;
    while (n && text[n - 1] == ' ') n--;
    return arena_copy_text(arena, text, n);
}

/* What stands for the condition at `begin` and, where it chooses one of two, for these; *end is moved behind it. NULL: it stays. */
static const char *decided_text(const Fold *f, const char *begin, const char **end)
{
    const char *at = begin;
    Condition c = condition_read(f->arena, &f->known, &at, begin + strlen(begin));
    *end = at;
    if (*at != '?') return strchr(",;)", *at) ? c.truth == DEPENDS ? c.text : c.truth == NEVER ? "0" : "1" : NULL;
    if (c.truth == DEPENDS) {
        *end = at - (at[-1] == ' ');
        return c.text;
    }
    size_t yes = expression_length(at + 1, ':');
    const char *other = at + 1 + yes + 1;
    size_t no = expression_length(other, 0);
    *end = other + no;
    return c.truth == ALWAYS ? trimmed(f->arena, at + 1, yes) : trimmed(f->arena, other, no);
}

/* The line with what is absent folded away. */
static const char *folded(const Fold *f, const char *text, size_t length)
{
    const char *line = arena_copy_text(f->arena, text, length), *end;
    for (size_t from = 0, at; at = from + absent_at(f, line + from, strlen(line + from)), line[at];) {
        size_t begin = condition_begin(line, at);
        const char *text_now = decided_text(f, line + begin, &end);
        from = at + ctext_word(line + at);
        if (!text_now || end <= line + at) continue;
        from = begin;
        line = arena_printf(f->arena, "%.*s%s%s", (int)begin, line, text_now, end);
        if (absent_at(f, text_now, strlen(text_now)) < strlen(text_now)) from = begin + strlen(text_now);
    }
    return line;
}

/* ---- branches ---- */

static void put(const Fold *f, int indent, const char *text) { str_printf(f->out, "%*s%s\n", *text ? indent : 0, "", text); }

/* The first line behind those that belong to line i. */
static size_t behind(const Fold *f, size_t i, size_t end)
{
    size_t j = i + 1;
    while (j < end && (f->line[j].indent > f->line[i].indent || f->line[j].length == 0)) j++;
    return j;
}

/* "} else if (", "else if (", "if (": bytes up to its condition; 0: the line has none */
static size_t branch_length(const Line *line)
{
    static const char *const beginnings[] = {"} else if (", "else if (", "if ("};
    for (size_t i = 0; i < COUNT_OF(beginnings); i++)
        if (ctext_starts(line->text, beginnings[i])) return strlen(beginnings[i]);
    return 0;
}

static void fold_range(const Fold *f, size_t first, size_t end, int shift);

/* What follows a branch that is never taken: `tail` of line i; prefix: of the branch, "} else " or "else ". Returns the line to go on with. */
static size_t fold_tail(const Fold *f, size_t i, size_t end, int shift, const char *tail, const char *prefix)
{
    Line *line = &f->line[i];
    size_t next = behind(f, i, end);
    if (ctext_starts(tail, "else if (")) {
        line->text = arena_printf(f->arena, "%s%s", prefix, tail + strlen("else "));
        line->length = strlen(line->text);
        return i;
    }
    if (*prefix) return i; /* another "else" stays what it is */
    bool braces = strcmp(tail, "else {") == 0;
    if (braces || strcmp(tail, "else") == 0) fold_range(f, i + 1, next, shift + 4);
    else put(f, line->indent - shift, folded(f, tail + strlen("else "), strlen(tail) - strlen("else ")));
    return next + braces;
}

/* A branch that is never taken. rest: what follows its condition */
static size_t fold_branch(const Fold *f, size_t i, size_t end, int shift, const char *rest)
{
    const Line *line = &f->line[i];
    size_t next = behind(f, i, end);
    const char *prefix = ctext_starts(line->text, "} ") ? "} else " : ctext_starts(line->text, "else ") ? "else " : "";
    bool braces = strcmp(rest, " {") == 0;
    const char *tail = next < end ? arena_copy_text(f->arena, f->line[next].text, f->line[next].length) : "";
    if (braces) tail += *tail == '}' ? 1 : 0;
    while (*tail == ' ') tail++;
    if (next < end && ctext_starts(tail, "else") && !ctext_is_letter(tail[4]) && f->line[next].indent == line->indent)
        return fold_tail(f, next, end, shift, tail, prefix);
    if (braces && ctext_starts(prefix, "}")) return next; /* its brace closes the branch before */
    return next + braces;
}

/* Lines [first, end), with so many spaces less before them. */
static void fold_range(const Fold *f, size_t first, size_t end, int shift)
{
    for (size_t i = first; i < end;) {
        const Line *line = &f->line[i];
        size_t begin = branch_length(line);
        const char *text = arena_copy_text(f->arena, line->text, line->length), *at = text + begin;
        if (begin && absent_at(f, text, line->length) < line->length) {
            Condition c = condition_read(f->arena, &f->known, &at, text + line->length);
            if (*at == ')' && c.truth == NEVER) {
                i = fold_branch(f, i, end, shift, at + 1);
                continue;
            }
            if (*at == ')' && c.truth == DEPENDS) text = arena_printf(f->arena, "%.*s%s%s", (int)begin, text, c.text, at);
        }
        put(f, line->indent - (line->indent >= shift ? shift : line->indent), folded(f, text, strlen(text)));
        i++;
    }
}

static void fold_once(Str *out, Arena *arena, const char *text, const Map *absent)
{
    Fold f = {.out = out, .arena = arena, .known = {.absent = absent}};
    size_t count;
    f.line = lines_of(arena, text, &count);
    fold_range(&f, 0, count, 0);
}

/* "by_rows" of "static inline int by_rows(int format) { return 0; }"; 0 bytes: the line is another. */
static size_t denying_name(const char *line, size_t length, const char **name)
{
    static const char ending[] = ") { return 0; }\n";
    size_t n = sizeof ending - 1;
    const char *open = memchr(line, '(', length);
    if (!ctext_is_letter(*line) || !open || length < n || memcmp(line + length - n, ending, n) != 0) return 0;
    for (*name = open; *name > line && ctext_is_letter((*name)[-1]);) --*name;
    return *name - line > 4 && memcmp(*name - 4, "int ", 4) == 0 ? (size_t)(open - *name) : 0;
}

/* Adds the functions that say no; whether there are new ones. */
static bool add_denying(Map *absent, Arena *arena, const char *text)
{
    bool found = false;
    for (size_t n; *text; text += n) {
        const char *name = NULL;
        n = ctext_line(text);
        size_t letters = denying_name(text, n, &name);
        if (!letters || map_get_n(absent, name, letters)) continue;
        map_set(absent, arena_copy_text(arena, name, letters), absent);
        found = true;
    }
    return found;
}

void fold_conditions(Str *out, Arena *arena, const char *text, Map *absent)
{
    const char *folded_text = text;
    do {
        Str once = {0};
        fold_once(&once, arena, folded_text, absent);
        folded_text = arena_copy_text(arena, once.data, once.length);
        str_free(&once);
    } while (add_denying(absent, arena, folded_text));
    str_add(out, folded_text, strlen(folded_text));
}
