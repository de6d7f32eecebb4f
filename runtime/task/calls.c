#include "runtime/task/calls.h"

#include "runtime/generate/generate.h"

#include <string.h>

/* The answer on its way to the listener. A line end is held back: the last one is no part of a text. */
typedef struct Hearing {
    hf2c_listener *listener;
    int lines;         /* hold line ends back */
    int held;
    int stopped;
    hf2c_sink sink;
    hf2c_message message;
    hf2c_prefix_rule rule;
} Hearing;

static int tell(Hearing *hearing, const char *bytes, size_t count)
{
    hf2c_listener *listener = hearing->listener;
    if (count > 0 && listener->text && listener->text(listener->owner, bytes, count)) hearing->stopped = 1;
    return hearing->stopped;
}

static int hear(void *to, const char *bytes, size_t count)
{
    Hearing *hearing = to;
    if (!hearing->lines) return tell(hearing, bytes, count);
    if (hearing->held && tell(hearing, "\n", 1)) return 1;
    hearing->held = bytes[count - 1] == '\n';
    return tell(hearing, bytes, count - (size_t)hearing->held);
}

static int is_cancelled(void *owner)
{
    const Hearing *hearing = owner;
    const hf2c_listener *listener = hearing->listener;
    return hearing->stopped || (listener->cancelled && listener->cancelled(listener->owner));
}

static hf2c_run begin(Hearing *hearing, hf2c_context *context, hf2c_listener *listener, hf2c_scratch *scratch)
{
    *hearing = (Hearing){.listener = listener, .sink = {.write = hear, .to = hearing}, .rule = {listener->allowed, listener->owner}};
    hf2c_run run = {.context = context, .scratch = scratch, .sink = &hearing->sink, .message = &hearing->message};
    run.cancelled = is_cancelled;
    run.owner = hearing;
    if (listener->allowed) run.rule = &hearing->rule;
    listener->message[0] = '\0';
    return run;
}

static hf2c_status finish(const Hearing *hearing, hf2c_status status)
{
    memcpy(hearing->listener->message, hearing->message.text, sizeof hearing->listener->message);
    return hearing->stopped ? HF2C_CANCELLED : status;
}

static hf2c_text text_of(const char *text)
{
    return text ? (hf2c_text){text, strlen(text)} : (hf2c_text){NULL, 0};
}

hf2c_status hf2c_call_request(hf2c_context *context, const char *task, const char *inputs, const char *kwargs, hf2c_listener *listener,
                              hf2c_scratch *scratch)
{
    Hearing hearing;
    hf2c_run run = begin(&hearing, context, listener, scratch);
    const hf2c_task *found = task ? hf2c_task_find(task, strlen(task)) : hf2c_task_default(context->model);
    if (!found || !hf2c_task_allowed(context->model, found)) {
        hf2c_message_set(&hearing.message, "this model cannot do that task; it can: ", context->model->tasks);
        return finish(&hearing, HF2C_NOT_SUPPORTED);
    }
    return finish(&hearing, hf2c_task_request(&run, found, text_of(inputs), text_of(kwargs)));
}

/* ---- generated text ---- */

/* The first of the model's tasks that generates. */
static const hf2c_task *generating_task(const hf2c_model *model)
{
    for (int i = 0; hf2c_task_at(i); i++) {
        const hf2c_task *task = hf2c_task_at(i);
        if (hf2c_task_allowed(model, task) && hf2c_option_find(task->options, "max_new_tokens", strlen("max_new_tokens"))) return task;
    }
    return NULL;
}

hf2c_status hf2c_call_generate(hf2c_context *context, const char *prompt, size_t bytes, const char *kwargs, hf2c_listener *listener,
                               hf2c_scratch *scratch)
{
    Hearing hearing;
    hf2c_run run = begin(&hearing, context, listener, scratch);
    const hf2c_task *task = generating_task(context->model);
    if (!task) {
        hf2c_message_set(&hearing.message, "this model does not generate text");
        return finish(&hearing, HF2C_NOT_SUPPORTED);
    }
    hearing.lines = 1;
    run.people = 1;
    run.only_new = 1;
    return finish(&hearing, hf2c_task_text(&run, task, (hf2c_text){prompt, bytes}, text_of(kwargs)));
}

/* ---- how much scratch ---- */

static size_t output_bytes(const hf2c_model *model, size_t rows)
{
    size_t floats = 0;
    for (int i = 0; i < model->output_count; i++) {
        const hf2c_output *output = &model->outputs[i];
        size_t output_rows = output->rows == HF2C_ROWS_ALL || output->rows == HF2C_ROWS_SOURCE ? rows : output->rows == HF2C_ROWS_IMAGES ? 1 : 2;
        if (output->rows == HF2C_ROWS_WANTED && !model->state_bytes) output_rows = rows;
        floats += output_rows * (size_t)output->columns;
    }
    return floats * sizeof(float);
}

size_t hf2c_call_scratch(const hf2c_model *model, size_t text_bytes)
{
    enum { NUMBERS_OF_TOKEN = 16, SLACK = 1 << 18 /* streams, lists, JSON */ };
    size_t tokens = model->tokenizer ? hf2c_encode_capacity(model->tokenizer, text_bytes) : 0, vocabulary = (size_t)model->vocabulary;
    size_t encode = model->tokenizer ? hf2c_encode_scratch(model->tokenizer, text_bytes) : 0;
    size_t longest = (size_t)model->max_sequence, rows = tokens < longest ? tokens : longest;
    size_t numbers = (tokens + longest + (size_t)model->max_rows) * NUMBERS_OF_TOKEN;
    size_t generation = model->state_bytes ? vocabulary * (sizeof(float) + 4 * sizeof(double) + 1) : 0;
    return SLACK + 2 * text_bytes + encode + numbers * sizeof(int32_t) + generation + output_bytes(model, rows) +
           (size_t)model->image_values * sizeof(float);
}
