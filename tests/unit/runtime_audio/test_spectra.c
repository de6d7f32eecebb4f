/* Spectra: against the definition written out, and against what WhisperFeatureExtractor of transformers made of a file. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "runtime/audio/sound.h"

static const double pi = 3.14159265358979323846;
static _Alignas(64) uint8_t memory[1 << 22];

static double filtered_power(const hf2c_sound_settings *s, const float *filter, const float *x, int count, int frame)
{
    double power = 0;
    for (int k = 0; k <= s->window / 2; k++) {
        double real = 0, imaginary = 0;
        for (int i = 0; i < s->window; i++) {
            int at = frame * s->hop - s->window / 2 + i;
            at = at < 0 ? -at : at >= count ? 2 * (count - 1) - at : at;
            double value = (double)x[at] * (1 - cos(2 * pi * i / s->window)) / 2;
            real += value * cos(2 * pi * k * i / s->window);
            imaginary -= value * sin(2 * pi * k * i / s->window);
        }
        power += (double)filter[k] * (real * real + imaginary * imaginary);
    }
    return power;
}

static void check_definition(hf2c_sound_settings s, int count)
{
    hf2c_scratch scratch = {memory, sizeof memory, 0};
    int frames = hf2c_spectra_count(&s, count), bins = s.window / 2 + 1, values = frames * s.mels;
    float *x = malloc((size_t)count * sizeof *x), *filters = malloc((size_t)(s.mels * bins) * sizeof *filters);
    float *found = malloc((size_t)values * sizeof *found);
    double *wanted = malloc((size_t)values * sizeof *wanted), most = -1e9;
    for (int i = 0; i < count; i++) x[i] = (float)(sin(i * 0.3) + 0.2 * sin(i * 1.7) + 0.01 * ((i * 7919) % 97 - 48) / 48);
    hf2c_mel_filters(&s, filters);
    for (int i = 0; i < values; i++) {
        wanted[i] = log10(fmax(filtered_power(&s, filters + i % s.mels * bins, x, count, i / s.mels), 1e-10));
        most = fmax(most, wanted[i]);
    }
    assert_int_equal(hf2c_spectra(&s, x, count, &scratch, found), HF2C_OK);
    for (int i = 0; i < values; i++) assert_true(fabs((double)found[i] - (fmax(wanted[i], most - 8) + 4) / 4) < 1e-5);
    assert_int_equal(scratch.used, 0);
    free(x), free(filters), free(found), free(wanted);
}

static void spectra_follow_the_definition(void **state)
{
    (void)state;
    check_definition((hf2c_sound_settings){.rate = 16000, .mels = 20, .window = 64, .hop = 32}, 320);
    check_definition((hf2c_sound_settings){.rate = 16000, .mels = 7, .window = 50, .hop = 20}, 130);
    check_definition((hf2c_sound_settings){.rate = 8000, .mels = 5, .window = 36, .hop = 40}, 201);
}

/* Of the areas of Slaney's triangles each is 1 in hertz; that of the first corners is by hand. */
static void filters_have_one_area(void **state)
{
    (void)state;
    const hf2c_sound_settings s = {.rate = 16000, .mels = 80, .window = 16000, .hop = 160};
    static float filters[80 * 8001];
    hf2c_mel_filters(&s, filters);
    for (int m = 0; m < 80; m++) {
        double area = 0;
        for (int k = 0; k <= 8000; k++) area += (double)filters[m * 8001 + k];
        assert_true(fabs(area - 1) < 2e-3);
    }
    double corner = 3.0 * 8000 / 200; /* below 1000 Hz a mel is 200 / 3 Hz */
    corner = (15 + log(8.0) * 27 / log(6.4)) / 81 * 200 / 3;
    int peak = (int)floor(corner + 0.5);
    assert_true(filters[peak] > filters[peak - 2] && filters[peak] > filters[peak + 2]);
    assert_true(filters[0] == 0 && filters[(int)ceil(2 * corner)] == 0);
}

static char *read_whole(const char *name, size_t *count)
{
    char path[512];
    snprintf(path, sizeof path, "%s/oracle/whisper/%s", TESTS_FOLDER, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = malloc(1 << 20);
    *count = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void a_file_gives_what_transformers_made_of_it(void **state)
{
    (void)state;
    enum { FRAMES = 200, MELS = 80, SAMPLES = 32000 };
    const hf2c_sound_settings s = {.rate = 16000, .mels = MELS, .window = 400, .hop = 160};
    hf2c_scratch scratch = {memory, sizeof memory, 0};
    static float samples[SAMPLES], found[FRAMES * MELS];
    size_t bytes, golden_bytes;
    char *file = read_whole("audio.wav", &bytes), *golden = read_whole("golden.safetensors", &golden_bytes);
    hf2c_wav wav;
    assert_int_equal(hf2c_wav_parse((const uint8_t *)file, bytes, &wav, NULL), HF2C_OK);
    assert_true(wav.frames <= SAMPLES && wav.rate == 16000);
    assert_int_equal(hf2c_wav_mix(&wav, samples, NULL), HF2C_OK);
    assert_int_equal(hf2c_spectra(&s, samples, SAMPLES, &scratch, found), HF2C_OK);
    uint64_t header;
    memcpy(&header, golden, sizeof header);
    const char *entry = strstr(golden + 8, "\"audio/input_features\""), *offsets = entry ? strstr(entry, "data_offsets\":[") : NULL;
    assert_non_null(offsets);
    const char *values = golden + 8 + header + strtoul(offsets + strlen("data_offsets\":["), NULL, 10);
    for (int i = 0; i < FRAMES * MELS; i++) {
        float wanted;
        memcpy(&wanted, values + (size_t)(i % MELS * FRAMES + i / MELS) * sizeof wanted, sizeof wanted);
        assert_true(fabsf(found[i] - wanted) < 5e-5f);
    }
    free(file), free(golden);
}

static void sounds_are_normalised(void **state)
{
    (void)state;
    float x[4] = {1, 2, 3, 6};
    hf2c_sound_normalize(x, 4, x);
    double deviation = sqrt(3.5 + 1e-7);
    for (int i = 0; i < 4; i++) assert_true(fabs((double)x[i] - ((const double[]){-2, -1, 0, 3})[i] / deviation) < 1e-6);
    float silence[3] = {0};
    hf2c_sound_normalize(silence, 3, silence);
    assert_true(silence[0] == 0 && silence[2] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spectra_follow_the_definition),
        cmocka_unit_test(filters_have_one_area),
        cmocka_unit_test(a_file_gives_what_transformers_made_of_it),
        cmocka_unit_test(sounds_are_normalised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
