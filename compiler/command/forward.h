/* forward: runs a padded batch through a model that knows no padding, and puts the results where transformers would have them. */
#ifndef HF2C_COMMAND_FORWARD_H
#define HF2C_COMMAND_FORWARD_H

#include "compiler/command/golden.h"
#include "runtime/hf2c.h"

/* How much goes into one call; 0: as much as fits. Pieces of sequences need a model with a cache. */
typedef struct Feeding {
    int together; /* sequences */
    int piece;    /* tokens of each */
} Feeding;

/* Values of each output, [sequences * width, columns] with zeros at padding, or [sequences, columns]; memory: arena. NULL and *err when
 * the model refuses. With only >= 0 that output alone is asked for, and the others are NULL. column_positions: positions count from
 * the start of the padded row; otherwise over the tokens before. */
float **forward_padded(Arena *arena, hf2c_context *context, const Padded *inputs, Feeding feeding, bool column_positions, int only,
                       Err *err);

#endif
