/* Hostile schemas on a small vocabulary: an error or tables within bounds, whose every state leads to an end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/constrain/constrain.h"
#include "compiler/text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char tokenizer_text[] =
    "{\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"merges\":[],\"vocab\":{\"{\":0,\"}\":1,\"[\":2,\"]\":3,\"\\\"\":4,\":\":5,"
    "\",\":6,\"a\":7,\"b\":8,\"0\":9,\"1\":10,\"-\":11,\".\":12,\"\\\\\":13,\"true\":14,\"null\":15,\"\\u00c3\":16,\"\\u0141\":17,\"\\u0120\":18,"
    "\"f\":19,\"alse\":20,\"e\":21}}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { VOCABULARY = 22, MOST = 2000 };
    Arena *arena = arena_new();
    Err err = {{0}};
    const hf2c_tokenizer *tokenizer = tokenizer_compile_text(arena, tokenizer_text, sizeof tokenizer_text - 1, &err);
    if (!tokenizer) abort();
    const hf2c_constraint *c = size > MOST ? NULL : constrain_schema_text(arena, tokenizer, VOCABULARY, "fuzz", (const char *)data, size, &err);
    if (!c && size <= MOST && !err.text[0]) abort();
    for (int state = 1; c && state < c->states; state++) {
        int nearest = c->distance[state] == 0 ? -1 : HF2C_CONSTRAINT_FAR;
        for (int32_t id = 0; id < VOCABULARY; id++) {
            int next = c->class_of[id] ? hf2c_constraint_next(c, state, id) : HF2C_CONSTRAINT_DEAD;
            if (next != HF2C_CONSTRAINT_DEAD && c->distance[next] < nearest) nearest = c->distance[next];
        }
        if (nearest + 1 != c->distance[state]) abort();
    }
    arena_free(arena);
    return 0;
}
