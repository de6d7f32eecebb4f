#include "runtime/generate/sampler.h"

#include <math.h>

/* Best first; equal scores by id, so that the order is the same everywhere. */
static int better(hf2c_candidate a, hf2c_candidate b)
{
    return a.score != b.score ? a.score > b.score : a.id < b.id;
}

static void swap(hf2c_candidate *a, hf2c_candidate *b)
{
    hf2c_candidate held = *a;
    *a = *b;
    *b = held;
}

static void sift_down(hf2c_candidate *heap, int at, int count)
{
    for (int child = 2 * at + 1; child < count; at = child, child = 2 * at + 1) {
        if (child + 1 < count && better(heap[child], heap[child + 1])) child++;
        if (!better(heap[at], heap[child])) return;
        swap(&heap[at], &heap[child]);
    }
}

/* Puts the k best in front, best first: a heap of the k best so far, its worst on top, then heap sort. */
static void sort_best(hf2c_candidate *candidates, int count, int k)
{
    for (int i = k / 2 - 1; i >= 0; i--) sift_down(candidates, i, k);
    for (int i = k; i < count; i++) {
        if (!better(candidates[i], candidates[0])) continue;
        swap(&candidates[i], &candidates[0]);
        sift_down(candidates, 0, k);
    }
    for (int i = k - 1; i > 0; i--) {
        swap(&candidates[0], &candidates[i]);
        sift_down(candidates, 0, i);
    }
}

static float best_score(const hf2c_candidate *candidates, int count)
{
    float best = candidates[0].score;
    for (int i = 1; i < count; i++) best = candidates[i].score > best ? candidates[i].score : best;
    return best;
}

/* exp(score - best): a probability before division by the total. */
static double weight(hf2c_candidate candidate, float best)
{
    return exp((double)candidate.score - best);
}

static double total_weight(const hf2c_candidate *candidates, int count, float best)
{
    double total = 0;
    for (int i = 0; i < count; i++) total += weight(candidates[i], best);
    return total;
}

int32_t hf2c_sample_greedy(const float *scores, int count)
{
    int32_t best = -1;
    for (int i = 0; i < count; i++) {
        if (isnan(scores[i])) return -1;
        if (scores[i] > (best < 0 ? -INFINITY : scores[best])) best = i;
    }
    return best;
}

/* ---- the cut-offs: each returns how many candidates stay, in front ---- */

static int cut_top_k(hf2c_candidate *candidates, int count, int k, int keep)
{
    k = k < keep ? keep : k;
    if (k >= count) return count;
    sort_best(candidates, count, k);
    /* Equals of the last one stay too, as transformers compares with its score. */
    float last = candidates[k - 1].score;
    int kept = k;
    for (int i = k; i < count; i++) {
        if (candidates[i].score == last) swap(&candidates[i], &candidates[kept++]);
    }
    return kept;
}

/* A candidate stays while the mass before it is below top_p. Sorts only as far as needed, in growing portions. */
static int cut_top_p(hf2c_candidate *candidates, int count, double top_p, int keep)
{
    float best = best_score(candidates, count);
    double wanted = top_p * total_weight(candidates, count, best), mass = 0;
    int sorted = 0, kept = 0;
    while (kept < count && (mass < wanted || kept < keep)) {
        if (kept == sorted) {
            int portion = sorted == 0 ? 64 : 7 * sorted;
            portion = portion < count - sorted ? portion : count - sorted;
            sort_best(candidates + sorted, count - sorted, portion);
            sorted += portion;
        }
        mass += weight(candidates[kept++], best);
    }
    return kept;
}

/* Keeps the candidates whose probability reaches the limit, and the `keep` best in any case. */
static int cut_below(hf2c_candidate *candidates, int count, double limit, int keep)
{
    float best = best_score(candidates, count);
    double least = limit * total_weight(candidates, count, best);
    int first = keep < count ? keep : count, kept = first;
    sort_best(candidates, count, first);
    float last = candidates[first - 1].score; /* its equals stay with it */
    for (int i = first; i < count; i++) {
        if (weight(candidates[i], best) >= least || candidates[i].score == last)
            swap(&candidates[i], &candidates[kept++]);
    }
    return kept;
}

static int cut_min_p(hf2c_candidate *candidates, int count, double min_p, int keep)
{
    float best = best_score(candidates, count);
    return cut_below(candidates, count, min_p / total_weight(candidates, count, best), keep);
}

static double entropy(const hf2c_candidate *candidates, int count)
{
    float best = best_score(candidates, count);
    double total = total_weight(candidates, count, best), sum = 0;
    for (int i = 0; i < count; i++) sum += weight(candidates[i], best) * ((double)candidates[i].score - best);
    return log(total) - sum / total;
}

static int cut_eta(hf2c_candidate *candidates, int count, double cutoff, int keep)
{
    double scaled = sqrt(cutoff) * exp(-entropy(candidates, count));
    return cut_below(candidates, count, cutoff < scaled ? cutoff : scaled, keep);
}

/* Typical decoding: those whose surprise is nearest to the expected one, until their mass reaches `mass`. work:
 * [count]. */
static int cut_typical(hf2c_candidate *candidates, int count, double mass, int keep, hf2c_candidate *work)
{
    float best = best_score(candidates, count);
    double total = total_weight(candidates, count, best), expected = entropy(candidates, count), reached = 0;
    for (int i = 0; i < count; i++) {
        double surprise = log(total) - ((double)candidates[i].score - best);
        work[i] = (hf2c_candidate){i, (float)-fabs(surprise - expected)};
    }
    sort_best(work, count, count);
    int last = 0;
    while (last < count - 1 && reached + weight(candidates[work[last].id], best) / total < mass) {
        reached += weight(candidates[work[last++].id], best) / total;
    }
    int kept = last + 1 < keep ? (keep < count ? keep : count) : last + 1;
    while (kept < count && work[kept].score == work[last].score) kept++;
    for (int i = 0; i < kept; i++) work[i] = candidates[work[i].id];
    for (int i = 0; i < kept; i++) candidates[i] = work[i];
    return kept;
}

/* ---- all of them ---- */

static int possible_candidates(const float *scores, int count, float temperature, hf2c_candidate *candidates)
{
    int possible = 0;
    for (int i = 0; i < count; i++) {
        if (isnan(scores[i]) || scores[i] == INFINITY) return 0;
        if (scores[i] == -INFINITY) continue;
        candidates[possible++] = (hf2c_candidate){i, scores[i] / temperature};
    }
    return possible;
}

int hf2c_sample_candidates(const hf2c_generation *settings, const float *scores, int count, int keep,
                           hf2c_candidate *candidates)
{
    int left = possible_candidates(scores, count, settings->temperature, candidates);
    if (left == 0) return 0;
    if (settings->top_k > 0) left = cut_top_k(candidates, left, settings->top_k, keep);
    if (settings->top_p < 1) left = cut_top_p(candidates, left, settings->top_p, keep);
    if (settings->min_p > 0) left = cut_min_p(candidates, left, settings->min_p, keep);
    if (settings->typical_p < 1) left = cut_typical(candidates, left, settings->typical_p, keep, candidates + count);
    if (settings->epsilon_cutoff > 0) left = cut_below(candidates, left, settings->epsilon_cutoff, keep);
    if (settings->eta_cutoff > 0) left = cut_eta(candidates, left, settings->eta_cutoff, keep);
    return left;
}

int32_t hf2c_sample_draw(const hf2c_candidate *candidates, int count, hf2c_random *random)
{
    float best = best_score(candidates, count);
    double target = hf2c_random_next(random) * total_weight(candidates, count, best);
    for (int i = 0; i < count - 1; i++) {
        target -= weight(candidates[i], best);
        if (target < 0) return candidates[i].id;
    }
    return candidates[count - 1].id;
}
