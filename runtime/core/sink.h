/* sink: where a task writes its result, piece by piece: JSON through these functions, text as it is. */
#ifndef HF2C_CORE_SINK_H
#define HF2C_CORE_SINK_H

#include "runtime/hf2c.h"

typedef struct hf2c_sink {
    /* 0 when all was written; then never called again. */
    int (*write)(void *to, const char *bytes, size_t count);
    void *to;
    int failed; /* set by the first write that failed */
} hf2c_sink;

void hf2c_sink_bytes(hf2c_sink *sink, const char *bytes, size_t count);
void hf2c_sink_text(hf2c_sink *sink, const char *text);
void hf2c_sink_string(hf2c_sink *sink, const char *text, size_t bytes); /* as a JSON string */
void hf2c_sink_integer(hf2c_sink *sink, int64_t value);
void hf2c_sink_number(hf2c_sink *sink,
                      float value); /* reads back to the same float; NaN and infinities as Python prints them */
void hf2c_sink_double(hf2c_sink *sink, double value); /* the same for what is more exact */
/* "key": with a comma before it unless it is the first of its object. */
void hf2c_sink_key(hf2c_sink *sink, const char *key, int first);

#endif
