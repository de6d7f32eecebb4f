/* Which method a checkpoint was quantised by, and dispatch to it. */
#include "compiler/read/quantized.h"

#include "compiler/read/matrix.h"

static const struct Method {
    const char *name;
    BindTensor *bind;
    const char *marker; /* the tensors of a quantised module, for messages */
} methods[] = {
    {"bitsandbytes", bind_bitsandbytes, ".weight of I8 or U8"},
    {"gptq", bind_gptq, ".qweight"},
    {"awq", bind_awq, ".qweight"},
    {"compressed-tensors", bind_compressed, ".weight_packed or .weight_scale"},
    {"fp8", bind_fp8, ".weight_scale_inv or .weight_scale"},
    {"fbgemm_fp8", bind_fp8, ".weight_scale"},
    {"mxfp4", bind_mxfp4, "_blocks"},
};

static const char *method_name(const Config *config)
{
    const char *name = config_text_or(config, "quant_method", NULL);
    if (name != NULL) return name;
    if (config_has(config, "load_in_4bit") || config_has(config, "load_in_8bit")) return "bitsandbytes";
    return config_has(config, "config_groups") ? "compressed-tensors" : "no quant_method";
}

static const struct Method *find_method(const Config *config)
{
    const char *name = method_name(config), *known = "";
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (strcmp(methods[i].name, name) == 0) return &methods[i];
        known = arena_printf(config->arena, "%s%s%s", known, i != 0 ? ", " : "", methods[i].name);
    }
    config_refuse(config, "quant_method", name, known);
    return NULL;
}

/* GPT-2 keeps its weights as [in, out]; quantised, they are stored as those of a linear, [out, in]. */
static bool stores_turned(const Model *model)
{
    const char *type = config_text_or(&model->config, "model_type", "");
    return strcmp(type, "gpt2") == 0;
}

/* In which numbers bitsandbytes multiplies 4-bit weights: it rounds them and their inputs to these. Here they are multiplied as f32, which is no
 * less exact, or where --activations asks for it as bf16; inspect tells so. */
static const char *find_compute_type(const Config *config)
{
    static const char key[] = "bnb_4bit_compute_dtype";
    static const char *const known[] = {"float32", "bfloat16", "float16"};
    const char *name = config_bool_or(config, "load_in_4bit", false) ? config_text_or(config, key, "float32") : NULL;
    if (name == NULL) return NULL;
    if (strncmp(name, "torch.", 6) == 0) name += 6;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(name, known[i]) == 0) return known[i];
    config_refuse(config, key, name, "float32, bfloat16, float16");
    return NULL;
}

bool quantized_bind(Model *model, Err *err)
{
    static const char keys[] = "quantization_config|compression_config|text_config.quantization_config|text_config.compression_config";
    if (!config_has(&model->config, keys)) return true;
    Config config = config_object(&model->config, keys);
    const struct Method *method = find_method(&config);
    if (method == NULL) return false;
    model->quantised_by = method->name;
    model->computes_in = find_compute_type(&config);
    Binder binder = {.model = model, .arena = model->arena, .config = config, .turned = stores_turned(model), .err = err};
    for (size_t i = 0; i < model->tensors.count; i++)
        if (!method->bind(&binder, &model->tensors.item[i])) return false;
    if (err->text[0] != '\0') return false;
    return binder.bound != 0 || err_set(err, "%s: quant_method: found %s, but no tensors %s are there", config.file, method->name, method->marker);
}

const char *tensor_natural_format(const Tensor *tensor)
{
    if (tensor->quantized) return tensor->quantized->format;
    if (tensor->type == STORED_BF16) return "bf16";
    return tensor->type == STORED_F16 ? "f16" : "f32";
}

void tensor_part(const Tensor *tensor, TensorPart part, size_t first, size_t count, float *values)
{
    if (!tensor->quantized) bug("tensor %s is not quantised", tensor->name);
    tensor->quantized->read(tensor, part, first, count, values);
}
