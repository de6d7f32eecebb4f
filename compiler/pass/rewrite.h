/* What passes are written with. */
#ifndef HF2C_PASS_REWRITE_H
#define HF2C_PASS_REWRITE_H

#include "compiler/pass/pass.h"

#define PASS(name, about) int pass_##name(Graph *graph);
#include "compiler/pass/passes.def"

/* Offers every node to rewrite(), operands before users. It returns the node that takes the place of the one it was given
 * (made right before it, or already there), or NULL. Replaced nodes, and operands that only they used, leave the graph.
 * Returns the number of replacements. */
int rewrite_each(Graph *graph, Node *(*rewrite)(Graph *graph, Node *node));
/* Puts `by` in the place of `old` in the same way. */
void rewrite_replace(Graph *graph, Node *old, Node *by);
/* Moves a constant, and the constants that it is made of, before `before` where they are not yet. */
void rewrite_hoist(Graph *graph, Node *constant, Node *before);
/* The only use of the node, when that is another node and not an output. NULL: none, several, or an output. */
Node *rewrite_only_user(const Graph *graph, const Node *node);
bool rewrite_is_output(const Graph *graph, const Node *node);
bool node_is_filled_with(const Node *node, float value); /* a constant whose elements are all that value */
bool attributes_equal(const Attributes *a, const Attributes *b);
Node *insert_zeros(Graph *graph, Node *before, int64_t size); /* vector */

/* ---- projections: x W' + bias and nothing else, with the bias inside the linear or added right after it ---- */

typedef struct Projection {
    Node *linear, *weight;
    Node *bias; /* NULL: none */
    Node *end;  /* the node that has the result */
} Projection;
/* The projection that ends in this node. */
bool projection_at_end(const Graph *graph, Node *end, Projection *projection);
/* The projection that begins with this linear: with the addition that is its only use, when that adds a bias. */
bool projection_of_linear(const Graph *graph, Node *linear, Projection *projection);
/* Whether the weights of several can become one: same x, same format, used by nobody else. */
bool projections_join(const Graph *graph, const Projection *a, const Projection *b);
/* One linear over the concatenated weights and biases, made before `before`. */
Node *projections_concat(Graph *graph, Node *before, const Projection *projection, int count, const Attributes *attributes);

/* ---- gates, for the two passes that must agree about them ---- */

typedef struct Gate {
    Node *activation;      /* the unary op applied to the gate */
    Projection projection[2]; /* gate, up; or, when both are slices of one linear, that one alone */
    int projections;
} Gate;
bool gate_match(const Graph *graph, Node *node, Gate *gate);

#endif
