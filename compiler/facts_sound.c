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
    return values == wanted || err_set(p->err, "%s: makes %lld features of a sound, the model wants %lld", p->file, (long long)values, (long long)wanted);
}

bool facts_describe_sounds(Compiled *c, Err *err)
{
    Config *p = &c->model.processor;
    if (!c->facts.frame_step && !c->facts.row_values) return true;
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
