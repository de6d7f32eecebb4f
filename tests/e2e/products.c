/* A checksum of the sums of tiles of narrow products, for all formats, heights and lengths: the same on each machine and instruction set. */
#include <stdio.h>

#define HF2C_SIMD PRODUCTS_ISA
#include "templates/simd/begin.h"

#include "templates/cpu/tile_dot.h"

enum { K_MOST = 160, ROWS_MOST = 8, PANEL_BYTES = 4 * WEIGHT_PANEL * K_MOST };
static char rows[ROWS_MOST * (2 * K_MOST + 256)], panel[PANEL_BYTES];
static uint32_t state = 20260101u;

static uint32_t draw(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

/* As quantize.h has them: numbers, -128 times the sums of each 32, scale, and the sum of those. */
static void fill_row(char *row, int64_t K)
{
    int32_t all = 0;
    memset(row, 0, a8_row_bytes(K));
    for (int64_t from = 0; from < K; from += A8_SUM) {
        int32_t start = 0;
        for (int64_t k = from; k < K && k < from + A8_SUM; k++) {
            int8_t q = (int8_t)((int)(draw() % 255u) - 127);
            row[k] = (char)q;
            start += A8_START * q;
        }
        memcpy(row + a8_starts(K) + from / A8_SUM * (int64_t)sizeof(start), &start, sizeof(start));
        all += start;
    }
    float scale = 0.001f * (float)(1 + draw() % 100u);
    memcpy(row + a8_scale(K), &scale, sizeof(scale));
    memcpy(row + a8_start(K), &all, sizeof(all));
}

/* Codes of all values; scales of some 0.06 to 0.12, zero points from 0 to 15. */
static void fill_panel(int format, int64_t K)
{
    const int64_t unit = dot_by_rows(format) ? (K + 3) / 4 * DOT_GROUP_BYTES + WEIGHT_PANEL * 4 : dot_unit_bytes(format);
    const int64_t parameters = unit - WEIGHT_PANEL * layout_parameters(format);
    for (int64_t at = 0; at < PANEL_BYTES; at++) panel[at] = (char)draw();
    for (int64_t from = 0; from + unit <= PANEL_BYTES; from += unit)
        for (int i = 0; i < WEIGHT_PANEL; i++) {
            char *p = panel + from + parameters + i * layout_parameters(format);
            uint16_t half[2] = {(uint16_t)(0x2c00u | (draw() & 0x3ffu)), (uint16_t)(draw() & 15u)};
            float scale = 0.01f * (float)(1 + draw() % 7u);
            if (format == WEIGHT_int8) memcpy(p, &scale, sizeof(scale));
            else memcpy(p, half, (size_t)layout_parameters(format));
        }
}

static void products(const char *name, int format, int64_t K)
{
    float sums[ROWS_MOST * WEIGHT_PANEL];
    const int64_t stride = (int64_t)a8_row_bytes(K);
    uint32_t hash = 2166136261u;
    for (int m = 0; m < ROWS_MOST; m++) fill_row(rows + m * stride, K);
    fill_panel(format, K);
    for (int height, row = 0, left = 1; left <= ROWS_MOST; left++)
        for (row = 0; row < left; row += height) {
            height = dot_height(left - row, dot_rows_most(format));
            const DotTile tile = {rows + row * stride, stride, panel, PANEL_BYTES, K, sums, WEIGHT_PANEL, panel, 0, 0};
            dot_tile(format, height, 1, &tile);
            for (int i = 0; i < height * WEIGHT_PANEL; i++) {
                uint32_t bits;
                memcpy(&bits, sums + i, sizeof(bits));
                hash = (hash ^ bits) * 16777619u;
            }
        }
    printf("%s %d %08x\n", name, (int)K, (unsigned)hash);
}

int main(void)
{
    for (int64_t K = 32; K <= K_MOST; K += 32) {
        products("q8", WEIGHT_q8, K);
        products("q4", WEIGHT_q4, K);
        products("q4z", WEIGHT_q4z, K);
    }
    for (int64_t K = 1; K <= 40; K++) products("int8", WEIGHT_int8, K);
    return 0;
}

#include "templates/simd/end.h"
