/* llama: what families that go further than LLaMA's settings share with it. */
#ifndef HF2C_ARCH_LLAMA_H
#define HF2C_ARCH_LLAMA_H

#include "compiler/arch/decoder.h"

/* Settings as LLaMA spells them, one rope for all layers. */
Decoder llama_settings(Builder *b);
/* RMS norms of each head of q and k. */
void qwen3_head_norms(Decoder *d);

#define LLAMA_LIKE(type, own, theta, output)                                                                                              \
    const Architecture arch_##type = {.model_type = #type, .prefix = "model.", .decoder = true, .untied = own, .rope_theta = theta,  \
                                      .length_keys = "max_position_embeddings", .body = type##_body,                                \
                                      .head = {DECODER_HEADS, [HEAD_token_classification] = head_token_score, [HEAD_causal_lm] = output}}

#endif
