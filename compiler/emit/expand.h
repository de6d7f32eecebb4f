/* expand: lists of macros in copied text, written out: "TILE(f32)" becomes the function that TILE stands for, a table the cases of a switch.
 * A reader of one model's source sees what there is of it, not how it is made for all models. */
#ifndef HF2C_EMIT_EXPAND_H
#define HF2C_EMIT_EXPAND_H

#include "compiler/base.h"

/* absent: enumerators (WEIGHT_q4, FUNCTION_relu) whose entries of tables are left out. */
void expand_lists(Str *out, Arena *arena, const char *text, const Map *absent);

#endif
