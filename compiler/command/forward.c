/* forward: see forward.h. */
#include "compiler/command/forward.h"

#include <string.h>

typedef struct Forward {
    Arena *arena;
    hf2c_context *context;
    const Padded *inputs;
    bool column_positions;
    /* the call being made; arrays of [capacity] */
    int rows, sequences;
    int32_t *ids, *positions, *types, *want, *start, *past, *slot;
    int32_t *samples;  /* [sequences + 1] of sounds */
    float *values;     /* of the call's sounds */
    int32_t *memory, *source_tokens; /* of the call's sequences; [sequences of the block] */
    size_t *place;  /* [rows] where each row stands in the padded batch */
    int *sequence;  /* [sequences] */
    int *fed, *column; /* [sequences of the block] tokens that went before, and where in the row the next may stand */
    float **output; /* [outputs] of this call */
    float **value;  /* of all calls */
    Err *err;
} Forward;

size_t padded_count(const Padded *inputs, hf2c_rows rows)
{
    size_t sequences = (size_t)inputs->sequences;
    if (rows == HF2C_ROWS_IMAGES) return (size_t)inputs->images;
    if (inputs->image_rows) return (size_t)inputs->images * (size_t)(rows == HF2C_ROWS_ALL ? inputs->image_rows : 1);
    return rows == HF2C_ROWS_SEQUENCES ? sequences : sequences * (size_t)padded_rows(inputs, rows)->width;
}

static size_t value_rows(const Forward *f, const hf2c_output *output)
{
    return padded_count(f->inputs, output->rows);
}

static void prepare(Forward *f, size_t capacity, int only)
{
    Arena *a = f->arena;
    int32_t **lists[] = {&f->ids, &f->positions, &f->types, &f->want, &f->start, &f->past, &f->slot, &f->memory, &f->source_tokens, &f->samples};
    for (size_t i = 0; i < COUNT_OF(lists); i++) *lists[i] = ARENA_ARRAY(a, int32_t, capacity + 1);
    f->place = ARENA_ARRAY(a, size_t, capacity);
    f->sequence = ARENA_ARRAY(a, int, capacity);
    f->fed = ARENA_ARRAY(a, int, capacity);
    f->column = ARENA_ARRAY(a, int, capacity);
    const hf2c_model *model = f->context->model;
    f->output = ARENA_ARRAY(a, float *, (size_t)model->output_count);
    f->value = ARENA_ARRAY(a, float *, (size_t)model->output_count);
    for (int i = 0; i < model->output_count; i++) {
        size_t columns = (size_t)model->outputs[i].columns;
        if (only >= 0 && only != i) continue;
        if (model->outputs[i].rows != HF2C_ROWS_IMAGES) f->output[i] = arena_alloc_array(a, capacity * columns, sizeof(float));
        f->value[i] = arena_alloc_array(a, value_rows(f, &model->outputs[i]) * columns, sizeof(float));
    }
}

/* Adds the whole sound of a sequence behind those before. */
static void add_sound(Forward *f, const Padded *in, int sequence)
{
    int64_t count = in->lengths ? in->lengths[sequence] : in->sound_values;
    int32_t *end = &f->samples[f->sequences + 1];
    memcpy(f->values + f->samples[f->sequences], in->sounds + sequence * in->sound_values, (size_t)count * sizeof *f->values);
    *end = f->samples[f->sequences] + (int32_t)count;
}

/* Adds the next tokens of a sequence. */
static void add_piece(Forward *f, const Padded *in, int sequence, int piece, int *fed, int *column)
{
    int added = 0;
    f->sequence[f->sequences] = sequence;
    f->start[f->sequences] = f->rows;
    f->past[f->sequences] = *fed;
    for (; *column < in->width && added < piece; (*column)++) {
        size_t at = (size_t)sequence * (size_t)in->width + (size_t)*column;
        if (!in->mask[at]) continue;
        f->ids[f->rows] = in->ids ? in->ids[at] : 0;
        f->types[f->rows] = in->types ? in->types[at] : 0;
        f->positions[f->rows] = f->column_positions ? *column : *fed + added;
        f->want[f->rows] = f->rows;
        f->place[f->rows++] = at;
        added++;
    }
    *fed += added;
    if (added && in->sounds) add_sound(f, in, sequence);
    if (added) f->sequences++;
}

static void scatter(Forward *f, bool encoding)
{
    const hf2c_model *model = f->context->model;
    for (int i = 0; i < model->output_count; i++) {
        size_t columns = (size_t)model->outputs[i].columns, bytes = columns * sizeof(float);
        bool sequences = model->outputs[i].rows == HF2C_ROWS_SEQUENCES;
        if ((model->outputs[i].rows == HF2C_ROWS_SOURCE) != encoding || model->outputs[i].rows == HF2C_ROWS_IMAGES) continue;
        int count = sequences ? f->sequences : f->rows;
        for (int r = 0; f->output[i] && r < count; r++) {
            size_t place = sequences ? (size_t)f->sequence[r] : f->place[r];
            memcpy(f->value[i] + place * columns, f->output[i] + (size_t)r * columns, bytes);
        }
    }
}

static bool call(Forward *f, bool encoding)
{
    const hf2c_model *model = f->context->model;
    hf2c_batch batch = {.rows = f->rows, .sequences = f->sequences, .wanted = f->rows, .ids = f->ids, .positions = f->positions};
    f->start[f->sequences] = f->rows;
    batch.types = f->types;
    batch.start = f->start;
    batch.values = f->values;
    batch.samples = hf2c_takes_sounds(model) ? f->samples : NULL;
    batch.want = f->want;
    batch.memory = hf2c_has_source(model) && !encoding ? f->memory : NULL;
    if (f->context->state) {
        batch.past = f->past;
        batch.slot = f->slot;
    }
    hf2c_status status = (encoding ? model->encode : model->forward)(f->context, &batch, f->output);
    if (status != HF2C_OK) return err_set(f->err, "%s", hf2c_status_text(status));
    scatter(f, encoding);
    return true;
}

/* The sources of sequences [first, first + count), whole, into the slots of those. */
static bool encode_block(Forward *f, int first, int count)
{
    const Padded *source = f->inputs->source;
    f->rows = f->sequences = 0;
    for (int i = 0; i < count; i++) {
        f->fed[i] = f->column[i] = 0;
        f->slot[i] = i;
        add_piece(f, source, first + i, source->width, &f->fed[i], &f->column[i]);
        f->source_tokens[i] = f->fed[i];
    }
    return call(f, true);
}

/* Sequences [first, first + count), piece by piece, all in step. */
static bool run_block(Forward *f, int first, int count, int piece)
{
    if (hf2c_has_source(f->context->model) && !encode_block(f, first, count)) return false;
    for (int i = 0; i < count; i++) f->fed[i] = f->column[i] = 0;
    for (;;) {
        f->rows = f->sequences = 0;
        for (int i = 0; i < count; i++) {
            f->slot[f->sequences] = i;
            f->memory[f->sequences] = f->source_tokens[i];
            add_piece(f, f->inputs, first + i, piece, &f->fed[i], &f->column[i]);
        }
        if (f->rows == 0) return true;
        if (!call(f, false)) return false;
    }
}

static int least(int a, int b) { return a < b ? a : b; }

/* A call with `count` pictures that are sequences, the first of which is number `first`. */
static hf2c_status run_pictures(Forward *f, int first, int count)
{
    const Padded *in = f->inputs;
    int32_t *start = ARENA_ARRAY(f->arena, int32_t, (size_t)count + 1), *sizes = ARENA_ARRAY(f->arena, int32_t, 2 * (size_t)count);
    hf2c_batch batch = {.images = count, .sequences = count, .rows = count * in->image_rows, .start = start, .sizes = sizes};
    batch.values = in->values + first * in->image_values;
    for (int i = 0; i < count; i++) {
        start[i + 1] = (i + 1) * in->image_rows;
        sizes[2 * i] = in->image_height;
        sizes[2 * i + 1] = in->image_width;
    }
    for (int i = 0; i < f->context->model->output_count; i++) {
        const hf2c_output *output = &f->context->model->outputs[i];
        size_t before = (size_t)first * (size_t)(output->rows == HF2C_ROWS_ALL ? in->image_rows : 1);
        f->output[i] = f->value[i] ? f->value[i] + before * (size_t)output->columns : NULL;
    }
    return f->context->model->forward(f->context, &batch, f->output);
}

static hf2c_status run_fixed_images(Forward *f, int first, int count)
{
    const hf2c_model *model = f->context->model;
    const Padded *in = f->inputs;
    hf2c_batch batch = {.images = count, .values = in->values + first * in->image_values};
    for (int i = 0; i < model->output_count; i++) {
        bool wanted = f->value[i] && model->outputs[i].rows == HF2C_ROWS_IMAGES;
        f->output[i] = wanted ? f->value[i] + (size_t)first * (size_t)model->outputs[i].columns : NULL;
    }
    return model->forward(f->context, &batch, f->output);
}

/* Images, as many at once as the model takes; their outputs need no moving. */
static bool run_images(Forward *f, int together)
{
    const hf2c_model *model = f->context->model;
    const Padded *in = f->inputs;
    if (in->images && !in->image_rows && in->image_values != model->image_values)
        return err_set(f->err, "an image has %lld values, the model wants %d", (long long)in->image_values, model->image_values);
    int most = together ? least(together, model->max_images) : model->max_images;
    for (int first = 0; first < in->images; first += most) {
        int count = least(most, in->images - first);
        hf2c_status status = in->image_rows ? run_pictures(f, first, count) : run_fixed_images(f, first, count);
        if (status != HF2C_OK) return err_set(f->err, "%s", hf2c_status_text(status));
    }
    return true;
}

/* Settles what was left open and what does not fit. */
static Feeding fit(const hf2c_context *context, const Padded *inputs, Feeding wish)
{
    const hf2c_model *model = context->model;
    Feeding f = {inputs->sequences, inputs->width};
    if (context->state) f.piece = least(f.piece, model->max_rows);
    if (context->state) f.together = least(f.together, (int)context->slots);
    if (wish.piece) f.piece = least(f.piece, wish.piece);
    if (wish.together) f.together = least(f.together, wish.together);
    f.together = least(f.together, model->max_batch);
    int longest = inputs->source && inputs->source->width > f.piece ? inputs->source->width : f.piece;
    int rows = model->max_rows / (longest ? longest : 1);
    f.together = rows < f.together ? (rows ? rows : 1) : f.together;
    return f;
}

float **forward_padded(Arena *arena, hf2c_context *context, const Padded *inputs, Feeding feeding, bool column_positions, int only,
                       Err *err)
{
    Forward f = {.arena = arena, .context = context, .inputs = inputs, .column_positions = column_positions, .err = err};
    Feeding fitting = fit(context, inputs, feeding);
    int longest = inputs->source && inputs->source->width > fitting.piece ? inputs->source->width : fitting.piece;
    if (!hf2c_has_source(context->model) != !inputs->source) {
        err_set(err, hf2c_has_source(context->model) ? "there is no source for the encoder" : "this model has no encoder for a source");
        return NULL;
    }
    prepare(&f, (size_t)fitting.together * (size_t)longest, only);
    const Padded *sounds = inputs->source ? inputs->source : inputs;
    if (sounds->sounds) f.values = ARENA_ARRAY(arena, float, (size_t)fitting.together * (size_t)sounds->sound_values);
    for (int first = 0; first < inputs->sequences; first += fitting.together)
        if (!run_block(&f, first, least(fitting.together, inputs->sequences - first), fitting.piece)) return NULL;
    return run_images(&f, feeding.together) ? f.value : NULL;
}
