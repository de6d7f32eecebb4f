/* plan: from the graph to what will run: steps in order, equal layers as one loop, one arena with offsets, the layout of the weights,
 * a kernel for every step. Emitters print a plan; the interpreter executes it; both see the same numbers. */
#ifndef HF2C_PLAN_H
#define HF2C_PLAN_H

#include "compiler/plan/moments.h"
#include "compiler/plan/target.h"
#include "templates/cpu/kernels.h"
#include "templates/cpu/pack.h"

typedef enum Place {
    PLACE_NONE,    /* an absent operand: NULL */
    PLACE_INPUT,   /* index: which PlanInput */
    PLACE_ARENA,   /* offset in the workspace */
    PLACE_WEIGHTS, /* offset in the weights */
    PLACE_STATE,   /* offset in a slot of the state */
    PLACE_OUTPUT   /* index: which output of the graph */
} Place;

typedef struct Operand {
    Place place;
    size_t offset;    /* bytes */
    size_t stride;    /* bytes added with each iteration of the loop */
    size_t row_bytes; /* bytes added with each row before those of a strip; 0: it is read whole, or holds one strip */
    int index;        /* of an input or output */
    int index_stride; /* of an output: added with each iteration */
    int64_t column;   /* elements: where in a row a slice begins (already in offset, except for outputs) */
    const Node *node; /* the value, of the first iteration */
} Operand;

typedef enum PlanInput { INPUT_ids, INPUT_positions, INPUT_types, INPUT_sequences, INPUT_want, INPUT_values, INPUT_COUNT } PlanInput;
extern const char *const plan_input_names[INPUT_COUNT];

/* A kernel with its constants: one function of the generated code. */
typedef struct Instance {
    const KernelEntry *kernel;
    Call call;         /* constants, reals, which pointers are absent */
    const char *name;  /* "linear_512x256_bf16" */
    const char *about; /* what it computes, for a comment */
    int alone;         /* up to so many rows (or what its dynamic parameter counts) one thread does it sooner than several */
} Instance;

typedef struct Step {
    const Node *node; /* of the first iteration; NULL: a copy of a value into an output */
    Call call;
    int instance;
    Operand pointer[CALL_MAX_POINTERS];
    int guard; /* output that must be wanted for this step to run, or -1 */
} Step;

/* A value that one iteration of a loop hands to the next: `initial` before the first, then the result of step `from`. */
typedef struct Carry {
    const Node *initial;
    size_t from; /* step number */
} Carry;
enum { SECTION_MAX_CARRIES = 4 };
/* Steps [first, first + count) of one section, which run for options.strip_rows rows, then for the next ones. */
typedef struct Strip {
    size_t first, count;
} Strip;
enum { PLAN_ALIGNMENT = 64 }; /* of buffers and caches, bytes */
/* Keys of a block of attention, and columns of a block of its heads, in firmware. */
enum { PLAN_TILE_DEPTH = 32 };

/* steps [first, first + count), `iterations` times. */
typedef struct Section {
    size_t first, count;
    int iterations;
    int entry;          /* whose schedule it belongs to: 0, or 1 for the encoder's */
    int layer;          /* number of the first layer, of a section with several iterations */
    int period;         /* layers in one iteration */
    const Node **nodes; /* [iterations * count] the graph's own node of each step executed (NULL: copy) */
    Carry carry[SECTION_MAX_CARRIES];
    int carries;
} Section;

typedef struct PackedWeight {
    const Node *node;
    size_t offset, bytes;
    PackLayout layout; /* panel 1: row-major */
    const InputMoments *inputs; /* what the linears that read it multiply it with; NULL: not measured */
} PackedWeight;

typedef struct Buffer {
    size_t offset, bytes;
    size_t first, last; /* steps: written at first, needed until last */
    const Node *node;   /* one of the values that live in it; NULL: of kernels' scratch */
    size_t touches;     /* how often steps read or write each of its bytes, about, in a call of all rows */
    bool placed;        /* it has its offset */
} Buffer;

typedef struct PlanOptions {
    const Target *target;
    int64_t max_sequence, max_rows, max_batch, max_images;
    int64_t max_source;                /* rows of the longest source of an encoder; 0: max_sequence */
    int64_t frame_samples, frame_step; /* of sounds: samples of the first row, and from row to row; 0: there are none */
    int64_t strip_rows;                /* rows that chains of steps work on at a time; 0: all of the call's */
    int64_t fast_ram;                  /* bytes of a faster memory that the arena may begin in; 0: there is one memory */
    bool roll;
} PlanOptions;

typedef struct Plan {
    const Graph *graph;
    PlanOptions options;
    int64_t symbols[SYMBOL_COUNT]; /* largest values */
    Step *step;
    size_t steps;
    Section *section;
    size_t sections;
    Strip *strip;
    size_t strips;
    Instance *instance;
    size_t instances;
    PackedWeight *weight; /* in the order of their offsets */
    size_t weights;
    Buffer *buffer;
    size_t buffers;
    size_t scratch_offset, scratch_bytes; /* in the arena: what kernels of firmware use instead of the stack */
    size_t fast_bytes;      /* of the arena's beginning, in the faster memory; no buffer lies in both */
    int fast_share;         /* percent of what steps touch in the arena that lies there */
    int64_t head_dim;       /* the widest head that kernels of firmware have room for, in whole panels; 0: there is none */
    size_t *output_offset; /* by output, in the arena: where a device computes it; NULL: outputs go straight to the caller */
    size_t arena_bytes, weights_bytes, state_bytes; /* state: of one slot; weights: the whole file, header included */
    bool *is_linear_weight; /* by node id */
    int alone_rows;         /* calls of up to so many rows have only steps that one thread does alone */
} Plan;

/* Plans the graph. NULL and *err when the target has no kernel for a node. */
Plan *plan_make(Arena *arena, const Graph *graph, const PlanOptions *options, Err *err);

/* Bytes of the arena and of the state that are not in the faster memory. */
static inline size_t plan_ram(const Plan *plan) { return plan->arena_bytes - plan->fast_bytes + plan->state_bytes; }

/* False and *err when the target cannot hold it. */
bool plan_fits(const Plan *plan, Err *err);

/* Proves a plan right without its planner: executes it on paper, every iteration, and sees that each operand still holds the
 * value that the graph wants there. False and *err at the first that does not. */
bool plan_check(Arena *arena, const Plan *plan, Err *err);

/* Where a cache or state begins in a slot, and its bytes there (memory.c). */
size_t plan_cache_offset(const Plan *plan, const Node *cache);
size_t plan_cache_bytes(const Plan *plan, const Node *cache);

/* Caches that keep fewer positions than a sequence may have. */
typedef struct Rings {
    int caches, rings; /* all of them, and those */
    int64_t positions; /* that the smallest keeps */
    int64_t back;      /* positions that can be taken back without losing what a window needs */
} Rings;
Rings plan_rings(const Plan *plan); /* ring.c */

/* A table of steps, buffers and weights, for people and tests. */
void plan_print(Str *out, const Plan *plan);

/* ---- strips (strip.c) ---- */
const Strip *plan_strip_of(const Plan *plan, size_t step); /* NULL: it runs once for all rows */
int plan_strip_count(const Plan *plan);                    /* strips of the largest call */
/* How often the steps [first, end) of a section run in one iteration, with as many strips as there may be. */
size_t plan_turns(const Plan *plan, size_t first, size_t end);
bool plan_reads_whole(const Step *step, int p);            /* does operand p need all rows, whichever rows the step is for? */
size_t plan_row_bytes(const Node *value);                  /* of one row of what holds the value */

/* ---- stages, in order (plan.c) ---- */
void plan_scratch(Plan *plan);                        /* scratch.c: how much room kernels of firmware want */
void plan_schedule(Arena *arena, Plan *plan);         /* schedule.c: steps, one section */
void plan_order_strips(Arena *arena, Plan *plan);     /* strip.c: queries come after keys and values */
void plan_roll(Arena *arena, Plan *plan);             /* roll.c: equal layers become one section */
bool plan_select(Arena *arena, Plan *plan, Err *err); /* select.c: bind, kernel, instance */
void plan_strips(Arena *arena, Plan *plan);           /* strip.c: which steps run strip by strip */
bool plan_weights(Arena *arena, Plan *plan);          /* weights.c: layout of the weights; false: a loop's are not regular */
void plan_threads(Plan *plan);                        /* threads.c: what one thread does alone */
bool plan_memory(Arena *arena, Plan *plan);           /* memory.c: buffers and operands; false: a loop cannot hand its values on */
void plan_place(Plan *plan);                          /* place.c: offsets of the buffers */
bool plan_placed(const Plan *plan, Err *err);         /* place.c: false and *err: nothing lies in the faster memory that there is */

/* ---- shared by the stages ---- */
/* Parameters of the kernel of a node of this graph (panels as the plan has them). */
void plan_bind(const Plan *plan, const Node *node, Call *call);
/* The call of step `step` of a section in one iteration: bound, or a copy into an output. */
void plan_call(const Plan *plan, const Section *section, size_t step, int iteration, Call *call);
const PackedWeight *plan_weight(const Plan *plan, const Node *node); /* bug() when it is not packed */

#endif
