/* transcript: see transcript.h. The rules are those of transformers' tokenizer of Whisper (_decode_asr). */
#include "runtime/task/transcript.h"

#include <math.h>
#include <string.h>

#include "runtime/task/listen.h"

/* Rows of a window of Whisper's published sizes, by which transformers counts windows that end in a single time. */
enum { WINDOW_ROWS = 1500 };

typedef struct Writer {
    hf2c_run *run;
    int timestamps;
    double precision;  /* seconds from one time to the next */
    int32_t begin;     /* the first token that is a time */
    hf2c_ids *waiting; /* [waiting_count] tokens that no text has been made of */
    int waiting_count;
    int32_t *current;  /* [current_count] of the piece at hand */
    int current_count;
    int32_t *joined;   /* room for all tokens */
    hf2c_said chunk;   /* at hand */
    hf2c_text language;
    hf2c_transcript *transcript;
    double offset;     /* seconds where the piece begins */
    int skip;
    int32_t last_time;          /* times from this one on stand in the overlap behind; 0: none do */
    double first_time;          /* times before this one in the overlap in front */
    double highest, before_highest, windows; /* for several windows in one piece: times begin anew with each */
} Writer;

/* ---- joining ---- */

typedef struct Match {
    int left_start, left_stop, right_start, right_stop;
} Match;

/* The overlap of left's end and right's beginning that fits best; nothing, where none has two equal tokens. */
static Match best_match(const int32_t *left, int left_count, const int32_t *right, int right_count)
{
    Match best = {left_count, left_count, 0, 0};
    double most = 0;
    for (int i = 1; i < left_count + right_count; i++) {
        Match m = {left_count - i > 0 ? left_count - i : 0, left_count + right_count - i, i - left_count > 0 ? i - left_count : 0, i};
        if (m.left_stop > left_count) m.left_stop = left_count;
        if (m.right_stop > right_count) m.right_stop = right_count;
        int equal = 0;
        for (int j = m.left_start; j < m.left_stop; j++) equal += left[j] == right[m.right_start + j - m.left_start];
        double matching = (double)equal / i + i / 10000.0; /* long ones are better */
        if (equal <= 1 || matching <= most) continue;
        most = matching;
        best = m;
    }
    return best;
}

int hf2c_join_overlaps(const hf2c_ids *lists, int count, int32_t *joined)
{
    hf2c_ids left = lists[0];
    int total = 0;
    for (int i = 1; i < count; i++) {
        Match m = best_match(left.ids, left.count, lists[i].ids, lists[i].count);
        /* The left one is trusted in the first half of the overlap, the right one in the second. */
        int left_middle = (m.left_start + m.left_stop) / 2, right_middle = (m.right_start + m.right_stop) / 2;
        if (left_middle) memcpy(joined + total, left.ids, (size_t)left_middle * sizeof *joined);
        total += left_middle;
        left = (hf2c_ids){lists[i].ids + right_middle, lists[i].count - right_middle};
    }
    if (left.count) memcpy(joined + total, left.ids, (size_t)left.count * sizeof *joined);
    return total + left.count;
}

/* ---- texts ---- */

static void begin_chunk(Writer *w) { w->chunk = (hf2c_said){.language = w->language, .start = NAN, .end = NAN}; }

static void wait_for(Writer *w)
{
    w->waiting[w->waiting_count++] = (hf2c_ids){w->current, w->current_count};
    w->current += w->current_count;
    w->current_count = 0;
}

/* What waits becomes the text of the chunk at hand, and the next one begins. */
static hf2c_status end_chunk(Writer *w)
{
    int count = hf2c_join_overlaps(w->waiting, w->waiting_count, w->joined);
    hf2c_status status = hf2c_run_decode(w->run, w->joined, count, 0, &w->chunk.text);
    if (status != HF2C_OK) return status;
    w->transcript->said[w->transcript->count++] = w->chunk;
    w->waiting_count = 0;
    begin_chunk(w);
    return HF2C_OK;
}

/* ---- tokens ---- */

static hf2c_status take_language(Writer *w, hf2c_text name)
{
    hf2c_status status = HF2C_OK;
    int other = w->language.text && (w->language.bytes != name.bytes || memcmp(w->language.text, name.text, name.bytes) != 0);
    if (other && !w->timestamps) {
        wait_for(w);
        status = end_chunk(w);
    }
    w->language = w->chunk.language = name;
    return status;
}

/* A time that is before the last one belongs to a new window. */
static void follow_windows(Writer *w, const int32_t *ids, int i, double time)
{
    if (time < w->highest) {
        int single = i >= 2 && !(ids[i - 1] >= w->begin && ids[i - 2] >= w->begin);
        if (single) {
            w->windows += w->precision * WINDOW_ROWS;
        } else {
            w->highest = w->before_highest;
            w->windows += w->before_highest;
        }
    }
    w->before_highest = w->highest;
    w->highest = time;
}

static hf2c_status take_time(Writer *w, const int32_t *ids, int i)
{
    int32_t token = ids[i];
    double inside = (token - w->begin) * w->precision;
    follow_windows(w, ids, i, inside);
    double time = rint((inside + w->offset + w->windows) * 100) / 100;
    if (w->last_time && token >= w->last_time) {
        w->skip = 1; /* in the overlap: settled by the next piece */
    } else if (w->skip || (w->waiting_count && token < w->first_time)) {
        w->skip = 0;
    } else if (isnan(w->chunk.start)) {
        w->chunk.start = time;
    } else if (time != w->chunk.start) {
        w->chunk.end = time;
        wait_for(w);
        return end_chunk(w);
    }
    return HF2C_OK;
}

static hf2c_status take_token(Writer *w, const int32_t *ids, int i)
{
    const hf2c_tokenizer *tokenizer = w->run->context->model->tokenizer;
    if (hf2c_token_is_special(tokenizer, ids[i])) {
        hf2c_text name = hf2c_language_name(tokenizer, ids[i]);
        return name.text ? take_language(w, name) : HF2C_OK;
    }
    if (ids[i] >= w->begin) return take_time(w, ids, i);
    w->current[w->current_count++] = ids[i];
    return HF2C_OK;
}

/* ---- pieces ---- */

/* Where the overlaps begin and end, among the times. */
static void begin_piece(Writer *w, const hf2c_spoken *s)
{
    double right = s->length - s->right;
    w->last_time = 0;
    w->first_time = w->begin;
    w->highest = w->before_highest = w->windows = 0;
    if (!s->overlaps) return;
    w->offset -= s->left;
    if (s->left > 0) w->first_time = s->left / w->precision + w->begin;
    for (int i = s->tokens.count; s->right > 0 && i-- > 0;) {
        int32_t token = s->tokens.ids[i];
        if (token < w->begin) continue;
        if (w->last_time && (token - w->begin) * w->precision < right) break;
        w->last_time = token;
    }
}

static int has_waiting_tokens(const Writer *w)
{
    for (int i = 0; i < w->waiting_count; i++)
        if (w->waiting[i].count) return 1;
    return 0;
}

static hf2c_status take_piece(Writer *w, const hf2c_spoken *s)
{
    hf2c_status status = HF2C_OK;
    begin_piece(w, s);
    if (s->language >= 0) {
        hf2c_text name = hf2c_language_name(w->run->context->model->tokenizer, s->language);
        if (name.text) status = take_language(w, name);
    }
    for (int i = 0; i < s->tokens.count && status == HF2C_OK; i++) status = take_token(w, s->tokens.ids, i);
    if (s->overlaps) w->offset += s->length - s->right;
    if (w->current_count) {
        wait_for(w);
    } else if (!has_waiting_tokens(w)) {
        w->waiting_count = 0;
        begin_chunk(w);
    }
    return status;
}

static hf2c_status prepare(Writer *w, const hf2c_spoken *spoken, int count)
{
    size_t tokens = 1;
    for (int i = 0; i < count; i++) tokens += (size_t)spoken[i].tokens.count;
    w->current = HF2C_TAKE(w->run->scratch, int32_t, tokens);
    w->joined = HF2C_TAKE(w->run->scratch, int32_t, tokens);
    w->waiting = HF2C_TAKE(w->run->scratch, hf2c_ids, tokens + (size_t)count);
    w->transcript->said = HF2C_TAKE(w->run->scratch, hf2c_said, tokens + (size_t)count);
    return w->current && w->joined && w->waiting && w->transcript->said ? HF2C_OK : HF2C_TOO_SMALL;
}

hf2c_status hf2c_transcribe(hf2c_run *run, const hf2c_spoken *spoken, int count, int timestamps, hf2c_transcript *transcript)
{
    const hf2c_model *model = run->context->model;
    Writer w = {.run = run, .timestamps = timestamps, .transcript = transcript};
    w.precision = (double)(model->sound->most_samples / model->sound->rate) / hf2c_longest_source(model);
    w.begin = model->speech->no_timestamps >= 0 ? model->speech->no_timestamps + 1 : INT32_MAX;
    *transcript = (hf2c_transcript){0};
    hf2c_status status = prepare(&w, spoken, count);
    begin_chunk(&w);
    for (int i = 0; i < count && status == HF2C_OK; i++) status = take_piece(&w, &spoken[i]);
    return status == HF2C_OK && w.waiting_count ? end_chunk(&w) : status;
}
