/* Folders without tokenizer.json. */
#include "compiler/text/build.h"

cJSON *convert_folder(Arena *arena, const Model *model, Err *err)
{
    (void)arena;
    (void)model;
    (void)err;
    return NULL;
}
