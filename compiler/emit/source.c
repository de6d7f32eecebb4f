/* source: NAME.c, the schedule of one model. */
#include <inttypes.h>
#include <string.h>

#include "compiler/emit/emit.h"

static const Dialect dialects[] = {
    {"c", "c", "templates/cpu", "h", "const hf2c_team *team", "team", false, true, "templates/simd/begin.h", "templates/simd/end.h", NULL, false},
    {"firmware", "c", "templates/cpu", "h", "const hf2c_team *team", "team", false, false, "templates/simd/begin.h", "templates/simd/end.h", NULL, true},
    {"cuda", "cu", "templates/cuda", "cuh", "hf2c_stream *stream", "stream", true, false, NULL, NULL, "cuda", false},
};

const Dialect *dialect_find(const char *emitter)
{
    for (size_t i = 0; i < COUNT_OF(dialects); i++)
        if (strcmp(dialects[i].emitter, emitter) == 0) return &dialects[i];
    bug("no emitter %s", emitter);
}

typedef struct Emitter {
    Str *out;
    Arena *arena;
    const Compiled *compiled;
    const Plan *plan;
    const Dialect *dialect;
    const Names *names;
} Emitter;

/* ---- kernels ---- */

static void print_include(const Emitter *e, const char *path)
{
    str_printf(e->out, "#include \"%s\"\n", flat_name(e->arena, path));
}

static void print_kernel_includes(const Emitter *e)
{
    Map *seen = map_new(e->arena);
    if (e->dialect->begin) {
        if (e->dialect->firmware) emit_small_memory(e->out, e->compiled);
        if (e->plan->options.target->ahead) str_printf(e->out, "#define HF2C_AHEAD %lld\n", (long long)e->plan->options.target->ahead);
        print_include(e, e->dialect->begin);
    }
    for (size_t i = 0; i < e->plan->instances; i++) {
        const char *file = e->plan->instance[i].kernel->file;
        if (map_get(seen, file)) continue;
        map_set(seen, file, seen);
        print_include(e, arena_printf(e->arena, "%s/%.*s.%s", e->dialect->kernels, (int)(strlen(file) - 2), file,
                                      e->dialect->kernel_extension));
    }
}

/* Part number i of a list "float *y, const float *x". */
static const char *list_part(Arena *arena, const char *list, int i)
{
    while (i-- > 0) list = strchr(list, ',') + 1;
    while (*list == ' ') list++;
    return arena_copy_text(arena, list, strcspn(list, ","));
}

/* "const float *gain" -> "gain" */
static const char *declared_name(const char *declaration)
{
    const char *name = declaration + strlen(declaration);
    while (name > declaration && name[-1] != ' ' && name[-1] != '*') name--;
    return name;
}

static const char *keys_name(int place)
{
    static const char *const names[] = {[KEYS_rows] = "KEYS_rows", [KEYS_cached] = "KEYS_cached", [KEYS_memory] = "KEYS_memory"};
    return names[place];
}

/* A constant as a person would write it: names where it has one. */
static const char *constant_text(const Emitter *e, const KernelEntry *kernel, const Call *call, int i)
{
    const char *name = list_part(e->arena, kernel->constant_text, i);
    int64_t value = call->constant[i];
    bool function = strcmp(name, "activation") == 0 || strcmp(name, "gate") == 0 || strcmp(name, "function") == 0;
    if (function) return arena_printf(e->arena, "FUNCTION_%s", value ? function_name((int)value) : "none");
    if (strcmp(name, "cached") == 0) return keys_name((int)value);
    if (strcmp(name, "origin") == 0 && value == BIAS_BY_KEY) return "BIAS_BY_KEY";
    if (strcmp(name, "mode") == 0) return arena_printf(e->arena, "POOL_%s", pool_mode_name((int)value));
    return arena_printf(e->arena, "%" PRId64, value);
}

static const char *real_text(const Emitter *e, double value)
{
    return arena_printf(e->arena, "%sf", text_of_float(e->arena, (float)value));
}

/* A line that is continued on the next one before it gets too long. */
typedef struct Line {
    Str *out;
    size_t width;
    int continued; /* spaces before what follows on the next line */
} Line;

static void line_add(Line *line, const char *part)
{
    size_t length = strlen(part);
    if (line->width + length > 110 && part[0] == ',') {
        str_printf(line->out, ",\n%*s%s", line->continued, "", part + 2);
        line->width = (size_t)line->continued + length - 2;
        return;
    }
    const char *end = strrchr(part, '\n');
    str_printf(line->out, "%s", part);
    line->width = end ? strlen(end + 1) : line->width + length;
}

/* A comment in lines of at most 120 columns. */
static void print_comment(Str *out, const char *text)
{
    size_t width = 2;
    str_printf(out, "/*");
    for (size_t length; *text; text += length) {
        text += strspn(text, " ");
        length = strcspn(text, " ");
        bool full = width + 1 + length > 117;
        str_printf(out, "%s%.*s", full ? "\n * " : " ", (int)length, text);
        width = (full ? 2 : width) + 1 + length;
    }
    str_printf(out, " */\n");
}

static void print_wrapper_head(const Emitter *e, const Instance *instance)
{
    const KernelEntry *kernel = instance->kernel;
    Line line = {e->out, 0, 8};
    print_comment(e->out, instance->about);
    line_add(&line, arena_printf(e->arena, "static void %s(%s", instance->name, e->dialect->team));
    for (int i = 0; i < kernel->pointers; i++)
        if (i == 0 || instance->call.pointer[i]) line_add(&line, arena_printf(e->arena, ", %s", list_part(e->arena, kernel->pointer_text, i)));
    str_printf(e->out, ", %s)\n{\n", kernel->dynamic_text);
}

static void print_constants(const Emitter *e, const Instance *instance, Line *line, bool first)
{
    for (int i = 0; i < instance->kernel->constants; i++)
        line_add(line, arena_printf(e->arena, "%s%s", i || !first ? ", " : "", constant_text(e, instance->kernel, &instance->call, i)));
}

/* Where there is one thread, it takes part in everything. */
static bool enters(const Emitter *e) { return e->dialect->enters && e->plan->options.target->threads; }

static void print_enter(const Emitter *e, const Instance *instance)
{
    const char *alone = arena_printf(e->arena, "%s <= %d", declared_name(instance->kernel->dynamic_text), instance->alone);
    str_printf(e->out, "    hf2c_team part;\n    if (!hf2c_enter(team, &part, %s)) return;\n", instance->alone ? alone : "0");
}

/* What the kernel is called with: its memory, the call's numbers and, where they are no template arguments, the model's. */
static void print_arguments(const Emitter *e, const Instance *instance, Line *line)
{
    const KernelEntry *kernel = instance->kernel;
    const char *none = e->dialect->template_constants ? "nullptr" : "NULL";
    line_add(line, arena_printf(e->arena, "(%s", enters(e) ? "&part" : e->dialect->team_name));
    for (int i = 0; i < kernel->pointers; i++) {
        const char *name = declared_name(list_part(e->arena, kernel->pointer_text, i));
        line_add(line, arena_printf(e->arena, ", %s", i == 0 || instance->call.pointer[i] ? name : none));
    }
    line_add(line, arena_printf(e->arena, ", %s", declared_name(kernel->dynamic_text)));
    if (!e->dialect->template_constants) print_constants(e, instance, line, false);
    for (int i = 0; i < kernel->reals; i++) line_add(line, arena_printf(e->arena, ", %s", real_text(e, instance->call.real[i])));
}

/* The kernel with this model's numbers: the compiler specialises it. */
static void print_wrapper(const Emitter *e, const Instance *instance)
{
    const KernelEntry *kernel = instance->kernel;
    Line line = {e->out, 0, 8};
    print_wrapper_head(e, instance);
    if (enters(e)) print_enter(e, instance);
    if (kernel->constants) str_printf(e->out, "    /* %s */\n", kernel->constant_text);
    line_add(&line, arena_printf(e->arena, "    %s", kernel->name));
    if (e->dialect->template_constants && kernel->constants) {
        line_add(&line, "<");
        print_constants(e, instance, &line, true);
        line_add(&line, ">");
    }
    print_arguments(e, instance, &line);
    str_printf(e->out, ");\n}\n\n");
}

/* ---- the schedule ---- */

static const char *section_name(const Emitter *e, size_t number)
{
    const Section *section = &e->plan->section[number];
    size_t loops = 0, before = 0, sections = 0, at = 0;
    const char *entry = section->entry ? "source_" : "";
    for (size_t s = 0; s < e->plan->sections; s++) {
        if (e->plan->section[s].entry != section->entry) continue;
        sections++, at += s < number;
        if (e->plan->section[s].iterations > 1) loops++, before += s < number;
    }
    if (section->iterations > 1 && loops > 1) return arena_printf(e->arena, "%slayer_%zu", entry, before + 1);
    if (section->iterations == 1 && at > 0 && at + 1 < sections) return arena_printf(e->arena, "%spart_%zu", entry, at);
    const char *name = section->iterations > 1 ? "layer" : sections == 1 ? "everything" : at == 0 ? "begin" : "finish";
    return arena_printf(e->arena, "%s%s", entry, name);
}

static const char *shape_comment(const Emitter *e, const Node *node)
{
    Str text = {0};
    for (int i = 0; i < node->shape.rank; i++) {
        Dim dim = node->shape.dim[i];
        str_printf(&text, "%s", i ? ", " : "");
        if (dim.symbol == SYMBOL_none || dim.size != 1) str_printf(&text, "%" PRId64, dim.size);
        if (dim.symbol != SYMBOL_none) str_printf(&text, "%s%s", dim.size != 1 ? " " : "", symbol_name(dim.symbol));
    }
    const char *copy = arena_printf(e->arena, "[%s]", text.data ? text.data : "");
    str_free(&text);
    return copy;
}

static const char *pointer_type(const Emitter *e, const KernelEntry *kernel, int i)
{
    const char *declaration = list_part(e->arena, kernel->pointer_text, i);
    return arena_copy_text(e->arena, declaration, (size_t)(declared_name(declaration) - declaration));
}

/* Where the pointers of one place count from: a loop has the weights and caches of the layer at hand in variables of their own. */
typedef struct Base {
    const char *text;
    size_t offset, stride;
} Base;

static Base base_of(const Emitter *e, const Section *section, Place place)
{
    Base base = {place == PLACE_STATE ? "call->state" : place == PLACE_WEIGHTS ? "call->weights" : "call->workspace", 0, 0};
    if (section->iterations == 1 || place == PLACE_ARENA) return base;
    for (size_t i = section->first; i < section->first + section->count; i++)
        for (int p = 0; p < e->plan->step[i].call.pointers; p++) {
            const Operand *operand = &e->plan->step[i].pointer[p];
            if (operand->place != place || !operand->stride) continue;
            if (base.stride && base.stride != operand->stride) return (Base){base.text, 0, 0};
            if (!base.stride || operand->offset < base.offset) base.offset = operand->offset;
            base.stride = operand->stride;
        }
    return base;
}

static void print_base(const Emitter *e, Base base, const char *type, const char *name)
{
    if (base.stride)
        str_printf(e->out, "    %s%s = %s + %zu + (size_t)index * %zu; /* of this layer */\n", type, name, base.text, base.offset, base.stride);
}

/* "k_cache": the last word of the name that the architecture gave it. */
static const char *cache_word(const Operand *operand)
{
    const Node *cache = node_storage(operand->node, &(int64_t){0});
    const char *dot = cache->name ? strrchr(cache->name, '.') : NULL;
    return dot ? dot + 1 : "cache";
}

/* Is there, in the section that uses this cache, another one of the same word? */
static bool cache_has_namesake(const Emitter *e, const Operand *operand)
{
    for (size_t s = 0; s < e->plan->sections; s++) {
        const Section *section = &e->plan->section[s];
        bool used = false, namesake = false;
        for (size_t i = section->first; i < section->first + section->count; i++)
            for (int p = 0; p < e->plan->step[i].call.pointers; p++) {
                const Operand *other = &e->plan->step[i].pointer[p];
                if (other->place != PLACE_STATE) continue;
                used = used || other->offset == operand->offset;
                namesake = namesake || (other->offset != operand->offset && strcmp(cache_word(other), cache_word(operand)) == 0);
            }
        if (used && namesake) return true;
    }
    return false;
}

static const char *state_name(const Emitter *e, const Operand *operand)
{
    const Node *cache = node_storage(operand->node, &(int64_t){0});
    if (!cache_has_namesake(e, operand)) return cache_word(operand);
    return arena_printf(e->arena, "%s_%" PRId64, cache_word(operand), cache->a.index);
}

static const char *operand_name(const Emitter *e, const Operand *operand)
{
    return operand->place == PLACE_STATE ? state_name(e, operand) : names_of(e->names, operand);
}

static void print_address(const Emitter *e, const Operand *operand, Base base)
{
    if (operand->place == PLACE_ARENA) {
        str_printf(e->out, "%s", emit_arena(e->arena, e->plan, operand->offset - (size_t)operand->column * sizeof(float)));
        return;
    }
    size_t offset = operand->offset;
    if (operand->stride && base.stride) {
        str_printf(e->out, "%s + %zu", operand->place == PLACE_STATE ? "state" : "weights", offset - base.offset);
    } else {
        str_printf(e->out, "%s + %zu", base.text, offset);
        if (operand->stride) str_printf(e->out, " + (size_t)index * %zu", operand->stride);
    }
}

/* A local pointer for every value, weight and cache that the section uses. */
static void print_local(const Emitter *e, Map *declared, const Step *step, int p, Base base)
{
    const Operand *operand = &step->pointer[p];
    const char *name = operand_name(e, operand);
    if (map_get(declared, name)) return;
    map_set(declared, name, declared);
    bool weight = operand->place == PLACE_WEIGHTS;
    int64_t column;
    const Node *shown = operand->place == PLACE_ARENA ? node_storage(operand->node, &column) : operand->node;
    bool floats = !weight && shown->format == FORMAT_f32;
    const char *type = floats ? "float *" : weight ? pointer_type(e, e->plan->instance[step->instance].kernel, p) : "void *";
    str_printf(e->out, "    %s%s = (%s)(", type, name, type);
    print_address(e, operand, base);
    bool strip = operand->place == PLACE_ARENA && plan_strip_of(e->plan, (size_t)(step - e->plan->step)) && !operand->row_bytes && !plan_reads_whole(step, p);
    str_printf(e->out, "); /* %s%s%s%s */\n", floats ? "" : format_name(shown->format), floats ? "" : " ", shape_comment(e, shown),
               strip ? ", of a strip" : "");
}

static void print_locals(const Emitter *e, const Section *section)
{
    Map *declared = map_new(e->arena);
    for (Place place = PLACE_ARENA; place <= PLACE_STATE; place++) {
        Base base = base_of(e, section, place);
        if (place == PLACE_WEIGHTS) print_base(e, base, "const uint8_t *", "weights");
        if (place == PLACE_STATE) print_base(e, base, "uint8_t *", "state");
        for (size_t i = section->first; i < section->first + section->count; i++)
            for (int p = 0; p < e->plan->step[i].call.pointers; p++)
                if (e->plan->step[i].pointer[p].place == place) print_local(e, declared, &e->plan->step[i], p, base);
    }
}

static const char *argument_text(const Emitter *e, const Operand *operand)
{
    switch (operand->place) {
    case PLACE_INPUT:
        return operand->index == INPUT_sequences ? "call->sequences" : arena_printf(e->arena, "call->%s", plan_input_names[operand->index]);
    case PLACE_OUTPUT:
        if (operand->index_stride) return arena_printf(e->arena, "call->outputs[%d + %d * index]", operand->index, operand->index_stride);
        return arena_printf(e->arena, "call->outputs[%d]", operand->index);
    case PLACE_ARENA:
        if (operand->column) return arena_printf(e->arena, "%s + %" PRId64, names_of(e->names, operand), operand->column);
        return names_of(e->names, operand);
    default: return operand_name(e, operand);
    }
}

/* The same from the first row of the strip on, where a step runs strip by strip. */
static const char *strip_argument_text(const Emitter *e, const Operand *operand)
{
    const char *text = argument_text(e, operand);
    if (operand->place == PLACE_INPUT && operand->index == INPUT_sequences) return "&sequences";
    if (!operand->row_bytes) return text;
    if (operand->place == PLACE_INPUT) {
        const char *from = arena_printf(e->arena, "%s + strip.row", text);
        return operand->index == INPUT_types ? arena_printf(e->arena, "%s ? %s : NULL", text, from) : from;
    }
    bool floats = operand->place == PLACE_OUTPUT || node_storage(operand->node, NULL)->format == FORMAT_f32;
    if (!floats) return arena_printf(e->arena, "(char *)%s + strip.row * %zu", text, operand->row_bytes);
    return arena_printf(e->arena, "%s + strip.row * %zu", text, operand->row_bytes / sizeof(float));
}

static const char *run_count(Arena *arena, const Call *call, bool strip)
{
    if (strip) return "strip.rows";
    Symbol symbol = call->dynamic[0];
    const char *count = symbol == SYMBOL_sequences ? "sequence_count" : symbol_name(symbol);
    if (call->multiple > 1) return arena_printf(arena, "%" PRId64 " * call->%s", call->multiple, count);
    return arena_printf(arena, "call->%s", count);
}

/* The first step of its section. */
static const Step *section_of_step(const Emitter *e, const Step *step)
{
    size_t s = 0, number = (size_t)(step - e->plan->step);
    while (number >= e->plan->section[s].first + e->plan->section[s].count) s++;
    return &e->plan->step[e->plan->section[s].first];
}

static void print_step(const Emitter *e, const Step *step)
{
    const Instance *instance = &e->plan->instance[step->instance];
    bool deeper = e->dialect->firmware, strip = plan_strip_of(e->plan, (size_t)(step - e->plan->step)) != NULL, guarded = step->guard >= 0;
    int indent = (deeper ? 8 : 4) + (guarded ? 4 : 0);
    Line line = {e->out, 0, indent + 4};
    if (deeper) str_printf(e->out, "    case %zu:\n", (size_t)(step - section_of_step(e, step)));
    if (guarded) str_printf(e->out, "%*sif (%s)\n", indent - 4, "", argument_text(e, &step->pointer[0]));
    line_add(&line, arena_printf(e->arena, "%*s%s(%s", indent, "", instance->name, e->dialect->team_name));
    for (int p = 0; p < step->call.pointers; p++)
        if (step->pointer[p].place != PLACE_NONE)
            line_add(&line, arena_printf(e->arena, ", %s", (strip ? strip_argument_text : argument_text)(e, &step->pointer[p])));
    line_add(&line, arena_printf(e->arena, ", %s);\n", run_count(e->arena, &step->call, strip)));
    if (deeper) str_printf(e->out, "        break;\n");
}

static void print_section(const Emitter *e, size_t number)
{
    const Section *section = &e->plan->section[number];
    bool loop = section->iterations > 1;
    if (loop)
        str_printf(e->out, "/* %s of the layers %d to %d; index counts from 0. */\n",
                   section->period > 1 ? arena_printf(e->arena, "%d in a row", section->period) : "One", section->layer,
                   section->layer + section->iterations * section->period - 1);
    bool steps = e->dialect->firmware, strips = emit_has_strips(e->plan, section);
    str_printf(e->out, "static void %s(%s, const hf2c_call *call%s%s)\n{\n", section_name(e, number), e->dialect->team,
               loop ? ", int index" : "", strips ? ", int turn" : steps ? ", int step" : "");
    print_locals(e, section);
    if (strips) emit_strip_of_turn(e->out, e->compiled, section);
    str_printf(e->out, steps ? "\n    switch (step) {\n" : "\n");
    for (size_t i = section->first; i < section->first + section->count; i++) print_step(e, &e->plan->step[i]);
    str_printf(e->out, steps ? "    default:\n        break;\n    }\n}\n\n" : "}\n\n");
}

static const char *schedule_name(int entry) { return entry ? "schedule_source" : "schedule"; }

static void print_step_schedule(const Emitter *e, int entry)
{
    const char **names = ARENA_ARRAY(e->arena, const char *, e->plan->sections + 1);
    for (size_t s = 0; s < e->plan->sections; s++) names[s] = section_name(e, s);
    emit_step_schedule(e->out, e->compiled, entry, names);
}

static void print_schedule(const Emitter *e, int entry)
{
    if (e->dialect->firmware) {
        print_step_schedule(e, entry);
        return;
    }
    bool c = !e->dialect->template_constants;
    str_printf(e->out, c ? "static void %s(const hf2c_team *team, void *argument)\n{\n    const hf2c_call *call = argument;\n"
                         : "static void %s(hf2c_stream *stream, const hf2c_call *call)\n{\n", schedule_name(entry));
    for (size_t s = 0; s < e->plan->sections; s++) {
        if (e->plan->section[s].entry != entry) continue;
        if (e->plan->section[s].iterations > 1)
            str_printf(e->out, "    for (int i = 0; i < %d; i++) %s(%s, call, i);\n",
                       e->plan->section[s].iterations, section_name(e, s), e->dialect->team_name);
        else
            str_printf(e->out, "    %s(%s, call);\n", section_name(e, s), e->dialect->team_name);
    }
    str_printf(e->out, "}\n\n");
}

/* ---- the file ---- */

/* What the model's struct points at. */
static const char *entry_name(int entry) { return entry ? "encode_source" : "forward"; }

static void print_entry_c(const Emitter *e, int entry)
{
    str_printf(e->out, "\nhf2c_status %s_%s(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)\n{\n"
                       "    return hf2c_call_%s(context, batch, outputs, %s);\n}\n",
               e->compiled->name, entry_name(entry), entry ? "encode" : "schedule", schedule_name(entry));
}

static bool is_output_of(const Emitter *e, int i, int entry)
{
    return (e->compiled->facts.outputs[i].rows == HF2C_ROWS_SOURCE) == (entry == 1);
}

static void print_output_memory(const Emitter *e, int entry)
{
    const hf2c_model *facts = &e->compiled->facts;
    for (int i = 0; i < facts->output_count; i++) {
        static const char *const counts[] = {"batch->rows", "batch->sequences", "batch->wanted", "batch->rows", "batch->images"};
        if (!is_output_of(e, i, entry)) continue;
        str_printf(e->out, "    hf2c_device_copy_output(device, outputs[%d], call.outputs[%d], (size_t)%s * %d * sizeof(float));\n", i, i,
                   counts[facts->outputs[i].rows], facts->outputs[i].columns);
    }
}

/* Outputs are computed in the device's workspace and copied out. */
static void print_entry_cuda(const Emitter *e, int entry)
{
    const Compiled *c = e->compiled;
    str_printf(e->out,
               "extern \"C\" hf2c_status %s_%s(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)\n{\n"
               "    hf2c_device *device = (hf2c_device *)context->engine;\n"
               "    hf2c_device_inputs in;\n"
               "    hf2c_status status = hf2c_device_begin%s(device, context, batch, &in);\n"
               "    if (status != HF2C_OK) return status;\n", c->name, entry_name(entry), entry ? "_source" : "");
    str_printf(e->out, "    float *on_device[%d];\n", c->facts.output_count);
    for (int i = 0; i < c->facts.output_count; i++)
        if (is_output_of(e, i, entry))
            str_printf(e->out, "    on_device[%d] = outputs[%d] ? (float *)(context->workspace + %zu) : nullptr;\n", i, i, e->plan->output_offset[i]);
        else
            str_printf(e->out, "    on_device[%d] = nullptr;\n", i);
    str_printf(e->out,
               "    hf2c_call call;\n    hf2c_call_begin(&call, context, batch, on_device);\n"
               "    call.ids = in.ids;\n    call.positions = in.positions;\n    call.types = in.types;\n    call.want = in.want;\n"
               "    call.sequences = in.sequences;\n%s"
               "    %s(&device->stream, &call);\n", c->facts.image_values ? "    call.values = in.values;\n" : "", schedule_name(entry));
    print_output_memory(e, entry);
    str_printf(e->out, "    return hf2c_device_finish(device);\n}\n");
}

static void print_head(const Emitter *e)
{
    const Compiled *c = e->compiled;
    str_printf(e->out, "/* %s.%s: the model %s (%s), compiled by hf2c for %s.\n *\n", c->name, e->dialect->extension, c->facts.name,
               c->facts.architecture, c->target->name);
    str_printf(e->out, " * %d layers, hidden size %d, vocabulary %d, sequences of up to %d tokens; %zu bytes of weights, %zu of workspace, %zu\n"
                       " * of state for each sequence that is kept. MODEL.md says more. */\n",
               c->facts.layers, c->facts.hidden, c->facts.vocabulary, c->facts.max_sequence, c->facts.weights_bytes,
               c->facts.workspace_bytes, c->facts.state_bytes);
    str_printf(e->out, "#include \"%s.h\"\n\n", c->name);
    print_include(e, "runtime/core/call.h");
    if (e->dialect->device) print_include(e, arena_printf(e->arena, "runtime/%s/device.h", e->dialect->device));
    str_printf(e->out, "\n/* The kernels, as ordinary functions whose last parameters are shapes. */\n");
    print_kernel_includes(e);
    if (e->dialect->firmware) emit_small_memory_check(e->out, c);
}

void emit_source(Str *out, const Compiled *compiled)
{
    Emitter e = {.out = out, .arena = compiled->arena, .compiled = compiled, .plan = compiled->plan};
    e.dialect = dialect_find(compiled->target->emitter);
    e.names = names_make(compiled->arena, compiled->plan, compiled->built.architecture->prefix);
    print_head(&e);
    str_printf(out, "\n/* ---- the kernels with this model's numbers ---- */\n\n");
    for (size_t i = 0; i < e.plan->instances; i++) print_wrapper(&e, &e.plan->instance[i]);
    str_printf(out, "/* ---- the schedule ---- */\n\n");
    emit_strip_function(out, compiled);
    for (size_t s = 0; s < e.plan->sections; s++) print_section(&e, s);
    int entries = graph_has_encoder(compiled->graph) ? 2 : 1;
    for (int entry = entries; entry-- > 0;) print_schedule(&e, entry);
    if (!e.dialect->template_constants) print_include(&e, e.dialect->end);
    for (int entry = entries; entry-- > 0;) {
        if (e.dialect->template_constants) print_entry_cuda(&e, entry);
        else if (e.dialect->firmware) emit_step_entry(out, compiled, entry);
        else print_entry_c(&e, entry);
    }
}
