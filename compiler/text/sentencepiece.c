/* Reads sentencepiece's ModelProto (https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto). */
#include <string.h>

#include "compiler/text/convert.h"

enum { FILE_LIMIT = 256 << 20, PIECES_MOST = TOKEN_IDS_MAX };

typedef struct Reader {
    const uint8_t *at, *end;
    bool bad;
} Reader;

static uint64_t take_varint(Reader *reader)
{
    uint64_t value = 0;

    for (int shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
        uint8_t byte = *reader->at++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            return value;
        }
    }
    reader->bad = true;
    return 0;
}

typedef struct Field {
    uint32_t number, wire;
    uint64_t value; /* of varints */
    Reader content; /* of everything with bytes */
} Field;

static bool take_field(Reader *reader, Field *field)
{
    uint64_t key, bytes = 0;

    if (reader->at >= reader->end || reader->bad) {
        return false;
    }
    key = take_varint(reader);
    field->number = (uint32_t)(key >> 3);
    field->wire = (uint32_t)(key & 7);
    if (field->wire == 0) {
        field->value = take_varint(reader);
    } else if (field->wire == 1 || field->wire == 5) {
        bytes = field->wire == 1 ? 8 : 4;
    } else if (field->wire == 2) {
        bytes = take_varint(reader);
    } else {
        reader->bad = true;
    }
    if (reader->bad || bytes > (size_t)(reader->end - reader->at)) {
        reader->bad = true;
        return false;
    }
    field->content = (Reader){reader->at, reader->at + bytes, false};
    reader->at += bytes;
    return true;
}

static float take_float(const Reader *content)
{
    uint32_t bits = 0;
    float value;

    if (content->end - content->at == 4) {
        bits = content->at[0] | (uint32_t)content->at[1] << 8 | (uint32_t)content->at[2] << 16 | (uint32_t)content->at[3] << 24;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool read_piece(Arena *arena, Reader reader, SentenceModel *model)
{
    SentencePiece piece = {.text = "", .kind = 1};
    Field field;

    while (take_field(&reader, &field)) {
        if (field.number == 1 && field.wire == 2) {
            piece.length = (size_t)(field.content.end - field.content.at);
            piece.text = arena_copy_text(arena, (const char *)field.content.at, piece.length);
        } else if (field.number == 2 && field.wire == 5) {
            piece.score = take_float(&field.content);
        } else if (field.number == 3 && field.wire == 0) {
            piece.kind = (int)(field.value & 7);
        }
    }
    if (reader.bad || model->count >= PIECES_MOST || !(piece.score > -1e30f && piece.score < 1e30f) ||
        hf2c_utf8_valid_bytes((const uint8_t *)piece.text, piece.length) != piece.length ||
        memchr(piece.text, 0, piece.length) != NULL) {
        return false;
    }
    model->piece = arena_grow(arena, model->piece, model->count, &model->capacity, sizeof *model->piece);
    model->piece[model->count++] = piece;
    return true;
}

static void read_trainer(Reader reader, SentenceModel *model)
{
    Field field;

    while (take_field(&reader, &field)) {
        int value = field.wire == 0 ? (int)(int32_t)(uint32_t)field.value : 0;
        if (field.number == 3) {
            model->is_bpe = value == 2;
        } else if (field.number == 35) {
            model->byte_fallback = value != 0;
        } else if (field.number == 40) {
            model->unk = value;
        } else if (field.number == 41) {
            model->bos = value;
        } else if (field.number == 42) {
            model->eos = value;
        }
    }
}

bool sentencepiece_read(Arena *arena, const char *path, SentenceModel *model, Err *err)
{
    FileView view;
    Reader reader, inside;
    Field field;
    bool good = true;

    *model = (SentenceModel){.unk = 0, .bos = 1, .eos = 2};
    if (!file_read(arena, path, FILE_LIMIT, &view, err)) {
        return false;
    }
    reader = (Reader){view.data, view.data + view.size, false};
    while (good && take_field(&reader, &field)) {
        if (field.wire != 2) {
            continue;
        }
        if (field.number == 1) {
            good = read_piece(arena, field.content, model);
        } else if (field.number == 2) {
            read_trainer(field.content, model);
        } else if (field.number == 3) {
            inside = field.content;
            while (take_field(&inside, &field)) {
                if (field.number == 2 && field.wire == 2) {
                    model->charsmap = field.content.at;
                    model->charsmap_bytes = (size_t)(field.content.end - field.content.at);
                }
            }
        }
    }
    if (!good || reader.bad || model->count == 0) {
        return err_set(err, "%s: not a sentencepiece model, or piece %zu of it is broken", path, model->count);
    }
    return true;
}
