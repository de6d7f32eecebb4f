/* Any JSON as a configuration: whatever a getter returns is in its range. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/read/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void check_getters(const Config *config, const char *keys)
{
    int64_t list[4];
    int64_t value = config_int(config, keys, 1, 1000);
    demand(value >= 1 && value <= 1000, "config_int");
    value = config_int_or(config, keys, -5, 5, 0);
    demand(value >= -5 && value <= 5, "config_int_or");
    config_int_or(config, keys, INT64_MIN, INT64_MAX, 0);
    double real = config_float_or(config, keys, 0.0, 1e6, 1.0);
    demand(real >= 0.0 && real <= 1e6, "config_float_or");
    size_t count = config_ints(config, keys, 0, 9, list, COUNT_OF(list));
    demand(count <= COUNT_OF(list), "config_ints");
    for (size_t i = 0; i < count; i++) demand(list[i] >= 0 && list[i] <= 9, "config_ints values");
    config_bool_or(config, keys, true);
    demand(config_text_or(config, keys, "") != NULL, "config_text_or");
    demand(config_has(config, keys) == (config_item(config, keys) != NULL), "config_has");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"a", "b|a", "a.b", "a.b.c|c", "hidden_size|n_embd", "rope_scaling.factor"};
    Err err = {{0}};
    Arena *arena = arena_new();
    const cJSON *root = json_parse(arena, "config.json", (const char *)data, size, &err);
    if (root != NULL) {
        Config config = {root, "config.json", arena, &err};
        for (size_t i = 0; i < COUNT_OF(keys); i++) {
            check_getters(&config, keys[i]);
            Config inside = config_object(&config, keys[i]);
            check_getters(&inside, keys[i]);
        }
        demand(err.text[0] != '\0', "a required key is missing or out of range in one of two objects");
    }
    arena_free(arena);
    return 0;
}
