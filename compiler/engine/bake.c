/* bake: see bake.h. */
#include "compiler/engine/bake.h"

#include <string.h>

#include "runtime/task/conversation.h"
#include "runtime/task/generation.h"

enum { TEXT_MOST = 1 << 22, SCRATCH_BYTES = 1 << 26, ENDINGS = 3 };

typedef struct Bake {
    Compiled *compiled;
    Engine *engine;
    hf2c_context context;
    hf2c_scratch scratch;
    hf2c_message message;
    const char *text; /* without the last line's end */
    bool chat;
    Err *err;
} Bake;

static bool refuse(Bake *b, hf2c_status status)
{
    return err_set(b->err, "--system-prompt: %s", b->message.text[0] ? b->message.text : hf2c_status_text(status));
}

/* ---- the text ---- */

static bool read_text(Bake *b, const char *file)
{
    FileView view;
    Arena *arena = b->compiled->arena;
    if (!file_read(arena, file, TEXT_MOST, &view, b->err)) return err_prefix(b->err, "--system-prompt");
    size_t bytes = view.size;
    if (bytes > 0 && view.data[bytes - 1] == '\n') bytes--;
    if (bytes == 0) return err_set(b->err, "--system-prompt: %s is empty", file);
    if (memchr(view.data, 0, bytes)) return err_set(b->err, "--system-prompt: %s has a zero byte", file);
    b->text = arena_copy_text(arena, (const char *)view.data, bytes);
    return true;
}

static int add_bytes(void *to, const char *bytes, size_t count)
{
    str_add(to, bytes, count);
    return 0;
}

static const char *conversation_of(Arena *arena, const char *system, const char *user)
{
    Str text = {0};
    hf2c_sink sink = {.write = add_bytes, .to = &text};
    hf2c_sink_text(&sink, "[{\"role\": \"system\", \"content\": ");
    hf2c_sink_string(&sink, system, strlen(system));
    hf2c_sink_text(&sink, "}, {\"role\": \"user\", \"content\": ");
    hf2c_sink_string(&sink, user, strlen(user));
    hf2c_sink_text(&sink, "}]");
    const char *copy = arena_copy_text(arena, text.data, text.length);
    str_free(&text);
    return copy;
}

/* The prompt that a user's message makes of it. */
static hf2c_status chat_text(hf2c_run *run, const Bake *b, const char *user, hf2c_text *text)
{
    static const hf2c_conversation_extras none;
    hf2c_conversation conversation;
    const char *messages = conversation_of(b->compiled->arena, b->text, user);
    hf2c_status status = hf2c_conversation_read(run, (hf2c_text){messages, strlen(messages)}, &none, &conversation);
    *text = conversation.prompt;
    return status;
}

static hf2c_status encode_with(Bake *b, const char *ending, hf2c_ids *ids)
{
    hf2c_run run = {.context = &b->context, .scratch = &b->scratch, .message = &b->message};
    hf2c_generation settings;
    hf2c_generation_init(&settings, &b->engine->model);
    const char *plain = arena_printf(b->compiled->arena, "%s%s", b->text, ending);
    hf2c_text text = {plain, strlen(plain)};
    hf2c_status status = b->chat ? chat_text(&run, b, ending, &text) : HF2C_OK;
    return status == HF2C_OK ? hf2c_generate_prompt(&run, &settings, text, !b->chat, ids) : status;
}

/* What texts of different endings begin with alike: the last token may be another where more text follows. */
static bool common_tokens(Bake *b, hf2c_ids *ids)
{
    static const char *const endings[ENDINGS] = {"A", " 7", "\n\xc3\xa9"};
    for (int i = 0; i < ENDINGS; i++) {
        hf2c_ids other;
        int alike = 0;
        hf2c_status status = encode_with(b, endings[i], &other);
        if (status != HF2C_OK) return refuse(b, status);
        if (i == 0) *ids = other;
        while (alike < ids->count && alike < other.count && ids->ids[alike] == other.ids[alike]) alike++;
        ids->count = alike;
    }
    if (ids->count == 0) return err_set(b->err, "--system-prompt: prompts do not begin with it");
    int most = b->compiled->facts.max_sequence;
    return ids->count < most || err_set(b->err, "--system-prompt: it has %d tokens, the model's longest sequence %d", ids->count, most);
}

/* ---- reading it ---- */

static bool feed(Bake *b, hf2c_ids ids)
{
    const hf2c_model *model = &b->engine->model;
    int32_t *positions = ARENA_ARRAY(b->compiled->arena, int32_t, (size_t)ids.count);
    float **outputs = ARENA_ARRAY(b->compiled->arena, float *, (size_t)model->output_count + 1);
    for (int i = 0; i < ids.count; i++) positions[i] = i;
    for (int32_t past = 0; past < ids.count; past += model->max_rows) {
        int rows = ids.count - past < model->max_rows ? ids.count - past : model->max_rows;
        int32_t start[2] = {0, rows}, slot = 0;
        hf2c_batch batch = {.rows = rows, .sequences = 1, .ids = ids.ids + past, .positions = positions + past, .start = start};
        batch.past = &past;
        batch.slot = &slot;
        hf2c_status status = model->forward(&b->context, &batch, outputs);
        if (status != HF2C_OK) return refuse(b, status);
    }
    return true;
}

/* ---- what is kept ---- */

static void add_run(hf2c_baked_run *runs, int *count, size_t at, size_t bytes) { runs[(*count)++] = (hf2c_baked_run){at, bytes}; }

/* Of each head the positions that hold something; of a state all. */
static void add_cache(const Compiled *c, const Node *node, int tokens, hf2c_baked_run *runs, int *count)
{
    const PlanOptions *o = &c->plan->options;
    size_t at = plan_cache_offset(c->plan, node), bytes = plan_cache_bytes(c->plan, node);
    size_t positions = (size_t)cache_positions(node, o->max_sequence, o->max_rows);
    if (node->op == OP_state || (size_t)tokens >= positions) {
        add_run(runs, count, at, bytes);
        return;
    }
    size_t heads = (size_t)cache_heads(node), row = cache_row_bytes(node) / heads;
    for (size_t h = 0; h < heads; h++) add_run(runs, count, at + h * positions * row, (size_t)tokens * row);
}

static void find_runs(const Compiled *c, hf2c_baked *baked)
{
    size_t most = 0;
    for (size_t i = 0; i < c->graph->count; i++) most += c->graph->node[i]->op == OP_cache ? (size_t)cache_heads(c->graph->node[i]) : 1;
    hf2c_baked_run *runs = ARENA_ARRAY(c->arena, hf2c_baked_run, most + 1);
    for (size_t i = 0; i < c->graph->count; i++) {
        const Node *node = c->graph->node[i];
        if (node->op == OP_cache || node->op == OP_state) add_cache(c, node, baked->count, runs, &baked->run_count);
    }
    baked->runs = runs;
}

static void take_bytes(const Bake *b, hf2c_baked *baked)
{
    size_t bytes = 0;
    for (int i = 0; i < baked->run_count; i++) bytes += baked->runs[i].bytes;
    baked->bytes = align_up(bytes, 8);
    uint8_t *data = arena_alloc(b->compiled->arena, baked->bytes + 1), *to = data;
    memset(data, 0, baked->bytes);
    for (int i = 0; i < baked->run_count; i++) {
        memcpy(to, b->context.state + baked->runs[i].at, baked->runs[i].bytes);
        to += baked->runs[i].bytes;
    }
    baked->data = data;
    baked->hash = hf2c_baked_hash(data, baked->bytes);
}

static bool bake(Bake *b)
{
    Compiled *c = b->compiled;
    hf2c_ids ids = {0};
    if (!common_tokens(b, &ids) || !feed(b, ids)) return false;
    hf2c_baked *baked = ARENA_NEW(c->arena, hf2c_baked);
    int32_t *copy = ARENA_ARRAY(c->arena, int32_t, (size_t)ids.count);
    memcpy(copy, ids.ids, (size_t)ids.count * sizeof *copy);
    *baked = (hf2c_baked){.ids = copy, .count = ids.count, .system = b->chat ? b->text : NULL};
    find_runs(c, baked);
    take_bytes(b, baked);
    c->baked = baked;
    return true;
}

static bool check_model(const Compiled *c, Err *err)
{
    if (c->target->device) return err_set(err, "--system-prompt: target %s keeps its cache on a device", c->target->name);
    if (c->target->big_endian) return err_set(err, "--system-prompt: target %s has its bytes in another order", c->target->name);
    if (!c->tokenizer) return err_set(err, "--system-prompt: %s has no tokenizer", c->model.name);
    bool generates = c->facts.state_bytes && hf2c_output_find(&c->facts, "logits") >= 0 && !graph_has_encoder(c->graph);
    return generates || err_set(err, "--system-prompt: %s is no model that continues texts", c->model.name);
}

bool bake_prompt(Compiled *c, const char *file, Err *err)
{
    Arena *arena = arena_new();
    Bake b = {.compiled = c, .err = err, .scratch = {.bytes = SCRATCH_BYTES}};
    bool fine = check_model(c, err) && read_text(&b, file) && (b.engine = engine_interpreter(arena, c, err)) != NULL;
    if (fine) {
        b.chat = hf2c_has_chat(c->tokenizer);
        b.scratch.memory = arena_alloc(arena, SCRATCH_BYTES);
        fine = engine_context(arena, &b.engine->model, b.engine, b.engine->weights, 1, hf2c_thread_limit(), &b.context, err) && bake(&b);
    }
    arena_free(arena);
    return fine;
}
