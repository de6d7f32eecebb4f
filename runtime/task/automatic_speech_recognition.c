/* automatic-speech-recognition: what is said in a sound, by models of characters (CTC) or by Whisper. */
#include <math.h>
#include <string.h>

#include "runtime/task/ctc.h"
#include "runtime/task/generation.h"
#include "runtime/task/listen.h"
#include "runtime/task/transcript.h"

typedef enum Times { TIMES_NONE, TIMES_TRUE, TIMES_WORD, TIMES_CHAR, TIMES_OF_MODEL } Times;

typedef struct Recognition {
    hf2c_listening listening; /* first: the table of its options counts from it */
    int nested;
    float chunk_length;
    hf2c_pair stride;
    int times, return_language;
} Recognition;

static const hf2c_option rows[] = {
#define GENERATION_OPTION(name, kind, field, choices, help)                                                            \
    {name, HF2C_OPTION_##kind, offsetof(hf2c_generation, field), choices, help},
#include "runtime/task/generation_options.def"
#undef GENERATION_OPTION
    {"generate_kwargs", HF2C_OPTION_NESTED, offsetof(Recognition, nested), NULL, "an object of arguments of generate()"},
    {"language", HF2C_OPTION_TEXT, offsetof(Recognition, listening.language), NULL, "language that is spoken: en, english ...; Whisper"},
    {"task", HF2C_OPTION_TEXT, offsetof(Recognition, listening.task), NULL, "transcribe, or translate into English; Whisper"},
    {"return_timestamps", HF2C_OPTION_CHOICE, offsetof(Recognition, times), "false true word char",
     "when it was said: word, char (CTC); true (Whisper)"},
    {"return_language", HF2C_OPTION_FLAG, offsetof(Recognition, return_language), NULL, "the language too; Whisper"},
    {"chunk_length_s", HF2C_OPTION_NUMBER, offsetof(Recognition, chunk_length), NULL, "hear long sounds in pieces of so many seconds"},
    {"stride_length_s", HF2C_OPTION_PAIR, offsetof(Recognition, stride), NULL,
     "seconds by which pieces overlap: left and right; a sixth of their length"},
};

static void defaults(void *options, const hf2c_model *model)
{
    Recognition *o = options;
    hf2c_generation_init(&o->listening.generation, model);
    if (!o->listening.generation.max_length && !o->listening.generation.max_new_tokens) o->listening.generation.max_new_tokens = 256;
    o->stride = (hf2c_pair){-1, -1};
    o->times = TIMES_OF_MODEL;
}

static hf2c_status refuse(hf2c_run *run, const char *why)
{
    hf2c_message_set(run->message, "return_timestamps: ", why);
    return HF2C_BAD_ARGUMENT;
}

/* ---- writing ---- */

static void write_time(hf2c_run *run, double time)
{
    if (isnan(time)) hf2c_sink_text(run->sink, "null");
    else hf2c_sink_double(run->sink, time);
}

static void write_text(hf2c_run *run, const char *key, hf2c_text text, int first)
{
    hf2c_sink_key(run->sink, key, first);
    hf2c_sink_string(run->sink, text.text, text.bytes);
}

/* One piece of text and its times, of which NaN is none; language.text NULL: not asked for. */
static void write_said(hf2c_run *run, const hf2c_said *said, int first, int times)
{
    int whisper = run->context->model->speech != NULL; /* whose text comes last */
    hf2c_sink_text(run->sink, first ? "{" : ", {");
    if (!whisper) write_text(run, "text", said->text, 1);
    if (said->language.text) write_text(run, "language", said->language, 1);
    if (times) {
        hf2c_sink_key(run->sink, "timestamp", whisper && !said->language.text);
        hf2c_sink_text(run->sink, "[");
        write_time(run, said->start);
        hf2c_sink_text(run->sink, ", ");
        write_time(run, said->end);
        hf2c_sink_text(run->sink, "]");
    }
    if (whisper) write_text(run, "text", said->text, !said->language.text && !times);
    hf2c_sink_text(run->sink, "}");
}

static void write_clock(hf2c_run *run, double time)
{
    if (isnan(time)) hf2c_sink_text(run->sink, "?");
    else hf2c_sink_fixed(run->sink, time, 2);
}

static void show_said(hf2c_run *run, const hf2c_said *said, int times)
{
    if (times) {
        write_clock(run, said->start);
        hf2c_sink_text(run->sink, " - ");
        write_clock(run, said->end);
        hf2c_sink_text(run->sink, "  ");
    }
    hf2c_sink_bytes(run->sink, said->text.text, said->text.bytes);
    hf2c_sink_text(run->sink, "\n");
}

/* {"text": all of it, "chunks": [...]}, or lines for people. listed: whether the pieces are wanted one by one. */
static void write_answer(hf2c_run *run, hf2c_text whole, const hf2c_said *said, int count, int listed, int times)
{
    if (run->people) {
        hf2c_said all = {.text = whole};
        for (int i = 0; listed && i < count; i++) show_said(run, &said[i], times);
        if (!listed) show_said(run, &all, 0);
        return;
    }
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "text", 1);
    hf2c_sink_string(run->sink, whole.text, whole.bytes);
    if (listed) {
        hf2c_sink_key(run->sink, "chunks", 0);
        hf2c_sink_text(run->sink, "[");
        for (int i = 0; i < count; i++) write_said(run, &said[i], i == 0, times);
        hf2c_sink_text(run->sink, "]");
    }
    hf2c_sink_text(run->sink, "}");
}

/* ---- CTC ---- */

static double seconds(const hf2c_model *model, int row) { return (double)row * model->frame_step / model->sound->rate; }

static hf2c_status write_spans(hf2c_run *run, hf2c_text text, hf2c_ids tokens, int words)
{
    const hf2c_model *model = run->context->model;
    hf2c_ctc_span *spans;
    int count;
    hf2c_status status = hf2c_ctc_spans(run, tokens, words, &spans, &count);
    hf2c_said *said = status == HF2C_OK ? HF2C_TAKE(run->scratch, hf2c_said, count) : NULL;
    if (!said) return status == HF2C_OK ? HF2C_TOO_SMALL : status;
    for (int i = 0; i < count; i++)
        said[i] = (hf2c_said){.text = spans[i].text, .start = seconds(model, spans[i].start), .end = seconds(model, spans[i].end)};
    write_answer(run, text, said, count, 1, 1);
    return HF2C_OK;
}

static hf2c_status spell(hf2c_run *run, const Recognition *o, const hf2c_hearing *hearing)
{
    hf2c_pieces_of pieces;
    hf2c_ids tokens;
    hf2c_text text;
    if (o->times == TIMES_TRUE) return refuse(run, "this model tells them by \"char\" or by \"word\"");
    if (o->return_language || o->listening.language.bytes || o->listening.task.bytes) {
        hf2c_message_set(run->message, "language, task, return_language: Whisper alone knows them");
        return HF2C_BAD_ARGUMENT;
    }
    hf2c_status status = hf2c_pieces_plan(run, o->chunk_length, &o->stride, hearing->sound.rate, run->context->model->frame_step, &pieces);
    if (status == HF2C_OK) status = hf2c_ctc_tokens(run, &pieces, hearing, &tokens);
    if (status == HF2C_OK) status = hf2c_run_decode(run, tokens.ids, tokens.count, 0, &text);
    if (status != HF2C_OK) return status;
    if (o->times == TIMES_WORD || o->times == TIMES_CHAR) return write_spans(run, text, tokens, o->times == TIMES_WORD);
    write_answer(run, text, NULL, 0, 0, 0);
    return HF2C_OK;
}

/* ---- Whisper ---- */

static hf2c_status listen_to_all(hf2c_run *run, const Recognition *o, const hf2c_hearing *hearing, int times, hf2c_spoken **spoken,
                                 int *count)
{
    hf2c_pieces_of pieces;
    hf2c_piece piece;
    hf2c_listening listening = o->listening;
    double rate = hearing->sound.rate;
    hf2c_status status = hf2c_pieces_plan(run, o->chunk_length, &o->stride, hearing->sound.rate, 1, &pieces);
    int many = 0;
    listening.timestamps = times;
    while (status == HF2C_OK && hf2c_piece_at(&pieces, hearing, many, &piece)) many++;
    *count = 0;
    *spoken = HF2C_TAKE(run->scratch, hf2c_spoken, many);
    if (!*spoken) return HF2C_TOO_SMALL;
    for (int i = 0; i < many && status == HF2C_OK; i++) {
        hf2c_heard heard;
        hf2c_piece_at(&pieces, hearing, i, &piece);
        if (piece.count == 0) continue;
        status = hf2c_listen(run, &listening, piece.samples, piece.count, piece.overlaps, &heard);
        (*spoken)[*count] = (hf2c_spoken){.tokens = heard.tokens, .language = o->return_language ? heard.language : -1, .overlaps = piece.overlaps};
        (*spoken)[*count].length = piece.count / rate;
        (*spoken)[*count].left = piece.left / rate;
        (*spoken)[(*count)++].right = piece.right / rate;
    }
    return status;
}

static hf2c_status whole_text(hf2c_run *run, const hf2c_transcript *transcript, hf2c_text *whole)
{
    size_t bytes = 0, at = 0;
    for (int i = 0; i < transcript->count; i++) bytes += transcript->said[i].text.bytes;
    char *text = HF2C_TAKE(run->scratch, char, bytes + 1);
    if (!text) return HF2C_TOO_SMALL;
    for (int i = 0; i < transcript->count; i++) {
        memcpy(text + at, transcript->said[i].text.text, transcript->said[i].text.bytes);
        at += transcript->said[i].text.bytes;
    }
    *whole = (hf2c_text){text, bytes};
    return HF2C_OK;
}

static hf2c_status write(hf2c_run *run, const Recognition *o, const hf2c_hearing *hearing)
{
    hf2c_spoken *spoken;
    hf2c_transcript transcript;
    hf2c_text whole;
    int count, times = o->times == TIMES_OF_MODEL ? run->context->model->speech->timestamps : o->times != TIMES_NONE;
    if (o->times == TIMES_CHAR) return refuse(run, "Whisper tells them by pieces of text: true");
    if (o->times == TIMES_WORD) return refuse(run, "words have none here: their times need attention weights; wanted true or false");
    hf2c_status status = listen_to_all(run, o, hearing, times, &spoken, &count);
    if (status == HF2C_OK) status = hf2c_transcribe(run, spoken, count, times, &transcript);
    if (status == HF2C_OK) status = whole_text(run, &transcript, &whole);
    if (status != HF2C_OK) return status;
    for (int i = 0; i < transcript.count && !o->return_language; i++) transcript.said[i].language = (hf2c_text){0};
    write_answer(run, whole, transcript.said, transcript.count, times || o->return_language, times);
    return HF2C_OK;
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const Recognition *o = options;
    hf2c_hearing hearing;
    hf2c_status status = hf2c_run_hear(run, input, &hearing);
    if (status != HF2C_OK) return status;
    return run->context->model->speech ? write(run, o, &hearing) : spell(run, o, &hearing);
}

/* ---- what generate() gives ---- */

/* Token ids of one sound: those that the decoder was told to begin with stand before them unless there are times, as in transformers. */
static hf2c_status generate_ids(hf2c_run *run, const Recognition *o, hf2c_text path, hf2c_ids *ids)
{
    hf2c_input input = {.text = path};
    hf2c_hearing hearing;
    hf2c_heard heard;
    hf2c_listening listening = o->listening;
    listening.timestamps = o->times == TIMES_OF_MODEL ? run->context->model->speech->timestamps : o->times == TIMES_TRUE;
    hf2c_status status = hf2c_run_hear(run, &input, &hearing);
    if (status == HF2C_OK) status = hf2c_listen(run, &listening, hearing.sound.samples, hearing.sound.count, 0, &heard);
    if (status != HF2C_OK) return status;
    int begin = listening.timestamps ? 0 : heard.begin.count;
    int32_t *all = HF2C_TAKE(run->scratch, int32_t, begin + heard.tokens.count + 1);
    if (!all) return HF2C_TOO_SMALL;
    memcpy(all, heard.begin.ids, (size_t)begin * sizeof *all);
    memcpy(all + begin, heard.tokens.ids, (size_t)heard.tokens.count * sizeof *all);
    *ids = (hf2c_ids){all, begin + heard.tokens.count};
    return HF2C_OK;
}

static void write_id_lists(hf2c_run *run, const hf2c_ids *ids, int count)
{
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "output_ids", 1);
    hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < count; i++) {
        if (i > 0) hf2c_sink_text(run->sink, ", ");
        hf2c_write_ids(run->sink, ids[i].ids, ids[i].count);
    }
    hf2c_sink_text(run->sink, "]");
}

static hf2c_status write_texts(hf2c_run *run, const hf2c_ids *ids, int count)
{
    hf2c_status status = HF2C_OK;
    hf2c_sink_key(run->sink, "text", 0);
    hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < count && status == HF2C_OK; i++) {
        hf2c_text text;
        status = hf2c_run_decode(run, ids[i].ids, ids[i].count, 1, &text);
        if (i > 0) hf2c_sink_text(run->sink, ", ");
        if (status == HF2C_OK) hf2c_sink_string(run->sink, text.text, text.bytes);
    }
    hf2c_sink_text(run->sink, "]}");
    return status;
}

static hf2c_status read_kwargs(hf2c_run *run, hf2c_text kwargs, Recognition *o)
{
    JsonScanner scanner;
    memset(o, 0, sizeof *o);
    defaults(o, run->context->model);
    if (!kwargs.text) return HF2C_OK;
    json_scan_begin(&scanner, kwargs.text, kwargs.bytes);
    if (json_next(&scanner) == JSON_OBJECT)
        return hf2c_options_read((hf2c_options){rows, sizeof rows / sizeof *rows}, &scanner, o, run->scratch, run->message);
    hf2c_message_set(run->message, "kwargs: wanted an object");
    return HF2C_BAD_ARGUMENT;
}

/* Files in, token ids and texts out, one list each. */
static hf2c_status prompts(hf2c_run *run, hf2c_text json, hf2c_text kwargs)
{
    static const hf2c_option paths = {.name = "prompts", .kind = HF2C_OPTION_TEXTS};
    JsonScanner scanner;
    Recognition o;
    hf2c_texts files = {0};
    if (!run->context->model->speech) {
        hf2c_message_set(run->message, "prompts: this model does not generate");
        return HF2C_NOT_SUPPORTED;
    }
    json_scan_begin(&scanner, json.text, json.bytes);
    json_next(&scanner);
    hf2c_status status = hf2c_option_value(&paths, &scanner, &files, run->scratch);
    if (status == HF2C_BAD_ARGUMENT || files.count < 1) {
        hf2c_message_set(run->message, "prompts: wanted a list of paths of WAV files");
        return HF2C_BAD_ARGUMENT;
    }
    if (status == HF2C_OK) status = read_kwargs(run, kwargs, &o);
    hf2c_ids *ids = HF2C_TAKE(run->scratch, hf2c_ids, files.count);
    if (!ids) return HF2C_TOO_SMALL;
    for (int i = 0; i < files.count && status == HF2C_OK; i++) status = generate_ids(run, &o, files.texts[i], &ids[i]);
    if (status != HF2C_OK) return status;
    write_id_lists(run, ids, files.count);
    return write_texts(run, ids, files.count);
}

extern const hf2c_task hf2c_task_automatic_speech_recognition;
const hf2c_task hf2c_task_automatic_speech_recognition = {
    .name = "automatic-speech-recognition",
    .aliases = "asr",
    .summary = "what is said in a WAV file",
    .first = "raw",
    .reads_objects = 1,
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(Recognition),
    .defaults = defaults,
    .answer = answer,
    .prompts = prompts,
};
