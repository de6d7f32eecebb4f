/* calls: what NAME.h offers to programs that ask in text: requests of any task, and text that appears while it is generated. */
#include <ctype.h>
#include <string.h>

#include "compiler/emit/emit.h"
#include "runtime/task/calls.h"

enum { TEXT_BYTES_OF_TOKEN = 8 }; /* a long text has about half as many */

bool emit_answers(const Compiled *c) { return c->target->hosted && (c->tokenizer || c->facts.image) && hf2c_task_default(&c->facts); }

bool emit_generates(const Compiled *c) { return emit_answers(c) && c->tokenizer && c->facts.state_bytes && hf2c_output_find(&c->facts, "logits") >= 0; }

void emit_calls_header(Str *out, const Compiled *c)
{
    const char *name = c->name;
    size_t text_bytes = (size_t)c->facts.max_sequence * TEXT_BYTES_OF_TOKEN;
    char *big = arena_printf(c->arena, "%s", name);
    for (char *letter = big; *letter; letter++) *letter = (char)toupper((unsigned char)*letter);
    str_printf(out,
               "/* Scratch that suffices for one text of at most %zu bytes with the model's own settings; %s_request_scratch_bytes tells for\n"
               " * others. Beams, guesses and several answers need more, and more state: STATE_BYTES for each sequence. */\n"
               "#define %s_REQUEST_SCRATCH_BYTES ((size_t)%zu)\nsize_t %s_request_scratch_bytes(size_t text_bytes);\n",
               text_bytes, name, big, hf2c_call_scratch(&c->facts, text_bytes), name);
    str_printf(out,
               "/* One request, in JSON as the pipelines of transformers take and return it: inputs (\"\\\"a text\\\"\"), kwargs (\"{\\\"top_k\\\": 2}\",\n"
               " * or NULL). task: one of %s_model.tasks; NULL: the first. The answer goes to the listener in pieces, which are\n"
               " * worth nothing when the status is not HF2C_OK. */\n"
               "hf2c_status %s_request(%s_context *c, const char *task, const char *inputs, const char *kwargs, hf2c_listener *listener,\n"
               "    void *scratch, size_t scratch_bytes);\n", name, name, name);
    if (emit_generates(c))
        str_printf(out,
                   "/* Generates text behind a prompt (UTF-8), or from the source that an encoder reads; the listener hears the new text as soon as it is\n"
                   " * certain. kwargs: settings by the names of transformers, \"{\\\"max_new_tokens\\\": 40, \\\"do_sample\\\": true, \\\"seed\\\": 7}\"; NULL: the\n"
                   " * model's own. It begins anew: what prefill and decode have put into the state is gone. */\n"
                   "hf2c_status %s_generate(%s_context *c, const char *prompt, size_t bytes, const char *kwargs, hf2c_listener *listener,\n"
                   "    void *scratch, size_t scratch_bytes);\n", name, name);
    str_printf(out, "\n");
}

void emit_calls(Str *out, const Compiled *c)
{
    const char *name = c->name, *anew = c->facts.state_bytes ? "    c->past = 0;\n" : "";
    str_printf(out, "\nsize_t %s_request_scratch_bytes(size_t text_bytes)\n{\n    return hf2c_call_scratch(&%s_model, text_bytes);\n}\n", name, name);
    str_printf(out,
               "\nhf2c_status %s_request(%s_context *c, const char *task, const char *inputs, const char *kwargs, hf2c_listener *listener,\n"
               "    void *scratch, size_t scratch_bytes)\n{\n    if (!c || !inputs || !listener || !scratch) return HF2C_BAD_ARGUMENT;\n"
               "    hf2c_scratch room = {scratch, scratch_bytes, 0};\n%s"
               "    return hf2c_call_request(&c->context, task, inputs, kwargs, listener, &room);\n}\n", name, name, anew);
    if (emit_generates(c))
        str_printf(out,
                   "\nhf2c_status %s_generate(%s_context *c, const char *prompt, size_t bytes, const char *kwargs, hf2c_listener *listener,\n"
                   "    void *scratch, size_t scratch_bytes)\n{\n    if (!c || !prompt || !listener || !scratch) return HF2C_BAD_ARGUMENT;\n"
                   "    hf2c_scratch room = {scratch, scratch_bytes, 0};\n%s"
                   "    return hf2c_call_generate(&c->context, prompt, bytes, kwargs, listener, &room);\n}\n", name, name, anew);
}
