/* Formats, symbols and shapes. */
#include "compiler/ir/ir.h"

#include "templates/cpu/a8.h"
#include "templates/format/layout.h"

#include <stdarg.h>
#include <string.h>

/* ---- formats ---- */

static const char *const format_names[FORMAT_COUNT] = {
#define FORMAT(name, bits, block, parameters, group, cut, text) #name,
#include "templates/format/formats.def"
    "i32",
    "sequences",
    "a8",
};

const char *format_name(Format format)
{
    return (unsigned)format < FORMAT_COUNT ? format_names[format] : "?";
}

int format_find(const char *name)
{
    for (int i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(format_names[i], name) == 0) return i;
    return -1;
}

bool format_parse(const char *name, Format *format)
{
    int found = format_find(name);
    if (found >= 0) *format = (Format)found;
    return found >= 0;
}

bool format_packs(Format format)
{
    return (unsigned)format < FORMAT_i32;
}

bool format_caches(Format format)
{
#define CACHE(name, suffix) || format == FORMAT_##name
    return false
#include "templates/format/caches.def"
        ;
}

int format_bits(Format format)
{
    if (format_packs(format)) return layout_bits((int)format);
    return format == FORMAT_a8 ? 8 : 32;
}

int64_t format_block(Format format, int64_t K)
{
    return format_packs(format) ? layout_row_block((int)format, K) : 1;
}

bool format_is_nested(Format format)
{
    return layout_is_nested((int)format);
}

int64_t format_parameter_bytes(Format format, int64_t K)
{
    const Packed row = {NULL, (int)format, 1, K, 1, format_block(format, K)};
    return packed_apart_bytes(&row);
}

Format format_unnested(Format format)
{
    return format == FORMAT_nf4_double ? FORMAT_nf4 : format == FORMAT_fp4_double ? FORMAT_fp4 : format;
}

size_t format_row_bytes(Format format, int64_t columns)
{
    size_t bits;
    if (format == FORMAT_a8) return a8_row_bytes(columns);
    if (!size_mul((size_t)columns, (size_t)format_bits(format), &bits)) bug("a row of %lld %s overflows", (long long)columns, format_name(format));
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

size_t value_bytes(Format format, Shape shape, const int64_t *symbols)
{
    size_t bytes;
    if (format != FORMAT_a8) return format_row_bytes(format, shape_elements(shape, symbols));
    if (!size_mul((size_t)shape_rows(shape, symbols), format_row_bytes(format, shape_columns(shape)), &bytes)) bug("the size of a value overflows");
    return bytes;
}
