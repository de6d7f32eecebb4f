/* What tokenizer_config.json and special_tokens_map.json add: named special tokens, lengths, padding, clean-up. */
#include <string.h>

#include "compiler/text/chat.h"

enum { SETTINGS_LIMIT = 64 << 20 };

/* A token is a string or {"content": string}. */
static const char *token_text(const cJSON *settings, const char *key)
{
    const cJSON *item = json_get(settings, key);

    return cJSON_IsString(item) ? item->valuestring : json_text(item, "content", NULL);
}

static int32_t find_special(const TokenizerBuild *build, const cJSON *settings, const cJSON *map, const char *key)
{
    const char *text = token_text(settings, key);

    if (text == NULL) {
        text = token_text(map, key);
    }
    if (text == NULL) { /* what a converted folder's family has */
        text = token_text(json_get(build->root, "family_special_tokens"), key);
    }
    return text == NULL ? -1 : hf2c_vocabulary_find(build->vocabulary, (const uint8_t *)text, strlen(text), 0);
}

bool settings_build(TokenizerBuild *build, const Model *model)
{
    static const char *const keys[HF2C_SPECIAL_COUNT] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                         "pad_token", "cls_token", "mask_token"};
    const char *path = model != NULL ? model_file(model, "tokenizer_config.json") : NULL;
    const char *map_path = model != NULL ? model_file(model, "special_tokens_map.json") : NULL;
    const cJSON *settings = NULL, *map = NULL, *length;

    if (path != NULL && (settings = json_read(build->arena, path, SETTINGS_LIMIT, build->err)) == NULL) {
        return false;
    }
    if (map_path != NULL && (map = json_read(build->arena, map_path, SETTINGS_LIMIT, build->err)) == NULL) {
        return false;
    }
    for (int i = 0; i < HF2C_SPECIAL_COUNT; i++) {
        build->tokenizer->special[i] = find_special(build, settings, map, keys[i]);
    }
    length = json_get(settings, "model_max_length"); /* 1e30 stands for "no limit" */
    build->tokenizer->max_length = (int32_t)json_whole(length, 1, 1 << 30, 0);
    build->tokenizer->clean_up = json_flag(settings, "clean_up_tokenization_spaces", false);
    build->tokenizer->left_padding = strcmp(json_text(settings, "padding_side", "right"), "left") == 0;
    return chat_build(build, model, settings, map);
}
