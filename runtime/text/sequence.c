/* One text through added tokens, normalizers, pre-tokenizers and the model. */
#include "runtime/text/work.h"

enum { PRETOKENIZERS_MAX = 8 };

/* Moves the cursor to a place in the original; the code points before it are counted on the way. */
static void move_cursor(hf2c_work *work, const uint8_t *to)
{
    while (work->cursor < to) {
        work->cursor_code += (*work->cursor++ & 0xc0) != 0x80;
    }
    while (work->cursor > to) {
        work->cursor_code -= (*--work->cursor & 0xc0) != 0x80;
    }
}

uint32_t hf2c_work_origin(hf2c_work *work, const hf2c_view *view, size_t at)
{
    if (view->origin != NULL) {
        return view->origin[2 * at];
    }
    move_cursor(work, view->text + at + 1);
    return work->cursor_code - 1;
}

static uint32_t origin_end(hf2c_work *work, const hf2c_view *view, size_t end)
{
    if (view->origin != NULL) {
        return view->origin[2 * end - 1];
    }
    move_cursor(work, view->text + end);
    return work->cursor_code;
}

/* spelled: the bytes are of the byte alphabet, and the spelling is wanted. */
static void keep_spelling(hf2c_work *work, hf2c_token *token, const uint8_t *text, size_t bytes, int spelled)
{
    uint8_t *to;
    size_t length = 0;

    if (work->spelling == NULL) {
        return;
    }
    to = work->spelling + work->spelling_bytes;
    if ((work->spelling_capacity - work->spelling_bytes) / 2 < bytes) {
        work->status = HF2C_TOO_SMALL;
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        to[length] = text[i];
        length += spelled ? hf2c_byte_spelling(text[i], to + length) : 1;
    }
    token->spelling = (uint32_t)work->spelling_bytes + 1;
    token->length = (uint32_t)length;
    work->spelling_bytes += length;
}

void hf2c_work_place(hf2c_work *work, hf2c_token *token, size_t start, size_t end, int own_spelling)
{
    if (end > work->piece.bytes) {
        end = work->piece.bytes;
    }
    if (start >= end) {
        start = end > 0 ? end - 1 : 0;
    }
    if (work->tracked) {
        token->start = hf2c_work_origin(work, &work->piece, start);
        token->end = origin_end(work, &work->piece, end);
    }
    if (own_spelling) {
        keep_spelling(work, token, work->piece.text + start, end - start,
                      own_spelling == HF2C_SPELLED_BY_MODEL && work->tokenizer->byte_alphabet);
    }
}

static hf2c_view view_part(const hf2c_view *view, size_t start, size_t end)
{
    hf2c_view part = {view->text + start, view->origin != NULL ? view->origin + 2 * start : NULL, end - start};

    return part;
}

static hf2c_status encode_piece(hf2c_work *work, const hf2c_view *piece)
{
    uint8_t *bottom = work->scratch.bottom;
    hf2c_status status;

    work->piece = *piece;
    status = work->tokenizer->model(work->tokenizer, work, piece->text, piece->bytes);
    work->word++;
    work->scratch.bottom = bottom;
    return status != HF2C_OK ? status : work->status;
}

typedef struct Level {
    hf2c_splitter splitter;
    hf2c_line line;
    uint8_t *bottom; /* of the scratch before this level */
} Level;

static int level_begin(hf2c_work *work, Level *level, const hf2c_pretokenizer *pretokenizer, const hf2c_view *input)
{
    int original = pretokenizer == work->tokenizer->pretokenizer && work->tokenizer->normalizers == 0;

    memset(&level->splitter, 0, sizeof level->splitter);
    level->splitter.input = *input;
    level->bottom = work->scratch.bottom;
    if (pretokenizer->growth == 0) {
        return 1;
    }
    level->splitter.line = &level->line;
    level->splitter.origin = input->bytes > 0 && (work->tracked || original) ? hf2c_work_origin(work, input, 0) : 0;
    return hf2c_line_take(&level->line, &work->scratch, input->bytes * pretokenizer->growth + pretokenizer->extra, work->tracked);
}

/* Every pre-tokenizer splits the pieces of the one before: depth first, so that a piece goes to the model while it is warm. */
static hf2c_status pretokenize(hf2c_work *work, const hf2c_view *text)
{
    const hf2c_tokenizer *tokenizer = work->tokenizer;
    Level level[PRETOKENIZERS_MAX];
    int depth = 0;

    if (tokenizer->pretokenizers == 0) {
        return encode_piece(work, text);
    }
    if (!level_begin(work, &level[0], &tokenizer->pretokenizer[0], text)) {
        return HF2C_TOO_SMALL;
    }
    while (depth >= 0) {
        const hf2c_pretokenizer *pretokenizer = &tokenizer->pretokenizer[depth];
        Level *here = &level[depth];
        if (!pretokenizer->next(&pretokenizer->parameters, &here->splitter)) {
            work->scratch.bottom = here->bottom;
            depth--;
        } else if (pretokenizer->growth != 0 && here->line.full) {
            return HF2C_TOO_SMALL;
        } else if (depth + 1 < tokenizer->pretokenizers) {
            depth++;
            if (!level_begin(work, &level[depth], &tokenizer->pretokenizer[depth], &here->splitter.piece)) {
                return HF2C_TOO_SMALL;
            }
        } else {
            hf2c_status status = encode_piece(work, &here->splitter.piece);
            if (status != HF2C_OK) {
                return status;
            }
        }
    }
    return HF2C_OK;
}

/* Whether the text is part of the one whose spelling was kept last, as tokens of spaces are that the one before them has taken. */
static int is_spelled(const hf2c_work *work, const hf2c_view *text)
{
    return work->spelled.bytes > 0 && text->text >= work->spelled.text &&
           text->text + text->bytes <= work->spelled.text + work->spelled.bytes;
}

static hf2c_status add_token(hf2c_work *work, const hf2c_view *text, int32_t id)
{
    size_t length;
    const char *spelling = hf2c_vocabulary_text(work->tokenizer->vocabulary, id, &length);
    int same = spelling != NULL && length == text->bytes && memcmp(spelling, text->text, length) == 0, shared = is_spelled(work, text);

    work->piece = *text;
    if (!same && !shared) {
        work->spelled = *text;
        work->spelled_at = work->spelling_bytes;
    }
    hf2c_work_add(work, id, 0, text->bytes, same || shared ? 0 : HF2C_SPELLED_AS_IS);
    if (work->status == HF2C_OK && !same && shared && work->spelling != NULL) {
        hf2c_token *token = hf2c_work_token(work, work->count - 1);
        token->spelling = (uint32_t)(work->spelled_at + (size_t)(text->text - work->spelled.text)) + 1;
        token->length = (uint32_t)text->bytes;
    }
    work->word++;
    return work->status;
}

/* What lies between the added tokens that are looked for before normalization. */
static hf2c_status encode_segment(hf2c_work *work, const hf2c_view *segment)
{
    hf2c_added_search search;
    hf2c_added_match match;
    hf2c_status status = HF2C_OK;

    hf2c_added_begin(&search, work->tokenizer->added_normalized, segment->text, segment->bytes);
    while (status == HF2C_OK && hf2c_added_next(&search, &match)) {
        hf2c_view part = view_part(segment, match.start, match.end);
        if (part.bytes > 0) {
            status = match.id >= 0 ? add_token(work, &part, match.id) : pretokenize(work, &part);
        }
    }
    return status;
}

static hf2c_status normalize(hf2c_work *work, const hf2c_view *segment, hf2c_line *from, hf2c_line *to)
{
    const hf2c_tokenizer *tokenizer = work->tokenizer;
    uint32_t code = work->tracked ? hf2c_work_origin(work, segment, 0) : 0;

    memcpy(from->text, segment->text, segment->bytes);
    from->bytes = segment->bytes;
    for (size_t i = 0; work->tracked && i < segment->bytes; i++) {
        code += i > 0 && (segment->text[i] & 0xc0) != 0x80;
        from->origin[2 * i] = code;
        from->origin[2 * i + 1] = code + 1;
    }
    for (uint32_t i = 0; i < tokenizer->normalizers; i++) {
        hf2c_line swap = *from;
        to->bytes = 0;
        tokenizer->normalizer[i].apply(&tokenizer->normalizer[i].parameters, from, to);
        if (to->full) {
            return HF2C_TOO_SMALL;
        }
        *from = *to;
        *to = swap;
    }
    return HF2C_OK;
}

static hf2c_status encode_raw_segment(hf2c_work *work, const hf2c_view *segment)
{
    const hf2c_tokenizer *tokenizer = work->tokenizer;
    uint8_t *bottom = work->scratch.bottom;
    size_t capacity = segment->bytes * tokenizer->line_growth + tokenizer->line_extra;
    hf2c_line from, to;
    hf2c_status status = HF2C_OK;

    if (tokenizer->normalizers == 0) {
        return encode_segment(work, segment);
    }
    if (!hf2c_line_take(&from, &work->scratch, capacity, work->tracked) ||
        !hf2c_line_take(&to, &work->scratch, capacity, work->tracked)) {
        return HF2C_TOO_SMALL;
    }
    status = normalize(work, segment, &from, &to);
    if (status == HF2C_OK && from.bytes > 0) {
        hf2c_view view = {from.text, from.origin, from.bytes};
        status = encode_segment(work, &view);
    }
    work->scratch.bottom = bottom;
    work->spelled.bytes = 0; /* it may have been part of what is given back here */
    return status;
}

hf2c_status hf2c_work_sequence(hf2c_work *work, const uint8_t *text, size_t bytes)
{
    hf2c_view whole = {text, NULL, bytes};
    hf2c_added_search search;
    hf2c_added_match match;
    hf2c_status status = HF2C_OK;

    work->original = text;
    work->original_bytes = bytes;
    work->cursor = text;
    work->cursor_code = 0;
    work->word = 0;
    work->spelled.bytes = 0;
    hf2c_added_begin(&search, work->tokenizer->added, text, bytes);
    while (status == HF2C_OK && hf2c_added_next(&search, &match)) {
        hf2c_view part = view_part(&whole, match.start, match.end);
        if (part.bytes > 0) {
            status = match.id >= 0 ? add_token(work, &part, match.id) : encode_raw_segment(work, &part);
        }
    }
    return status;
}
