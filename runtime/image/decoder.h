/* decoder: one kind of image file each, for decode.c. */
#ifndef HF2C_IMAGE_DECODER_H
#define HF2C_IMAGE_DECODER_H

#include <stdio.h>

#include "runtime/image/picture.h"

/* Memory for the pixels; 0: the sides are 0, or too long, or there is no memory. */
int hf2c_picture_take(hf2c_picture *picture, uint32_t height, uint32_t width);

/* What is being read. */
typedef struct hf2c_decoding {
    FILE *file;
    hf2c_picture *picture;
    int orientation;   /* as EXIF numbers them; 1 where nothing is said */
    char problem[256]; /* why it could not be read */
} hf2c_decoding;

/* 0: the picture could not be read, or not whole; what is there of it the caller frees. */
int hf2c_png_read(hf2c_decoding *decoding);
int hf2c_jpeg_read(hf2c_decoding *decoding);
/* Keeps the text as the problem; 0. */
int hf2c_decoding_fails(hf2c_decoding *decoding, const char *why);
extern const char hf2c_picture_too_large[];

/* Orientation in EXIF data, a TIFF header and what follows it; 1 where it says nothing or is broken. */
int hf2c_exif_orientation(const uint8_t *data, size_t bytes);
/* Turns and mirrors a picture so that it is upright; 0: no memory. */
int hf2c_picture_turn(hf2c_picture *picture, int orientation);

#endif
