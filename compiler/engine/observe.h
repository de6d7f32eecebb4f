/* observe: what the linears of a model read while the interpreter runs it. */
#ifndef HF2C_ENGINE_OBSERVE_H
#define HF2C_ENGINE_OBSERVE_H

#include "compiler/plan/moments.h"
#include "runtime/core/team.h"

typedef struct Observer Observer;

/* Room for the linears of the graph; nothing is measured yet. */
Observer *observer_new(Arena *arena, const Graph *graph);
/* Adds what node, a linear, reads: x [rows, ld], of which its columns count. Called by all members of a team at the same time. */
void observer_add(Observer *observer, const hf2c_team *team, const Node *node, const float *x, int rows);
/* InputMoments by the names of the params of their weights. */
const Map *observer_inputs(const Observer *observer);

#endif
