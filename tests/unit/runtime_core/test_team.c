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

/* ---- kernels that one member does alone, between those that all share ---- */

typedef struct Chain {
    int value[64], sum, wrong, members;
} Chain;

static void add_one(const hf2c_team *team, Chain *chain)
{
    int first, end;
    hf2c_share(team, 64, &first, &end);
    for (int i = first; i < end; i++) chain->value[i]++;
}

/* Two in a row: the second reads what the first wrote, and nobody waits between them. */
static void sum_up(const hf2c_team *team, Chain *chain)
{
    chain->members = team->count;
    chain->sum = 0;
    for (int i = 0; i < 64; i++) chain->sum += chain->value[i];
}

static void compare_sum(Chain *chain, int wanted) { chain->wrong += chain->sum != wanted; }

static void run_chain(const hf2c_team *team, void *argument)
{
    Chain *chain = argument;
    hf2c_team part;
    for (int i = 1; i <= ROUNDS; i++) {
        if (hf2c_enter(team, &part, 0)) add_one(&part, chain);
        if (hf2c_enter(team, &part, 1)) sum_up(&part, chain);
        if (hf2c_enter(team, &part, 1)) compare_sum(chain, 64 * i);
    }
}

static void kernels_enter_in_order(void **state)
{
    (void)state;
    hf2c_pace pace = {0};
    for (int threads = 1; threads < 5; threads++) {
        Chain chain = {{0}, 0, 0, 0};
        hf2c_parallel_paced(&pace, threads, run_chain, &chain);
        assert_int_equal(chain.sum, 64 * ROUNDS);
        assert_int_equal(chain.wrong, 0);
        assert_int_equal(chain.members, 1);
    }
}

static void count_members(const hf2c_team *team, void *argument)
{
    if (team->index == 0) *(int *)argument = team->count;
}

/* While a pause lasts there is one thread, whatever the load. */
static void a_pause_leaves_one_thread(void **state)
{
    (void)state;
    hf2c_pace pace = {.until = 1e18};
    int members = 0;
    hf2c_parallel_paced(&pace, 4, count_members, &members);
    assert_int_equal(members, 1);
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
        cmocka_unit_test(kernels_enter_in_order),
        cmocka_unit_test(a_pause_leaves_one_thread),
        cmocka_unit_test(there_is_a_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
