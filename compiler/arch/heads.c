/* heads: what several families put on their hidden states. */
#include <string.h>

#include "compiler/arch/blocks.h"

int64_t label_count(Builder *b)
{
    const cJSON *labels = config_item(b->config, "id2label");
    if (cJSON_IsObject(labels) && cJSON_GetArraySize(labels) > 0) return cJSON_GetArraySize(labels);
    return config_int_or(b->config, "num_labels", 1, 1 << 20, 2);
}

void head_last_hidden_state(Builder *b, Node *hidden) { graph_output(b->graph, "last_hidden_state", hidden); }

Node *head_wanted(Builder *b, Node *hidden)
{
    Node *operand[2] = {hidden, input_want(b)};
    b->graph->scope = "wanted_rows";
    return graph_add(b->graph, OP_take, 2, operand, &(Attributes){0});
}

/* A checkpoint without a head is tied whatever the config says, and nothing else could be meant; one with another head is not. */
bool head_is_tied(Builder *b, const Node *table, const char *name, bool configured)
{
    if (!b->model->has_weights) return configured;
    const char *weight = arena_printf(b->graph->arena, "%s.weight", name);
    if (!model_has_tensor(b->model, weight)) return true;
    const Tensor *head = tensors_find(&b->model->tensors, weight), *shared = table->tensor;
    return configured && head && shared && head->type == shared->type && head->bytes == shared->bytes &&
           memcmp(head->data, shared->data, head->bytes) == 0;
}

Node *causal_lm_logits(Builder *b, Node *hidden, const char *name, bool bias)
{
    Node *wanted = head_wanted(b, hidden);
    int64_t vocabulary = config_int(b->config, "vocab_size", 1, 1 << 24);
    bool configured = config_bool_or(b->config, "tie_word_embeddings", !b->architecture->untied);
    if (!head_is_tied(b, word_table(b), name, configured)) return linear(b, wanted, name, vocabulary, bias);
    name_next(b, name);
    Node *offset = bias ? param_vector(b, arena_printf(b->graph->arena, "%s.bias", name), vocabulary, INITIAL_ZEROS) : NULL;
    return linear_tied(b, wanted, word_table(b), offset);
}

void head_causal_lm(Builder *b, Node *hidden)
{
    graph_output(b->graph, "logits", causal_lm_logits(b, hidden, "lm_head", false));
}

static Node *pooled(Builder *b, Node *hidden, int mode)
{
    Node *operand[2] = {hidden, input_sequences(b)};
    b->graph->scope = "pooled";
    return graph_add(b->graph, OP_pool, 2, operand, &(Attributes){.mode = mode});
}

void head_last_token_classification(Builder *b, Node *hidden)
{
    graph_output(b->graph, "logits", linear(b, pooled(b, hidden, POOL_last), "score", label_count(b), false));
}

void head_token_classification(Builder *b, Node *hidden)
{
    graph_output(b->graph, "logits", linear(b, hidden, "classifier", label_count(b), true));
}

void head_token_score(Builder *b, Node *hidden)
{
    graph_output(b->graph, "logits", linear(b, hidden, "score", label_count(b), true));
}

void head_question_answering(Builder *b, Node *hidden)
{
    Node *both = linear(b, hidden, "qa_outputs", 2, true);
    graph_output(b->graph, "start_logits", slice(b, both, 0, 1));
    graph_output(b->graph, "end_logits", slice(b, both, 1, 1));
}
