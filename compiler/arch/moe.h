/* moe: mixtures of experts in place of an MLP. */
#ifndef HF2C_ARCH_MOE_H
#define HF2C_ARCH_MOE_H

#include "compiler/arch/decoder.h"

/* The weights of all experts, as the ops experts and combine want them. */
typedef struct Experts {
    Node *inner, *inner_bias; /* [E (gate; up), K], [E, 2 N] or NULL */
    Node *down, *down_bias;   /* [E K, N], [E, K] or NULL */
} Experts;

typedef struct Moe {
    int64_t experts, intermediate;
    Attributes route;      /* of the op route */
    bool router_bias;
    const char *router;    /* NAME.weight */
    const char *offset;    /* added to the scores for the choice alone; NULL: none */
    Attributes gate;       /* of the op experts */
    const char *list;      /* "experts": LIST.0.GATE.weight ... */
    const char *gate_name, *up, *down;
    Experts (*weights)(Builder *b, int64_t hidden, const struct Moe *m); /* NULL: from the list */
} Moe;

/* What config says in the spellings that most families share; softmax over all experts, no groups. */
Moe moe_settings(Builder *b, const Decoder *d);
/* The routed experts for x. */
Node *moe_routed(Builder *b, Node *x, const Moe *m);
/* A single expert SCOPE, of so many inner columns, whose result each row weighs by p [rows, 1]. */
Node *moe_single(Builder *b, Node *x, Node *p, const Moe *m, const char *scope, int64_t intermediate);

#endif
