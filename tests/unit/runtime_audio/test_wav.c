/* WAV files: every format, several channels, and headers that lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "runtime/audio/sound.h"

typedef struct File {
    uint8_t bytes[512];
    size_t count;
} File;

static void put(File *f, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) f->bytes[f->count++] = (uint8_t)(value >> 8 * i);
}

static void put_text(File *f, const char *text)
{
    memcpy(f->bytes + f->count, text, strlen(text));
    f->count += strlen(text);
}

static File begin_file(unsigned coding, unsigned channels, unsigned rate, unsigned bits)
{
    File f = {.count = 0};
    put_text(&f, "RIFF");
    put(&f, 0, 4);
    put_text(&f, "WAVEfmt ");
    put(&f, 16, 4);
    put(&f, coding, 2);
    put(&f, channels, 2);
    put(&f, rate, 4);
    put(&f, rate * channels * bits / 8, 4);
    put(&f, channels * bits / 8, 2);
    put(&f, bits, 2);
    return f;
}

static void begin_data(File *f, unsigned bytes)
{
    put_text(f, "data");
    put(f, bytes, 4);
}

static void expect_samples(const File *f, int count, const float *wanted)
{
    hf2c_wav wav;
    hf2c_message message = {""};
    float samples[64];
    if (hf2c_wav_parse(f->bytes, f->count, &wav, &message) != HF2C_OK) fail_msg("%s", message.text);
    assert_int_equal(wav.frames, count);
    assert_int_equal(hf2c_wav_mix(&wav, samples, &message), HF2C_OK);
    for (int i = 0; i < count; i++)
        if (fabsf(samples[i] - wanted[i]) > 1e-7f) fail_msg("sample %d is %.9g, wanted %.9g", i, (double)samples[i], (double)wanted[i]);
}

static void expect_refused(const uint8_t *bytes, size_t count, const char *words)
{
    hf2c_wav wav;
    hf2c_message message = {""};
    assert_int_equal(hf2c_wav_parse(bytes, count, &wav, &message), HF2C_BAD_ARGUMENT);
    if (!strstr(message.text, words)) fail_msg("\"%s\", wanted \"%s\"", message.text, words);
}

static void whole_numbers_become_shares_of_one(void **state)
{
    (void)state;
    static const struct {
        unsigned bits;
        uint64_t value[3];
    } cases[] = {{8, {0, 128, 192}}, {16, {0x8000, 0, 0x4000}}, {24, {0x800000, 0, 0x400000}}, {32, {0x80000000u, 0, 0x40000000}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        File f = begin_file(1, 1, 8000, cases[i].bits);
        begin_data(&f, 3 * cases[i].bits / 8);
        for (int v = 0; v < 3; v++) put(&f, cases[i].value[v], (int)cases[i].bits / 8);
        expect_samples(&f, 3, (const float[]){-1, 0, 0.5f});
    }
}

static void numbers_with_points_stay_what_they_are(void **state)
{
    (void)state;
    File f = begin_file(3, 1, 8000, 32), g = begin_file(3, 1, 8000, 64);
    float single = -0.3f;
    double twice = 0.7;
    uint32_t single_bits;
    uint64_t double_bits;
    memcpy(&single_bits, &single, 4);
    memcpy(&double_bits, &twice, 8);
    begin_data(&f, 4);
    put(&f, single_bits, 4);
    expect_samples(&f, 1, (const float[]){-0.3f});
    begin_data(&g, 8);
    put(&g, double_bits, 8);
    expect_samples(&g, 1, (const float[]){0.7f});
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    File f = begin_file(3, 1, 8000, 32);
    hf2c_wav wav;
    hf2c_message message = {""};
    float samples[2];
    begin_data(&f, 8);
    put(&f, 0, 4);
    put(&f, 0x7FC00000, 4);
    assert_int_equal(hf2c_wav_parse(f.bytes, f.count, &wav, &message), HF2C_OK);
    assert_int_equal(hf2c_wav_mix(&wav, samples, &message), HF2C_BAD_ARGUMENT);
    assert_non_null(strstr(message.text, "no number in sample 1"));
}

/* What ffmpeg 5.1 made of one speaker at a time with `-ac 1`. */
static void speakers_are_mixed_as_ffmpeg_does(void **state)
{
    (void)state;
    static const float shares[9][8] = {[2] = {0.70711f, 0.70711f},
                                       [3] = {0.70711f, 0.70711f, 0},
                                       [4] = {0.70711f, 0.70711f, 1, 0.5f},
                                       [5] = {0.70711f, 0.70711f, 1, 0.5f, 0.5f},
                                       [6] = {0.70711f, 0.70711f, 1, 0, 0.5f, 0.5f},
                                       [7] = {0.70711f, 0.70711f, 1, 0, 0.5f, 0.5f, 0.5f},
                                       [8] = {0.70711f, 0.70711f, 1, 0, 0.5f, 0.5f, 0.5f, 0.5f}};
    for (unsigned channels = 2; channels <= 8; channels++)
        for (unsigned speaker = 0; speaker < channels; speaker++) {
            File f = begin_file(1, channels, 16000, 16);
            hf2c_wav wav;
            float sample;
            begin_data(&f, 2 * channels);
            for (unsigned c = 0; c < channels; c++) put(&f, c == speaker ? 0x4000 : 0, 2);
            assert_int_equal(hf2c_wav_parse(f.bytes, f.count, &wav, NULL), HF2C_OK);
            assert_int_equal(hf2c_wav_mix(&wav, &sample, NULL), HF2C_OK);
            assert_true(fabsf(sample - shares[channels][speaker] / 2) < 1e-5f);
        }
}

static void extensible_headers_and_other_chunks_are_read(void **state)
{
    (void)state;
    File f = {.count = 0};
    put_text(&f, "RIFF");
    put(&f, 0, 4);
    put_text(&f, "WAVELIST");
    put(&f, 3, 4);
    put_text(&f, "abc");
    put(&f, 0, 1); /* chunks begin at even places */
    put_text(&f, "fmt ");
    put(&f, 40, 4);
    put(&f, 0xFFFE, 2);
    put(&f, 1, 2);
    put(&f, 8000, 4);
    put(&f, 24000, 4);
    put(&f, 3, 2);
    put(&f, 24, 2);
    put(&f, 22, 2);
    put(&f, 20, 2); /* bits that count */
    put(&f, 4, 4);
    put(&f, 1, 2);
    for (int i = 0; i < 14; i++) put(&f, 0, 1);
    begin_data(&f, 3);
    put(&f, 0xC00000, 3);
    expect_samples(&f, 1, (const float[]){-0.5f});
}

static void sizes_that_lie_are_cut(void **state)
{
    (void)state;
    File f = begin_file(1, 1, 8000, 16);
    begin_data(&f, 0xFFFFFFFFu);
    put(&f, 0x2000, 2);
    put(&f, 0xE000, 2);
    put(&f, 7, 1); /* half a sample */
    expect_samples(&f, 2, (const float[]){0.25f, -0.25f});
}

static void headers_that_lie_are_refused(void **state)
{
    (void)state;
    static const struct {
        unsigned coding, channels, rate, bits;
        const char *words;
    } cases[] = {{7, 1, 8000, 8, "coding 7"},        {1, 0, 8000, 16, "channels: 0"},      {1, 9, 8000, 16, "channels: 9"},
                 {1, 1, 0, 16, "per second: 0"},     {1, 1, 4000000, 16, "per second"},    {1, 1, 8000, 12, "bits of a sample: 12"},
                 {3, 1, 8000, 16, "bits of a sample: 16"}, {1, 1, 8000, 64, "bits of a sample: 64"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        File f = begin_file(cases[i].coding, cases[i].channels, cases[i].rate, cases[i].bits);
        begin_data(&f, 2);
        put(&f, 0, 2);
        expect_refused(f.bytes, f.count, cases[i].words);
    }
    File empty = begin_file(1, 1, 8000, 16);
    expect_refused(empty.bytes, empty.count, "no data chunk");
    begin_data(&empty, 0);
    expect_refused(empty.bytes, empty.count, "no samples");
    for (size_t count = 0; count < empty.count; count++) {
        hf2c_wav wav;
        hf2c_message message = {""};
        assert_int_equal(hf2c_wav_parse(empty.bytes, count, &wav, &message), HF2C_BAD_ARGUMENT);
        assert_true(message.text[0] != '\0');
    }
    expect_refused((const uint8_t *)"RIFX....WAVE", 12, "no RIFF header");
    expect_refused((const uint8_t *)"RIFF....WAVEdata\2\0\0\0\0\0", 22, "before any fmt chunk");
}

static void files_are_read(void **state)
{
    (void)state;
    static _Alignas(64) uint8_t memory[4096];
    char path[] = "/tmp/hf2c-sound-XXXXXX";
    File f = begin_file(1, 1, 8000, 16);
    hf2c_scratch scratch = {memory, sizeof memory, 0};
    hf2c_sound sound;
    hf2c_message message = {""};
    begin_data(&f, 4);
    put(&f, 0x4000, 2);
    put(&f, 0, 2);
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, f.bytes, f.count) == (ssize_t)f.count && close(file) == 0);
    assert_int_equal(hf2c_sound_read(path, &scratch, &sound, &message), HF2C_OK);
    assert_int_equal(sound.count, 2);
    assert_int_equal(sound.rate, 8000);
    assert_true(sound.samples[0] == 0.5f && sound.samples[1] == 0);
    scratch.bytes = 64;
    scratch.used = 0;
    assert_int_equal(hf2c_sound_read(path, &scratch, &sound, &message), HF2C_TOO_SMALL);
    unlink(path);
    assert_int_equal(hf2c_sound_read(path, &scratch, &sound, &message), HF2C_BAD_ARGUMENT);
    assert_non_null(strstr(message.text, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_become_shares_of_one),
        cmocka_unit_test(numbers_with_points_stay_what_they_are),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(speakers_are_mixed_as_ffmpeg_does),
        cmocka_unit_test(extensible_headers_and_other_chunks_are_read),
        cmocka_unit_test(sizes_that_lie_are_cut),
        cmocka_unit_test(headers_that_lie_are_refused),
        cmocka_unit_test(files_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
