/* task: the table of tasks, and how a request is taken apart. */
#include "runtime/task/task.h"

#include <string.h>

#define TASK(name) extern const hf2c_task hf2c_task_##name;
#include "runtime/task/tasks.def"
#undef TASK

static const hf2c_task *const tasks[] = {
#define TASK(name) &hf2c_task_##name,
#include "runtime/task/tasks.def"
#undef TASK
    NULL,
};

const hf2c_task *hf2c_task_at(int index)
{
    return tasks[index];
}

static int list_has(const char *list, const char *name, size_t length)
{
    while (list && *list) {
        size_t word = strcspn(list, " ");
        if (word == length && memcmp(list, name, length) == 0) return 1;
        list += word + (list[word] == ' ');
    }
    return 0;
}

const hf2c_task *hf2c_task_find(const char *name, size_t length)
{
    for (int i = 0; tasks[i]; i++) {
        if (list_has(tasks[i]->name, name, length) || list_has(tasks[i]->aliases, name, length)) return tasks[i];
    }
    return NULL;
}

int hf2c_task_allowed(const hf2c_model *model, const hf2c_task *task)
{
    for (const char *at = model->tasks; at && *at;) {
        size_t word = strcspn(at, " ");
        if (hf2c_task_find(at, word) == task) return 1;
        at += word + (at[word] == ' ');
    }
    return 0;
}

const hf2c_task *hf2c_task_default(const hf2c_model *model)
{
    for (const char *at = model->tasks; at && *at;) {
        size_t word = strcspn(at, " ");
        const hf2c_task *task = hf2c_task_find(at, word);
        if (task) return task;
        at += word + (at[word] == ' ');
    }
    return NULL;
}

/* ---- requests ---- */

static hf2c_status refuse_input(hf2c_run *run, const hf2c_task *task, const char *what)
{
    hf2c_message_set(run->message, "inputs: ", what, "; wanted ", task->needs_object ? "" : "a text or ",
                     "an object with \"", task->first, task->second ? "\" and \"" : "",
                     task->second ? task->second : "", "\", or a list of those");
    return HF2C_BAD_ARGUMENT;
}

static hf2c_status read_texts(JsonScanner *scanner, hf2c_texts *texts, hf2c_scratch *scratch)
{
    /* The reader of options knows lists of texts. */
    static const hf2c_option row = {.name = "list", .kind = HF2C_OPTION_TEXTS};
    return hf2c_option_value(&row, scanner, texts, scratch);
}

static hf2c_status read_field(hf2c_run *run, const hf2c_task *task, JsonScanner *scanner, hf2c_input *input)
{
    hf2c_text *field = task->first && json_is(scanner, task->first)     ? &input->text
                       : task->second && json_is(scanner, task->second) ? &input->second
                                                                        : NULL;
    int list = task->list && json_is(scanner, task->list);
    if (!field && !list) return refuse_input(run, task, "an unknown field");
    json_next(scanner);
    if (list) return read_texts(scanner, &input->list, run->scratch);
    if (scanner->kind == JSON_NULL && field == &input->second) return HF2C_OK;
    if (scanner->kind != JSON_STRING) return refuse_input(run, task, "a field that is not a text");
    return hf2c_option_text(scanner, field, run->scratch);
}

static hf2c_status answer_one(hf2c_run *run, const hf2c_task *task, const void *options, JsonScanner *scanner,
                              hf2c_input_form form)
{
    hf2c_input input = {.form = form};
    hf2c_status status = HF2C_OK;
    if (scanner->kind == JSON_STRING) {
        if (task->needs_object) return refuse_input(run, task, "a text alone");
        status = hf2c_option_text(scanner, &input.text, run->scratch);
    } else if (scanner->kind == JSON_OBJECT) {
        if (form == HF2C_INPUT_STRING) input.form = HF2C_INPUT_OBJECT;
        while (status == HF2C_OK && json_next(scanner) == JSON_KEY) status = read_field(run, task, scanner, &input);
        if (status == HF2C_OK && !input.text.text) return refuse_input(run, task, "a field is missing");
        if (status == HF2C_OK && task->needs_object && task->second && !input.second.text)
            return refuse_input(run, task, "a field is missing");
    } else {
        return refuse_input(run, task, "neither a text nor an object nor a list");
    }
    return status == HF2C_OK ? task->answer(run, options, &input) : status;
}

static hf2c_status answer_list(hf2c_run *run, const hf2c_task *task, const void *options, JsonScanner *scanner)
{
    int count = 0;
    if (!run->people) hf2c_sink_text(run->sink, "[");
    while (json_next(scanner) != JSON_ARRAY_END) {
        if (scanner->kind == JSON_ERROR || scanner->kind == JSON_END) return refuse_input(run, task, "broken JSON");
        if (count++ > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        hf2c_scratch before = *run->scratch;
        hf2c_status status = answer_one(run, task, options, scanner, HF2C_INPUT_ITEM);
        *run->scratch = before;
        if (status != HF2C_OK) return status;
    }
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return HF2C_OK;
}

static hf2c_status read_kwargs(hf2c_run *run, const hf2c_task *task, hf2c_text kwargs, void *options)
{
    JsonScanner scanner;
    if (!kwargs.text) return HF2C_OK;
    json_scan_begin(&scanner, kwargs.text, kwargs.bytes);
    if (json_next(&scanner) == JSON_NULL) return HF2C_OK;
    if (scanner.kind != JSON_OBJECT) {
        hf2c_message_set(run->message, "kwargs: wanted an object");
        return HF2C_BAD_ARGUMENT;
    }
    return hf2c_options_read(task->options, &scanner, options, run->scratch, run->message);
}

hf2c_status hf2c_task_request(hf2c_run *run, const hf2c_task *task, hf2c_text inputs, hf2c_text kwargs)
{
    JsonScanner scanner;
    void *options = hf2c_scratch_take(run->scratch, 1, task->bytes);
    if (!options) return HF2C_TOO_SMALL;
    memset(options, 0, task->bytes);
    task->defaults(options, run->context->model);
    hf2c_status status = read_kwargs(run, task, kwargs, options);
    if (status != HF2C_OK) return status;
    json_scan_begin(&scanner, inputs.text, inputs.bytes);
    json_next(&scanner);
    return scanner.kind == JSON_ARRAY ? answer_list(run, task, options, &scanner)
                                      : answer_one(run, task, options, &scanner, HF2C_INPUT_STRING);
}
