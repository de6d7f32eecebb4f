#include "runtime/task/entities.h"

#include <string.h>

/* ---- words ---- */

/* WordPiece marks what continues a word by "##"; a vocabulary that has most letters with that mark is one. */
static int marks_continuation(const hf2c_tokenizer *tokenizer)
{
    int marked = 0;
    for (char letter = 'a'; letter <= 'z'; letter++) {
        const char piece[] = {'#', '#', letter};
        marked += hf2c_token_id(tokenizer, piece, sizeof piece) >= 0;
    }
    return marked >= 13;
}

static int count_points(const char *text, size_t bytes)
{
    int points = 0;
    for (size_t i = 0; i < bytes; i++) points += ((unsigned char)text[i] & 0xC0) != 0x80;
    return points;
}

static int is_unknown(const hf2c_run *run, int32_t id)
{
    return id == hf2c_special_id(run->context->model->tokenizer, HF2C_UNK);
}

static hf2c_text source_of(const hf2c_tagged *tagged, int token)
{
    const int32_t *offset = tagged->encoding->offsets + 2 * (size_t)token;
    return hf2c_offsets_cut(tagged->text, offset[0], offset[1]);
}

/* Does the token continue the word of the token before it? */
static int continues_word(const hf2c_run *run, const hf2c_tagged *tagged, int token, int marks)
{
    const hf2c_tokenizer *tokenizer = run->context->model->tokenizer;
    int32_t id = tagged->encoding->ids[token], start = tagged->encoding->offsets[2 * (size_t)token];
    if (is_unknown(run, id)) return 0;
    if (marks) {
        size_t length;
        const char *spelling = hf2c_token_text(tokenizer, id, &length);
        hf2c_text source = source_of(tagged, token);
        return spelling && count_points(spelling, length) != count_points(source.text, source.bytes);
    }
    hf2c_text around = hf2c_offsets_cut(tagged->text, start - 1, start + 1);
    return start > 0 && !memchr(around.text, ' ', around.bytes);
}

/* ---- texts: as the pipeline makes them, by the tokenizer's decoder, from tokens to words and again from words to a group ---- */

static hf2c_spelling spelling_of(const hf2c_run *run, const hf2c_tagged *tagged, int token)
{
    hf2c_spelling spelling;
    int32_t id = tagged->encoding->ids[token];
    spelling.text = hf2c_token_text(run->context->model->tokenizer, id, &spelling.length);
    if (!is_unknown(run, id)) return spelling;
    hf2c_text source = source_of(tagged, token); /* what the vocabulary does not know stands as in the text */
    return (hf2c_spelling){source.text, source.bytes};
}

static hf2c_status decode_parts(hf2c_run *run, const hf2c_spelling *parts, int count, hf2c_spelling *text)
{
    const hf2c_tokenizer *tokenizer = run->context->model->tokenizer;
    size_t length = 0;
    hf2c_status status = hf2c_decode_spellings(tokenizer, parts, (size_t)count, NULL, 0, &length);
    *text = (hf2c_spelling){"", 0};
    if (status != HF2C_TOO_SMALL) return status;
    char *bytes = HF2C_TAKE(run->scratch, char, length);
    if (!bytes) return HF2C_TOO_SMALL;
    *text = (hf2c_spelling){bytes, length};
    return hf2c_decode_spellings(tokenizer, parts, (size_t)count, bytes, length, &length);
}

/* The words of a group, or its tokens where the strategy does not make words. */
static hf2c_status group_parts(hf2c_run *run, const hf2c_tagged *tagged, const hf2c_entity *group, int words, hf2c_spelling *parts,
                               int *count)
{
    int marks = marks_continuation(run->context->model->tokenizer);
    hf2c_spelling *tokens = HF2C_TAKE(run->scratch, hf2c_spelling, group->last - group->first + 1);
    if (!tokens) return HF2C_TOO_SMALL;
    *count = 0;
    for (int token = group->first, end; token <= group->last; token = end) {
        int pieces = 0;
        tokens[pieces++] = spelling_of(run, tagged, token);
        for (end = token + 1; words && end <= group->last && continues_word(run, tagged, end, marks); end++)
            tokens[pieces++] = spelling_of(run, tagged, end);
        hf2c_status status = HF2C_OK;
        if (words) status = decode_parts(run, tokens, pieces, &parts[*count]);
        else parts[*count] = tokens[0];
        if (status != HF2C_OK) return status;
        ++*count;
    }
    return HF2C_OK;
}

static hf2c_status group_text(hf2c_run *run, const hf2c_tagged *tagged, hf2c_aggregation aggregation, hf2c_entity *group)
{
    hf2c_spelling text, *parts = HF2C_TAKE(run->scratch, hf2c_spelling, group->last - group->first + 1);
    int count;
    if (!parts) return HF2C_TOO_SMALL;
    hf2c_status status = group_parts(run, tagged, group, aggregation >= HF2C_AGGREGATE_FIRST, parts, &count);
    if (status == HF2C_OK) status = decode_parts(run, parts, count, &text);
    if (status == HF2C_OK) group->word = (hf2c_text){text.text, text.length};
    return status;
}

/* ---- one label for a word ---- */

static int best_label(const float *scores, int labels)
{
    int best = 0;
    for (int i = 1; i < labels; i++) {
        if (scores[i] > scores[best]) best = i;
    }
    return best;
}

static const float *scores_of(const hf2c_tagged *tagged, int token)
{
    return tagged->scores + (size_t)token * (size_t)tagged->labels;
}

static void label_by_token(const hf2c_tagged *tagged, int token, hf2c_entity *entity)
{
    entity->label = best_label(scores_of(tagged, token), tagged->labels);
    entity->score = scores_of(tagged, token)[entity->label];
}

static void label_by_maximum(const hf2c_tagged *tagged, hf2c_entity *entity)
{
    entity->score = -1;
    for (int token = entity->first; token <= entity->last; token++) {
        hf2c_entity one;
        label_by_token(tagged, token, &one);
        if (one.score <= entity->score) continue;
        entity->score = one.score;
        entity->label = one.label;
    }
}

static void label_by_average(const hf2c_tagged *tagged, hf2c_entity *entity)
{
    entity->score = -1;
    for (int label = 0; label < tagged->labels; label++) {
        double sum = 0;
        for (int token = entity->first; token <= entity->last; token++) sum += scores_of(tagged, token)[label];
        float mean = (float)(sum / (entity->last - entity->first + 1));
        if (mean <= entity->score) continue;
        entity->score = mean;
        entity->label = label;
    }
}

static void label(const hf2c_tagged *tagged, hf2c_aggregation aggregation, hf2c_entity *entity)
{
    if (aggregation == HF2C_AGGREGATE_AVERAGE) {
        label_by_average(tagged, entity);
    } else if (aggregation == HF2C_AGGREGATE_MAX) {
        label_by_maximum(tagged, entity);
    } else {
        label_by_token(tagged, entity->first, entity);
    }
    entity->start = tagged->encoding->offsets[2 * (size_t)entity->first];
    entity->end = tagged->encoding->offsets[2 * (size_t)entity->last + 1];
}

/* Tokens, or words for the strategies that want whole words. */
static int find_words(const hf2c_run *run, const hf2c_tagged *tagged, hf2c_aggregation aggregation, hf2c_entity *words)
{
    int count = 0, marks = marks_continuation(run->context->model->tokenizer),
        whole = aggregation >= HF2C_AGGREGATE_FIRST;
    for (int token = 0; token < (int)tagged->encoding->count; token++) {
        if (tagged->encoding->sequence[token] < 0) continue; /* of the template */
        if (whole && count > 0 && continues_word(run, tagged, token, marks)) {
            words[count - 1].last = token;
        } else {
            words[count++] = (hf2c_entity){.first = token, .last = token};
        }
    }
    for (int i = 0; i < count; i++) label(tagged, aggregation, &words[i]);
    return count;
}

/* ---- groups of words ---- */

static int begins_with(hf2c_text label, const char *prefix)
{
    return label.bytes >= 2 && memcmp(label.text, prefix, 2) == 0;
}

static hf2c_text tag_of(hf2c_text label)
{
    int marked = begins_with(label, "B-") || begins_with(label, "I-");
    return marked ? (hf2c_text){label.text + 2, label.bytes - 2} : label;
}

hf2c_text hf2c_entity_group(hf2c_text label)
{
    const char *dash = label.bytes ? memchr(label.text, '-', label.bytes) : NULL;
    if (!dash) return label;
    size_t behind = (size_t)(dash - label.text) + 1;
    return (hf2c_text){label.text + behind, label.bytes - behind};
}

static int same_text(hf2c_text a, hf2c_text b)
{
    return a.bytes == b.bytes && memcmp(a.text, b.text, a.bytes) == 0;
}

/* Joins neighbours with the same tag unless the later one begins anew ("B-"). Works in place. */
static int group_words(hf2c_run *run, hf2c_entity *words, int count)
{
    int groups = 0, members = 0;
    double sum = 0;
    hf2c_text last = {"", 0};
    for (int i = 0; i < count; i++) {
        hf2c_text name = hf2c_run_label(run, words[i].label);
        if (i > 0 && !begins_with(name, "B-") && same_text(tag_of(name), tag_of(last))) {
            words[groups - 1].last = words[i].last;
            words[groups - 1].end = words[i].end;
            sum += words[i].score;
            members++;
        } else {
            sum = words[i].score;
            members = 1;
            words[groups++] = words[i];
        }
        words[groups - 1].score = (float)(sum / members);
        last = name;
    }
    return groups;
}

hf2c_status hf2c_entities_find(hf2c_run *run, const hf2c_tagged *tagged, hf2c_aggregation aggregation,
                               hf2c_entity *entities, int *count)
{
    *count = find_words(run, tagged, aggregation, entities);
    if (aggregation != HF2C_AGGREGATE_NONE) *count = group_words(run, entities, *count);
    for (int i = 0; i < *count; i++) {
        hf2c_entity *one = &entities[i];
        if (aggregation == HF2C_AGGREGATE_NONE) {
            hf2c_spelling spelling = spelling_of(run, tagged, one->first);
            one->word = (hf2c_text){spelling.text, spelling.length};
            continue;
        }
        hf2c_status status = group_text(run, tagged, aggregation, one);
        if (status != HF2C_OK) return status;
    }
    return HF2C_OK;
}

/* ---- windows ---- */

static void sort_by_start(hf2c_entity *entities, int count)
{
    for (int i = 1; i < count; i++) {
        hf2c_entity one = entities[i];
        int at = i;
        for (; at > 0 && entities[at - 1].start > one.start; at--) entities[at] = entities[at - 1];
        entities[at] = one;
    }
}

int hf2c_entities_merge(hf2c_entity *entities, int count)
{
    int kept = 0;
    sort_by_start(entities, count);
    for (int i = 1; i < count; i++) {
        const hf2c_entity *one = &entities[i];
        hf2c_entity *before = &entities[kept];
        if (one->start >= before->end || one->start < before->start) {
            entities[++kept] = *one;
            continue;
        }
        int length = one->end - one->start, other = before->end - before->start;
        if (length > other || (length == other && one->score > before->score)) *before = *one;
    }
    return count > 0 ? kept + 1 : 0;
}
