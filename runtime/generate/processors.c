#include "runtime/generate/processors.h"

#include <math.h>
#include <string.h>

static void ban(const hf2c_history *history, int32_t id, float *scores)
{
    if (id >= 0 && id < history->vocabulary) scores[id] = -INFINITY;
}

static void ban_all(const hf2c_history *history, hf2c_ids ids, float *scores)
{
    for (int i = 0; i < ids.count; i++) ban(history, ids.ids[i], scores);
}

static void allow_only(const hf2c_history *history, int32_t id, float *scores)
{
    for (int i = 0; i < history->vocabulary; i++) scores[i] = -INFINITY;
    if (id < history->vocabulary) scores[id] = 0;
}

static int padded_length(const hf2c_history *history)
{
    return history->padding + history->count;
}

/* Would the last token of the sequence complete it now? */
static int completes(const hf2c_history *history, hf2c_ids sequence)
{
    int before = sequence.count - 1;
    if (before < 0 || before > history->count) return 0;
    if (before == 0) return 1;
    return memcmp(history->ids + history->count - before, sequence.ids, (size_t)before * sizeof(int32_t)) == 0;
}

static void process_sequence_bias(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    for (int i = 0; i < settings->sequence_bias.sequences.count; i++) {
        hf2c_ids sequence = settings->sequence_bias.sequences.lists[i];
        if (completes(history, sequence)) scores[sequence.ids[sequence.count - 1]] += settings->sequence_bias.biases[i];
    }
}

static void process_diversity_penalty(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    for (int i = 0; i < history->rivals.count; i++) {
        if (history->rivals.ids[i] < history->vocabulary) scores[history->rivals.ids[i]] -= settings->diversity_penalty;
    }
}

/* Once per token, however often it occurs. */
static void penalise(const hf2c_history *history, hf2c_ids tokens, float penalty, float *scores)
{
    if (penalty == 1) return;
    for (int i = 0; i < tokens.count; i++) {
        int32_t id = tokens.ids[i];
        if (id >= history->vocabulary || history->seen[id]) continue; /* a source may have other tokens */
        history->seen[id] = 1;
        scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
    }
    for (int i = 0; i < tokens.count; i++) history->seen[tokens.ids[i]] = 0;
}

static void process_encoder_repetition_penalty(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    penalise(history, history->source, 1 / settings->encoder_repetition_penalty, scores);
}

static void process_repetition_penalty(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    penalise(history, (hf2c_ids){history->ids, history->count}, settings->repetition_penalty, scores);
}

/* Bans every token that follows the last size - 1 tokens somewhere in the text. */
static void ban_ngrams(const hf2c_history *history, hf2c_ids text, int size, float *scores)
{
    int before = size - 1;
    if (before < 0 || history->count < before) return;
    const int32_t *last = history->ids + history->count - before;
    for (int i = 0; i + before < text.count; i++) {
        if (memcmp(text.ids + i, last, (size_t)before * sizeof(int32_t)) == 0) ban(history, text.ids[i + before], scores);
    }
}

static void process_no_repeat_ngram(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    ban_ngrams(history, (hf2c_ids){history->ids, history->count}, settings->no_repeat_ngram_size, scores);
    if (settings->no_repeat_ngram_size == 1 && history->padding > 0 && history->source.count > 0)
        ban(history, history->source.ids[0], scores); /* the padding */
}

static void process_encoder_no_repeat_ngram(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    ban_ngrams(history, history->source, settings->encoder_no_repeat_ngram_size, scores);
}

static int is_end_token(const hf2c_generation *settings, int32_t id)
{
    for (int i = 0; i < settings->eos.count; i++) {
        if (settings->eos.ids[i] == id) return 1;
    }
    return 0;
}

static void process_bad_words(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    for (int i = 0; i < settings->bad_words_ids.count; i++) {
        hf2c_ids word = settings->bad_words_ids.lists[i];
        int only_end = word.count == 1 && is_end_token(settings, word.ids[0]); /* transformers leaves these out */
        if (!only_end && completes(history, word)) ban(history, word.ids[word.count - 1], scores);
    }
}

static void process_min_length(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    if (padded_length(history) < settings->min_length) ban_all(history, settings->eos, scores);
}

static void process_min_new_tokens(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    if (history->count - history->prompt < settings->min_new_tokens) ban_all(history, settings->eos, scores);
}

static void process_prefix_rule(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    const int32_t *allowed = NULL;
    (void)settings;
    if (!history->rule) return;
    int count = history->rule->allowed(history->rule->owner, history->sequence, history->ids, history->count, &allowed);
    if (count < 0) return;
    for (int i = 0; i < count; i++) {
        if (allowed[i] >= 0 && allowed[i] < history->vocabulary) history->seen[allowed[i]] = 1;
    }
    for (int32_t id = 0; id < history->vocabulary; id++) {
        if (!history->seen[id]) scores[id] = -INFINITY;
        history->seen[id] = 0;
    }
}

static void process_forced_bos(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    if (settings->forced_bos >= 0 && padded_length(history) == 1) allow_only(history, settings->forced_bos, scores);
}

static void process_forced_eos(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    if (settings->forced_eos >= 0 && padded_length(history) == history->limit - 1)
        allow_only(history, settings->forced_eos, scores);
}

/* exponential_decay_length_penalty: end tokens grow likelier with every token behind the start. */
static void process_length_decay(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    int behind = history->count - history->prompt - settings->decay.start;
    if (settings->decay.factor <= 0 || behind <= 0) return;
    double growth = pow(settings->decay.factor, behind) - 1;
    for (int i = 0; i < settings->eos.count; i++) {
        float *score = &scores[settings->eos.ids[i]];
        if (isfinite(*score)) *score += (float)(fabs((double)*score) * growth);
    }
}

static void process_suppress_tokens(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    ban_all(history, settings->suppress_tokens, scores);
}

static void process_begin_suppress_tokens(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    int forced = settings->forced_bos >= 0 && history->prompt + history->padding <= 1;
    if (history->count == history->prompt + forced) ban_all(history, settings->begin_suppress_tokens, scores);
}

/* A forced first token is no part of the text. */
static void process_constraint(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    const hf2c_constraint *constraint = settings->constraint;
    if (!constraint || (settings->forced_bos >= 0 && padded_length(history) == 1)) return;
    int state = hf2c_constraint_walk(constraint, history->ids, history->count, history->prompt, history->place);
    int room = history->limit - padded_length(history);
    hf2c_constraint_apply(constraint, state, room, settings->eos, history->seen, scores);
}

/* ---- times ---- */

static void ban_range(float *scores, int first, int end)
{
    for (int i = first; i < end; i++) scores[i] = -INFINITY;
}

/* Times come in pairs, the end of a piece and the beginning of the next, and do not go back. */
static void order_timestamps(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    int begin = settings->timestamp_begin, made = history->count - history->prompt, least = begin;
    const int32_t *ids = history->ids + history->prompt;
    int last = made >= 1 && ids[made - 1] >= begin, one_before = made < 2 || ids[made - 2] >= begin;
    if (last && one_before) ban_range(scores, begin, history->vocabulary);
    else if (last) ban_range(scores, 0, settings->eos.count > 0 ? settings->eos.ids[0] : 0);
    for (int i = 0; i < made; i++)
        if (ids[i] >= begin) least = ids[i] + !(last && !one_before);
    ban_range(scores, begin, least < history->vocabulary ? least : history->vocabulary);
}

/* Where times together are likelier than any other token, it is one of them. */
static void prefer_timestamps(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    float best = -INFINITY, best_time = -INFINITY;
    double sum = 0;
    for (int i = 0; i < settings->timestamp_begin; i++) best = scores[i] > best ? scores[i] : best;
    for (int i = settings->timestamp_begin; i < history->vocabulary; i++) best_time = scores[i] > best_time ? scores[i] : best_time;
    if (best_time == -INFINITY) return;
    for (int i = settings->timestamp_begin; i < history->vocabulary; i++) sum += exp((double)scores[i] - (double)best_time);
    if ((double)best_time + log(sum) > (double)best) ban_range(scores, 0, settings->timestamp_begin);
}

static void process_timestamps(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
    int begin = settings->timestamp_begin, most = settings->max_initial_timestamp;
    if (begin <= 0 || begin >= history->vocabulary) return;
    scores[begin - 1] = -INFINITY; /* the token that says: no times */
    order_timestamps(settings, history, scores);
    if (history->count == history->prompt) {
        ban_range(scores, 0, begin);
        if (most >= 0 && most < history->vocabulary - begin) ban_range(scores, begin + most + 1, history->vocabulary);
    }
    prefer_timestamps(settings, history, scores);
}

void hf2c_process_scores(const hf2c_generation *settings, const hf2c_history *history, float *scores)
{
#define PROCESSOR(name) process_##name(settings, history, scores);
#include "runtime/generate/processors.def"
#undef PROCESSOR
}
