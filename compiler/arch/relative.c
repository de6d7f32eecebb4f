/* relative: biases by distance that are learned per bucket of distances (T5, MPNet). */
#include <math.h>

#include "compiler/arch/blocks.h"

/* T5's bucket of a key `distance` positions behind the query, in float32 steps as transformers takes them: half of the buckets for
 * exact distances, the others for ever wider ranges up to max_distance. */
static int64_t relative_bucket(int64_t distance, int64_t buckets, int64_t max_distance, bool both_ways)
{
    int64_t base = 0, n = -distance;
    if (both_ways) {
        buckets /= 2;
        base = n < 0 ? buckets : 0;
        n = n < 0 ? -n : n;
    } else if (n < 0) {
        n = 0;
    }
    int64_t exact = buckets / 2;
    if (n < exact) return base + n;
    float range = (float)log((double)max_distance / (double)exact);
    int64_t bucket = exact + (int64_t)(logf((float)n / (float)exact) / range * (float)(buckets - exact));
    return base + (bucket < buckets ? bucket : buckets - 1);
}

Node *relative_bias(Builder *b, const char *name, int64_t heads, int64_t buckets, int64_t max_distance, bool both_ways)
{
    if (buckets < 4 || max_distance <= buckets / 2)
        err_set(b->err, "%s: relative attention: found %lld buckets up to distance %lld, wanted at least 4, and more distance than buckets",
                b->config->file, (long long)buckets, (long long)max_distance);
    if (b->err->text[0]) return NULL;
    int64_t count = 2 * max_distance + 1;
    float *bucket = ARENA_ARRAY(b->graph->arena, float, (size_t)count);
    for (int64_t i = 0; i < count; i++) bucket[i] = (float)relative_bucket(i - max_distance, buckets, max_distance, both_ways);
    Node *table = param_matrix(b, name, buckets, heads, initial_normal(b));
    b->graph->scope = "relative_buckets";
    Node *operand[2] = {table, graph_constant(b->graph, shape_of(1, dim_of(count)), bucket)};
    b->graph->scope = "relative_bias";
    Node *rows = graph_add(b->graph, OP_gather, 2, operand, &(Attributes){0});
    return graph_add(b->graph, OP_transpose, 1, &rows, &(Attributes){0});
}
