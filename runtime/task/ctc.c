/* ctc: see ctc.h. */
#include "runtime/task/ctc.h"

#include <math.h>
#include <string.h>

static hf2c_status too_long(hf2c_run *run, int count)
{
    const hf2c_sound_settings *s = run->context->model->sound;
    hf2c_message_set(run->message, "the sound has ");
    hf2c_message_add_number(run->message, count / s->rate);
    hf2c_message_add(run->message, " seconds, this program takes ", 29);
    hf2c_message_add_number(run->message, s->most_samples / s->rate);
    const char *rest = " at once: give chunk_length_s, or build it with --max-seconds";
    hf2c_message_add(run->message, rest, strlen(rest));
    return HF2C_TOO_LONG;
}

/* Logits of all rows of some samples, in the scratch. */
static hf2c_status run_model(hf2c_run *run, const float *samples, int count, int rows, float **logits)
{
    const hf2c_model *model = run->context->model;
    int index = hf2c_output_find(model, "logits");
    int32_t start[2] = {0, rows}, all[2] = {0, count};
    float **outputs = HF2C_TAKE(run->scratch, float *, model->output_count);
    *logits = index < 0 ? NULL : HF2C_TAKE(run->scratch, float, (size_t)rows * (size_t)model->outputs[index].columns);
    if (index < 0) return HF2C_NOT_SUPPORTED;
    if (!outputs || !*logits) return HF2C_TOO_SMALL;
    for (int i = 0; i < model->output_count; i++) outputs[i] = i == index ? *logits : NULL;
    hf2c_batch batch = {.rows = rows, .sequences = 1, .values = samples};
    batch.start = start;
    batch.samples = all;
    return model->forward(run->context, &batch, outputs);
}

static hf2c_status best_tokens(const float *logits, int rows, int vocabulary, int32_t *tokens)
{
    for (int r = 0; r < rows; r++, logits += vocabulary) {
        int32_t best = 0;
        for (int32_t i = 0; i < vocabulary; i++) {
            if (!isfinite(logits[i])) return HF2C_NOT_FINITE;
            if (logits[i] > logits[best]) best = i;
        }
        tokens[r] = best;
    }
    return HF2C_OK;
}

/* The tokens of one piece; its overlaps are rows as much as their share of the samples is. */
static hf2c_status piece_tokens(hf2c_run *run, const hf2c_piece *piece, int32_t *tokens, int *count)
{
    const hf2c_model *model = run->context->model;
    const float *samples = piece->samples;
    int rows = hf2c_frames(model, piece->count), told = (int)rint((double)piece->count / model->frame_step);
    int left = (int)rint((double)piece->left / piece->count * told), right = (int)rint((double)piece->right / piece->count * told);
    float *scaled = NULL, *logits;
    *count = 0;
    if (piece->count > model->sound->most_samples) return too_long(run, piece->count);
    if (rows == 0) return HF2C_OK;
    hf2c_scratch before = *run->scratch;
    if (model->sound->normalize) {
        scaled = HF2C_TAKE(run->scratch, float, piece->count);
        if (!scaled) return HF2C_TOO_SMALL;
        hf2c_sound_normalize(samples, piece->count, scaled);
        samples = scaled;
    }
    hf2c_status status = run_model(run, samples, piece->count, rows, &logits);
    int end = piece->overlaps ? told - right : rows;
    if (end > rows) end = rows;
    if (status == HF2C_OK && end > left) {
        status = best_tokens(logits + (size_t)left * (size_t)model->vocabulary, end - left, model->vocabulary, tokens);
        *count = end - left;
    }
    *run->scratch = before;
    return status;
}

hf2c_status hf2c_ctc_tokens(hf2c_run *run, const hf2c_pieces_of *pieces, const hf2c_hearing *hearing, hf2c_ids *tokens)
{
    const hf2c_model *model = run->context->model;
    int total = 0, room = hearing->sound.count / model->frame_step + 2;
    hf2c_piece piece;
    int32_t *ids = NULL;
    if (hf2c_frames(model, hearing->sound.count) == 0) {
        hf2c_message_set(run->message, "the sound is too short: the model hears nothing in less samples than ");
        hf2c_message_add_number(run->message, model->frame_samples);
        return HF2C_BAD_ARGUMENT;
    }
    for (int i = 0; hf2c_piece_at(pieces, hearing, i, &piece); i++) total += piece.count / model->frame_step + 2;
    ids = HF2C_TAKE(run->scratch, int32_t, total > room ? total : room);
    if (!ids) return HF2C_TOO_SMALL;
    *tokens = (hf2c_ids){ids, 0};
    for (int i = 0, count; hf2c_piece_at(pieces, hearing, i, &piece); i++) {
        if (piece.count == 0) continue;
        if (run->cancelled && run->cancelled(run->owner)) return HF2C_CANCELLED;
        hf2c_status status = piece_tokens(run, &piece, ids + tokens->count, &count);
        if (status != HF2C_OK) return status;
        tokens->count += count;
    }
    return HF2C_OK;
}

/* ---- where what was said ---- */

/* The text of a token: a space for the one between words, which a text of it alone would lose. */
static hf2c_status token_text(hf2c_run *run, int32_t id, hf2c_text *text)
{
    hf2c_status status = hf2c_run_decode(run, &id, 1, 0, text);
    if (status != HF2C_OK || text->bytes > 0) return status;
    *text = (hf2c_text){" ", 1};
    return HF2C_OK;
}

static int is_space(hf2c_text text)
{
    return text.bytes == 1 && text.text[0] == ' ';
}

static hf2c_status characters(hf2c_run *run, hf2c_ids tokens, hf2c_ctc_span *spans, int *count)
{
    int32_t nothing = hf2c_special_id(run->context->model->tokenizer, HF2C_PAD);
    *count = 0;
    for (int i = 0, end; i < tokens.count; i = end) {
        for (end = i + 1; end < tokens.count && tokens.ids[end] == tokens.ids[i]; end++) continue;
        if (tokens.ids[i] == nothing) continue;
        hf2c_ctc_span *span = &spans[(*count)++];
        *span = (hf2c_ctc_span){.start = i, .end = end};
        hf2c_status status = token_text(run, tokens.ids[i], &span->text);
        if (status != HF2C_OK) return status;
    }
    return HF2C_OK;
}

/* Words are what stands between spaces; in place. */
static hf2c_status join_words(hf2c_run *run, hf2c_ctc_span *spans, int *count)
{
    int words = 0;
    for (int i = 0, end; i < *count; i = end) {
        end = i + 1;
        if (is_space(spans[i].text)) continue;
        size_t bytes = spans[i].text.bytes, at = 0;
        while (end < *count && !is_space(spans[end].text)) bytes += spans[end++].text.bytes;
        char *word = HF2C_TAKE(run->scratch, char, bytes);
        if (!word) return HF2C_TOO_SMALL;
        for (int j = i; j < end; j++) {
            memcpy(word + at, spans[j].text.text, spans[j].text.bytes);
            at += spans[j].text.bytes;
        }
        spans[words++] = (hf2c_ctc_span){{word, bytes}, spans[i].start, spans[end - 1].end};
    }
    *count = words;
    return HF2C_OK;
}

hf2c_status hf2c_ctc_spans(hf2c_run *run, hf2c_ids tokens, int words, hf2c_ctc_span **spans, int *count)
{
    *spans = HF2C_TAKE(run->scratch, hf2c_ctc_span, tokens.count);
    if (!*spans) return HF2C_TOO_SMALL;
    hf2c_status status = characters(run, tokens, *spans, count);
    return status == HF2C_OK && words ? join_words(run, *spans, count) : status;
}
