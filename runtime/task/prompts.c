/* prompts: requests to generate() itself: a batch of prompts in, padded rows of token ids out. */
#include "runtime/task/generation.h"

#include <string.h>

typedef struct Prompts {
    hf2c_generation generation; /* first: the table of its options counts from it */
    int output_scores;
} Prompts;

static const hf2c_option rows[] = {
#define GENERATION_OPTION(name, kind, field, choices, help)                                                            \
    {name, HF2C_OPTION_##kind, offsetof(hf2c_generation, field), choices, help},
#include "runtime/task/generation_options.def"
#undef GENERATION_OPTION
    {"output_scores", HF2C_OPTION_FLAG, offsetof(Prompts, output_scores), NULL, "scores of each token too; of beam search sequences_scores"},
};

static hf2c_status read_settings(hf2c_run *run, hf2c_text kwargs, Prompts *o)
{
    JsonScanner scanner;
    hf2c_generation_init(&o->generation, run->context->model);
    o->output_scores = 0;
    if (!kwargs.text) return HF2C_OK;
    json_scan_begin(&scanner, kwargs.text, kwargs.bytes);
    if (json_next(&scanner) != JSON_OBJECT) {
        hf2c_message_set(run->message, "kwargs: wanted an object");
        return HF2C_BAD_ARGUMENT;
    }
    return hf2c_options_read((hf2c_options){rows, sizeof rows / sizeof *rows}, &scanner, o, run->scratch, run->message);
}

static hf2c_status refuse(hf2c_run *run)
{
    hf2c_message_set(run->message, "prompts: wanted a list of texts or of lists of token ids");
    return HF2C_BAD_ARGUMENT;
}

static int count_prompts(const JsonScanner *scanner)
{
    JsonScanner ahead = *scanner;
    int count = 0;
    while (json_next(&ahead) == JSON_STRING || ahead.kind == JSON_ARRAY) {
        if (!json_skip(&ahead)) return -1;
        count++;
    }
    return ahead.kind == JSON_ARRAY_END ? count : -1;
}

static hf2c_status read_prompts(hf2c_run *run, const hf2c_generation *settings, hf2c_text json, hf2c_ids **prompts,
                                int *count)
{
    JsonScanner scanner;
    hf2c_text text;
    json_scan_begin(&scanner, json.text, json.bytes);
    *count = json_next(&scanner) == JSON_ARRAY ? count_prompts(&scanner) : -1;
    if (*count < 1) return refuse(run);
    *prompts = HF2C_TAKE(run->scratch, hf2c_ids, *count);
    if (!*prompts) return HF2C_TOO_SMALL;
    for (int i = 0; i < *count; i++) {
        hf2c_status status;
        if (json_next(&scanner) == JSON_ARRAY) {
            status = hf2c_option_ids(&scanner, &(*prompts)[i], run->scratch);
            if (status == HF2C_BAD_ARGUMENT) return refuse(run);
        } else {
            status = hf2c_option_text(&scanner, &text, run->scratch);
            if (status == HF2C_OK) status = hf2c_generate_prompt(run, settings, text, 1, &(*prompts)[i]);
        }
        if (status != HF2C_OK) return status;
    }
    return HF2C_OK;
}

/* ---- the answer ---- */

typedef struct Padded {
    int32_t left, right; /* what fills up; -1 cannot be needed */
    int width;
} Padded;

/* transformers: the tokenizer pads prompts, generate() fills up what ended early; beam search takes a pad id of 0 for
 * none. */
static Padded padding_of(const hf2c_run *run, const hf2c_generation *settings, const hf2c_sequence *sequences,
                         int count)
{
    const hf2c_model *model = run->context->model;
    int32_t end = settings->eos.count > 0 ? settings->eos.ids[0] : -1;
    Padded padded = {.left = -1, .right = settings->pad >= 0 ? settings->pad : end};
    if (settings->num_beams > 1 && settings->pad <= 0 && end >= 0) padded.right = end;
    if (model->tokenizer) padded.left = hf2c_special_id(model->tokenizer, HF2C_PAD);
    if (padded.left < 0) padded.left = settings->pad >= 0 ? settings->pad : end;
    for (int i = 0; i < count; i++) {
        int width = sequences[i].padding + sequences[i].count;
        padded.width = width > padded.width ? width : padded.width;
    }
    return padded;
}

static hf2c_status pad_row(hf2c_run *run, Padded padded, const hf2c_sequence *sequence, int32_t **ids)
{
    int32_t *row = HF2C_TAKE(run->scratch, int32_t, padded.width);
    if (!row) return HF2C_TOO_SMALL;
    for (int i = 0; i < padded.width; i++) row[i] = i < sequence->padding ? padded.left : padded.right;
    memcpy(row + sequence->padding, sequence->ids, (size_t)sequence->count * sizeof(int32_t));
    *ids = row;
    return HF2C_OK;
}

static hf2c_status write_texts(hf2c_run *run, Padded padded, const hf2c_sequence *sequences, int count)
{
    hf2c_status status = HF2C_OK;
    hf2c_sink_key(run->sink, "text", 0);
    hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < count && status == HF2C_OK; i++) {
        hf2c_scratch before = *run->scratch;
        hf2c_text text;
        int32_t *row;
        status = pad_row(run, padded, &sequences[i], &row);
        if (status == HF2C_OK) status = hf2c_run_decode(run, row, padded.width, 1, &text);
        if (i > 0) hf2c_sink_text(run->sink, ", ");
        if (status == HF2C_OK) hf2c_sink_string(run->sink, text.text, text.bytes);
        *run->scratch = before;
    }
    hf2c_sink_text(run->sink, "]");
    return status;
}

static void write_beam_scores(hf2c_run *run, const hf2c_sequence *sequences, int count)
{
    hf2c_sink_key(run->sink, "sequences_scores", 0);
    hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < count; i++) {
        if (i > 0) hf2c_sink_text(run->sink, ", ");
        hf2c_sink_number(run->sink, sequences[i].score);
    }
    hf2c_sink_text(run->sink, "]");
}

/* ---- scores of every token, kept until the answer is written ---- */

typedef struct Scores {
    hf2c_run *run;
    float **values; /* [sequences] [tokens, vocabulary]; NULL: not wanted */
    int *tokens;    /* [sequences] */
} Scores;

static int scores_cancelled(void *owner)
{
    const Scores *scores = owner;
    return scores->run->cancelled && scores->run->cancelled(scores->run->owner);
}

static void keep_scores(void *owner, int sequence, const float *values)
{
    Scores *scores = owner;
    size_t vocabulary = (size_t)scores->run->context->model->vocabulary;
    memcpy(scores->values[sequence] + (size_t)scores->tokens[sequence]++ * vocabulary, values, vocabulary * sizeof *values);
}

static hf2c_status take_scores(Scores *scores, hf2c_run *run, const hf2c_sequence *sequences, int count)
{
    size_t vocabulary = (size_t)run->context->model->vocabulary * sizeof(float);
    *scores = (Scores){run, HF2C_TAKE(run->scratch, float *, count), HF2C_TAKE(run->scratch, int, count)};
    for (int i = 0; i < count && scores->values && scores->tokens; i++) {
        scores->tokens[i] = 0;
        scores->values[i] = hf2c_scratch_take(run->scratch, (size_t)(sequences[i].capacity - sequences[i].prompt), vocabulary);
        if (!scores->values[i]) scores->tokens = NULL;
    }
    if (scores->values && scores->tokens) return HF2C_OK;
    hf2c_message_set(run->message, "output_scores: there is no memory for so many");
    return HF2C_TOO_SMALL;
}

static void write_row(hf2c_run *run, const float *values)
{
    hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < run->context->model->vocabulary; i++) {
        if (i > 0) hf2c_sink_text(run->sink, ", ");
        hf2c_sink_number(run->sink, values[i]);
    }
    hf2c_sink_text(run->sink, "]");
}

static void write_token_scores(hf2c_run *run, const Scores *scores, int count)
{
    size_t vocabulary = (size_t)run->context->model->vocabulary;
    hf2c_sink_key(run->sink, "scores", 0);
    for (int i = 0; i < count; i++) {
        hf2c_sink_text(run->sink, i > 0 ? ", [" : "[[");
        for (int token = 0; token < scores->tokens[i]; token++) {
            if (token > 0) hf2c_sink_text(run->sink, ", ");
            write_row(run, scores->values[i] + (size_t)token * vocabulary);
        }
        hf2c_sink_text(run->sink, "]");
    }
    hf2c_sink_text(run->sink, "]");
}

static hf2c_status write_answer(hf2c_run *run, const Prompts *o, const hf2c_sequence *sequences, int count, const Scores *scores)
{
    Padded padded = padding_of(run, &o->generation, sequences, count);
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "output_ids", 1);
    hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < count; i++) {
        hf2c_scratch before = *run->scratch;
        int32_t *row;
        if (pad_row(run, padded, &sequences[i], &row) != HF2C_OK) return HF2C_TOO_SMALL;
        if (i > 0) hf2c_sink_text(run->sink, ", ");
        hf2c_write_ids(run->sink, row, padded.width);
        *run->scratch = before;
    }
    hf2c_sink_text(run->sink, "]");
    hf2c_status status = run->context->model->tokenizer ? write_texts(run, padded, sequences, count) : HF2C_OK;
    if (o->output_scores && o->generation.num_beams > 1) write_beam_scores(run, sequences, count);
    else if (o->output_scores) write_token_scores(run, scores, count);
    hf2c_sink_text(run->sink, "}");
    return status;
}

hf2c_status hf2c_prompts_request(hf2c_run *run, hf2c_text prompts, hf2c_text kwargs)
{
    Prompts o;
    Scores scores;
    hf2c_ids *list;
    hf2c_sequence *sequences;
    int count;
    hf2c_status status = read_settings(run, kwargs, &o);
    if (status == HF2C_OK) status = read_prompts(run, &o.generation, prompts, &list, &count);
    if (status == HF2C_OK) status = hf2c_generate_sequences(run, &o.generation, list, count, &sequences);
    if (status != HF2C_OK) return status;
    hf2c_generate_call call = hf2c_generate_begin(run, &o.generation);
    if (o.output_scores && o.generation.num_beams == 1) {
        status = take_scores(&scores, run, sequences, count * o.generation.num_return_sequences);
        call.scores = keep_scores;
        call.cancelled = scores_cancelled;
        call.owner = &scores;
    }
    if (status == HF2C_OK) status = hf2c_generate(&call, sequences, count);
    if (status != HF2C_OK) return status;
    return write_answer(run, &o, sequences, count * o.generation.num_return_sequences, &scores);
}
