/* generate: the loop of greedy search and sampling. */
#include "runtime/generate/generate.h"
#include "runtime/generate/beam.h"
#include "runtime/generate/draft.h"
#include "runtime/generate/lookup.h"
#include "runtime/generate/step.h"
#include "runtime/generate/stop.h"

#include <limits.h>
#include <string.h>

typedef struct Loop {
    const hf2c_generate_call *call;
    const hf2c_model *model;
    hf2c_step step;
    int running;
    hf2c_lane *lanes;           /* [group] those that still run come first */
    int *numbers;               /* [group] which sequence each is */
    hf2c_source *sources;       /* [group] */
    hf2c_random *randoms;       /* [group] */
    hf2c_constraint_place *places; /* [group] */
    float *logits;              /* [group * (1 + guesses), vocabulary] */
    hf2c_chooser chooser;
    hf2c_drafter drafter;
    hf2c_guess *guesses;        /* [group] */
    int furthest;               /* positions that slot 0 has held, with those of the first sequence */
    int drafted;                /* positions of the first sequence that the smaller model's slot 0 holds */
} Loop;

static hf2c_status loop_init(Loop *loop, const hf2c_generate_call *call, int group)
{
    const hf2c_model *model = call->context->model;
    hf2c_scratch *scratch = call->scratch;
    *loop = (Loop){.call = call, .model = model};
    hf2c_status status = hf2c_step_init(&loop->step, call);
    if (status != HF2C_OK) return status;
    size_t vocabulary = (size_t)model->vocabulary;
    loop->lanes = HF2C_TAKE(scratch, hf2c_lane, group);
    loop->numbers = HF2C_TAKE(scratch, int, group);
    loop->sources = HF2C_TAKE(scratch, hf2c_source, group);
    loop->randoms = HF2C_TAKE(scratch, hf2c_random, group);
    loop->places = HF2C_TAKE(scratch, hf2c_constraint_place, group);
    status = hf2c_drafter_init(&loop->drafter, call, group);
    if (status != HF2C_OK) return status;
    loop->guesses = HF2C_TAKE(scratch, hf2c_guess, group);
    int most = loop->drafter.draft ? call->settings->num_assistant_tokens : call->settings->prompt_lookup_num_tokens;
    size_t logits = (size_t)group * (1 + (size_t)most);
    loop->logits = hf2c_scratch_take(scratch, logits, vocabulary * sizeof(float));
    loop->chooser = (hf2c_chooser){.settings = call->settings, .vocabulary = model->vocabulary, .rule = call->rule,
                                   .cut_scores = call->scores != NULL};
    loop->chooser.candidates = HF2C_TAKE(scratch, hf2c_candidate, call->settings->do_sample ? 2 * vocabulary : 1);
    loop->chooser.seen = HF2C_TAKE(scratch, uint8_t, vocabulary);
    if (!loop->guesses || !loop->lanes || !loop->numbers || !loop->sources || !loop->randoms || !loop->places || !loop->logits ||
        !loop->chooser.candidates || !loop->chooser.seen)
        return HF2C_TOO_SMALL;
    memset(loop->chooser.seen, 0, vocabulary);
    return HF2C_OK;
}

/* Chooses the next token of a lane by its scores and appends it. */
static hf2c_status advance(Loop *loop, int lane, float *scores, hf2c_sequence *sequence)
{
    const hf2c_generate_call *call = loop->call;
    int limit = hf2c_stop_limit(call->settings, loop->model, sequence->prompt, sequence->padding);
    int32_t id;
    hf2c_status status = hf2c_choose(&loop->chooser, sequence, loop->numbers[lane], limit, &loop->places[lane], &loop->randoms[lane], scores,
                                     &id);
    if (status != HF2C_OK) return status;
    if (call->scores) call->scores(call->owner, loop->numbers[lane], scores);
    sequence->ids[sequence->count++] = id;
    sequence->finish =
        hf2c_stop_check(call->settings, loop->model, sequence->ids, sequence->count, sequence->padding, limit);
    if (call->token && call->token(call->owner, loop->numbers[lane], id)) return HF2C_CANCELLED;
    return HF2C_OK;
}

/* How many guesses a lane may have: none where the sequence would end by its length anyway. */
static int guess_room(const Loop *loop, const hf2c_sequence *sequence, int wish)
{
    int limit = hf2c_stop_limit(loop->call->settings, loop->model, sequence->prompt, sequence->padding) - sequence->padding;
    int room = limit - sequence->count - 1, most = wish < room ? wish : room;
    if (loop->model->ring && most > loop->model->ring_back) most = loop->model->ring_back; /* wrong ones are taken back */
    return most > 0 ? most : 0;
}

static void guess_from_text(Loop *loop, hf2c_sequence *sequences)
{
    const hf2c_generation *settings = loop->call->settings;
    for (int lane = 0; lane < loop->running; lane++) {
        hf2c_sequence *sequence = &sequences[loop->numbers[lane]];
        int most = guess_room(loop, sequence, settings->prompt_lookup_num_tokens);
        loop->lanes[lane].more = hf2c_lookup_guess(sequence->ids, sequence->count, settings->max_matching_ngram_size, most);
    }
}

static hf2c_status guess_by_draft(Loop *loop, hf2c_sequence *sequences)
{
    const hf2c_generation *settings = loop->call->settings;
    for (int lane = 0; lane < loop->running; lane++) {
        hf2c_sequence *sequence = &sequences[loop->numbers[lane]];
        hf2c_guess *guess = &loop->guesses[lane];
        *guess = (hf2c_guess){.sequence = sequence, .place = loop->places[lane], .random = loop->randoms[lane]};
        guess->limit = hf2c_stop_limit(settings, loop->model, sequence->prompt, sequence->padding);
        guess->most = guess_room(loop, sequence, settings->num_assistant_tokens);
    }
    hf2c_status status = hf2c_drafter_guess(&loop->drafter, &loop->chooser, loop->guesses, loop->running);
    for (int lane = 0; lane < loop->running; lane++) loop->lanes[lane].more = loop->guesses[lane].made;
    return status;
}

/* Guesses stand behind the tokens of the sequence. */
static hf2c_status guess(Loop *loop, hf2c_sequence *sequences)
{
    hf2c_status status = HF2C_OK;
    if (loop->drafter.draft)
        status = guess_by_draft(loop, sequences);
    else if (loop->call->settings->prompt_lookup_num_tokens > 0)
        guess_from_text(loop, sequences);
    for (int lane = 0; lane < loop->running; lane++) {
        const hf2c_sequence *sequence = &sequences[loop->numbers[lane]];
        loop->lanes[lane].count = sequence->count + loop->lanes[lane].more;
    }
    return status;
}

/* One token, and one more for each guess that was right. scores: of all tokens that the lane wanted them for. */
static hf2c_status advance_lane(Loop *loop, int lane, float *scores, hf2c_sequence *sequence)
{
    hf2c_status status = HF2C_OK;
    int right = 1, hits = 0;
    for (int i = 0; i <= loop->lanes[lane].more && right && status == HF2C_OK; i++) {
        int32_t guessed = i < loop->lanes[lane].more ? sequence->ids[sequence->count] : -1;
        status = advance(loop, lane, scores + (size_t)i * (size_t)loop->model->vocabulary, sequence);
        right = status == HF2C_OK && sequence->ids[sequence->count - 1] == guessed;
        hits += right;
        right = right && sequence->finish == HF2C_FINISH_NONE;
    }
    hf2c_drafter_settle(&loop->drafter, lane, sequence->count, loop->lanes[lane].more, hits);
    loop->lanes[lane].count = sequence->count;
    loop->lanes[lane].cached = sequence->count - 1;
    if (loop->drafter.draft && loop->numbers[lane] == 0) loop->drafted = loop->drafter.lanes[lane].cached;
    return status;
}

static hf2c_status advance_all(Loop *loop, hf2c_sequence *sequences)
{
    float *scores = loop->logits;
    hf2c_status status = HF2C_OK;
    for (int lane = 0; lane < loop->running && status == HF2C_OK; lane++) {
        status = advance_lane(loop, lane, scores, &sequences[loop->numbers[lane]]);
        scores += (size_t)(1 + loop->lanes[lane].more) * (size_t)loop->model->vocabulary;
    }
    return status;
}

/* Moves the lanes that still run to the front. */
static void drop_finished(Loop *loop, const hf2c_sequence *sequences)
{
    int kept = 0;
    for (int lane = 0; lane < loop->running; lane++) {
        if (sequences[loop->numbers[lane]].finish != HF2C_FINISH_NONE) continue;
        loop->lanes[kept] = loop->lanes[lane];
        loop->numbers[kept] = loop->numbers[lane];
        loop->places[kept] = loop->places[lane];
        if (loop->drafter.draft) loop->drafter.lanes[kept] = loop->drafter.lanes[lane];
        loop->randoms[kept++] = loop->randoms[lane];
    }
    loop->running = kept;
}

/* Each source once, into the slot of the first sequence that has it. */
static hf2c_status read_sources(Loop *loop, const hf2c_sequence *sequences, int count)
{
    int sources = 0;
    for (int i = 0; i < count; i++) {
        const int32_t *ids = sequences[i].source.ids;
        const float *features = sequences[i].features;
        if (sources > 0 && loop->sources[sources - 1].ids == ids && loop->sources[sources - 1].features == features) {
            loop->lanes[i].memory_slot = loop->sources[sources - 1].slot;
        } else {
            loop->sources[sources++] = (hf2c_source){ids, sequences[i].source.count, i, features};
        }
    }
    return hf2c_step_encode(&loop->step, loop->sources, sources);
}

/* ---- what slot 0 holds ---- */

/* How many of the sequence's first tokens need not be read. */
static int kept_tokens(const hf2c_model *model, const hf2c_kept *kept, const hf2c_sequence *sequence)
{
    int alike = 0, most = sequence->count - 1; /* the last one is read for its logits */
    if (!kept || !model->rewinds || hf2c_has_source(model)) return 0;
    while (alike < kept->count && alike < most && kept->ids[alike] == sequence->ids[alike]) alike++;
    /* What a window would need may be overwritten: then all is read again. */
    int lost = model->ring && kept->furthest > model->ring && kept->furthest - alike > model->ring_back;
    return lost ? 0 : alike;
}

/* The same of the smaller model. */
static int drafted_tokens(const Loop *loop)
{
    const hf2c_draft *draft = loop->drafter.draft;
    if (!draft || draft->context->model->ring) return 0;
    return draft->kept < loop->lanes[0].cached ? draft->kept : loop->lanes[0].cached;
}

/* All of a finished sequence is in the cache, but for its last token. */
static void keep_tokens(hf2c_kept *kept, const hf2c_sequence *sequence, int furthest)
{
    kept->count = sequence->count - 1;
    kept->furthest = furthest;
    memcpy(kept->ids, sequence->ids, (size_t)kept->count * sizeof *kept->ids);
}

static void begin_baked(Loop *loop, const hf2c_sequence *sequences, int count)
{
    for (int i = 0; i < count; i++) {
        hf2c_lane *lane = &loop->lanes[i];
        int baked = hf2c_step_baked(loop->call->context, sequences[i].ids, sequences[i].count, lane->slot, lane->cached);
        if (baked == 0) continue;
        lane->cached = baked;
        lane->furthest = loop->model->baked->count;
    }
}

static hf2c_status run_group(Loop *loop, hf2c_sequence *sequences, int first, int count)
{
    for (int i = 0; i < count; i++) {
        hf2c_sequence *sequence = &sequences[first + i];
        loop->lanes[i] = (hf2c_lane){.ids = sequence->ids, .count = sequence->count, .slot = i};
        loop->lanes[i].memory = sequence->source.count;
        loop->lanes[i].memory_slot = i;
        loop->numbers[i] = first + i;
        loop->places[i] = (hf2c_constraint_place){0};
        hf2c_drafter_begin(&loop->drafter, i, i, 0);
        loop->randoms[i] = hf2c_random_begin(loop->call->settings->seed, (uint64_t)(first + i));
    }
    loop->running = count;
    loop->lanes[0].cached = first == 0 ? kept_tokens(loop->model, loop->call->kept, sequences) : 0;
    hf2c_drafter_begin(&loop->drafter, 0, 0, first == 0 ? drafted_tokens(loop) : 0);
    loop->lanes[0].furthest = loop->lanes[0].cached > 0 ? loop->call->kept->furthest : 0;
    begin_baked(loop, sequences + first, count);
    hf2c_status status = hf2c_has_source(loop->model) ? read_sources(loop, sequences + first, count) : HF2C_OK;
    if (status != HF2C_OK) return status;
    while (loop->running > 0) {
        status = guess(loop, sequences);
        if (status == HF2C_OK) status = hf2c_step_feed(&loop->step, loop->lanes, loop->running, loop->logits);
        for (int i = 0; i < loop->running; i++)
            if (loop->numbers[i] == 0) loop->furthest = loop->lanes[i].furthest;
        if (status == HF2C_OK) status = advance_all(loop, sequences);
        if (status != HF2C_OK) return status;
        drop_finished(loop, sequences);
    }
    return HF2C_OK;
}

static hf2c_status sample(const hf2c_generate_call *call, hf2c_sequence *sequences, int count)
{
    Loop loop;
    int group = call->context->slots < (size_t)count ? (int)call->context->slots : count;
    if (group > call->context->model->max_batch) group = call->context->model->max_batch;
    hf2c_status status = loop_init(&loop, call, group);
    for (int first = 0; first < count && status == HF2C_OK; first += group) {
        status = run_group(&loop, sequences, first, count - first < group ? count - first : group);
        if (call->kept) call->kept->count = 0;
    }
    if (call->draft) call->draft->kept = loop.drafted;
    if (call->kept && status == HF2C_OK && count <= group) keep_tokens(call->kept, &sequences[0], loop.furthest);
    return status;
}

static hf2c_status search(const hf2c_generate_call *call, hf2c_sequence *sequences, int prompts)
{
    hf2c_status status = HF2C_OK;
    int each = call->settings->num_return_sequences;
    for (int i = 0; i < prompts && status == HF2C_OK; i++) {
        hf2c_scratch before = *call->scratch;
        status = hf2c_beam_search(call, sequences + (size_t)i * (size_t)each, i * each);
        *call->scratch = before;
    }
    return status;
}

static hf2c_status refuse_length(const hf2c_generate_call *call, const char *what, int tokens)
{
    hf2c_message_set(call->message, what, " has ");
    hf2c_message_add_number(call->message, tokens);
    hf2c_message_add(call->message, " tokens, the model's longest sequence ", 38);
    hf2c_message_add_number(call->message, call->context->model->max_sequence);
    return HF2C_TOO_LONG;
}

static hf2c_status check_source(const hf2c_generate_call *call, const hf2c_sequence *sequence)
{
    if (sequence->source.count < 1) {
        hf2c_message_set(call->message, "there is no source for the encoder");
        return HF2C_BAD_ARGUMENT;
    }
    if (!sequence->source.ids && (!sequence->features || !call->context->model->row_values)) {
        hf2c_message_set(call->message, "the source is no text that this model reads");
        return HF2C_BAD_ARGUMENT;
    }
    if (sequence->source.count > hf2c_longest_source(call->context->model))
        return refuse_length(call, "the text", sequence->source.count);
    return HF2C_OK;
}

/* A text that must be whole needs room for its shortest form, behind a forced first token. */
static hf2c_status check_room(const hf2c_generate_call *call, const hf2c_sequence *sequence, int limit)
{
    const hf2c_generation *settings = call->settings;
    int before = sequence->prompt + sequence->padding, forced = settings->forced_bos >= 0 && before == 1;
    int room = limit - before - forced;
    if (!settings->constraint || settings->constraint->distance[HF2C_CONSTRAINT_START] <= room) return HF2C_OK;
    hf2c_message_set(call->message, "max_new_tokens: the constraint's shortest text has ");
    hf2c_message_add_number(call->message, settings->constraint->distance[HF2C_CONSTRAINT_START]);
    hf2c_message_add(call->message, " tokens, there is room for ", 27);
    hf2c_message_add_number(call->message, room);
    return HF2C_BAD_ARGUMENT;
}

static hf2c_status check_sequence(const hf2c_generate_call *call, const hf2c_sequence *sequence)
{
    const hf2c_model *model = call->context->model;
    if (sequence->prompt < 1) {
        hf2c_message_set(call->message, "the prompt is empty");
        return HF2C_BAD_ARGUMENT;
    }
    if (sequence->prompt > model->max_sequence) return refuse_length(call, "the prompt", sequence->prompt);
    if (hf2c_has_source(model)) {
        hf2c_status status = check_source(call, sequence);
        if (status != HF2C_OK) return status;
    }
    int limit = hf2c_stop_limit(call->settings, model, sequence->prompt, sequence->padding);
    if (limit <= sequence->prompt + sequence->padding) {
        hf2c_message_set(call->message, "max_length leaves no room behind the prompt; give max_new_tokens");
        return HF2C_BAD_ARGUMENT;
    }
    if (sequence->capacity < limit - sequence->padding) return HF2C_TOO_SMALL;
    return check_room(call, sequence, limit);
}

int hf2c_generate_slots(const hf2c_generation *settings, int prompts)
{
    return settings->num_beams > 1 ? settings->num_beams + 1 : prompts * settings->num_return_sequences;
}

hf2c_status hf2c_generate(const hf2c_generate_call *call, hf2c_sequence *sequences, int prompts)
{
    const hf2c_model *model = call->context->model;
    hf2c_status status = hf2c_generation_check(call->settings, model, call->message);
    if (status != HF2C_OK) return status;
    if (prompts < 1 || prompts > INT_MAX / call->settings->num_return_sequences) return HF2C_BAD_ARGUMENT;
    int count = prompts * call->settings->num_return_sequences;
    for (int i = 0; i < count; i++) {
        status = check_sequence(call, &sequences[i]);
        if (status != HF2C_OK) return status;
        sequences[i].count = sequences[i].prompt;
        sequences[i].finish = HF2C_FINISH_NONE;
        sequences[i].score = 0;
    }
    hf2c_scratch before = *call->scratch;
    if (call->kept && call->settings->num_beams > 1) call->kept->count = 0;
    status = call->settings->num_beams > 1 ? search(call, sequences, prompts) : sample(call, sequences, count);
    *call->scratch = before;
    return status;
}
