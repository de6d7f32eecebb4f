/* summary: the tensors of a model for people: equal ones of repeated layers in one line. */
#ifndef HF2C_COMMAND_SUMMARY_H
#define HF2C_COMMAND_SUMMARY_H

#include "compiler/arch/arch.h"

/* "LlamaForCausalLM (llama), 16 layers, ..." */
void summary_head(Str *out, const Model *model, const BuiltModel *built);
/* A table of tensors with shapes and how often they occur. */
void summary_tensors(Str *out, Arena *arena, const Graph *graph);
/* 1235814400 -> "1,235,814,400" */
const char *text_of_count(Arena *arena, int64_t count);
/* 5242880 -> "5.00 MiB" */
const char *text_of_bytes(Arena *arena, size_t bytes);

#endif
