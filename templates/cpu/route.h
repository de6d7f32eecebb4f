/* route: which experts a row goes to, and with which weights. */
#ifndef HF2C_CPU_ROUTE_H
#define HF2C_CPU_ROUTE_H

#include "templates/simd/simd.h"

typedef struct Route {
    int experts, active, groups, active_groups, group_best, normalized, activation;
    float scale;
} Route;

/* score: softmax or sigmoid of the row */
static inline void route_scores(const Route *a, float *score, const float *x)
{
    float highest = x[0], sum = 0;
    for (int e = 1; e < a->experts; e++) highest = x[e] > highest ? x[e] : highest;
    for (int e = 0; e < a->experts; e++) {
        score[e] = a->activation == FUNCTION_sigmoid ? 1.0f / (1.0f + expf(-x[e])) : expf(x[e] - highest);
        sum += score[e];
    }
    for (int e = 0; e < a->experts && a->activation != FUNCTION_sigmoid; e++) score[e] /= sum;
}

/* The place of the largest number, the first of equal ones. */
static inline int route_largest(const float *x, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

/* The sum of the group's best scores, one or two. */
static inline float route_group_score(const float *score, int size, int count)
{
    int best = route_largest(score, size);
    float second = -INFINITY;
    for (int e = 0; e < size; e++) second = e != best && score[e] > second ? score[e] : second;
    return count > 1 && size > 1 ? score[best] + second : score[best];
}

/* Experts of groups that are not among the best cannot be chosen. */
static inline void route_drop_groups(const Route *a, float *choice)
{
    float score[ROUTE_EXPERTS];
    int size = a->experts / a->groups;
    for (int g = 0; g < a->groups; g++) score[g] = route_group_score(choice + g * size, size, a->group_best);
    for (int i = 0; i < a->active_groups; i++) score[route_largest(score, a->groups)] = -INFINITY;
    for (int e = 0; e < a->experts; e++)
        if (score[e / size] != -INFINITY) choice[e] = -INFINITY;
}

static inline void route_row(const Route *a, float *y, const float *x, const float *offset)
{
    float score[ROUTE_EXPERTS], choice[ROUTE_EXPERTS], sum = 0;
    route_scores(a, score, x);
    for (int e = 0; e < a->experts; e++) {
        choice[e] = offset ? score[e] + offset[e] : score[e];
        y[e] = 0;
    }
    if (a->active_groups < a->groups) route_drop_groups(a, choice);
    for (int i = 0; i < a->active; i++) {
        int best = route_largest(choice, a->experts);
        choice[best] = -INFINITY;
        y[best] = score[best];
        sum += score[best];
    }
    float factor = a->normalized ? a->scale / sum : a->scale;
    for (int e = 0; e < a->experts; e++) y[e] *= factor;
}

/* y: [rows, E], E <= ROUTE_EXPERTS, more of them give NaN; offset: [E] or NULL. Work: rows. */
static inline void route(const hf2c_team *team, float *y, const float *x, const float *offset, int rows, const int E,
                         const int64_t ldx, const int active, const int groups, const int active_groups, const int group_best,
                         const int normalized, const int activation, const float scale)
{
    const Route a = {E, active, groups, active_groups, group_best, normalized, activation, scale};
    int first, end;
    hf2c_share(team, rows, &first, &end);
    for (int64_t r = first; r < end; r++) {
        if (E <= ROUTE_EXPERTS) route_row(&a, y + r * E, x + r * ldx, offset);
        for (int e = 0; e < E && E > ROUTE_EXPERTS; e++) y[r * E + e] = NAN;
    }
}

#endif
