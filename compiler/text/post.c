/* Compiles the post-processor of tokenizer.json to templates and a way to trim offsets. */
#include <string.h>

#include "compiler/text/build.h"

enum { ITEMS_MOST = 256, DEPTH_MOST = 8 };

typedef struct Items {
    int32_t item[2 * ITEMS_MOST];
    uint32_t count, special;
} Items;

static bool items_add(TokenizerBuild *build, Items *items, int32_t item, int32_t type)
{
    if (items->count == ITEMS_MOST) {
        return build_refuse(build, "post_processor", "a longer template", "at most 256 tokens");
    }
    items->item[2 * items->count] = item;
    items->item[2 * items->count + 1] = type;
    items->count++;
    items->special += item >= 0;
    return true;
}

static hf2c_template items_finish(TokenizerBuild *build, const Items *items)
{
    int32_t *copy = ARENA_ARRAY(build->arena, int32_t, 2 * (size_t)items->count + 1);

    memcpy(copy, items->item, 2 * (size_t)items->count * sizeof *copy);
    return (hf2c_template){copy, items->count, items->special};
}

static void set_templates(TokenizerBuild *build, const Items *single, const Items *pair)
{
    build->tokenizer->single = items_finish(build, single);
    build->tokenizer->pair = items_finish(build, pair);
}

/* A second template would go around what the first one made. */
static bool set_only_templates(TokenizerBuild *build, const Items *single, const Items *pair)
{
    if (build->tokenizer->single.item != NULL) {
        return build_refuse(build, "post_processor", "two steps that add tokens", "one");
    }
    set_templates(build, single, pair);
    return true;
}

static bool id_in_range(TokenizerBuild *build, const cJSON *number, int32_t *id)
{
    *id = (int32_t)json_whole(number, 0, (int64_t)build->count - 1, -1);
    return *id >= 0 || build_refuse(build, "post_processor", "an id outside the vocabulary", "an id of a token");
}

/* ["[SEP]", 102] */
static bool read_named(TokenizerBuild *build, const cJSON *item, const char *key, int32_t *id)
{
    return id_in_range(build, cJSON_GetArrayItem(json_get(item, key), 1), id);
}

static bool read_piece(TokenizerBuild *build, const cJSON *piece, const cJSON *specials, Items *items, int *sequences)
{
    const cJSON *special = json_get(piece, "SpecialToken"), *sequence = json_get(piece, "Sequence"), *number;
    const cJSON *body = special != NULL ? special : sequence;
    const char *name = json_text(body, "id", "");
    int32_t type = (int32_t)json_whole(json_get(body, "type_id"), 0, INT16_MAX, 0), id;

    if (special == NULL) {
        if (strcmp(name, "A") != 0 && strcmp(name, "B") != 0) {
            return build_refuse(build, "post_processor template", name, "A, B or a special token");
        }
        sequences[*name - 'A']++;
        return items_add(build, items, *name == 'A' ? -1 : -2, type);
    }
    special = json_get(specials, name);
    if (special == NULL) {
        return build_refuse(build, "post_processor template", name, "a name of its special_tokens");
    }
    cJSON_ArrayForEach(number, json_get(special, "ids")) {
        if (!id_in_range(build, number, &id) || !items_add(build, items, id, type)) {
            return false;
        }
    }
    return true;
}

static bool read_template(TokenizerBuild *build, const cJSON *item, const char *key, Items *items)
{
    const cJSON *list = json_get(item, key), *piece, *specials = json_get(item, "special_tokens");
    int sequences[2] = {0, 0};

    cJSON_ArrayForEach(piece, list) {
        if (!read_piece(build, piece, specials, items, sequences)) {
            return false;
        }
    }
    if (sequences[0] > 1 || sequences[1] > 1) {
        return build_refuse(build, "post_processor template", "a text twice", "each text once");
    }
    return true;
}

static bool add_template(TokenizerBuild *build, const cJSON *item)
{
    Items *single = ARENA_NEW(build->arena, Items), *pair = ARENA_NEW(build->arena, Items);

    if (!read_template(build, item, "single", single) || !read_template(build, item, "pair", pair)) {
        return false;
    }
    return set_only_templates(build, single, pair);
}

static bool set_trim(TokenizerBuild *build, const cJSON *item)
{
    if (!json_flag(item, "trim_offsets", true)) {
        return true;
    }
    if (build->tokenizer->trim != 0) {
        return build_refuse(build, "post_processor", "two steps with trim_offsets", "one");
    }
    build->tokenizer->trim = (uint8_t)(HF2C_TRIM_OFFSETS | (json_flag(item, "add_prefix_space", true) ? HF2C_TRIM_PREFIX_SPACE : 0));
    return true;
}

static bool add_byte_level(TokenizerBuild *build, const cJSON *item)
{
    if (build->tokenizer->single.item != NULL && json_flag(item, "trim_offsets", true)) {
        return build_refuse(build, "post_processor", "trim_offsets behind a step that adds tokens", "it before that");
    }
    return set_trim(build, item);
}

static bool add_bert(TokenizerBuild *build, const cJSON *item)
{
    Items single = {0}, pair = {0};
    int32_t begin, end;
    bool done = read_named(build, item, "cls", &begin) && read_named(build, item, "sep", &end) &&
                items_add(build, &single, begin, 0) && items_add(build, &single, -1, 0) && items_add(build, &single, end, 0);

    pair = single;
    return done && items_add(build, &pair, -2, 1) && items_add(build, &pair, end, 1) && set_only_templates(build, &single, &pair);
}

static bool add_roberta(TokenizerBuild *build, const cJSON *item)
{
    Items single = {0}, pair = {0};
    int32_t begin, end;
    bool done = read_named(build, item, "cls", &begin) && read_named(build, item, "sep", &end) &&
                items_add(build, &single, begin, 0) && items_add(build, &single, -1, 0) && items_add(build, &single, end, 0);

    pair = single;
    return done && items_add(build, &pair, end, 0) && items_add(build, &pair, -2, 0) && items_add(build, &pair, end, 0) &&
           set_trim(build, item) && set_only_templates(build, &single, &pair);
}

static bool add_one(TokenizerBuild *build, const cJSON *item, int depth)
{
    static const struct { const char *type; bool (*add)(TokenizerBuild *build, const cJSON *item); } known[] = {
        {"TemplateProcessing", add_template}, {"BertProcessing", add_bert}, {"RobertaProcessing", add_roberta},
        {"ByteLevel", add_byte_level}};
    const char *type = json_text(item, "type", "nothing");
    const cJSON *child;

    if (strcmp(type, "Sequence") == 0 && depth < DEPTH_MOST) {
        cJSON_ArrayForEach(child, json_get(item, "processors")) {
            if (!add_one(build, child, depth + 1)) {
                return false;
            }
        }
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (strcmp(type, known[i].type) == 0) {
            return known[i].add(build, item);
        }
    }
    return build_refuse(build, "post_processor.type", type,
                        "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or Sequence");
}

bool post_build(TokenizerBuild *build)
{
    const cJSON *root = json_get(build->root, "post_processor");
    Items single = {.item = {-1, -1}, .count = 1}, pair = {.item = {-1, -1, -2, -1}, .count = 2};

    if (root != NULL && !add_one(build, root, 0)) {
        return false;
    }
    if (build->tokenizer->single.item == NULL) {
        set_templates(build, &single, &pair);
    }
    return true;
}
