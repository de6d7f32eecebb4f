#include "runtime/task/conversation.h"

#include <string.h>

static hf2c_status refuse(hf2c_run *run, const char *what)
{
    hf2c_message_set(run->message, "messages: ", what);
    return HF2C_BAD_ARGUMENT;
}

/* ---- reading ---- */

static hf2c_status read_field(hf2c_run *run, JsonScanner *scanner, hf2c_conversation *conversation)
{
    hf2c_text *field = json_is(scanner, "role") ? &conversation->role : json_is(scanner, "content") ? &conversation->content : NULL;
    json_next(scanner);
    if (field && scanner->kind == JSON_STRING) return hf2c_option_text(scanner, field, run->scratch);
    return json_skip(scanner) ? HF2C_OK : refuse(run, "broken JSON");
}

static hf2c_status read_message(hf2c_run *run, JsonScanner *scanner, hf2c_conversation *conversation)
{
    hf2c_status status = HF2C_OK;
    conversation->before_last = (size_t)(scanner->start - conversation->messages.text);
    conversation->role = conversation->content = (hf2c_text){0};
    while (status == HF2C_OK && json_next(scanner) == JSON_KEY) status = read_field(run, scanner, conversation);
    if (status == HF2C_OK && scanner->kind != JSON_OBJECT_END) return refuse(run, "broken JSON");
    if (status == HF2C_OK && !conversation->role.text) return refuse(run, "one has no \"role\"");
    return status;
}

static hf2c_status read_messages(hf2c_run *run, hf2c_conversation *conversation)
{
    JsonScanner scanner;
    json_scan_begin(&scanner, conversation->messages.text, conversation->messages.bytes);
    if (json_next(&scanner) != JSON_ARRAY) return refuse(run, "wanted a list");
    hf2c_scratch before = *run->scratch;
    int count = 0;
    for (; json_next(&scanner) == JSON_OBJECT; count++) {
        *run->scratch = before; /* only the last message is kept */
        hf2c_status status = read_message(run, &scanner, conversation);
        if (status != HF2C_OK) return status;
    }
    if (scanner.kind != JSON_ARRAY_END || count == 0) return refuse(run, "wanted objects with \"role\" and \"content\"");
    conversation->continues =
        conversation->role.bytes == 9 && memcmp(conversation->role.text, "assistant", 9) == 0 && conversation->content.text;
    return HF2C_OK;
}

/* ---- the template ---- */

/* The text lies first in the scratch, and only it stays taken. */
static hf2c_status render(hf2c_run *run, const hf2c_chat_request *request, size_t bytes, hf2c_text *prompt)
{
    const hf2c_tokenizer *tokenizer = run->context->model->tokenizer;
    hf2c_scratch before = *run->scratch;
    size_t capacity = bytes / 4, length = 0;
    char *text = HF2C_TAKE(run->scratch, char, capacity);
    void *work = text ? hf2c_scratch_take(run->scratch, bytes, 1) : NULL;
    if (!work) {
        *run->scratch = before;
        return HF2C_NO_MEMORY;
    }
    hf2c_status status = hf2c_chat(tokenizer, request, text, capacity, &length, run->message, work, bytes);
    *run->scratch = before;
    if (status == HF2C_OK) text = HF2C_TAKE(run->scratch, char, length + 1);
    *prompt = (hf2c_text){text, length};
    return status;
}

/* More memory until it suffices. */
static hf2c_status render_all(hf2c_run *run, const hf2c_chat_request *request, hf2c_text *prompt)
{
    enum { MEMORY_MOST = 1 << 28 };
    size_t bytes = hf2c_chat_scratch(run->context->model->tokenizer, request);
    hf2c_status status = HF2C_TOO_SMALL;
    for (; status == HF2C_TOO_SMALL && bytes <= MEMORY_MOST; bytes *= 4) {
        run->message->text[0] = '\0';
        status = render(run, request, bytes, prompt);
    }
    return status == HF2C_NO_MEMORY ? HF2C_TOO_SMALL : status;
}

static int is_space(char c) { return c == ' ' || (c >= 9 && c <= 13); }

/* The prompt ends where the last message does; what the template puts behind it goes. The template may have stripped it. */
static hf2c_status cut_behind(hf2c_run *run, hf2c_conversation *conversation)
{
    hf2c_text text = conversation->content, *prompt = &conversation->prompt;
    size_t left = 0, right = text.bytes, at;
    while (left < right && is_space(text.text[left])) left++;
    size_t whole = right - left;
    while (right > left && is_space(text.text[right - 1])) right--;
    size_t stripped = right - left;
    if (stripped > prompt->bytes) return refuse(run, "the chat template does not show the last one, which is to be continued");
    for (at = prompt->bytes - stripped + 1; at > 0; at--)
        if (memcmp(prompt->text + at - 1, text.text + left, stripped) == 0) break;
    if (at == 0) return refuse(run, "the chat template does not show the last one, which is to be continued");
    at--;
    int kept = whole <= prompt->bytes - at && left == 0 && memcmp(prompt->text + at, text.text, whole) == 0;
    prompt->bytes = at + (kept ? whole : stripped);
    return HF2C_OK;
}

hf2c_status hf2c_conversation_read(hf2c_run *run, hf2c_text messages, const hf2c_conversation_extras *extras,
                                   hf2c_conversation *conversation)
{
    const hf2c_tokenizer *tokenizer = run->context->model->tokenizer;
    *conversation = (hf2c_conversation){.messages = messages};
    if (!tokenizer || !hf2c_has_chat(tokenizer)) {
        hf2c_message_set(run->message, "messages: this model has no chat template");
        return HF2C_NOT_SUPPORTED;
    }
    hf2c_status status = read_messages(run, conversation);
    if (status != HF2C_OK) return status;
    hf2c_chat_request request = {.messages = messages.text, .messages_bytes = messages.bytes, .now = run->now,
                                 .tools = extras->tools.text, .tools_bytes = extras->tools.bytes,
                                 .documents = extras->documents.text, .documents_bytes = extras->documents.bytes,
                                 .variables = extras->variables.text, .variables_bytes = extras->variables.bytes};
    request.add_generation_prompt = !conversation->continues;
    status = render_all(run, &request, &conversation->prompt);
    return status == HF2C_OK && conversation->continues ? cut_behind(run, conversation) : status;
}

/* ---- writing ---- */

hf2c_status hf2c_conversation_write(hf2c_run *run, const hf2c_conversation *conversation, hf2c_text reply)
{
    static const hf2c_text assistant = {"assistant", 9};
    hf2c_text list = conversation->messages, role = conversation->continues ? conversation->role : assistant, before = {"", 0};
    if (conversation->continues) before = conversation->content;
    char *content = HF2C_TAKE(run->scratch, char, before.bytes + reply.bytes + 1);
    if (!content) return HF2C_TOO_SMALL;
    if (before.bytes > 0) memcpy(content, before.text, before.bytes);
    if (reply.bytes > 0) memcpy(content + before.bytes, reply.text, reply.bytes);
    while (list.text[list.bytes - 1] != ']') list.bytes--;
    hf2c_sink_bytes(run->sink, list.text, conversation->continues ? conversation->before_last : list.bytes - 1);
    hf2c_sink_text(run->sink, conversation->continues ? "{" : ", {");
    hf2c_sink_key(run->sink, "role", 1);
    hf2c_sink_string(run->sink, role.text, role.bytes);
    hf2c_sink_key(run->sink, "content", 0);
    hf2c_sink_string(run->sink, content, before.bytes + reply.bytes);
    hf2c_sink_text(run->sink, "}]");
    return HF2C_OK;
}
