/* firmware_files: the files of a firmware folder: one header, one file with the model, one with the tokenizer, and the weights. */
#include <string.h>

#include "compiler/emit/ctext.h"
#include "compiler/emit/expand.h"
#include "compiler/emit/fold.h"
#include "compiler/emit/folder.h"
#include "compiler/emit/prune.h"
#include "templates/format/layout.h"

/* A section of the image that the build may name: weights are read where they lie. */
void emit_weights_assembly(Str *out, const Compiled *c)
{
    str_printf(out, "/* %s_weights.S: the bytes of %s.weights; HF2C_WEIGHTS_SECTION says where in the image they go. */\n", c->name, c->name);
    str_printf(out, "#ifndef HF2C_WEIGHTS_SECTION\n#define HF2C_WEIGHTS_SECTION .rodata.%s_weights,\"a\",%%progbits\n#endif\n", c->name);
    str_printf(out, "    .section HF2C_WEIGHTS_SECTION\n    .balign 64\n    .global %s_weights\n    .type %s_weights, %%object\n%s_weights:\n"
                    "    .incbin \"%s.weights\"\n    .size %s_weights, . - %s_weights\n", c->name, c->name, c->name, c->name, c->name, c->name);
}

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n >= m && strcmp(text + n - m, ending) == 0;
}

typedef struct Sources {
    const char **name;
    size_t count;
} Sources;

static bool of_text(const Folder *f, const char *name)
{
    return strncmp(name, "text_", 5) == 0 || strcmp(name, arena_printf(f->arena, "%s_text.c", f->compiled->name)) == 0;
}

/* The runtime's sources of one file in the order in which they came; NAME_text.c, NAME_model.c and NAME.c last. */
static Sources collect(const Folder *f, bool text)
{
    static const char *const last[] = {"_text.c", "_model.c", ".c"};
    Sources s = {ARENA_ARRAY(f->arena, const char *, f->pieces->count + 1), 0};
    size_t own = strlen(f->compiled->name);
    for (size_t i = 0; i < f->pieces->count; i++) {
        const char *name = f->pieces->piece[i].name;
        bool generated = strncmp(name, f->compiled->name, own) == 0;
        if (ends_with(name, ".c") && !generated && of_text(f, name) == text) s.name[s.count++] = name;
    }
    for (size_t i = 0; i < COUNT_OF(last); i++) {
        const char *name = arena_printf(f->arena, "%s%s", f->compiled->name, last[i]);
        if (pieces_find(f->pieces, name, strlen(name)) && of_text(f, name) == text) s.name[s.count++] = name;
    }
    return s;
}

/* ---- what this model has no use for ---- */

/* Enumerators that no value of this model has, and questions of hf2c.h that it says no to. */
typedef struct Absent {
    const char *name[64];
    size_t count;
} Absent;

static void absent_add(Absent *absent, const char *name)
{
    if (absent->count == COUNT_OF(absent->name)) bug("too many names");
    absent->name[absent->count++] = name;
}

/* The formats of the tables that no kernel of the plan reads or writes; f32 is what all of them compute in. */
static void add_absent_formats(Absent *absent, Arena *arena, const Plan *plan)
{
    static const char *const formats[] = {
#define FORMAT(name, bits, block, parameters, group, cut, text) #name,
#include "templates/format/formats.def"
    };
    static const bool nested[] = {
#define FORMAT(name, bits, block, parameters, group, cut, text) CUT_##cut == CUT_nested,
#include "templates/format/formats.def"
    };
    bool has_nested = false;
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        bool used = strcmp(formats[i], "f32") == 0;
        for (size_t k = 0; k < plan->instances; k++) used = used || strcmp(plan->instance[k].kernel->format, formats[i]) == 0;
        has_nested = has_nested || (used && nested[i]);
        if (!used) absent_add(absent, arena_printf(arena, "WEIGHT_%s", formats[i]));
    }
    if (!has_nested) absent_add(absent, "CUT_nested");
}

/* The functions that the schedule does not name. */
static void add_absent_functions(Absent *absent, Arena *arena, const Piece *source)
{
    static const char *const functions[] = {
#define UNARY(name, expression) #name,
#define BINARY(name, expression) #name,
#include "templates/elementwise.def"
    };
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        const char *name = arena_printf(arena, "FUNCTION_%s", functions[i]);
        if (!ctext_mentions(source->text, source->bytes, name, strlen(name))) absent_add(absent, name);
    }
}

/* What some models take and keep, and the functions of the header that are for those only. */
typedef struct Trait {
    const char *question; /* of hf2c.h */
    bool yes;
    const char *functions[5]; /* up to a NULL */
} Trait;

typedef struct Traits {
    Trait item[7];
} Traits;

static Traits traits_of(const Compiled *c)
{
    return (Traits){{
        {"hf2c_takes_images", c->facts.max_images > 0, {NULL}},
        {"hf2c_takes_pictures", c->facts.image_patch > 0, {"hf2c_picture_rows"}},
        {"hf2c_takes_sounds", c->facts.frame_step > 0, {"hf2c_frames"}},
        {"hf2c_takes_features", c->facts.row_values > 0, {NULL}},
        {"hf2c_has_source", graph_has_encoder(c->graph), {"hf2c_source_check", "hf2c_longest_source", "hf2c_source_vocabulary", "hf2c_writing_tokenizer"}},
        {"hf2c_has_state", c->plan->state_bytes > 0, {"hf2c_context_copy_slot"}},
        {"hf2c_has_fast", c->plan->fast_bytes > 0, {"hf2c_context_fast"}},
    }};
}

static void add_absent_traits(Absent *absent, const Compiled *c)
{
    const Traits traits = traits_of(c);
    for (size_t i = 0; i < COUNT_OF(traits.item); i++)
        if (!traits.item[i].yes) absent_add(absent, traits.item[i].question);
}

static Map *withheld_of(Arena *arena, const Compiled *c)
{
    Map *withheld = map_new(arena);
    const Traits traits = traits_of(c);
    for (size_t i = 0; i < COUNT_OF(traits.item); i++)
        for (const char *const *name = traits.item[i].functions; !traits.item[i].yes && *name; name++) map_set(withheld, *name, withheld);
    return withheld;
}

static Absent absent_of(const Folder *f)
{
    const char *source = arena_printf(f->arena, "%s.c", f->compiled->name);
    Absent absent = {.count = 0};
    add_absent_formats(&absent, f->arena, f->compiled->plan);
    add_absent_traits(&absent, f->compiled);
    add_absent_functions(&absent, f->arena, pieces_find(f->pieces, source, strlen(source)));
    return absent;
}

static Map *absent_map(Arena *arena, const Absent *absent)
{
    Map *map = map_new(arena);
    for (size_t i = 0; i < absent->count; i++) map_set(map, absent->name[i], map);
    return map;
}

/* What a kernel of this model names nevertheless, for all models alike, is not absent. False: there is nothing such. */
static bool take_back(Absent *absent, const PruneFile *file)
{
    size_t left = 0, before = absent->count;
    for (size_t i = 0; i < before; i++)
        if (!ctext_mentions(file->out.data, file->out.length, absent->name[i], strlen(absent->name[i]))) absent->name[left++] = absent->name[i];
    absent->count = left;
    return left < before;
}

/* ---- files ---- */

/* The library's headers first, then the text without them. */
static void gather_includes(Str *out, const char *text)
{
    int depth = 0;
    for (int pass = 0; pass < 2; pass++)
        for (const char *line = text; *line;) {
            size_t n = ctext_line(line);
            depth += ctext_starts(line, "#if") - ctext_starts(line, "#endif");
            if ((depth == 0 && ctext_starts(line, "#include <")) == (pass == 0)) str_add(out, line, n);
            line += n;
        }
}

/* What reads as if it were written for this model: lists written out, conditions decided, the library's headers first. */
static const char *settled(const Folder *f, Str *text, Map *absent)
{
    Str listed = {0}, folded = {0}, gathered = {0};
    expand_lists(&listed, f->arena, text->data, absent);
    fold_conditions(&folded, f->arena, listed.data, absent);
    gather_includes(&gathered, folded.data);
    const char *copy = arena_copy_text(f->arena, gathered.data, gathered.length);
    str_free(text);
    str_free(&listed);
    str_free(&folded);
    str_free(&gathered);
    return copy;
}

static const char *header_text(const Folder *f, Map *known)
{
    Str out = {0};
    amalgamate_header(&out, f->pieces, arena_printf(f->arena, "%s.h", f->compiled->name), true, known);
    return settled(f, &out, map_new(f->arena));
}

/* NULL: there are no such sources */
static const char *source_text(const Folder *f, const Map *known, bool text, Map *absent)
{
    Sources sources = collect(f, text);
    Map *here = map_new(f->arena);
    Str out = {0};
    if (sources.count == 0) return NULL;
    for (size_t i = 0; i < f->pieces->count; i++)
        if (map_get(known, f->pieces->piece[i].name)) map_set(here, f->pieces->piece[i].name, here);
    amalgamate_header(&out, f->pieces, "core_freestanding.h", true, here);
    amalgamate_sources(&out, f->pieces, sources.name, sources.count, here);
    return settled(f, &out, absent);
}

/* A file that is there already is written past the pieces. */
static bool write_whole(const Folder *f, const char *name, Str *text)
{
    Folder plain = *f;
    plain.pieces = NULL;
    return folder_write(&plain, name, text);
}

static bool write_header(const Folder *f, const PruneFile *file)
{
    const char *name = f->compiled->name, *upper = emit_upper(f->arena, name);
    Str out = {0};
    str_printf(&out, "/* %s.h: the model, for programs that call it; C and C++. */\n#ifndef %s_H\n#define %s_H\n", name, upper, upper);
    size_t includes = 0;
    while (ctext_starts(file->out.data + includes, "#include ")) includes += ctext_line(file->out.data + includes);
    str_printf(&out, "\n%.*s\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n", (int)includes, file->out.data);
    str_printf(&out, "%s\n#ifdef __cplusplus\n}\n#endif\n#endif\n", file->out.data + includes);
    return write_whole(f, arena_printf(f->arena, "%s.h", name), &out);
}

static bool write_source(const Folder *f, const PruneFile *file, bool text)
{
    const char *name = arena_printf(f->arena, "%s%s.c", f->compiled->name, text ? "_text" : "");
    const char *about = text ? "the tokenizer and its tables, as one file" : "the model, its kernels and what runs them, as one file";
    Str out = {0};
    str_printf(&out, "/* %s: %s.\n *\n * It calls memcpy, memset and the compiler's own helpers, nothing else. */\n#include \"%s.h\"\n\n", name, about, f->compiled->name);
    str_add(&out, file->out.data, file->out.length);
    return write_whole(f, name, &out);
}

bool folder_write_firmware(Folder *f)
{
    Absent absent = absent_of(f);
    Map *known = map_new(f->arena);
    const Map *withheld = withheld_of(f->arena, f->compiled);
    PruneFile file[3] = {{.text = header_text(f, known)}};
    size_t count;
    bool again;
    do {
        for (size_t i = 1; i < COUNT_OF(file); i++) file[i].text = source_text(f, known, i == 2, absent_map(f->arena, &absent));
        count = file[2].text ? 3 : 2;
        prune_files(f->arena, file, count, f->compiled->name, emit_upper(f->arena, f->compiled->name), withheld);
        again = take_back(&absent, &file[1]);
        for (size_t i = 0; again && i < count; i++) str_free(&file[i].out);
    } while (again);
    bool fine = write_header(f, &file[0]);
    for (size_t i = 1; i < count; i++) fine = fine && write_source(f, &file[i], i == 2);
    for (size_t i = 0; i < count; i++) str_free(&file[i].out);
    return fine;
}
