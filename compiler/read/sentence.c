#include "compiler/read/sentence.h"

#include <string.h>

enum { SETTINGS_LIMIT = 1 << 20, LENGTH_LIMIT = 1 << 24 };

typedef struct Sentence {
    Arena *arena;
    const char *folder;
    cJSON *settings;
    const char *transformer;
    Err *err;
} Sentence;

static const char *join(const Sentence *sentence, const char *module, const char *file)
{
    return arena_printf(sentence->arena, "%s/%s%s%s", sentence->folder, module, module[0] != '\0' ? "/" : "", file);
}

static bool open_config(const Sentence *sentence, const char *path, Config *config)
{
    *config =
        (Config){json_read(sentence->arena, path, SETTINGS_LIMIT, sentence->err), path, sentence->arena, sentence->err};
    return config->root != NULL;
}

static void add(Sentence *sentence, const char *key, cJSON *value)
{
    if (value == NULL || !cJSON_AddItemToObject(sentence->settings, key, value))
        fatal("out of memory: the settings of %s", sentence->folder);
}

/* A module's folder is named relative to the model and must stay in it. */
static bool is_inner_path(const char *path)
{
    for (const char *part = path;; part++) {
        size_t length = strcspn(part, "/");
        if (strncmp(part, "..", length) == 0 && length == 2) return false;
        part += length;
        if (*part == '\0') return path[0] != '/' && strchr(path, '\\') == NULL;
    }
}

/* The modes that are switched on, in the order in which their vectors stand side by side; newer files have the name of one instead. */
static int pooling_modes(const Config *config, const char **modes, int most)
{
    static const struct {
        const char *key, *mode;
    } flags[] = {
        {"pooling_mode_cls_token", "cls"},
        {"pooling_mode_max_tokens", "max"},
        {"pooling_mode_mean_tokens", "mean"},
        {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
        {"pooling_mode_weightedmean_tokens", "weightedmean"},
        {"pooling_mode_lasttoken", "last"},
    };
    const char *named = config_text_or(config, "pooling_mode", NULL);
    int count = 0;
    for (size_t i = 0; !named && i < COUNT_OF(flags); i++)
        if (config_bool_or(config, flags[i].key, false) && count < most) modes[count++] = flags[i].mode;
    if (count == 0) modes[count++] = !named ? "mean" : strcmp(named, "lasttoken") == 0 ? "last" : named;
    return count;
}

static bool read_pooling(Sentence *sentence, const char *module)
{
    Config config;
    const char *modes[8];
    if (!open_config(sentence, join(sentence, module, "config.json"), &config)) return false;
    int count = pooling_modes(&config, modes, COUNT_OF(modes));
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < count; i++) {
        const char *mode = modes[i];
        if (strcmp(mode, "mean") != 0 && strcmp(mode, "cls") != 0 && strcmp(mode, "max") != 0 && strcmp(mode, "last") != 0)
            config_refuse(&config, "pooling_mode", mode, "mean, cls, max, last");
        cJSON_AddItemToArray(list, cJSON_CreateString(mode));
    }
    if (cJSON_GetArraySize(list) != count) fatal("out of memory: the settings of %s", sentence->folder);
    add(sentence, "pooling_mode", cJSON_CreateString(modes[0]));
    add(sentence, "pooling_modes", list);
    return sentence->err->text[0] == '\0';
}

/* torch's class as one of transformers' names. */
static const char *dense_activation(const Config *config)
{
    static const char *const names[][2] = {{"Tanh", "tanh"}, {"Identity", "linear"}, {"GELU", "gelu"},         {"ReLU", "relu"},           {"SiLU", "silu"},
                                           {"Sigmoid", "sigmoid"}, {"Mish", "mish"}, {"LeakyReLU", "leaky_relu"}, {"Hardswish", "hardswish"}, {"ReLU6", "relu6"}};
    const char *found = config_text_or(config, "activation_function", "torch.nn.modules.activation.Tanh"), *dot = strrchr(found, '.');
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i][0], dot ? dot + 1 : found) == 0) return names[i][1];
    config_refuse(config, "activation_function", found, "Tanh, Identity, GELU, ReLU, SiLU, Sigmoid, Mish, LeakyReLU, Hardswish, ReLU6");
    return "linear";
}

static bool read_dense(Sentence *sentence, const char *module)
{
    Config config;
    if (cJSON_HasObjectItem(sentence->settings, "normalize"))
        return err_set(sentence->err, "%s: modules.json: Dense behind Normalize is not known", sentence->folder);
    if (!open_config(sentence, join(sentence, module, "config.json"), &config)) return false;
    cJSON *layer = cJSON_CreateObject(), *list = cJSON_GetObjectItemCaseSensitive(sentence->settings, "dense");
    bool made = cJSON_AddStringToObject(layer, "file", join(sentence, module, "model.safetensors")) &&
                cJSON_AddNumberToObject(layer, "in_features", (double)config_int(&config, "in_features", 1, LENGTH_LIMIT)) &&
                cJSON_AddNumberToObject(layer, "out_features", (double)config_int(&config, "out_features", 1, LENGTH_LIMIT)) &&
                cJSON_AddBoolToObject(layer, "bias", config_bool_or(&config, "bias", true)) &&
                cJSON_AddStringToObject(layer, "activation", dense_activation(&config));
    if (!list) add(sentence, "dense", list = cJSON_CreateArray());
    if (!made || !cJSON_AddItemToArray(list, layer)) fatal("out of memory: the settings of %s", sentence->folder);
    return sentence->err->text[0] == '\0';
}

static bool read_transformer(Sentence *sentence, const char *module)
{
    Config config;
    const char *path = join(sentence, module, "sentence_bert_config.json");
    sentence->transformer = module;
    if (!file_exists(path)) return true;
    if (!open_config(sentence, path, &config)) return false;
    int64_t length = config_int_or(&config, "max_seq_length", 1, LENGTH_LIMIT, 0);
    if (length != 0) add(sentence, "max_seq_length", cJSON_CreateNumber((double)length));
    return sentence->err->text[0] == '\0';
}

/* "sentence_transformers.models.Pooling", in newer versions
 * "sentence_transformers.sentence_transformer.modules.pooling.Pooling". */
static bool read_module(Sentence *sentence, const Config *module)
{
    const char *type = config_text_or(module, "type", ""), *path = config_text_or(module, "path", "");
    const char *dot = strrchr(type, '.'), *kind = dot != NULL ? dot + 1 : type;
    if (sentence->err->text[0] != '\0') return false;
    if (!is_inner_path(path))
        return err_set(sentence->err, "%s: path: \"%.100s\" leads out of the folder", module->file, path);
    if (strcmp(kind, "Transformer") == 0) return read_transformer(sentence, path);
    if (strcmp(kind, "Pooling") == 0) return read_pooling(sentence, path);
    if (strcmp(kind, "Dense") == 0) return read_dense(sentence, path);
    if (strcmp(kind, "Normalize") != 0) {
        config_refuse(module, "type", kind, "Transformer, Pooling, Dense, Normalize");
        return false;
    }
    add(sentence, "normalize", cJSON_CreateTrue());
    return true;
}

static bool read_modules(Sentence *sentence, const cJSON *modules, const char *path)
{
    if (!cJSON_IsArray(modules)) return err_set(sentence->err, "%s: must be a list", path);
    const cJSON *item;
    cJSON_ArrayForEach(item, modules)
    {
        Config module = {item, path, sentence->arena, sentence->err};
        if (!read_module(sentence, &module)) return false;
    }
    /* One pooling alone needs nothing of the model. */
    bool plain = !cJSON_HasObjectItem(sentence->settings, "dense") &&
                 cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(sentence->settings, "pooling_modes")) == 1;
    if (plain) cJSON_DeleteItemFromObjectCaseSensitive(sentence->settings, "pooling_modes");
    if (!cJSON_HasObjectItem(sentence->settings, "normalize")) add(sentence, "normalize", cJSON_CreateFalse());
    return true;
}

bool sentence_read(Arena *arena, const char *folder, cJSON **settings, const char **transformer, Err *err)
{
    Sentence sentence = {arena, folder, json_own(arena, cJSON_CreateObject()), "", err};
    const char *path = join(&sentence, "", "modules.json");
    bool good = true;
    if (file_exists(path)) {
        const cJSON *modules = json_read(arena, path, SETTINGS_LIMIT, err);
        good = modules != NULL && read_modules(&sentence, modules, path);
    }
    *settings = sentence.settings;
    *transformer = sentence.transformer;
    return good;
}
