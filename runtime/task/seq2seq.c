/* seq2seq: see seq2seq.h. */
#include "runtime/task/seq2seq.h"

#include <string.h>

const hf2c_option hf2c_seq2seq_rows[HF2C_SEQ2SEQ_ROWS] = {
#define GENERATION_OPTION(name, kind, field, choices, help)                                                            \
    {name, HF2C_OPTION_##kind, offsetof(hf2c_generation, field), choices, help},
#include "runtime/task/generation_options.def"
#undef GENERATION_OPTION
    {"prefix", HF2C_OPTION_TEXT, offsetof(hf2c_seq2seq, prefix), NULL, "put before every text"},
    {"src_lang", HF2C_OPTION_TEXT, offsetof(hf2c_seq2seq, src_lang), NULL, "language of the text, as the tokenizer names it"},
    {"tgt_lang", HF2C_OPTION_TEXT, offsetof(hf2c_seq2seq, tgt_lang), NULL, "language of the answer, as the tokenizer names it"},
    {"return_tensors", HF2C_OPTION_FLAG, offsetof(hf2c_seq2seq, return_tensors), NULL, "token ids instead of text"},
    {"truncation", HF2C_OPTION_FLAG, offsetof(hf2c_seq2seq, truncation), NULL, "cut texts that are too long"},
};

static const hf2c_task_settings *find_settings(const hf2c_model *model, const char *task, size_t length)
{
    for (int i = 0; i < model->task_settings_count; i++) {
        const hf2c_task_settings *s = &model->task_settings[i];
        if (strlen(s->task) == length && memcmp(s->task, task, length) == 0) return s;
    }
    return NULL;
}

static void apply(const hf2c_task_settings *s, hf2c_seq2seq *o)
{
    hf2c_generation *g = &o->generation;
    if (!s) return;
    if (s->prefix) o->prefix = (hf2c_text){s->prefix, strlen(s->prefix)};
    if (s->max_length > 0) g->max_length = s->max_length;
    if (s->min_length > 0) g->min_length = s->min_length;
    if (s->num_beams > 0) g->num_beams = s->num_beams;
    if (s->early_stopping > 0) g->early_stopping = (hf2c_early_stopping)s->early_stopping;
    if (s->no_repeat_ngram_size > 0) g->no_repeat_ngram_size = s->no_repeat_ngram_size;
    if (s->length_penalty != 0) g->length_penalty = s->length_penalty;
}

void hf2c_seq2seq_defaults(void *options, const hf2c_model *model, const char *task)
{
    hf2c_seq2seq *o = options;
    hf2c_generation_init(&o->generation, model);
    apply(find_settings(model, "", 0), o);
    apply(find_settings(model, task, strlen(task)), o);
    /* The pipelines' own default of 256 new tokens, in a form that gives way to either length. */
    if (o->generation.max_new_tokens == 0 && o->generation.max_length == 0) o->generation.max_length = 257;
}

/* ---- the source ---- */

static hf2c_status join_prefix(hf2c_run *run, hf2c_text prefix, hf2c_text *text)
{
    if (prefix.bytes == 0) return HF2C_OK;
    char *whole = HF2C_TAKE(run->scratch, char, prefix.bytes + text->bytes);
    if (!whole) return HF2C_TOO_SMALL;
    memcpy(whole, prefix.text, prefix.bytes);
    memcpy(whole + prefix.bytes, text->text, text->bytes);
    *text = (hf2c_text){whole, prefix.bytes + text->bytes};
    return HF2C_OK;
}

static hf2c_status language_id(hf2c_run *run, const char *option, hf2c_text name, int32_t *id)
{
    char marked[64];
    *id = hf2c_token_id(run->context->model->tokenizer, name.text, name.bytes);
    if (*id < 0 && name.bytes <= sizeof marked - 4) { /* M2M100 writes "__en__" for "en" */
        memcpy(marked, "__", 2);
        memcpy(marked + 2, name.text, name.bytes);
        memcpy(marked + 2 + name.bytes, "__", 2);
        *id = hf2c_token_id(run->context->model->tokenizer, marked, name.bytes + 4);
    }
    if (*id >= 0 && hf2c_token_is_special(run->context->model->tokenizer, *id)) return HF2C_OK;
    hf2c_message_set(run->message, option, ": the tokenizer has no such language");
    return HF2C_BAD_ARGUMENT;
}

/* "translate English to German: " of the task translation_en_to_de, for models that tell languages by words; 0: not one of them. */
static int prefix_of_languages(const hf2c_model *model, const hf2c_seq2seq *o, hf2c_text *prefix)
{
    char task[96] = "translation_";
    size_t at = strlen(task);
    if (o->src_lang.bytes == 0 || o->tgt_lang.bytes == 0 || o->src_lang.bytes + o->tgt_lang.bytes > sizeof task - at - 4) return 0;
    memcpy(task + at, o->src_lang.text, o->src_lang.bytes);
    at += o->src_lang.bytes;
    memcpy(task + at, "_to_", 4);
    at += 4;
    memcpy(task + at, o->tgt_lang.text, o->tgt_lang.bytes);
    at += o->tgt_lang.bytes;
    const hf2c_task_settings *settings = find_settings(model, task, at);
    if (!settings || !settings->prefix) return 0;
    *prefix = (hf2c_text){settings->prefix, strlen(settings->prefix)};
    return 1;
}

/* A template puts one language token beside the end token: that one is replaced. */
static hf2c_status change_language(hf2c_run *run, hf2c_text name, hf2c_encoding *encoding)
{
    const hf2c_tokenizer *tokenizer = run->context->model->tokenizer;
    int32_t id;
    hf2c_status status = language_id(run, "src_lang", name, &id);
    for (size_t i = 0; i < encoding->count && status == HF2C_OK; i++) {
        int32_t old = encoding->ids[i];
        if (encoding->sequence[i] != -1 || old == hf2c_special_id(tokenizer, HF2C_EOS) || old == hf2c_special_id(tokenizer, HF2C_BOS)) continue;
        encoding->ids[i] = id;
        return HF2C_OK;
    }
    if (status == HF2C_OK) hf2c_message_set(run->message, "src_lang: this model's texts have no language");
    return status == HF2C_OK ? HF2C_BAD_ARGUMENT : status;
}

static hf2c_status read_source(hf2c_run *run, const hf2c_seq2seq *o, hf2c_text text, int words, hf2c_text prefix, hf2c_ids *source)
{
    hf2c_encoding encoding;
    hf2c_tokenization tokenization = {.strategy = o->truncation ? HF2C_TRUNCATE_LONGEST_FIRST : HF2C_TRUNCATE_NONE};
    hf2c_status status = join_prefix(run, prefix, &text);
    if (status == HF2C_OK) status = hf2c_run_encode(run, text, (hf2c_text){0}, tokenization, &encoding, NULL);
    if (status == HF2C_OK && o->src_lang.bytes > 0 && !words) status = change_language(run, o->src_lang, &encoding);
    if (status == HF2C_OK) *source = (hf2c_ids){encoding.ids, (int)encoding.count};
    return status;
}

/* ---- the answer ---- */

static hf2c_status write_sequence(hf2c_run *run, const hf2c_seq2seq *o, const hf2c_sequence *sequence, const char *key, const char *ids_key)
{
    hf2c_text text;
    hf2c_status status = HF2C_OK;
    if (!o->return_tensors || run->people) status = hf2c_run_decode(run, sequence->ids, sequence->count, 1, &text);
    if (status != HF2C_OK) return status;
    if (run->people) {
        hf2c_sink_bytes(run->sink, text.text, text.bytes);
        hf2c_sink_text(run->sink, "\n");
        return HF2C_OK;
    }
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, o->return_tensors ? ids_key : key, 1);
    if (o->return_tensors) hf2c_write_ids(run->sink, sequence->ids, sequence->count);
    else hf2c_sink_string(run->sink, text.text, text.bytes);
    hf2c_sink_text(run->sink, "}");
    return HF2C_OK;
}

hf2c_status hf2c_seq2seq_answer(hf2c_run *run, const hf2c_seq2seq *o, const hf2c_input *input, const char *key, const char *ids_key)
{
    hf2c_generation generation = o->generation;
    hf2c_ids source;
    hf2c_sequence *sequences;
    hf2c_text prefix = o->prefix;
    int words = prefix_of_languages(run->context->model, o, &prefix); /* that name the languages, instead of tokens */
    hf2c_status status = read_source(run, o, input->text, words, prefix, &source);
    if (status == HF2C_OK && o->tgt_lang.bytes > 0 && !words) status = language_id(run, "tgt_lang", o->tgt_lang, &generation.forced_bos);
    if (status == HF2C_OK) status = hf2c_generate_sequences(run, &generation, &source, 1, &sequences);
    if (status != HF2C_OK) return status;
    if (run->people && generation.num_beams == 1 && generation.num_return_sequences == 1)
        return hf2c_generate_streaming(run, &generation, 1, sequences);
    hf2c_generate_call call = hf2c_generate_begin(run, &generation);
    status = hf2c_generate(&call, sequences, 1);
    /* A list of texts is answered with one list, as transformers does it, unless each text has several answers. */
    int listed = !run->people && (input->form != HF2C_INPUT_ITEM || generation.num_return_sequences > 1);
    if (listed) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < generation.num_return_sequences && status == HF2C_OK; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        status = write_sequence(run, o, &sequences[i], key, ids_key);
    }
    if (listed) hf2c_sink_text(run->sink, "]");
    return status;
}
