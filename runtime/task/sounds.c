/* sounds: see sounds.h. */
#include "runtime/task/sounds.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { MOST_RATE = 768000 };

static hf2c_status refuse(hf2c_run *run, const char *why)
{
    hf2c_message_set(run->message, "inputs: ", why);
    return HF2C_BAD_ARGUMENT;
}

/* ---- samples in a request ---- */

/* Numbers of the array on which the scanner stands; -1: something else is in it. */
static int count_numbers(const JsonScanner *scanner)
{
    JsonScanner ahead = *scanner;
    int count = 0;
    while (json_next(&ahead) == JSON_NUMBER && count < INT_MAX) count++;
    return ahead.kind == JSON_ARRAY_END ? count : -1;
}

static hf2c_status read_samples(hf2c_run *run, JsonScanner *scanner, hf2c_sound *sound)
{
    int count = scanner->kind == JSON_ARRAY ? count_numbers(scanner) : -1;
    if (count < 1) return refuse(run, "raw: wanted a list of numbers, at least one");
    float *samples = HF2C_TAKE(run->scratch, float, count);
    if (!samples) return HF2C_TOO_SMALL;
    for (int i = 0; i < count; i++) {
        double value;
        json_next(scanner);
        if (!json_double(scanner, &value) || fabs(value) > 3e38) return refuse(run, "raw: a number is too large");
        samples[i] = (float)value;
    }
    json_next(scanner); /* the end of the list */
    sound->samples = samples;
    sound->count = count;
    return HF2C_OK;
}

static hf2c_status read_rate(hf2c_run *run, JsonScanner *scanner, hf2c_sound *sound)
{
    int64_t rate;
    if (scanner->kind != JSON_NUMBER || !json_integer(scanner, &rate) || rate < 1 || rate > MOST_RATE)
        return refuse(run, "sampling_rate: wanted a whole number, 1 to 768000");
    sound->rate = (int)rate;
    return HF2C_OK;
}

static hf2c_status read_strides(hf2c_run *run, JsonScanner *scanner, hf2c_hearing *hearing)
{
    hf2c_ids both;
    hf2c_status status = hf2c_option_ids(scanner, &both, run->scratch);
    if (status == HF2C_TOO_SMALL) return status;
    if (status != HF2C_OK || both.count != 2 || both.ids[0] < 0 || both.ids[1] < 0) return refuse(run, "stride: wanted [left, right], samples");
    hearing->strides = 1;
    hearing->left = both.ids[0];
    hearing->right = both.ids[1];
    return HF2C_OK;
}

static hf2c_status read_object(hf2c_run *run, hf2c_text object, hf2c_hearing *hearing)
{
    JsonScanner scanner;
    hf2c_status status = HF2C_OK;
    json_scan_begin(&scanner, object.text, object.bytes);
    json_next(&scanner);
    while (status == HF2C_OK && json_next(&scanner) == JSON_KEY) {
        int samples = json_is(&scanner, "raw") || json_is(&scanner, "array"), rate = json_is(&scanner, "sampling_rate");
        int strides = json_is(&scanner, "stride");
        if (!samples && !rate && !strides) return refuse(run, "an unknown field; wanted raw, sampling_rate, stride");
        json_next(&scanner);
        if (samples) status = read_samples(run, &scanner, &hearing->sound);
        else if (rate) status = read_rate(run, &scanner, &hearing->sound);
        else if (scanner.kind != JSON_NULL) status = read_strides(run, &scanner, hearing);
    }
    if (status == HF2C_OK && (!hearing->sound.samples || !hearing->sound.rate)) return refuse(run, "wanted raw and sampling_rate");
    return status;
}

/* ---- files ---- */

static hf2c_status read_file(hf2c_run *run, hf2c_text path, hf2c_sound *sound)
{
    char *name = HF2C_TAKE(run->scratch, char, path.bytes + 1);
    if (!name) return HF2C_TOO_SMALL;
    memcpy(name, path.text, path.bytes);
    name[path.bytes] = '\0';
    return hf2c_sound_read(name, run->scratch, sound, run->message);
}

static int scaled(int samples, int from, int to) { return (int)rint((double)samples * to / from); }

hf2c_status hf2c_run_hear(hf2c_run *run, const hf2c_input *input, hf2c_hearing *hearing)
{
    const hf2c_sound_settings *settings = run->context->model->sound;
    hf2c_sound given;
    *hearing = (hf2c_hearing){0};
    if (!settings) {
        hf2c_message_set(run->message, "this model came without a preprocessor_config.json");
        return HF2C_NOT_SUPPORTED;
    }
    hf2c_status status = input->object.text ? read_object(run, input->object, hearing) : read_file(run, input->text, &hearing->sound);
    if (status != HF2C_OK) return status;
    given = hearing->sound;
    status = hf2c_resample(&given, settings->rate, run->scratch, &hearing->sound);
    hearing->left = scaled(hearing->left, given.rate, settings->rate);
    hearing->right = scaled(hearing->right, given.rate, settings->rate);
    if (status == HF2C_OK && hearing->left > hearing->sound.count - hearing->right) return refuse(run, "stride is larger than the sound");
    return status;
}

/* ---- pieces ---- */

static int aligned(float seconds, int rate, int align)
{
    double samples = rint((double)seconds * rate / align) * align;
    return samples < INT_MAX / 2 ? (int)samples : INT_MAX / 2;
}

hf2c_status hf2c_pieces_plan(hf2c_run *run, float length, const hf2c_pair *stride, int rate, int align, hf2c_pieces_of *pieces)
{
    *pieces = (hf2c_pieces_of){0};
    if (!(length >= 0) || !(stride->first >= 0 || stride->first == -1) || !(stride->second >= 0 || stride->second == -1)) {
        hf2c_message_set(run->message, "chunk_length_s and stride_length_s must be at least 0");
        return HF2C_BAD_ARGUMENT;
    }
    if (length == 0) return HF2C_OK;
    pieces->length = aligned(length, rate, align);
    pieces->left = aligned(stride->first < 0 ? length / 6 : stride->first, rate, align);
    pieces->right = aligned(stride->second < 0 ? length / 6 : stride->second, rate, align);
    if (pieces->length > 0 && pieces->length - pieces->left > pieces->right) return HF2C_OK;
    hf2c_message_set(run->message, "chunk_length_s must be longer than both strides");
    return HF2C_BAD_ARGUMENT;
}

int hf2c_piece_at(const hf2c_pieces_of *pieces, const hf2c_hearing *hearing, int i, hf2c_piece *piece)
{
    const hf2c_sound *sound = &hearing->sound;
    if (pieces->length == 0) {
        *piece = (hf2c_piece){sound->samples, sound->count, hearing->left, hearing->right, hearing->strides};
        return i == 0;
    }
    int64_t step = pieces->length - pieces->left - pieces->right, first = i * step, before = first - step;
    if (first >= sound->count || (i > 0 && before + pieces->length >= sound->count)) return 0;
    int last = first + pieces->length >= sound->count, count = last ? (int)(sound->count - first) : pieces->length;
    *piece = (hf2c_piece){sound->samples + first, count, i == 0 ? 0 : pieces->left, last ? 0 : pieces->right, 1};
    if (count <= piece->left) piece->count = 0;
    return 1;
}
