/* ir: the graph of a model.
 *
 * A Graph is a list of Nodes in topological order, made in an arena and never freed one by one. A Node is one value: its op, its operands,
 * its attributes, its shape. Dimensions are constants or a constant times one symbol (symbols.def). What a kernel could not do
 * without (weights) are `param` nodes; values computed from params and constants alone are themselves constant, are evaluated when the
 * weights are packed, and never run in the compiled program: a fused weight is simply `concat %q, %k, %v`.
 *
 * Text form, printed and parsed:
 *     %3 = linear %1, %2, %bias {activation=gelu} : f32[rows, 512]  @layer 0 "model.layers.0.mlp.up_proj"
 */
#ifndef HF2C_IR_H
#define HF2C_IR_H

#include "compiler/base.h"
#include "compiler/read/quantized.h"
#include "runtime/hf2c.h"
#include "templates/kernel.h"

/* ---- types ---- */

typedef enum Format {
#define FORMAT(name, bits, block, parameters, group, cut, text) FORMAT_##name,
#include "templates/format/formats.def"
    FORMAT_i32,       /* ids, positions, row numbers */
    FORMAT_sequences, /* the table of sequences of a call */
    FORMAT_a8,        /* rows of 8-bit integers with a scale: templates/cpu/a8.h */
    FORMAT_COUNT
} Format;
const char *format_name(Format format);
bool format_parse(const char *name, Format *format);
int format_find(const char *name);   /* -1: unknown */
bool format_packs(Format format);    /* weights may be packed in it: a row of formats.def */
bool format_caches(Format format);   /* caches may have it: a row of caches.def */
int format_bits(Format format);      /* of a code */
/* Elements of a row of K that share parameters; 1: there are none. nf4 and fp4 cut the matrix, not its rows, into blocks: those that a row
 * shares with its neighbours are stored in parts. */
int64_t format_block(Format format, int64_t K);
int64_t format_parameter_bytes(Format format, int64_t K); /* of a row of K that is packed */
bool format_is_nested(Format format);       /* its parameters are rounded too: templates/format/nested.h */
Format format_unnested(Format format);      /* the same codes with exact parameters; others as they are */
size_t format_row_bytes(Format format, int64_t columns); /* of a row of a value; bug() on overflow */

typedef enum Symbol {
    SYMBOL_none,
#define SYMBOL(name, text) SYMBOL_##name,
#include "compiler/ir/symbols.def"
    SYMBOL_COUNT
} Symbol;
const char *symbol_name(Symbol symbol);

typedef struct Dim {
    int64_t size;  /* >= 1; multiplied by the symbol's value when there is a symbol */
    Symbol symbol;
} Dim;

enum { SHAPE_MAX_RANK = 4 };
typedef struct Shape {
    int rank;
    Dim dim[SHAPE_MAX_RANK];
} Shape;
Shape shape_of(int rank, ...);               /* shape_of(2, dim_symbol(SYMBOL_rows), dim_of(256)) */
Dim dim_of(int64_t size);
Dim dim_symbol(Symbol symbol);
bool shape_equal(Shape a, Shape b);
/* Text for messages, "[rows, 512]", in one of a few rotating static buffers. */
const char *shape_describe(Shape shape);
bool shape_is_constant(Shape shape);
int64_t shape_columns(Shape shape);          /* the last dimension, which is never symbolic except in scores */
int64_t shape_elements(Shape shape, const int64_t *symbols); /* symbols[SYMBOL_COUNT]: values; bug() on overflow */
int64_t shape_rows(Shape shape, const int64_t *symbols);     /* elements / columns */
size_t value_bytes(Format format, Shape shape, const int64_t *symbols); /* of a value that is no packed weight */

/* ---- ops ---- */

typedef enum Op {
    OP_none,
#define OP(name, least, most, attributes, equation) OP_##name,
#include "compiler/ir/ops.def"
#define UNARY(name, expression) OP_##name,
#include "templates/elementwise.def"
#define BINARY(name, expression) OP_##name,
#include "templates/elementwise.def"
    OP_COUNT
} Op;

/* Attributes: one struct for all ops; ops.def says which ones an op has. attributes.def: INTEGER(name) REAL(name) TEXT(name) and
 * CHOICE(name, ...) for numbers that print as names. */
typedef struct Attributes {
#define INTEGER(name) int64_t name;
#define REAL(name) double name;
#define FUNCTION(name) int name; /* FUNCTION_... of templates/kernel.h */
#define MODE(name) int name;     /* POOL_... */
#define NUMBERS(name) int name;  /* a Format */
#define TEXT(name) const char *name;
#include "compiler/ir/attributes.def"
} Attributes;

enum { NODE_MAX_OPERANDS = 8 };

typedef struct Node Node;
struct Node {
    int id;          /* position-independent name: %id */
    Op op;
    Format format;   /* of the value; for params: the format it is packed in (precision pass) */
    Shape shape;
    int operands;
    Node *operand[NODE_MAX_OPERANDS]; /* an absent optional operand is NULL and prints as _ */
    Attributes a;
    int layer;       /* which repeated layer it belongs to; -1: none */
    int entry;       /* 0: what a call computes; 1: the encoder of a model that has one beside its decoder; constants: 0 */
    const char *name; /* the scope in which it was made ("model.layers.0.self_attn.q_proj"), for people; may be NULL */
    const Tensor *tensor; /* param of an opened checkpoint; NULL otherwise */
    const float *values;  /* constant: its elements, row-major */
    int mark;        /* free for the pass that runs */
};

/* How transformers initialises a param. */
typedef enum InitialKind { INITIAL_NORMAL, INITIAL_ZEROS, INITIAL_ONES, INITIAL_UNIFORM, INITIAL_NUMBER } InitialKind;
typedef struct Initial {
    InitialKind kind;
    double deviation;     /* of the normal distribution; bound of the uniform one; the number */
    int64_t zero_row;     /* a row that is set to zero afterwards (padding_idx), or -1 */
} Initial;

/* A param as the architecture asked for it: in order, each name once (tied weights are one). */
typedef struct Param {
    Node *node;
    Initial initial;
    bool buffer; /* in the checkpoint but not counted as a parameter */
} Param;

typedef struct GraphOutput {
    const char *name; /* logits, last_hidden_state, hidden_states.3 ... */
    Node *node;
    int64_t line; /* of rows of an image that are places in lines: places in a line; else 0 */
} GraphOutput;

typedef struct Graph {
    Arena *arena;
    Node **node; /* topological order */
    size_t count, capacity;
    int next_id;
    GraphOutput *output;
    size_t outputs, output_capacity;
    Param *param;
    size_t params, param_capacity;
    Format activations; /* in which quantised weights are multiplied: f32 (exactly), bf16 or a8 */
    int layer, entry;  /* given to nodes being made */
    const char *scope; /* given to nodes being made */
} Graph;

Graph *graph_new(Arena *arena);
/* Appends a node; shape and format follow from the op's rule; a wrong use is bug() (the verifier's message). Operands may be NULL
 * where optional. */
Node *graph_add(Graph *graph, Op op, int operands, Node *const *operand, const Attributes *attributes);
/* For passes: as graph_add, but the new node goes right before `before` in the order, and has its layer and scope. */
Node *graph_insert(Graph *graph, Node *before, Op op, int operands, Node *const *operand, const Attributes *attributes);
/* An input of the entry at hand: name in {ids, positions, types, sequences, want, values}; made once, later calls return the same node. */
Node *graph_input(Graph *graph, const char *name, Format format, Shape shape);
/* A weight of the checkpoint, by its own name. tensor may be NULL (no checkpoint). The same name again returns the same node. */
Node *graph_find_param(const Graph *graph, const char *name); /* NULL: there is none */
Node *graph_param(Graph *graph, const char *name, Shape shape, const Tensor *tensor, Initial initial);
Node *graph_constant(Graph *graph, Shape shape, const float *values); /* values are copied */
Node *graph_insert_constant(Graph *graph, Node *before, Shape shape, const float *values);
void graph_output(Graph *graph, const char *name, Node *node);
void graph_replace(Graph *graph, Node *old, Node *by); /* every use of old, outputs too, becomes a use of by */
bool graph_has_encoder(const Graph *graph);           /* some node belongs to entry 1 */
bool quantize_suits(Format numbers, Format weight);   /* there are kernels for a quantised x and a weight of that format */
bool node_is_constant(const Node *node);              /* param, constant, or an op over such only: its shape has no symbol */
size_t graph_position(const Graph *graph, const Node *node); /* in the order; bug() when it is not there */
/* Sets shape and format of a node by its op's rule, after checking arity and attributes; false and *err when they do not fit. */
bool node_infer(Node *node, Err *err);
void graph_refresh(Graph *graph);                     /* all nodes again, after the formats of params were changed */
int node_uses(const Graph *graph, const Node *node);  /* operands and outputs that refer to it */
int64_t graph_parameters(const Graph *graph);         /* elements of all params, buffers not counted */
Graph *graph_copy(Arena *arena, const Graph *graph);  /* ids kept */

/* ---- one op ---- */

typedef struct Call Call;
typedef struct Evaluation Evaluation;

typedef struct OpInfo {
    const char *name;
    int least, most;           /* operands */
    const char *attributes;    /* names separated by spaces */
    const char *equation;      /* what it computes, for the reference page */
    /* Sets shape and format of the node from its operands and attributes; false and *err when they do not fit. */
    bool (*shape)(Node *node, Err *err);
    /* The obviously right way, in double. */
    void (*evaluate)(const Node *node, Evaluation *evaluation);
    /* Fills the parameters of the op's kernel; NULL for ops that never run (param, slice, ...). */
    void (*bind)(const Node *node, Call *call);
} OpInfo;
const OpInfo *op_info(Op op);
Op op_find(const char *name); /* OP_none when unknown */
bool op_is_unary(Op op);
bool op_is_binary(Op op);
bool op_only_moves(Op op);    /* its elements are some of its operands' elements: param, slice, concat ... */
int op_function(Op op);       /* OP_gelu -> FUNCTION_gelu; FUNCTION_none for others */
Op op_of_function(int function);
const char *function_name(int function);
int function_find(const char *name); /* -1: unknown */
const char *pool_mode_name(int mode); /* "first" for POOL_first; NULL: no such mode */

/* Parameters of a kernel for one node: what templates/kernels.def lists, in its order. */
enum { CALL_MAX_POINTERS = 8, CALL_MAX_DYNAMICS = 2, CALL_MAX_CONSTANTS = 16, CALL_MAX_REALS = 4 };
struct Call {
    const char *op;       /* kernel family: the `op` column of kernels.def ("unary" for every UNARY op) */
    Format format;        /* the `format` column */
    int pointers;
    const Node *pointer[CALL_MAX_POINTERS]; /* [0]: the node itself; NULL: absent */
    int dynamics;
    Symbol dynamic[CALL_MAX_DYNAMICS];
    int64_t multiple;     /* rows of the node for each one that dynamic[0] counts */
    int constants;
    int64_t constant[CALL_MAX_CONSTANTS];
    int reals;
    double real[CALL_MAX_REALS];
    int64_t panel;        /* in: rows of the weight that are interleaved */
    int64_t block;        /* in: elements of a row of the weight that share parameters */
    int64_t keys;         /* in: positions that a row may see at most */
    int64_t own, source;  /* in: those of a sequence and of a source that a cache has room for; 0: keys */
    int64_t rows;         /* in: most rows of a call */
    bool output;          /* in: the result may be in the caller's memory, which has room for the rows of the call alone */
    char label[48];       /* for the name of the specialised kernel: "512x256", "8h4k32" */
};
/* Where an operand's elements lie: a slice is a column range of its base. */
const Node *node_storage(const Node *node, int64_t *column); /* follows slices and windows */
int64_t cache_heads(const Node *node); /* of a cache or memory: in so many parts its columns lie, one behind the other */
bool cache_of_source(const Node *node);     /* it holds what an encoder left of a source */
/* Positions that it has room for, where sequences have at most so many keys and calls so many rows; fewer than keys: a ring. */
int64_t cache_positions(const Node *node, int64_t keys, int64_t rows);
size_t cache_row_bytes(const Node *node); /* of a position in a cache or memory, in all its heads */
int64_t node_step(const Node *node);   /* rows of the storage from one row of the node to the next: 1 but for windows */
int64_t node_stride(const Node *node); /* row stride in elements of its storage; bug() for scores, whose rows depend on `keys` */

/* ---- the reference evaluator ---- */

struct Evaluation {
    Arena *arena;
    int64_t symbols[SYMBOL_COUNT];
    const Graph *graph;       /* NULL where constants alone are evaluated */
    const hf2c_batch *batch;  /* inputs of the node's entry */
    const hf2c_batch *source; /* inputs of the encoder; NULL: none */
    double **value;           /* by node id: results so far (i32 inputs as doubles too) */
};
/* Evaluates every node of the graph in double, operand by operand. Caches are evaluated without past (whole sequences in one call).
 * Returns value arrays by node id. */
double **graph_evaluate(Arena *arena, const Graph *graph, const hf2c_batch *batch);
/* The same for a graph with an encoder: source goes through it, sequence s of batch looks back at sequence s of source. batch may be
 * NULL: only the encoder is evaluated. */
double **graph_evaluate_source(Arena *arena, const Graph *graph, const hf2c_batch *batch, const hf2c_batch *source);
/* Evaluates one constant node (and what it depends on) to floats, row-major; memory: arena. A plain param is converted directly. */
void node_constant_values(Arena *scratch, const Node *node, float *values);
/* Rows [first, first + count) alone, where they can be had without the others; else false. */
bool node_constant_rows(Arena *scratch, const Node *node, int64_t first, int64_t count, float *values);
/* Whether the node only moves elements of tensors that are quantised in its format; then a part of the parameters of each of its elements can be had. */
bool node_constant_is_given(const Node *node);
void node_constant_given(Arena *scratch, const Node *node, TensorPart part, float *values);
/* That of rows [first, first + count) alone, as node_constant_rows. */
bool node_constant_given_rows(Arena *scratch, const Node *node, TensorPart part, int64_t first, int64_t count, float *values);

/* Weight of a place `distance` away in torch's cubic convolution, A = -0.75. */
double cubic_weight(double distance);

/* ---- text, pictures, checks ---- */

void graph_print(Str *out, const Graph *graph);
Graph *graph_parse(Arena *arena, const char *file, const char *text, Err *err); /* params have no tensor */
bool graph_verify(const Graph *graph, Err *err); /* arity, attributes, shapes recomputed, order, single definition, outputs */
void graph_dot(Str *out, const Graph *graph, const char *title);
/* Two graphs side by side in one picture. */
void graph_dot_pair(Str *out, const Graph *left, const char *left_title, const Graph *right, const char *right_title);
void ops_reference(Str *out); /* the op page, from the tables, as Markdown */

#endif
