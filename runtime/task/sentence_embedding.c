/* sentence-embedding: one vector per text. Texts that are too long are cut, as sentence-transformers does. */
#include "runtime/task/pool.h"

typedef struct SentenceEmbedding {
    int normalize, pooling, max_length;
} SentenceEmbedding;

static const hf2c_option rows[] = {
    {"normalize", HF2C_OPTION_FLAG, offsetof(SentenceEmbedding, normalize), NULL, "scale vectors to length 1"},
    {"pooling", HF2C_OPTION_CHOICE, offsetof(SentenceEmbedding, pooling), "none mean cls max last",
     "from tokens to one vector: mean, cls, max or last"},
    {"max_length", HF2C_OPTION_COUNT, offsetof(SentenceEmbedding, max_length), NULL, "tokens to cut a text to"},
};

static void defaults(void *options, const hf2c_model *model)
{
    SentenceEmbedding *o = options;
    o->normalize = model->normalize;
    o->pooling = model->pooling;
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const SentenceEmbedding *o = options;
    const char *names[] = {"last_hidden_state"};
    hf2c_encoding encoding;
    hf2c_rows_result states;
    hf2c_tokenization tokenization = {.strategy = HF2C_TRUNCATE_LONGEST_FIRST, .max_length = o->max_length};
    hf2c_status status = hf2c_run_encode(run, input->text, (hf2c_text){0}, tokenization, &encoding, NULL);
    if (status == HF2C_OK) status = hf2c_run_forward(run, &encoding, (hf2c_ids){0}, names, 1, &states);
    if (status != HF2C_OK) return status;
    float *vector = HF2C_TAKE(run->scratch, float, states.columns);
    if (!vector) return HF2C_TOO_SMALL;
    hf2c_pool(states, (hf2c_pooling)o->pooling, o->normalize, vector);
    hf2c_sink_text(run->sink, run->people ? "" : "[");
    for (int i = 0; i < states.columns; i++) {
        if (i > 0) hf2c_sink_text(run->sink, run->people ? " " : ", ");
        hf2c_sink_number(run->sink, vector[i]);
    }
    hf2c_sink_text(run->sink, run->people ? "\n" : "]");
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_sentence_embedding;
const hf2c_task hf2c_task_sentence_embedding = {
    .name = "sentence-embedding",
    .aliases = "embedding",
    .summary = "one vector per text",
    .first = "text",
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(SentenceEmbedding),
    .defaults = defaults,
    .answer = answer,
};
