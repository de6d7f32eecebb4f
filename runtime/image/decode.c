/* decode: image files as pixels, the same as PIL's after exif_transpose() and convert("RGB"). */
#include "runtime/image/picture.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/image/decoder.h"

enum { MOST_PIXELS = 1 << 28 };

const char hf2c_picture_too_large[] = "the picture is empty or too large";

static hf2c_status refuse(hf2c_message *message, const char *path, const char *why)
{
    hf2c_message_set(message, path, ": ", why);
    return HF2C_BAD_ARGUMENT;
}

void hf2c_picture_free(hf2c_picture *picture)
{
    free(picture->pixels);
    picture->pixels = NULL;
}

int hf2c_picture_take(hf2c_picture *picture, uint32_t height, uint32_t width)
{
    if (height == 0 || width == 0 || height > MOST_PIXELS / width) return 0;
    picture->height = (int)height;
    picture->width = (int)width;
    picture->pixels = malloc((size_t)height * width * 3);
    return picture->pixels != NULL;
}

int hf2c_decoding_fails(hf2c_decoding *decoding, const char *why)
{
    size_t length = strlen(why), most = sizeof decoding->problem - 1;
    memcpy(decoding->problem, why, length < most ? length : most);
    decoding->problem[length < most ? length : most] = '\0';
    return 0;
}

/* By the first bytes of the file. */
static int read_file(hf2c_decoding *d)
{
    static const unsigned char png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    unsigned char head[sizeof png] = {0};
    size_t count = fread(head, 1, sizeof head, d->file);
    rewind(d->file);
    if (count == sizeof head && memcmp(head, png, sizeof png) == 0) return hf2c_png_read(d);
    if (count > 2 && head[0] == 0xFF && head[1] == 0xD8) return hf2c_jpeg_read(d);
    return hf2c_decoding_fails(d, "neither a PNG nor a JPEG picture");
}

hf2c_status hf2c_picture_read(hf2c_picture *picture, const char *path, hf2c_message *message)
{
    hf2c_decoding decoding = {.file = fopen(path, "rb"), .picture = picture, .orientation = 1};
    *picture = (hf2c_picture){0};
    if (!decoding.file) return refuse(message, path, "this picture cannot be opened");
    int fine = read_file(&decoding);
    fclose(decoding.file);
    if (fine && !hf2c_picture_turn(picture, decoding.orientation)) fine = hf2c_decoding_fails(&decoding, hf2c_picture_too_large);
    if (fine) return HF2C_OK;
    hf2c_picture_free(picture);
    return refuse(message, path, decoding.problem);
}
