/* jpeg: JPEG files through libjpeg. */
#include "runtime/image/decoder.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

typedef struct JpegReader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf out;
    JSAMPROW inks; /* room for a line of them; NULL: the picture has none */
    hf2c_decoding *decoding;
} JpegReader;

static void leave(j_common_ptr jpeg)
{
    JpegReader *reader = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    hf2c_decoding_fails(reader->decoding, text);
    longjmp(reader->out, 1);
}

/* Of the warnings, that the file ends too early is an error, as it is with PIL. */
static void weigh_warning(j_common_ptr jpeg, int level)
{
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) leave(jpeg);
}

static int read_orientation(const struct jpeg_decompress_struct *jpeg)
{
    static const char word[] = "Exif\0";
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next)
        if (m->data_length > sizeof word && memcmp(m->data, word, sizeof word) == 0)
            return hf2c_exif_orientation(m->data + sizeof word, m->data_length - sizeof word);
    return 1;
}

static unsigned multiply(unsigned a, unsigned b)
{
    unsigned product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

/* As PIL does it: files have the inks inverted, and a colour is what black and its ink leave of the light. */
static void from_inks(uint8_t *to, const uint8_t *inks, size_t places)
{
    for (size_t i = 0; i < 3 * places; i++) {
        unsigned light = inks[i / 3 * 4 + 3], ink = 255u - inks[i / 3 * 4 + i % 3], taken = multiply(ink, light);
        to[i] = (uint8_t)(light > taken ? light - taken : 0);
    }
}

static void read_lines(JpegReader *r)
{
    hf2c_picture *picture = r->decoding->picture;
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        uint8_t *to = picture->pixels + (size_t)r->jpeg.output_scanline * (size_t)picture->width * 3;
        JSAMPROW line = r->inks ? r->inks : to;
        jpeg_read_scanlines(&r->jpeg, &line, 1);
        if (r->inks) from_inks(to, r->inks, (size_t)picture->width);
    }
}

/* Everything that the library may leave by its error handler. */
static int decode(JpegReader *r)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    hf2c_decoding *d = r->decoding;
    if (setjmp(r->out)) return 0;
    jpeg_create_decompress(jpeg);
    jpeg_stdio_src(jpeg, d->file);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(jpeg, TRUE);
    jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(jpeg);
    if (!hf2c_picture_take(d->picture, jpeg->output_height, jpeg->output_width)) return hf2c_decoding_fails(d, hf2c_picture_too_large);
    r->inks = jpeg->output_components == 4 ? malloc((size_t)d->picture->width * 4) : NULL;
    if (jpeg->output_components != (r->inks ? 4 : 3)) return hf2c_decoding_fails(d, "out of memory");
    read_lines(r);
    d->orientation = read_orientation(jpeg);
    jpeg_finish_decompress(jpeg);
    return 1;
}

int hf2c_jpeg_read(hf2c_decoding *decoding)
{
    JpegReader reader;
    memset(&reader, 0, sizeof reader);
    reader.decoding = decoding;
    reader.jpeg.err = jpeg_std_error(&reader.errors);
    reader.jpeg.client_data = &reader;
    reader.errors.error_exit = leave;
    reader.errors.emit_message = weigh_warning;
    int fine = decode(&reader);
    jpeg_destroy_decompress(&reader.jpeg);
    free(reader.inks);
    return fine;
}
