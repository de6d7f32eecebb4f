/* choose: see choose.h.
 *
 * A scale is searched by trying CHOOSE_TRIALS grids: the block is rounded to each, and for the codes so found the scale is taken that
 * suits them best, by least squares. */
#include "templates/format/choose.h"

#define HF2C_SIMD c11 /* packed weights do not depend on the machine that packs them */
#include <math.h>
#include <string.h>

#include "templates/format/layout.h"
#include "templates/simd/begin.h"

enum {
    CHOOSE_TRIALS = 16,
    CHOOSE_PIECE = 64,    /* elements that are scaled at a time */
    CHOOSE_PARAMETERS = 4 /* bytes, at most */
};

#define CHOOSE_F16_MAX 65504.0f
#define CHOOSE_TINY 0x1p-40f       /* a block of smaller values is zeros: no f16 scale holds more of it */
#define CHOOSE_LEAST_RANGE 0x1p-6f /* of the values of a block with zero point, in units of the largest */

typedef struct Block {
    const float *values, *importance;
    int64_t count;
    float low, high, largest; /* ends of the values' range, and the largest magnitude */
    float weight;             /* what importance is multiplied with */
} Block;

static Block block_of(const float *values, const float *importance, int64_t count)
{
    const float least_importance = 0x1p-100f;
    float low = values[0], high = values[0], most = 0;
    for (int64_t i = 0; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    for (int64_t i = 0; importance && i < count; i++) most = importance[i] > most ? importance[i] : most;
    if (most < least_importance) importance = NULL;
    return (Block){values, importance, count, low, high, -low > high ? -low : high, importance ? 1 / most : 1};
}

/* ---- parameters ---- */

static void store_f16(float scale, void *parameters)
{
    uint16_t element = f16_encode(scale);
    memcpy(parameters, &element, sizeof(element));
}

static void store_f32(float scale, void *parameters) { memcpy(parameters, &scale, sizeof(scale)); }

static void store_q4z(float scale, float zero, void *parameters)
{
    int16_t whole = (int16_t)zero;
    store_f16(scale, parameters);
    memcpy((char *)parameters + sizeof(uint16_t), &whole, sizeof(whole));
}

/* ---- the search ---- */

/* A grid u * scale with whole u in [low, high]; values are measured in units of the block's largest magnitude. */
typedef struct Trial {
    float inverse, low, high; /* inverse: of the scale that makes the codes */
    float xu, uu;             /* sums of importance * x * u, importance * u * u */
} Trial;

typedef struct Piece {
    float x[CHOOSE_PIECE], weight[CHOOSE_PIECE], weighted[CHOOSE_PIECE]; /* weighted: weight * x */
    int64_t count;                                                        /* a multiple of four, filled up with zeros */
} Piece;

static void piece_load(Piece *piece, const Block *block, int64_t first)
{
    const float unit = 1 / block->largest;
    int64_t count = block->count - first < CHOOSE_PIECE ? block->count - first : CHOOSE_PIECE;
    memset(piece, 0, sizeof(*piece));
    for (int64_t i = 0; i < count; i++) {
        piece->x[i] = block->values[first + i] * unit;
        piece->weight[i] = block->importance ? block->importance[first + i] * block->weight : 1;
        piece->weighted[i] = piece->weight[i] * piece->x[i];
    }
    piece->count = (count + 3) / 4 * 4;
}

static void trial_add(Trial *trial, const Piece *piece)
{
    const simd_float inverse = simd_set1(trial->inverse), low = simd_set1(trial->low), high = simd_set1(trial->high);
    simd_float xu = simd_zero(), uu = simd_zero();
    for (int64_t i = 0; i < piece->count; i += SIMD_LANES) {
        simd_float u = simd_round(simd_min(simd_max(simd_load(piece->x + i) * inverse, low), high));
        xu += simd_load(piece->weighted + i) * u;
        uu += simd_load(piece->weight + i) * u * u;
    }
    trial->xu += simd_reduce_add(xu);
    trial->uu += simd_reduce_add(uu);
}

/* The trial with the least error: the sum of importance * (x - u * scale)^2 at the best scale, xu / uu, is that of importance * x * x
 * less xu * xu / uu. */
static int trials_best(const Trial *trials)
{
    int best = 0;
    float most = 0;
    for (int i = 0; i < CHOOSE_TRIALS; i++) {
        float explained = trials[i].uu > 0 ? trials[i].xu * trials[i].xu / trials[i].uu : 0;
        best = explained > most ? i : best;
        most = explained > most ? explained : most;
    }
    return best;
}

static float trial_scale(const Trial *trial, float largest)
{
    float scale = (trial->uu > 0 ? trial->xu / trial->uu : 1 / trial->inverse) * largest;
    return scale > CHOOSE_F16_MAX ? CHOOSE_F16_MAX : scale < -CHOOSE_F16_MAX ? -CHOOSE_F16_MAX : scale;
}

static const Trial *choose_try(const Block *block, Trial *trials)
{
    Piece piece;
    for (int64_t first = 0; first < block->count; first += CHOOSE_PIECE) {
        piece_load(&piece, block, first);
        for (int i = 0; i < CHOOSE_TRIALS; i++) trial_add(&trials[i], &piece);
    }
    return &trials[trials_best(trials)];
}

/* The largest magnitude is `most` codes, or less by steps: the value that has it lies on the side of the lowest code. */
static float choose_symmetric(const Block *block, float most, float step, float low, float high)
{
    Trial trials[CHOOSE_TRIALS];
    float sign = block->high == block->largest ? -1.0f : 1.0f;
    if (block->largest < CHOOSE_TINY) return 0;
    for (int i = 0; i < CHOOSE_TRIALS; i++)
        trials[i] = (Trial){.inverse = sign * (most - step * (float)i), .low = low, .high = high};
    return trial_scale(choose_try(block, trials), block->largest);
}

/* The range of the values is so many codes; its middle lies in the middle of the codes or one higher. */
static void choose_with_zero(const Block *block, void *parameters)
{
    enum { PLACES = 2, MOST = 16 };
    Trial trials[CHOOSE_TRIALS];
    if (block->largest < CHOOSE_TINY) {
        store_q4z(0, 8, parameters);
        return;
    }
    float unit = 1 / block->largest, middle = (block->low * unit + block->high * unit) / 2;
    float range = block->high * unit - block->low * unit;
    if (range < CHOOSE_LEAST_RANGE) range = CHOOSE_LEAST_RANGE;
    for (int i = 0; i < CHOOSE_TRIALS; i++) {
        float inverse = (MOST - 0.5f * (float)(i / PLACES)) / range;
        float low = (float)bits_nearest(middle * inverse - 8 + (float)(i % PLACES), -0x1p15f, 0x1p15f);
        trials[i] = (Trial){.inverse = inverse, .low = low, .high = low + 15};
    }
    const Trial *best = choose_try(block, trials);
    store_q4z(trial_scale(best, block->largest), -best->low, parameters);
}

/* ---- the formats ---- */

/* OCP Microscaling Formats 1.0, 6.3: the power of two of the largest magnitude less that of the largest element, 4. */
static void store_mxfp4(float largest, void *parameters)
{
    uint32_t exponent = float_bits(largest) >> 23;
    *(uint8_t *)parameters = (uint8_t)(exponent > 2 ? exponent - 2 : 0);
}

void format_choose(int format, const float *values, const float *importance, int64_t count, void *parameters)
{
    const float e4m3_largest = 448, e5m2_largest = 57344;
    if (count < 1) return;
    Block block = block_of(values, importance, count);
    switch (format) {
    case WEIGHT_q8:
        store_f16(choose_symmetric(&block, 128, 0.5f, -128, 127), parameters);
        break;
    case WEIGHT_q4:
        store_f16(choose_symmetric(&block, 9.5f, 0.25f, -8, 7), parameters);
        break;
    case WEIGHT_q4z:
        choose_with_zero(&block, parameters);
        break;
    case WEIGHT_int8:
        store_f32(block.largest / 127, parameters);
        break;
    case WEIGHT_nf4:
    case WEIGHT_fp4:
    case WEIGHT_nf4_double:
    case WEIGHT_fp4_double:
        store_f32(block.largest, parameters);
        break;
    case WEIGHT_mxfp4:
        store_mxfp4(block.largest, parameters);
        break;
    case WEIGHT_e4m3:
        store_f32(block.largest / e4m3_largest, parameters);
        break;
    case WEIGHT_e5m2:
        store_f32(block.largest / e5m2_largest, parameters);
        break;
    default: /* f32, bf16, f16 have none */
        break;
    }
}

/* ---- given parameters ---- */

static int given_f16(float scale, void *parameters)
{
    if (!(scale >= -CHOOSE_F16_MAX && scale <= CHOOSE_F16_MAX)) return 0;
    store_f16(scale, parameters);
    return f16_decode(bits_load_half(parameters)) == scale;
}

static int given_q4z(float scale, float zero, void *parameters)
{
    if (!(zero >= INT16_MIN && zero <= INT16_MAX) || zero != (float)(int16_t)zero) return 0;
    store_q4z(scale, zero, parameters);
    return given_f16(scale, parameters);
}

static int given_mxfp4(float scale, void *parameters)
{
    for (uint32_t exponent = 0; exponent < 255; exponent++)
        if (mxfp4_scale(exponent) == scale) {
            *(uint8_t *)parameters = (uint8_t)exponent;
            return 1;
        }
    return 0;
}

static int given_f32(float scale, void *parameters)
{
    store_f32(scale, parameters);
    return isfinite(scale);
}

int format_given(int format, float scale, float zero, void *parameters)
{
    switch (format) {
    case WEIGHT_q8:
        return zero == Q8_ZERO && given_f16(scale, parameters);
    case WEIGHT_q4:
        return zero == Q4_ZERO && given_f16(scale, parameters);
    case WEIGHT_q4z:
        return given_q4z(scale, zero, parameters);
    case WEIGHT_int8:
        return zero == INT8_ZERO && given_f32(scale, parameters);
    case WEIGHT_mxfp4:
        return zero == 0 && given_mxfp4(scale, parameters);
    case WEIGHT_nf4:
    case WEIGHT_fp4:
    case WEIGHT_nf4_double:
    case WEIGHT_fp4_double:
    case WEIGHT_e4m3:
    case WEIGHT_e5m2:
        return zero == 0 && given_f32(scale, parameters);
    default:
        return zero == 0 && scale == 1;
    }
}

void format_parameters(int format, const void *parameters, float *scale, float *zero)
{
    *zero = 0;
    *scale = 1;
    switch (format) {
    case WEIGHT_q8:
    case WEIGHT_q4:
    case WEIGHT_q4z:
        *scale = f16_decode(bits_load_half(parameters));
        *zero = format == WEIGHT_q8 ? (float)Q8_ZERO : format == WEIGHT_q4 ? (float)Q4_ZERO : (float)q4z_zero(parameters);
        break;
    case WEIGHT_mxfp4:
        *scale = mxfp4_scale(*(const uint8_t *)parameters);
        break;
    case WEIGHT_int8:
        *zero = INT8_ZERO;
        *scale = bits_load_float(parameters);
        break;
    case WEIGHT_nf4:
    case WEIGHT_fp4:
    case WEIGHT_nf4_double:
    case WEIGHT_fp4_double:
    case WEIGHT_e4m3:
    case WEIGHT_e5m2:
        *scale = bits_load_float(parameters);
        break;
    default:
        break;
    }
}

/* ---- codes ---- */

/* Parameters are copied, so that compilers see that the codes do not change them. */
static void copy_parameters(int format, const void *parameters, unsigned char *copy)
{
    const size_t bytes = layout_is_nested(format) ? sizeof(float) : (size_t)layout_parameters(format);
    if (bytes) memcpy(copy, parameters, bytes);
}

#define FORMAT(name, bits, block, parameters, group, cut, text)                                                        \
    static void name##_codes(const float *values, int64_t count, const unsigned char *given, uint32_t *codes)          \
    {                                                                                                                  \
        for (int64_t i = 0; i < count; i++) codes[i] = name##_code(values[i], given);                                  \
    }                                                                                                                  \
    static void name##_values(const uint32_t *codes, int64_t count, const unsigned char *given, float *values)         \
    {                                                                                                                  \
        for (int64_t i = 0; i < count; i++) values[i] = name##_value(codes[i], given);                                 \
    }
#include "templates/format/formats.def"

static const struct FormatArithmetic {
    void (*codes)(const float *values, int64_t count, const unsigned char *given, uint32_t *codes);
    void (*values)(const uint32_t *codes, int64_t count, const unsigned char *given, float *values);
} arithmetic[] = {
#define FORMAT(name, bits, block, parameters, group, cut, text) {name##_codes, name##_values},
#include "templates/format/formats.def"
};

void format_codes(int format, const float *values, int64_t count, const void *parameters, uint32_t *codes)
{
    unsigned char copy[CHOOSE_PARAMETERS] = {0};
    copy_parameters(format, parameters, copy);
    arithmetic[format].codes(values, count, copy, codes);
}

void format_values(int format, const uint32_t *codes, int64_t count, const void *parameters, float *values)
{
    unsigned char copy[CHOOSE_PARAMETERS] = {0};
    copy_parameters(format, parameters, copy);
    arithmetic[format].values(codes, count, copy, values);
}

#include "templates/simd/end.h"
