/* picture: an image file as pixels, and those as a model wants them. For hosted programs: it allocates. */
#ifndef HF2C_IMAGE_PICTURE_H
#define HF2C_IMAGE_PICTURE_H

#include "runtime/core/message.h"
#include "runtime/hf2c.h"

typedef struct hf2c_picture {
    int height, width;
    uint8_t *pixels; /* [height, width, 3] red, green, blue; malloc */
} hf2c_picture;

typedef struct hf2c_picture_size {
    int height, width;
} hf2c_picture_size;

/* Reads a PNG or JPEG file. What is transparent keeps its colour, as when PIL converts to RGB. */
hf2c_status hf2c_picture_read(hf2c_picture *picture, const char *path, hf2c_message *message);
void hf2c_picture_free(hf2c_picture *picture);

/* The bits of PIL's resize with that filter (its numbers: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic, 4 box, 5 Hamming). to->pixels is
 * made. */
hf2c_status hf2c_picture_resize(const hf2c_picture *from, hf2c_picture *to, int height, int width, int filter);

/* Resized, cut, scaled, normalised and padded as the model's settings say: values [3, height, width], *size: those two. HF2C_TOO_SMALL: these
 * are more than capacity; HF2C_BAD_ARGUMENT: nothing would be left of a side. */
hf2c_status hf2c_picture_values(const hf2c_picture *picture, const hf2c_image_settings *settings, float *values, size_t capacity,
                                hf2c_picture_size *size);

#endif
