/* orientation: how a camera was held, from EXIF data, and the picture upright. */
#include "runtime/image/decoder.h"

#include <stdlib.h>
#include <string.h>

/* A number of that many bytes, in the byte order of the data. */
static uint32_t number(const uint8_t *at, int bytes, int little)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint32_t)at[i] << 8 * (little ? i : bytes - 1 - i);
    return value;
}

/* Entries are tag, type (3: 16 bits), count and value: 2, 2, 4 and 4 bytes. */
int hf2c_exif_orientation(const uint8_t *data, size_t bytes)
{
    enum { HEADER = 8, ENTRY = 12, TAG_ORIENTATION = 0x112, TYPE_SHORT = 3 };
    if (bytes < HEADER || (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0)) return 1;
    int little = data[0] == 'I';
    size_t at = number(data + 4, 4, little);
    if (at > bytes || bytes - at < 2) return 1;
    size_t count = number(data + at, 2, little);
    for (size_t i = 0; i < count && (i + 1) * ENTRY + 2 <= bytes - at; i++) {
        const uint8_t *entry = data + at + 2 + i * ENTRY;
        if (number(entry, 2, little) != TAG_ORIENTATION || number(entry + 2, 2, little) != TYPE_SHORT) continue;
        uint32_t value = number(entry + 8, 2, little);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

int hf2c_picture_turn(hf2c_picture *picture, int orientation)
{
    int across = orientation >= 5; /* lines become columns */
    int mirrored = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    int upside_down = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int height = across ? picture->width : picture->height, width = across ? picture->height : picture->width;
    if (orientation == 1) return 1;
    uint8_t *turned = malloc((size_t)height * (size_t)width * 3);
    if (!turned) return 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int row = across ? x : y, column = across ? y : x;
            if (upside_down) row = picture->height - 1 - row;
            if (mirrored) column = picture->width - 1 - column;
            memcpy(turned + ((size_t)y * (size_t)width + (size_t)x) * 3,
                   picture->pixels + ((size_t)row * (size_t)picture->width + (size_t)column) * 3, 3);
        }
    free(picture->pixels);
    *picture = (hf2c_picture){height, width, turned};
    return 1;
}
