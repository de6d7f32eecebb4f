#include "compiler/read/model.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "compiler/read/locate.h"
#include "compiler/read/quantized.h"
#include "compiler/read/sentence.h"

enum { CONFIG_LIMIT = 1 << 24, NAME_LIMIT = 512 };

static const char weights_file[] = "model.safetensors", index_file[] = "model.safetensors.index.json";

/* NULL: there is none such of a target. */
static const char *name_of_target(const char *name)
{
    static const char *const names[][2] = {{"vocab.json", "target_vocab.json"}, {"source.spm", "target.spm"}, {"tokenizer.json", NULL}};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i][0]) == 0) return names[i][1];
    return name;
}

const char *model_file(const Model *model, const char *name)
{
    const char *file = model->of_target ? name_of_target(name) : name;
    if (!file) return NULL;
    const char *path = arena_printf(model->arena, "%s/%s", model->folder, file);
    return file_exists(path) ? path : NULL;
}

/* ---- settings ---- */

static Config config_of(const Model *model, const cJSON *root, const char *file, Err *err)
{
    return (Config){root, file, model->arena, err};
}

static bool read_config(Model *model, const char *path, Config *config, Err *err)
{
    const cJSON *root = json_read(model->arena, path, CONFIG_LIMIT, err);
    if (root != NULL && !cJSON_IsObject(root)) err_set(err, "%s: must hold an object", path);
    *config = config_of(model, root, path, err);
    return cJSON_IsObject(root);
}

/* One that need not be there. */
static bool read_optional(Model *model, bool wanted, const char *name, Config *config, Err *err)
{
    const char *path = wanted ? model_file(model, name) : NULL;
    if (path != NULL) return read_config(model, path, config, err);
    *config = config_of(model, json_own(model->arena, cJSON_CreateObject()), name, err);
    return true;
}

/* preprocessor_config.json, or the part of processor_config.json that stands for it. */
static bool read_processor(Model *model, bool wanted, Err *err)
{
    static const char name[] = "processor_config.json";
    if (!read_optional(model, wanted, "preprocessor_config.json", &model->processor, err)) return false;
    if (model->processor.root->child != NULL || !wanted || model_file(model, name) == NULL) return true;
    if (!read_optional(model, wanted, name, &model->processor, err)) return false;
    model->processor = config_object(&model->processor, "image_processor|feature_extractor");
    return true;
}

/* Also moves to the folder of the transformer inside, where sentence-transformers keeps one. */
static bool read_sentence(Model *model, Place *place, Err *err)
{
    cJSON *settings;
    const char *inside;
    if (!sentence_read(model->arena, model->folder, &settings, &inside, err)) return false;
    model->sentence = config_of(model, settings, "modules.json", err);
    if (inside[0] == '\0' || file_exists(place->config)) return true;
    const char *folder = arena_printf(model->arena, "%s/%s", model->folder, inside);
    model->folder = real_path(model->arena, folder);
    if (model->folder == NULL) return err_set(err, "%s: named by modules.json: %s", folder, strerror(errno));
    place->config = arena_printf(model->arena, "%s/config.json", model->folder);
    return true;
}

/* ---- weights ---- */

static bool ends_with(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    return length >= tail && strcmp(name + length - tail, suffix) == 0;
}

/* The name of a weights file of another kind in the folder, for the message; NULL when there is none. */
static const char *other_weights(const Model *model)
{
    static const char *const suffixes[] = {".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".gguf", ".onnx"};
    const char *found = NULL;
    DIR *listing = opendir(model->folder);
    if (listing == NULL) return NULL;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        for (size_t i = 0; i < COUNT_OF(suffixes); i++)
            if (ends_with(entry->d_name, suffixes[i]) && (found == NULL || strcmp(entry->d_name, found) < 0))
                found = arena_copy_text(model->arena, entry->d_name, strlen(entry->d_name));
    closedir(listing);
    return found;
}

/* Pickle files run code when they are read, so they are never opened. */
static bool refuse_other_weights(const Model *model, Err *err)
{
    const char *other = other_weights(model);
    if (other == NULL) return err_set(err, "%s: has neither %s nor %s", model->folder, weights_file, index_file);
    return err_set(
        err,
        "%s: has no %s, only %s, which is not read; convert it in Python: "
        "transformers.AutoModelFor...from_pretrained(FOLDER).save_pretrained(NEW_FOLDER, safe_serialization=True)",
        model->folder, weights_file, other);
}

static int first_part_length(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot != NULL ? (int)(dot - name) : 0;
}

static void collect_prefixes(Model *model)
{
    Map *seen = map_new(model->arena);
    model->prefixes = ARENA_ARRAY(model->arena, const char *, model->tensors.count);
    for (size_t i = 0; i < model->tensors.count; i++) {
        const char *name = model->tensors.item[i].name;
        size_t length = (size_t)first_part_length(name);
        if (length == 0 || map_get_n(seen, name, length) != NULL) continue;
        char *prefix = arena_copy_text(model->arena, name, length);
        map_set(seen, prefix, prefix);
        model->prefixes[model->prefix_count++] = prefix;
    }
}

static bool read_weights(Model *model, Err *err)
{
    const char *single = model_file(model, weights_file);
    bool good;
    if (single != NULL)
        good = safetensors_open(model->arena, single, &model->tensors, err);
    else if (model_file(model, index_file) != NULL)
        good = safetensors_open_sharded(model->arena, model->folder, index_file, &model->tensors, err);
    else
        return refuse_other_weights(model, err);
    if (good) collect_prefixes(model);
    return model->has_weights = good && quantized_bind(model, err);
}

bool model_open(Arena *arena, const char *where, bool with_weights, Model *model, Err *err)
{
    Place place;
    *model = (Model){.arena = arena};
    if (!model_locate(arena, where, &place, err)) return false;
    model->folder = place.folder;
    model->name = place.name;
    if (place.config_only)
        model->sentence = config_of(model, json_own(arena, cJSON_CreateObject()), "modules.json", err);
    else if (!read_sentence(model, &place, err))
        return false;
    if (!read_config(model, place.config, &model->config, err) ||
        !read_optional(model, !place.config_only, "generation_config.json", &model->generation, err) ||
        !read_processor(model, !place.config_only, err))
        return false;
    if (!with_weights) return true;
    if (place.config_only) return err_set(err, "%s: a config alone has no weights, wanted a model's folder; hf2c new --save makes one", where);
    return read_weights(model, err);
}

/* ---- tensors by name ---- */

static Tensor *find_exact(const Model *model, const char *name)
{
    return model->tensors.by_name != NULL ? map_get(model->tensors.by_name, name) : NULL;
}

/* LayerNorm.weight and LayerNorm.bias were LayerNorm.gamma and LayerNorm.beta in checkpoints converted from TensorFlow.
 */
static Tensor *find_spelling(const Model *model, const char *name)
{
    static const char *const spellings[][2] = {{"LayerNorm.weight", "gamma"}, {"LayerNorm.bias", "beta"}};
    Tensor *tensor = find_exact(model, name);
    char old[NAME_LIMIT];
    for (size_t i = 0; tensor == NULL && i < COUNT_OF(spellings); i++) {
        size_t length = strlen(name);
        if (!ends_with(name, spellings[i][0]) || length >= sizeof old) continue;
        size_t stem = length - strlen(strchr(spellings[i][0], '.') + 1);
        memcpy(old, name, stem);
        strcpy(old + stem, spellings[i][1]);
        tensor = find_exact(model, old);
    }
    return tensor;
}

/* The one tensor whose name has another first part before this name; *second is set when there are more. */
static Tensor *find_with_prefix(const Model *model, const char *name, const Tensor **second)
{
    Tensor *found = NULL;
    char longer[NAME_LIMIT];
    for (size_t i = 0; i < model->prefix_count; i++) {
        size_t length = strlen(model->prefixes[i]), rest = strlen(name);
        if (length + 1 + rest >= sizeof longer) continue;
        memcpy(longer, model->prefixes[i], length);
        longer[length] = '.';
        memcpy(longer + length + 1, name, rest + 1);
        Tensor *tensor = find_spelling(model, longer);
        if (tensor != NULL && found != NULL)
            *second = tensor;
        else if (tensor != NULL)
            found = tensor;
    }
    return found;
}

/* NULL when there is none; *second when the name fits two, of which none may be picked. */
static Tensor *find_tensor(const Model *model, const char *name, const Tensor **second)
{
    *second = NULL;
    Tensor *tensor = find_spelling(model, name);
    int first = first_part_length(name);
    if (tensor == NULL && first != 0) tensor = find_spelling(model, name + first + 1);
    return tensor != NULL ? tensor : find_with_prefix(model, name, second);
}

bool model_has_tensor(const Model *model, const char *name)
{
    const Tensor *second;
    return find_tensor(model, name, &second) != NULL;
}

bool model_has_prefix(const Model *model, const char *prefix)
{
    for (size_t i = 0; i < model->prefix_count; i++)
        if (strcmp(model->prefixes[i], prefix) == 0) return true;
    return false;
}

static bool shape_fits(const Tensor *tensor, int rank, const int64_t *shape)
{
    if (rank >= 0 && rank != tensor->rank) return false;
    for (int i = 0; i < rank; i++)
        if (shape[i] != -1 && shape[i] != tensor->shape[i]) return false;
    return true;
}

const Tensor *model_tensor(Model *model, const char *name, int rank, const int64_t *shape, Err *err)
{
    const Tensor *second;
    Tensor *tensor = find_tensor(model, name, &second);
    if (tensor == NULL) {
        err_set(err, "%s: tensor \"%.200s\" is missing, also under other prefixes", model->folder, name);
        return NULL;
    }
    if (second != NULL) {
        err_set(err, "%s: tensor \"%.200s\" is missing, and both \"%.100s\" and \"%.100s\" could be meant",
                model->folder, name, tensor->name, second->name);
        return NULL;
    }
    if (!shape_fits(tensor, rank, shape)) {
        err_set(err, "%s: tensor \"%.200s\": found shape %s, wanted %s", tensor->file, tensor->name,
                shape_text(model->arena, tensor->rank, tensor->shape), shape_text(model->arena, rank, shape));
        return NULL;
    }
    tensor->used = true;
    return tensor;
}
