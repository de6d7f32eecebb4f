/* Splits text into pieces by a regular expression and one of five behaviours. */
#include "runtime/text/work.h"

enum { ITEM_NONE, ITEM_GAP, ITEM_MATCH };

/* What comes next: text between matches, a match, or nothing. Inverted, the two change roles. */
static int item_kind(const hf2c_parameters *parameters, hf2c_splitter *splitter)
{
    int kind;

    if (splitter->at >= splitter->input.bytes) {
        return ITEM_NONE;
    }
    if (splitter->match_end <= splitter->at &&
        !hf2c_scan_find(parameters->pattern, splitter->input.text, splitter->input.bytes, splitter->at, &splitter->match_start,
                        &splitter->match_end)) {
        splitter->match_start = splitter->match_end = splitter->input.bytes;
    }
    kind = splitter->at < splitter->match_start ? ITEM_GAP : ITEM_MATCH;
    return parameters->flags & HF2C_SPLIT_INVERT ? ITEM_GAP + ITEM_MATCH - kind : kind;
}

static void item_take(hf2c_splitter *splitter)
{
    splitter->at = splitter->at < splitter->match_start ? splitter->match_start : splitter->match_end;
}

static void merge(const hf2c_parameters *parameters, hf2c_splitter *splitter, int kind)
{
    switch (parameters->flags & HF2C_SPLIT_BEHAVIOR) {
    case HF2C_SPLIT_PREVIOUS:
        if (kind == ITEM_GAP && item_kind(parameters, splitter) == ITEM_MATCH) {
            item_take(splitter);
        }
        break;
    case HF2C_SPLIT_NEXT:
        if (kind == ITEM_MATCH && item_kind(parameters, splitter) == ITEM_GAP) {
            item_take(splitter);
        }
        break;
    case HF2C_SPLIT_CONTIGUOUS:
        while (item_kind(parameters, splitter) == kind) {
            item_take(splitter);
        }
        break;
    default:
        break;
    }
}

static int yield(hf2c_splitter *splitter, size_t start, size_t end)
{
    const hf2c_view *input = &splitter->input;

    splitter->at = end;
    splitter->piece.text = input->text + start;
    splitter->piece.origin = input->origin != NULL ? input->origin + 2 * start : NULL;
    splitter->piece.bytes = end - start;
    return 1;
}

/* Nearly all patterns match everywhere and keep what they match: then a piece is a match, and nothing is held for the next. */
static int take_match(const hf2c_parameters *parameters, hf2c_splitter *splitter)
{
    const hf2c_view *input = &splitter->input;
    size_t start = splitter->at, end;

    return parameters->flags == HF2C_SPLIT_ISOLATED && splitter->match_end <= start && start < input->bytes &&
           hf2c_scan(parameters->pattern, input->text, input->bytes, start, &end) && end > start && yield(splitter, start, end);
}

static int take_item(const hf2c_parameters *parameters, hf2c_splitter *splitter)
{
    int removed = (parameters->flags & HF2C_SPLIT_BEHAVIOR) == HF2C_SPLIT_REMOVED;
    int kind = item_kind(parameters, splitter);
    size_t start;

    while (removed && kind == ITEM_MATCH) {
        item_take(splitter);
        kind = item_kind(parameters, splitter);
    }
    if (kind == ITEM_NONE) {
        return 0;
    }
    start = splitter->at;
    item_take(splitter);
    merge(parameters, splitter, kind);
    return yield(splitter, start, splitter->at);
}

int hf2c_split(const hf2c_parameters *parameters, hf2c_splitter *splitter)
{
    return take_match(parameters, splitter) || take_item(parameters, splitter);
}
