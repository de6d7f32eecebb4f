/* png: PNG files through libpng. As with PIL, gamma and colour profiles count for nothing, what is transparent keeps its colour, and of
 * 16 bits the upper 8 count; in grey pictures, which PIL keeps whole, they are cut to 255. */
#include "runtime/image/decoder.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct PngReader {
    png_structp png;
    png_infop info;
    jmp_buf out;
    uint8_t *pixels; /* rows as libpng gives them */
    png_bytep *rows;
    hf2c_decoding *decoding;
} PngReader;

static void leave(png_structp png, png_const_charp text)
{
    PngReader *reader = png_get_error_ptr(png);
    hf2c_decoding_fails(reader->decoding, text);
    longjmp(reader->out, 1);
}

static void ignore(png_structp png, png_const_charp text) { (void)png, (void)text; }

/* To 8 bits of red, green and blue, or 16 of grey. */
static void set_up(PngReader *r)
{
    int type = png_get_color_type(r->png, r->info), depth = png_get_bit_depth(r->png, r->info);
    int whole_grey = type == PNG_COLOR_TYPE_GRAY && depth == 16;
    if (depth == 16 && !whole_grey) png_set_strip_16(r->png);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(r->png);
    if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(r->png);
    if (type & (PNG_COLOR_MASK_ALPHA | PNG_COLOR_MASK_PALETTE)) png_set_strip_alpha(r->png);
    if (!(type & PNG_COLOR_MASK_COLOR) && !whole_grey) png_set_gray_to_rgb(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
}

static int read_rows(PngReader *r, uint32_t height)
{
    size_t bytes = png_get_rowbytes(r->png, r->info);
    r->pixels = malloc(bytes * height);
    r->rows = malloc(height * sizeof *r->rows);
    if (!r->pixels || !r->rows) return hf2c_decoding_fails(r->decoding, hf2c_picture_too_large);
    for (uint32_t y = 0; y < height; y++) r->rows[y] = r->pixels + y * bytes;
    png_read_image(r->png, r->rows);
    png_read_end(r->png, r->info);
    return 1;
}

/* From rows of libpng to the picture, whose sides have been checked. */
static void keep_pixels(const PngReader *r, hf2c_picture *picture)
{
    size_t places = (size_t)picture->height * (size_t)picture->width;
    if (png_get_channels(r->png, r->info) == 3) {
        memcpy(picture->pixels, r->pixels, 3 * places);
        return;
    }
    for (size_t i = 0; i < 3 * places; i++) {
        const uint8_t *grey = r->pixels + i / 3 * 2;
        picture->pixels[i] = grey[0] ? 255 : grey[1];
    }
}

static int read_orientation(const PngReader *r)
{
    png_uint_32 bytes;
    png_bytep data;
    return png_get_eXIf_1(r->png, r->info, &bytes, &data) ? hf2c_exif_orientation(data, bytes) : 1;
}

/* Everything that libpng may leave by its error handler. */
static int read_picture(PngReader *r)
{
    hf2c_decoding *d = r->decoding;
    if (setjmp(r->out)) return 0;
    png_init_io(r->png, d->file);
    png_read_info(r->png, r->info);
    if (!hf2c_picture_take(d->picture, png_get_image_height(r->png, r->info), png_get_image_width(r->png, r->info)))
        return hf2c_decoding_fails(d, hf2c_picture_too_large);
    set_up(r);
    if (!read_rows(r, (uint32_t)d->picture->height)) return 0;
    keep_pixels(r, d->picture);
    d->orientation = read_orientation(r);
    return 1;
}

int hf2c_png_read(hf2c_decoding *decoding)
{
    PngReader reader = {.decoding = decoding};
    hf2c_decoding_fails(decoding, "out of memory");
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, leave, ignore);
    reader.info = reader.png ? png_create_info_struct(reader.png) : NULL;
    int fine = reader.info && read_picture(&reader);
    if (reader.png) png_destroy_read_struct(&reader.png, reader.info ? &reader.info : NULL, NULL);
    free(reader.pixels);
    free(reader.rows);
    return fine;
}
