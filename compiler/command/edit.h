/* edit: changes single values of a JSON text and leaves the rest as it is written, so that numbers keep their spelling. */
#ifndef HF2C_COMMAND_EDIT_H
#define HF2C_COMMAND_EDIT_H

#include "compiler/base.h"

/* The text of an object with the value at `path` replaced, or added at the end of its object; dots of the path descend ("rope_scaling.factor"),
 * objects on the way are made. value: JSON text. *added (may be NULL): the key was not there. NULL and *err when the text is no object
 * or a part of the path is there and is none. */
const char *json_edit(Arena *arena, const char *text, const char *path, const char *value, bool *added, Err *err);

/* A value from the command line as JSON text: as it stands when it is JSON, else as a string. */
const char *json_of_word(Arena *arena, const char *word);

/* text as a JSON string with quotes. */
const char *json_quoted(Arena *arena, const char *text);

#endif
