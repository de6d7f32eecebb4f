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

int hf2c_split(const hf2c_parameters *parameters, hf2c_splitter *splitter)
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
    splitter->piece.text = splitter->input.text + start;
    splitter->piece.origin = splitter->input.origin != NULL ? splitter->input.origin + 2 * start : NULL;
    splitter->piece.bytes = splitter->at - start;
    return 1;
}
