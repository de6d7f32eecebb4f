/* check: an independent proof that a plan is right. It knows nothing of lifetimes or classes: it runs the schedule on paper, iteration
 * by iteration, writes down which value each byte range of the workspace holds, and looks before each read whether the
 * value that the graph wants is still whole. Where steps run strip by strip, a value is as many pieces as there are strips, and so
 * does the paper hold it. */
#include "compiler/plan/plan.h"

typedef struct Holding {
    size_t offset, bytes;
    const Node *node;
    int piece; /* the rows of which strip; 0 of what does not go by rows */
} Holding;

typedef struct Paper {
    const Plan *plan;
    Holding *holding;
    size_t holdings;
} Paper;

/* The new value takes its bytes from whatever was there. */
static void write_piece(Paper *paper, const Node *node, int piece, size_t offset, size_t bytes)
{
    size_t kept = 0;
    for (size_t i = 0; i < paper->holdings; i++) {
        const Holding *h = &paper->holding[i];
        if (h->offset + h->bytes <= offset || offset + bytes <= h->offset) paper->holding[kept++] = *h;
    }
    paper->holding[kept++] = (Holding){offset, bytes, node, piece};
    paper->holdings = kept;
}

static bool holds_piece(const Paper *paper, const Node *node, int piece, size_t offset)
{
    for (size_t i = 0; i < paper->holdings; i++)
        if (paper->holding[i].node == node && paper->holding[i].piece == piece) return paper->holding[i].offset == offset;
    return false;
}

static int pieces_of(const Paper *paper, const Node *node)
{
    bool rows = node->shape.rank > 0 && node->shape.dim[0].symbol == SYMBOL_rows && node->shape.dim[0].size == 1;
    return rows ? plan_strip_count(paper->plan) : 1;
}

static size_t piece_bytes(const Paper *paper, const Node *node)
{
    return pieces_of(paper, node) > 1 ? plan_row_bytes(node) * (size_t)paper->plan->options.strip_rows
                                      : value_bytes(node->format, node->shape, paper->plan->symbols);
}

static size_t bytes_of(const Paper *paper, const Node *node) { return value_bytes(node->format, node->shape, paper->plan->symbols); }

/* The last piece may have fewer rows than the others. */
static void write_whole(Paper *paper, const Node *node, size_t offset)
{
    size_t bytes = bytes_of(paper, node), each = piece_bytes(paper, node), at = 0;
    for (int i = 0; i < pieces_of(paper, node); i++, at += each)
        write_piece(paper, node, i, offset + at, bytes - at < each ? bytes - at : each);
}

static bool holds_whole(const Paper *paper, const Node *node, size_t offset)
{
    for (int i = 0; i < pieces_of(paper, node); i++)
        if (!holds_piece(paper, node, i, offset + (size_t)i * piece_bytes(paper, node))) return false;
    return true;
}

/* Bytes behind it that windows over it read, whatever is there. */
static size_t read_behind(const Paper *paper, const Node *value)
{
    const Graph *graph = paper->plan->graph;
    int64_t most = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const Node *node = graph->node[i];
        if (node->op == OP_windows && node->operand[0] == value && node->a.size > node->a.stride + most) most = node->a.size - node->a.stride;
    }
    return (size_t)(most * shape_columns(value->shape)) * sizeof(float);
}

static bool check_weight(const Paper *paper, const Node *node, size_t offset, Err *err)
{
    if (plan_weight(paper->plan, node)->offset == offset) return true;
    return err_set(err, "plan: %%%d is read at weights + %zu, where it is not packed", node->id, offset);
}

/* Bytes of a slot that a node has there: the whole of a cache, one sequence's part of a state. */
static size_t state_bytes_of(const Paper *paper, const Node *node)
{
    if (node->op == OP_state) return (size_t)node->a.size * sizeof(float);
    const PlanOptions *options = &paper->plan->options;
    int64_t positions = cache_positions(node, node->entry == 1 ? options->max_source : options->max_sequence, options->max_rows);
    return node->op == OP_cache ? (size_t)positions * cache_row_bytes(node) : 0;
}

/* Caches and states are behind those with smaller indices; a memory is read where the cache of its index is. */
static bool check_state(const Paper *paper, const Node *wanted, size_t offset, Err *err)
{
    const Graph *graph = paper->plan->graph;
    int64_t column;
    const Node *storage = node_storage(wanted, &column);
    size_t before = 0;
    for (size_t i = 0; i < graph->count; i++)
        if (graph->node[i]->a.index < storage->a.index) before += align_up(state_bytes_of(paper, graph->node[i]), 64);
    return before == offset || err_set(err, "plan: cache %lld is read at %zu of the state, which is not its place", (long long)storage->a.index, offset);
}

/* A run of a step: in which iteration, for which strip; -1: for all rows. */
typedef struct Turn {
    int iteration, strip;
} Turn;

static size_t strip_offset(const Paper *paper, const Operand *operand, Turn turn)
{
    return turn.strip < 0 ? 0 : operand->row_bytes * (size_t)paper->plan->options.strip_rows * (size_t)turn.strip;
}

/* What attention reads whole, it must find whole in every strip. */
static bool check_value(const Paper *paper, const Step *step, const Node *storage, int p, size_t offset, Turn turn)
{
    if (turn.strip < 0 || plan_reads_whole(step, p)) return holds_whole(paper, storage, offset);
    return holds_piece(paper, storage, turn.strip, offset + strip_offset(paper, &step->pointer[p], turn));
}

/* Operand p of a step must be the node that the graph names. */
static bool check_read(const Paper *paper, const Step *step, const Node *wanted, int p, Turn turn, Err *err)
{
    const Operand *operand = &step->pointer[p];
    size_t offset = operand->offset + operand->stride * (size_t)turn.iteration;
    if (!wanted) return operand->place == PLACE_NONE || err_set(err, "plan: an absent operand has a place");
    if (operand->place == PLACE_WEIGHTS) return check_weight(paper, wanted, offset, err);
    if (operand->place == PLACE_STATE) return check_state(paper, wanted, offset, err);
    if (operand->place != PLACE_ARENA) return true;
    int64_t column;
    const Node *storage = node_storage(wanted, &column);
    if (check_value(paper, step, storage, p, offset - (size_t)column * sizeof(float), turn)) return true;
    return err_set(err, "plan: step of %%%d, iteration %d, reads %%%d at %zu, which holds something else by then",
                   step->node ? step->node->id : -1, turn.iteration, storage->id, offset);
}

static bool check_write(Paper *paper, const Node *node, const Operand *result, Turn turn, Err *err)
{
    const Plan *plan = paper->plan;
    bool strip = turn.strip >= 0;
    size_t offset = result->offset + strip_offset(paper, result, turn), behind = read_behind(paper, node);
    size_t piece = piece_bytes(paper, node), end = result->offset + (strip && !result->row_bytes ? piece : bytes_of(paper, node));
    if (result->offset < plan->fast_bytes && end + behind > plan->fast_bytes)
        return err_set(err, "plan: %%%d lies in two memories", node->id);
    if (plan->scratch_bytes && result->offset < plan->scratch_offset + plan->scratch_bytes && plan->scratch_offset < end + behind)
        return err_set(err, "plan: %%%d lies in the scratch of the kernels", node->id);
    if (end + behind > plan->arena_bytes) return err_set(err, "plan: %%%d ends behind the workspace", node->id);
    if (strip) write_piece(paper, node, turn.strip, offset, end - offset < piece ? end - offset : piece);
    else write_whole(paper, node, offset);
    return true;
}

static bool check_step(Paper *paper, const Section *section, size_t number, Turn turn, Err *err)
{
    const Step *step = &paper->plan->step[number];
    const Node *node = section->nodes[(size_t)turn.iteration * section->count + (number - section->first)];
    if (!node) {
        int output = step->pointer[0].index + turn.iteration * step->pointer[0].index_stride;
        return check_read(paper, step, paper->plan->graph->output[output].node, 1, turn, err);
    }
    Call call;
    plan_call(paper->plan, section, number, turn.iteration, &call);
    for (int p = 1; p < call.pointers; p++)
        if (!check_read(paper, step, call.pointer[p], p, turn, err)) return false;
    return step->pointer[0].place != PLACE_ARENA || check_write(paper, node, &step->pointer[0], turn, err);
}

/* The steps [first, first + count) for every strip. */
static bool check_strips(Paper *paper, const Section *section, const Strip *strip, int iteration, Err *err)
{
    for (int s = 0; s < plan_strip_count(paper->plan); s++)
        for (size_t i = 0; i < strip->count; i++)
            if (!check_step(paper, section, strip->first + i, (Turn){iteration, s}, err)) return false;
    return true;
}

static bool check_iteration(Paper *paper, const Section *section, int iteration, Err *err)
{
    for (size_t i = section->first; i < section->first + section->count;) {
        const Strip *strip = plan_strip_of(paper->plan, i);
        bool fine = strip ? check_strips(paper, section, strip, iteration, err) : check_step(paper, section, i, (Turn){iteration, -1}, err);
        if (!fine) return false;
        i += strip ? strip->count : 1;
    }
    return true;
}

bool plan_check(Arena *arena, const Plan *plan, Err *err)
{
    Paper paper = {.plan = plan};
    paper.holding = ARENA_ARRAY(arena, Holding, (plan->graph->count + 2) * (size_t)plan_strip_count(plan));
    for (size_t s = 0; s < plan->sections; s++) {
        for (int n = 0; n < plan->section[s].iterations; n++)
            if (!check_iteration(&paper, &plan->section[s], n, err)) return false;
    }
    return true;
}
