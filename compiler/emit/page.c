/* page: MODEL.md, what the folder is, of what, with which sizes. */
#include <inttypes.h>
#include <string.h>

#include "compiler/emit/emit.h"
#include "compiler/emit/measure.h"
#include "compiler/emit/stack.h"

static int64_t multiplications(const Plan *plan)
{
    int64_t total = 0;
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        for (size_t i = 0; i < section->count; i++) {
            const Node *node = plan->step[section->first + i].node;
            if (node && node->op == OP_linear)
                total += node->operand[1]->shape.dim[0].size * node->operand[1]->shape.dim[1].size * section->iterations;
        }
    }
    return total;
}

/* Bytes of weights that a token makes the processor read: everything but the rows of tables that it does not choose. */
static size_t bytes_read(const Plan *plan)
{
    size_t total = 0;
    for (size_t i = 0; i < plan->weights; i++) {
        const PackedWeight *weight = &plan->weight[i];
        bool table = !plan->is_linear_weight[weight->node->id] && weight->node->shape.rank == 2;
        total += table ? weight->bytes / (size_t)weight->node->shape.dim[0].size : weight->bytes;
    }
    return total;
}

/* Firmware: what the chip must have. */
static void print_chip(Str *out, const Compiled *c, const Measure *m)
{
    str_printf(out, "| bytes of weights read per token | %zu |\n\n## Flash and RAM\n\n| part | bytes |\n|---|---:|\n| weights | %zu |\n", bytes_read(c->plan),
               c->facts.weights_bytes);
    if (m->known) str_printf(out, "| code | %zu |\n| constants of the code | %zu |\n", m->code, m->constants);
    str_printf(out, "| tokenizer and its tables | %zu |\n| **flash%s** | %zu |\n",
               m->known ? m->tokenizer : c->tokenizer ? tokenizer_bytes(c->tokenizer) : 0, m->known ? "" : ", code not counted", measure_flash(c, m));
    if (c->facts.fast_bytes) str_printf(out, "| fast workspace: %d %% of what steps touch | %zu |\n", c->plan->fast_share, c->facts.fast_bytes);
    str_printf(out, "| workspace | %zu |\n| state | %zu |\n", c->facts.workspace_bytes, c->facts.state_bytes);
    if (m->known) str_printf(out, "| stack, worst case | %zu |\n", m->stack);
    str_printf(out, "| **RAM%s%s** | %zu |\n\n", c->facts.fast_bytes ? " beside the fast" : "", m->known ? "" : ", stack not counted", measure_ram(c, m));
    if (m->known) str_printf(out, "The deepest call: `%s`. Functions of the compiler's library count %d bytes of stack each.\n", m->path, STACK_OF_HELPER);
    else str_printf(out, "Code and stack are not measured: %s.\n", m->why);
    str_printf(out, "The context and the arrays of texts and results are the caller's and come on top.\n");
}

static void print_steps(Str *out, const Plan *plan)
{
    str_printf(out, "\n## Schedule\n\n");
    for (size_t s = 0; s < plan->sections; s++) {
        const Section *section = &plan->section[s];
        if (section->iterations > 1) str_printf(out, "%d times:\n", section->iterations);
        for (size_t i = section->first; i < section->first + section->count; i++)
            str_printf(out, "%s- `%s`\n", section->iterations > 1 ? "  " : "", plan->instance[plan->step[i].instance].name);
    }
}

static void print_files(Str *out, const Compiled *c)
{
    const char *extension = dialect_find(c->target->emitter)->extension;
    str_printf(out, "\n## Files\n\n| file | what |\n|---|---|\n");
    str_printf(out, "| `%s.h` | sizes and the API |\n| `%s.%s` | kernels with this model's numbers, and the schedule |\n", c->name, c->name, extension);
    if (emit_is_firmware(c)) {
        str_printf(out, "| `%s_text.c` | the tokenizer |\n| `%s_weights.S`, `%s.weights` | packed weights; `HF2C_WEIGHTS_SECTION` names their section |\n", c->name,
                   c->name, c->name);
        return;
    }
    str_printf(out, "| `%s_model.c` | what the runtime is told; small calls |\n", c->name);
    if (c->tokenizer) str_printf(out, "| `%s_text.c` | tokenizer tables, %zu bytes |\n", c->name, tokenizer_bytes(c->tokenizer));
    if (c->target_tokenizer)
        str_printf(out, "| `%s_target_text.c` | the same of what is written, %zu bytes |\n", c->name, tokenizer_bytes(c->target_tokenizer));
    str_printf(out, "| `%s.weights` | packed weights, %zu bytes |\n", c->name, c->facts.weights_bytes);
    if (emit_has_self_test(c)) str_printf(out, "| `%s_test.c` | self-test: `cc -DHF2C_SELF_TEST *.c -lm` |\n", c->name);
    str_printf(out, "| others | the runtime and the kernels, as hf2c has them |\n");
}

void emit_page(Str *out, const Compiled *c, const EmitOptions *options, const Measure *measure)
{
    const hf2c_model *f = &c->facts;
    str_printf(out, "# %s\n\nMade by hf2c: `%s`\n\n| | |\n|---|---|\n", f->name, options->command);
    str_printf(out, "| architecture | %s |\n| tasks | %s |\n| target | %s (%s) |\n", f->architecture, f->tasks, c->target->name, c->target->about);
    str_printf(out, "| parameters | %" PRId64 " |\n| layers, hidden size | %d, %d |\n| vocabulary | %d |\n| longest sequence | %d |\n",
               graph_parameters(c->before), f->layers, f->hidden, f->vocabulary, f->max_sequence);
    str_printf(out, "| weights | %zu bytes, hash %016" PRIx64 " |\n| workspace | %zu bytes |\n| state | %zu bytes for each sequence that is kept |\n",
               f->weights_bytes, f->weights_hash, f->workspace_bytes, f->state_bytes);
    Rings rings = plan_rings(c->plan);
    if (rings.rings)
        str_printf(out, "| windows | %d of %d caches keep %" PRId64 " of %d positions or little more |\n", rings.rings, rings.caches,
                   rings.positions, f->max_sequence);
    if (c->draft) str_printf(out, "| draft | %s, %zu bytes of weights |\n", c->draft->facts.name, c->draft->facts.weights_bytes);
    if (c->baked) str_printf(out, "| prompt that is read already | %d tokens, %zu bytes |\n", c->baked->count, c->baked->bytes);
    str_printf(out, "| multiply-accumulates | %" PRId64 " per token, attention not counted |\n", multiplications(c->plan));
    if (measure) print_chip(out, c, measure);
    print_files(out, c);
    print_steps(out, c->plan);
}
