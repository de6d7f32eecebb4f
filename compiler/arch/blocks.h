/* blocks: what families share. Names are relative to the builder's scope and are the checkpoint's own. */
#ifndef HF2C_ARCH_BLOCKS_H
#define HF2C_ARCH_BLOCKS_H

#include "compiler/arch/arch.h"

/* ---- scope ---- */
void scope_enter(Builder *b, const char *format, ...) PRINTF_LIKE(2, 3); /* "encoder.layer.%d" */
void scope_leave(Builder *b);                                            /* drops what the last enter added */
void scope_layer(Builder *b, int layer); /* nodes made from now on belong to this repeated layer; -1: to none */
void name_next(Builder *b, const char *name); /* what nodes made from now on are called, within the scope */

void refuse_number(Builder *b, const char *key, int64_t found, const char *known); /* as config_refuse */

/* ---- inputs ---- */
Node *input_ids(Builder *b);       /* [rows] */
Node *input_positions(Builder *b); /* [rows] */
Node *input_types(Builder *b);     /* [rows] */
Node *input_sequences(Builder *b);
Node *input_want(Builder *b);      /* [wanted] */

/* ---- parameters ---- */
Node *param_matrix(Builder *b, const char *name, int64_t rows, int64_t columns, Initial initial);
Node *param_tensor(Builder *b, const char *name, Shape shape, Initial initial); /* of any rank */
Node *param_vector(Builder *b, const char *name, int64_t size, InitialKind kind);
void param_is_buffer(Builder *b, const Node *param);  /* in the checkpoint, but no parameter */
Initial initial_normal(const Builder *b);            /* mean 0, deviation initializer_range */

/* ---- layers ---- */
Node *linear(Builder *b, Node *x, const char *name, int64_t n, bool bias);        /* NAME.weight [n, k], NAME.bias [n] */
Node *linear_conv1d(Builder *b, Node *x, const char *name, int64_t n, double deviation); /* GPT-2's: NAME.weight [k, n], bias */
Node *linear_tied(Builder *b, Node *x, Node *weight, Node *bias);                  /* bias may be NULL */
Node *layer_norm(Builder *b, Node *x, const char *name, double epsilon);           /* NAME.weight, NAME.bias */
Node *layer_norm_unbiased(Builder *b, Node *x, const char *name, double epsilon);  /* NAME.weight alone */
Node *rms_norm(Builder *b, Node *x, const char *name, double epsilon);             /* NAME.weight */
Node *layer_norm_bare(Builder *b, Node *x, const char *name, double epsilon);      /* no weights */
Node *embedding(Builder *b, Node *ids, const char *name, int64_t v, int64_t h, int64_t zero_row); /* NAME.weight [v, h] */
Node *embedding_from(Builder *b, Node *ids, const char *name, int64_t v, int64_t h, int64_t first); /* row first + id */
Node *embedding_scaled(Builder *b, Node *ids, const char *name, int64_t v, int64_t h, int64_t zero_row, double scale);
Node *embedding_table(Node *embedded);                                             /* the table of an embedding, for tying */
Node *word_table(Builder *b);                                                      /* the table of the first embedding made */
Node *add(Builder *b, Node *x, Node *y);
Node *mul(Builder *b, Node *x, Node *y);
Node *activation(Builder *b, Node *x, const char *key, const char *otherwise);     /* the activation that config key names */
Node *activation_named(Builder *b, Node *x, const char *key, const char *name);    /* the activation of that name; key: of the config that named it */
int activation_function(Builder *b, const char *key, const char *name);            /* FUNCTION_... of such a name */
Node *slice(Builder *b, Node *x, int64_t first, int64_t size);                     /* columns */
Node *gather(Builder *b, Node *x, Node *order);                                    /* rows of a weight, see op gather */

/* ---- attention ---- */
typedef struct AttentionShape {
    int64_t heads, kv_heads, head_dim;
    int64_t v_head_dim; /* 0: head_dim */
    double scale;
    double softcap; /* 0: none */
    int64_t window; /* 0: all */
    bool causal;
    Node *bias;     /* constant [heads, D] added to the scores by distance, see op scores; NULL: none */
    int64_t origin; /* its column for a key at the query's own position; or BIAS_BY_KEY: columns are positions of keys */
    Node *sinks;    /* [heads], see op softmax; NULL: none */
} AttentionShape;
/* Such a bias from a table NAME [buckets, heads] of distances in T5's buckets; origin is max_distance. both_ways: keys behind the
 * query have buckets of their own. */
Node *relative_bias(Builder *b, const char *name, int64_t heads, int64_t buckets, int64_t max_distance, bool both_ways);
/* q [rows, heads * head_dim], k [rows, kv_heads * head_dim], v [rows, kv_heads * v_head_dim]; through caches where the model has them. */
Node *attention(Builder *b, Node *q, Node *k, Node *v, const AttentionShape *shape);

/* The same over keys and values that are already where they belong. */
Node *attention_over(Builder *b, Node *q, Node *k, Node *v, const AttentionShape *shape);

/* `size` numbers that each sequence keeps from call to call; NULL where the model keeps nothing. */
Node *state(Builder *b, const char *name, int64_t size);

/* Where config says how to turn. Alternatives are separated by '|'. */
typedef struct RopeSettings {
    const char *objects; /* that hold the type and its numbers */
    const char *theta;   /* keys of the base */
    double theta_otherwise;
} RopeSettings;
/* The table of rotary angles of the rows; settings NULL: rope_theta and rope_scaling, or rope_parameters. A type that is not known is
 * refused. */
Node *rope_table(Builder *b, int64_t rotary_dim, const RopeSettings *settings);
Node *rope_table_plain(Builder *b, int64_t rotary_dim, double theta); /* without scaling */
Node *rope(Builder *b, Node *x, Node *table, int64_t heads, int64_t head_dim, int64_t rotary_dim, bool interleaved);

/* ---- outputs ---- */
void hidden_state(Builder *b, int index, Node *x); /* "hidden_states.INDEX", when asked for */

/* ---- heads that several families share ---- */
void head_last_hidden_state(Builder *b, Node *hidden);
Node *head_wanted(Builder *b, Node *hidden);                              /* the rows whose logits are wanted */
void head_causal_lm(Builder *b, Node *hidden);                            /* lm_head, tied to the embedding where config says so */
void head_last_token_classification(Builder *b, Node *hidden);            /* score, on the last token of each sequence */
/* Whether the output layer NAME is `table`, as config.json (configured) and the checkpoint say. */
bool head_is_tied(Builder *b, const Node *table, const char *name, bool configured);
Node *causal_lm_logits(Builder *b, Node *hidden, const char *name, bool bias); /* of the wanted rows; NAME in place of lm_head */
void head_token_score(Builder *b, Node *hidden);                          /* score, on each token */
void head_token_classification(Builder *b, Node *hidden);                 /* classifier, on each token */
void head_question_answering(Builder *b, Node *hidden);                   /* qa_outputs */
int64_t label_count(Builder *b);

#endif
