/* Products of bytes in tiles, as this core has them, against the same weights number by number: the bits of every result, for all formats, heights of
 * tiles and rests. */
#define HF2C_FREESTANDING
#define HF2C_TEAM_SCRATCH
#include "runtime/core/freestanding.h"

#include "templates/simd/begin.h"

#include "templates/cpu/linear_dot.h"
#include "templates/cpu/quantize.h"
#include "templates/simd/end.h"

#include "harness.h"

enum { MOST_ROWS = 5, MOST_N = 40, MOST_K = 160 };

static _Alignas(64) unsigned char weights[(MOST_N + 16) * MOST_K * 2];
static _Alignas(64) unsigned char activations[MOST_ROWS * 512];
static float by_tiles[MOST_ROWS * MOST_N], one_by_one[MOST_ROWS * MOST_N];
static uint32_t seed = 1;

static uint32_t next_number(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

/* Any codes; scales of any sign, now and then below the smallest normal f16; zero points from 0 to 15. */
static void make_weights(const Packed *w)
{
    for (size_t i = 0; i < sizeof weights; i++) weights[i] = (unsigned char)next_number();
    for (int64_t n = 0; n < (w->rows + 15) / 16 * 16; n++)
        for (int64_t k = 0; k < w->K; k += w->block) {
            unsigned char *to = weights + packed_parameters(w, n, k);
            uint16_t pair[2] = {(uint16_t)(next_number() % 0x3c00 | (next_number() & 1) << 15), (uint16_t)(next_number() % 16)};
            float scale = (float)(next_number() % 1000) / 65536.0f - 0.004f;
            if (w->format == WEIGHT_int8) memcpy(to, &scale, sizeof scale);
            else memcpy(to, pair, (size_t)layout_parameters(w->format));
        }
}

static void make_activations(const hf2c_team *team, int rows, int64_t K)
{
    static float x[MOST_ROWS * MOST_K];
    for (int64_t i = 0; i < rows * K; i++) x[i] = (float)((int32_t)(next_number() % 2001) - 1000) / 256.0f;
    quantize_a8(team, activations, x, rows, K, K);
}

typedef void Kernel(const hf2c_team *team, float *y, const void *x, const void *w, const float *bias, const float *residual, int rows, const int64_t K,
                    const int64_t N, const int64_t ldx, const int64_t ldr, const int64_t panel, const int64_t block, const int activation,
                    const int gate, const float value);

static int differs(Kernel *kernel, int format, int64_t block, int rows, int64_t N, int64_t K)
{
    const hf2c_team team = {0, 1, NULL};
    const Packed packed = {weights, format, N, K, WEIGHT_PANEL, block};
    const Linear l = {one_by_one, NULL, activations, packed, NULL, NULL, K, N, K, N, FUNCTION_none, FUNCTION_none, 0};
    make_weights(&packed);
    make_activations(&team, rows, K);
    kernel(&team, by_tiles, activations, weights, NULL, NULL, rows, K, N, K, N, WEIGHT_PANEL, block, FUNCTION_none, FUNCTION_none, 0);
    linear_plain(&l, &team, rows, linear_a8_sum);
    for (int64_t i = 0; i < rows * N; i++)
        if (float_bits(by_tiles[i]) != float_bits(one_by_one[i])) return 1;
    return 0;
}

int main(void)
{
    static const struct {
        Kernel *kernel;
        int format;
    } formats[] = {{linear_q8_a8, WEIGHT_q8}, {linear_q4_a8, WEIGHT_q4}, {linear_q4z_a8, WEIGHT_q4z}, {linear_int8_a8, WEIGHT_int8}};
    uint32_t compared = 0, different = 0;
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (int64_t K = 32; K <= MOST_K; K += formats[f].format == WEIGHT_int8 ? 13 : 32)
            for (int rows = 1; rows <= MOST_ROWS; rows++, compared++)
                different += (uint32_t)differs(formats[f].kernel, formats[f].format, formats[f].format == WEIGHT_int8 ? packed_round_up(K, 4) : DOT_BLOCK, rows, MOST_N - rows, K);
    put_number(compared, 1);
    put_text(" products, ");
    put_number(different, 1);
    put_text(" different\n");
    return different != 0;
}
