/* texts: inputs from the command line or the lines of standard input; text for people or JSON out. */
#include "runtime/cli/cli.h"
#include "runtime/cli/system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The "inputs" of a request: the text, or an object when the task has two fields and both are known. */
static void write_inputs(Buffer *inputs, const Arguments *arguments, const char *text, size_t bytes)
{
    const hf2c_task *task = arguments->task;
    inputs->length = 0;
    if (!arguments->first && !arguments->second) {
        buffer_json_string(inputs, text, bytes);
        return;
    }
    const char *first = arguments->first ? arguments->first : text;
    const char *second = arguments->second ? arguments->second : text;
    buffer_text(inputs, "{");
    buffer_json_string(inputs, task->first, strlen(task->first));
    buffer_text(inputs, ": ");
    buffer_json_string(inputs, first, arguments->first ? strlen(first) : bytes);
    if (task->second) {
        buffer_text(inputs, ", ");
        buffer_json_string(inputs, task->second, strlen(task->second));
        buffer_text(inputs, ": ");
        buffer_json_string(inputs, second, arguments->second ? strlen(second) : bytes);
    }
    buffer_text(inputs, "}");
}

/* The same for tasks with a list: all texts are one request. */
static void write_listed(Buffer *inputs, const Arguments *arguments, const Buffer *list)
{
    const hf2c_task *task = arguments->task;
    inputs->length = 0;
    buffer_text(inputs, "{");
    buffer_json_string(inputs, task->first, strlen(task->first));
    buffer_text(inputs, ": ");
    buffer_json_string(inputs, arguments->first, strlen(arguments->first));
    buffer_text(inputs, ", ");
    buffer_json_string(inputs, task->list, strlen(task->list));
    buffer_text(inputs, ": [");
    buffer_add(inputs, list->data, list->length);
    buffer_text(inputs, "]}");
}

static int report(hf2c_status status, const hf2c_message *message)
{
    if (status == HF2C_CANCELLED && interrupted(NULL)) return EXIT_INTERRUPTED;
    fflush(stdout);
    fprintf(stderr, "%s\n", failure_text(status, message));
    return EXIT_BAD_INPUT;
}

/* For people the answer appears while it is made; JSON appears whole or not at all. */
static int answer_inputs(Session *session, const Arguments *arguments, const Buffer *inputs, Buffer *output)
{
    int people = arguments->mode == MODE_PEOPLE;
    hf2c_message message = {""};
    hf2c_sink sink = {.write = people ? file_write : buffer_write, .to = people ? (void *)stdout : (void *)output};
    output->length = 0;
    hf2c_status status =
        session_request(session, arguments->task, (hf2c_text){inputs->data, inputs->length},
                        (hf2c_text){arguments->kwargs.data, arguments->kwargs.length}, &sink, people, &message);
    if (status != HF2C_OK) return report(status, &message);
    if (message.text[0]) fprintf(stderr, "note: %s\n", message.text);
    if (!people) {
        buffer_text(output, "\n");
        fwrite(output->data, 1, output->length, stdout);
    }
    if (fflush(stdout) == 0 && !sink.failed) return 0;
    fprintf(stderr, "cannot write the output: %s\n", strerror(errno));
    return EXIT_BAD_INPUT;
}

static int answer(Session *session, const Arguments *arguments, const char *text, size_t bytes, Buffer *inputs,
                  Buffer *output)
{
    write_inputs(inputs, arguments, text, bytes);
    return answer_inputs(session, arguments, inputs, output);
}

static void add_text(Buffer *list, const char *text, size_t bytes)
{
    if (list->length > 0) buffer_text(list, ", ");
    buffer_json_string(list, text, bytes);
}

/* A line without its end; false when there is none or a signal asked to stop. */
static int read_line(char **line, size_t *capacity, size_t *bytes)
{
    if (interrupted(NULL)) return 0;
    long long length = system_line(line, capacity, stdin);
    if (length < 0) return 0;
    while (length > 0 && ((*line)[length - 1] == '\n' || (*line)[length - 1] == '\r')) length--;
    *bytes = (size_t)length;
    return 1;
}

static int answer_list(Session *session, const Arguments *arguments, Buffer *inputs, Buffer *output)
{
    Buffer list = {0};
    char *line = NULL;
    size_t capacity = 0, bytes;
    for (int i = 0; i < arguments->text_count; i++) add_text(&list, arguments->texts[i], strlen(arguments->texts[i]));
    while (arguments->text_count == 0 && read_line(&line, &capacity, &bytes)) add_text(&list, line, bytes);
    write_listed(inputs, arguments, &list);
    int status = interrupted(NULL) ? EXIT_INTERRUPTED : answer_inputs(session, arguments, inputs, output);
    free(line);
    free(list.data);
    return status;
}

static int answer_lines(Session *session, const Arguments *arguments, Buffer *inputs, Buffer *output)
{
    char *line = NULL;
    size_t capacity = 0, bytes;
    int worst = 0;
    while (worst != EXIT_INTERRUPTED && read_line(&line, &capacity, &bytes)) {
        int status = answer(session, arguments, line, bytes, inputs, output);
        worst = status ? status : worst;
        if (ferror(stdout)) break;
    }
    free(line);
    return interrupted(NULL) ? EXIT_INTERRUPTED : worst;
}

int run_texts(Session *session, const Arguments *arguments)
{
    Buffer inputs = {0}, output = {0};
    int worst = 0, listed = arguments->task->list && arguments->first;
    int from_options = listed || (arguments->first && (arguments->second || !arguments->task->needs_object));
    if (listed) {
        worst = answer_list(session, arguments, &inputs, &output);
    } else if (from_options) {
        worst = answer(session, arguments, "", 0, &inputs, &output);
    } else if (arguments->text_count == 0) {
        worst = answer_lines(session, arguments, &inputs, &output);
    }
    for (int i = 0; i < arguments->text_count && !from_options && worst != EXIT_INTERRUPTED; i++) {
        int status = answer(session, arguments, arguments->texts[i], strlen(arguments->texts[i]), &inputs, &output);
        worst = status ? status : worst;
    }
    free(inputs.data);
    free(output.data);
    return worst;
}
