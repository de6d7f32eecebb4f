/* Packing of weights into the panels that the kernels read (the layout is told in templates/kernels.def).
 *
 * A packed weight is a sequence of panels, each of pack_panel_bytes; panel i holds rows of the matrix that
 * pack_source_rows names. With gate the matrix is [gate; up], both N / 2 rows, each padded to a multiple of panel;
 * their panels alternate. So a weight can be packed as it is read, one panel after another. */
#ifndef HF2C_CPU_PACK_H
#define HF2C_CPU_PACK_H

#include <stddef.h>
#include <stdint.h>

typedef struct PackLayout {
    int format;      /* position in templates/format/formats.def: FORMAT_f32 ... */
    int panel, gate; /* rows of a panel, 1 or more; whether the first half of the rows is a gate */
    int64_t N, K;    /* the matrix: all rows, with gate both halves */
} PackLayout;

int64_t pack_panel_count(const PackLayout *layout);
size_t pack_panel_bytes(const PackLayout *layout);
/* pack_panel_count times pack_panel_bytes. Returns 0 and *bytes = 0 when that is no size: N, K or panel below 1, an
 * unknown format, an odd N with gate, or an overflow. */
int pack_bytes(const PackLayout *layout, size_t *bytes);
/* Rows [*first, *first + *count) of the matrix lie in panel number i; the rest of it is zeros. */
void pack_source_rows(const PackLayout *layout, int64_t i, int64_t *first, int64_t *count);
/* rows: [count, K] as pack_source_rows says; to: pack_panel_bytes, aligned to the elements */
void pack_panel(const PackLayout *layout, const float *rows, int64_t count, void *to);
/* The whole of a [N, K] matrix, and back: rows [N, K] as the packed elements decode. */
void pack_weight(const PackLayout *layout, const float *rows, void *to);
void pack_unpack(const PackLayout *layout, const void *packed, float *rows);

#endif
