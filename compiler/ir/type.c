/* Formats, symbols and shapes. */
#include "compiler/ir/ir.h"

#include <stdarg.h>
#include <string.h>

/* ---- formats ---- */

typedef struct FormatInfo {
    const char *name;
    size_t bits, block;
} FormatInfo;

static const FormatInfo formats[FORMAT_COUNT] = {
#define FORMAT(name, bits, block, text) {#name, bits, block},
#include "templates/format/formats.def"
    {"i32", 32, 1},
    {"sequences", 32, 1},
};

const char *format_name(Format format)
{
    return (unsigned)format < FORMAT_COUNT ? formats[format].name : "?";
}

bool format_parse(const char *name, Format *format)
{
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            *format = (Format)i;
            return true;
        }
    }
    return false;
}

size_t format_bytes(Format format, size_t elements)
{
    size_t blocks, bits;
    const FormatInfo *info = &formats[format];
    if (!size_add(elements, info->block - 1, &blocks) || !size_mul(blocks / info->block, info->bits * info->block, &bits))
        bug("size of %zu elements of %s overflows", elements, info->name);
    return bits / 8;
}

/* ---- symbols ---- */

const char *symbol_name(Symbol symbol)
{
    static const char *const names[SYMBOL_COUNT] = {
        "",
#define SYMBOL(name, text) #name,
#include "compiler/ir/symbols.def"
    };
    return (unsigned)symbol < SYMBOL_COUNT ? names[symbol] : "?";
}

/* ---- shapes ---- */

Dim dim_of(int64_t size)
{
    return (Dim){size, SYMBOL_none};
}

Dim dim_symbol(Symbol symbol)
{
    return (Dim){1, symbol};
}

Shape shape_of(int rank, ...)
{
    if (rank < 0 || rank > SHAPE_MAX_RANK)
        bug("shape of rank %d", rank);
    Shape shape = {.rank = rank};
    va_list arguments;
    va_start(arguments, rank);
    for (int i = 0; i < rank; i++) shape.dim[i] = va_arg(arguments, Dim);
    va_end(arguments);
    return shape;
}

bool shape_equal(Shape a, Shape b)
{
    bool equal = a.rank == b.rank;
    for (int i = 0; equal && i < a.rank; i++)
        equal = a.dim[i].size == b.dim[i].size && a.dim[i].symbol == b.dim[i].symbol;
    return equal;
}

bool shape_is_constant(Shape shape)
{
    for (int i = 0; i < shape.rank; i++) {
        if (shape.dim[i].symbol != SYMBOL_none)
            return false;
    }
    return true;
}

int64_t shape_columns(Shape shape)
{
    return shape.rank == 0 ? 1 : shape.dim[shape.rank - 1].size;
}

static int64_t multiply(int64_t a, int64_t b)
{
    if (a < 0 || b < 0 || (b != 0 && a > INT64_MAX / b))
        bug("the size of a shape overflows");
    return a * b;
}

static int64_t dim_value(Dim dim, const int64_t *symbols)
{
    return dim.symbol == SYMBOL_none ? dim.size : multiply(dim.size, symbols[dim.symbol]);
}

static int64_t product(Shape shape, int dims, const int64_t *symbols)
{
    int64_t elements = 1;
    for (int i = 0; i < dims; i++) elements = multiply(elements, dim_value(shape.dim[i], symbols));
    return elements;
}

int64_t shape_elements(Shape shape, const int64_t *symbols)
{
    return product(shape, shape.rank, symbols);
}

int64_t shape_rows(Shape shape, const int64_t *symbols)
{
    return product(shape, shape.rank > 0 ? shape.rank - 1 : 0, symbols);
}
