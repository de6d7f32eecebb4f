/* resize: the filters of PIL in its own fixed-point arithmetic: 22 bits of weight, 8 bits between the two directions. */
#include "runtime/image/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT_BITS = 22, MOST_SIDE = 1 << 16 };
static const double pi = 3.14159265358979323846;

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }
static double triangle(double x) { return fabs(x) < 1 ? 1 - fabs(x) : 0; }
static double sinc(double x) { return x == 0 ? 1 : sin(pi * x) / (pi * x); }
static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }
static double hamming(double x) { return fabs(x) >= 1 ? 0 : x == 0 ? 1 : sinc(x) * (0.54 + 0.46 * cos(pi * x)); }

static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static const struct Filter {
    double (*weight)(double x);
    double support;
} filters[] = {{NULL, 0}, {lanczos, 3}, {triangle, 1}, {bicubic, 2}, {box, 0.5}, {hamming, 1}};

/* What each place of one direction is made of. */
typedef struct Weights {
    int taps;      /* most of one place */
    int *first;    /* [places] */
    int *count;
    int32_t *part; /* [places, taps] */
} Weights;

static void weights_free(Weights *w)
{
    free(w->first);
    free(w->count);
    free(w->part);
}

static int weights_take(Weights *w, int places, int taps)
{
    w->taps = taps;
    w->first = malloc((size_t)places * sizeof *w->first);
    w->count = malloc((size_t)places * sizeof *w->count);
    w->part = malloc((size_t)places * (size_t)taps * sizeof *w->part);
    return w->first && w->count && w->part;
}

static void weigh_place(Weights *w, const struct Filter *filter, double scale, double wide, int from, int place, double *share)
{
    double center = (place + 0.5) * scale, support = filter->support * wide, narrow = 1 / wide, total = 0;
    int first = (int)(center - support + 0.5), end = (int)(center + support + 0.5);
    if (first < 0) first = 0;
    if (end > from) end = from;
    for (int i = 0; i < end - first; i++) total += share[i] = filter->weight((i + first - center + 0.5) * narrow);
    for (int i = 0; i < end - first; i++) {
        double part = (total != 0 ? share[i] / total : share[i]) * (1 << WEIGHT_BITS);
        w->part[(size_t)place * (size_t)w->taps + (size_t)i] = (int32_t)(part < 0 ? part - 0.5 : part + 0.5);
    }
    w->first[place] = first;
    w->count[place] = end - first;
}

static int weights_make(Weights *w, const struct Filter *filter, int from, int to)
{
    double scale = (double)from / to, wide = scale < 1 ? 1 : scale;
    int taps = (int)ceil(filter->support * wide) * 2 + 1;
    double *share = malloc((size_t)taps * sizeof *share);
    int fine = weights_take(w, to, taps) && share;
    for (int i = 0; fine && i < to; i++) weigh_place(w, filter, scale, wide, from, i, share);
    free(share);
    return fine;
}

static uint8_t clip(int64_t sum)
{
    int64_t value = sum >> WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* to [lines, places, 3] from pixels that lie `step` apart in the direction, their lines `line` apart */
static void filter_lines(uint8_t *to, const uint8_t *from, const Weights *w, int lines, int places, size_t line, size_t step,
                         size_t to_line, size_t to_step)
{
    for (int y = 0; y < lines; y++)
        for (int x = 0; x < places; x++)
            for (size_t c = 0; c < 3; c++) {
                const int32_t *part = w->part + (size_t)x * (size_t)w->taps;
                int64_t sum = (int64_t)1 << (WEIGHT_BITS - 1);
                for (int i = 0; i < w->count[x]; i++) sum += (int64_t)part[i] * from[(size_t)y * line + (size_t)(w->first[x] + i) * step + c];
                to[(size_t)y * to_line + (size_t)x * to_step + c] = clip(sum);
            }
}

static void nearest(const hf2c_picture *from, hf2c_picture *to)
{
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            int row = (int)((y + 0.5) * from->height / to->height), column = (int)((x + 0.5) * from->width / to->width);
            memcpy(to->pixels + ((size_t)y * (size_t)to->width + (size_t)x) * 3,
                   from->pixels + ((size_t)row * (size_t)from->width + (size_t)column) * 3, 3);
        }
}

/* One direction of a picture of that size; to->height or to->width has changed. */
static int filter_one(const hf2c_picture *from, hf2c_picture *to, const struct Filter *filter, int down)
{
    Weights w = {0};
    size_t line = (size_t)from->width * 3, to_line = (size_t)to->width * 3;
    int fine = down ? weights_make(&w, filter, from->height, to->height) : weights_make(&w, filter, from->width, to->width);
    if (fine && down) filter_lines(to->pixels, from->pixels, &w, to->width, to->height, 3, line, 3, to_line);
    else if (fine) filter_lines(to->pixels, from->pixels, &w, to->height, to->width, line, 3, to_line, 3);
    weights_free(&w);
    return fine;
}

/* In the order of Pillow 13 (src/libImaging/Resample.c): across first, but where the height shrinks by more than twice as much as the
 * width, down first. Results are rounded between the two. */
static int filter_both(const hf2c_picture *from, hf2c_picture *to, const struct Filter *filter)
{
    int shrinks = from->height - to->height, down_first = shrinks > 0 && shrinks > 2 * (from->width - to->width);
    hf2c_picture between = {.height = down_first ? to->height : from->height, .width = down_first ? from->width : to->width};
    if (from->width == to->width || from->height == to->height) {
        if (from->width == to->width && from->height == to->height) {
            memcpy(to->pixels, from->pixels, (size_t)to->height * (size_t)to->width * 3);
            return 1;
        }
        return filter_one(from, to, filter, from->width == to->width);
    }
    between.pixels = malloc((size_t)between.height * (size_t)between.width * 3);
    int fine = between.pixels && filter_one(from, &between, filter, down_first) && filter_one(&between, to, filter, !down_first);
    free(between.pixels);
    return fine;
}

hf2c_status hf2c_picture_resize(const hf2c_picture *from, hf2c_picture *to, int height, int width, int filter)
{
    *to = (hf2c_picture){.height = height, .width = width};
    if (height < 1 || width < 1 || height > MOST_SIDE || width > MOST_SIDE) return HF2C_BAD_ARGUMENT;
    if (filter < 0 || (size_t)filter >= sizeof filters / sizeof *filters) return HF2C_NOT_SUPPORTED;
    to->pixels = malloc((size_t)height * (size_t)width * 3);
    if (!to->pixels) return HF2C_NO_MEMORY;
    if (filter == 0) {
        nearest(from, to);
    } else if (!filter_both(from, to, &filters[filter])) {
        free(to->pixels);
        to->pixels = NULL;
        return HF2C_NO_MEMORY;
    }
    return HF2C_OK;
}
