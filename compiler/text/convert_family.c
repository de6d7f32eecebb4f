/* What the tokenizer classes of transformers know of their families and the older files do not say: names of special tokens, and the
 * pre-tokenizers and templates of byte-level vocabularies. */
#include <string.h>

#include "compiler/text/convert.h"

bool family_is(const Conversion *conversion, const char *name)
{
    return strstr(conversion->family, name) != NULL;
}

/* ---- special tokens ---- */

enum { SPECIAL_KEYS = 7 };
static const char *const special_keys[SPECIAL_KEYS] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                       "pad_token", "cls_token", "mask_token"};

typedef struct SpecialFamily {
    const char *name;
    const char *token[SPECIAL_KEYS]; /* in the order of special_keys; NULL: none */
} SpecialFamily;

static const SpecialFamily special_families[] = {
    {"albert", {"[CLS]", "[SEP]", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]"}},
    {"deberta", {"[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}},
    {"mpnet", {"<s>", "</s>", "[UNK]", "</s>", "<pad>", "<s>", "<mask>"}},
    {"roberta", {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}},
    {"longformer", {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}},
    {"bart", {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}},
    {"nllb", {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}},
    {"m2m", {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}},
    {"camembert", {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}},
    {"bert", {NULL, NULL, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}},
    {"electra", {NULL, NULL, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}},
    {"t5", {NULL, "</s>", "<unk>", NULL, "<pad>", NULL, NULL}},
    {"pegasus", {NULL, "</s>", "<unk>", NULL, "<pad>", NULL, "<mask_2>"}},
    {"marian", {NULL, "</s>", "<unk>", NULL, "<pad>", NULL, NULL}},
    {"gemma", {"<bos>", "<eos>", "<unk>", NULL, "<pad>", NULL, NULL}},
    {"llama", {"<s>", "</s>", "<unk>", NULL, NULL, NULL, NULL}},
    {"mistral", {"<s>", "</s>", "<unk>", NULL, NULL, NULL, NULL}},
    {"mixtral", {"<s>", "</s>", "<unk>", NULL, NULL, NULL, NULL}},
    {"phi3", {"<s>", "</s>", "<unk>", NULL, NULL, NULL, NULL}},
    {"opt", {"</s>", "</s>", "</s>", NULL, "<pad>", NULL, NULL}},
    {"clip", {"<|startoftext|>", "<|endoftext|>", "<|endoftext|>", NULL, "<|endoftext|>", NULL, NULL}},
    {"gpt2", {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>", NULL, NULL, NULL, NULL}},
    {"gpt_neo", {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>", NULL, NULL, NULL, NULL}},
    {"whisper", {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>", NULL, "<|endoftext|>", NULL, NULL}},
    {"qwen", {NULL, "<|endoftext|>", "<|endoftext|>", NULL, "<|endoftext|>", NULL, NULL}},
    {"wav2vec2", {"<s>", "</s>", "<unk>", NULL, "<pad>", NULL, NULL}}};

const char *family_special(const Conversion *conversion, const char *key)
{
    for (size_t i = 0; i < COUNT_OF(special_families); i++) {
        for (size_t k = 0; k < SPECIAL_KEYS && family_is(conversion, special_families[i].name); k++) {
            if (strcmp(special_keys[k], key) == 0) {
                return special_families[i].token[k];
            }
        }
    }
    return NULL;
}

void family_name_specials(Conversion *conversion)
{
    cJSON *names = cJSON_AddObjectToObject(conversion->root, "family_special_tokens");

    for (size_t k = 0; k < SPECIAL_KEYS; k++) {
        const char *token = convert_special(conversion, special_keys[k], NULL);
        if (token != NULL && convert_id(conversion, token) >= 0) {
            cJSON_AddStringToObject(names, special_keys[k], token);
        }
    }
}

/* ---- byte-level vocabularies ---- */

#define SPLIT(pattern) "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" pattern "\"},\"behavior\":\"Isolated\"}"
#define BYTES_ONLY "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}"
#define SEQUENCE(parts) "{\"type\":\"Sequence\",\"pretokenizers\":[" parts "]}"
#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define REST " ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"
#define UPPER "[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]"
#define LOWER "[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]"
#define NOT_WORD "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?"

static const char gpt4_pattern[] = SEQUENCE(SPLIT(CONTRACTIONS "|" NOT_WORD "\\\\p{L}+|\\\\p{N}{1,3}|" REST) "," BYTES_ONLY);
static const char qwen_pattern[] = SEQUENCE(SPLIT(CONTRACTIONS "|" NOT_WORD "\\\\p{L}+|\\\\p{N}|" REST) "," BYTES_ONLY);
static const char gpt4o_pattern[] = SEQUENCE(
    SPLIT(NOT_WORD UPPER "*" LOWER "+" CONTRACTIONS "?|" NOT_WORD UPPER "+" LOWER "*" CONTRACTIONS "?|\\\\p{N}{1,3}|"
          " ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n/]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+") "," BYTES_ONLY);
static const char deepseek_pattern[] = SEQUENCE(
    SPLIT("\\\\p{N}{1,3}") "," SPLIT("[\xe4\xb8\x80-\xe9\xbe\xa5\xe3\x81\x80-\xe3\x82\x9f\xe3\x82\xa0-\xe3\x83\xbf]+") ","
    SPLIT("[!\\\"#$%&'()*+,\\\\-./:;<=>?@\\\\[\\\\\\\\\\\\]^_`{|}~][A-Za-z]+|[^\\\\r\\\\n\\\\p{L}\\\\p{P}\\\\p{S}]?[\\\\p{L}\\\\p{M}]+|"
          " ?[\\\\p{P}\\\\p{S}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+") "," BYTES_ONLY);
static const char bloom_pattern[] = SEQUENCE(
    SPLIT(" ?[^(\\\\s|[.,!?\xe2\x80\xa6\xe3\x80\x82\xef\xbc\x8c\xe3\x80\x81\xe0\xa5\xa4\xdb\x94\xd8\x8c])]+") "," BYTES_ONLY);
static const char falcon_pattern[] = SEQUENCE(
    "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"},{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
    "{\"type\":\"Digits\",\"individual_digits\":false}," SPLIT("[0-9][0-9][0-9]"));
static const char digits_pattern[] = SEQUENCE(
    "{\"type\":\"Digits\",\"individual_digits\":true},{\"type\":\"ByteLevel\",\"add_prefix_space\":false}");
static const char trimmed[] = "{\"type\":\"ByteLevel\",\"trim_offsets\":true}", untrimmed[] = "{\"type\":\"ByteLevel\",\"trim_offsets\":false}";

typedef struct ByteFamily {
    const char *name, *normalizer, *pre_tokenizer;
    bool begins, ignore_merges; /* begins: the first token is bos */
} ByteFamily;

static const ByteFamily byte_families[] = {
    {"qwen", "{\"type\":\"NFC\"}", qwen_pattern, false, false}, {"gpt2tokenizer", NULL, NULL, false, false},
    {"deepseek", NULL, deepseek_pattern, true, false},          {"llama", NULL, gpt4_pattern, true, true},
    {"smollm3", NULL, gpt4_pattern, true, true},                {"gpt_oss", NULL, gpt4o_pattern, false, false},
    {"bloom", NULL, bloom_pattern, false, false},               {"falcon", NULL, falcon_pattern, false, false},
    {"starcoder", NULL, digits_pattern, false, false},          {"gpt_bigcode", NULL, digits_pattern, false, false}};

/* bos in front, and offsets without spaces, when the settings do not speak against it. */
static void begin_with_bos(Conversion *conversion)
{
    cJSON *sequence = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(sequence, "processors");

    cJSON_AddStringToObject(sequence, "type", "Sequence");
    convert_template(conversion, "bA", "bAb1B1");
    cJSON_AddItemToArray(list, cJSON_Parse(trimmed));
    cJSON_AddItemToArray(list, cJSON_DetachItemFromObjectCaseSensitive(conversion->root, "post_processor"));
    cJSON_AddItemToObject(conversion->root, "post_processor", sequence);
}

bool family_byte_level(Conversion *conversion, cJSON *model)
{
    for (size_t i = 0; i < COUNT_OF(byte_families); i++) {
        const ByteFamily *family = &byte_families[i];
        if (!family_is(conversion, family->name)) {
            continue;
        }
        if (family->pre_tokenizer == NULL || (strcmp(family->name, "falcon") == 0 && json_flag(conversion->model->config.root, "alibi", false))) {
            return false; /* Falcon's models with ALiBi have GPT-2's tokenizer */
        }
        if (family->normalizer != NULL) {
            convert_component(conversion, "normalizer", family->normalizer);
        }
        convert_component(conversion, "pre_tokenizer", family->pre_tokenizer);
        if (family->begins && json_flag(conversion->settings, "add_bos_token", true) && convert_special(conversion, "bos_token", NULL) != NULL) {
            begin_with_bos(conversion);
        } else {
            convert_component(conversion, "post_processor", untrimmed);
        }
        cJSON_AddBoolToObject(model, "ignore_merges", family->ignore_merges);
        return true;
    }
    return false;
}
