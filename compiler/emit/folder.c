/* folder: the whole output: generated files, and the runtime and kernels that they need, copied flat. */
#include <string.h>

#include "compiler/constrain/constrain.h"
#include "compiler/emit/folder.h"
#include "compiler/emit/pack.h"

/* ---- writing ---- */

static bool write_file(const Folder *f, const char *name, const char *data, size_t bytes, bool executable)
{
    FileWriter *writer = writer_open(arena_printf(f->arena, "%s/%s", f->path, name), f->err);
    if (!writer) return false;
    writer_write(writer, data, bytes);
    return writer_commit(writer, executable, f->err);
}

bool folder_write(const Folder *f, const char *name, Str *text)
{
    const char *dot = strrchr(name, '.');
    if (f->pieces && dot && (strcmp(dot, ".c") == 0 || strcmp(dot, ".h") == 0 || strcmp(dot, ".def") == 0)) {
        pieces_add(f->pieces, name, text->data ? text->data : "", text->length);
        str_free(text);
        return true;
    }
    bool fine = write_file(f, name, text->data ? text->data : "", text->length, strcmp(name, "build.sh") == 0);
    str_free(text);
    return fine;
}


/* ---- generated files ---- */

static bool write_generated(Folder *f)
{
    const Compiled *c = f->compiled;
    const char *name = c->name;
    Str text = {0};
    emit_header(&text, c);
    if (!folder_write(f, arena_printf(f->arena, "%s.h", name), &text)) return false;
    emit_source(&text, c);
    if (!folder_write(f, arena_printf(f->arena, "%s.%s", name, dialect_find(c->target->emitter)->extension), &text)) return false;
    emit_model(&text, c);
    if (!folder_write(f, arena_printf(f->arena, "%s_model.c", name), &text)) return false;
    bool firmware = emit_is_firmware(c);
    if (firmware) emit_weights_assembly(&text, c);
    else emit_weights(&text, c, f->options);
    if (!folder_write(f, arena_printf(f->arena, "%s_weights.%s", name, firmware ? "S" : "c"), &text)) return false;
    if (c->tokenizer) {
        tokenizer_emit(&text, c->tokenizer, name);
        if (!folder_write(f, arena_printf(f->arena, "%s_text.c", name), &text)) return false;
    }
    if (c->target_tokenizer) {
        tokenizer_emit(&text, c->target_tokenizer, arena_printf(f->arena, "%s_target", name));
        if (!folder_write(f, arena_printf(f->arena, "%s_target_text.c", name), &text)) return false;
    }
    if (c->constraint) {
        constraint_emit(&text, c->constraint, name);
        if (!folder_write(f, arena_printf(f->arena, "%s_constraint.c", name), &text)) return false;
    }
    if (c->baked) {
        emit_baked(&text, c);
        if (!folder_write(f, arena_printf(f->arena, "%s_prompt.c", name), &text)) return false;
    }
    if (!emit_has_self_test(c) || firmware || f->second) return true;
    emit_self_test(&text, c);
    return folder_write(f, arena_printf(f->arena, "%s_test.c", name), &text);
}

static bool write_extras(Folder *f)
{
    const Compiled *c = f->compiled;
    Str text = {0};
    if (emit_has_main(c, f->options)) {
        emit_main(&text, c, f->options);
        if (!folder_write(f, arena_printf(f->arena, "%s_main.c", c->name), &text)) return false;
    }
    emit_build_script(&text, c, f->options);
    if (!folder_write(f, "build.sh", &text)) return false;
    emit_cmake(&text, c, f->options);
    if (!folder_write(f, "CMakeLists.txt", &text)) return false;
    emit_page(&text, c, f->options, f->pieces ? &f->measure : NULL);
    return folder_write(f, "MODEL.md", &text);
}

/* What does not fit is not written. */
static bool finish_firmware(Folder *f)
{
    if (!folder_write_firmware(f) || !measure_folder(f->compiled, f->path, NULL, &f->measure, f->err)) return false;
    if (!f->measure.known) warn("code and stack are not measured: %s", f->measure.why);
    return measure_check(f->compiled, &f->measure, f->err);
}

static bool fill_model(Folder *f, Compiled *compiled)
{
    const char *weights = arena_printf(f->arena, "%s/%s.weights", f->path, compiled->name);
    const char *prompt = arena_printf(f->arena, "%s.prompt", compiled->name);
    if (compiled->baked && !write_file(f, prompt, (const char *)compiled->baked->data, compiled->baked->bytes, false)) return false;
    return pack_to_file(compiled->plan, weights, &compiled->facts.weights_hash, f->err) && write_generated(f) && folder_copy_kernels(f);
}

/* Its weights are always linked in. */
static bool fill_draft(const Folder *f, Compiled *draft)
{
    EmitOptions options = *f->options;
    Folder second = *f;
    if (!draft) return true;
    options.detach_weights = false;
    second.compiled = draft;
    second.options = &options;
    second.second = true;
    return fill_model(&second, draft);
}

static bool fill(Folder *f, Compiled *compiled)
{
    return fill_model(f, compiled) && fill_draft(f, compiled->draft) &&
           folder_copy_runtime(f) && (!f->pieces || finish_firmware(f)) && write_extras(f);
}

bool emit_folder(Compiled *compiled, const EmitOptions *options, Err *err)
{
    Folder f = {.arena = compiled->arena, .compiled = compiled, .options = options, .copied = map_new(compiled->arena), .err = err};
    Pieces pieces = {.arena = compiled->arena};
    if (emit_is_firmware(compiled)) f.pieces = &pieces;
    f.path = folder_begin(compiled->arena, options->output, err);
    if (!f.path) return false;
    if (!fill(&f, compiled)) {
        folder_discard(f.path);
        return false;
    }
    return folder_commit(f.path, options->output, err);
}
