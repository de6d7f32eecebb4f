/* forward: runs the model on encoded sequences, as many in one call as it takes. */
#include "runtime/generate/generate.h"
#include "runtime/task/task.h"

#include <math.h>

typedef struct Feed {
    hf2c_run *run;
    const hf2c_model *model;
    const hf2c_forward_item *items;
    int item_count, together, capacity; /* sequences and rows of one call at most */
    float **buffers, **now;             /* [output_count] whole results, or NULL; where those of the next call go */
    int32_t *ids, *positions, *types, *want;      /* [capacity] of one call */
    int32_t *start, *past, *slot, *memory;        /* [together + 1] of one call */
    int item, at;                       /* the next row to feed: of which item, which of its rows */
    int rows, wanted;                   /* rows of outputs that are there */
} Feed;

static int least(int a, int b)
{
    return a < b ? a : b;
}

int hf2c_run_together(const hf2c_run *run)
{
    const hf2c_context *context = run->context;
    int most = context->model->max_batch;
    return context->state && context->slots < (size_t)most ? (int)context->slots : most;
}

/* ---- memory ---- */

static hf2c_status take_feed(Feed *f, size_t rows)
{
    hf2c_scratch *scratch = f->run->scratch;
    size_t sequences = (size_t)f->together + 1;
    f->capacity = rows < (size_t)f->model->max_rows ? (int)rows : f->model->max_rows;
    f->ids = HF2C_TAKE(scratch, int32_t, f->capacity);
    f->positions = HF2C_TAKE(scratch, int32_t, f->capacity);
    f->types = HF2C_TAKE(scratch, int32_t, f->capacity);
    f->want = HF2C_TAKE(scratch, int32_t, f->capacity);
    f->start = HF2C_TAKE(scratch, int32_t, sequences);
    f->past = HF2C_TAKE(scratch, int32_t, sequences);
    f->slot = HF2C_TAKE(scratch, int32_t, sequences);
    f->memory = HF2C_TAKE(scratch, int32_t, sequences);
    f->buffers = HF2C_TAKE(scratch, float *, f->model->output_count);
    f->now = HF2C_TAKE(scratch, float *, f->model->output_count);
    if (!f->ids || !f->positions || !f->types || !f->want || !f->start || !f->past || !f->slot || !f->memory || !f->buffers || !f->now)
        return HF2C_TOO_SMALL;
    for (int i = 0; i < f->model->output_count; i++) f->buffers[i] = NULL;
    return HF2C_OK;
}

static int wanted_rows(const hf2c_forward_item *item)
{
    return item->want.ids ? item->want.count : (int)item->encoding->count;
}

static int rows_of_output(const hf2c_output *output, const hf2c_forward_item *item)
{
    if (output->rows == HF2C_ROWS_SEQUENCES) return 1;
    return output->rows == HF2C_ROWS_WANTED ? wanted_rows(item) : (int)item->encoding->count;
}

/* One buffer for all items; results[item * stride] is the item's part of it. */
static hf2c_status take_output(Feed *f, const char *name, hf2c_rows_result *results, int stride)
{
    int index = hf2c_output_find(f->model, name);
    size_t rows = 0;
    if (index < 0) {
        hf2c_message_set(f->run->message, "this model has no output \"", name, "\"");
        return HF2C_NOT_SUPPORTED;
    }
    const hf2c_output *output = &f->model->outputs[index];
    size_t columns = (size_t)output->columns;
    for (int i = 0; i < f->item_count; i++) rows += (size_t)rows_of_output(output, &f->items[i]);
    float *values = hf2c_scratch_take(f->run->scratch, rows, columns * sizeof(float));
    if (!values) return HF2C_TOO_SMALL;
    f->buffers[index] = values;
    for (int i = 0; i < f->item_count; i++) {
        hf2c_rows_result *result = &results[(size_t)i * (size_t)stride];
        *result = (hf2c_rows_result){values, rows_of_output(output, &f->items[i]), output->columns};
        values += (size_t)result->rows * columns;
    }
    return HF2C_OK;
}

/* ---- one call ---- */

static void add_wanted(Feed *f, hf2c_batch *batch, const hf2c_forward_item *item, int take)
{
    for (int i = 0; i < wanted_rows(item); i++) {
        int row = item->want.ids ? item->want.ids[i] : i;
        if (row >= f->at && row < f->at + take) f->want[batch->wanted++] = batch->rows + row - f->at;
    }
}

/* As many rows of the next item as there is room for. */
static void add_item(Feed *f, hf2c_batch *batch)
{
    const hf2c_forward_item *item = &f->items[f->item];
    int all = (int)item->encoding->count, take = least(all - f->at, f->capacity - batch->rows), sequence = batch->sequences++;
    for (int i = 0; i < take; i++) {
        f->ids[batch->rows + i] = item->encoding->ids[f->at + i];
        f->positions[batch->rows + i] = f->at + i;
        f->types[batch->rows + i] = item->encoding->type_ids ? item->encoding->type_ids[f->at + i] : 0;
    }
    f->past[sequence] = f->at;
    f->slot[sequence] = sequence;
    f->memory[sequence] = all;
    add_wanted(f, batch, item, take);
    batch->rows += take;
    f->start[sequence + 1] = batch->rows;
    f->at += take;
    if (f->at < all) return;
    f->item++;
    f->at = 0;
}

/* Models with a cache take a long sequence in pieces, which begins its call; a sequence that would fit into a call stays whole. */
static int has_room(const Feed *f, const hf2c_batch *batch)
{
    if (f->item == f->item_count || batch->sequences == f->together) return 0;
    return batch->rows == 0 || (int)f->items[f->item].encoding->count <= f->capacity - batch->rows;
}

static void aim(Feed *f)
{
    for (int i = 0; i < f->model->output_count; i++) {
        const hf2c_output *output = &f->model->outputs[i];
        int before = output->rows == HF2C_ROWS_SEQUENCES ? f->item : output->rows == HF2C_ROWS_WANTED ? f->wanted : f->rows;
        f->now[i] = f->buffers[i] ? f->buffers[i] + (size_t)before * (size_t)output->columns : NULL;
    }
}

/* The encoder reads the sequences, which are whole, into their slots. A decoder that is not asked to generate reads them too, moved
 * on by one; where the model does not say what it begins with, as mBART's, that is a sequence's last token. */
static hf2c_status read_sources(Feed *f, hf2c_batch batch)
{
    int32_t begin = f->model->generation.decoder_start;
    batch.past = NULL;
    hf2c_status status = f->model->encode(f->run->context, &batch, f->now);
    for (int i = 0; i < batch.sequences; i++) {
        int32_t last = f->ids[f->start[i + 1] - 1];
        for (int row = f->start[i + 1] - 1; row > f->start[i]; row--) f->ids[row] = f->ids[row - 1];
        f->ids[f->start[i]] = begin >= 0 ? begin : last;
    }
    return status;
}

static hf2c_status call_model(Feed *f)
{
    hf2c_context *context = f->run->context;
    hf2c_batch batch = {.ids = f->ids, .positions = f->positions, .start = f->start, .want = f->want};
    hf2c_status status = HF2C_OK;
    if (f->run->cancelled && f->run->cancelled(f->run->owner)) return HF2C_CANCELLED;
    aim(f);
    f->start[0] = 0;
    while (has_room(f, &batch)) add_item(f, &batch);
    if (f->model->token_types > 0) batch.types = f->types;
    if (context->state) {
        batch.past = f->past;
        batch.slot = f->slot;
    }
    if (hf2c_has_source(f->model)) {
        batch.memory = f->memory;
        status = read_sources(f, batch);
    }
    if (status == HF2C_OK) status = f->model->forward(context, &batch, f->now);
    f->rows += batch.rows;
    f->wanted += batch.wanted;
    return status;
}

/* ---- all of them ---- */

static hf2c_status check_finite(const hf2c_rows_result *results, int count)
{
    for (int i = 0; i < count; i++) {
        size_t values = (size_t)results[i].rows * (size_t)results[i].columns;
        for (size_t k = 0; k < values; k++) {
            if (!isfinite(results[i].values[k])) return HF2C_NOT_FINITE;
        }
    }
    return HF2C_OK;
}

hf2c_status hf2c_run_forward_all(hf2c_run *run, const hf2c_forward_item *items, int item_count, const char *const *names, int count,
                                 hf2c_rows_result *results)
{
    Feed f = {.run = run, .model = run->context->model, .items = items, .item_count = item_count};
    size_t rows = 0;
    for (int i = 0; i < item_count; i++) rows += items[i].encoding->count;
    f.together = least(hf2c_run_together(run), item_count);
    if (run->kept) run->kept->count = 0;
    hf2c_status status = take_feed(&f, rows);
    for (int i = 0; i < count && status == HF2C_OK; i++) status = take_output(&f, names[i], results + i, count);
    while (status == HF2C_OK && f.item < item_count) status = call_model(&f);
    return status == HF2C_OK ? check_finite(results, item_count * count) : status;
}

hf2c_status hf2c_run_forward(hf2c_run *run, const hf2c_encoding *encoding, hf2c_ids want, const char *const *names,
                             int count, hf2c_rows_result *results)
{
    return hf2c_run_forward_all(run, &(hf2c_forward_item){encoding, want}, 1, names, count, results);
}
