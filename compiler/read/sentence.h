/* Inside read/: the settings of sentence-transformers. */
#ifndef HF2C_READ_SENTENCE_H
#define HF2C_READ_SENTENCE_H

#include "compiler/read/config.h"

/* modules.json and what it names, as one object {"pooling_mode": "mean" | "cls" | "max" | "last", "normalize": bool,
 * "max_seq_length": int}, of which any may be absent; with several poolings or dense layers also {"pooling_modes": [..., in the order of
 * their vectors], "dense": [{"file", "in_features", "out_features", "bias", "activation"}]}; an empty object when the folder has no modules.json. *transformer
 * is the folder, relative to this one, that holds the transformer itself ("" when it is this one). Modules and modes
 * that would change the result and are not implemented are refused. */
bool sentence_read(Arena *arena, const char *folder, cJSON **settings, const char **transformer, Err *err);

#endif
