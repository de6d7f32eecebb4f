/* Reading: a file is mapped, its header scanned twice (first counting, so that nothing is allocated from a number in
 * the file), every size checked, then the tensors are sorted by offset and must cover the data without holes or
 * overlaps. */
#include "compiler/read/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/json.h"

enum { LENGTH_BYTES = 8, MAX_HEADER_BYTES = 100000000 };

static const char metadata_key[] = "__metadata__";

typedef struct Reader {
    Arena *arena;
    const char *path;
    FileView file;
    const char *header;
    size_t header_bytes, data_bytes;
    JsonScanner scanner;
    const char *tensor; /* the one being read, for messages */
    bool warned;
    Err *err;
} Reader;

const char *stored_name(StoredType type)
{
    static const char *const names[] = {
#define STORED(name, text, bits) text,
        STORED_TYPES(STORED)
#undef STORED
    };
    return names[type];
}

size_t stored_bytes(StoredType type)
{
    static const uint8_t bits_of[] = {
#define STORED(name, text, bits) bits,
        STORED_TYPES(STORED)
#undef STORED
    };
    return bits_of[type] / 8;
}

const char *shape_text(Arena *arena, int rank, const int64_t *shape)
{
    Str s = {0};
    str_add(&s, "[", 1);
    for (int i = 0; i < rank; i++) str_printf(&s, "%s%" PRId64, i > 0 ? ", " : "", shape[i]);
    str_add(&s, "]", 1);
    const char *text = arena_copy_text(arena, s.data, s.length);
    str_free(&s);
    return text;
}

/* ---- the header ---- */

static bool header_fails(Reader *reader, const char *why)
{
    size_t line, column;
    json_position(reader->header, reader->scanner.at, &line, &column);
    if (reader->tensor != NULL)
        return err_set(reader->err, "%s: tensor \"%.100s\": %s", reader->path, reader->tensor, why);
    return err_set(reader->err, "%s: header, line %zu, column %zu: %s", reader->path, line, column, why);
}

static bool scan_fails(Reader *reader)
{
    reader->tensor = NULL;
    reader->scanner.at = reader->scanner.error_at;
    return header_fails(reader, reader->scanner.error);
}

/* Steps to the next token, which must be of that kind. */
static bool want(Reader *reader, JsonKind kind, const char *why)
{
    JsonKind found = json_next(&reader->scanner);
    if (found == JSON_ERROR) return scan_fails(reader);
    return found == kind || header_fails(reader, why);
}

static bool find_header(Reader *reader)
{
    const FileView *file = &reader->file;
    if (file->size < LENGTH_BYTES)
        return err_set(reader->err, "%s: has %zu bytes, too few for a safetensors file", reader->path, file->size);
    uint64_t length = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--) length = length << 8 | file->data[i];
    if (length > MAX_HEADER_BYTES || length > file->size - LENGTH_BYTES)
        return err_set(reader->err,
                       "%s: header of %" PRIu64
                       " bytes in a file of %zu, wanted at most %d; truncated, or not safetensors",
                       reader->path, length, file->size, MAX_HEADER_BYTES);
    reader->header = (const char *)file->data + LENGTH_BYTES;
    reader->header_bytes = (size_t)length;
    reader->data_bytes = file->size - LENGTH_BYTES - (size_t)length;
    return true;
}

/* Checks the grammar of the whole header and counts the entries of the outermost object. */
static bool count_entries(Reader *reader, size_t *count)
{
    *count = 0;
    json_scan_begin(&reader->scanner, reader->header, reader->header_bytes);
    if (!want(reader, JSON_OBJECT, "an object was expected")) return false;
    for (;;) {
        switch (json_next(&reader->scanner)) {
        case JSON_ERROR:
            return scan_fails(reader);
        case JSON_END:
            return true;
        case JSON_KEY:
            *count += reader->scanner.depth == 1;
            break;
        default:
            break;
        }
    }
}

/* A NUL-terminated copy of the current key. */
static bool take_name(Reader *reader, const char **name)
{
    bool has_nul;
    char *text = arena_alloc(reader->arena, reader->scanner.length + 1);
    size_t length = json_string(&reader->scanner, text, &has_nul);
    text[length] = '\0';
    *name = text;
    return !has_nul || header_fails(reader, "a NUL character in the name of a tensor");
}

static bool read_metadata(Reader *reader)
{
    Arena *scratch = arena_new();
    Map *seen = map_new(scratch);
    bool good = want(reader, JSON_OBJECT, "__metadata__ must be an object");
    while (good && json_next(&reader->scanner) == JSON_KEY) {
        size_t length = reader->scanner.length;
        char *key = arena_alloc(scratch, length + 1);
        key[json_string(&reader->scanner, key, NULL)] = '\0';
        if (map_get(seen, key) != NULL) good = header_fails(reader, "the same key twice in __metadata__");
        map_set(seen, key, key);
        good = good && want(reader, JSON_STRING, "the values of __metadata__ must be texts");
    }
    arena_free(scratch);
    return good;
}

/* How much of the current token a message shows. */
static int shown_length(const Reader *reader)
{
    return (int)(reader->scanner.length < 40 ? reader->scanner.length : 40);
}

static bool read_type(Reader *reader, Tensor *tensor)
{
    if (!want(reader, JSON_STRING, "dtype must be a text")) return false;
    for (int type = 0; type < STORED_COUNT; type++)
        if (json_is(&reader->scanner, stored_name((StoredType)type))) {
            tensor->type = (StoredType)type;
            return true;
        }
    return header_fails(
        reader, arena_printf(reader->arena, "unknown dtype \"%.*s\"", shown_length(reader), reader->scanner.start));
}

static bool read_shape(Reader *reader, Tensor *tensor)
{
    if (!want(reader, JSON_ARRAY, "shape must be a list")) return false;
    while (json_next(&reader->scanner) == JSON_NUMBER) {
        if (tensor->rank == TENSOR_MAX_RANK) return header_fails(reader, "more than 8 dimensions");
        uint64_t size;
        if (!json_unsigned(&reader->scanner, &size) || size > INT64_MAX)
            return header_fails(reader, "a dimension that is not an integer in 0..2^63-1");
        tensor->shape[tensor->rank++] = (int64_t)size;
    }
    return reader->scanner.kind == JSON_ARRAY_END || header_fails(reader, "a dimension that is not a number");
}

static bool read_offsets(Reader *reader, Tensor *tensor)
{
    uint64_t offset[2];
    if (!want(reader, JSON_ARRAY, "data_offsets must be a list")) return false;
    for (int i = 0; i < 2; i++)
        if (!want(reader, JSON_NUMBER, "data_offsets must be two integers") ||
            !json_unsigned(&reader->scanner, &offset[i]))
            return header_fails(reader, "data_offsets must be two integers");
    if (!want(reader, JSON_ARRAY_END, "data_offsets must be two integers")) return false;
    if (offset[0] > offset[1] || offset[1] > reader->data_bytes)
        return header_fails(reader,
                            arena_printf(reader->arena,
                                         "data_offsets [%" PRIu64 ", %" PRIu64 "] are not within the %zu bytes of data",
                                         offset[0], offset[1], reader->data_bytes));
    tensor->data = reader->file.data + LENGTH_BYTES + reader->header_bytes + offset[0];
    tensor->bytes = (size_t)(offset[1] - offset[0]);
    return true;
}

/* A zero among the dimensions must not hide that others overflow: whoever multiplies some of them later need not check.
 */
static bool check_bytes(Reader *reader, Tensor *tensor)
{
    size_t elements = 1, bytes;
    bool empty = false;
    for (int i = 0; i < tensor->rank; i++) {
        empty = empty || tensor->shape[i] == 0;
        if (tensor->shape[i] != 0 && !size_mul(elements, (size_t)tensor->shape[i], &elements))
            return header_fails(reader, "the shape overflows");
    }
    if (elements > INT64_MAX || !size_mul(elements, stored_bytes(tensor->type), &bytes))
        return header_fails(reader, "the shape overflows");
    if (empty) elements = bytes = 0;
    if (bytes != tensor->bytes)
        return header_fails(reader,
                            arena_printf(reader->arena, "%s %s needs %zu bytes, data_offsets give %zu",
                                         stored_name(tensor->type),
                                         shape_text(reader->arena, tensor->rank, tensor->shape), bytes, tensor->bytes));
    tensor->elements = elements;
    return true;
}

/* The format allows further fields. One warning per file is enough. */
static void skip_unknown(Reader *reader)
{
    if (!reader->warned)
        warn("%s: tensor \"%.100s\": unknown field \"%.*s\" is ignored", reader->path, reader->tensor,
             shown_length(reader), reader->scanner.start);
    reader->warned = true;
    json_next(&reader->scanner);
    json_skip(&reader->scanner);
}

/* {"dtype": ..., "shape": [...], "data_offsets": [begin, end]}, in any order. */
static bool read_tensor(Reader *reader, Tensor *tensor)
{
    static const struct {
        const char *key;
        bool (*read)(Reader *, Tensor *);
    } fields[] = {{"dtype", read_type}, {"shape", read_shape}, {"data_offsets", read_offsets}};
    bool seen[COUNT_OF(fields)] = {false};
    if (!want(reader, JSON_OBJECT, "an object was expected")) return false;
    while (json_next(&reader->scanner) == JSON_KEY) {
        size_t i = 0;
        while (i < COUNT_OF(fields) && !json_is(&reader->scanner, fields[i].key)) i++;
        if (i == COUNT_OF(fields)) {
            skip_unknown(reader);
            continue;
        }
        if (seen[i]) return header_fails(reader, arena_printf(reader->arena, "%s appears twice", fields[i].key));
        seen[i] = true;
        if (!fields[i].read(reader, tensor)) return false;
    }
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (!seen[i]) return header_fails(reader, arena_printf(reader->arena, "%s is missing", fields[i].key));
    return check_bytes(reader, tensor);
}

/* items has room for all entries that count_entries() found. */
static bool read_entries(Reader *reader, Tensor *items, size_t *count)
{
    bool has_metadata = false;
    *count = 0;
    json_scan_begin(&reader->scanner, reader->header, reader->header_bytes);
    json_next(&reader->scanner);
    while (json_next(&reader->scanner) == JSON_KEY) {
        reader->tensor = NULL;
        if (json_is(&reader->scanner, metadata_key)) {
            if (has_metadata) return header_fails(reader, "__metadata__ appears twice");
            has_metadata = true;
            if (!read_metadata(reader)) return false;
            continue;
        }
        Tensor *tensor = &items[(*count)++];
        if (!take_name(reader, &tensor->name)) return false;
        tensor->file = reader->path;
        reader->tensor = tensor->name;
        if (!read_tensor(reader, tensor)) return false;
    }
    return true;
}

/* ---- the data ---- */

static int compare_places(const void *a, const void *b)
{
    const Tensor *x = a, *y = b;
    if (x->data != y->data) return x->data < y->data ? -1 : 1;
    return x->bytes != y->bytes ? (x->bytes < y->bytes ? -1 : 1) : strcmp(x->name, y->name);
}

/* Bytes that belong to no tensor, or to two, could mean different things to different readers. */
static bool check_cover(Reader *reader, const Tensor *items, size_t count)
{
    const uint8_t *begin = reader->file.data + LENGTH_BYTES + reader->header_bytes, *at = begin;
    for (size_t i = 0; i < count; i++) {
        reader->tensor = items[i].name;
        if (items[i].data != at)
            return header_fails(reader, arena_printf(reader->arena,
                                                     "begins at byte %zu of the data, the tensor before ends at %zu",
                                                     (size_t)(items[i].data - begin), (size_t)(at - begin)));
        at += items[i].bytes;
    }
    if ((size_t)(at - begin) != reader->data_bytes)
        return err_set(reader->err, "%s: has %zu bytes of data, its tensors end at %zu", reader->path,
                       reader->data_bytes, (size_t)(at - begin));
    return true;
}

static bool add_items(Reader *reader, Tensors *tensors, const Tensor *items, size_t count)
{
    if (tensors->by_name == NULL) tensors->by_name = map_new(reader->arena);
    Tensor *all = ARENA_ARRAY(reader->arena, Tensor, tensors->count + count);
    if (tensors->count != 0) memcpy(all, tensors->item, tensors->count * sizeof *all);
    memcpy(all + tensors->count, items, count * sizeof *all);
    tensors->item = all;
    for (size_t i = 0; i < tensors->count + count; i++) {
        const Tensor *earlier = map_get(tensors->by_name, all[i].name);
        if (i >= tensors->count && earlier != NULL)
            return err_set(reader->err, "%s: tensor \"%.100s\": the name appears twice, also in %s", reader->path,
                           all[i].name, earlier->file);
        map_set(tensors->by_name, all[i].name, &all[i]);
    }
    tensors->count += count;
    return true;
}

bool safetensors_parse(Arena *arena, const char *path, FileView file, Tensors *tensors, Err *err)
{
    Reader reader = {.arena = arena, .path = arena_copy_text(arena, path, strlen(path)), .file = file, .err = err};
    size_t entries, count;
    if (!find_header(&reader) || !count_entries(&reader, &entries)) return false;
    Tensor *items = ARENA_ARRAY(arena, Tensor, entries);
    if (!read_entries(&reader, items, &count)) return false;
    if (count == 0) return err_set(err, "%s: holds no tensors", path);
    qsort(items, count, sizeof *items, compare_places);
    return check_cover(&reader, items, count) && add_items(&reader, tensors, items, count);
}

bool safetensors_open(Arena *arena, const char *path, Tensors *tensors, Err *err)
{
    FileView file;
    return file_map(path, &file, err) && safetensors_parse(arena, path, file, tensors, err);
}

const Tensor *tensors_find(const Tensors *tensors, const char *name)
{
    return tensors->by_name != NULL ? map_get(tensors->by_name, name) : NULL;
}
