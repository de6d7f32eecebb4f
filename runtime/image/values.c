/* values: what transformers' image processors do to a picture. */
#include "runtime/image/picture.h"

#include <stdlib.h>

static hf2c_status resize(const hf2c_picture *picture, const hf2c_image_settings *s, hf2c_picture *to)
{
    int height = s->height, width = s->width;
    if (s->shortest) {
        int tall = picture->width <= picture->height;
        int64_t shorter = tall ? picture->width : picture->height, longer = tall ? picture->height : picture->width;
        int64_t other = (int64_t)((double)(s->shortest * longer) / (double)shorter);
        height = tall ? (other > 1 << 20 ? 1 << 20 : (int)other) : s->shortest;
        width = tall ? s->shortest : (other > 1 << 20 ? 1 << 20 : (int)other);
    }
    if (height == 0) {
        height = picture->height;
        width = picture->width;
    }
    return hf2c_picture_resize(picture, to, height, width, s->filter);
}

/* First row or column of the middle; negative where the picture is smaller. */
static int middle(int length, int wanted)
{
    int rest = length - wanted;
    return rest >= 0 ? rest / 2 : -((1 - rest) / 2);
}

static void normalize(const hf2c_picture *p, const hf2c_image_settings *s, float *values)
{
    int top = middle(p->height, s->out_height), left = middle(p->width, s->out_width);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < s->out_height; y++)
            for (int x = 0; x < s->out_width; x++) {
                int row = y + top, column = x + left, inside = row >= 0 && row < p->height && column >= 0 && column < p->width;
                float value = inside ? p->pixels[((size_t)row * (size_t)p->width + (size_t)column) * 3 + (size_t)c] : 0;
                *values++ = (value * s->factor - s->mean[c]) / s->deviation[c];
            }
}

hf2c_status hf2c_picture_values(const hf2c_picture *picture, const hf2c_image_settings *settings, float *values)
{
    hf2c_picture resized;
    hf2c_status status = resize(picture, settings, &resized);
    if (status != HF2C_OK) return status;
    normalize(&resized, settings, values);
    hf2c_picture_free(&resized);
    return HF2C_OK;
}
