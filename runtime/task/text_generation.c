/* text-generation: continues prompts. */
#include "runtime/task/generation.h"

#include "runtime/task/conversation.h"

#include <string.h>

typedef struct TextGeneration {
    hf2c_generation generation; /* first: the table of its options counts from it */
    int return_full_text, return_tensors, skip_special_tokens, add_special_tokens;
    hf2c_conversation_extras extras;
} TextGeneration;

static const hf2c_option rows[] = {
#define GENERATION_OPTION(name, kind, field, choices, help)                                                            \
    {name, HF2C_OPTION_##kind, offsetof(hf2c_generation, field), choices, help},
#include "runtime/task/generation_options.def"
#undef GENERATION_OPTION
    {"return_full_text", HF2C_OPTION_FLAG, offsetof(TextGeneration, return_full_text), NULL,
     "with the prompt in front (default) or without"},
    {"return_tensors", HF2C_OPTION_FLAG, offsetof(TextGeneration, return_tensors), NULL, "token ids instead of text"},
    {"skip_special_tokens", HF2C_OPTION_FLAG, offsetof(TextGeneration, skip_special_tokens), NULL,
     "leave special tokens out of the text"},
    {"add_special_tokens", HF2C_OPTION_FLAG, offsetof(TextGeneration, add_special_tokens), NULL,
     "begin as the tokenizer's template says"},
    {"tools", HF2C_OPTION_LIST, offsetof(TextGeneration, extras.tools), NULL,
     "descriptions of functions that the chat template tells the model of"},
    {"documents", HF2C_OPTION_LIST, offsetof(TextGeneration, extras.documents), NULL,
     "texts that the chat template shows the model"},
    {"chat_template_kwargs", HF2C_OPTION_OBJECT, offsetof(TextGeneration, extras.variables), NULL,
     "further variables for the chat template"},
};

static void defaults(void *options, const hf2c_model *model)
{
    TextGeneration *o = options;
    hf2c_generation_init(&o->generation, model);
    /* The pipeline's own default. */
    if (o->generation.max_new_tokens == 0 && o->generation.max_length == 0) o->generation.max_new_tokens = 256;
    o->return_full_text = 1;
    o->skip_special_tokens = 1;
    o->add_special_tokens = 1;
}

/* ---- JSON ---- */

/* What the text is written behind: a prompt or a conversation. */
typedef struct Origin {
    hf2c_text prompt;
    const hf2c_conversation *conversation; /* NULL: none */
} Origin;

static hf2c_status write_text(hf2c_run *run, const TextGeneration *o, const Origin *origin, hf2c_text text)
{
    size_t before = o->return_full_text ? origin->prompt.bytes : 0;
    hf2c_sink_key(run->sink, "generated_text", 1);
    if (origin->conversation && o->return_full_text) return hf2c_conversation_write(run, origin->conversation, text);
    if (origin->conversation) before = 0;
    char *whole = HF2C_TAKE(run->scratch, char, before + text.bytes);
    if (!whole) return HF2C_TOO_SMALL;
    memcpy(whole, origin->prompt.text, before);
    memcpy(whole + before, text.text, text.bytes);
    hf2c_sink_string(run->sink, whole, before + text.bytes);
    return HF2C_OK;
}

static hf2c_status write_sequence(hf2c_run *run, const TextGeneration *o, const Origin *origin,
                                  const hf2c_sequence *sequence)
{
    hf2c_text text;
    hf2c_sink_text(run->sink, "{");
    if (o->return_tensors) {
        hf2c_sink_key(run->sink, "generated_token_ids", 1);
        hf2c_write_ids(run->sink, sequence->ids, sequence->count);
        hf2c_sink_text(run->sink, "}");
        return HF2C_OK;
    }
    hf2c_status status = hf2c_run_decode(run, sequence->ids + sequence->prompt, sequence->count - sequence->prompt,
                                         o->skip_special_tokens, &text);
    if (status == HF2C_OK) status = write_text(run, o, origin, text);
    hf2c_sink_text(run->sink, "}");
    return status;
}

static hf2c_status answer_json(hf2c_run *run, const TextGeneration *o, const Origin *origin, hf2c_sequence *sequences)
{
    hf2c_generate_call call = hf2c_generate_begin(run, &o->generation);
    hf2c_status status = hf2c_generate(&call, sequences, 1);
    hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < o->generation.num_return_sequences && status == HF2C_OK; i++) {
        if (i > 0) hf2c_sink_text(run->sink, ", ");
        status = write_sequence(run, o, origin, &sequences[i]);
    }
    hf2c_sink_text(run->sink, "]");
    return status;
}

/* ---- for people: one text that appears while it is generated; several one after another ---- */

static hf2c_status answer_whole(hf2c_run *run, const TextGeneration *o, hf2c_text shown, hf2c_sequence *sequences)
{
    hf2c_generate_call call = hf2c_generate_begin(run, &o->generation);
    hf2c_status status = hf2c_generate(&call, sequences, 1);
    for (int i = 0; i < o->generation.num_return_sequences && status == HF2C_OK; i++) {
        hf2c_text text;
        status = hf2c_run_decode(run, sequences[i].ids + sequences[i].prompt, sequences[i].count - sequences[i].prompt,
                                 o->skip_special_tokens, &text);
        hf2c_sink_bytes(run->sink, shown.text, shown.bytes);
        if (status == HF2C_OK) hf2c_sink_bytes(run->sink, text.text, text.bytes);
        hf2c_sink_text(run->sink, "\n");
    }
    return status;
}

static hf2c_status answer_origin(hf2c_run *run, const TextGeneration *o, const Origin *origin, int add_special_tokens)
{
    hf2c_ids prompt;
    hf2c_sequence *sequences;
    hf2c_status status = hf2c_generate_prompt(run, &o->generation, origin->prompt, add_special_tokens, &prompt);
    if (status == HF2C_OK) status = hf2c_generate_sequences(run, &o->generation, &prompt, 1, &sequences);
    if (status != HF2C_OK) return status;
    if (!run->people) return answer_json(run, o, origin, sequences);
    hf2c_text shown = o->return_full_text && !origin->conversation && !run->only_new ? origin->prompt : (hf2c_text){"", 0};
    if (o->generation.num_beams > 1 || o->generation.num_return_sequences > 1)
        return answer_whole(run, o, shown, sequences);
    hf2c_sink_bytes(run->sink, shown.text, shown.bytes);
    return hf2c_generate_streaming(run, &o->generation, o->skip_special_tokens, sequences);
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const TextGeneration *o = options;
    hf2c_conversation conversation;
    if (!input->conversation.text) return answer_origin(run, o, &(Origin){.prompt = input->text}, o->add_special_tokens);
    hf2c_status status = hf2c_conversation_read(run, input->conversation, &o->extras, &conversation);
    if (status != HF2C_OK) return status;
    return answer_origin(run, o, &(Origin){conversation.prompt, &conversation}, 0);
}

extern const hf2c_task hf2c_task_text_generation;
const hf2c_task hf2c_task_text_generation = {
    .name = "text-generation",
    .aliases = "",
    .summary = "continues a text",
    .first = "text",
    .converses = 1,
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(TextGeneration),
    .defaults = defaults,
    .answer = answer,
};
