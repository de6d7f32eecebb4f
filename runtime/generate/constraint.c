#include "runtime/generate/constraint.h"

#include <math.h>
#include <string.h>

int hf2c_constraint_next(const hf2c_constraint *constraint, int state, int32_t id)
{
    uint16_t class = id >= 0 && id < constraint->vocabulary ? constraint->class_of[id] : 0;
    uint32_t low = constraint->row[state], high = constraint->row[state + 1];
    if (class == 0) return state;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (constraint->run[middle].first <= class) low = middle;
        else high = middle;
    }
    return constraint->run[low].next;
}

/* A place that another text left behind is known by its last token: what is guessed and thrown away differs there or is longer. */
int hf2c_constraint_walk(const hf2c_constraint *constraint, const int32_t *ids, int count, int prompt, hf2c_constraint_place *place)
{
    hf2c_constraint_place at = {prompt, 0, HF2C_CONSTRAINT_START};
    if (place && place->count > prompt && place->count <= count && ids[place->count - 1] == place->last) at = *place;
    for (; at.count < count; at.count++) at.state = hf2c_constraint_next(constraint, at.state, ids[at.count]);
    if (count > 0) at.last = ids[count - 1];
    if (place) *place = at;
    return at.state;
}

/* Can the text end within room tokens when one leads to that state? */
static int in_reach(const hf2c_constraint *constraint, int state, int room)
{
    return state != HF2C_CONSTRAINT_DEAD && constraint->distance[state] < room;
}

/* Sets the flags of all classes that lead to states of at most `most` more tokens; returns the least number that there is. */
static int flag_classes(const hf2c_constraint *constraint, int state, int most, uint8_t *flag)
{
    int least = HF2C_CONSTRAINT_FAR;
    for (uint32_t i = constraint->row[state]; i < constraint->row[state + 1]; i++) {
        const hf2c_constraint_run *run = &constraint->run[i];
        uint32_t end = i + 1 < constraint->row[state + 1] ? run[1].first : (uint32_t)constraint->classes;
        if (!in_reach(constraint, run->next, most + 1)) continue;
        memset(flag + run->first - 1, 1, end - run->first); /* class 0 leads nowhere: first is at least 1 */
        least = constraint->distance[run->next] < least ? constraint->distance[run->next] : least;
    }
    return least;
}

static int is_one_of(hf2c_ids ids, int32_t id)
{
    for (int i = 0; i < ids.count; i++) {
        if (ids.ids[i] == id) return 1;
    }
    return 0;
}

/* Bans what is not flagged; returns whether anything is left that other rules have not banned. */
static int ban_others(const hf2c_constraint *constraint, const uint8_t *flag, hf2c_ids ends, float *scores)
{
    const uint16_t *class_of = constraint->class_of;
    int left = 0;
    for (int32_t id = 0; id < constraint->vocabulary; id++) {
        if (class_of[id] != 0 && flag[class_of[id] - 1]) left |= scores[id] != -INFINITY;
        else if (ends.count == 0 || !is_one_of(ends, id)) scores[id] = -INFINITY;
        else left |= scores[id] != -INFINITY;
    }
    return left;
}

static void let_in(const hf2c_constraint *constraint, const uint8_t *flag, hf2c_ids ends, float *scores)
{
    for (int i = 0; i < ends.count; i++) scores[ends.ids[i]] = 0;
    if (ends.count > 0) return; /* the shortest way is to end here */
    for (int32_t id = 0; id < constraint->vocabulary; id++) {
        if (constraint->class_of[id] != 0 && flag[constraint->class_of[id] - 1]) scores[id] = 0;
    }
}

void hf2c_constraint_apply(const hf2c_constraint *constraint, int state, int room, hf2c_ids ends, uint8_t *seen, float *scores)
{
    size_t classes = (size_t)constraint->classes - 1;
    hf2c_ids allowed = constraint->distance[state] == 0 ? ends : (hf2c_ids){NULL, 0};
    int least = flag_classes(constraint, state, room - 1, seen);
    if (!ban_others(constraint, seen, allowed, scores)) {
        memset(seen, 0, classes);
        flag_classes(constraint, state, least, seen);
        let_in(constraint, seen, allowed, scores);
    }
    memset(seen, 0, classes);
}
