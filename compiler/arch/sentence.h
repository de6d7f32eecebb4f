/* sentence: the embedding of sentence-transformers folders whose modules do more than one pooling. */
#ifndef HF2C_ARCH_SENTENCE_H
#define HF2C_ARCH_SENTENCE_H

#include "compiler/arch/blocks.h"

/* The output sentence_embedding, [sequences, columns], where the folder's modules ask for several poolings or dense layers. */
void sentence_output(Builder *b, Node *hidden);

#endif
