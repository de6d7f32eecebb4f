/* names: C identifiers for values and weights of a plan, from the scopes in which the architecture made them. Text of the model itself
 * never becomes source: scopes are the architecture's own words, and whatever is no letter or digit becomes '_'. */
#ifndef HF2C_EMIT_NAMES_H
#define HF2C_EMIT_NAMES_H

#include "compiler/plan/plan.h"

typedef struct Names {
    const Plan *plan;
    const char **buffer; /* by number of plan->buffer */
    const char **weight; /* by number of plan->weight; the weights of a loop's later layers have the first one's names */
} Names;

Names *names_make(Arena *arena, const Plan *plan, const char *prefix /* "model." */);
const char *names_of(const Names *names, const Operand *operand);

#endif
