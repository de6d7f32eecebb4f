/* firmware: what the schedule of firmware has that others do not: room for kernels that is planned, a schedule that can be run step by
 * step from a main loop, and calls that keep their arrays in the caller's context instead of on the stack. */
#include <inttypes.h>
#include <string.h>

#include "compiler/emit/emit.h"

bool emit_is_firmware(const Compiled *c) { return dialect_find(c->target->emitter)->firmware; }

/* ---- before and behind the kernels ---- */

void emit_small_memory(Str *out, const Compiled *c)
{
    str_printf(out, "/* For small memories: scratch of kernels lies in the workspace and is no larger than this model's heads need. */\n"
                    "#define HF2C_TILE_DEPTH %d\n", PLAN_TILE_DEPTH);
    if (c->plan->head_dim) str_printf(out, "#define HF2C_HEAD_DIM %" PRId64 "\n", c->plan->head_dim);
}

void emit_small_memory_check(Str *out, const Compiled *c)
{
    if (c->plan->scratch_bytes)
        str_printf(out, "_Static_assert(sizeof(AttentionTile) <= %zu, \"the scratch of the plan is too small\");\n", c->plan->scratch_bytes);
}

const char *emit_arena(Arena *arena, const Plan *plan, size_t offset)
{
    if (offset < plan->fast_bytes) return arena_printf(arena, "call->fast + %zu", offset);
    return arena_printf(arena, "call->workspace + %zu", offset - plan->fast_bytes);
}

/* ---- the schedule, step by step ---- */

/* Of one iteration: more than the section has steps where they run strip by strip. */
static size_t section_turns(const Plan *plan, const Section *section) { return plan_turns(plan, section->first, section->first + section->count); }

static size_t entry_steps(const Plan *plan, int entry)
{
    size_t steps = 0;
    for (size_t s = 0; s < plan->sections; s++)
        if (plan->section[s].entry == entry) steps += section_turns(plan, &plan->section[s]) * (size_t)plan->section[s].iterations;
    return steps;
}

/* "step - 6" */
static const char *counted_from(Arena *arena, const char *name, size_t before)
{
    return before ? arena_printf(arena, "%s - %zu", name, before) : name;
}

static void print_section_call(Str *out, const Compiled *c, const Section *section, const char *name, size_t before)
{
    const char *from = counted_from(c->arena, "step", before);
    size_t turns = section_turns(c->plan, section);
    if (section->iterations == 1) str_printf(out, "        %s(team, call, %s);\n", name, from);
    else if (before) str_printf(out, "        %s(team, call, (%s) / %zu, (%s) %% %zu);\n", name, from, turns, from, turns);
    else str_printf(out, "        %s(team, call, step / %zu, step %% %zu);\n", name, turns, turns);
}

/* ---- strips ---- */

void emit_strip_function(Str *out, const Compiled *c)
{
    if (!c->plan->strips) return;
    str_printf(out,
               "/* Steps that look at each row for itself run for a few rows, a strip, then for the next ones: what only they need has room for one. */\n"
               "enum { STRIP_ROWS = %" PRId64 " };\n\ntypedef struct Strip {\n    int row, rows; /* the first, and how many */\n} Strip;\n\n"
               "/* Turn number `turn` of so many steps that run strip by strip: which of them, and for which rows. */\n"
               "static int strip_step(const hf2c_call *call, int turn, int steps, Strip *strip)\n{\n"
               "    strip->row = turn / steps * STRIP_ROWS;\n"
               "    strip->rows = call->rows - strip->row < STRIP_ROWS ? call->rows - strip->row : STRIP_ROWS;\n    return turn %% steps;\n}\n\n",
               c->plan->options.strip_rows);
}

bool emit_has_strips(const Plan *plan, const Section *section)
{
    for (size_t i = section->first; i < section->first + section->count; i++)
        if (plan_strip_of(plan, i)) return true;
    return false;
}

/* "if (turn < 48) step = strip_step(call, turn, 3, &strip);" for each run of steps that belong together */
static void print_turns(Str *out, const Compiled *c, const Section *section)
{
    const Plan *plan = c->plan;
    size_t end = section->first + section->count, before = 0, next;
    for (size_t i = section->first; i < end; i = next) {
        const Strip *strip = plan_strip_of(plan, i);
        for (next = i + 1; next < end && plan_strip_of(plan, next) == strip;) next++;
        size_t turns = plan_turns(plan, i, next), first = i - section->first;
        str_printf(out, "    %s", before ? "else " : "");
        if (next < end) str_printf(out, "if (turn < %zu) ", before + turns);
        const char *from = counted_from(c->arena, "turn", before);
        if (strip) from = arena_printf(c->arena, "strip_step(call, %s, %zu, &strip)", from, strip->count);
        if (strip && first) str_printf(out, "step = %zu + %s;\n", first, from);
        else str_printf(out, "step = %s;\n", strip || before == first ? from : arena_printf(c->arena, "turn - %zu", before - first));
        before += turns;
    }
}

void emit_strip_of_turn(Str *out, const Compiled *c, const Section *section)
{
    bool attends = false;
    str_printf(out, "    Strip strip = {0, call->rows};\n    int step;\n");
    print_turns(out, c, section);
    str_printf(out, "    if (strip.rows <= 0) return; /* the call has fewer rows */\n");
    for (size_t i = section->first; i < section->first + section->count; i++)
        attends = attends || (plan_strip_of(c->plan, i) && plan_reads_whole(&c->plan->step[i], 2));
    if (attends) str_printf(out, "    hf2c_sequences sequences = *call->sequences;\n    sequences.first = strip.row;\n");
}

/* ---- the schedule ---- */

void emit_step_schedule(Str *out, const Compiled *c, int entry, const char *const *names)
{
    const Plan *plan = c->plan;
    size_t before = 0, steps = entry_steps(plan, entry);
    const char *source = entry ? "source_" : "";
    str_printf(out, "enum { %sSTEPS = %zu };\n\n", entry ? "SOURCE_" : "", steps);
    str_printf(out, "/* Part `slice` of `slices` of step number `step`; no result depends on how many slices there are. */\n"
                    "static void run_%sstep(const hf2c_call *call, int step, int slice, int slices)\n{\n"
                    "    const hf2c_solo solo = {{slice, slices, NULL}, %s};\n    const hf2c_team *team = &solo.team;\n",
               source, emit_arena(c->arena, plan, plan->scratch_offset));
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        if (section->entry != entry) continue;
        size_t end = before + section_turns(plan, section) * (size_t)section->iterations;
        if (end < steps) str_printf(out, "    %sif (step < %zu)\n", before ? "else " : "", end);
        else if (before) str_printf(out, "    else\n");
        print_section_call(out, c, section, names[s], before);
        before = end;
    }
    str_printf(out, "}\n\n");
}

static void print_whole_call(Str *out, const Compiled *c, int entry)
{
    str_printf(out,
               "\nhf2c_status %s_%s(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)\n{\n    hf2c_call call;\n"
               "    hf2c_status status = hf2c_%s_check(context, batch);\n    if (status != HF2C_OK) return status;\n"
               "    hf2c_call_begin(&call, context, batch, outputs);\n    for (int i = 0; i < %sSTEPS; i++) run_%sstep(&call, i, 0, 1);\n"
               "    return HF2C_OK;\n}\n",
               c->name, entry ? "encode_source" : "forward", entry ? "source" : "batch", entry ? "SOURCE_" : "", entry ? "source_" : "");
}

static void print_step_function(Str *out, const Compiled *c)
{
    str_printf(out,
               "\nint %s_step(%s_context *c)\n{\n    if (c->slices == 0) return 0;\n    run_step(&c->call, c->step, c->slice, c->slices);\n"
               "    if (++c->slice < c->slices) return 1;\n    c->slice = 0;\n    if (++c->step < STEPS) return 1;\n    c->slices = 0;\n%s"
               "    return 0;\n}\n",
               c->name, c->name, c->facts.state_bytes ? "    c->past += c->call.rows;\n" : "");
}

void emit_step_entry(Str *out, const Compiled *c, int entry)
{
    print_whole_call(out, c, entry);
    if (entry == 0 && c->facts.vocabulary) print_step_function(out, c);
}

/* ---- calls that begin, and whole calls made of steps ---- */

static void print_begin(Str *out, const Compiled *c)
{
    str_printf(out,
               "/* Makes the batch the call that %s_step runs. */\n"
               "static hf2c_status begin_call(%s_context *c, const hf2c_batch *batch, int slices)\n{\n"
               "    hf2c_status status = hf2c_batch_check(&c->context, batch);\n    if (status != HF2C_OK) return status;\n"
               "    hf2c_call_begin(&c->call, &c->context, batch, c->outputs);\n    c->step = c->slice = 0;\n"
               "    c->slices = slices < 1 ? 1 : slices;\n    return HF2C_OK;\n}\n\n", c->name, c->name);
}

static void print_decoder(Str *out, const Compiled *c)
{
    const char *name = c->name;
    int rows = c->facts.max_rows;
    str_printf(out,
               "hf2c_status %s_prefill_begin(%s_context *c, const int32_t *ids, size_t n, float *logits, int slices)\n{\n"
               "    if (!c || !ids || n == 0) return HF2C_BAD_ARGUMENT;\n    if (n > %d) return HF2C_TOO_LONG;\n"
               "    if (n > (size_t)(%d - c->past)) return HF2C_CONTEXT_FULL;\n"
               "    c->start[0] = 0;\n    c->start[1] = (int32_t)n;\n    c->want[0] = (int32_t)n - 1;\n    c->outputs[0] = logits;\n"
               "    for (int i = 0; i < (int)n; i++) c->positions[i] = c->past + i;\n"
               "    hf2c_batch batch = {.rows = (int)n, .sequences = 1, .wanted = logits ? 1 : 0, .ids = ids, .positions = c->positions};\n"
               "    batch.start = c->start;\n    batch.past = &c->past;\n    batch.want = c->want;\n%s    return begin_call(c, &batch, slices);\n}\n\n",
               name, name, rows, c->facts.max_sequence, graph_has_encoder(c->graph) ? "    batch.memory = &c->source;\n" : "");
    str_printf(out,
               "hf2c_status %s_prefill(%s_context *c, const int32_t *ids, size_t n, float *logits)\n{\n"
               "    if (!c || !ids || n == 0) return HF2C_BAD_ARGUMENT;\n    if (n > (size_t)(%d - c->past)) return HF2C_CONTEXT_FULL;\n"
               "    for (size_t some; n > 0; ids += some, n -= some) {\n        some = n < %d ? n : %d;\n"
               "        hf2c_status status = %s_prefill_begin(c, ids, some, n == some ? logits : NULL, 1);\n"
               "        if (status != HF2C_OK) return status;\n        while (%s_step(c)) continue;\n    }\n    return HF2C_OK;\n}\n\n",
               name, name, c->facts.max_sequence, rows, rows, name, name);
    str_printf(out, "hf2c_status %s_decode(%s_context *c, int32_t id, float *logits)\n{\n    return %s_prefill(c, &id, 1, logits);\n}\n\n", name,
               name, name);
    str_printf(out, "void %s_reset(%s_context *c)\n{\n    c->past = 0;\n}\n", name, name);
}

static void print_encoder(Str *out, const Compiled *c)
{
    const char *name = c->name;
    str_printf(out,
               "hf2c_status %s_encode_begin(%s_context *c, const int32_t *ids, const int32_t *types, size_t n, int output, float *out, int slices)\n{\n"
               "    if (!c || !ids || n == 0 || output < 0 || output >= %d) return HF2C_BAD_ARGUMENT;\n    if (n > %d) return HF2C_TOO_LONG;\n"
               "    for (int i = 0; i < (int)n; i++) c->positions[i] = c->want[i] = i;\n    c->start[0] = 0;\n    c->start[1] = (int32_t)n;\n"
               "    for (int i = 0; i < %d; i++) c->outputs[i] = i == output ? out : NULL;\n"
               "    hf2c_batch batch = {.rows = (int)n, .sequences = 1, .wanted = (int)n, .ids = ids, .positions = c->positions};\n"
               "    batch.types = types;\n    batch.start = c->start;\n    batch.want = c->want;\n    return begin_call(c, &batch, slices);\n}\n\n",
               name, name, c->facts.output_count, c->facts.max_sequence, c->facts.output_count);
    str_printf(out,
               "hf2c_status %s_encode(%s_context *c, const int32_t *ids, const int32_t *types, size_t n, int output, float *out)\n{\n"
               "    hf2c_status status = %s_encode_begin(c, ids, types, n, output, out, 1);\n    if (status != HF2C_OK) return status;\n"
               "    while (%s_step(c)) continue;\n    return HF2C_OK;\n}\n", name, name, name, name);
}

void emit_step_calls(Str *out, const Compiled *c)
{
    if (!c->facts.vocabulary) return;
    print_begin(out, c);
    if (c->facts.state_bytes) print_decoder(out, c);
    else print_encoder(out, c);
}

/* ---- NAME.h ---- */

void emit_step_context(Str *out, const Compiled *c)
{
    int rows = c->facts.state_bytes ? c->facts.max_rows : c->facts.max_sequence;
    if (!c->facts.vocabulary) return;
    str_printf(out,
               "    /* of the call that is under way */\n    hf2c_call call;\n    int step, slice, slices;\n    int32_t start[2], positions[%d], want[%d];\n"
               "    float *outputs[%d];\n", rows, c->facts.state_bytes ? 1 : rows, c->facts.output_count);
}

void emit_step_header(Str *out, const Compiled *c)
{
    const char *name = c->name;
    if (!c->facts.vocabulary) return;
    str_printf(out, "/* A call in small pieces, for a main loop. Between begin and the step that returns 0 the context, ids, types and results belong\n"
                    " * to the call. A step is one kernel; slices > 1 cuts each into as many parts. The results are those of the whole call. */\n");
    if (c->facts.state_bytes)
        str_printf(out, "hf2c_status %s_prefill_begin(%s_context *c, const int32_t *ids, size_t n, float *logits, int slices); /* n <= MAX_ROWS */\n", name, name);
    else
        str_printf(out, "hf2c_status %s_encode_begin(%s_context *c, const int32_t *ids, const int32_t *types, size_t n, int output, float *out,\n"
                        "    int slices);\n", name, name);
    str_printf(out, "int %s_step(%s_context *c); /* 0: that was the last one, or nothing is under way */\n\n", name, name);
}
