/* lists: token ids and texts that settings and requests consist of. All borrowed. */
#ifndef HF2C_CORE_LISTS_H
#define HF2C_CORE_LISTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct hf2c_ids {
    const int32_t *ids;
    int count;
} hf2c_ids;

typedef struct hf2c_id_lists {
    const hf2c_ids *lists;
    int count;
} hf2c_id_lists;

typedef struct hf2c_text {
    const char *text; /* UTF-8, not NUL-terminated */
    size_t bytes;
} hf2c_text;

typedef struct hf2c_texts {
    const hf2c_text *texts;
    int count;
} hf2c_texts;

#endif
