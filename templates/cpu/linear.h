/* linear: y = activation(x W' + bias) + residual; with gate y = gate(x Wg' + bias) * (x Wu' + bias) + residual.
 *
 * x: [rows, K], y: [rows, N]; bias: [N], with gate [2 N]: gate, then up; residual: [rows, N], it may be y itself.
 * W is packed in panels of 16 rows (pack.h); with gate, panel 2 i is panel i of the gate and panel 2 i + 1 that of up. Formats with blocks
 * are decoded to f32, in registers for few rows, else a part of a panel at a time: each sum is the chain of fma over the decoded weights in the
 * order of k. Where x is bf16 (linear_dot.h) the decoded weights are rounded to bf16 too. */
#ifndef HF2C_CPU_LINEAR_H
#define HF2C_CPU_LINEAR_H

#include "templates/cpu/elementwise.h"
#include "templates/cpu/tile.h"
#include "templates/cpu/tile_block.h"

enum {
    LINEAR_DIRECT_ROWS =
        TILE_ROWS < 4 ? TILE_ROWS : 4, /* up to so many rows the weights are read once, in their order */
    LINEAR_BYTES = 512 << 10, /* of rows of x that are read again and again from the second cache */
    LINEAR_DEPTH = 1024,      /* k of them, and of two panels that stay there too */
    LINEAR_ROWS = LINEAR_BYTES / (LINEAR_DEPTH * 4),
#ifdef HF2C_TEAM_SCRATCH
    LINEAR_HAS_BLOCKS = 0, /* their copies of x need more memory than a small stack has */
#else
    LINEAR_HAS_BLOCKS = 1,
#endif
    LINEAR_DECODE = 64, /* k that few rows decode at a time */
    LINEAR_TOGETHER = BLOCK_PANELS > 2 ? BLOCK_PANELS : 2 /* panels that few rows decode in registers */
};

typedef struct Linear {
    float *y;
    const float *x;     /* or NULL: */
    const void *narrow; /* of bf16, or as a8.h has them */
    Packed w;
    const float *bias, *residual;
    int64_t K, N, ldx, ldr;
    int activation, gate;
    float value;
} Linear;

SIMD_INLINE int64_t linear_panel_count(const Linear *l) { return (l->N + TILE_PANEL - 1) / TILE_PANEL * (l->gate != FUNCTION_none ? 2 : 1); }

/* Two panels, or one, of a weight without blocks, from k on. */
SIMD_INLINE TilePanels linear_panels(const int format, const Linear *l, int64_t panel, int64_t k, int64_t ahead)
{
    const int64_t step = weight_step(format), panel_bytes = packed_panel_bytes(&l->w);
    return (TilePanels){(const char *)l->w.data + panel * panel_bytes + k / weight_group(format) * step, step, panel_bytes, ahead};
}

/* The same of a weight with blocks, which are decoded to scratch, `depth` k after each other in each panel. */
SIMD_INLINE TilePanels linear_decoded(const int format, const Linear *l, int64_t panel, int panels, int64_t k, int64_t count, const int64_t depth,
                                      float *scratch)
{
    for (int p = 0; p < panels; p++) weight_decode(format, &l->w, panel + p, k, count, scratch + p * depth * TILE_PANEL);
    for (int64_t i = 0; i < panels * depth * TILE_PANEL && !l->x; i++) scratch[i] = bf16_round(scratch[i]);
    return (TilePanels){(const char *)scratch, TILE_PANEL * sizeof(float), depth * TILE_PANEL * (int64_t)sizeof(float), 0};
}

/* ---- what follows the sums ---- */

/* n <= SIMD_LANES results of row r from column c on; up: the sums of the second half where there is a gate */
SIMD_INLINE simd_float linear_result(const Linear *l, simd_float sum, simd_float up, int64_t r, int64_t c, int n)
{
    if (l->bias) sum = sum + simd_load_partial(l->bias + c, n);
    if (l->gate != FUNCTION_none) {
        if (l->bias) up = up + simd_load_partial(l->bias + l->N + c, n);
        sum = simd_unary(l->gate, sum, l->value) * up;
    } else if (l->activation != FUNCTION_none) {
        sum = simd_unary(l->activation, sum, l->value);
    }
    if (l->residual) sum = sum + simd_load_partial(l->residual + r * l->ldr + c, n);
    return sum;
}

/* Where the results of two panels of some rows go: lines that the cache has when they are written, which is after the sums. */
SIMD_INLINE void linear_ask_results(const Linear *l, int64_t row, int rows, int64_t panel)
{
    const int halves = l->gate != FUNCTION_none ? 2 : 1;
    const float *to = l->y + row * l->N + panel / halves * TILE_PANEL;
    for (int r = 0; r < rows && SIMD_LANES > 1; r++, to += l->N)
        for (int i = 0; i < 2 * TILE_PANEL / halves; i += TILE_PANEL) SIMD_PREFETCH_WRITE(to + i);
}

/* The results of one row from the sums of its panels [panel, panel + panels). */
SIMD_INLINE void linear_finish_row(const Linear *l, const float *sums, int64_t r, int64_t panel, int panels)
{
    const int halves = l->gate != FUNCTION_none ? 2 : 1;
    for (int p = 0; p < panels; p += halves)
        for (int i = 0; i < TILE_PANEL; i += SIMD_LANES) {
            int64_t c = (panel + p) / halves * TILE_PANEL + i, left = l->N - c;
            const float *sum = sums + p * TILE_PANEL + i;
            simd_float up = halves == 2 ? simd_load(sum + TILE_PANEL) : simd_zero();
            if (left >= SIMD_LANES)
                simd_store(l->y + r * l->N + c, linear_result(l, simd_load(sum), up, r, c, SIMD_LANES));
            else if (left > 0)
                simd_store_partial(l->y + r * l->N + c, (int)left,
                                   linear_result(l, simd_load(sum), up, r, c, (int)left));
        }
}

/* ---- few rows: each panel is read once, straight from memory ---- */

#define ROWS(rows)                                                                                                     \
    case rows:                                                                                                         \
        tile_compute(format, rows, vectors, x, ldx, b, depth, sums, 2 * TILE_PANEL, fresh);                            \
        break;
SIMD_INLINE void linear_direct_sums(const int format, const int vectors, const float *x, int64_t ldx, int rows, TilePanels b, int64_t depth,
                                    float *sums, int fresh)
{
    switch (rows) {
        ROWS(1)
        ROWS(2)
#if HF2C_ISA > HF2C_ISA_c11
        ROWS(3)
        ROWS(4)
#endif
    default:
        break;
    }
}
#undef ROWS

SIMD_INLINE void linear_direct_width(const int format, const Linear *l, const float *x, int rows, TilePanels b, int panels, int64_t depth, float *sums,
                                     int fresh)
{
    if (panels >= TILE_PANELS)
        linear_direct_sums(format, TILE_VECTORS, x, l->ldx, rows, b, depth, sums, fresh);
    else
        linear_direct_sums(format, TILE_PANEL_VECTORS, x, l->ldx, rows, b, depth, sums, fresh);
}

SIMD_INLINE void linear_direct_blocks(const int format, const Linear *l, const float *x, int rows, int64_t panel, int panels, float *sums)
{
    _Alignas(64) float scratch[LINEAR_DECODE * TILE_COLUMNS];
    for (int64_t k = 0; k < l->K; k += LINEAR_DECODE) {
        int64_t depth = l->K - k < LINEAR_DECODE ? l->K - k : LINEAR_DECODE;
        TilePanels b = linear_decoded(format, l, panel, panels, k, depth, LINEAR_DECODE, scratch);
        linear_direct_width(WEIGHT_f32, l, x + k, rows, b, panels, depth, sums, k == 0);
    }
}

/* Rows [row, row + rows), at most LINEAR_DIRECT_ROWS, of one or two panels. */
SIMD_INLINE void linear_direct_rows(const int format, const Linear *l, int64_t row, int rows, int64_t panel, int count)
{
    _Alignas(64) float sums[LINEAR_DIRECT_ROWS * 2 * TILE_PANEL];
    const float *x = l->x + row * l->ldx;
    for (int p = 0; p < count; p += TILE_PANELS) {
        int panels = count - p < TILE_PANELS ? 1 : TILE_PANELS;
        float *to = sums + p * TILE_PANEL;
        if (weight_has_blocks(format))
            linear_direct_blocks(format, l, x, rows, panel + p, panels, to);
        else
            linear_direct_width(format, l, x, rows, linear_panels(format, l, panel + p, 0, HF2C_AHEAD), panels, l->K, to, 1);
    }
    for (int r = 0; r < rows; r++) linear_finish_row(l, sums + r * 2 * TILE_PANEL, row + r, panel, count);
}

/* BLOCK_PANELS panels of a weight with blocks, for rows from `row` on; numbers: of x, WEIGHT_f32 or WEIGHT_bf16 */
SIMD_INLINE BlockTile linear_block_tile(const int numbers, const Linear *l, int64_t row, int64_t panel, float *sums, int64_t lds)
{
    const int64_t bytes = packed_panel_bytes(&l->w), stride = l->ldx * layout_bits(numbers) / 8;
    const char *x = numbers == WEIGHT_f32 ? (const char *)l->x : l->narrow;
    return (BlockTile){&l->w, (const char *)l->w.data + panel * bytes, bytes, l->w.block, l->K, x + row * stride, stride, sums, lds};
}

/* The same of LINEAR_TOGETHER panels of such a weight. */
SIMD_INLINE void linear_block_rows(const int format, const Linear *l, int64_t row, int rows, int64_t panel)
{
    enum { STRIDE = LINEAR_TOGETHER * TILE_PANEL };
    _Alignas(64) float sums[LINEAR_DIRECT_ROWS * STRIDE];
    for (int p = 0; p < LINEAR_TOGETHER; p += BLOCK_PANELS) {
        const BlockTile tile = linear_block_tile(WEIGHT_f32, l, row, panel + p, sums + p * TILE_PANEL, STRIDE);
        block_tiles(format, rows, &tile);
    }
    for (int r = 0; r < rows; r++) linear_finish_row(l, sums + r * STRIDE, row + r, panel, LINEAR_TOGETHER);
}

/* More rows than LINEAR_DIRECT_ROWS find their panels in the first cache. */
SIMD_INLINE void linear_direct(const int format, const Linear *l, const hf2c_team *team, int rows, int64_t panels)
{
    const int in_registers = SIMD_LANES > 1 && weight_has_blocks(format) && block_fits(format, l->w.block);
    const int64_t some = in_registers ? LINEAR_TOGETHER : 2;
    int first, end;
    hf2c_share(team, (int)((panels + some - 1) / some), &first, &end);
    for (int64_t panel = some * first; panel < some * end && panel < panels; panel += some)
        for (int row = 0; row < rows; row += LINEAR_DIRECT_ROWS) {
            int height = rows - row < LINEAR_DIRECT_ROWS ? rows - row : LINEAR_DIRECT_ROWS;
            int64_t left = panels - panel < some ? panels - panel : some;
            if (in_registers && left == some)
                linear_block_rows(format, l, row, height, panel);
            else
                for (int64_t p = panel; p < panel + left; p += 2)
                    linear_direct_rows(format, l, row, height, p, panel + left - p < 2 ? 1 : 2);
        }
}

/* ---- many rows: as many as stay in the cache go over all panels, two by two ---- */

/* A part of the result: two panels, or one, times rows. */
typedef struct LinearPart {
    int64_t panel;
    int panels, first_row, end_row;
} LinearPart;

typedef void LinearBody(const Linear *l, const LinearPart *part);

/* The team as a grid: as many members beside each other over the columns as divide its count and find two pairs of
 * panels each, the others over the rows. */
static inline int linear_column_members(int count, int64_t pairs)
{
    int members = count;
    while (members > 1 && (count % members || pairs < 2 * members)) members--;
    return members;
}

/* How many rows stay in the cache. row_bytes: of what is read again and again of each */
static inline int64_t linear_rows_near(int64_t row_bytes) { return row_bytes < LINEAR_BYTES ? LINEAR_BYTES / row_bytes : 1; }

/* most: rows of a part */
SIMD_INLINE void linear_parts(const Linear *l, const hf2c_team *team, int rows, int64_t panels, int64_t most, LinearBody *body)
{
    const int64_t pairs = (panels + 1) / 2;
    int across = linear_column_members(team->count, pairs), first_row, end_row, first_pair, end_pair;
    hf2c_team columns = {team->index % across, across, NULL}, down = {team->index / across, team->count / across, NULL};
    hf2c_share(&columns, (int)pairs, &first_pair, &end_pair);
    hf2c_share(&down, rows, &first_row, &end_row);
    const int64_t end = 2 * (int64_t)end_pair < panels ? 2 * (int64_t)end_pair : panels;
    hf2c_team blocks = {0, (int)((end_row - first_row + most - 1) / most), NULL};
    for (; blocks.index < blocks.count; blocks.index++) {
        LinearPart part = {2 * (int64_t)first_pair, 2, 0, 0};
        hf2c_share(&blocks, end_row - first_row, &part.first_row, &part.end_row);
        part.first_row += first_row;
        part.end_row += first_row;
        for (; part.panel < end; part.panel += 2) {
            part.panels = end - part.panel < 2 ? 1 : 2;
            body(l, &part);
        }
    }
}

static inline float linear_narrow(const Linear *l, int64_t r, int64_t k)
{
    return bf16_decode(((const bf16_element *)l->narrow)[r * l->ldx + k]);
}

/* Bytes from k of two panels to what is read next: their next k, else the next panels. */
SIMD_INLINE int64_t linear_ahead(const int format, const Linear *l, int64_t k)
{
    const int64_t step = weight_step(format), group = weight_group(format);
    if (k + LINEAR_DEPTH < l->K) return LINEAR_DEPTH / group * step;
    return 2 * packed_panel_bytes(&l->w) - k / group * step;
}

/* Two panels, or one, times rows: elements [k, k + depth). */
SIMD_INLINE void linear_block_panels(const int format, const Linear *l, const LinearPart *part, int panels, TilePanels b, int64_t k, int64_t depth, float *sums)
{
    _Alignas(64) float wide[TILE_ROWS * TILE_STRIDE];
    for (int row = part->first_row, height; row < part->end_row; row += height, b.ahead = 0) {
        const float *a = l->x ? l->x + row * l->ldx + k : wide;
        height = tile_next(part->end_row - row);
        if (k + depth == l->K) linear_ask_results(l, row, height, part->panel);
        for (int i = 0; i < height && !l->x; i++)
            for (int64_t j = 0; j < depth; j++) wide[i * TILE_STRIDE + j] = linear_narrow(l, row + i, k + j);
        tile_add(format, height, panels, a, l->x ? l->ldx : TILE_STRIDE, b, depth, sums + (row - part->first_row) * 2 * TILE_PANEL, 2 * TILE_PANEL, k == 0);
    }
}

SIMD_INLINE void linear_block(const int format, const Linear *l, const LinearPart *part)
{
    _Alignas(64) float sums[LINEAR_ROWS * 2 * TILE_PANEL], scratch[TILE_DEPTH * TILE_COLUMNS];
    const int64_t most = weight_has_blocks(format) || !l->x ? TILE_DEPTH : LINEAR_DEPTH;
    for (int64_t k = 0; k < l->K; k += most) {
        int64_t depth = l->K - k < most ? l->K - k : most;
        for (int p = 0; p < part->panels; p += TILE_PANELS) {
            int width = part->panels - p < TILE_PANELS ? 1 : TILE_PANELS;
            float *to = sums + p * TILE_PANEL;
            if (weight_has_blocks(format))
                linear_block_panels(WEIGHT_f32, l, part, width, linear_decoded(format, l, part->panel + p, width, k, depth, TILE_DEPTH, scratch), k, depth, to);
            else
                linear_block_panels(format, l, part, width, linear_panels(format, l, part->panel + p, k, linear_ahead(format, l, k)), k, depth, to);
        }
    }
    for (int r = part->first_row; r < part->end_row; r++)
        linear_finish_row(l, sums + (r - part->first_row) * 2 * TILE_PANEL, r, part->panel, part->panels);
}

#define FORMAT(format, bits, own_block, parameters, group, cut, text) \
    static inline void linear_block_##format(const Linear *l, const LinearPart *part) { linear_block(WEIGHT_##format, l, part); }
#include "templates/format/formats.def"

/* ---- other panel widths: column by column ---- */

/* Row r of x times row n of the matrix. */
typedef float LinearSum(const Linear *l, int64_t r, int64_t n);

static inline float linear_plain_sum(const Linear *l, int64_t r, int64_t n)
{
    float sum = 0, part = 0;
    for (int64_t k = 0; k < l->K; k++) {
        float w = packed_value(&l->w, n, k), product = l->x ? l->x[r * l->ldx + k] * w : linear_narrow(l, r, k) * bf16_round(w);
        part += product;
        if (SIMD_FUSED || (k + 1) % SIMD_PART) continue;
        sum += part;
        part = 0;
    }
    return sum + part;
}

SIMD_INLINE void linear_plain(const Linear *l, const hf2c_team *team, int rows, LinearSum *sum)
{
    const int64_t panel = l->w.panel;
    const int halves = l->gate != FUNCTION_none ? 2 : 1;
    int first, end;
    hf2c_share(team, (int)l->N, &first, &end);
    for (int r = 0; r < rows; r++)
        for (int64_t c = first; c < end; c++) {
            int64_t n = c / panel * halves * panel + c % panel;
            float up = halves == 2 ? sum(l, r, n + panel) : 0;
            simd_float result = linear_result(l, simd_set1(sum(l, r, n)), simd_set1(up), r, c, 1);
            simd_store_partial(l->y + r * l->N + c, 1, result);
        }
}

SIMD_INLINE void linear_rows(const int format, const Linear *l, const hf2c_team *team, int rows, LinearBody *block)
{
    const int64_t panels = linear_panel_count(l);
    if (l->w.panel != TILE_PANEL || (!l->x && !LINEAR_HAS_BLOCKS))
        linear_plain(l, team, rows, linear_plain_sum);
    else if (LINEAR_HAS_BLOCKS && (!l->x || rows > LINEAR_DIRECT_ROWS))
        linear_parts(l, team, rows, panels, LINEAR_ROWS, block);
    else
        linear_direct(format, l, team, rows, panels);
}

#define FORMAT(format, bits, own_block, parameters, group, cut, text)                                                  \
    static inline void linear_##format(const hf2c_team *team, float *y, const float *x, const void *w,                 \
                                       const float *bias, const float *residual, int rows, const int64_t K,            \
                                       const int64_t N, const int64_t ldx, const int64_t ldr, const int64_t panel,     \
                                       const int64_t block, const int activation, const int gate, const float value)   \
    {                                                                                                                  \
        const Packed packed = {w, WEIGHT_##format, gate != FUNCTION_none ? 2 * N : N, K, panel, block};                \
        const Linear l = {y, x, NULL, packed, bias, residual, K, N, ldx, ldr, activation, gate, value};                      \
        linear_rows(WEIGHT_##format, &l, team, rows, linear_block_##format);                                           \
    }
#include "templates/format/formats.def"

#endif
