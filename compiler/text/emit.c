/* The tables as C: arrays of numbers, and structures that point at them. Names come from a counter, never from the tokenizer. */
#include "compiler/text/emit.h"

#include <math.h>
#include <string.h>

static const struct { Function *function; const char *name, *files; } functions[] = {
#define MODEL(type, function, table, file) {(Function *)(function), #function, file},
#define NORMALIZER(function, files) {(Function *)(function), #function, files},
#define PRETOKENIZER(function, files) {(Function *)(function), #function, files},
#define DECODER(function, files) {(Function *)(function), #function, files},
#include "runtime/text/tokenizers.def"
};

const char *runtime_function_name(Function *function)
{
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        if (functions[i].function == function) {
            return functions[i].name;
        }
    }
    bug("a part of a tokenizer is not in tokenizers.def");
}

const char *function_files(Function *function)
{
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        if (functions[i].function == function) {
            return functions[i].files;
        }
    }
    bug("a part of a tokenizer is not in tokenizers.def");
}

/* ---- arrays ---- */

enum { PER_LINE = 24 };

/* Begins `static const TYPE tN[count] = {` and returns N. */
static int begin_array(Emitter *emitter, const char *type, size_t count)
{
    int number = emitter->next++;

    str_printf(emitter->out, "static const %s t%d[%zu] = {", type, number, count > 0 ? count : 1);
    if (count == 0) {
        str_printf(emitter->out, "0");
    }
    return number;
}

static void separate(Emitter *emitter, size_t at)
{
    str_printf(emitter->out, at % PER_LINE == 0 ? "\n    " : " ");
}

static void end_array(Emitter *emitter, size_t bytes)
{
    str_printf(emitter->out, "\n};\n");
    emitter->bytes += bytes;
}

int emit_bytes(Emitter *emitter, const uint8_t *values, size_t count)
{
    int number = begin_array(emitter, "uint8_t", count);

    for (size_t i = 0; i < count; i++) {
        separate(emitter, i);
        str_printf(emitter->out, "%u,", values[i]);
    }
    end_array(emitter, count);
    return number;
}

int emit_shorts(Emitter *emitter, const uint16_t *values, size_t count)
{
    int number = begin_array(emitter, "uint16_t", count);

    for (size_t i = 0; i < count; i++) {
        separate(emitter, i);
        str_printf(emitter->out, "%u,", values[i]);
    }
    end_array(emitter, 2 * count);
    return number;
}

int emit_words(Emitter *emitter, const uint32_t *values, size_t count)
{
    int number = begin_array(emitter, "uint32_t", count);

    for (size_t i = 0; i < count; i++) {
        separate(emitter, i);
        str_printf(emitter->out, "%lu,", (unsigned long)values[i]);
    }
    end_array(emitter, 4 * count);
    return number;
}

int emit_ids(Emitter *emitter, const int32_t *values, size_t count)
{
    int number = begin_array(emitter, "int32_t", count);

    for (size_t i = 0; i < count; i++) {
        separate(emitter, i);
        str_printf(emitter->out, "%ld,", (long)values[i]);
    }
    end_array(emitter, 4 * count);
    return number;
}

int emit_doubles(Emitter *emitter, const double *values, size_t count)
{
    int number = begin_array(emitter, "double", count);

    for (size_t i = 0; i < count; i++) {
        separate(emitter, 4 * i);
        str_printf(emitter->out, "%s,", text_of_double(emitter->arena, values[i]));
    }
    end_array(emitter, 8 * count);
    return number;
}

int begin_structure(Emitter *emitter, const char *type, size_t bytes)
{
    int number = emitter->next++;

    str_printf(emitter->out, "static const %s t%d = {\n", type, number);
    emitter->bytes += bytes;
    return number;
}

void end_structure(Emitter *emitter)
{
    str_printf(emitter->out, "};\n");
}

/* `    .field = tN,` or with '&', or NULL for a negative number. */
void emit_pointer(Emitter *emitter, const char *field, const char *prefix, int number)
{
    if (number < 0) {
        str_printf(emitter->out, "    .%s = NULL,\n", field);
    } else {
        str_printf(emitter->out, "    .%s = %st%d,\n", field, prefix, number);
    }
}

void emit_number(Emitter *emitter, const char *field, long value)
{
    str_printf(emitter->out, "    .%s = %ld,\n", field, value);
}
