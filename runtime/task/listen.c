/* listen: see listen.h. What generate() of transformers does for Whisper, without its fallbacks to higher temperatures. */
#include "runtime/task/listen.h"

#include <math.h>
#include <string.h>

#include "runtime/generate/step.h"
#include "runtime/task/generation.h"

enum { MOST_BEGIN = 16 };

typedef struct Listener {
    hf2c_run *run;
    const hf2c_model *model;
    const hf2c_speech_settings *speech;
    const hf2c_listening *listening;
    float *window;      /* [rows of a source, row_values] what the encoder reads */
    int spectra;        /* of a window */
    int32_t begin[MOST_BEGIN];
    int begin_count;
    int32_t *tokens;    /* [room] */
    int count, room;
} Listener;

static hf2c_status refuse(hf2c_run *run, const char *option, const char *why)
{
    hf2c_message_set(run->message, option, ": ", why);
    return HF2C_BAD_ARGUMENT;
}

/* ---- languages ---- */

static const struct Language {
    const char *code, *name;
} languages[] = {
#define LANGUAGE(code, name) {code, name},
#include "runtime/task/languages.def"
};

static int same_letters(hf2c_text text, const char *known)
{
    size_t at = 0;
    for (; at < text.bytes && known[at]; at++) {
        char c = text.text[at];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != known[at]) return 0;
    }
    return at == text.bytes && !known[at];
}

/* The spelling of a token without <| and |>; text NULL: it has none. */
static hf2c_text inner_spelling(const hf2c_tokenizer *tokenizer, int32_t id)
{
    size_t bytes;
    const char *text = hf2c_token_text(tokenizer, id, &bytes);
    if (!text || bytes < 5 || memcmp(text, "<|", 2) != 0 || memcmp(text + bytes - 2, "|>", 2) != 0) return (hf2c_text){0};
    return (hf2c_text){text + 2, bytes - 4};
}

hf2c_text hf2c_language_name(const hf2c_tokenizer *tokenizer, int32_t id)
{
    hf2c_text code = inner_spelling(tokenizer, id);
    for (size_t i = 0; code.text && i < sizeof languages / sizeof *languages; i++)
        if (same_letters(code, languages[i].code)) return (hf2c_text){languages[i].name, strlen(languages[i].name)};
    return (hf2c_text){0};
}

/* "en", "English" or "<|en|>" */
static hf2c_status language_token(const Listener *l, hf2c_text name, int32_t *id)
{
    const char *code = NULL;
    if (name.bytes > 4 && memcmp(name.text, "<|", 2) == 0) name = (hf2c_text){name.text + 2, name.bytes - 4};
    for (size_t i = 0; i < sizeof languages / sizeof *languages && !code; i++)
        if (same_letters(name, languages[i].name) || same_letters(name, languages[i].code)) code = languages[i].code;
    for (int i = 0; code && i < l->speech->language_count; i++)
        if (same_letters(inner_spelling(l->model->tokenizer, l->speech->languages[i]), code)) {
            *id = l->speech->languages[i];
            return HF2C_OK;
        }
    return refuse(l->run, "language", code ? "this model does not know it" : "wanted a language as Whisper names it: en, english ...");
}

/* ---- the encoder ---- */

static hf2c_sequence sequence_of(const Listener *l, int32_t *ids, int capacity, int prompt)
{
    hf2c_sequence sequence = {.source = {NULL, hf2c_longest_source(l->model)}, .features = l->window, .ids = ids, .capacity = capacity};
    sequence.prompt = prompt;
    return sequence;
}

/* The token of the language that the window sounds like. */
static hf2c_status hear_language(Listener *l, int32_t *language)
{
    hf2c_scratch before = *l->run->scratch;
    hf2c_step step;
    hf2c_generate_call call = hf2c_generate_begin(l->run, &l->listening->generation);
    float *logits = HF2C_TAKE(l->run->scratch, float, l->model->vocabulary);
    hf2c_source source = {NULL, hf2c_longest_source(l->model), 0, l->window};
    hf2c_lane lane = {.ids = l->begin, .count = 1, .memory = source.count};
    hf2c_status status = logits ? hf2c_step_init(&step, &call) : HF2C_TOO_SMALL;
    if (status == HF2C_OK) status = hf2c_step_encode(&step, &source, 1);
    if (status == HF2C_OK) status = hf2c_step_feed(&step, &lane, 1, logits);
    *language = l->speech->languages[0];
    for (int i = 0; status == HF2C_OK && i < l->speech->language_count; i++) {
        int32_t id = l->speech->languages[i];
        if (logits[id] > logits[*language] || (logits[id] == logits[*language] && id < *language)) *language = id;
    }
    *l->run->scratch = before;
    return status;
}

/* ---- what the decoder is told to begin with ---- */

static void tell(Listener *l, int32_t id)
{
    if (id >= 0 && l->begin_count < MOST_BEGIN) l->begin[l->begin_count++] = id;
}

static int is_told(const Listener *l, int32_t id)
{
    for (int i = 0; i < l->begin_count; i++)
        if (l->begin[i] == id) return 1;
    return 0;
}

static hf2c_status tell_task(Listener *l, hf2c_text task, int language_asked)
{
    const hf2c_speech_settings *s = l->speech;
    int translates = same_letters(task, "translate");
    int32_t id = translates ? s->translate : s->transcribe, other = translates ? s->transcribe : s->translate;
    if (task.bytes == 0) {
        if (language_asked && !is_told(l, s->transcribe) && !is_told(l, s->translate)) tell(l, s->transcribe);
        return HF2C_OK;
    }
    if (id < 0 || (!translates && !same_letters(task, "transcribe"))) return refuse(l->run, "task", "wanted transcribe or translate");
    for (int i = 0; i < l->begin_count; i++)
        if (l->begin[i] == other) l->begin[i] = id;
    if (!is_told(l, id)) tell(l, id);
    return HF2C_OK;
}

static hf2c_text or_default(hf2c_text asked, const char *own)
{
    return asked.bytes || !own ? asked : (hf2c_text){own, strlen(own)};
}

/* Neither language nor task: what the model's settings force, of which the language may be left open. */
static int tell_forced(Listener *l)
{
    int open = 0;
    for (int i = 0; i < l->speech->forced_count && i + 2 < MOST_BEGIN; i++) {
        open |= i == 0 && l->speech->forced[i] < 0;
        l->begin[l->begin_count++] = l->speech->forced[i];
    }
    return open;
}

static hf2c_status tell_language(Listener *l, hf2c_text language, int32_t *id)
{
    int open = l->begin_count <= 1 || l->begin[1] < 0;
    hf2c_status status = HF2C_OK;
    *id = -1;
    if (language.bytes) status = language_token(l, language, id);
    else if (l->speech->language_count && open) status = hear_language(l, id);
    if (*id < 0 || status != HF2C_OK) return status;
    if (l->begin_count > 1) l->begin[1] = *id;
    else tell(l, *id);
    return HF2C_OK;
}

static hf2c_status tell_begin(Listener *l, int32_t *language_id)
{
    const hf2c_speech_settings *s = l->speech;
    hf2c_text language = or_default(l->listening->language, s->language), task = or_default(l->listening->task, s->task);
    if (!s->multilingual && (l->listening->language.bytes || l->listening->task.bytes))
        return refuse(l->run, "language, task", "this model knows English alone");
    tell(l, l->listening->generation.decoder_start);
    if (!language.bytes && !task.bytes) tell_forced(l);
    hf2c_status status = tell_language(l, language, language_id);
    if (status == HF2C_OK) status = tell_task(l, task, language.bytes > 0);
    if (status != HF2C_OK) return status;
    int last = l->begin_count - 1;
    if (l->listening->timestamps && l->begin[last] == s->no_timestamps) l->begin_count--;
    else if (!l->listening->timestamps && s->no_timestamps >= 0 && l->begin[last] != s->no_timestamps) tell(l, s->no_timestamps);
    int kept = 0;
    for (int i = 0; i < l->begin_count; i++)
        if (l->begin[i] >= 0) l->begin[kept++] = l->begin[i];
    l->begin_count = kept;
    return HF2C_OK;
}

/* ---- windows ---- */

static hf2c_generation settings_of(const Listener *l)
{
    hf2c_generation g = l->listening->generation;
    int most = l->model->max_sequence;
    if (g.max_new_tokens == 0 && g.max_length > 0) g.max_length = g.max_length < most - l->begin_count ? g.max_length + l->begin_count : most;
    g.timestamp_begin = l->listening->timestamps ? l->speech->no_timestamps + 1 : 0;
    g.max_initial_timestamp = l->speech->max_initial_timestamp;
    g.num_return_sequences = 1;
    return g;
}

static int is_end(const hf2c_generation *g, int32_t id)
{
    for (int i = 0; i < g->eos.count; i++)
        if (g->eos.ids[i] == id) return 1;
    return 0;
}

/* What is written of the window, without its end; ids: [capacity of a sequence] */
static hf2c_status write_window(Listener *l, int32_t **ids, int *count)
{
    hf2c_generation g = settings_of(l);
    int capacity = hf2c_generate_capacity(&g, l->model, l->begin_count, 0);
    hf2c_generate_call call = hf2c_generate_begin(l->run, &g);
    *ids = HF2C_TAKE(l->run->scratch, int32_t, capacity);
    if (!*ids) return HF2C_TOO_SMALL;
    memcpy(*ids, l->begin, (size_t)l->begin_count * sizeof **ids);
    hf2c_sequence sequence = sequence_of(l, *ids, capacity, l->begin_count);
    hf2c_status status = hf2c_generate(&call, &sequence, 1);
    *ids += l->begin_count;
    *count = sequence.count - l->begin_count;
    if (status == HF2C_OK && *count > 0 && is_end(&g, (*ids)[*count - 1])) (*count)--;
    return status;
}

/* How many of a window's tokens count, and how many of its spectra they say all of: up to the last pair of times, so that what was cut
 * off at the window's end is heard again whole. */
static int settle(const Listener *l, const int32_t *ids, int *count, int spectra)
{
    int32_t begin = l->speech->no_timestamps + 1;
    int pair = -1, per_row = l->spectra / hf2c_longest_source(l->model);
    for (int i = 0; i + 1 < *count; i++)
        if (ids[i] >= begin && ids[i + 1] >= begin) pair = i;
    int single = *count >= 2 && ids[*count - 1] >= begin && ids[*count - 2] < begin;
    if (l->speech->no_timestamps < 0 || pair < 0 || single) return spectra;
    *count = pair + 2;
    int said = (ids[pair] - begin) * per_row;
    return said > 0 && said < spectra ? said : spectra;
}

static void fill_window(const Listener *l, const float *spectra, int count)
{
    size_t mels = (size_t)l->model->sound->mels, have = (size_t)count * mels, all = (size_t)l->spectra * mels;
    memcpy(l->window, spectra, have * sizeof *spectra);
    memset(l->window + have, 0, (all - have) * sizeof *spectra);
}

static hf2c_status keep(Listener *l, const int32_t *ids, int count)
{
    if (count > l->room - l->count) return HF2C_TOO_SMALL;
    memcpy(l->tokens + l->count, ids, (size_t)count * sizeof *ids);
    l->count += count;
    return HF2C_OK;
}

static hf2c_status write_windows(Listener *l, const float *spectra, int count, int32_t *language)
{
    hf2c_status status = HF2C_OK;
    for (int at = 0; at < count && status == HF2C_OK;) {
        int taken = count - at < l->spectra ? count - at : l->spectra, written = 0;
        hf2c_scratch before = *l->run->scratch;
        int32_t *ids = NULL;
        fill_window(l, spectra + (size_t)at * (size_t)l->model->sound->mels, taken);
        if (at == 0) status = tell_begin(l, language);
        if (status == HF2C_OK) status = write_window(l, &ids, &written);
        if (status == HF2C_OK) at += settle(l, ids, &written, taken);
        if (status == HF2C_OK) status = keep(l, ids, written);
        *l->run->scratch = before;
    }
    return status;
}

/* ---- all of it ---- */

static hf2c_status make_spectra(hf2c_run *run, const float *samples, int count, int truncated, float **spectra, int *made)
{
    const hf2c_sound_settings *s = run->context->model->sound;
    int padded = !truncated && count > s->most_samples ? count : s->most_samples, have = count < padded ? count : padded;
    float *all = HF2C_TAKE(run->scratch, float, padded);
    *made = hf2c_spectra_count(s, padded);
    *spectra = HF2C_TAKE(run->scratch, float, (size_t)*made * (size_t)s->mels);
    if (!all || !*spectra) return HF2C_TOO_SMALL;
    if (s->normalize) hf2c_sound_normalize(samples, have, all);
    else memcpy(all, samples, (size_t)have * sizeof *all);
    for (int i = have; i < padded; i++) all[i] = s->padding;
    return hf2c_spectra(s, all, padded, run->scratch, *spectra);
}

static hf2c_status prepare(Listener *l, int spectra)
{
    const hf2c_model *model = l->model;
    size_t windows = (size_t)(spectra / l->spectra + 1);
    l->window = HF2C_TAKE(l->run->scratch, float, (size_t)hf2c_longest_source(model) * (size_t)model->row_values);
    /* Windows move on by a row at least; most by far more. */
    l->room = (int)(windows * 64) * (model->max_sequence + 1);
    l->tokens = HF2C_TAKE(l->run->scratch, int32_t, l->room);
    return l->window && l->tokens ? HF2C_OK : HF2C_TOO_SMALL;
}

hf2c_status hf2c_listen(hf2c_run *run, const hf2c_listening *listening, const float *samples, int count, int truncated, hf2c_heard *heard)
{
    const hf2c_model *model = run->context->model;
    Listener l = {.run = run, .model = model, .speech = model->speech, .listening = listening};
    float *spectra;
    int made;
    *heard = (hf2c_heard){.language = -1};
    if (!model->speech || !model->sound || !model->sound->mels || !hf2c_has_source(model)) return HF2C_NOT_SUPPORTED;
    if (listening->timestamps && model->speech->no_timestamps < 0) return refuse(run, "return_timestamps", "this model has no tokens for times");
    l.spectra = model->sound->most_samples / model->sound->hop;
    if (!truncated && count > model->sound->most_samples && !listening->timestamps)
        return refuse(run, "the sound is longer than the model hears at once", "give return_timestamps, or chunk_length_s");
    hf2c_status status = make_spectra(run, samples, count, truncated, &spectra, &made);
    if (status == HF2C_OK) status = prepare(&l, made);
    if (status == HF2C_OK) status = write_windows(&l, spectra, made, &heard->language);
    int32_t *begin = HF2C_TAKE(run->scratch, int32_t, MOST_BEGIN);
    if (status == HF2C_OK && !begin) status = HF2C_TOO_SMALL;
    if (status != HF2C_OK) return status;
    memcpy(begin, l.begin, sizeof l.begin);
    heard->tokens = (hf2c_ids){l.tokens, l.count};
    heard->begin = (hf2c_ids){begin, l.begin_count};
    return HF2C_OK;
}
