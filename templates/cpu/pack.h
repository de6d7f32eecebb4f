/* Packing of weights into the layout that the kernels read.
 *
 * A packed weight is a sequence of panels of `panel` rows; panel i holds the rows of the matrix that pack_source_rows names, and
 * zeros where it has fewer. With gate the matrix is [gate; up], both N / 2 rows, each padded to a multiple of panel; their panels
 * alternate. So a weight can be packed as it is read, one panel after another.
 *
 * Within a panel, K is padded with zeros to Kp, a multiple of the block (where a block is 1: of the group). Block after block come the codes of
 * all its rows, then their parameters, row after row. With e = (k / group * panel + n) * group + k % group for element (n, k) of a
 * block, codes of 8 bits and more lie at place e; of codes of 4 bits, the first half in the low, the second in the high nibbles: byte e %
 * half, half = panel * block / 2.
 *
 * Nested parameters (a byte of a block, nested.h) are decoded with numbers of their row, each of 4 bytes: the offset; how many blocks of the first scale
 * belong to rows before, as an f32; the scales, one after another every NESTED_FLAT * NESTED_BLOCKS / block blocks. A panel begins with
 * them: the first of all its rows, the second of all its rows ...
 *
 * Panel 1 is row-major (group 1), and the parameters lie apart: codes [N, Kp], then, 64-byte aligned, parameters [N, Kp / block],
 * each row's after the numbers that they are decoded with. */
#ifndef HF2C_CPU_PACK_H
#define HF2C_CPU_PACK_H

#include <stddef.h>
#include <stdint.h>

typedef struct PackLayout {
    int format;      /* position in templates/format/formats.def: WEIGHT_f32 ... */
    int panel, gate; /* rows of a panel, 1 or more; whether the first half of the rows is a gate */
    int64_t N, K;    /* the matrix: all rows, with gate both halves */
    int64_t block;   /* elements of a row with the same parameters; 0: the format's own. A multiple of the group; 1 where there are no parameters */
} PackLayout;

/* How a format was found in a checkpoint, element by element: the packed values are then exactly those; NULL: they are chosen.
 * scale, zero: [N, K] like the values; value = (code - zero) * scale for integers, code value * scale for others; zero NULL: the format's own. outer,
 * offset: what a nested scale is decoded with, read for nested formats only. */
typedef struct PackGiven {
    const float *scale, *zero, *outer, *offset;
} PackGiven;

int64_t pack_padded_columns(const PackLayout *layout); /* Kp */
int64_t pack_block(const PackLayout *layout);          /* the block, never 0 */
int64_t pack_panel_count(const PackLayout *layout);
/* Bytes of the whole. Returns 0 and *bytes = 0 when that is no size: N, K or panel below 1, an unknown format, an odd N with gate,
 * a block that is no multiple of the group, or an overflow. */
int pack_bytes(const PackLayout *layout, size_t *bytes);
/* Rows [*first, *first + *count) of the matrix lie in panel number i; the rest of it is zeros. */
void pack_source_rows(const PackLayout *layout, int64_t i, int64_t *first, int64_t *count);
/* Packs panels [first, end) of a [N, K] matrix into their places in `to` (pack_bytes of memory). importance: [K] weights of the squared
 * errors of columns, or NULL; given: or NULL. Returns -1, or, with given, the index of an element that the format does not hold exactly. Panels
 * may be packed by several threads at once. */
int64_t pack_panels(const PackLayout *layout, const float *rows, const float *importance, const PackGiven *given, int64_t first,
                    int64_t end, void *to);
/* All of it, without importance; and back: rows [N, K] as the packed elements decode. */
void pack_weight(const PackLayout *layout, const float *rows, void *to);
void pack_unpack(const PackLayout *layout, const void *packed, float *rows);

#endif
