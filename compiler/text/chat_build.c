/* Where a model's chat template is: chat_template.jinja, chat_template.json, or tokenizer_config.json (one, or a list of named ones). */
#include "compiler/text/chat.h"

#include <string.h>

enum { TEMPLATE_LIMIT = 1 << 20, CONSTANTS_MOST = 64 };

/* The text of a template: a string, or of a list of {"name", "template"} the one called "default", else the first. */
static const char *choose(const cJSON *item)
{
    const cJSON *one;
    const char *found = NULL;

    if (cJSON_IsString(item)) {
        return item->valuestring;
    }
    cJSON_ArrayForEach(one, item) {
        const char *name = json_text(one, "name", ""), *text = json_text(one, "template", NULL);
        if (text != NULL && (found == NULL || strcmp(name, "default") == 0)) {
            found = text;
        }
    }
    return found;
}

static bool read_template(TokenizerBuild *build, const Model *model, const cJSON *settings, const char **text, size_t *length, const char **file)
{
    const char *path = model_file(model, "chat_template.jinja"), *json = model_file(model, "chat_template.json");
    const cJSON *root;
    FileView view;

    *text = NULL;
    if (path != NULL) {
        *file = "chat_template.jinja";
        if (!file_read(build->arena, path, TEMPLATE_LIMIT, &view, build->err)) {
            return false;
        }
        *text = (const char *)view.data;
        *length = view.size;
        return true;
    }
    *file = json != NULL ? "chat_template.json" : "tokenizer_config.json: chat_template";
    root = json != NULL ? json_read(build->arena, json, 2 * TEMPLATE_LIMIT, build->err) : settings;
    if (json != NULL && root == NULL) {
        return false;
    }
    *text = choose(json_get(root, "chat_template"));
    *length = *text != NULL ? strlen(*text) : 0;
    return true;
}

/* Tokens that templates know by name: "bos_token" and its like. Earlier ones win. */
static size_t add_constants(ChatConstant *constant, size_t count, const cJSON *settings)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, settings) {
        const char *value = cJSON_IsString(item) ? item->valuestring : json_text(item, "content", NULL);
        size_t length = item->string != NULL ? strlen(item->string) : 0, i = 0;
        if (length <= 6 || strcmp(item->string + length - 6, "_token") != 0 || value == NULL || count == CONSTANTS_MOST) {
            continue;
        }
        while (i < count && strcmp(constant[i].name, item->string) != 0) {
            i++;
        }
        constant[i] = i == count ? (ChatConstant){item->string, value} : constant[i];
        count += i == count;
    }
    return count;
}

bool chat_build(TokenizerBuild *build, const Model *model, const cJSON *settings, const cJSON *map)
{
    ChatConstant constant[CONSTANTS_MOST];
    const char *text, *file;
    size_t length, count;
    Err err = {{0}};

    if (model == NULL) {
        return true;
    }
    if (!read_template(build, model, settings, &text, &length, &file)) {
        return false;
    }
    if (text == NULL) {
        return true;
    }
    count = add_constants(constant, 0, settings);
    count = add_constants(constant, count, map);
    count = add_constants(constant, count, json_get(settings, "extra_special_tokens"));
    if (length > TEMPLATE_LIMIT || hf2c_utf8_valid_bytes((const uint8_t *)text, length) < length) {
        err_set(&err, "longer than 1 MiB or not UTF-8");
    } else {
        build->tokenizer->chat = chat_compile(build->arena, text, length, constant, count, &err);
    }
    if (build->tokenizer->chat == NULL) {
        warn("%s: %s; the model is built without chat", file, err.text);
    } else {
        build->tokenizer->render = hf2c_chat_render;
    }
    return true;
}
