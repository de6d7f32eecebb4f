#include "runtime/generate/choice.h"
#include "runtime/generate/processors.h"

#include <math.h>

static void keep_candidates(const hf2c_chooser *chooser, int left, float *scores)
{
    for (int i = 0; i < chooser->vocabulary; i++) scores[i] = -INFINITY;
    for (int i = 0; i < left; i++) scores[chooser->candidates[i].id] = chooser->candidates[i].score;
}

hf2c_status hf2c_choose(const hf2c_chooser *chooser, const hf2c_sequence *sequence, int number, int limit,
                        hf2c_constraint_place *place, hf2c_random *random, float *scores, int32_t *id)
{
    const hf2c_generation *settings = chooser->settings;
    hf2c_history history = {sequence->ids, sequence->count,     sequence->prompt, sequence->padding,
                            limit,         chooser->vocabulary, chooser->seen,    hf2c_source_of(sequence),
                            {NULL, 0},     place,               chooser->rule,    number};
    hf2c_process_scores(settings, &history, scores);
    if (!settings->do_sample) {
        *id = hf2c_sample_greedy(scores, chooser->vocabulary);
        return *id < 0 ? HF2C_NOT_FINITE : HF2C_OK;
    }
    int left = hf2c_sample_candidates(settings, scores, chooser->vocabulary, 1, chooser->candidates);
    if (left == 0) return HF2C_NOT_FINITE;
    if (chooser->cut_scores) keep_candidates(chooser, left, scores);
    *id = hf2c_sample_draw(chooser->candidates, left, random);
    return HF2C_OK;
}
