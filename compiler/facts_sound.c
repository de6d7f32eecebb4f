/* facts_sound: how sounds become values, from preprocessor_config.json. */
#include <string.h>

#include "compiler/compile.h"

enum { MOST_RATE = 192000, DEFAULT_SECONDS = 30, MOST_SECONDS = 24 * 3600 };

static int64_t sampling_rate(const Compiled *c) { return config_int_or(&c->model.processor, "sampling_rate", 1, MOST_RATE, 16000); }

int64_t facts_longest_sound(const Compiled *c)
{
    int64_t seconds = c->options.max_seconds ? c->options.max_seconds : DEFAULT_SECONDS;
    int64_t most = (seconds < MOST_SECONDS ? seconds : MOST_SECONDS) * sampling_rate(c);
    if (c->options.max_sequence && (c->options.max_sequence - 1) * c->built.frame_step + c->built.frame_samples < most)
        most = (c->options.max_sequence - 1) * c->built.frame_step + c->built.frame_samples;
    return most > c->built.frame_samples ? most : c->built.frame_samples;
}

static bool check_extractor(const Config *p)
{
    static const char *const known[] = {"Wav2Vec2FeatureExtractor", "WhisperFeatureExtractor"};
    const char *type = config_text_or(p, "feature_extractor_type", known[0]);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(type, known[i]) == 0) return true;
    config_refuse(p, "feature_extractor_type", type, "Wav2Vec2FeatureExtractor, WhisperFeatureExtractor");
    return false;
}

/* What a sound is padded to, and what of it makes one of the model's rows. */
static bool describe_spectra(const Compiled *c, hf2c_sound_settings *s)
{
    const Config *p = &c->model.processor;
    s->mels = (int)config_int_or(p, "feature_size", 1, 4096, 80);
    s->window = (int)config_int_or(p, "n_fft", 2, 1 << 15, 400);
    s->hop = (int)config_int_or(p, "hop_length", 1, 1 << 15, 160);
    s->most_samples = (int)config_int_or(p, "chunk_length", 1, MOST_SECONDS / 24, DEFAULT_SECONDS) * s->rate;
    if (config_float_or(p, "dither", 0, 1, 0) > 0) config_refuse(p, "dither", "a number above 0", "0");
    int64_t values = (int64_t)(s->most_samples / s->hop) * s->mels, wanted = c->facts.row_values * (int64_t)hf2c_longest_source(&c->facts);
    if (p->err->text[0]) return false;
    if (s->window % 2) return err_set(p->err, "%s: n_fft: found %d, wanted an even number", p->file, s->window);
    return values == wanted ||
           err_set(p->err, "%s: makes %lld features of a sound, the model wants %lld", p->file, (long long)values, (long long)wanted);
}

static int32_t speech_token(const Compiled *c, const char *key)
{
    int64_t id = config_int_or(&c->model.generation, key, -1, INT32_MAX, -1);
    return id < c->built.vocabulary ? (int32_t)id : -1;
}

/* {"<|en|>": 50259, ...} */
static void describe_languages(Compiled *c, hf2c_speech_settings *s)
{
    const cJSON *all = config_item(&c->model.generation, "lang_to_id"), *one;
    int32_t *ids = ARENA_ARRAY(c->arena, int32_t, (size_t)cJSON_GetArraySize(all) + 1);
    cJSON_ArrayForEach(one, all)
        if (cJSON_IsNumber(one) && one->valuedouble >= 0 && one->valuedouble < (double)c->built.vocabulary)
            ids[s->language_count++] = (int32_t)one->valuedouble;
    s->languages = ids;
}

/* [[1, 50259], [2, null], ...]: what stands at place 1, 2 ... */
static bool describe_forced(Compiled *c, hf2c_speech_settings *s)
{
    const Config *from = config_has(&c->model.generation, "forced_decoder_ids") ? &c->model.generation : &c->model.config;
    const cJSON *all = config_item(from, "forced_decoder_ids"), *pair;
    int32_t *ids = ARENA_ARRAY(c->arena, int32_t, (size_t)cJSON_GetArraySize(all) + 1);
    cJSON_ArrayForEach(pair, all)
    {
        const cJSON *place = cJSON_GetArrayItem(pair, 0), *id = cJSON_GetArrayItem(pair, 1);
        bool known = cJSON_IsNull(id) || (cJSON_IsNumber(id) && id->valuedouble >= 0 && id->valuedouble < (double)c->built.vocabulary);
        if (!cJSON_IsNumber(place) || place->valuedouble != s->forced_count + 1 || !known)
            return err_set(c->model.config.err, "%s: forced_decoder_ids: wanted a list of [place, token id], places 1, 2 ...", from->file);
        ids[s->forced_count++] = cJSON_IsNull(id) ? -1 : (int32_t)id->valuedouble;
    }
    s->forced = ids;
    return true;
}

static bool describe_speech(Compiled *c, Err *err)
{
    const Config *g = &c->model.generation;
    hf2c_speech_settings *s = ARENA_NEW(c->arena, hf2c_speech_settings);
    c->model.config.err = c->model.generation.err = err;
    s->no_timestamps = speech_token(c, "no_timestamps_token_id");
    s->transcribe = speech_token(c, "task_to_id.transcribe");
    s->translate = speech_token(c, "task_to_id.translate");
    s->max_initial_timestamp = (int)config_int_or(g, "max_initial_timestamp_index", 0, 1 << 20, -1);
    s->multilingual = config_bool_or(g, "is_multilingual", true);
    s->timestamps = config_bool_or(g, "return_timestamps", false);
    s->language = config_text_or(g, "language", NULL);
    s->task = config_text_or(g, "task", NULL);
    describe_languages(c, s);
    c->facts.speech = s;
    return describe_forced(c, s) && err->text[0] == '\0';
}

bool facts_describe_sounds(Compiled *c, Err *err)
{
    Config *p = &c->model.processor;
    if (!c->facts.frame_step && !c->facts.row_values) return true;
    if (c->facts.row_values && !describe_speech(c, err)) return false;
    if (c->options.without_weights && !p->root->child) return true;
    hf2c_sound_settings *s = ARENA_NEW(c->arena, hf2c_sound_settings);
    p->err = err;
    s->rate = (int)sampling_rate(c);
    s->padding = (float)config_float_or(p, "padding_value", -1e6, 1e6, 0);
    s->normalize = config_bool_or(p, "do_normalize", c->facts.frame_step > 0 && p->root->child);
    if (err->text[0] || !check_extractor(p)) return false;
    if (c->facts.frame_step) s->most_samples = (int)facts_longest_sound(c);
    else if (!describe_spectra(c, s)) return false;
    c->facts.sound = s;
    return true;
}
