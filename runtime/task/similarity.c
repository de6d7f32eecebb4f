#include "runtime/task/similarity.h"

#include "runtime/task/pool.h"

/* Vectors of length 1 of at most as many texts as go through the model at once; [texts.count, *columns] in the scratch. */
static hf2c_status embed(hf2c_run *run, const hf2c_similarity *o, hf2c_texts texts, float **vectors, int *columns)
{
    const char *const names[] = {hf2c_embedding_output(run->context->model)};
    hf2c_encoding *encodings = HF2C_TAKE(run->scratch, hf2c_encoding, texts.count);
    hf2c_forward_item *items = HF2C_TAKE(run->scratch, hf2c_forward_item, texts.count);
    hf2c_rows_result *states = HF2C_TAKE(run->scratch, hf2c_rows_result, texts.count);
    hf2c_tokenization tokenization = {.strategy = HF2C_TRUNCATE_LONGEST_FIRST, .max_length = o->max_length};
    hf2c_status status = encodings && items && states ? HF2C_OK : HF2C_TOO_SMALL;
    for (int i = 0; i < texts.count && status == HF2C_OK; i++) {
        status = hf2c_run_encode(run, texts.texts[i], (hf2c_text){0}, tokenization, &encodings[i], NULL);
        items[i] = (hf2c_forward_item){.encoding = &encodings[i]};
    }
    if (status == HF2C_OK) status = hf2c_run_forward_all(run, items, texts.count, names, 1, states);
    if (status != HF2C_OK) return status;
    size_t width = (size_t)states[0].columns;
    *vectors = hf2c_scratch_take(run->scratch, (size_t)texts.count, width * sizeof(float));
    if (!*vectors) return HF2C_TOO_SMALL;
    for (int i = 0; i < texts.count; i++) hf2c_pool(states[i], (hf2c_pooling)o->pooling, 1, *vectors + (size_t)i * width);
    *columns = states[0].columns;
    return HF2C_OK;
}

static float dot(const float *a, const float *b, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return (float)sum;
}

hf2c_status hf2c_similarities(hf2c_run *run, const hf2c_similarity *options, hf2c_text source, hf2c_texts texts, float *cosines)
{
    int together = hf2c_run_together(run), columns;
    float *first, *vectors;
    hf2c_status status = embed(run, options, (hf2c_texts){&source, 1}, &first, &columns);
    for (int done = 0, count; done < texts.count && status == HF2C_OK; done += count) {
        hf2c_scratch before = *run->scratch;
        count = texts.count - done < together ? texts.count - done : together;
        status = embed(run, options, (hf2c_texts){texts.texts + done, count}, &vectors, &columns);
        for (int i = 0; i < count && status == HF2C_OK; i++)
            cosines[done + i] = dot(first, vectors + (size_t)i * (size_t)columns, columns);
        *run->scratch = before;
    }
    return status;
}
