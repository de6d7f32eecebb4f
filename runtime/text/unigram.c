/* Unigram: the most probable sequence of pieces (Viterbi), in doubles and in the order of HF tokenizers, so that ties fall alike. */
#include "runtime/text/work.h"

typedef struct Node {
    double score;
    uint32_t start; /* where the best piece that ends here begins */
    int32_t id;     /* -1: nothing ends here yet */
} Node;

static int improves(const Node *node, double score)
{
    return node->id < 0 || score > node->score;
}

static void relax(Node *node, double score, size_t start, int32_t id)
{
    if (improves(node, score)) {
        node->score = score;
        node->start = (uint32_t)start;
        node->id = id;
    }
}

static hf2c_status forward(const hf2c_tokenizer *tokenizer, const uint8_t *text, size_t bytes, Node *nodes)
{
    const hf2c_unigram_table *table = tokenizer->model_table;
    size_t size;

    for (size_t at = 0; at < bytes; at += size) {
        double here = nodes[at].score;
        uint32_t node = 0;
        int32_t id;
        int single = 0;
        size = tokenizer->byte_alphabet ? 1 : hf2c_utf8_size(text[at]);
        for (size_t i = at; i < bytes; i++) {
            node = hf2c_trie_child(&table->trie, node, text[i]);
            if (node == 0) {
                break;
            }
            id = hf2c_trie_value(&table->trie, node);
            if (id >= 0) {
                relax(nodes + i + 1, table->score[id] + here, at, id);
                single |= i + 1 - at == size;
            }
        }
        if (!single && improves(nodes + at + size, table->unk_score + here)) {
            if (table->unk < 0) {
                return HF2C_BAD_TEXT;
            }
            relax(nodes + at + size, table->unk_score + here, at, table->unk);
        }
    }
    return HF2C_OK;
}

/* One token for each byte, or, in the byte alphabet, for each byte of its spelling. */
static int add_bytes(const hf2c_unigram_table *table, hf2c_work *work, const uint8_t *text, size_t start, size_t end)
{
    uint8_t spelling[2];

    if (table->fallback == NULL) {
        return 0;
    }
    for (int add = 0; add < 2; add++) {
        for (size_t i = start; i < end; i++) {
            size_t bytes = work->tokenizer->byte_alphabet ? hf2c_byte_spelling(text[i], spelling) : 1;
            for (size_t k = 0; k < bytes; k++) {
                int32_t id = table->fallback[work->tokenizer->byte_alphabet ? spelling[k] : text[i]];
                if (id < 0) {
                    return 0;
                }
                if (add) {
                    hf2c_work_add(work, id, start, end, 0);
                }
            }
        }
    }
    return 1;
}

/* Follows the path from the end and keeps in each node where the next piece begins. */
static void reverse(Node *nodes, size_t bytes)
{
    uint32_t at = (uint32_t)bytes, next = 0;

    while (at > 0) {
        uint32_t start = nodes[at].start;
        nodes[at].start = next;
        next = at;
        at = start;
    }
    nodes[0].start = next;
}

static void add_path(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes, const Node *nodes)
{
    const hf2c_unigram_table *table = tokenizer->model_table;

    for (size_t at = 0; at < bytes;) {
        size_t end = nodes[at].start;
        while (table->fuse_unk && nodes[end].id == table->unk && end < bytes && nodes[nodes[end].start].id == table->unk) {
            end = nodes[end].start;
        }
        if (nodes[end].id != table->unk) {
            hf2c_work_add(work, nodes[end].id, at, end, 0);
        } else {
            int32_t id = hf2c_vocabulary_find(tokenizer->vocabulary, text + at, end - at, tokenizer->byte_alphabet);
            if (id >= 0 && (tokenizer->vocabulary->flags[id] & HF2C_TOKEN_OF_MODEL)) {
                hf2c_work_add(work, id, at, end, 0);
            } else if (!add_bytes(table, work, text, at, end)) {
                hf2c_work_add(work, table->unk, at, end, HF2C_SPELLED_BY_MODEL);
            }
        }
        at = end;
    }
}

hf2c_status hf2c_unigram(const hf2c_tokenizer *tokenizer, hf2c_work *work, const uint8_t *text, size_t bytes)
{
    int32_t whole = hf2c_vocabulary_whole(tokenizer, text, bytes, HF2C_TOKEN_WHOLE);
    Node *nodes;
    hf2c_status status;

    if (whole >= 0) {
        hf2c_work_add(work, whole, 0, bytes, 0);
        return work->status;
    }
    nodes = hf2c_text_take(&work->scratch, bytes + 1, sizeof *nodes);
    if (nodes == NULL) {
        return HF2C_TOO_SMALL;
    }
    for (size_t i = 0; i <= bytes; i++) {
        nodes[i].id = -1;
    }
    nodes[0].score = 0;
    status = forward(tokenizer, text, bytes, nodes);
    if (status != HF2C_OK) {
        return status;
    }
    reverse(nodes, bytes);
    add_path(tokenizer, work, text, bytes, nodes);
    return work->status;
}
