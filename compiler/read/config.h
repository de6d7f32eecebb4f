/* Typed, range-checked access to config.json-like objects.
 *
 * A getter takes alternative spellings separated by '|' ("hidden_size|n_embd|d_model"); the first present, non-null one
 * counts; a dot descends ("rope_parameters.rope_theta"). The first error is kept in config->err and a safe value is returned,
 * so that a family's builder reads its settings without a check after each; the driver looks at err once, before anything is
 * allocated from a number. Every number has a range. */
#ifndef HF2C_READ_CONFIG_H
#define HF2C_READ_CONFIG_H

#include "compiler/read/json.h"

typedef struct Config {
    const cJSON *root;
    const char *file; /* for messages */
    Arena *arena;
    Err *err;
} Config;

bool config_has(const Config *config, const char *keys);                /* present and not null */
const cJSON *config_item(const Config *config, const char *keys);       /* NULL when absent or null */
int64_t config_int(const Config *config, const char *keys, int64_t minimum, int64_t maximum); /* required */
int64_t config_int_or(const Config *config, const char *keys, int64_t minimum, int64_t maximum, int64_t otherwise);
double config_float_or(const Config *config, const char *keys, double minimum, double maximum, double otherwise);
bool config_bool_or(const Config *config, const char *keys, bool otherwise);
const char *config_text_or(const Config *config, const char *keys, const char *otherwise); /* otherwise may be NULL */
/* A list of integers, or a single integer as a list of one ("eos_token_id"). Returns the count, 0 when absent. */
size_t config_ints(const Config *config, const char *keys, int64_t minimum, int64_t maximum, int64_t *values, size_t capacity);
/* An object inside (for text_config, vision_config ...); an empty object when absent. */
Config config_object(const Config *config, const char *keys);
/* Says that a known key holds a value we do not implement: names key, value and the list of known ones. */
void config_refuse(const Config *config, const char *keys, const char *found, const char *known);

#endif
