/* question-answering: the passage of a text that answers a question, as the pipeline of transformers 4 finds it. */
#include "runtime/task/offsets.h"
#include "runtime/task/spans.h"
#include "runtime/task/task.h"

#include <string.h>

typedef struct QuestionAnswering {
    int top_k; /* -1: not given, which gives the answer without a list around it */
    int doc_stride, max_answer_len, max_seq_len, max_question_len;
    int handle_impossible_answer, align_to_words;
} QuestionAnswering;

enum { MOST_ANSWERS = 10000 };

static const hf2c_option rows[] = {
    {"top_k", HF2C_OPTION_COUNT, offsetof(QuestionAnswering, top_k), NULL, "answers to return"},
    {"doc_stride", HF2C_OPTION_COUNT, offsetof(QuestionAnswering, doc_stride), NULL,
     "tokens by which windows of long texts overlap"},
    {"max_answer_len", HF2C_OPTION_COUNT, offsetof(QuestionAnswering, max_answer_len), NULL,
     "most tokens in an answer"},
    {"max_seq_len", HF2C_OPTION_COUNT, offsetof(QuestionAnswering, max_seq_len), NULL,
     "most tokens in a window, question included"},
    {"max_question_len", HF2C_OPTION_COUNT, offsetof(QuestionAnswering, max_question_len), NULL,
     "accepted; questions are never cut"},
    {"handle_impossible_answer", HF2C_OPTION_FLAG, offsetof(QuestionAnswering, handle_impossible_answer), NULL,
     "an empty answer competes too"},
    {"align_to_words", HF2C_OPTION_FLAG, offsetof(QuestionAnswering, align_to_words), NULL,
     "answers are whole words (default)"},
};

static void defaults(void *options, const hf2c_model *model)
{
    QuestionAnswering *o = options;
    (void)model;
    o->top_k = -1;
    o->max_answer_len = 15;
    o->align_to_words = 1;
}

typedef struct Answer {
    double score;
    int start, end; /* code points */
    hf2c_text text;
} Answer;

typedef struct Answers {
    Answer *list;
    int count, capacity;
    float none; /* least score of "no answer" over the windows */
} Answers;

/* ---- windows ---- */

static hf2c_tokenization window_of(hf2c_run *run, const QuestionAnswering *o, int window)
{
    const hf2c_model *model = run->context->model;
    int longest = hf2c_tokenizer_max_length(model->tokenizer), wanted = o->max_seq_len > 0 ? o->max_seq_len : 384;
    hf2c_tokenization tokenization = {.strategy = HF2C_TRUNCATE_ONLY_SECOND, .window = window};
    if (hf2c_pads_left(model->tokenizer)) tokenization.strategy = HF2C_TRUNCATE_ONLY_FIRST;
    if (o->max_seq_len <= 0 && longest > 0 && longest < wanted) wanted = longest;
    tokenization.max_length = wanted < model->max_sequence ? wanted : model->max_sequence;
    tokenization.stride = o->doc_stride > 0                   ? o->doc_stride
                          : tokenization.max_length / 2 < 128 ? tokenization.max_length / 2
                                                              : 128;
    return tokenization;
}

/* An answer lies in the text, or is the begin token for "no answer". */
static uint8_t *allowed_tokens(hf2c_run *run, const hf2c_encoding *encoding)
{
    const hf2c_tokenizer *tokenizer = run->context->model->tokenizer;
    int32_t begin = hf2c_special_id(tokenizer, HF2C_CLS), context = hf2c_pads_left(tokenizer) ? 0 : 1;
    uint8_t *allowed = HF2C_TAKE(run->scratch, uint8_t, encoding->count);
    for (size_t i = 0; allowed && i < encoding->count; i++)
        allowed[i] = encoding->sequence[i] == context || (begin >= 0 && encoding->ids[i] == begin);
    return allowed;
}

/* The characters of the answer: of its tokens, or of the words they belong to as far as those lie in the window. */
static void place(const QuestionAnswering *o, const hf2c_encoding *encoding, hf2c_span span, int *start, int *end)
{
    int32_t first = encoding->word_ids[span.first], last = encoding->word_ids[span.last],
            text = encoding->sequence[span.first];
    *start = encoding->offsets[2 * (size_t)span.first];
    *end = encoding->offsets[2 * (size_t)span.last + 1];
    if (!o->align_to_words || first < 0 || last < 0) return;
    for (size_t i = 0; i < encoding->count; i++) {
        if (encoding->sequence[i] != text) continue;
        if (encoding->word_ids[i] == first && encoding->offsets[2 * i] < *start) *start = encoding->offsets[2 * i];
        if (encoding->word_ids[i] == last && encoding->offsets[2 * i + 1] > *end) *end = encoding->offsets[2 * i + 1];
    }
}

/* ---- answers ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int same_answer(hf2c_text a, hf2c_text b)
{
    if (a.bytes != b.bytes) return 0;
    for (size_t i = 0; i < a.bytes; i++) {
        if (lower(a.text[i]) != lower(b.text[i])) return 0;
    }
    return 1;
}

/* Scores of the same words add up, wherever they stand. */
static hf2c_status add_answer(hf2c_run *run, Answers *answers, Answer one)
{
    for (int i = 0; i < answers->count; i++) {
        if (!same_answer(answers->list[i].text, one.text)) continue;
        answers->list[i].score += one.score;
        return HF2C_OK;
    }
    if (answers->count == answers->capacity) {
        int capacity = 2 * answers->capacity + 16;
        Answer *larger = HF2C_TAKE(run->scratch, Answer, capacity);
        if (!larger) return HF2C_TOO_SMALL;
        if (answers->count) memcpy(larger, answers->list, (size_t)answers->count * sizeof *larger);
        answers->list = larger;
        answers->capacity = capacity;
    }
    answers->list[answers->count++] = one;
    return HF2C_OK;
}

static hf2c_status search_window(hf2c_run *run, const QuestionAnswering *o, const hf2c_encoding *encoding,
                                 const hf2c_offsets *context, Answers *answers)
{
    const char *names[] = {"start_logits", "end_logits"};
    hf2c_rows_result logits[2];
    int limit = o->top_k > 0 ? o->top_k : 1;
    float none;
    hf2c_status status = hf2c_run_forward(run, encoding, (hf2c_ids){0}, names, 2, logits);
    if (status != HF2C_OK) return status;
    uint8_t *allowed = allowed_tokens(run, encoding);
    hf2c_span *spans = HF2C_TAKE(run->scratch, hf2c_span, limit);
    if (!allowed || !spans) return HF2C_TOO_SMALL;
    int found = hf2c_spans_find(logits[0].values, logits[1].values, allowed, (int)encoding->count, o->max_answer_len,
                                limit, &none, spans, run->scratch);
    if (found < 0) return HF2C_TOO_SMALL;
    answers->none = none < answers->none ? none : answers->none;
    for (int i = 0; i < found && status == HF2C_OK; i++) {
        Answer one = {.score = spans[i].score};
        place(o, encoding, spans[i], &one.start, &one.end);
        one.text = hf2c_offsets_cut(context, one.start, one.end);
        status = add_answer(run, answers, one);
    }
    return status;
}

static void sort_answers(Answers *answers)
{
    for (int i = 1; i < answers->count; i++) {
        Answer one = answers->list[i];
        int at = i;
        for (; at > 0 && one.score > answers->list[at - 1].score; at--) answers->list[at] = answers->list[at - 1];
        answers->list[at] = one;
    }
}

static void write_entry(hf2c_run *run, const Answer *one)
{
    if (run->people) {
        hf2c_sink_bytes(run->sink, one->text.text, one->text.bytes);
        hf2c_sink_text(run->sink, "  ");
        hf2c_sink_fixed(run->sink, one->score, 4);
        hf2c_sink_text(run->sink, "\n");
        return;
    }
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "score", 1);
    hf2c_sink_number(run->sink, (float)one->score);
    hf2c_sink_key(run->sink, "start", 0);
    hf2c_sink_integer(run->sink, one->start);
    hf2c_sink_key(run->sink, "end", 0);
    hf2c_sink_integer(run->sink, one->end);
    hf2c_sink_key(run->sink, "answer", 0);
    hf2c_sink_string(run->sink, one->text.text, one->text.bytes);
    hf2c_sink_text(run->sink, "}");
}

static hf2c_status check_options(hf2c_run *run, const QuestionAnswering *o, const hf2c_tokenization *tokenization)
{
    if (o->top_k > MOST_ANSWERS) {
        hf2c_message_set(run->message, "top_k must be at most 10000");
        return HF2C_BAD_ARGUMENT;
    }
    if (tokenization->stride < tokenization->max_length) return HF2C_OK;
    hf2c_message_set(run->message, "doc_stride must be less than max_seq_len");
    return HF2C_BAD_ARGUMENT;
}

static hf2c_status find_answers(hf2c_run *run, const QuestionAnswering *o, const hf2c_input *input, Answers *answers)
{
    hf2c_offsets context;
    int windows = 1, left = run->context->model->tokenizer && hf2c_pads_left(run->context->model->tokenizer);
    if (!hf2c_offsets_make(&context, input->second, run->scratch)) return HF2C_TOO_SMALL;
    for (int window = 0; window < windows; window++) {
        hf2c_encoding encoding;
        hf2c_tokenization tokenization = window_of(run, o, window);
        hf2c_status status = check_options(run, o, &tokenization);
        if (status == HF2C_OK)
            status = hf2c_run_encode(run, left ? input->second : input->text, left ? input->text : input->second,
                                     tokenization, &encoding, &windows);
        if (status == HF2C_OK) status = search_window(run, o, &encoding, &context, answers);
        if (status != HF2C_OK) return status;
    }
    return HF2C_OK;
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const QuestionAnswering *o = options;
    Answers answers = {.none = 1000000};
    if (input->text.bytes == 0 || input->second.bytes == 0) {
        hf2c_message_set(run->message, input->text.bytes == 0 ? "the question is empty" : "the context is empty");
        return HF2C_BAD_TEXT;
    }
    if (!run->context->model->tokenizer) {
        hf2c_message_set(run->message, "this program has no tokenizer");
        return HF2C_NOT_SUPPORTED;
    }
    hf2c_status status = find_answers(run, o, input, &answers);
    if (status == HF2C_OK && o->handle_impossible_answer)
        status = add_answer(run, &answers, (Answer){.score = answers.none, .text = {"", 0}});
    if (status != HF2C_OK) return status;
    sort_answers(&answers);
    int bracket = !run->people && (o->top_k >= 0 || answers.count == 0), shown = o->top_k > 0 ? o->top_k : 1;
    if (bracket) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < answers.count && i < shown; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        write_entry(run, &answers.list[i]);
    }
    if (bracket) hf2c_sink_text(run->sink, "]");
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_question_answering;
const hf2c_task hf2c_task_question_answering = {
    .name = "question-answering",
    .aliases = "",
    .summary = "the passage of a text that answers a question",
    .first = "question",
    .second = "context",
    .needs_object = 1,
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(QuestionAnswering),
    .defaults = defaults,
    .answer = answer,
};
