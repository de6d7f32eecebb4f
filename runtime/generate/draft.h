/* draft: guesses at the next tokens by a smaller model, which the model then looks at all at once.
 *
 * The smaller model chooses by the same rules, and when sampling with the very random numbers that the model will draw with. A guess is
 * right when the model, drawing for itself, chooses the same: so every text is that which the model alone would have written, and
 * the more alike the two models are, the more guesses are right. */
#ifndef HF2C_GENERATE_DRAFT_H
#define HF2C_GENERATE_DRAFT_H

#include "runtime/generate/choice.h"
#include "runtime/generate/step.h"

typedef struct hf2c_drafter {
    hf2c_draft *draft; /* NULL: nobody guesses */
    hf2c_step step;
    hf2c_lane *lanes, *work; /* [group] what its cache holds of each lane; those that are fed */
    int *numbers;            /* [group] of the lanes in work */
    float *logits;           /* [group, vocabulary] */
} hf2c_drafter;

/* What is guessed for one lane. */
typedef struct hf2c_guess {
    hf2c_sequence *sequence; /* guesses are written behind its tokens */
    int limit, most;         /* as for hf2c_choose; guesses wanted */
    hf2c_constraint_place place; /* copies, which go on with the guesses */
    hf2c_random random;
    int made; /* out */
} hf2c_guess;

/* Leaves drafter->draft NULL where the call has none, or none is of use. */
hf2c_status hf2c_drafter_init(hf2c_drafter *drafter, const hf2c_generate_call *call, int group);
/* `cached` positions of the lane's slot are known to hold what the sequence begins with. */
void hf2c_drafter_begin(hf2c_drafter *drafter, int lane, int slot, int cached);
hf2c_status hf2c_drafter_guess(hf2c_drafter *drafter, const hf2c_chooser *chooser, hf2c_guess *guesses, int count);
/* The sequence has `count` tokens by now, `right` of the lane's guesses among them: what the cache holds beyond is forgotten. */
void hf2c_drafter_settle(hf2c_drafter *drafter, int lane, int count, int guessed, int right);

#endif
