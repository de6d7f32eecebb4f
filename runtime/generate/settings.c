/* settings: defaults and checks. */
#include "runtime/generate/generate.h"

#include <math.h>
#include <string.h>

void hf2c_generation_init(hf2c_generation *settings, const hf2c_model *model)
{
    const hf2c_generation_defaults *own = &model->generation;
    *settings = (hf2c_generation){
        .max_new_tokens = own->max_new_tokens,
        .max_length = own->max_length,
        .do_sample = own->do_sample,
        .top_k = own->top_k,
        .temperature = own->temperature > 0 ? own->temperature : 1,
        .top_p = own->top_p > 0 ? own->top_p : 1,
        .min_p = own->min_p,
        .typical_p = own->typical_p > 0 ? own->typical_p : 1,
        .epsilon_cutoff = own->epsilon_cutoff,
        .eta_cutoff = own->eta_cutoff,
        .min_new_tokens = own->min_new_tokens,
        .encoder_no_repeat_ngram_size = own->encoder_no_repeat_ngram_size,
        .repetition_penalty = own->repetition_penalty > 0 ? own->repetition_penalty : 1,
        .eos = {own->eos, own->eos_count},
        .pad = own->pad,
        .bos = own->bos,
        .forced_bos = own->forced_bos,
        .forced_eos = own->forced_eos,
        .decoder_start = own->decoder_start >= 0 ? own->decoder_start : own->bos,
        .suppress_tokens = {own->suppress, own->suppress_count},
        .begin_suppress_tokens = {own->begin_suppress, own->begin_suppress_count},
        .min_length = own->min_length,
        .no_repeat_ngram_size = own->no_repeat_ngram_size,
        .num_beams = own->num_beams > 0 ? own->num_beams : 1,
        .num_return_sequences = 1,
        .max_initial_timestamp = -1,
        .num_beam_groups = 1,
        .encoder_repetition_penalty = own->encoder_repetition_penalty > 0 ? own->encoder_repetition_penalty : 1,
        .max_matching_ngram_size = 2,
        .num_assistant_tokens = 4,
        .length_penalty = own->num_beams > 0 ? own->length_penalty : 1,
        .early_stopping = (hf2c_early_stopping)own->early_stopping,
        .constraint = model->constraint,
    };
}

static hf2c_status refuse(hf2c_message *message, const char *name, const char *wanted)
{
    hf2c_message_set(message, name, " must be ", wanted);
    return HF2C_BAD_ARGUMENT;
}

/* One row per number: its name and the range it must lie in. Written so that NaN fails. */
static hf2c_status check_numbers(const hf2c_generation *s, hf2c_message *message)
{
    const struct {
        const char *name, *wanted;
        int good;
    } checks[] = {
        {"max_new_tokens", "at least 0", s->max_new_tokens >= 0},
        {"max_length", "at least 0", s->max_length >= 0},
        {"min_new_tokens", "at least 0", s->min_new_tokens >= 0},
        {"min_length", "at least 0", s->min_length >= 0},
        {"top_k", "at least 0 (0: off)", s->top_k >= 0},
        {"temperature", "a number above 0 (for no randomness use do_sample=false)",
         s->temperature > 0 && isfinite(s->temperature)},
        {"top_p", "above 0 and at most 1", s->top_p > 0 && s->top_p <= 1},
        {"min_p", "from 0 to 1", s->min_p >= 0 && s->min_p <= 1},
        {"typical_p", "above 0 and at most 1", s->typical_p > 0 && s->typical_p <= 1},
        {"epsilon_cutoff", "at least 0 and below 1", s->epsilon_cutoff >= 0 && s->epsilon_cutoff < 1},
        {"eta_cutoff", "at least 0 and below 1", s->eta_cutoff >= 0 && s->eta_cutoff < 1},
        {"repetition_penalty", "a number above 0", s->repetition_penalty > 0 && isfinite(s->repetition_penalty)},
        {"no_repeat_ngram_size", "at least 0", s->no_repeat_ngram_size >= 0},
        {"encoder_repetition_penalty", "a number above 0", s->encoder_repetition_penalty > 0 && isfinite(s->encoder_repetition_penalty)},
        {"encoder_no_repeat_ngram_size", "at least 0", s->encoder_no_repeat_ngram_size >= 0},
        {"exponential_decay_length_penalty", "a start of at least 0 and a factor above 0",
         s->decay.factor >= 0 && isfinite(s->decay.factor) && s->decay.start >= 0},
        {"num_beams", "from 1 to 256", s->num_beams >= 1 && s->num_beams <= 256},
        {"num_return_sequences", "from 1 to 4096", s->num_return_sequences >= 1 && s->num_return_sequences <= 4096},
        {"num_return_sequences", "at most num_beams", s->num_beams == 1 || s->num_return_sequences <= s->num_beams},
        {"num_return_sequences", "1 for greedy search, which has only one answer",
         s->num_beams > 1 || s->do_sample || s->num_return_sequences == 1},
        {"num_beam_groups", "from 1 to num_beams and a divisor of it", s->num_beam_groups >= 1 && s->num_beams % s->num_beam_groups == 0},
        {"num_beam_groups", "1 with do_sample", s->num_beam_groups == 1 || !s->do_sample},
        {"diversity_penalty", "a number above 0 when there are groups",
         isfinite(s->diversity_penalty) && (s->num_beam_groups == 1 || s->diversity_penalty > 0)},
        {"prompt_lookup_num_tokens", "from 0 to 256", s->prompt_lookup_num_tokens >= 0 && s->prompt_lookup_num_tokens <= 256},
        {"num_assistant_tokens", "from 0 to 256", s->num_assistant_tokens >= 0 && s->num_assistant_tokens <= 256},
        {"prompt_lookup_num_tokens", "0 with num_beams", s->prompt_lookup_num_tokens == 0 || s->num_beams == 1},
        {"max_matching_ngram_size", "at least 1", s->max_matching_ngram_size >= 1 || s->prompt_lookup_num_tokens == 0},
        {"length_penalty", "a finite number", isfinite(s->length_penalty)},
        {"eos_token_id", "a token id or a list of fewer than 1000", s->eos.count < 1000},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (!checks[i].good) return refuse(message, checks[i].name, checks[i].wanted);
    }
    return HF2C_OK;
}

static hf2c_status check_ids(const hf2c_model *model, const char *name, hf2c_ids ids, hf2c_message *message)
{
    for (int i = 0; i < ids.count; i++) {
        if (ids.ids[i] < 0 || ids.ids[i] >= model->vocabulary)
            return refuse(message, name, "token ids of this vocabulary");
    }
    return HF2C_OK;
}

static hf2c_status check_lists(const hf2c_model *model, const char *name, hf2c_id_lists lists, hf2c_message *message)
{
    for (int i = 0; i < lists.count; i++) {
        if (lists.lists[i].count == 0) return refuse(message, name, "lists of at least one token id");
        hf2c_status status = check_ids(model, name, lists.lists[i], message);
        if (status != HF2C_OK) return status;
    }
    return HF2C_OK;
}

hf2c_status hf2c_generation_check(const hf2c_generation *s, const hf2c_model *model, hf2c_message *message)
{
    const hf2c_ids start = {&s->decoder_start, s->decoder_start >= 0};
    const hf2c_ids forced = {
        (int32_t[]){s->forced_bos >= 0 ? s->forced_bos : 0, s->forced_eos >= 0 ? s->forced_eos : 0}, 2};
    hf2c_status status = check_numbers(s, message);
    if (status == HF2C_OK) status = check_ids(model, "eos_token_id", s->eos, message);
    if (status == HF2C_OK) status = check_ids(model, "forced_bos_token_id and forced_eos_token_id", forced, message);
    if (status == HF2C_OK) status = check_ids(model, "decoder_start_token_id", start, message);
    if (status == HF2C_OK) status = check_ids(model, "suppress_tokens", s->suppress_tokens, message);
    if (status == HF2C_OK) status = check_ids(model, "begin_suppress_tokens", s->begin_suppress_tokens, message);
    if (status == HF2C_OK) status = check_lists(model, "bad_words_ids", s->bad_words_ids, message);
    if (status == HF2C_OK) status = check_lists(model, "sequence_bias", s->sequence_bias.sequences, message);
    if (status != HF2C_OK) return status;
    if (s->prompt_lookup_num_tokens > 0 && !model->rewinds) {
        hf2c_message_set(message, "prompt_lookup_num_tokens: this model cannot take back tokens");
        return HF2C_NOT_SUPPORTED;
    }
    if (s->constraint && s->stop_strings.count > 0) return refuse(message, "stop_strings", "absent: the constraint says where a text ends");
    if (s->constraint && s->eos.count == 0) return refuse(message, "eos_token_id", "given: a text with a constraint needs an end token");
    if (s->stop_strings.count > 0 && !model->tokenizer) {
        hf2c_message_set(message, "stop_strings: this program has no tokenizer");
        return HF2C_NOT_SUPPORTED;
    }
    return HF2C_OK;
}
