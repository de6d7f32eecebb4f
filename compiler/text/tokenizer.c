/* The road from tokenizer files to tables. */
#include <string.h>

#include "compiler/text/build.h"

enum { FILE_LIMIT = 256 << 20 };

static bool build_all(TokenizerBuild *build, const Model *model)
{
    if (!normalizers_build(build) || !pretokenizers_build(build) || !decoders_build(build) || !model_build(build) ||
        !added_read(build) || !vocabulary_finish(build) || !added_build(build) || !model_finish(build) || !post_build(build) ||
        !settings_build(build, model)) {
        return false;
    }
    decoders_finish(build);
    return true;
}

static const hf2c_tokenizer *compile(Arena *arena, const cJSON *root, const Model *model, const char *file, Err *err)
{
    TokenizerBuild *build = ARENA_NEW(arena, TokenizerBuild);

    build->arena = arena;
    build->err = err;
    build->tokenizer = ARENA_NEW(arena, hf2c_tokenizer);
    build->file = file;
    build->root = root;
    if (build_all(build, model)) {
        return build->tokenizer;
    }
    if (err->text[0] == 0) {
        err_set(err, "%s: cannot be compiled", file);
    }
    return NULL;
}

const hf2c_tokenizer *tokenizer_compile(Arena *arena, const Model *model, Err *err)
{
    const char *path = model_file(model, "tokenizer.json"), *file = "tokenizer.json";
    const cJSON *root = path != NULL ? json_read(arena, path, FILE_LIMIT, err) : convert_folder(arena, model, &file, err);

    return root != NULL ? compile(arena, root, model, file, err) : NULL;
}

const hf2c_tokenizer *tokenizer_compile_text(Arena *arena, const char *text, size_t length, Err *err)
{
    const cJSON *root = json_parse(arena, "tokenizer.json", text, length, err);

    return root != NULL ? compile(arena, root, NULL, "tokenizer.json", err) : NULL;
}
