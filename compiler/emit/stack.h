/* stack: the most stack that the calls of a firmware folder can take, from what gcc writes with -fcallgraph-info=su: bytes of each
 * function, and who calls whom. A call through a pointer may reach what is a value in the caller's own part of the file (its callbacks), or else in the
 * tables that hf2c generated; the runtime has no other pointers to functions. */
#ifndef HF2C_EMIT_STACK_H
#define HF2C_EMIT_STACK_H

#include "compiler/base.h"

/* What a function of the compiler's library may take: memcpy, memset, division, arithmetic without an FPU. */
enum { STACK_OF_HELPER = 64 };

typedef struct StackGraph StackGraph;
StackGraph *stack_graph_new(Arena *arena);
/* text: of the .ci file of a C file of that name. False and *err for functions whose stack has no bound. */
bool stack_graph_read(StackGraph *graph, const char *file, const char *text, Err *err);
/* file, source: name and text of the C file that the .ci file is of; finds the functions whose names are values there. generated: what
 * the names of generated parts begin with. */
void stack_graph_values(StackGraph *graph, const char *file, const char *source, const char *generated);
/* Calls each(to, name) for every function that other files may call and whose name begins with prefix. */
void stack_graph_roots(const StackGraph *graph, const char *prefix, void (*each)(void *to, const char *name), void *to);
/* The deepest of those calls: *bytes, *path "a > b > c". False and *err when functions call each other in a circle. */
bool stack_graph_deepest(StackGraph *graph, const char *prefix, size_t *bytes, const char **path, Err *err);

#endif
