#include "runtime/generate/draft.h"

static int is_useful(const hf2c_generate_call *call, int group)
{
    const hf2c_draft *draft = call->draft;
    if (!draft || call->rule || call->settings->num_assistant_tokens == 0 || call->settings->prompt_lookup_num_tokens > 0) return 0;
    const hf2c_model *model = call->context->model, *small = draft->context->model;
    return model->rewinds && small->rewinds && !hf2c_has_source(model) && !hf2c_has_source(small) && model->vocabulary == small->vocabulary &&
           (size_t)group <= draft->context->slots;
}

hf2c_status hf2c_drafter_init(hf2c_drafter *drafter, const hf2c_generate_call *call, int group)
{
    *drafter = (hf2c_drafter){0};
    if (!is_useful(call, group)) return HF2C_OK;
    hf2c_generate_call own = *call;
    own.context = call->draft->context;
    hf2c_status status = hf2c_step_init(&drafter->step, &own);
    if (status != HF2C_OK) return status;
    drafter->lanes = HF2C_TAKE(call->scratch, hf2c_lane, group);
    drafter->work = HF2C_TAKE(call->scratch, hf2c_lane, group);
    drafter->numbers = HF2C_TAKE(call->scratch, int, group);
    drafter->logits = hf2c_scratch_take(call->scratch, (size_t)group, (size_t)own.context->model->vocabulary * sizeof(float));
    if (!drafter->lanes || !drafter->work || !drafter->numbers || !drafter->logits) return HF2C_TOO_SMALL;
    drafter->draft = call->draft;
    return HF2C_OK;
}

void hf2c_drafter_begin(hf2c_drafter *drafter, int lane, int slot, int cached)
{
    if (drafter->draft) drafter->lanes[lane] = (hf2c_lane){.slot = slot, .cached = cached};
}

/* No more than it has room for, nor than its windows can take back. */
static int most_guesses(const hf2c_drafter *drafter, const hf2c_guess *guess)
{
    const hf2c_model *small = drafter->step.context->model;
    int room = small->max_sequence - guess->sequence->count, most = guess->most < room ? guess->most : room;
    return small->ring && most > small->ring_back ? small->ring_back : most;
}

/* The lanes that want another guess; returns how many. */
static int gather(hf2c_drafter *drafter, const hf2c_guess *guesses, int count)
{
    int fed = 0;
    for (int i = 0; i < count; i++) {
        const hf2c_guess *guess = &guesses[i];
        if (guess->made >= most_guesses(drafter, guess)) continue;
        drafter->work[fed] = drafter->lanes[i];
        drafter->work[fed].ids = guess->sequence->ids;
        drafter->work[fed].count = guess->sequence->count + guess->made;
        drafter->numbers[fed++] = i;
    }
    return fed;
}

static int is_end(const hf2c_generation *settings, int32_t id)
{
    for (int i = 0; i < settings->eos.count; i++)
        if (settings->eos.ids[i] == id) return 1;
    return 0;
}

/* Scores that nothing can be chosen by end the guessing, no more. */
static void add_guess(const hf2c_chooser *chooser, hf2c_guess *guess, float *scores)
{
    hf2c_sequence longer = *guess->sequence;
    int32_t id;
    longer.count += guess->made;
    if (hf2c_choose(chooser, &longer, 0, guess->limit, &guess->place, &guess->random, scores, &id) != HF2C_OK) {
        guess->most = guess->made;
        return;
    }
    longer.ids[longer.count] = id;
    guess->made++;
    if (is_end(chooser->settings, id)) guess->most = guess->made;
}

hf2c_status hf2c_drafter_guess(hf2c_drafter *drafter, const hf2c_chooser *chooser, hf2c_guess *guesses, int count)
{
    for (int fed = gather(drafter, guesses, count); fed > 0; fed = gather(drafter, guesses, count)) {
        hf2c_status status = hf2c_step_feed(&drafter->step, drafter->work, fed, drafter->logits);
        if (status != HF2C_OK) return status;
        for (int i = 0; i < fed; i++) {
            drafter->lanes[drafter->numbers[i]].cached = drafter->work[i].cached;
            add_guess(chooser, &guesses[drafter->numbers[i]], drafter->logits + (size_t)i * (size_t)chooser->vocabulary);
        }
    }
    return HF2C_OK;
}

void hf2c_drafter_settle(hf2c_drafter *drafter, int lane, int count, int guessed, int right)
{
    if (!drafter->draft) return;
    if (drafter->lanes[lane].cached > count - 1) drafter->lanes[lane].cached = count - 1;
    drafter->draft->rounds++;
    drafter->draft->guessed += guessed;
    drafter->draft->right += right;
}
