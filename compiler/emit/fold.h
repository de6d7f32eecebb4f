/* fold: conditions of copied C whose outcome is known for one model: "if (format == WEIGHT_q4) ..." where no weight has that format. */
#ifndef HF2C_EMIT_FOLD_H
#define HF2C_EMIT_FOLD_H

#include "compiler/base.h"

/* absent: enumerators that no value has; functions that turn out never to say yes are added. */
void fold_conditions(Str *out, Arena *arena, const char *text, Map *absent);

#endif
