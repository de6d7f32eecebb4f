/* constraint: a language of texts as an automaton over tokens, compiled for one vocabulary: which tokens may come next so that the
 * text can still become one of the language, and how many it takes at least to get there.
 *
 * Constant tables. Tokens that behave alike in every state share a class; a state's row says where each class leads, as runs of
 * classes with the same target. */
#ifndef HF2C_GENERATE_CONSTRAINT_H
#define HF2C_GENERATE_CONSTRAINT_H

#include "runtime/core/lists.h"
#include "runtime/hf2c.h"

enum { HF2C_CONSTRAINT_DEAD = 0, HF2C_CONSTRAINT_START = 1, HF2C_CONSTRAINT_FAR = 0xffff };

typedef struct hf2c_constraint_run {
    uint16_t first; /* class; the run goes on to the next one's first, the last to the end */
    uint16_t next;  /* state, or HF2C_CONSTRAINT_DEAD */
} hf2c_constraint_run;

struct hf2c_constraint {
    const uint16_t *class_of;       /* [vocabulary]; 0: never part of a text (special tokens) */
    const uint32_t *row;            /* [states + 1] where the runs of a state begin; the first run of each is of class 0 */
    const hf2c_constraint_run *run;
    const uint16_t *distance;       /* [states] tokens that a text needs at least from here; 0: it may end */
    int vocabulary, classes, states; /* at most vocabulary + 1 classes */
};

/* Where a sequence has got to, so that the next look need not begin at its start. All 0: at the start. */
typedef struct hf2c_constraint_place {
    int count;    /* tokens that are walked, the prompt included */
    int32_t last; /* the last of them */
    int state;
} hf2c_constraint_place;

/* The state behind one more token. Tokens that are never part of a text change nothing. */
int hf2c_constraint_next(const hf2c_constraint *constraint, int state, int32_t id);
/* The state behind the ids from the prompt on. place may be NULL. */
int hf2c_constraint_walk(const hf2c_constraint *constraint, const int32_t *ids, int count, int prompt, hf2c_constraint_place *place);
/* Bans every token but those with which the text can end within `room` tokens, this one included; end tokens only where it may end.
 * Where other rules have banned all of those, the ones on a shortest way are let in again. seen: [vocabulary] zeros, left as zeros. */
void hf2c_constraint_apply(const hf2c_constraint *constraint, int state, int room, hf2c_ids ends, uint8_t *seen, float *scores);

#endif
