/* Shared by the files of this room only: what an op's shape rule, evaluation and binding are written with.
 *
 * Invariant that the rules keep: a value is constant if and only if its shape has no symbol. Inputs always have one; every op
 * on a value that has a symbol gives one that has. */
#ifndef HF2C_IR_OP_H
#define HF2C_IR_OP_H

#include "compiler/ir/ir.h"

#define OP(name, least, most, attributes, equation)                                                                    \
    bool name##_shape(Node *node, Err *err);                                                                            \
    void name##_evaluate(const Node *node, Evaluation *evaluation);                                                     \
    void name##_bind(const Node *node, Call *call);
#include "compiler/ir/ops.def"
bool unary_shape(Node *node, Err *err);
void unary_evaluate(const Node *node, Evaluation *evaluation);
void unary_bind(const Node *node, Call *call);
bool binary_shape(Node *node, Err *err);
void binary_evaluate(const Node *node, Evaluation *evaluation);
void binary_bind(const Node *node, Call *call);
/* Puts a finished node at the end; a param joins the list of params, initialised with zeros. */
void graph_append(Graph *graph, Node *node);
/* One elementwise function in double; c: the attribute `value`. */
double function_apply(int function, double x, double y, double c);

/* ---- attributes by name ---- */

typedef enum AttributeKind {
    ATTRIBUTE_INTEGER, ATTRIBUTE_REAL, ATTRIBUTE_FUNCTION, ATTRIBUTE_MODE, ATTRIBUTE_NUMBERS, ATTRIBUTE_TEXT
} AttributeKind;
typedef struct AttributeInfo {
    const char *name;
    AttributeKind kind;
    size_t offset; /* in Attributes */
} AttributeInfo;
extern const AttributeInfo attribute_infos[];
extern const size_t attribute_count;
bool attribute_belongs(Op op, const char *name);
bool attribute_is_zero(const AttributeInfo *info, const Attributes *attributes);
int pool_mode_find(const char *name); /* -1: unknown */

/* ---- shapes ---- */

enum { DIM_LIMIT = INT32_MAX }; /* no dimension and no count attribute is larger: kernels count in int */
bool shape_is_activation(Shape shape); /* [symbol, columns], the symbol once or one that repeats; keys: only of a cache */
bool symbol_repeats(Symbol symbol);    /* there may be a constant number of rows for each one that it counts */
bool shape_is_vector(Shape shape);     /* [n], constant */
bool shape_is_matrix(Shape shape);     /* [n, m], constant */
/* All dimensions within the limit, constant elements countable. */
bool shape_check(const Node *node, Err *err);
/* err: "OP: what it found, what it wanted". All return false when they set err. */
bool want_activation(const Node *node, int operand, const char *what, Err *err); /* f32 [symbol, columns], not a cache */
bool want_vector(const Node *node, int operand, const char *what, int64_t size, Err *err); /* absent is fine */
bool want_format(const Node *node, int operand, const char *what, Format format, Err *err);
bool want_index(const Node *node, int operand, const char *what, Err *err); /* i32 [symbol] */
bool want_sequences(const Node *node, int operand, Err *err);
bool want_rows(const Node *node, int operand, const char *what, Err *err); /* a value per token: [rows, columns] */
bool want_count(const Node *node, const char *name, int64_t value, Err *err);  /* 1 .. DIM_LIMIT */
bool want_finite(const Node *node, const char *name, double value, bool positive, Err *err);
void set_f32(Node *node, Shape shape);

/* ---- evaluation ---- */

void node_evaluate(const Node *node, Evaluation *evaluation); /* one node, after its operands */
double *value_of(const Evaluation *evaluation, const Node *node); /* NULL for NULL */
/* A weight as its kernels see it: rounded to its format. Memory: the evaluation's arena. */
const double *weight_of(const Evaluation *evaluation, const Node *weight);
int64_t rows_of(const Evaluation *evaluation, const Node *node);
/* Sequence number of each row of the call; memory: the evaluation's arena. */
int *sequence_of_rows(const Evaluation *evaluation);

/* Pieces of `size` samples that the sound of a sequence takes up. */
int64_t sound_pieces(const hf2c_batch *batch, int sequence, int64_t size);

/* ---- binding ---- */

void call_begin(Call *call, const char *op, const Node *node, Symbol rows);
void call_pointer(Call *call, const Node *node); /* NULL: absent */
void call_constant(Call *call, int64_t value);
void call_real(Call *call, double value);
void call_label(Call *call, const char *format, ...) PRINTF_LIKE(2, 3);
Symbol bind_rows(const Node *node);                          /* the symbol of the first dimension */
int64_t call_room(const Node *node, const Call *call);       /* positions of a cache or memory, before it may be a ring */
int64_t bind_columns(const Node *node, const Call *call);    /* elements per row, `keys` filled in */
int64_t bind_stride(const Node *node, const Call *call);     /* row stride of an operand; 0: absent */

#endif
