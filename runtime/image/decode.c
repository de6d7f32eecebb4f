/* decode: PNG through libpng, JPEG through libjpeg. */
#include "runtime/image/picture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

enum { MOST_PIXELS = 1 << 28 };

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

static int take_pixels(hf2c_picture *picture, uint32_t height, uint32_t width, size_t channels)
{
    if (height == 0 || width == 0 || height > MOST_PIXELS / width) return 0;
    picture->height = (int)height;
    picture->width = (int)width;
    picture->pixels = malloc((size_t)height * width * channels);
    return picture->pixels != NULL;
}

/* ---- PNG ---- */

static hf2c_status read_png(hf2c_picture *picture, FILE *file, const char *path, hf2c_message *message)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_stdio(&image, file)) return refuse(message, path, image.message);
    image.format = PNG_FORMAT_RGBA;
    if (!take_pixels(picture, image.height, image.width, 4)) {
        png_image_free(&image);
        return refuse(message, path, "the picture is empty or too large");
    }
    if (!png_image_finish_read(&image, NULL, picture->pixels, 0, NULL)) {
        hf2c_picture_free(picture);
        return refuse(message, path, image.message);
    }
    size_t places = (size_t)picture->height * (size_t)picture->width;
    for (size_t i = 0; i < places; i++) memmove(picture->pixels + 3 * i, picture->pixels + 4 * i, 3);
    return HF2C_OK;
}

/* ---- JPEG ---- */

typedef struct JpegErrors {
    struct jpeg_error_mgr base; /* first: the library gets its address */
    jmp_buf out;
    char text[JMSG_LENGTH_MAX];
} JpegErrors;

static void leave_jpeg(j_common_ptr jpeg)
{
    JpegErrors *errors = (JpegErrors *)(void *)jpeg->err;
    jpeg->err->format_message(jpeg, errors->text);
    longjmp(errors->out, 1);
}

static void ignore_warning(j_common_ptr jpeg, int level) { (void)jpeg, (void)level; }

/* Everything that the library may leave by its error handler. */
static const char *decode_jpeg(struct jpeg_decompress_struct *jpeg, FILE *file, hf2c_picture *picture)
{
    jpeg_create_decompress(jpeg);
    jpeg_stdio_src(jpeg, file);
    jpeg_read_header(jpeg, TRUE);
    jpeg->out_color_space = JCS_RGB;
    jpeg_start_decompress(jpeg);
    if (jpeg->output_components != 3 || !take_pixels(picture, jpeg->output_height, jpeg->output_width, 3))
        return "the picture is empty, too large or of unusual colours";
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = picture->pixels + (size_t)jpeg->output_scanline * (size_t)picture->width * 3;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return NULL;
}

static hf2c_status read_jpeg(hf2c_picture *picture, FILE *file, const char *path, hf2c_message *message)
{
    struct jpeg_decompress_struct jpeg;
    JpegErrors errors;
    const char *volatile problem = errors.text;
    memset(&jpeg, 0, sizeof jpeg);
    jpeg.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = leave_jpeg;
    errors.base.emit_message = ignore_warning;
    if (setjmp(errors.out) == 0) problem = decode_jpeg(&jpeg, file, picture);
    jpeg_destroy_decompress(&jpeg);
    if (!problem) return HF2C_OK;
    hf2c_picture_free(picture);
    return refuse(message, path, problem);
}

hf2c_status hf2c_picture_read(hf2c_picture *picture, const char *path, hf2c_message *message)
{
    unsigned char head[8] = {0};
    FILE *file = fopen(path, "rb");
    *picture = (hf2c_picture){0};
    if (!file) return refuse(message, path, "this picture cannot be opened");
    size_t count = fread(head, 1, sizeof head, file);
    rewind(file);
    hf2c_status status;
    if (count == sizeof head && png_sig_cmp(head, 0, sizeof head) == 0) status = read_png(picture, file, path, message);
    else if (count > 2 && head[0] == 0xFF && head[1] == 0xD8) status = read_jpeg(picture, file, path, message);
    else status = refuse(message, path, "neither a PNG nor a JPEG picture");
    fclose(file);
    return status;
}
