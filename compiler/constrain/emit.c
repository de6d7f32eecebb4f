/* emit: the tables as C. */
#include "compiler/constrain/constrain.h"

enum { PER_LINE = 24 };

static void begin_array(Str *out, const char *type, const char *name, size_t count) { str_printf(out, "static const %s %s[%zu] = {", type, name, count); }

static void separate(Str *out, size_t at) { str_printf(out, at % PER_LINE == 0 ? "\n    " : " "); }

static void print_shorts(Str *out, const char *name, const uint16_t *values, size_t count)
{
    begin_array(out, "uint16_t", name, count);
    for (size_t i = 0; i < count; i++) {
        separate(out, i);
        str_printf(out, "%u,", values[i]);
    }
    str_printf(out, "\n};\n");
}

static void print_rows(Str *out, const hf2c_constraint *c)
{
    begin_array(out, "uint32_t", "row", (size_t)c->states + 1);
    for (size_t i = 0; i <= (size_t)c->states; i++) {
        separate(out, i);
        str_printf(out, "%lu,", (unsigned long)c->row[i]);
    }
    str_printf(out, "\n};\n");
    begin_array(out, "hf2c_constraint_run", "run", c->row[c->states]);
    for (size_t i = 0; i < c->row[c->states]; i++) {
        separate(out, 2 * i);
        str_printf(out, "{%u, %u},", c->run[i].first, c->run[i].next);
    }
    str_printf(out, "\n};\n");
}

void constraint_emit(Str *out, const hf2c_constraint *c, const char *name)
{
    str_printf(out, "/* What generated texts must be: constant tables, see generate_constraint.h. */\n#include \"generate_constraint.h\"\n\n"
                    "/* the class of each token; where the runs of a state begin; runs: first class, next state; tokens to the end */\n");
    print_shorts(out, "class_of", c->class_of, (size_t)c->vocabulary);
    print_rows(out, c);
    print_shorts(out, "distance", c->distance, (size_t)c->states);
    str_printf(out, "\nextern const hf2c_constraint %s_constraint;\nconst hf2c_constraint %s_constraint = {\n", name, name);
    str_printf(out, "    .class_of = class_of,\n    .row = row,\n    .run = run,\n    .distance = distance,\n");
    str_printf(out, "    .vocabulary = %d,\n    .classes = %d,\n    .states = %d,\n};\n", c->vocabulary, c->classes, c->states);
}
