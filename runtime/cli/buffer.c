#include "runtime/cli/cli.h"
#include "runtime/core/json.h"

#include <stdlib.h>
#include <string.h>

static void reserve(Buffer *buffer, size_t more)
{
    if (more <= buffer->capacity - buffer->length) return;
    size_t wanted = buffer->capacity < SIZE_MAX / 4 ? 2 * buffer->capacity + 256 : SIZE_MAX;
    if (more > SIZE_MAX / 4 - 256) more = SIZE_MAX;
    if (wanted < buffer->length + more) wanted = buffer->length + more;
    char *data = more == SIZE_MAX ? NULL : realloc(buffer->data, wanted);
    if (!data) {
        fputs("out of memory\n", stderr);
        exit(EXIT_BAD_INPUT);
    }
    buffer->data = data;
    buffer->capacity = wanted;
}

void buffer_add(Buffer *buffer, const char *bytes, size_t count)
{
    if (count == 0) return;
    reserve(buffer, count);
    memcpy(buffer->data + buffer->length, bytes, count);
    buffer->length += count;
}

void buffer_text(Buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_json_string(Buffer *buffer, const char *text, size_t bytes)
{
    size_t needed = json_write_string(NULL, 0, text, bytes);
    reserve(buffer, needed);
    json_write_string(buffer->data + buffer->length, needed, text, bytes);
    buffer->length += needed;
}

int buffer_write(void *buffer, const char *bytes, size_t count)
{
    buffer_add(buffer, bytes, count);
    return 0;
}

int file_write(void *file, const char *bytes, size_t count)
{
    return fwrite(bytes, 1, count, file) == count ? 0 : 1;
}
