/* Requests to a task as text. */
#ifndef TESTS_TASK_FIXTURE_H
#define TESTS_TASK_FIXTURE_H

#include "tests/unit/runtime_task/fixture_model.h"

static _Alignas(64) uint8_t fixture_state[4 * 64], fixture_memory[1 << 21];
static char answer[1 << 16];
static size_t answer_length;
static hf2c_message message;

static int keep_answer(void *to, const char *bytes, size_t count)
{
    (void)to;
    if (answer_length + count >= sizeof answer) return 1;
    memcpy(answer + answer_length, bytes, count);
    answer_length += count;
    answer[answer_length] = '\0';
    return 0;
}

/* The answer lands in `answer`, what was wrong in `message`. task NULL: prompts. */
static hf2c_status ask(const hf2c_model *model, const char *task, const char *inputs, const char *kwargs, int people)
{
    hf2c_context context;
    hf2c_scratch scratch = {fixture_memory, sizeof fixture_memory, 0};
    hf2c_sink sink = {.write = keep_answer};
    hf2c_run run = {.context = &context, .scratch = &scratch, .sink = &sink, .message = &message, .people = people};
    hf2c_text in = {inputs, strlen(inputs)}, arguments = {kwargs, kwargs ? strlen(kwargs) : 0};
    answer_length = 0;
    answer[0] = message.text[0] = '\0';
    assert_int_equal(hf2c_context_init(&context, model, NULL, 0, NULL, 0, model->state_bytes ? fixture_state : NULL,
                                       model->state_bytes ? sizeof fixture_state : 0, 1),
                     HF2C_OK);
    if (!task) return hf2c_prompts_request(&run, in, arguments);
    const hf2c_task *found = hf2c_task_find(task, strlen(task));
    assert_non_null(found);
    return hf2c_task_request(&run, found, in, arguments);
}

#endif
