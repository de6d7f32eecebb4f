/* jsonl: requests as lines of JSON, one answer line each. A bad line gets {"error": ...}; the next line goes on. */
#include "runtime/cli/cli.h"
#include "runtime/cli/system.h"

#include <stdlib.h>
#include <string.h>

typedef struct Request {
    const hf2c_task *task;
    hf2c_text inputs, prompts, kwargs; /* JSON text; NULL: absent */
    hf2c_text tools, documents;        /* the same; they count as kwargs */
    Buffer merged;                     /* kwargs with those */
} Request;

/* The text of the value on which the scanner stands; moves behind it. */
static hf2c_text raw_value(JsonScanner *scanner)
{
    const char *start = scanner->start - (scanner->kind == JSON_STRING);
    if (!json_skip(scanner)) return (hf2c_text){0};
    return (hf2c_text){start, (size_t)(scanner->text + scanner->at - start)};
}

static const char *read_task(JsonScanner *scanner, const hf2c_model *model, const hf2c_task **task)
{
    char name[64];
    if (scanner->kind != JSON_STRING || scanner->length >= sizeof name) return "task: wanted the name of a task";
    *task = hf2c_task_find(name, json_string(scanner, name, NULL));
    return *task && hf2c_task_allowed(model, *task) ? NULL : "task: this model cannot do that";
}

/* NULL, or what was wrong. */
static const char *read_object(JsonScanner *scanner, const hf2c_model *model, Request *request)
{
    while (json_next(scanner) == JSON_KEY) {
        hf2c_text *value = json_is(scanner, "inputs") || json_is(scanner, "messages") ? &request->inputs
                           : json_is(scanner, "prompts")                              ? &request->prompts
                           : json_is(scanner, "kwargs")                               ? &request->kwargs
                           : json_is(scanner, "tools")                                ? &request->tools
                           : json_is(scanner, "documents")                            ? &request->documents
                                                                                      : NULL;
        int task = json_is(scanner, "task");
        if (!value && !task) return "unknown key; known: inputs, messages, prompts, kwargs, tools, documents, task";
        json_next(scanner);
        if (value) *value = raw_value(scanner);
        const char *wrong = task ? read_task(scanner, model, &request->task) : NULL;
        if (wrong) return wrong;
    }
    if (scanner->kind != JSON_OBJECT_END) return NULL; /* the caller reports broken JSON */
    return !request->inputs.text == !request->prompts.text ? "wanted either inputs or prompts" : NULL;
}

static void merge_value(Buffer *merged, const char *name, hf2c_text value)
{
    if (!value.text) return;
    buffer_text(merged, merged->length > 1 ? ", " : "");
    buffer_json_string(merged, name, strlen(name));
    buffer_text(merged, ": ");
    buffer_write(merged, value.text, value.bytes);
}

/* {"messages": ..., "tools": ...} is {"inputs": ..., "kwargs": {"tools": ...}}. */
static void merge_kwargs(const Arguments *arguments, Request *request)
{
    Buffer *merged = &request->merged;
    hf2c_text kwargs = request->kwargs;
    if (!kwargs.text && arguments->kwargs.length > 0) kwargs = (hf2c_text){arguments->kwargs.data, arguments->kwargs.length};
    if (!request->tools.text && !request->documents.text) return;
    buffer_text(merged, "{");
    merge_value(merged, "tools", request->tools);
    merge_value(merged, "documents", request->documents);
    size_t first = kwargs.text && kwargs.bytes > 0 ? 1 : 0;
    while (first < kwargs.bytes && strchr(" \t", kwargs.text[first])) first++;
    if (first < kwargs.bytes && kwargs.text[first] != '}') buffer_text(merged, ", ");
    if (kwargs.text) buffer_write(merged, kwargs.text + first, kwargs.bytes - first);
    else buffer_text(merged, "}");
    request->kwargs = (hf2c_text){merged->data, merged->length};
}

static const char *read_request(const char *line, size_t length, const hf2c_model *model, Request *request,
                                size_t *wrong_at)
{
    JsonScanner scanner;
    const char *wrong = NULL;
    json_scan_begin(&scanner, line, length);
    if (json_next(&scanner) == JSON_OBJECT) {
        wrong = read_object(&scanner, model, request);
    } else if (scanner.kind == JSON_STRING || scanner.kind == JSON_ARRAY) {
        request->inputs = raw_value(&scanner);
    } else if (scanner.kind != JSON_ERROR) {
        wrong = "wanted a text, a list or an object";
    }
    if (!wrong && scanner.kind != JSON_ERROR) json_next(&scanner);
    if (wrong || scanner.kind != JSON_ERROR) return wrong;
    *wrong_at = scanner.error_at + 1;
    return scanner.error;
}

/* kwargs of the command line hold for every line that brings none of its own. */
static hf2c_status answer(Session *session, const Arguments *arguments, const Request *request, Buffer *output,
                          hf2c_message *message)
{
    hf2c_sink sink = {.write = buffer_write, .to = output};
    hf2c_text kwargs =
        request->kwargs.text ? request->kwargs : (hf2c_text){arguments->kwargs.data, arguments->kwargs.length};
    if (!request->prompts.text)
        return session_request(session, request->task, request->inputs, kwargs, &sink, 0, message);
    if (!session->model->state_bytes || hf2c_output_find(session->model, "logits") < 0) {
        hf2c_message_set(message, "prompts: this model does not generate");
        return HF2C_NOT_SUPPORTED;
    }
    return session_request(session, NULL, request->prompts, kwargs, &sink, 0, message);
}

static void write_error(Buffer *output, const char *text, size_t at)
{
    char place[48] = "";
    if (at > 0) snprintf(place, sizeof place, " (column %zu)", at);
    Buffer whole = {0};
    buffer_text(&whole, text);
    buffer_text(&whole, place);
    output->length = 0;
    buffer_text(output, "{\"error\": ");
    buffer_json_string(output, whole.data, whole.length);
    buffer_text(output, "}");
    free(whole.data);
}

/* Returns false when the output is gone. */
static int answer_line(Session *session, const Arguments *arguments, const char *line, size_t length, Buffer *output)
{
    Request request = {.task = arguments->task};
    hf2c_message message = {""};
    size_t at = 0;
    const char *wrong = read_request(line, length, session->model, &request, &at);
    output->length = 0;
    if (wrong) {
        write_error(output, wrong, at);
    } else {
        merge_kwargs(arguments, &request);
        hf2c_status status = answer(session, arguments, &request, output, &message);
        if (status != HF2C_OK) write_error(output, failure_text(status, &message), 0);
    }
    free(request.merged.data);
    buffer_text(output, "\n");
    fwrite(output->data, 1, output->length, stdout);
    return fflush(stdout) == 0;
}

int run_jsonl(Session *session, const Arguments *arguments)
{
    Buffer output = {0};
    char *line = NULL;
    size_t capacity = 0;
    long long length;
    int good = 1;
    while (good && !interrupted(NULL) && (length = system_line(&line, &capacity, stdin)) >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
        if (length > 0) good = answer_line(session, arguments, line, (size_t)length, &output);
    }
    free(line);
    free(output.data);
    if (interrupted(NULL)) return EXIT_INTERRUPTED;
    return good ? 0 : EXIT_BAD_INPUT;
}
