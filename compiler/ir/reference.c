/* The reference page of the ops, from the tables. */
#include "compiler/ir/op.h"

#include <string.h>

/* Expressions of elementwise.def without their casts: what they mean for people. */
static void add_equation(Str *out, const char *equation)
{
    static const char cast[] = "(REAL)";
    while (*equation != '\0') {
        if (strncmp(equation, cast, sizeof cast - 1) == 0) {
            equation += sizeof cast - 1;
            continue;
        }
        str_printf(out, *equation == '|' ? "\\%c" : "%c", *equation);
        equation++;
    }
}

static void add_op(Str *out, const OpInfo *info)
{
    str_printf(out, "| `%s` | ", info->name);
    if (info->least == info->most)
        str_printf(out, "%d", info->least);
    else
        str_printf(out, "%d to %d", info->least, info->most);
    str_printf(out, " | %s | ", info->attributes);
    add_equation(out, info->equation);
    str_printf(out, " | %s |\n", info->bind == NULL ? "" : "yes");
}

static void add_symbols(Str *out)
{
    str_printf(out, "\n## Dimensions known at run time\n\n| symbol | counts |\n|---|---|\n");
#define SYMBOL(name, text) str_printf(out, "| `%s` | %s |\n", #name, text);
#include "compiler/ir/symbols.def"
}

void ops_reference(Str *out)
{
    str_printf(out, "# Operations\n\nMade from `ops.def` and `templates/elementwise.def`. Values are f32 unless said otherwise; "
                    "an attribute that is left out is 0. Ops without a kernel exist only in the graph: sources, views, and "
                    "what happens when the weights are packed.\n\n"
                    "| op | operands | attributes | computes | kernel |\n|---|---|---|---|---|\n");
    for (int op = OP_none + 1; op < OP_COUNT; op++) add_op(out, op_info((Op)op));
    add_symbols(out);
    str_printf(out, "\n## Rules\n\n"
                    "- A value whose shape has no symbol is constant: it is evaluated when the weights are packed.\n"
                    "- Attention: query i sees key j when `causal` is 0 or j <= i, and `window` is 0 or |i - j| < window. "
                    "`softcap` c above 0 turns a score s into c tanh(s / c), before the mask. Query head h uses kv head "
                    "h / (heads / kv_heads).\n"
                    "- `rope` rotates the pairs (i, i + rotary_dim / 2), or (2 i, 2 i + 1) when `interleaved` is 1; elements of a "
                    "head beyond rotary_dim stay as they are. The angle is a product in float32.\n"
                    "- c is the attribute `value`. The activation and the gate of a `linear` are functions of one number; it has one of "
                    "them or none.\n"
                    "- The second operand of an op of two may be a constant row: it is applied to every row of the first.\n");
}
