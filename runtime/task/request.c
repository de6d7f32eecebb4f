/* request: takes a request apart into inputs, and answers them: those of a list together where the task allows it. */
#include "runtime/task/task.h"

#include <string.h>

static hf2c_status refuse_input(hf2c_run *run, const hf2c_task *task, const char *what)
{
    const char *other = task->second ? task->second : task->list;
    hf2c_message_set(run->message, "inputs: ", what, "; wanted ", task->needs_object ? "" : "a text or ",
                     "an object with \"", task->first, other ? "\" and \"" : "", other ? other : "", "\", or a list of those");
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

/* Does a list of messages begin here? Other lists are lists of inputs. */
static int is_conversation(const JsonScanner *scanner)
{
    JsonScanner ahead = *scanner;
    if (ahead.kind != JSON_ARRAY || json_next(&ahead) != JSON_OBJECT) return 0;
    while (json_next(&ahead) == JSON_KEY) {
        if (json_is(&ahead, "role")) return 1;
        json_next(&ahead);
        if (!json_skip(&ahead)) return 0;
    }
    return 0;
}

static hf2c_status read_conversation(hf2c_run *run, const hf2c_task *task, JsonScanner *scanner, hf2c_input *input)
{
    const char *start = scanner->start;
    if (!json_skip(scanner)) return refuse_input(run, task, "broken JSON");
    input->conversation = (hf2c_text){start, (size_t)(scanner->text + scanner->at - start)};
    return HF2C_OK;
}

static hf2c_status read_object(hf2c_run *run, const hf2c_task *task, JsonScanner *scanner, hf2c_input *input)
{
    const char *start = scanner->start;
    if (!json_skip(scanner)) return refuse_input(run, task, "broken JSON");
    input->object = (hf2c_text){start, (size_t)(scanner->text + scanner->at - start)};
    return HF2C_OK;
}

/* The input on which the scanner stands. */
static hf2c_status read_input(hf2c_run *run, const hf2c_task *task, JsonScanner *scanner, hf2c_input_form form,
                              hf2c_input *input)
{
    hf2c_status status = HF2C_OK;
    *input = (hf2c_input){.form = form};
    if (scanner->kind == JSON_STRING) {
        if (task->needs_object) return refuse_input(run, task, "a text alone");
        return hf2c_option_text(scanner, &input->text, run->scratch);
    }
    if (task->converses && is_conversation(scanner)) return read_conversation(run, task, scanner, input);
    if (scanner->kind != JSON_OBJECT) return refuse_input(run, task, "neither a text nor an object nor a list");
    if (form == HF2C_INPUT_STRING) input->form = HF2C_INPUT_OBJECT;
    if (task->reads_objects) return read_object(run, task, scanner, input);
    while (status == HF2C_OK && json_next(scanner) == JSON_KEY) status = read_field(run, task, scanner, input);
    if (status == HF2C_OK && !input->text.text) return refuse_input(run, task, "a field is missing");
    int lacks_second = task->second && !input->second.text, lacks_list = task->list && !input->list.texts;
    if (status == HF2C_OK && task->needs_object && (lacks_second || lacks_list))
        return refuse_input(run, task, "a field is missing");
    return status;
}

/* ---- inputs that go through the model together ---- */

typedef struct Group {
    hf2c_run *run;
    const hf2c_task *task;
    const void *options;
    hf2c_job *jobs; /* [capacity] */
    int capacity, count;
    int rows, sequences; /* of the jobs so far */
    int written;         /* answers that are out */
} Group;

static hf2c_status group_begin(Group *group, hf2c_run *run, const hf2c_task *task, const void *options)
{
    *group = (Group){.run = run, .task = task, .options = options, .capacity = hf2c_run_together(run)};
    group->jobs = HF2C_TAKE(run->scratch, hf2c_job, group->capacity);
    return group->jobs ? HF2C_OK : HF2C_TOO_SMALL;
}

/* Reads the next input behind those of the group; it counts only when group_add() is called. */
static hf2c_status group_read(Group *group, JsonScanner *scanner, hf2c_input_form form)
{
    hf2c_job *job = &group->jobs[group->count];
    *job = (hf2c_job){0};
    hf2c_status status = read_input(group->run, group->task, scanner, form, &job->input);
    return status == HF2C_OK ? group->task->prepare(group->run, group->options, job) : status;
}

static int job_rows(const hf2c_job *job)
{
    int rows = 0;
    for (int i = 0; i < job->count; i++) rows += (int)job->items[i].encoding->count;
    return rows;
}

static int group_has_room(const Group *group)
{
    const hf2c_job *job = &group->jobs[group->count];
    return job->count <= group->capacity - group->sequences &&
           job_rows(job) <= group->run->context->model->max_rows - group->rows;
}

static void group_add(Group *group)
{
    const hf2c_job *job = &group->jobs[group->count++];
    group->rows += job_rows(job);
    group->sequences += job->count;
}

static hf2c_status group_forward(Group *group)
{
    hf2c_run *run = group->run;
    int outputs = 0, at = 0;
    while (group->task->outputs[outputs]) outputs++;
    hf2c_forward_item *items = HF2C_TAKE(run->scratch, hf2c_forward_item, group->sequences);
    hf2c_rows_result *results = HF2C_TAKE(run->scratch, hf2c_rows_result, group->sequences * outputs);
    if (!items || !results) return HF2C_TOO_SMALL;
    for (int i = 0; i < group->count; i++) {
        hf2c_job *job = &group->jobs[i];
        job->results = results + (size_t)at * (size_t)outputs;
        for (int k = 0; k < job->count; k++) items[at++] = job->items[k];
    }
    const char *const own[] = {group->task->output ? group->task->output(run->context->model) : NULL};
    return hf2c_run_forward_all(run, items, at, own[0] ? own : group->task->outputs, outputs, results);
}

/* Runs the group and writes its answers; it is empty then. */
static hf2c_status group_answer(Group *group)
{
    hf2c_run *run = group->run;
    hf2c_status status = group->sequences > 0 ? group_forward(group) : HF2C_OK;
    for (int i = 0; i < group->count && status == HF2C_OK; i++) {
        hf2c_scratch before = *run->scratch;
        if (group->written++ > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        status = group->task->finish(run, group->options, &group->jobs[i]);
        *run->scratch = before;
    }
    group->count = group->rows = group->sequences = 0;
    return status;
}

/* Reads the item on which the scanner stands. An item for which there is no room is read again when those before it are done and
 * their memory is free. */
static hf2c_status group_take(Group *group, JsonScanner *scanner, hf2c_scratch empty)
{
    JsonScanner item = *scanner;
    hf2c_status status = HF2C_OK;
    if (group->count < group->capacity) {
        hf2c_scratch before = *group->run->scratch;
        status = group_read(group, scanner, HF2C_INPUT_ITEM);
        if (status != HF2C_OK || group->count == 0 || group_has_room(group)) {
            if (status == HF2C_OK) group_add(group);
            return status;
        }
        *group->run->scratch = before;
    }
    *scanner = item;
    status = group_answer(group);
    *group->run->scratch = empty;
    if (status == HF2C_OK) status = group_read(group, scanner, HF2C_INPUT_ITEM);
    if (status == HF2C_OK) group_add(group);
    return status;
}

static hf2c_status answer_group(hf2c_run *run, const hf2c_task *task, const void *options, JsonScanner *scanner)
{
    Group group;
    hf2c_status status = group_begin(&group, run, task, options);
    hf2c_scratch empty = *run->scratch;
    while (status == HF2C_OK && json_next(scanner) != JSON_ARRAY_END) {
        if (scanner->kind == JSON_ERROR || scanner->kind == JSON_END) return refuse_input(run, task, "broken JSON");
        status = group_take(&group, scanner, empty);
    }
    return status == HF2C_OK ? group_answer(&group) : status;
}

hf2c_encoding *hf2c_job_single(hf2c_run *run, hf2c_job *job)
{
    hf2c_encoding *encoding = HF2C_TAKE(run->scratch, hf2c_encoding, 1);
    job->items = HF2C_TAKE(run->scratch, hf2c_forward_item, 1);
    if (!encoding || !job->items) return NULL;
    job->items[0] = (hf2c_forward_item){.encoding = encoding};
    job->count = 1;
    return encoding;
}

/* ---- inputs one by one ---- */

static hf2c_status answer_one(hf2c_run *run, const hf2c_task *task, const void *options, JsonScanner *scanner,
                              hf2c_input_form form)
{
    Group group;
    hf2c_input input;
    if (!task->prepare) {
        hf2c_status read = read_input(run, task, scanner, form, &input);
        return read == HF2C_OK ? task->answer(run, options, &input) : read;
    }
    hf2c_status status = group_begin(&group, run, task, options);
    if (status == HF2C_OK) status = group_read(&group, scanner, form);
    if (status != HF2C_OK) return status;
    group_add(&group);
    return group_answer(&group);
}

static hf2c_status answer_each(hf2c_run *run, const hf2c_task *task, const void *options, JsonScanner *scanner)
{
    int count = 0;
    while (json_next(scanner) != JSON_ARRAY_END) {
        if (scanner->kind == JSON_ERROR || scanner->kind == JSON_END) return refuse_input(run, task, "broken JSON");
        if (count++ > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        hf2c_scratch before = *run->scratch;
        hf2c_status status = answer_one(run, task, options, scanner, HF2C_INPUT_ITEM);
        *run->scratch = before;
        if (status != HF2C_OK) return status;
    }
    return HF2C_OK;
}

static hf2c_status answer_list(hf2c_run *run, const hf2c_task *task, const void *options, JsonScanner *scanner)
{
    if (!run->people) hf2c_sink_text(run->sink, "[");
    hf2c_status status = task->prepare ? answer_group(run, task, options, scanner) : answer_each(run, task, options, scanner);
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return status;
}

/* ---- requests ---- */

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

/* The struct of the task's options, with the model's defaults and what kwargs change; NULL and *status when that fails. */
static void *take_options(hf2c_run *run, const hf2c_task *task, hf2c_text kwargs, hf2c_status *status)
{
    void *options = hf2c_scratch_take(run->scratch, 1, task->bytes);
    *status = options ? HF2C_OK : HF2C_TOO_SMALL;
    if (!options) return NULL;
    memset(options, 0, task->bytes);
    task->defaults(options, run->context->model);
    *status = read_kwargs(run, task, kwargs, options);
    return *status == HF2C_OK ? options : NULL;
}

hf2c_status hf2c_task_request(hf2c_run *run, const hf2c_task *task, hf2c_text inputs, hf2c_text kwargs)
{
    JsonScanner scanner;
    hf2c_status status;
    void *options = take_options(run, task, kwargs, &status);
    if (!options) return status;
    json_scan_begin(&scanner, inputs.text, inputs.bytes);
    json_next(&scanner);
    int list = scanner.kind == JSON_ARRAY && !(task->converses && is_conversation(&scanner));
    return list ? answer_list(run, task, options, &scanner)
                : answer_one(run, task, options, &scanner, HF2C_INPUT_STRING);
}

hf2c_status hf2c_task_text(hf2c_run *run, const hf2c_task *task, hf2c_text text, hf2c_text kwargs)
{
    Group group;
    hf2c_status status;
    hf2c_input input = {.form = HF2C_INPUT_STRING, .text = text};
    void *options = take_options(run, task, kwargs, &status);
    if (!options) return status;
    if (task->needs_object) return refuse_input(run, task, "a text alone");
    if (!task->prepare) return task->answer(run, options, &input);
    status = group_begin(&group, run, task, options);
    if (status != HF2C_OK) return status;
    group.jobs[0] = (hf2c_job){.input = input};
    status = task->prepare(run, options, &group.jobs[0]);
    if (status != HF2C_OK) return status;
    group_add(&group);
    return group_answer(&group);
}
