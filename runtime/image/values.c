/* values: what transformers' image processors do to a picture. */
#include "runtime/image/picture.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_SIDE = 1 << 20 };

/* ---- sizes ---- */

static int whole(double side) { return side < MOST_SIDE ? (int)side : MOST_SIDE; }

/* One edge of that length, the other in proportion: part * longer / shorter, cut to a whole number. */
static hf2c_picture_size by_edges(hf2c_picture_size from, int shorter, double part)
{
    if (from.width <= from.height) return (hf2c_picture_size){whole(part * from.height / from.width), shorter};
    return (hf2c_picture_size){shorter, whole(part * from.width / from.height)};
}

static hf2c_picture_size by_shortest(hf2c_picture_size from, const hf2c_image_settings *s)
{
    double longer = from.width <= from.height ? from.height : from.width, shorter = from.width <= from.height ? from.width : from.height;
    double part = s->shortest;
    int edge = s->shortest, limited = s->longest && longer / shorter * s->shortest > s->longest;
    if (limited) {
        part = s->longest * shorter / longer;
        edge = (int)rint(part);
        /* transformers: a picture whose shorter edge has that length already stays; with YOLOS's processor only if that is its height. */
        if (edge == (int)shorter && (!s->multiple || from.height <= from.width)) return from;
    }
    return by_edges(from, edge, part);
}

static hf2c_picture_size within(hf2c_picture_size from, const hf2c_image_settings *s)
{
    double down = (double)s->height / from.height, across = (double)s->width / from.width, scale = down < across ? down : across;
    return (hf2c_picture_size){whole(from.height * scale), whole(from.width * scale)};
}

static hf2c_picture_size resized_size(hf2c_picture_size from, const hf2c_image_settings *s)
{
    hf2c_picture_size to = from;
    if (s->resize == HF2C_RESIZE_EXACT) to = (hf2c_picture_size){s->height, s->width};
    if (s->resize == HF2C_RESIZE_SHORTEST || s->resize == HF2C_RESIZE_EDGES) to = by_shortest(from, s);
    if (s->resize == HF2C_RESIZE_WITHIN) to = within(from, s);
    if (s->multiple) to = (hf2c_picture_size){to.height - to.height % s->multiple, to.width - to.width % s->multiple};
    return to;
}

/* ---- values ---- */

/* First row or column of the middle; negative where the picture is smaller. */
static int middle(int length, int wanted)
{
    int rest = length - wanted;
    return rest >= 0 ? rest / 2 : -((1 - rest) / 2);
}

/* The part of a picture that becomes values, which may go beyond it, and what is around that part. */
typedef struct Frame {
    int top, left, height, width; /* of the part */
    int all_height, all_width;    /* with what is padded */
} Frame;

static Frame frame_of(const hf2c_picture *p, const hf2c_image_settings *s)
{
    Frame f = {.height = s->crop_height ? s->crop_height : p->height, .width = s->crop_width ? s->crop_width : p->width};
    f.top = middle(p->height, f.height);
    f.left = middle(p->width, f.width);
    f.all_height = s->pad_height ? s->pad_height : f.height;
    f.all_width = s->pad_width ? s->pad_width : f.width;
    return f;
}

static float value_at(const hf2c_picture *p, const hf2c_image_settings *s, int row, int column, int c)
{
    int inside = row >= 0 && row < p->height && column >= 0 && column < p->width;
    float value = inside ? p->pixels[((size_t)row * (size_t)p->width + (size_t)column) * 3 + (size_t)c] : 0;
    return (value * s->factor - s->offset - s->mean[c]) / s->deviation[c];
}

static void normalize(const hf2c_picture *p, const hf2c_image_settings *s, Frame f, float *values)
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < f.all_height; y++)
            for (int x = 0; x < f.all_width; x++)
                *values++ = y < f.height && x < f.width ? value_at(p, s, y + f.top, x + f.left, c) : 0;
}

hf2c_status hf2c_picture_values(const hf2c_picture *picture, const hf2c_image_settings *settings, float *values, size_t capacity,
                                hf2c_picture_size *size)
{
    hf2c_picture resized;
    hf2c_picture_size to = resized_size((hf2c_picture_size){picture->height, picture->width}, settings);
    hf2c_status status = hf2c_picture_resize(picture, &resized, to.height, to.width, settings->filter);
    if (status != HF2C_OK) return status;
    Frame f = frame_of(&resized, settings);
    *size = (hf2c_picture_size){f.all_height, f.all_width};
    if (f.all_height < f.height || f.all_width < f.width || (size_t)f.all_height > capacity / 3 / (size_t)f.all_width)
        status = HF2C_TOO_SMALL; /* not to be padded, or beyond what the model takes */
    else
        normalize(&resized, settings, f, values);
    hf2c_picture_free(&resized);
    return status;
}
