/* Sounds in pieces, pieces joined again, and samples in requests; wanted values are those of transformers' own functions (chunk_iter,
 * _find_longest_common_sequence). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "runtime/task/sounds.h"
#include "runtime/task/transcript.h"

enum { MOST = 16 };

typedef struct Cut {
    int first, count, left, right;
} Cut;

static void expect_cuts(int samples, hf2c_pieces_of pieces, const Cut *wanted, int count)
{
    static const float sound[256];
    hf2c_hearing hearing = {.sound = {sound, samples, 16000}};
    hf2c_piece piece;
    int found = 0;
    for (int i = 0; hf2c_piece_at(&pieces, &hearing, i, &piece); i++) {
        if (piece.count == 0) continue;
        assert_true(found < count);
        assert_int_equal(piece.samples - sound, wanted[found].first);
        assert_int_equal(piece.count, wanted[found].count);
        assert_int_equal(piece.left, wanted[found].left);
        assert_int_equal(piece.right, wanted[found].right);
        assert_int_equal(piece.overlaps, pieces.length > 0);
        found++;
    }
    assert_int_equal(found, count);
}
#define EXPECT_CUTS(samples, length, left, right, ...)                                                                  \
    expect_cuts(samples, (hf2c_pieces_of){length, left, right}, (const Cut[]){__VA_ARGS__}, sizeof((const Cut[]){__VA_ARGS__}) / sizeof(Cut))

static void sounds_are_cut_as_the_pipeline_cuts_them(void **state)
{
    (void)state;
    EXPECT_CUTS(100, 0, 0, 0, {0, 100, 0, 0});
    EXPECT_CUTS(100, 40, 5, 10, {0, 40, 0, 10}, {25, 40, 5, 10}, {50, 40, 5, 10}, {75, 25, 5, 0});
    EXPECT_CUTS(100, 25, 0, 0, {0, 25, 0, 0}, {25, 25, 0, 0}, {50, 25, 0, 0}, {75, 25, 0, 0});
    EXPECT_CUTS(100, 200, 10, 10, {0, 100, 0, 0});
    EXPECT_CUTS(95, 40, 5, 10, {0, 40, 0, 10}, {25, 40, 5, 10}, {50, 40, 5, 10}, {75, 20, 5, 0});
}

static void lengths_in_seconds_become_whole_rows(void **state)
{
    (void)state;
    hf2c_message message = {""};
    hf2c_run run = {.message = &message};
    hf2c_pieces_of pieces;
    const hf2c_pair none = {-1, -1}, both = {0.01f, 0.02f}, most = {0.5f, 0.5f};
    assert_int_equal(hf2c_pieces_plan(&run, 0, &none, 16000, 320, &pieces), HF2C_OK);
    assert_int_equal(pieces.length, 0);
    assert_int_equal(hf2c_pieces_plan(&run, 1.0f, &both, 16000, 80, &pieces), HF2C_OK);
    assert_int_equal(pieces.length, 16000);
    assert_int_equal(pieces.left, 160);
    assert_int_equal(pieces.right, 320);
    assert_int_equal(hf2c_pieces_plan(&run, 1.0f, &none, 16000, 320, &pieces), HF2C_OK);
    assert_int_equal(pieces.left, 2560);
    assert_int_equal(hf2c_pieces_plan(&run, 1.0f, &most, 16000, 320, &pieces), HF2C_BAD_ARGUMENT);
    assert_non_null(strstr(message.text, "longer than both strides"));
    assert_int_equal(hf2c_pieces_plan(&run, -1.0f, &none, 16000, 320, &pieces), HF2C_BAD_ARGUMENT);
}

static void expect_joined(const hf2c_ids *lists, int count, hf2c_ids wanted)
{
    int32_t joined[MOST];
    assert_int_equal(hf2c_join_overlaps(lists, count, joined), wanted.count);
    assert_memory_equal(joined, wanted.ids, (size_t)wanted.count * sizeof *joined);
}
#define IDS(...) {(const int32_t[]){__VA_ARGS__}, sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t)}

static void tokens_of_overlaps_are_joined_as_transformers_joins_them(void **state)
{
    (void)state;
    expect_joined((const hf2c_ids[]){IDS(1, 2, 3, 4), IDS(3, 4, 5, 6)}, 2, (hf2c_ids)IDS(1, 2, 3, 4, 5, 6));
    expect_joined((const hf2c_ids[]){IDS(1, 2, 3), IDS(4, 5)}, 2, (hf2c_ids)IDS(1, 2, 3, 4, 5));
    expect_joined((const hf2c_ids[]){IDS(1, 2, 9, 4, 5), IDS(2, 3, 4, 5, 6, 7)}, 2, (hf2c_ids)IDS(1, 2, 9, 4, 5, 6, 7));
    expect_joined((const hf2c_ids[]){IDS(1, 2, 3, 4, 5, 6), IDS(4, 5, 6, 7, 8), IDS(7, 8, 9)}, 3, (hf2c_ids)IDS(1, 2, 3, 4, 5, 6, 7, 8, 9));
    expect_joined((const hf2c_ids[]){IDS(1), IDS(1)}, 2, (hf2c_ids)IDS(1, 1));
    expect_joined((const hf2c_ids[]){{NULL, 0}, IDS(1, 2)}, 2, (hf2c_ids)IDS(1, 2));
    expect_joined((const hf2c_ids[]){IDS(5, 6), IDS(1, 2, 5, 6, 9)}, 2, (hf2c_ids)IDS(5, 6, 9));
}

static hf2c_status hear(const char *object, hf2c_hearing *hearing, hf2c_message *message)
{
    static _Alignas(64) uint8_t memory[1 << 16];
    static const hf2c_sound_settings settings = {.rate = 16000, .most_samples = 16000};
    static const hf2c_model model = {.sound = &settings};
    hf2c_context context = {.model = &model};
    hf2c_scratch scratch = {memory, sizeof memory, 0};
    hf2c_run run = {.context = &context, .scratch = &scratch, .message = message};
    hf2c_input input = {.object = {object, strlen(object)}};
    message->text[0] = '\0';
    return hf2c_run_hear(&run, &input, hearing);
}

static void requests_may_hold_samples(void **state)
{
    (void)state;
    hf2c_hearing hearing;
    hf2c_message message;
    assert_int_equal(hear("{\"raw\": [0.5, -1, 2e-1], \"sampling_rate\": 16000, \"stride\": [1, 2]}", &hearing, &message), HF2C_OK);
    assert_int_equal(hearing.sound.count, 3);
    assert_true(hearing.sound.samples[0] == 0.5f && hearing.sound.samples[1] == -1 && hearing.sound.samples[2] == 0.2f);
    assert_int_equal(hearing.left, 1);
    assert_int_equal(hearing.right, 2);
    assert_int_equal(hear("{\"sampling_rate\": 8000, \"array\": [0, 0, 0]}", &hearing, &message), HF2C_OK);
    assert_int_equal(hearing.sound.count, 6);
    static const char *const refused[][2] = {{"{\"raw\": [1]}", "wanted raw and sampling_rate"},
                                             {"{\"sampling_rate\": 8000}", "wanted raw and sampling_rate"},
                                             {"{\"raw\": [], \"sampling_rate\": 8000}", "at least one"},
                                             {"{\"raw\": [\"a\"], \"sampling_rate\": 8000}", "list of numbers"},
                                             {"{\"raw\": [1e999], \"sampling_rate\": 8000}", "too large"},
                                             {"{\"raw\": [1], \"sampling_rate\": 0}", "1 to 768000"},
                                             {"{\"raw\": [1], \"sampling_rate\": 8000, \"stride\": [3, 4]}", "larger than the sound"},
                                             {"{\"raw\": [1], \"sampling_rate\": 8000, \"stride\": [-3, 4]}", "stride: wanted"},
                                             {"{\"cooked\": [1]}", "an unknown field"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(hear(refused[i][0], &hearing, &message), HF2C_BAD_ARGUMENT);
        if (!strstr(message.text, refused[i][1])) fail_msg("\"%s\", wanted \"%s\"", message.text, refused[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sounds_are_cut_as_the_pipeline_cuts_them),
        cmocka_unit_test(lengths_in_seconds_become_whole_rows),
        cmocka_unit_test(tokens_of_overlaps_are_joined_as_transformers_joins_them),
        cmocka_unit_test(requests_may_hold_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
