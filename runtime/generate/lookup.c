#include "runtime/generate/lookup.h"

#include <string.h>

/* Where the last earlier occurrence of the last n tokens ends; 0: there is none. */
static int find_earlier(const int32_t *ids, int count, int n)
{
    for (int end = count - 1; end >= n; end--) {
        if (memcmp(ids + end - n, ids + count - n, (size_t)n * sizeof *ids) == 0) return end;
    }
    return 0;
}

int hf2c_lookup_guess(int32_t *ids, int count, int ngram, int limit)
{
    if (limit < 1) return 0;
    for (int n = ngram < count ? ngram : count - 1; n > 0; n--) {
        int end = find_earlier(ids, count, n);
        if (end == 0) continue;
        /* A repetition may run on into what is being guessed: one by one. */
        for (int i = 0; i < limit; i++) ids[count + i] = ids[end + i];
        return limit;
    }
    return 0;
}
