/* texts: inputs from the command line or the lines of standard input; text for people or JSON out. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/cli/cli.h"

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

static int report(hf2c_status status, const hf2c_message *message)
{
    if (status == HF2C_CANCELLED && interrupted(NULL)) return EXIT_INTERRUPTED;
    fflush(stdout);
    fprintf(stderr, "%s\n", failure_text(status, message));
    return EXIT_BAD_INPUT;
}

/* For people the answer appears while it is made; JSON appears whole or not at all. */
static int answer(Session *session, const Arguments *arguments, const char *text, size_t bytes, Buffer *inputs,
                  Buffer *output)
{
    int people = arguments->mode == MODE_PEOPLE;
    hf2c_message message = {""};
    hf2c_sink sink = {.write = people ? file_write : buffer_write, .to = people ? (void *)stdout : (void *)output};
    write_inputs(inputs, arguments, text, bytes);
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

static int answer_lines(Session *session, const Arguments *arguments, Buffer *inputs, Buffer *output)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    int worst = 0;
    while (worst != EXIT_INTERRUPTED && !interrupted(NULL) && (length = getline(&line, &capacity, stdin)) >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
        int status = answer(session, arguments, line, (size_t)length, inputs, output);
        worst = status ? status : worst;
        if (ferror(stdout)) break;
    }
    free(line);
    return interrupted(NULL) ? EXIT_INTERRUPTED : worst;
}

int run_texts(Session *session, const Arguments *arguments)
{
    Buffer inputs = {0}, output = {0};
    int worst = 0, from_options = arguments->first && (arguments->second || !arguments->task->needs_object);
    if (from_options) {
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
