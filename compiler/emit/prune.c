/* prune: see prune.h. A text is cut into units: what begins in column 0, with the comment in front of it; headings stand for themselves. */
#include "compiler/emit/prune.h"
#include "compiler/emit/amalgamate.h"
#include "compiler/emit/ctext.h"

typedef enum UnitKind { DECLARATION, MACRO, UNDEF, DIRECTIVE, HEADING } UnitKind;

typedef struct Unit {
    UnitKind kind;
    size_t file, segment; /* segment: of those of one source, whose own names others do not see; 0: of headers */
    const char *text; /* of file's text, comment included */
    size_t comment, length;
    bool local;   /* no other file sees it, but where it is in the header */
    bool blank;   /* an empty line stands before it */
    bool kept;
    size_t end;   /* of a macro: the unit that undefines it; of what undefines one: the macro; 0: none */
    int rank;     /* of a heading: 0 a file, 1 a subject, 2 a part */
    const char *name; /* the first that it declares; NULL: none */
} Unit;

typedef struct Named {
    Unit *unit;
    struct Named *next;
} Named;

typedef struct Pruner {
    Arena *arena;
    PruneFile *file;
    Unit *unit;
    size_t units, capacity;
    Map *names; /* Named */
    const Map *withheld;
    size_t *queue, queued;
} Pruner;

/* ---- units ---- */

static bool is_blank(const char *line) { return *line == '\n'; }

/* A declaration ends where braces and parentheses are closed behind ';' or '}'. */
static size_t declaration_length(const char *text)
{
    int depth = 0;
    char last = 0;
    for (size_t i = 0; text[i];) {
        size_t quoted = ctext_quoted(text + i);
        if (text[i] == '\n' && depth == 0 && (last == ';' || last == '}')) return i + 1;
        if (text[i] == '\n' && text[i + 1] == '#') { /* a line of the preprocessor within */
            i += 1 + ctext_line(text + i + 1) - 1;
            continue;
        }
        depth += strchr("{(", text[i]) ? 1 : strchr("})", text[i]) ? -1 : 0;
        if (!quoted && !isspace((unsigned char)text[i])) last = text[i];
        i += quoted ? quoted : 1;
    }
    return strlen(text);
}

/* "#if" to its "#endif" */
static size_t group_length(const char *text)
{
    int depth = 0;
    size_t n = 0;
    do {
        depth += ctext_starts(text + n, "#if") ? 1 : ctext_starts(text + n, "#endif") ? -1 : 0;
        n += ctext_line(text + n);
    } while (depth > 0 && text[n]);
    return n;
}

static int rank_of(const char *comment) { return ctext_starts(comment, "/* ====") ? 0 : ctext_starts(comment, "/* ----") ? 2 : 1; }

static size_t read_unit(Pruner *p, size_t file, size_t segment, const char *text, bool blank)
{
    p->unit = arena_grow(p->arena, p->unit, p->units, &p->capacity, sizeof *p->unit);
    Unit *u = &p->unit[p->units++];
    *u = (Unit){.file = file, .segment = segment, .text = text, .blank = blank};
    if (ctext_starts(text, "/*")) u->comment = ctext_line(text);
    const char *body = text + u->comment;
    if (u->comment && (is_blank(body) || !*body || ctext_starts(body, "/*"))) {
        u->kind = HEADING;
        u->rank = rank_of(text);
        return u->length = u->comment;
    }
    if (ctext_starts(body, "#define ")) u->kind = MACRO;
    else if (ctext_starts(body, "#undef ")) u->kind = UNDEF;
    else if (*body == '#' && !ctext_starts(body, "#if")) u->kind = DIRECTIVE;
    u->local = *body == '#' || ctext_starts(body, "static ") || ctext_starts(body, "SIMD_INLINE ") || ctext_starts(body, "typedef ") ||
               ctext_starts(body, "enum ") || ctext_starts(body, "struct ");
    size_t length = ctext_starts(body, "#if") ? group_length(body) : *body == '#' ? ctext_line(body) : declaration_length(body);
    return u->length = u->comment + length;
}

static void read_units(Pruner *p, size_t file)
{
    bool blank = false;
    size_t segment = 0, segments = 0;
    for (const char *text = p->file[file].text; *text;) {
        bool empty = is_blank(text);
        if (ctext_starts(text, "/* ====")) segment = ctext_starts(text, AMALGAMATE_END) ? 0 : ++segments;
        text += empty ? 1 : read_unit(p, file, segment, text, blank);
        blank = empty;
    }
}

/* ---- names ---- */

static void name_unit(Pruner *p, Unit *u, const char *word, size_t length)
{
    Named *named = ARENA_NEW(p->arena, Named);
    if (length == 0) return;
    if (!u->name) u->name = word;
    *named = (Named){u, map_get_n(p->names, word, length)};
    map_set(p->names, arena_copy_text(p->arena, word, length), named);
}

/* The constants of an enumeration. */
static void name_constants(Pruner *p, Unit *u, const char *text, size_t n)
{
    bool begins = false;
    for (size_t i = 0; i < n && text[i] != '}';) {
        size_t quoted = ctext_quoted(text + i), word = quoted ? 0 : ctext_word(text + i);
        if (text[i] == '{' || text[i] == ',') begins = true;
        else if (word && begins) name_unit(p, u, text + i, word), begins = false;
        i += quoted ? quoted : word ? word : 1;
    }
}

/* What a declaration declares: the word before the first '(', '[', '=' or ';', and those behind commas. */
static void name_declared(Pruner *p, Unit *u, const char *text, size_t n)
{
    const char *word = text;
    int depth = 0;
    bool open = true; /* the next sign ends a name */
    for (size_t i = 0; i < n && text[i] != '{';) {
        size_t quoted = ctext_quoted(text + i), letters = quoted ? 0 : ctext_word(text + i);
        if (letters) word = text + i;
        if (depth == 0 && open && strchr("([=;,", text[i])) {
            name_unit(p, u, word, ctext_word(word));
            open = false;
            if (text[i] == '(') break;
        }
        if (depth == 0 && text[i] == ',') open = true;
        depth += strchr("([", text[i]) ? 1 : strchr(")]", text[i]) ? -1 : 0;
        i += quoted ? quoted : letters ? letters : 1;
    }
    if (open && n && text[n - 2] != '}') name_unit(p, u, word, ctext_word(word)); /* "= {" */
}

/* "} Name;" */
static void name_last(Pruner *p, Unit *u, const char *text, size_t n)
{
    while (n && text[n - 1] != ';') n--;
    size_t end = n ? n - 1 : 0, begin = end;
    while (begin && ctext_is_letter(text[begin - 1])) begin--;
    name_unit(p, u, text + begin, end - begin);
}

static void name_types(Pruner *p, Unit *u, const char *text, size_t n)
{
    static const char *const kinds[] = {"typedef struct ", "typedef enum ", "typedef union ", "struct ", "enum ", "union "};
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (ctext_starts(text, kinds[i])) {
            const char *word = text + strlen(kinds[i]);
            if (memchr(text, '{', n)) name_unit(p, u, word, ctext_word(word));
            break;
        }
    if (ctext_starts(text, "enum ") || ctext_starts(text, "typedef enum ")) name_constants(p, u, text, n);
    if (ctext_starts(text, "typedef ") && (!memchr(text, '(', n) || memchr(text, '{', n))) name_last(p, u, text, n);
}

/* Every macro, function and constant of a group of conditions. */
static void name_group(Pruner *p, Unit *u, const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t line = ctext_line(text + i);
        const char *at = text + i;
        if (ctext_starts(at, "#define ")) name_unit(p, u, at + 8, ctext_word(at + 8));
        else if (ctext_starts(at, "static ") || ctext_starts(at, "SIMD_INLINE ")) name_declared(p, u, at, declaration_length(at));
        i += line;
    }
}

static void name_of(Pruner *p, Unit *u)
{
    const char *text = u->text + u->comment;
    size_t n = u->length - u->comment;
    if (u->kind == HEADING || u->kind == DIRECTIVE || u->kind == UNDEF) return;
    if (u->kind == MACRO) name_unit(p, u, text + 8, ctext_word(text + 8));
    else if (*text == '#') name_group(p, u, text, n);
    else if (ctext_starts(text, "typedef ") || (memchr(text, '{', n) && (ctext_starts(text, "struct ") || ctext_starts(text, "enum "))))
        name_types(p, u, text, n);
    if (u->kind == DECLARATION && *text != '#' && !(ctext_starts(text, "typedef ") && memchr(text, '{', n)) && !ctext_starts(text, "enum ")) name_declared(p, u, text, n);
}

/* Each #undef with the #define before it. */
static void match_macros(Pruner *p)
{
    for (size_t i = 0; i < p->units; i++) {
        Unit *u = &p->unit[i];
        if (u->kind != UNDEF) continue;
        const char *name = u->text + u->comment + strlen("#undef ");
        for (size_t j = i; j-- > 0 && !u->end;) {
            Unit *macro = &p->unit[j];
            if (macro->kind != MACRO || macro->file != u->file) continue;
            if (!ctext_is_word(macro->text + macro->comment + strlen("#define "), name, ctext_word(name))) continue;
            macro->end = i;
            u->end = j;
        }
    }
}

/* ---- what is reached ---- */

static void keep(Pruner *p, Unit *u)
{
    if (u->kept) return;
    u->kept = true;
    p->queue[p->queued++] = (size_t)(u - p->unit);
}

/* Whether what `from` mentions may be this unit: macros are known up to their end. */
static bool sees(const Pruner *p, const Unit *from, const Unit *u)
{
    if (u->file != from->file && u->file != 0) return !u->local;
    if (u->local && u->segment && u->segment != from->segment) return false;
    return u->kind != MACRO || !u->end || from->kind == MACRO || (u < from && from < p->unit + u->end);
}

/* Is the word a parameter of the macro, and so no other macro's name? */
static bool is_parameter(const Unit *macro, const char *word, size_t length)
{
    const char *text = macro->text + macro->comment, *name = text + strlen("#define ");
    const char *open = name + ctext_word(name), *close = *open == '(' ? strchr(open, ')') : NULL;
    return close && ctext_mentions(open, (size_t)(close - open), word, length);
}

static void reach(Pruner *p, const Unit *from)
{
    const char *text = from->text + from->comment;
    size_t length = from->length - from->comment;
    for (size_t i = 0; i < length;) {
        size_t quoted = ctext_quoted(text + i), n = quoted ? 0 : ctext_word(text + i);
        bool other = n && !(from->kind == MACRO && is_parameter(from, text + i, n));
        for (const Named *named = other ? map_get_n(p->names, text + i, n) : NULL; named; named = named->next)
            if (sees(p, from, named->unit)) keep(p, named->unit);
        i += quoted ? quoted : n ? n : 1;
    }
}

/* A function with its body, or a variable with its value, that other files see. */
static bool is_definition(const Unit *u)
{
    return !u->local && u->kind == DECLARATION && memchr(u->text + u->comment, '{', u->length - u->comment);
}

/* A definition that the header declares. */
static void keep_offered(Pruner *p, Unit *definition)
{
    if (map_get_n(p->withheld, definition->name, ctext_word(definition->name))) return;
    for (const Named *named = map_get_n(p->names, definition->name, ctext_word(definition->name)); named; named = named->next)
        if (named->unit->file == 0 && !named->unit->local) {
            keep(p, named->unit);
            keep(p, definition);
        }
}

static bool contains(const Unit *u, const char *word)
{
    const char *found = strstr(u->text + u->comment, word);
    return found && found < u->text + u->length;
}

/* Includes and pragmas, also under conditions, and assertions. */
static bool is_about_all(const Unit *u)
{
    const char *body = u->text + u->comment;
    bool group = ctext_starts(body, "#if") && (contains(u, "\n#include ") || contains(u, "\n#pragma "));
    return u->kind == DIRECTIVE || group || ctext_starts(body, "_Static_assert");
}

static void keep_roots(Pruner *p, const char *name, const char *upper)
{
    for (size_t i = 0; i < p->units; i++) {
        Unit *u = &p->unit[i];
        if (u->kind == HEADING || u->kind == UNDEF) continue;
        if (is_about_all(u) || (u->file == 0 && (contains(u, name) || contains(u, upper)))) keep(p, u);
        if (u->file > 0 && is_definition(u) && u->name) keep_offered(p, u);
    }
    for (size_t next = 0; next < p->queued; next++) reach(p, &p->unit[p->queue[next]]);
}

/* ---- what is left ---- */

static bool is_gone(const Pruner *p, const char *word, size_t n)
{
    const Named *named = map_get_n(p->names, word, n);
    for (const Named *other = named; other; other = other->next)
        if (other->unit->kept) return false;
    return named != NULL;
}

/* "*   simd_load, simd_store    what they do" of names that are all gone: a line of a list in a comment. */
static bool lists_gone(const Pruner *p, const char *line)
{
    bool gone = false;
    if (!ctext_starts(line, " *   ") || !ctext_is_letter(line[5])) return false;
    for (const char *c = line + 5; *c && *c != '\n' && !(c[0] == ' ' && c[1] == ' ');) {
        size_t n = ctext_word(c);
        if (n && map_get_n(p->names, c, n) && !is_gone(p, c, n)) return false;
        gone = gone || (n && is_gone(p, c, n));
        c += n ? n : 1;
    }
    return gone;
}

static void put_comment(const Pruner *p, Str *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        const char *end = memchr(text + i, '\n', length - i);
        size_t n = end ? (size_t)(end - text) + 1 - i : length - i;
        bool last = i + n >= length; /* holds the comment's end */
        if (last || !lists_gone(p, text + i)) str_add(out, text + i, n);
        i += n;
    }
}

/* The last word of a parameter: "const float *values" , "int (*put)(void *to)" */
static const char *parameter_name(const char *from, const char *end)
{
    const char *word = NULL, *pointer = strstr(from, "(*");
    if (pointer && pointer < end) return pointer + 2;
    for (const char *c = from; c < end && *c != '[';) {
        size_t n = ctext_word(c);
        if (n) word = c;
        c += n ? n : 1;
    }
    return word;
}

/* Does a function's body, or a macro that stands in it, read the name? */
static bool reads(const Pruner *p, const Unit *u, const char *body, const char *name, size_t n)
{
    size_t bytes = (size_t)(u->text + u->length - body);
    if (ctext_mentions(body, bytes, name, n)) return true;
    for (size_t i = 0; i < bytes;) {
        size_t quoted = ctext_quoted(body + i), letters = quoted ? 0 : ctext_word(body + i);
        for (const Named *named = letters ? map_get_n(p->names, body + i, letters) : NULL; named; named = named->next) {
            const Unit *macro = named->unit;
            if (macro->kind == MACRO && sees(p, u, macro) && ctext_mentions(macro->text, macro->length, name, n)) return true;
        }
        i += quoted ? quoted : letters ? letters : 1;
    }
    return false;
}

/* "(void)name;" for parameters [from, end) that the body does not read. */
static void put_unused(const Pruner *p, Str *out, const Unit *u, const char *from, const char *end, const char *body)
{
    const char *before = *body == '\n' ? "\n    " : " ";
    for (const char *next = from; from < end; from = next + 1) {
        int depth = 0;
        for (next = from; next < end && (*next != ',' || depth > 0); next++) depth += *next == '(' ? 1 : *next == ')' ? -1 : 0;
        const char *name = parameter_name(from, next);
        size_t n = name ? ctext_word(name) : 0;
        bool none = n == 0 || (n == 4 && memcmp(name, "void", 4) == 0);
        if (!none && !reads(p, u, body, name, n)) str_printf(out, "%s(void)%.*s;", before, (int)n, name);
    }
}

/* A unit's text; a function's with what is said of its parameters. */
static void put_body(const Pruner *p, Str *out, const Unit *u)
{
    const char *text = u->text + u->comment;
    size_t n = u->length - u->comment;
    const char *open = memchr(text, '(', n), *brace = memchr(text, '{', n), *close = brace;
    while (close && close > text && *close != ')') close--;
    if (*text == '#' || !open || !brace || close < open || strspn(close + 1, " \n") != (size_t)(brace - close - 1)) {
        str_add(out, text, n);
        return;
    }
    size_t begin = (size_t)(brace + 1 - text);
    str_add(out, text, begin);
    put_unused(p, out, u, open + 1, close, brace + 1);
    str_add(out, brace + 1, n - begin);
}

static bool is_reference(const char *comment)
{
    const char *see = strstr(comment, ": see "), *end = strchr(comment, '\n');
    return see && end && see < end && ctext_starts(end - 6, ".h. */");
}

/* Blank lines, headings that something follows, and the units that are kept. */
static void put_file(const Pruner *p, size_t file)
{
    Str *out = &p->file[file].out;
    const Unit *heading[3] = {NULL};
    bool blank = false;
    for (size_t i = 0; i < p->units; i++) {
        const Unit *u = &p->unit[i];
        if (u->file != file) continue;
        blank = blank || u->blank;
        if (u->kind == HEADING) {
            for (int r = u->rank; r < 3; r++) heading[r] = NULL;
            if (!is_reference(u->text) && !ctext_starts(u->text, AMALGAMATE_END)) heading[u->rank] = u;
            continue;
        }
        if (!(u->kind == UNDEF ? u->end && p->unit[u->end].kept : u->kept)) continue;
        for (int r = 0; r < 3 && u->kind != DIRECTIVE; r++) {
            if (!heading[r]) continue;
            str_printf(out, "\n");
            put_comment(p, out, heading[r]->text, heading[r]->length);
            heading[r] = NULL;
            blank = true;
        }
        if (blank) str_printf(out, "\n");
        blank = false;
        put_comment(p, out, u->text, u->comment);
        put_body(p, out, u);
    }
}

void prune_files(Arena *arena, PruneFile *file, size_t count, const char *name, const char *upper, const Map *withheld)
{
    Pruner p = {.arena = arena, .file = file, .names = map_new(arena), .withheld = withheld};
    for (size_t i = 0; i < count; i++) read_units(&p, i);
    p.queue = ARENA_ARRAY(arena, size_t, p.units + 1);
    for (size_t i = 0; i < p.units; i++) name_of(&p, &p.unit[i]);
    match_macros(&p);
    keep_roots(&p, name, upper);
    for (size_t i = 0; i < count; i++) put_file(&p, i);
}
