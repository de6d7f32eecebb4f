/* bench, inside: what its files share. */
#ifndef HF2C_CLI_BENCH_H
#define HF2C_CLI_BENCH_H

#include "runtime/cli/cli.h"

/* Any ids do, as long as they differ: number i is (i * 7919 + 13) % vocabulary. */
void bench_make_ids(int32_t *ids, int count, int vocabulary);

/* Times what lines of standard input ask for, so that a program can be timed in turns with others, whose processes answer alike:
 *
 *   encode SEQUENCES TOKENS CALLS    calls on so many sequences of so many tokens each; for models without a cache
 *   prefill TOKENS CALLS             prompts, up to what the model makes of their last token
 *   decode CONTEXT TOKENS            one token after another, behind so many that the cache holds; reading those is not timed
 *
 * Nothing is called before, so the first line is also that of a cold model. The answer is a line: the seconds of one call or token,
 * and the first 8 values of the last row that the model made. What cannot be done is answered by "error: " and why. */
int bench_lines(Session *session);

#endif
