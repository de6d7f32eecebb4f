/* What all kernels and those who call them share: names of functions and modes, and the uniform form in which the interpreter
 * calls a kernel (compiled code calls it directly, with literal constants). */
#ifndef HF2C_KERNEL_H
#define HF2C_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/core/team.h"

/* FUNCTION_none, FUNCTION_relu, ... FUNCTION_add ...: the `activation`, `gate` and `function` constants. */
enum {
    FUNCTION_none = 0,
#define UNARY(name, expression) FUNCTION_##name,
#define BINARY(name, expression) FUNCTION_##name,
#include "templates/elementwise.def"
    FUNCTION_COUNT
};

/* WEIGHT_f32, WEIGHT_bf16 ...: formats of packed weights, in the order of their table. */
enum {
#define FORMAT(name, bits, block, parameters, group, cut, text) WEIGHT_##name,
#include "templates/format/formats.def"
    WEIGHT_COUNT
};

/* The widest head that the attention kernel has room for; what is wider gives NaN. Code for small memories names its model's own. */
#ifndef HF2C_HEAD_DIM
#define HF2C_HEAD_DIM 512
#endif
enum { ATTENTION_HEAD_DIM = HF2C_HEAD_DIM };

/* The most experts that the route kernel has room for, and the most numbers of a head's state that the scan kernel has room for; more give
 * NaN. */
enum { ROUTE_EXPERTS = 1024, SCAN_NUMBERS = 16384 };

/* Where attention finds its keys and values: the `cached` constant. */
enum {
    KEYS_rows,   /* rows of this call */
    KEYS_cached, /* the cache of the sequence itself */
    KEYS_memory  /* what an encoder left of the sequence's source */
};

/* The `origin` of a bias whose columns are positions of keys, not distances. */
enum { BIAS_BY_KEY = -1 };

/* A cache whose oldest positions make room for new ones holds a multiple of so many: keys that are read at once lie side by side. */
enum { KEYS_RING = 32 };

/* Room for a kernel's intermediate results: on the stack or, where that is small, planned: with HF2C_TEAM_SCRATCH every team is the
 * first member of an hf2c_solo, whose scratch is 64-byte aligned and as large as the largest Type. */
#ifdef HF2C_TEAM_SCRATCH
typedef struct hf2c_solo {
    hf2c_team team;
    void *scratch;
} hf2c_solo;
#define KERNEL_SCRATCH(Type, name, team) Type *const name = (Type *)((const hf2c_solo *)(const void *)(team))->scratch
#else
#define KERNEL_SCRATCH(Type, name, team) Type name##_memory, *const name = ((void)(team), &name##_memory)
#endif

enum { POOL_first, POOL_last, POOL_mean, POOL_max };

#endif
