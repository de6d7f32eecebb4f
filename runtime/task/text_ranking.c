/* text-ranking: documents by what they say about a query. Models with one label read query and document as a pair; the others
 * compare embeddings. The answer is that of CrossEncoder.rank() of sentence-transformers. */
#include "runtime/task/similarity.h"

enum { FUNCTION_OF_MODEL = HF2C_FUNCTION_SIGMOID + 1 }; /* behind those of hf2c_function */

typedef struct TextRanking {
    hf2c_similarity similarity;
    int top_k, return_documents; /* top_k 0: all */
    int function_to_apply;       /* hf2c_function, or FUNCTION_OF_MODEL */
} TextRanking;

static const hf2c_option rows[] = {
    {"top_k", HF2C_OPTION_COUNT, offsetof(TextRanking, top_k), NULL, "documents to return; null: all"},
    {"return_documents", HF2C_OPTION_FLAG, offsetof(TextRanking, return_documents), NULL, "with the text of each document"},
    {"function_to_apply", HF2C_OPTION_CHOICE, offsetof(TextRanking, function_to_apply), "none softmax sigmoid",
     "how the logit of a pair becomes a score: none, softmax or sigmoid"},
    HF2C_SIMILARITY_OPTIONS(TextRanking, similarity),
};

static void defaults(void *options, const hf2c_model *model)
{
    TextRanking *o = options;
    o->similarity.pooling = model->pooling;
    o->function_to_apply = FUNCTION_OF_MODEL;
}

/* ---- pairs ---- */

/* Scores of at most as many documents as go through the model at once. */
static hf2c_status score_pairs(hf2c_run *run, const TextRanking *o, hf2c_text query, hf2c_texts documents, float *scores)
{
    static const char *const names[] = {"logits"};
    hf2c_encoding *encodings = HF2C_TAKE(run->scratch, hf2c_encoding, documents.count);
    hf2c_forward_item *items = HF2C_TAKE(run->scratch, hf2c_forward_item, documents.count);
    hf2c_rows_result *logits = HF2C_TAKE(run->scratch, hf2c_rows_result, documents.count);
    hf2c_tokenization tokenization = {.strategy = HF2C_TRUNCATE_LONGEST_FIRST, .max_length = o->similarity.max_length};
    hf2c_function function = o->function_to_apply == FUNCTION_OF_MODEL ? hf2c_score_function(run->context->model)
                                                                       : (hf2c_function)o->function_to_apply;
    hf2c_status status = encodings && items && logits ? HF2C_OK : HF2C_TOO_SMALL;
    for (int i = 0; i < documents.count && status == HF2C_OK; i++) {
        status = hf2c_run_encode(run, query, documents.texts[i], tokenization, &encodings[i], NULL);
        items[i] = (hf2c_forward_item){.encoding = &encodings[i]};
    }
    if (status == HF2C_OK) status = hf2c_run_forward_all(run, items, documents.count, names, 1, logits);
    for (int i = 0; i < documents.count && status == HF2C_OK; i++) hf2c_scores(function, logits[i].values, 1, &scores[i]);
    return status;
}

static hf2c_status score(hf2c_run *run, const TextRanking *o, const hf2c_input *input, float *scores)
{
    hf2c_status status = HF2C_OK;
    int together = hf2c_run_together(run), pairs = hf2c_output_find(run->context->model, "logits") >= 0;
    hf2c_texts documents = input->list;
    if (!pairs) return hf2c_similarities(run, &o->similarity, input->text, documents, scores);
    for (int done = 0, count; done < documents.count && status == HF2C_OK; done += count) {
        hf2c_scratch before = *run->scratch;
        count = documents.count - done < together ? documents.count - done : together;
        status = score_pairs(run, o, input->text, (hf2c_texts){documents.texts + done, count}, scores + done);
        *run->scratch = before;
    }
    return status;
}

/* ---- the answer ---- */

static void write_entry(hf2c_run *run, const TextRanking *o, int number, hf2c_text document, float value)
{
    if (run->people) {
        hf2c_sink_fixed(run->sink, value, 4);
        hf2c_sink_text(run->sink, "  ");
        hf2c_sink_bytes(run->sink, document.text, document.bytes);
        hf2c_sink_text(run->sink, "\n");
        return;
    }
    hf2c_sink_text(run->sink, "{");
    hf2c_sink_key(run->sink, "corpus_id", 1);
    hf2c_sink_integer(run->sink, number);
    hf2c_sink_key(run->sink, "score", 0);
    hf2c_sink_number(run->sink, value);
    if (o->return_documents) {
        hf2c_sink_key(run->sink, "text", 0);
        hf2c_sink_string(run->sink, document.text, document.bytes);
    }
    hf2c_sink_text(run->sink, "}");
}

static hf2c_status answer(hf2c_run *run, const void *options, const hf2c_input *input)
{
    const TextRanking *o = options;
    int count = input->list.count, shown = o->top_k > 0 && o->top_k < count ? o->top_k : count;
    float *scores = HF2C_TAKE(run->scratch, float, count);
    int32_t *ranked = HF2C_TAKE(run->scratch, int32_t, count);
    if (!scores || !ranked) return HF2C_TOO_SMALL;
    hf2c_status status = score(run, o, input, scores);
    if (status != HF2C_OK) return status;
    hf2c_rank(scores, count, shown, ranked);
    if (!run->people) hf2c_sink_text(run->sink, "[");
    for (int i = 0; i < shown; i++) {
        if (i > 0 && !run->people) hf2c_sink_text(run->sink, ", ");
        write_entry(run, o, ranked[i], input->list.texts[ranked[i]], scores[ranked[i]]);
    }
    if (!run->people) hf2c_sink_text(run->sink, "]");
    return HF2C_OK;
}

static int suits(const hf2c_model *model)
{
    return model->label_count <= 1;
}

extern const hf2c_task hf2c_task_text_ranking;
const hf2c_task hf2c_task_text_ranking = {
    .name = "text-ranking",
    .aliases = "",
    .summary = "which documents say most about a query",
    .first = "query",
    .list = "documents",
    .needs_object = 1,
    .suits = suits,
    .options = {rows, sizeof rows / sizeof *rows},
    .bytes = sizeof(TextRanking),
    .defaults = defaults,
    .answer = answer,
};
