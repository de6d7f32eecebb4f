/* amalgamate: see amalgamate.h. The text is ours: one statement begins in column 0 wherever a file declares something. */
#include "compiler/emit/amalgamate.h"
#include "compiler/emit/conditions.h"
#include "compiler/emit/ctext.h"

void pieces_add(Pieces *p, const char *name, const char *text, size_t bytes)
{
    p->piece = arena_grow(p->arena, p->piece, p->count, &p->capacity, sizeof *p->piece);
    p->piece[p->count++] = (Piece){arena_printf(p->arena, "%s", name), arena_copy_text(p->arena, text, bytes), bytes};
}

const Piece *pieces_find(const Pieces *p, const char *name, size_t length)
{
    for (size_t i = 0; i < p->count; i++)
        if (strlen(p->piece[i].name) == length && memcmp(p->piece[i].name, name, length) == 0) return &p->piece[i];
    return NULL;
}

/* ---- words ---- */

/* A member of a struct: its name belongs to the struct. */
static bool behind_dot(const char *begin, const char *at)
{
    while (at > begin && at[-1] == ' ') at--;
    return at > begin && (at[-1] == '.' ? !(at - begin > 1 && at[-2] == '.') : at - begin > 1 && at[-1] == '>' && at[-2] == '-');
}

/* ---- what a file declares for itself ---- */

typedef struct Unit {
    Arena *arena;
    const Pieces *pieces;
    Map *known;  /* headers that are there, and lines that include the library's */
    const Map *given; /* those that are there already; NULL: none */
    bool plain;  /* each header comes once and is C: without guards, and without what C++ wants */
    Map *owner;  /* by name: the Piece whose own it is */
    Map *own;    /* by piece and name */
    Map *clash;  /* by name: several have it */
    const Piece *last; /* keeps its names */
} Unit;

static const char *own_key(const Unit *u, const Piece *piece, const char *word, size_t length)
{
    return arena_printf(u->arena, "%s/%.*s", piece->name, (int)length, word);
}

static void declare(Unit *u, const Piece *piece, const char *word, size_t length)
{
    const Piece *other = length ? map_get_n(u->owner, word, length) : piece;
    const char *name = arena_copy_text(u->arena, word, length);
    map_set(u->own, own_key(u, piece, word, length), u);
    if (!other) map_set(u->owner, name, (void *)(uintptr_t)piece);
    else if (other != piece) map_set(u->clash, name, u);
}

/* The declared name of "static const uint8_t *name[", "static int name(": the word before '(', '[', '=' or ';'. */
static void declare_static(Unit *u, const Piece *piece, const char *line)
{
    const char *word = line;
    for (const char *c = line; *c && *c != '\n'; c++) {
        if (ctext_is_letter(*c) && (c == line || !ctext_is_letter(c[-1]))) word = c;
        if (strchr("([=;", *c)) break;
    }
    declare(u, piece, word, ctext_word(word));
}

/* The constants of an enumeration: words behind '{' or ','. */
static void declare_enum(Unit *u, const Piece *piece, const char *line)
{
    bool begin = false;
    for (const char *c = line; *c && *c != '}';) {
        size_t quoted = ctext_quoted(c), n = ctext_word(c);
        if (*c == '{' || *c == ',') begin = true;
        else if (n && begin) declare(u, piece, c, n), begin = false;
        c += quoted ? quoted : n ? n : 1;
    }
}

/* "} Name;" or "typedef ... Name;" */
static void declare_type(Unit *u, const Piece *piece, const char *line)
{
    const char *end = strchr(line, ';'), *stop = strchr(line, '\n');
    if (!end || (stop && end > stop)) return;
    const char *word = end;
    while (word > line && ctext_is_letter(word[-1])) word--;
    declare(u, piece, word, (size_t)(end - word));
}

static void declare_all(Unit *u, const Piece *piece)
{
    for (const char *line = piece->text; line && *line;) {
        const char *brace = strchr(line, '{'), *end = strchr(line, '\n');
        bool opens = brace && end && brace < end;
        if (ctext_starts(line, "static ")) declare_static(u, piece, line);
        if (ctext_starts(line, "enum {") || (ctext_starts(line, "typedef enum") && opens)) declare_enum(u, piece, line);
        if (ctext_starts(line, "struct ") || (ctext_starts(line, "typedef struct ") && opens)) {
            const char *word = strstr(line, "struct ") + 7;
            declare(u, piece, word, ctext_word(word));
        }
        if (ctext_starts(line, "} ") || (ctext_starts(line, "typedef ") && !opens)) declare_type(u, piece, line);
        line = end ? end + 1 : NULL;
    }
}

/* ---- putting together ---- */

static const Piece *included(const Unit *u, const char *line)
{
    static const char word[] = "#include \"";
    if (!ctext_starts(line, word)) return NULL;
    const char *name = line + sizeof word - 1;
    return pieces_find(u->pieces, name, strcspn(name, "\""));
}

static bool may_repeat(const Piece *piece)
{
    const char *ending = strrchr(piece->name, '.');
    return ending && strcmp(ending, ".def") == 0;
}

static void put_piece(Unit *u, Str *out, const Piece *piece, bool header);

/* A line that includes something of ours; false: it is another line. */
static bool put_include(Unit *u, Str *out, const char *line)
{
    const Piece *piece = included(u, line);
    if (!piece) return false;
    if (!may_repeat(piece) && map_get(u->known, piece->name)) return true;
    map_set(u->known, piece->name, u);
    put_piece(u, out, piece, true);
    return true;
}

/* The line, with the file's own names renamed where they clash. */
static const char *put_words(const Unit *u, Str *out, const Piece *piece, const char *line, const char *stem)
{
    const char *c = line;
    while (*c && *c != '\n') {
        size_t quoted = ctext_quoted(c), n = quoted ? quoted : ctext_word(c);
        bool own = !quoted && n && stem && map_get_n(u->clash, c, n) && map_get(u->own, own_key(u, piece, c, n));
        if (own && !behind_dot(piece->text, c)) str_printf(out, "%s_", stem);
        str_add(out, c, n ? n : 1);
        c += n ? n : 1;
    }
    if (*c) str_add(out, "\n", 1);
    return *c ? c + 1 : c;
}

/* "text_encode" of text_encode.c; NULL for a header, whose names stay. */
static const char *stem_of(const Unit *u, const Piece *piece, bool header)
{
    const char *dot = strrchr(piece->name, '.');
    return header || piece == u->last ? NULL : arena_copy_text(u->arena, piece->name, dot ? (size_t)(dot - piece->name) : strlen(piece->name));
}

/* Macros of one file end with it. */
static void end_macros(Str *out, const Piece *piece)
{
    for (const char *line = piece->text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (ctext_starts(line, "#define ")) str_printf(out, "#undef %.*s\n", (int)ctext_word(line + 8), line + 8);
}

/* "HF2C_CORE_TEAM_H" of a header that begins so; NULL: it has no guard. */
static const char *guard_of(const Unit *u, const Piece *piece)
{
    static const char word[] = "#ifndef ", ending[] = "_H\n#define ";
    const char *name = strstr(piece->text, word), *end = strstr(piece->text, ending);
    if (!name || !end || end < name || ctext_word(name + sizeof word - 1) != (size_t)(end + 2 - name) - (sizeof word - 1)) return NULL;
    return arena_copy_text(u->arena, name + sizeof word - 1, (size_t)(end + 2 - name) - (sizeof word - 1));
}

/* The macro that a table asks for: "#ifndef FORMAT", "#error"; NULL: it asks for none. */
static const char *wanted_macro(const Unit *u, const Piece *piece)
{
    static const char word[] = "#ifndef ";
    const char *name = strstr(piece->text, word);
    size_t n = name ? ctext_word(name + sizeof word - 1) : 0;
    return name && ctext_starts(name + sizeof word - 1 + n, "\n#error") ? arena_copy_text(u->arena, name + sizeof word - 1, n) : NULL;
}

/* A table that is written out needs no introduction. */
static const char *without_comments(Arena *arena, const char *text)
{
    Str left = {0};
    for (size_t n; *text; text += n) {
        n = ctext_line(text);
        if (!ctext_starts(text, "/*") && *text != '\n') str_add(&left, text, n);
    }
    const char *copy = arena_copy_text(arena, left.data ? left.data : "", left.length);
    str_free(&left);
    return copy;
}

/* The text of a header or a table without what only files need that are included several times. */
static const char *plain_text(const Unit *u, const Piece *piece)
{
    KnownMacros known = {.told = guard_of(u, piece)};
    const char *wanted = wanted_macro(u, piece);
    Str text = {0};
    if (!u->plain) return piece->text;
    known_add(&known, "__cplusplus", false, 0);
    if (known.told) known_add(&known, known.told, false, 0);
    if (wanted) known_add(&known, wanted, true, 0);
    conditions_resolve(&text, u->arena, piece->text, piece->bytes, &known);
    const char *copy = arena_copy_text(u->arena, text.data ? text.data : "", text.length);
    str_free(&text);
    return may_repeat(piece) ? without_comments(u->arena, copy) : copy;
}

/* A line that includes a header of the library for the second time. */
static bool is_repeated(const Unit *u, const char *line, const char *end, int depth)
{
    if (depth > 0 || !ctext_starts(line, "#include <") || !end) return false;
    const char *key = arena_copy_text(u->arena, line, (size_t)(end - line));
    bool there = map_get(u->known, key) || (u->given && map_get(u->given, key));
    map_set(u->known, key, u->known);
    return there;
}

/* A second empty line in a row. */
static bool is_spare(const Str *out, const char *line)
{
    return *line == '\n' && out->length > 1 && out->data[out->length - 1] == '\n' && out->data[out->length - 2] == '\n';
}

/* What a file includes before it says anything comes before its comment: a reader meets each heading where its subject begins. */
static const char *put_leading(Unit *u, Str *out, const char *text)
{
    Str left = {0};
    while (*text == '\n' || ctext_starts(text, "/*") || ctext_starts(text, "#include ")) {
        size_t length = ctext_line(text);
        if (!put_include(u, out, text)) str_add(&left, text, length);
        text += length;
    }
    text = arena_printf(u->arena, "%.*s%s", (int)left.length, left.data ? left.data : "", text);
    str_free(&left);
    return text;
}

static void put_piece(Unit *u, Str *out, const Piece *piece, bool header)
{
    const char *stem = stem_of(u, piece, header), *text = header ? plain_text(u, piece) : piece->text;
    int depth = 0;
    if (u->plain) text = put_leading(u, out, text);
    if (!header) str_printf(out, "\n/* ======== %s ======== */\n\n", piece->name);
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');
        depth += ctext_starts(line, "#if") - ctext_starts(line, "#endif");
        if (is_repeated(u, line, end, u->plain ? depth : 1) || is_spare(out, line) || put_include(u, out, line)) line = end ? end + 1 : line + strlen(line);
        else line = put_words(u, out, piece, line, stem);
    }
    if (!header) {
        end_macros(out, piece);
        str_printf(out, "\n" AMALGAMATE_END "\n\n");
    }
}

void amalgamate_header(Str *out, const Pieces *pieces, const char *name, bool plain, Map *known)
{
    Unit u = {.arena = pieces->arena, .pieces = pieces, .known = known, .plain = plain};
    const Piece *piece = pieces_find(pieces, name, strlen(name));
    if (!piece) bug("no header %s", name);
    map_set(known, name, known);
    put_piece(&u, out, piece, true);
}

/* Headers of the unit that is put together, with all that they include. */
static void declare_headers(Unit *u, Map *seen, const Piece *piece)
{
    for (const char *line = piece->text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const Piece *header = included(u, line);
        if (!header || map_get(seen, header->name)) continue;
        map_set(seen, header->name, seen);
        declare_all(u, header);
        declare_headers(u, seen, header);
    }
}

void amalgamate_sources(Str *out, const Pieces *pieces, const char *const *names, size_t count, const Map *known)
{
    Unit u = {.arena = pieces->arena, .pieces = pieces, .given = known, .plain = true};
    Map *seen = map_new(u.arena);
    u.known = map_new(u.arena);
    u.owner = map_new(u.arena);
    u.clash = map_new(u.arena);
    u.own = map_new(u.arena);
    u.last = pieces_find(pieces, names[count - 1], strlen(names[count - 1]));
    for (size_t i = 0; i < pieces->count; i++)
        if (map_get(known, pieces->piece[i].name)) map_set(u.known, pieces->piece[i].name, &u);
    for (size_t i = 0; i < count; i++) {
        const Piece *piece = pieces_find(pieces, names[i], strlen(names[i]));
        if (!piece) bug("no source %s", names[i]);
        declare_headers(&u, seen, piece);
        declare_all(&u, piece);
    }
    for (size_t i = 0; i < count; i++) put_piece(&u, out, pieces_find(pieces, names[i], strlen(names[i])), false);
}
