#include "runtime/generate/beam.h"
#include "runtime/generate/processors.h"
#include "runtime/generate/sampler.h"
#include "runtime/generate/stop.h"

#include <math.h>
#include <string.h>

static const float HOPELESS = -1e9f; /* what transformers adds to scores that must not win */

/* A continuation of a running beam by one token. */
typedef struct Continuation {
    float score; /* sum of log-probabilities */
    float key;   /* what it is ranked by: the score, or the score with noise when sampling */
    int beam;
    int32_t id;
    hf2c_finish finish;
} Continuation;

typedef struct Hypothesis {
    float score;
    int finished;
    int count;
    hf2c_finish finish;
    int32_t *ids; /* [limit] */
} Hypothesis;

typedef struct Search {
    const hf2c_generate_call *call;
    const hf2c_generation *settings;
    const hf2c_model *model;
    hf2c_step step;
    hf2c_random random;
    int beams, keep;      /* running beams; continuations looked at in every round */
    int first_slot;       /* of as many as there are beams */
    int running;
    hf2c_ids source, rivals; /* for the processors of scores */
    int number; /* of the first sequence */
    int prompt, padding, limit;
    int count;            /* tokens of every running beam */
    hf2c_lane *lanes;     /* [beams] */
    float *scores;        /* [beams] */
    int32_t *ids, *next_ids; /* [beams, limit] */
    int32_t *ancestors, *next_ancestors; /* [beams, limit] slot that holds each position; NULL: slots are copied */
    float *logits;        /* [beams, vocabulary] */
    uint8_t *seen;        /* [vocabulary] zeros */
    hf2c_candidate *candidates; /* [2 * vocabulary] when sampling */
    Continuation *best;   /* [keep + 1] */
    Continuation *chosen; /* [beams] */
    Hypothesis *done, *merged; /* [beams], [beams + keep] */
    int hopeless;         /* nothing that runs can still improve what is done */
} Search;

static int32_t *row(int32_t *ids, const Search *search, int beam) { return ids + (size_t)beam * (size_t)search->limit; }

/* What a cache holds of a sequence may lie in several slots; a state is one thing, and on a device nobody looks elsewhere. */
static int can_share(const hf2c_context *context) { return context->model->rewinds && !context->copy_slot; }

static hf2c_status take_ancestors(Search *search, hf2c_scratch *scratch)
{
    size_t beams = (size_t)search->beams, limit = (size_t)search->limit;
    search->ancestors = HF2C_TAKE(scratch, int32_t, beams * limit);
    search->next_ancestors = HF2C_TAKE(scratch, int32_t, beams * limit);
    return search->ancestors && search->next_ancestors ? hf2c_step_share(&search->step, scratch) : HF2C_TOO_SMALL;
}

static hf2c_status take_memory(Search *search, hf2c_scratch *scratch)
{
    size_t beams = (size_t)search->beams, limit = (size_t)search->limit, vocabulary = (size_t)search->model->vocabulary;
    search->lanes = HF2C_TAKE(scratch, hf2c_lane, beams);
    search->scores = HF2C_TAKE(scratch, float, beams);
    search->ids = HF2C_TAKE(scratch, int32_t, beams * limit);
    search->next_ids = HF2C_TAKE(scratch, int32_t, beams * limit);
    search->logits = HF2C_TAKE(scratch, float, beams * vocabulary);
    search->seen = HF2C_TAKE(scratch, uint8_t, vocabulary);
    search->candidates = HF2C_TAKE(scratch, hf2c_candidate, search->settings->do_sample ? 2 * vocabulary : 1);
    search->best = HF2C_TAKE(scratch, Continuation, search->keep + 1);
    search->chosen = HF2C_TAKE(scratch, Continuation, beams);
    search->done = HF2C_TAKE(scratch, Hypothesis, beams);
    search->merged = HF2C_TAKE(scratch, Hypothesis, search->beams + search->keep);
    if (!search->lanes || !search->scores || !search->ids || !search->next_ids || !search->logits || !search->seen ||
        !search->candidates || !search->best || !search->chosen || !search->done || !search->merged)
        return HF2C_TOO_SMALL;
    memset(search->seen, 0, vocabulary);
    for (int i = 0; i < search->beams; i++) {
        int32_t *ids = HF2C_TAKE(scratch, int32_t, limit);
        if (!ids) return HF2C_TOO_SMALL;
        search->done[i] = (Hypothesis){.score = HOPELESS, .ids = ids};
    }
    return HF2C_OK;
}

/* group: which group of beams it searches with. */
static hf2c_status search_init(Search *search, const hf2c_generate_call *call, const hf2c_sequence *sequence, int number, int group)
{
    const hf2c_generation *settings = call->settings;
    int ends = settings->eos.count;
    *search = (Search){.call = call, .settings = settings, .model = call->context->model, .running = 1, .number = number};
    search->beams = settings->num_beams / settings->num_beam_groups;
    search->first_slot = group * search->beams;
    search->source = hf2c_source_of(sequence);
    search->keep = (ends > 0 ? 1 + ends : 2) * search->beams;
    search->prompt = search->count = sequence->prompt;
    search->padding = sequence->padding;
    search->limit = hf2c_stop_limit(settings, search->model, sequence->prompt, sequence->padding) - sequence->padding;
    search->random = hf2c_random_begin(settings->seed, (uint64_t)number);
    hf2c_status status = hf2c_step_init(&search->step, call);
    if (status == HF2C_OK) status = take_memory(search, call->scratch);
    if (status == HF2C_OK && can_share(call->context)) status = take_ancestors(search, call->scratch);
    if (status != HF2C_OK) return status;
    for (int i = 0; i < search->beams; i++) {
        memcpy(row(search->ids, search, i), sequence->ids, (size_t)sequence->prompt * sizeof(int32_t));
        memcpy(search->done[i].ids, sequence->ids, (size_t)sequence->prompt * sizeof(int32_t));
        search->done[i].count = sequence->prompt;
        search->lanes[i] = (hf2c_lane){.ids = row(search->ids, search, i), .count = sequence->prompt, .slot = search->first_slot + i};
        search->lanes[i].memory = sequence->source.count;
        search->lanes[i].memory_slot = settings->num_beams; /* one slot for all beams, which come and go in theirs */
        if (i == 0) search->lanes[0].cached = hf2c_step_baked(call->context, sequence->ids, sequence->prompt, search->first_slot, 0);
        search->scores[i] = i == 0 ? 0 : HOPELESS; /* all begin alike: only the first may be continued in the first round */
    }
    return HF2C_OK;
}

/* ---- scores ---- */

/* False when a logit is not a number. */
static int log_softmax(float *scores, int count)
{
    float best = -INFINITY;
    double total = 0;
    for (int i = 0; i < count; i++) {
        if (isnan(scores[i])) return 0;
        best = scores[i] > best ? scores[i] : best;
    }
    if (!isfinite(best)) return 0;
    for (int i = 0; i < count; i++) total += exp((double)scores[i] - best);
    double norm = best + log(total);
    for (int i = 0; i < count; i++) scores[i] = (float)(scores[i] - norm);
    return 1;
}

/* Keeps the candidates of the cut-offs and puts the rest to -infinity. */
static int cut_off(Search *search, float *scores)
{
    int vocabulary = search->model->vocabulary, ends = search->settings->eos.count;
    int left = hf2c_sample_candidates(search->settings, scores, vocabulary, ends > 0 ? ends + 1 : 2, search->candidates);
    for (int i = 0; i < vocabulary; i++) scores[i] = -INFINITY;
    for (int i = 0; i < left; i++) scores[search->candidates[i].id] = search->candidates[i].score;
    return left > 0;
}

static hf2c_status score_beam(Search *search, int beam)
{
    float *scores = search->logits + (size_t)beam * (size_t)search->model->vocabulary;
    hf2c_history history = {row(search->ids, search, beam), search->count, search->prompt, search->padding,
                            search->limit + search->padding, search->model->vocabulary, search->seen, search->source, search->rivals,
                            NULL, search->call->rule, search->number};
    if (!log_softmax(scores, search->model->vocabulary)) return HF2C_NOT_FINITE;
    hf2c_process_scores(search->settings, &history, scores);
    if (search->settings->do_sample && !cut_off(search, scores)) return HF2C_NOT_FINITE;
    return HF2C_OK;
}

/* In the first round all beams are alike: one is computed and its scores are copied. */
static hf2c_status score_all(Search *search)
{
    size_t vocabulary = (size_t)search->model->vocabulary;
    int first_round = search->count == search->prompt, computed = first_round ? 1 : search->beams;
    hf2c_status status = hf2c_step_feed(&search->step, search->lanes, computed, search->logits);
    for (int beam = 0; beam < computed && status == HF2C_OK; beam++) status = score_beam(search, beam);
    for (int beam = computed; beam < search->beams && status == HF2C_OK; beam++) {
        memcpy(search->logits + (size_t)beam * vocabulary, search->logits, vocabulary * sizeof(float));
        search->lanes[beam].cached = search->count;
    }
    return status;
}

/* ---- continuations ---- */

/* Inserts into the list of the best, which stays sorted; earlier ones win among equals. */
static void keep_best(Continuation *best, int *count, int limit, Continuation one)
{
    if (*count == limit && !(one.key > best[limit - 1].key)) return;
    int at = *count < limit ? (*count)++ : limit - 1;
    for (; at > 0 && one.key > best[at - 1].key; at--) best[at] = best[at - 1];
    best[at] = one;
}

/* Sampling without replacement is ranking by score plus Gumbel noise. */
static float noisy(Search *search, float score)
{
    double uniform = hf2c_random_next(&search->random);
    return (float)(score - log(-log(uniform > 0 ? uniform : 0x1p-54)));
}

static int find_best(Search *search)
{
    int count = 0, vocabulary = search->model->vocabulary;
    for (int beam = 0; beam < search->beams; beam++) {
        const float *scores = search->logits + (size_t)beam * (size_t)vocabulary;
        for (int id = 0; id < vocabulary; id++) {
            float score = scores[id] + search->scores[beam];
            if (score == -INFINITY) continue;
            float key = search->settings->do_sample ? noisy(search, score) : score;
            keep_best(search->best, &count, search->keep, (Continuation){score, key, beam, id, HF2C_FINISH_NONE});
        }
    }
    return count;
}

static void check_stops(Search *search, int count)
{
    for (int i = 0; i < count; i++) {
        Continuation *one = &search->best[i];
        int32_t *ids = row(search->ids, search, one->beam);
        ids[search->count] = one->id;
        one->finish = hf2c_stop_check(search->settings, search->model, ids, search->count + 1, search->padding,
                                      search->limit + search->padding);
    }
}

/* ---- hypotheses ---- */

static float length_normalised(float score, int length, float penalty) { return score / (float)pow(length, penalty); }

static int all_done(const Search *search)
{
    int done = 0;
    for (int i = 0; i < search->beams; i++) done += search->done[i].finished;
    return done == search->beams;
}

static void insert_hypothesis(Hypothesis *list, int *count, Hypothesis one)
{
    int at = (*count)++;
    for (; at > 0 && one.score > list[at - 1].score; at--) list[at] = list[at - 1];
    list[at] = one;
}

/* Text of a new hypothesis goes into memory of one that is dropped. */
static void settle(Search *search, int candidates)
{
    int32_t *free_ids[256];
    int free_count = 0;
    for (int i = search->beams; i < candidates; i++) {
        if (search->merged[i].ids) free_ids[free_count++] = search->merged[i].ids;
    }
    for (int i = 0; i < search->beams; i++) {
        Hypothesis *one = &search->merged[i];
        if (!one->ids) {
            /* A new one: count holds which continuation it is. */
            const Continuation *source = &search->best[one->count];
            one->ids = free_ids[--free_count];
            memcpy(one->ids, row(search->ids, search, source->beam), (size_t)search->count * sizeof(int32_t));
            one->ids[search->count] = source->id;
            one->count = search->count + 1;
            one->finish = source->finish;
        }
        search->done[i] = *one;
    }
}

/* The best of what is done already and what has just been finished by one of the first `beams` continuations. */
static void update_done(Search *search, int found)
{
    int merged = 0, full = search->settings->early_stopping == HF2C_EARLY_TRUE && all_done(search);
    for (int i = 0; i < search->beams; i++) insert_hypothesis(search->merged, &merged, search->done[i]);
    for (int i = 0; i < found; i++) {
        int finished = search->best[i].finish != HF2C_FINISH_NONE && i < search->beams;
        float score = length_normalised(search->best[i].score, search->count + 1 - search->prompt, search->settings->length_penalty);
        if (full) score += HOPELESS;
        if (search->hopeless) score += HOPELESS;
        if (!finished) score += HOPELESS;
        insert_hypothesis(search->merged, &merged, (Hypothesis){.score = score, .finished = finished, .count = i});
    }
    settle(search, merged);
}

/* ---- the next round ---- */

static void choose_running(Search *search, int found)
{
    int count = 0;
    for (int i = 0; i < found; i++) {
        Continuation one = search->best[i];
        if (one.finish != HF2C_FINISH_NONE) one.score += HOPELESS;
        one.key = one.score;
        keep_best(search->chosen, &count, search->beams, one);
    }
    /* Bans can leave fewer continuations than beams: the rest repeats the last one without hope. */
    for (; count < search->beams; count++) {
        search->chosen[count] = search->chosen[count - 1];
        search->chosen[count].score += HOPELESS;
    }
}

/* A beam that is continued keeps its slot; its further continuations get one whose own beam has died. from: [beams] slot of each new
 * beam's past, slots: [beams] its own */
static void assign_slots(const Search *search, int *from, int *slots)
{
    uint8_t used[256] = {0}; /* slots that a chosen beam keeps */
    int next = search->first_slot, first_round = search->count == search->prompt;
    for (int i = 0; i < search->beams; i++) {
        from[i] = search->lanes[first_round ? 0 : search->chosen[i].beam].slot;
        slots[i] = used[from[i]] ? -1 : from[i];
        used[from[i]] = 1;
    }
    for (int i = 0; i < search->beams; i++) {
        if (slots[i] >= 0) continue;
        while (used[next]) next++;
        used[next] = 1;
        slots[i] = next;
    }
}

/* A beam writes into its own slot, and finds what it has in common with others where they wrote it: nothing is copied. */
static void follow_ancestors(Search *search, const int *from)
{
    int first_round = search->count == search->prompt, before = first_round ? 0 : search->count - 1;
    for (int i = 0; i < search->beams; i++) {
        int32_t *next = row(search->next_ancestors, search, i);
        int beam = first_round ? 0 : search->chosen[i].beam;
        memcpy(next, row(search->ancestors, search, beam), (size_t)before * sizeof(int32_t));
        for (int p = before; p < search->count; p++) next[p] = from[i];
        search->lanes[i].ancestors = next;
    }
    int32_t *held = search->ancestors;
    search->ancestors = search->next_ancestors;
    search->next_ancestors = held;
}

static hf2c_status copy_slots(Search *search, const int *from, const int *slots)
{
    hf2c_status status = HF2C_OK;
    for (int i = 0; i < search->beams && status == HF2C_OK; i++)
        if (from[i] != slots[i]) status = hf2c_context_copy_slot(search->call->context, (size_t)from[i], (size_t)slots[i]);
    return status;
}

/* The cache follows its beam. */
static hf2c_status move_slots(Search *search)
{
    int from[256], slots[256];
    hf2c_status status = HF2C_OK;
    assign_slots(search, from, slots);
    if (search->ancestors)
        follow_ancestors(search, from);
    else
        status = copy_slots(search, from, slots);
    for (int i = 0; i < search->beams; i++) search->lanes[i].slot = slots[i];
    return status;
}

static hf2c_status move_beams(Search *search)
{
    hf2c_status status = move_slots(search);
    if (status != HF2C_OK) return status;
    for (int i = 0; i < search->beams; i++) {
        int32_t *ids = row(search->next_ids, search, i);
        memcpy(ids, row(search->ids, search, search->chosen[i].beam), (size_t)search->count * sizeof(int32_t));
        ids[search->count] = search->chosen[i].id;
        search->scores[i] = search->chosen[i].score;
        search->lanes[i].ids = ids;
        search->lanes[i].count = search->count + 1;
        search->lanes[i].cached = search->count;
    }
    int32_t *held = search->ids;
    search->ids = search->next_ids;
    search->next_ids = held;
    search->count++;
    return HF2C_OK;
}

static int can_improve(const Search *search)
{
    const hf2c_generation *settings = search->settings;
    int longest = settings->early_stopping == HF2C_EARLY_NEVER && settings->length_penalty > 0 ? search->limit : search->count;
    float possible = length_normalised(search->scores[0], longest - search->prompt, settings->length_penalty);
    float worst = search->done[0].score;
    int any_open = 0, any_done = 0;
    for (int i = 0; i < search->beams; i++) {
        worst = search->done[i].score < worst ? search->done[i].score : worst;
        any_done |= search->done[i].finished;
        any_open |= !search->done[i].finished;
    }
    return (any_done && possible > worst) || (any_open && possible > HOPELESS);
}

static hf2c_status run_round(Search *search)
{
    hf2c_status status = score_all(search);
    if (status != HF2C_OK) return status;
    int found = find_best(search), stopped = 0;
    if (found == 0) return HF2C_NOT_FINITE;
    check_stops(search, found);
    for (int i = 0; i < found; i++) stopped += search->best[i].finish != HF2C_FINISH_NONE;
    choose_running(search, found);
    update_done(search, found);
    hf2c_status moved = move_beams(search);
    if (moved != HF2C_OK) return moved;
    search->hopeless |= !can_improve(search);
    int full = search->settings->early_stopping == HF2C_EARLY_TRUE && all_done(search);
    search->running = !search->hopeless && !full && stopped < found;
    return HF2C_OK;
}

/* ---- groups of beams, which search side by side ---- */

/* One round of every group. What a group chooses is less welcome in the groups behind it; a group that has ended counts as choosing
 * padding, as in transformers 4. chosen: [num_beams]. */
static hf2c_status run_groups(Search *groups, int count, int32_t *chosen, int *running)
{
    const hf2c_generation *settings = groups->settings;
    int32_t padding = settings->pad >= 0 ? settings->pad : settings->eos.count > 0 ? settings->eos.ids[0] : -1;
    int rivals = 0;
    *running = 0;
    for (int g = 0; g < count; g++) {
        Search *group = &groups[g];
        int runs = group->running;
        group->rivals = (hf2c_ids){chosen, rivals};
        hf2c_status status = runs ? run_round(group) : HF2C_OK;
        if (status != HF2C_OK) return status;
        for (int i = 0; i < group->beams && (runs || padding >= 0); i++)
            chosen[rivals++] = runs ? row(group->ids, group, i)[group->count - 1] : padding;
        *running |= group->running;
    }
    return HF2C_OK;
}

/* The next best hypothesis of all groups; at: [groups] how many of each are taken. */
static const Hypothesis *next_best(const Search *groups, int count, int *at)
{
    int best = -1;
    for (int g = 0; g < count; g++) {
        if (at[g] == groups[g].beams) continue;
        if (best < 0 || groups[g].done[at[g]].score > groups[best].done[at[best]].score) best = g;
    }
    return &groups[best].done[at[best]++];
}

static void write_best(const Search *groups, int count, int *at, hf2c_sequence *sequences)
{
    for (int g = 0; g < count; g++) at[g] = 0;
    for (int i = 0; i < groups->settings->num_return_sequences; i++) {
        const Hypothesis *one = next_best(groups, count, at);
        memcpy(sequences[i].ids, one->ids, (size_t)one->count * sizeof(int32_t));
        sequences[i].count = one->count;
        sequences[i].score = one->score;
        sequences[i].finish = one->finish;
    }
}

hf2c_status hf2c_beam_search(const hf2c_generate_call *call, hf2c_sequence *sequences, int number)
{
    int encoder = hf2c_has_source(call->context->model), count = call->settings->num_beam_groups, beams = call->settings->num_beams;
    hf2c_status status = HF2C_OK;
    if ((size_t)(beams + encoder) > call->context->slots) {
        hf2c_message_set(call->message, "num_beams: there are fewer cache slots than beams");
        return HF2C_TOO_SMALL;
    }
    Search *groups = HF2C_TAKE(call->scratch, Search, count);
    int32_t *chosen = HF2C_TAKE(call->scratch, int32_t, beams);
    int *taken = HF2C_TAKE(call->scratch, int, count);
    if (!groups || !chosen || !taken) return HF2C_TOO_SMALL;
    for (int g = 0; g < count && status == HF2C_OK; g++) status = search_init(&groups[g], call, sequences, number, g);
    hf2c_source source = {sequences->source.ids, sequences->source.count, beams, sequences->features};
    if (status == HF2C_OK && encoder) status = hf2c_step_encode(&groups->step, &source, 1);
    for (int running = 1; running && status == HF2C_OK;) status = run_groups(groups, count, chosen, &running);
    if (status == HF2C_OK) write_best(groups, count, taken, sequences);
    return status;
}
