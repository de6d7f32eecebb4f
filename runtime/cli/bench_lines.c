/* bench_lines: the model timed line by line. */
#include "runtime/cli/bench.h"
#include "runtime/cli/system.h"

#include <stdlib.h>
#include <string.h>

enum { VALUES = 8, LARGEST = 1 << 24 };

typedef struct Timed {
    Session *session;
    int output, cached; /* the model's output that is wanted; tokens that the first slot of the cache holds */
    hf2c_status status;
    const float *last; /* [columns] the last row */
} Timed;

/* A call on sequences of `tokens` each, behind `past` cached ones; only the last piece of a prompt has anyone who wants its output. */
static void call(Timed *t, int sequences, int tokens, int past, int wanted)
{
    const hf2c_model *model = t->session->model;
    hf2c_scratch scratch = t->session->scratch;
    const int32_t pasts[1] = {past};
    int rows = sequences * tokens, of_state = model->state_bytes != 0;
    int32_t *ids = HF2C_TAKE(&scratch, int32_t, past + rows), *positions = HF2C_TAKE(&scratch, int32_t, rows);
    int32_t *start = HF2C_TAKE(&scratch, int32_t, sequences + 1), *want = HF2C_TAKE(&scratch, int32_t, rows);
    float **outputs = HF2C_TAKE(&scratch, float *, model->output_count);
    float *values = HF2C_TAKE(&scratch, float, (size_t)rows * (size_t)model->outputs[t->output].columns);
    if (!ids || !positions || !start || !want || !outputs || !values) t->status = HF2C_TOO_SMALL;
    if (t->status != HF2C_OK) return;
    bench_make_ids(ids, past + rows, model->vocabulary);
    hf2c_batch batch = {.rows = rows, .sequences = sequences, .ids = ids + past, .positions = positions, .start = start, .want = want};
    batch.wanted = !wanted ? 0 : of_state ? sequences : rows;
    for (int i = 0; i < rows; i++) positions[i] = past + i % tokens;
    for (int i = 0; i <= sequences; i++) start[i] = i * tokens;
    for (int i = 0; i < batch.wanted; i++) want[i] = of_state ? (i + 1) * tokens - 1 : i;
    for (int i = 0; i < model->output_count; i++) outputs[i] = i == t->output && wanted ? values : NULL;
    if (of_state) batch.past = pasts;
    t->status = model->forward(&t->session->context, &batch, outputs);
    int made = model->outputs[t->output].rows == HF2C_ROWS_SEQUENCES ? sequences : batch.wanted ? batch.wanted : 1;
    t->last = values + (size_t)(made - 1) * (size_t)model->outputs[t->output].columns;
}

/* Prompts longer than a call go in pieces. */
static void read_prompt(Timed *t, int tokens)
{
    const hf2c_model *model = t->session->model;
    for (int at = 0, piece; at < tokens && t->status == HF2C_OK && !interrupted(NULL); at += piece) {
        piece = tokens - at < model->max_rows ? tokens - at : model->max_rows;
        call(t, 1, piece, at, at + piece == tokens);
    }
    t->cached = t->status == HF2C_OK ? tokens : 0;
}

static double time_encode(Timed *t, const int number[3])
{
    double start = seconds_now();
    for (int i = 0; i < number[2] && t->status == HF2C_OK && !interrupted(NULL); i++) call(t, number[0], number[1], 0, 1);
    return (seconds_now() - start) / number[2];
}

static double time_prefill(Timed *t, const int number[3])
{
    double start = seconds_now();
    for (int i = 0; i < number[1] && t->status == HF2C_OK && !interrupted(NULL); i++) read_prompt(t, number[0]);
    return (seconds_now() - start) / number[1];
}

static double time_decode(Timed *t, const int number[3])
{
    const hf2c_model *model = t->session->model;
    int context = number[0], tokens = number[1];
    if (t->cached < context || (t->cached > context && (!model->rewinds || model->ring))) read_prompt(t, context);
    double start = seconds_now();
    for (int i = 0; i < tokens && t->status == HF2C_OK && !interrupted(NULL); i++) call(t, 1, 1, context + i, 1);
    if (t->status == HF2C_OK && t->cached < context + tokens) t->cached = context + tokens;
    return (seconds_now() - start) / tokens;
}

static const struct Kind {
    const char *name;
    int numbers, of_state; /* of_state: for models with a cache, or for those without */
    double (*time)(Timed *t, const int number[3]);
} kinds[] = {{"encode", 3, 0, time_encode}, {"prefill", 2, 1, time_prefill}, {"decode", 2, 1, time_decode}};

/* Whole numbers, not negative, behind the word; NULL, or what is wrong. Only a context may be 0. */
static const char *read_numbers(const char *text, int count, int number[3])
{
    char *end = NULL;
    for (int i = 0; i < count; i++, text = end) {
        long value = strtol(text, &end, 10);
        if (end == text || value < 0 || value > LARGEST) return "wanted a number from 0 to 16777216";
        number[i] = (int)value;
    }
    return text[strspn(text, " \r\n")] ? "too many words" : number[count - 1] < 1 ? "nothing to do" : NULL;
}

/* NULL, or what is wrong with the line. */
static const char *read_line(const hf2c_model *model, const char *line, const struct Kind **kind, int number[3])
{
    size_t length = strcspn(line, " \r\n");
    *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, line, length) == 0) *kind = &kinds[i];
    if (!*kind) return "wanted encode, prefill or decode";
    if (hf2c_has_source(model) || !model->vocabulary || !model->output_count || !model->state_bytes != !(*kind)->of_state) return hf2c_status_text(HF2C_NOT_SUPPORTED);
    return read_numbers(line + length, (*kind)->numbers, number);
}

static void answer(Timed *t, const char *line)
{
    int number[3] = {0};
    const struct Kind *kind;
    const char *wrong = read_line(t->session->model, line, &kind, number);
    t->status = HF2C_OK;
    t->last = NULL;
    double seconds = wrong ? 0 : kind->time(t, number);
    if (!wrong && t->status != HF2C_OK) wrong = hf2c_status_text(t->status);
    if (!wrong && !t->last) wrong = "nothing to do";
    if (wrong) {
        printf("error: %s\n", wrong);
    } else {
        printf("%.9f", seconds);
        for (int i = 0; i < VALUES && i < t->session->model->outputs[t->output].columns; i++) printf(" %.7g", (double)t->last[i]);
        printf("\n");
    }
    fflush(stdout);
}

int bench_lines(Session *session)
{
    char *line = NULL;
    size_t capacity = 0;
    Timed timed = {.session = session};
    int logits = hf2c_output_find(session->model, "logits");
    if (session->model->state_bytes && logits > 0) timed.output = logits;
    while (!interrupted(NULL) && system_line(&line, &capacity, stdin) >= 0) answer(&timed, line);
    free(line);
    return interrupted(NULL) ? EXIT_INTERRUPTED : 0;
}
