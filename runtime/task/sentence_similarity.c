/* sentence-similarity: cosines of a sentence's embedding with those of others. */
#include "runtime/task/similarity.h"

typedef struct SentenceSimilarity {
    hf2c_similarity similarity;
} SentenceSimilarity;

static const hf2c_option rows[] = {HF2C_SIMILARITY_OPTIONS(SentenceSimilarity, similarity)};

static void defaults(void *options, const hf2c_model *model)
{
    SentenceSimilarity *o = options;
    o->similarity.pooling = model->pooling;
}

static void write_people(hf2c_run *run, hf2c_text sentence, float cosine)
{
    hf2c_sink_fixed(run->sink, cosine, 4);
    hf2c_sink_text(run->sink, "  ");
    hf2c_sink_bytes(run->sink, sentence.text, sentence.bytes);
    hf2c_sink_text(run->sink, "\n");
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const SentenceSimilarity *o = options;
    float *cosines = HF2C_TAKE(run->scratch, float, input->list.count);
    if (!cosines) return HF2C_TOO_SMALL;
    hf2c_status status = hf2c_similarities(run, &o->similarity, input->text, input->list, cosines);
    if (status != HF2C_OK) return status;
    if (!run->people) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < input->list.count; i++) {
        if (run->people) {
            write_people(run, input->list.texts[i], cosines[i]);
            continue;
        }
        if (i > 0) hf2c_sink_text(run->sink, ", ");
        hf2c_sink_number(run->sink, cosines[i]);
    }
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return HF2C_OK;
}

extern const hf2c_task hf2c_task_sentence_similarity;
const hf2c_task hf2c_task_sentence_similarity = {
    .name = "sentence-similarity",
    .aliases = "",
    .summary = "how alike a sentence and others are, from -1 to 1",
    .first = "source_sentence",
    .list = "sentences",
    .needs_object = 1,
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(SentenceSimilarity),
    .defaults = defaults,
    .answer = answer,
};
