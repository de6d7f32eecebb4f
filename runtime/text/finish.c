/* Truncation, offsets without spaces, and the template that puts special tokens around the texts. */
#include "runtime/text/unicode.h"
#include "runtime/text/work.h"

size_t hf2c_truncation_window(size_t length, size_t limit, size_t stride, int left, size_t window, hf2c_range *range)
{
    size_t step = limit > stride ? limit - stride : 1, count;

    range->begin = 0;
    range->end = length;
    if (limit >= length) {
        return 1;
    }
    if (limit == 0) { /* nothing fits: the first window is empty, the second one has it all */
        range->end = window == 0 ? 0 : length;
        return 2;
    }
    count = (length - limit + step - 1) / step + 1;
    if (left) {
        range->end = length - (window * step < length ? window * step : length);
        range->begin = range->end > limit ? range->end - limit : 0;
    } else {
        range->begin = window * step < length ? window * step : length;
        range->end = length - range->begin > limit ? range->begin + limit : length;
    }
    return count;
}

/* Lengths of the two texts under "longest first". */
static void share(size_t limit, size_t *first, size_t *second)
{
    size_t small = *first < *second ? *first : *second, large = small > limit || limit - small < small ? small : limit - small;

    if (small + large > limit) {
        small = limit / 2;
        large = small + limit % 2;
    }
    if (*first > *second) {
        *first = large;
        *second = small;
    } else {
        *first = small;
        *second = large;
    }
}

/* How many tokens of each text may stay; lengths are both in and out. */
static hf2c_status limit_lengths(const hf2c_encode_options *options, size_t special, int has_pair, size_t *first, size_t *second)
{
    size_t limit, total = *first + *second, excess;

    if (options->max_length < 0 || (size_t)options->max_length < special || options->stride < 0) {
        return HF2C_BAD_ARGUMENT;
    }
    limit = (size_t)options->max_length - special;
    if (total <= limit && limit > 0) {
        return HF2C_OK;
    }
    excess = total - limit;
    if (limit == 0) {
        *first = *second = 0;
    } else if (options->truncation == HF2C_TRUNCATE_LONGEST_FIRST) {
        if (has_pair) {
            share(limit, first, second);
        } else {
            *first = limit;
        }
    } else {
        size_t *target = options->truncation == HF2C_TRUNCATE_ONLY_FIRST ? first : second;
        if (*target <= excess) {
            return HF2C_BAD_ARGUMENT; /* the text that may be cut is too short for that */
        }
        *target -= excess;
    }
    return HF2C_OK;
}

typedef struct Writer {
    const hf2c_work *work;
    hf2c_encoding *encoding;
} Writer;

static hf2c_status put(const Writer *writer, const hf2c_token *token, int32_t type, int32_t sequence)
{
    hf2c_encoding *encoding = writer->encoding;
    size_t at = encoding->count, length;

    if (at >= encoding->capacity) {
        return HF2C_TOO_SMALL;
    }
    encoding->ids[at] = token->id;
    if (encoding->type_ids != NULL) {
        encoding->type_ids[at] = type;
    }
    if (encoding->word_ids != NULL) {
        encoding->word_ids[at] = token->word;
    }
    if (encoding->sequence != NULL) {
        encoding->sequence[at] = sequence;
    }
    if (encoding->offsets != NULL) {
        encoding->offsets[2 * at] = (int32_t)token->start;
        encoding->offsets[2 * at + 1] = (int32_t)token->end;
    }
    if (encoding->spellings != NULL && token->spelling != 0) {
        encoding->spellings[at].text = (const char *)writer->work->spelling + token->spelling - 1;
        encoding->spellings[at].length = token->length;
    } else if (encoding->spellings != NULL) {
        encoding->spellings[at].text = hf2c_vocabulary_text(writer->work->tokenizer->vocabulary, token->id, &length);
        encoding->spellings[at].length = length;
    }
    encoding->count = at + 1;
    return HF2C_OK;
}

static int is_space(uint32_t code)
{
    return code == 0x120 || hf2c_is_whitespace(code); /* U+0120 spells a space in the byte alphabet */
}

/* Takes the spaces that belong to a token out of its offsets. */
static void trim(const hf2c_work *work, hf2c_token *token, int is_first)
{
    size_t bytes, size, at = 0, left = 0, right = 0;
    const uint8_t *text = (const uint8_t *)hf2c_vocabulary_text(work->tokenizer->vocabulary, token->id, &bytes);

    if (token->spelling != 0) {
        text = work->spelling + token->spelling - 1;
        bytes = token->length;
    }
    for (at = 0; at < bytes && is_space(hf2c_utf8_get(text + at, &size)); at += size) {
        left++;
    }
    for (at = bytes; at > 0 && is_space(hf2c_utf8_before(text, at, &size)); at -= size) {
        right++;
    }
    if (left == 1 && (is_first || token->start == 0) && (work->tokenizer->trim & HF2C_TRIM_PREFIX_SPACE)) {
        left = 0;
    }
    token->start = token->start + left < token->end ? token->start + (uint32_t)left : token->end;
    if (right > 0 && token->end >= right) {
        token->end = token->end - right > token->start ? token->end - (uint32_t)right : token->start;
    }
}

static int wants_ids_only(const hf2c_encoding *encoding)
{
    return encoding->type_ids == NULL && encoding->word_ids == NULL && encoding->sequence == NULL && encoding->offsets == NULL &&
           encoding->spellings == NULL;
}

static hf2c_status put_ids(const Writer *writer, size_t first, hf2c_range range)
{
    hf2c_encoding *encoding = writer->encoding;
    size_t room = encoding->capacity - encoding->count, count = range.end - range.begin;
    int32_t *ids = encoding->ids + encoding->count;

    for (size_t i = 0; i < count && i < room; i++) {
        ids[i] = hf2c_work_token(writer->work, first + range.begin + i)->id;
    }
    encoding->count += count < room ? count : room;
    return count <= room ? HF2C_OK : HF2C_TOO_SMALL;
}

static hf2c_status put_text(const Writer *writer, size_t first, hf2c_range range, int32_t type, int32_t sequence)
{
    hf2c_status status = HF2C_OK;

    if (wants_ids_only(writer->encoding)) {
        return put_ids(writer, first, range);
    }
    for (size_t i = range.begin; i < range.end && status == HF2C_OK; i++) {
        hf2c_token token = *hf2c_work_token(writer->work, first + i);
        if (writer->encoding->offsets != NULL && (writer->work->tokenizer->trim & HF2C_TRIM_OFFSETS)) {
            trim(writer->work, &token, i == range.begin);
        }
        status = put(writer, &token, type < 0 ? sequence : type, sequence);
    }
    return status;
}

static hf2c_status put_template(const Writer *writer, const hf2c_template *template, const hf2c_range range[2], size_t first_count,
                                int special)
{
    hf2c_status status = HF2C_OK;

    for (uint32_t i = 0; i < template->count && status == HF2C_OK; i++) {
        int32_t item = template->item[2 * i], type = template->item[2 * i + 1];
        if (item >= 0 && special) {
            hf2c_token token = {.id = item, .word = -1};
            status = put(writer, &token, type, -1);
        } else if (item < 0) {
            int second = item == -2;
            status = put_text(writer, second ? first_count : 0, range[second], type, second);
        }
    }
    return status;
}

hf2c_status hf2c_work_finish(const hf2c_work *work, size_t first_count, int has_pair, const hf2c_encode_options *options,
                             hf2c_encoding *encoding, int *windows)
{
    const hf2c_template *template = has_pair ? &work->tokenizer->pair : &work->tokenizer->single;
    size_t length[2] = {first_count, work->count - first_count}, keep[2] = {length[0], length[1]}, count[2], at[2] = {0, 0};
    size_t window = (size_t)options->window, stride = (size_t)options->stride;
    Writer writer = {work, encoding};
    hf2c_range range[2];
    hf2c_status status = HF2C_OK;

    if (options->truncation != HF2C_TRUNCATE_NONE) {
        status = limit_lengths(options, options->add_special_tokens ? template->special : 0, has_pair, &keep[0], &keep[1]);
    }
    if (status != HF2C_OK) {
        return status;
    }
    for (int i = 0; i < 2; i++) {
        if (keep[i] > 0 && keep[i] < length[i] && stride >= keep[i]) {
            return HF2C_BAD_ARGUMENT;
        }
        count[i] = hf2c_truncation_window(length[i], keep[i], stride, options->left, 0, &range[i]);
    }
    if (windows != NULL) {
        *windows = (int)(count[0] * count[1]);
    }
    if (options->window < 0 || window >= count[0] * count[1]) {
        return HF2C_BAD_ARGUMENT;
    }
    /* The first pair, then the other windows of the first text with all of the second, then the first with the others. */
    if (window > 0 && window <= (count[0] - 1) * count[1]) {
        at[0] = 1 + (window - 1) / count[1];
        at[1] = (window - 1) % count[1];
    } else if (window > 0) {
        at[1] = window - (count[0] - 1) * count[1];
    }
    for (int i = 0; i < 2; i++) {
        hf2c_truncation_window(length[i], keep[i], stride, options->left, at[i], &range[i]);
    }
    encoding->count = 0;
    return put_template(&writer, template, range, first_count, options->add_special_tokens);
}
