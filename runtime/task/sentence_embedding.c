/* sentence-embedding: one vector per text. Texts that are too long are cut, as sentence-transformers does. */
#include "runtime/task/pool.h"
#include "runtime/task/task.h"

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

static hf2c_status prepare(hf2c_run *run, const void *options, hf2c_job *job)
{
    const SentenceEmbedding *o = options;
    hf2c_encoding *encoding = hf2c_job_single(run, job);
    hf2c_tokenization tokenization = {.strategy = HF2C_TRUNCATE_LONGEST_FIRST, .max_length = o->max_length};
    return encoding ? hf2c_run_encode(run, job->input.text, (hf2c_text){0}, tokenization, encoding, NULL) : HF2C_TOO_SMALL;
}

static hf2c_status finish(hf2c_run *run, const void *options, const hf2c_job *job)
{
    const SentenceEmbedding *o = options;
    hf2c_rows_result states = job->results[0];
    float *vector = HF2C_TAKE(run->scratch, float, states.columns);
    if (!vector) return HF2C_TOO_SMALL;
    hf2c_pool(states, (hf2c_pooling)o->pooling, o->normalize, vector);
    hf2c_write_numbers(run, vector, states.columns);
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
    .prepare = prepare,
    .finish = finish,
    .outputs = {"last_hidden_state"},
    .output = hf2c_embedding_output,
};
