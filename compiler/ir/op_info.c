/* The table of ops, the names of functions, and attributes by name. */
#include "compiler/ir/op.h"

#include <stddef.h>
#include <string.h>

/* Sources are simply there; slice, windows, memory and state are views; other rearrangements happen when the weights are packed. */
#define input_bind NULL
#define param_bind NULL
#define constant_bind NULL
#define slice_bind NULL
#define windows_bind NULL
#define weight_norm_bind NULL
#define transpose_bind NULL
#define gather_bind NULL
#define reshape_bind NULL
#define interleave_bind NULL
#define concat_bind NULL
#define memory_bind NULL
#define state_bind NULL

static const OpInfo infos[OP_COUNT] = {
    [OP_none] = {.name = "none", .attributes = "", .equation = ""},
#define OP(name, least, most, attributes, equation)                                                                    \
    [OP_##name] = {#name, least, most, attributes, equation, name##_shape, name##_evaluate, name##_bind},
#include "compiler/ir/ops.def"
#define UNARY(name, expression)                                                                                        \
    [OP_##name] = {#name, 1, 1, "value", "y = " #expression, unary_shape, unary_evaluate, unary_bind},
#define BINARY(name, expression)                                                                                       \
    [OP_##name] = {#name, 2, 2, "", "z = " #expression, binary_shape, binary_evaluate, binary_bind},
#include "templates/elementwise.def"
};

const OpInfo *op_info(Op op)
{
    if ((unsigned)op >= OP_COUNT)
        bug("there is no op %d", (int)op);
    return &infos[op];
}

Op op_find(const char *name)
{
    for (int op = OP_none + 1; op < OP_COUNT; op++) {
        if (strcmp(infos[op].name, name) == 0)
            return (Op)op;
    }
    return OP_none;
}

bool op_is_unary(Op op)
{
    return op != OP_none && op_info(op)->evaluate == unary_evaluate;
}

bool op_is_binary(Op op)
{
    return op != OP_none && op_info(op)->evaluate == binary_evaluate;
}

bool op_only_moves(Op op)
{
    return op == OP_param || op == OP_slice || op == OP_transpose || op == OP_reshape || op == OP_concat || op == OP_gather;
}

int op_function(Op op)
{
    switch (op) {
#define UNARY(name, expression) case OP_##name: return FUNCTION_##name;
#define BINARY(name, expression) case OP_##name: return FUNCTION_##name;
#include "templates/elementwise.def"
    default: return FUNCTION_none;
    }
}

Op op_of_function(int function)
{
    switch (function) {
#define UNARY(name, expression) case FUNCTION_##name: return OP_##name;
#define BINARY(name, expression) case FUNCTION_##name: return OP_##name;
#include "templates/elementwise.def"
    default: return OP_none;
    }
}

const char *function_name(int function)
{
    return op_info(op_of_function(function))->name;
}

int function_find(const char *name)
{
    if (strcmp(name, infos[OP_none].name) == 0)
        return FUNCTION_none;
    int function = op_function(op_find(name));
    return function == FUNCTION_none ? -1 : function;
}

/* ---- attributes ---- */

const AttributeInfo attribute_infos[] = {
#define INTEGER(name) {#name, ATTRIBUTE_INTEGER, offsetof(Attributes, name)},
#define REAL(name) {#name, ATTRIBUTE_REAL, offsetof(Attributes, name)},
#define FUNCTION(name) {#name, ATTRIBUTE_FUNCTION, offsetof(Attributes, name)},
#define MODE(name) {#name, ATTRIBUTE_MODE, offsetof(Attributes, name)},
#define NUMBERS(name) {#name, ATTRIBUTE_NUMBERS, offsetof(Attributes, name)},
#define TEXT(name) {#name, ATTRIBUTE_TEXT, offsetof(Attributes, name)},
#include "compiler/ir/attributes.def"
};
const size_t attribute_count = COUNT_OF(attribute_infos);

bool attribute_belongs(Op op, const char *name)
{
    return text_has_word(op_info(op)->attributes, name);
}

bool attribute_is_zero(const AttributeInfo *info, const Attributes *attributes)
{
    const char *at = (const char *)attributes + info->offset;
    switch (info->kind) {
    case ATTRIBUTE_INTEGER: return *(const int64_t *)(const void *)at == 0;
    case ATTRIBUTE_REAL: return *(const double *)(const void *)at == 0.0;
    case ATTRIBUTE_FUNCTION:
    case ATTRIBUTE_NUMBERS:
    case ATTRIBUTE_MODE: return *(const int *)(const void *)at == 0;
    case ATTRIBUTE_TEXT: return *(const char *const *)(const void *)at == NULL;
    }
    return true;
}

static const char *const pool_modes[] = {
    [POOL_first] = "first", [POOL_last] = "last", [POOL_mean] = "mean", [POOL_max] = "max"};

const char *pool_mode_name(int mode)
{
    return mode >= 0 && (size_t)mode < COUNT_OF(pool_modes) ? pool_modes[mode] : NULL;
}

int pool_mode_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(pool_modes); i++) {
        if (strcmp(pool_modes[i], name) == 0)
            return (int)i;
    }
    return -1;
}
