/* firmware_files: the files of a firmware folder: one header, one file with the model, one with the tokenizer, and the weights. */
#include <string.h>

#include "compiler/emit/folder.h"

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

/* A file that is there already is written past the pieces. */
static bool write_whole(const Folder *f, const char *name, Str *text)
{
    Folder plain = *f;
    plain.pieces = NULL;
    return folder_write(&plain, name, text);
}

static bool write_sources(const Folder *f, Map *known, bool text, const char *about)
{
    const char *name = arena_printf(f->arena, "%s%s.c", f->compiled->name, text ? "_text" : "");
    Sources sources = collect(f, text);
    Map *here = map_new(f->arena);
    Str out = {0};
    if (sources.count == 0) return true;
    for (size_t i = 0; i < f->pieces->count; i++)
        if (map_get(known, f->pieces->piece[i].name)) map_set(here, f->pieces->piece[i].name, here);
    str_printf(&out, "/* %s: %s.\n *\n * It calls memcpy, memset and the compiler's own helpers, nothing else. */\n#include \"%s.h\"\n\n", name, about, f->compiled->name);
    amalgamate_header(&out, f->pieces, "core_freestanding.h", true, here);
    amalgamate_sources(&out, f->pieces, sources.name, sources.count, here);
    return write_whole(f, name, &out);
}

bool folder_write_firmware(Folder *f)
{
    const char *header = arena_printf(f->arena, "%s.h", f->compiled->name);
    Map *known = map_new(f->arena);
    Str out = {0};
    amalgamate_header(&out, f->pieces, header, false, known);
    return write_whole(f, header, &out) && write_sources(f, known, false, "the model, its kernels and what runs them, as one file") &&
           write_sources(f, known, true, "the tokenizer and its tables, as one file");
}
