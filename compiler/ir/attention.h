/* What attention in one piece and attention in three steps have in common. */
#ifndef HF2C_IR_ATTENTION_H
#define HF2C_IR_ATTENTION_H

#include "compiler/ir/op.h"

/* heads, kv_heads and head_dim alone, and with mask and scale. */
bool attention_heads_check(const Node *node, Err *err);
bool attention_check(const Node *node, Err *err);
/* k or v: [keys, kv_heads * head_dim] of a cache, or [rows, ...]. */
bool attention_keys_check(const Node *node, int operand, const char *what, Err *err);
int attention_keys(const Node *k); /* KEYS_... */
void attention_keys_bind(const Node *k, Call *call); /* the constant ldk or ldv */
/* Rows [*first, *first + *count) of k and v are the keys of sequence s. */
void attention_span(const Evaluation *evaluation, const Node *k, int s, int64_t *first, int64_t *count);
/* The optional operand [heads, D] and its attribute origin. */
bool attention_bias_check(const Node *node, int operand, Err *err);
/* Whether key j is visible from query i, both positions in their sequence: causal: j <= i; window > 0: |i - j| < window. */
bool attention_is_visible(const Attributes *a, int64_t i, int64_t j);
/* The scores of one query row and one head over keys 0 .. count of its sequence; -infinity where masked.
 * q: the head's head_dim elements; k: first key of the sequence, that head's part, rows `stride` apart. */
void attention_scores_row(const Attributes *a, const double *q, const double *k, int64_t stride, int64_t query,
                          int64_t count, double *p);
/* p += the biases of head h for that query; does nothing without a bias. */
void attention_bias_row(const Node *bias, const Evaluation *evaluation, int64_t origin, int64_t h, int64_t query,
                        int64_t count, double *p);
void attention_bias_bind(const Node *node, const Node *bias, Call *call); /* its constants: D, origin */
void softmax_row(double *y, const double *x, int64_t count, const double *sink); /* sink: takes part without a weight; NULL: none */
/* y[d] = sum over j of p[j] v[j][d], d < size */
void attention_mix_row(int64_t size, const double *p, const double *v, int64_t stride, int64_t count, double *y);
/* The kv head that query head h uses. */
int64_t attention_kv_head(const Attributes *a, int64_t h);
void attention_label(const Node *node, Call *call);

#endif
