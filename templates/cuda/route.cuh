/* route: which experts a row goes to, and with which weights. One thread per row: there are few experts. */
#ifndef HF2C_CUDA_ROUTE_CUH
#define HF2C_CUDA_ROUTE_CUH

#include "templates/cuda/portable.cuh"

template <int64_t E, int64_t activation>
__device__ inline void route_scores(float *score, const float *x)
{
    float highest = x[0], sum = 0.0f;
    for (int64_t e = 1; e < E; e++) highest = x[e] > highest ? x[e] : highest;
    for (int64_t e = 0; e < E; e++) {
        score[e] = activation == FUNCTION_sigmoid ? 1.0f / (1.0f + expf(-x[e])) : expf(x[e] - highest);
        sum += score[e];
    }
    for (int64_t e = 0; e < E && activation != FUNCTION_sigmoid; e++) score[e] /= sum;
}

/* The place of the largest number, the first of equal ones. */
__device__ inline int64_t route_largest(const float *x, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

/* The sum of the group's best scores, one or two. */
__device__ inline float route_group_score(const float *score, int64_t size, int64_t count)
{
    int64_t best = route_largest(score, size);
    float second = -INFINITY;
    for (int64_t e = 0; e < size; e++) second = e != best && score[e] > second ? score[e] : second;
    return count > 1 && size > 1 ? score[best] + second : score[best];
}

/* Experts of groups that are not among the best cannot be chosen. */
template <int64_t E, int64_t groups, int64_t active_groups, int64_t group_best>
__device__ inline void route_drop_groups(float *choice)
{
    constexpr int64_t size = E / groups;
    float score[groups];
    for (int64_t g = 0; g < groups; g++) score[g] = route_group_score(choice + g * size, size, group_best);
    for (int64_t i = 0; i < active_groups; i++) score[route_largest(score, groups)] = -INFINITY;
    for (int64_t e = 0; e < E; e++)
        if (score[e / size] != -INFINITY) choice[e] = -INFINITY;
}

template <int64_t E, int64_t ldx, int64_t active, int64_t groups, int64_t active_groups, int64_t group_best,
          int64_t normalized, int64_t activation>
__global__ void route_rows(float *y, const float *x, const float *offset, int rows, float scale)
{
    for (int64_t row = global_index(); row < rows; row += global_count()) {
        float score[E], choice[E], sum = 0.0f, *to = y + row * E;
        route_scores<E, activation>(score, x + row * ldx);
        for (int64_t e = 0; e < E; e++) {
            choice[e] = offset ? score[e] + offset[e] : score[e];
            to[e] = 0.0f;
        }
        if (active_groups < groups) route_drop_groups<E, groups, active_groups, group_best>(choice);
        for (int64_t i = 0; i < active; i++) {
            int64_t best = route_largest(choice, E);
            choice[best] = -INFINITY;
            to[best] = score[best];
            sum += score[best];
        }
        for (int64_t e = 0; e < E; e++) to[e] *= normalized ? scale / sum : scale;
    }
}

/* y: [rows, E]; x the same, stride ldx; offset: [E] or NULL */
template <int64_t E, int64_t ldx, int64_t active, int64_t groups, int64_t active_groups, int64_t group_best,
          int64_t normalized, int64_t activation>
void route(hf2c_stream *stream, float *y, const float *x, const float *offset, int rows, float scale)
{
    launch_elements(stream, "route", rows,
                    route_rows<E, ldx, active, groups, active_groups, group_best, normalized, activation>, y, x, offset,
                    rows, scale);
}

#endif
