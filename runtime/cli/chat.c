/* chat: a conversation: lines of standard input are the user's, what the model answers is kept with them. Every turn gives the model
 * the whole conversation; what its cache still holds of it is not read again. */
#include "runtime/cli/cli.h"
#include "runtime/cli/system.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t local_now(void)
{
    time_t now = time(NULL);
    struct tm local, world;
    if (!system_calendar(now, &local, &world)) return 0;
    world.tm_isdst = local.tm_isdst;
    return (int64_t)now + (int64_t)difftime(mktime(&local), mktime(&world));
}

typedef struct Chat {
    Session *session;
    const Arguments *arguments;
    Buffer messages; /* a JSON list without its end */
    Buffer reply;
} Chat;

/* What is answered is shown and kept. */
static int show(void *to, const char *bytes, size_t count)
{
    Chat *chat = to;
    buffer_add(&chat->reply, bytes, count);
    return file_write(stdout, bytes, count);
}

static void add_message(Buffer *messages, const char *role, const char *text, size_t bytes)
{
    buffer_text(messages, messages->length > 1 ? ", {\"role\": " : "{\"role\": ");
    buffer_json_string(messages, role, strlen(role));
    buffer_text(messages, ", \"content\": ");
    buffer_json_string(messages, text, bytes);
    buffer_text(messages, "}");
}

/* A turn that fails is forgotten. */
static int answer(Chat *chat, const char *line, size_t length)
{
    hf2c_message message = {""};
    hf2c_sink sink = {.write = show, .to = chat};
    const Buffer *kwargs = &chat->arguments->kwargs;
    size_t before = chat->messages.length;
    add_message(&chat->messages, "user", line, length);
    size_t whole = chat->messages.length;
    buffer_text(&chat->messages, "]");
    chat->reply.length = 0;
    hf2c_status status = session_request(chat->session, chat->arguments->task, (hf2c_text){chat->messages.data, chat->messages.length},
                                         (hf2c_text){kwargs->data, kwargs->length}, &sink, 1, &message);
    chat->messages.length = status == HF2C_OK ? whole : before;
    fflush(stdout);
    if (status == HF2C_CANCELLED && interrupted(NULL)) return EXIT_INTERRUPTED;
    if (status != HF2C_OK || message.text[0]) fprintf(stderr, "%s\n", failure_text(status, &message));
    if (status != HF2C_OK) return EXIT_BAD_INPUT;
    size_t shown = chat->reply.length;
    if (shown > 0 && chat->reply.data[shown - 1] == '\n') shown--; /* ends the line on the screen */
    add_message(&chat->messages, "assistant", chat->reply.data, shown);
    return sink.failed ? EXIT_BAD_INPUT : 0;
}

static void ask(int terminal)
{
    if (!terminal) return;
    fputs("> ", stdout);
    fflush(stdout);
}

int run_chat(Session *session, const Arguments *arguments)
{
    Chat chat = {.session = session, .arguments = arguments};
    char *line = NULL;
    size_t capacity = 0;
    long long length;
    int worst = 0, terminal = system_terminal();
    const hf2c_baked *baked = session->model->baked;
    buffer_text(&chat.messages, "[");
    if (baked && baked->system) add_message(&chat.messages, "system", baked->system, strlen(baked->system));
    for (ask(terminal); !interrupted(NULL) && (length = system_line(&line, &capacity, stdin)) >= 0; ask(terminal)) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
        int status = length > 0 ? answer(&chat, line, (size_t)length) : 0;
        worst = status ? status : worst;
        if (status == EXIT_INTERRUPTED || ferror(stdout)) break;
    }
    if (terminal) putchar('\n');
    free(line);
    free(chat.messages.data);
    free(chat.reply.data);
    return interrupted(NULL) ? EXIT_INTERRUPTED : worst;
}
