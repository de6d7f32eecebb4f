/* Teams: shares that cover the work once, barriers that order it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/core/team.h"

enum { MOST_MEMBERS = 8, ROUNDS = 200 };

static void shares_cover_the_work(void **state)
{
    (void)state;
    for (int count = 1; count < 9; count++)
        for (int n = 0; n < 40; n++) {
            int next = 0;
            for (int i = 0; i < count; i++) {
                int first, end;
                hf2c_share(&(hf2c_team){i, count, NULL}, n, &first, &end);
                assert_int_equal(first, next);
                assert_true(end - first == n / count || end - first == n / count + 1);
                next = end;
            }
            assert_int_equal(next, n);
        }
}

typedef struct Round {
    int members, value[MOST_MEMBERS][16], wrong[MOST_MEMBERS];
} Round;

/* Each member writes its number of the round, and after the barrier reads that of all others: a barrier that lets one
 * through shows. */
static void run_rounds(const hf2c_team *team, void *argument)
{
    Round *round = argument;
    if (team->index == 0) round->members = team->count;
    for (int i = 1; i <= ROUNDS; i++) {
        round->value[team->index][0] = i;
        hf2c_barrier(team);
        for (int other = 0; other < team->count; other++) round->wrong[team->index] += round->value[other][0] != i;
        hf2c_barrier(team);
    }
}

static void barriers_order_the_work(void **state)
{
    (void)state;
    for (int threads = 1; threads < 5; threads++) {
        Round round = {0};
        hf2c_parallel(threads, run_rounds, &round);
        assert_in_range(round.members, 1, threads);
        for (int i = 0; i < round.members; i++) {
            assert_int_equal(round.value[i][0], ROUNDS);
            assert_int_equal(round.wrong[i], 0);
        }
    }
}

static void there_is_a_thread(void **state)
{
    (void)state;
    assert_true(hf2c_thread_limit() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_cover_the_work),
        cmocka_unit_test(barriers_order_the_work),
        cmocka_unit_test(there_is_a_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
