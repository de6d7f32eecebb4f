/* The road from tokenizer files to tables. */
#include <string.h>

#include "compiler/text/build.h"

enum { FILE_LIMIT = 256 << 20 };

static bool build_all(TokenizerBuild *build, const Model *model)
{
    return normalizers_build(build) && pretokenizers_build(build) && decoders_build(build) && model_build(build) &&
           added_read(build) && vocabulary_finish(build) && added_build(build) && model_finish(build) && post_build(build) &&
           settings_build(build, model);
}

const hf2c_tokenizer *tokenizer_compile(Arena *arena, const Model *model, Err *err)
{
    const char *path = model_file(model, "tokenizer.json");
    TokenizerBuild *build = ARENA_NEW(arena, TokenizerBuild);

    build->arena = arena;
    build->err = err;
    build->tokenizer = ARENA_NEW(arena, hf2c_tokenizer);
    build->file = "tokenizer.json";
    if (path != NULL) {
        build->root = json_read(arena, path, FILE_LIMIT, err);
    } else {
        build->root = convert_folder(arena, model, err);
    }
    if (build->root == NULL) {
        return NULL;
    }
    if (!build_all(build, model)) {
        if (err->text[0] == 0) {
            err_set(err, "%s: cannot be compiled", build->file);
        }
        return NULL;
    }
    return build->tokenizer;
}
