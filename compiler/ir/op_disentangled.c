/* disentangled: DeBERTa's attention. The score of key j for query i adds to q k' what the query says to the position of the key, and
 * what the key says to the position of the query, both as seen from the other: rows of two constant tables chosen by i - j. */
#include "compiler/ir/attention.h"

#include <inttypes.h>

enum { Q, K, V, SEQUENCES, BUCKETS, POSITION_KEYS, POSITION_QUERIES };

static const Node *operand_of(const Node *node, int operand)
{
    return operand < node->operands ? node->operand[operand] : NULL;
}

/* Rows of the position tables; 0: there are none. */
static int64_t table_rows(const Node *node)
{
    const Node *table = operand_of(node, POSITION_KEYS) ? operand_of(node, POSITION_KEYS) : operand_of(node, POSITION_QUERIES);
    return table != NULL ? table->shape.dim[0].size : 0;
}

static bool check_table(const Node *node, int operand, const char *what, Err *err)
{
    const Node *table = operand_of(node, operand);
    int64_t width = node->a.heads * node->a.head_dim;
    if (table == NULL || (shape_is_matrix(table->shape) && table->format == FORMAT_f32 && table->shape.dim[1].size == width &&
                          table->shape.dim[0].size == table_rows(node)))
        return true;
    return err_set(err, "disentangled: %s are %s, wanted constant f32[%" PRId64 ", %" PRId64 "]", what,
                   shape_describe(table->shape), table_rows(node), width);
}

static bool check_buckets(const Node *node, Err *err)
{
    const Node *buckets = node->operand[BUCKETS];
    int64_t rows = table_rows(node);
    if (rows == 0)
        return err_set(err, "disentangled: neither position keys nor position queries; that is plain attention");
    if (!shape_is_vector(buckets->shape) || buckets->op != OP_constant)
        return err_set(err, "disentangled: buckets are %s, wanted numbers known to the compiler", shape_describe(buckets->shape));
    for (int64_t i = 0; i < buckets->shape.dim[0].size; i++) {
        if (!(buckets->values[i] >= 0 && (double)buckets->values[i] < (double)rows))
            return err_set(err, "disentangled: bucket %" PRId64 " is %g, wanted a row of %" PRId64, i,
                           (double)buckets->values[i], rows);
    }
    if (node->a.origin >= 0 && node->a.origin < buckets->shape.dim[0].size)
        return true;
    return err_set(err, "disentangled: origin is %" PRId64 ", outside the buckets %s", node->a.origin,
                   shape_describe(buckets->shape));
}

bool disentangled_shape(Node *node, Err *err)
{
    const Attributes *a = &node->a;
    if (!want_count(node, "heads", a->heads, err) || !want_count(node, "head_dim", a->head_dim, err) ||
        !want_finite(node, "scale", a->scale, true, err))
        return false;
    Shape wanted = shape_of(2, dim_symbol(SYMBOL_rows), dim_of(a->heads * a->head_dim));
    for (int i = Q; i <= V; i++) {
        const Node *x = node->operand[i];
        if (x->format != FORMAT_f32 || !shape_equal(x->shape, wanted) || node_storage(x, NULL)->op == OP_cache)
            return err_set(err, "disentangled: operand %d is %s%s, wanted f32%s of this call", i, format_name(x->format),
                           shape_describe(x->shape), shape_describe(wanted));
    }
    if (!want_sequences(node, SEQUENCES, err) || !check_table(node, POSITION_KEYS, "position keys", err) ||
        !check_table(node, POSITION_QUERIES, "position queries", err) || !check_buckets(node, err))
        return false;
    set_f32(node, wanted);
    return true;
}

static double dot(const double *x, const double *y, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += x[i] * y[i];
    return sum;
}

/* Row of the position tables for a key at j, seen from i. */
static int64_t bucket_of(const Node *node, int64_t i, int64_t j)
{
    const Node *buckets = node->operand[BUCKETS];
    int64_t at = i - j + node->a.origin, last = buckets->shape.dim[0].size - 1;
    return (int64_t)buckets->values[at < 0 ? 0 : at < last ? at : last];
}

/* One query row of one head, keys 0 .. count of its sequence; q, k and tables: that head's columns. */
static void scores_row(const Node *node, const Evaluation *evaluation, int64_t column, int64_t row, int64_t start,
                       int64_t count, double *p)
{
    int64_t n = node->a.head_dim, width = node->a.heads * n;
    const double *q = value_of(evaluation, node->operand[Q]) + row * width + column;
    const double *keys = value_of(evaluation, operand_of(node, POSITION_KEYS));
    const double *queries = value_of(evaluation, operand_of(node, POSITION_QUERIES));
    for (int64_t j = 0; j < count; j++) {
        const double *k = value_of(evaluation, node->operand[K]) + (start + j) * width + column;
        int64_t at = bucket_of(node, row - start, j) * width + column;
        double score = dot(q, k, n);
        if (keys != NULL)
            score += dot(q, keys + at, n);
        if (queries != NULL)
            score += dot(k, queries + at, n);
        p[j] = node->a.scale * score;
    }
}

void disentangled_evaluate(const Node *node, Evaluation *evaluation)
{
    const hf2c_batch *batch = evaluation->batch;
    double *y = value_of(evaluation, node), *p = ARENA_ARRAY(evaluation->arena, double, (size_t)batch->rows);
    const double *v = value_of(evaluation, node->operand[V]);
    const int *sequence = sequence_of_rows(evaluation);
    int64_t width = node->a.heads * node->a.head_dim;
    for (int r = 0; r < batch->rows; r++) {
        int64_t start = batch->start[sequence[r]], count = batch->start[sequence[r] + 1] - start;
        for (int64_t column = 0; column < width; column += node->a.head_dim) {
            scores_row(node, evaluation, column, r, start, count, p);
            softmax_row(p, p, count, NULL);
            attention_mix_row(node->a.head_dim, p, v + start * width + column, width, count, y + r * width + column);
        }
    }
}

void disentangled_bind(const Node *node, Call *call)
{
    const Attributes *a = &node->a;
    call_begin(call, "disentangled", node, bind_rows(node));
    for (int i = Q; i <= POSITION_QUERIES; i++) call_pointer(call, operand_of(node, i));
    call_constant(call, a->heads);
    call_constant(call, a->head_dim);
    for (int i = Q; i <= V; i++) call_constant(call, bind_stride(node->operand[i], call));
    call_constant(call, node->operand[BUCKETS]->shape.dim[0].size);
    call_constant(call, a->origin);
    call_real(call, a->scale);
    call_label(call, "%" PRId64 "h%" PRId64, a->heads, a->head_dim);
}
