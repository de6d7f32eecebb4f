/* Compiles the normalizer of tokenizer.json to a list of steps. */
#include <string.h>

#include "compiler/text/build.h"

enum { GROWTH_MOST = 1024, DEPTH_MOST = 8 };

typedef void Apply(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);

static bool add(TokenizerBuild *build, Apply *apply, hf2c_parameters parameters, uint32_t growth, uint32_t extra)
{
    if (build->tokenizer->normalizers == PARTS_MAX) {
        return build_refuse(build, "normalizer", "more steps", "at most 32");
    }
    build->normalizer[build->tokenizer->normalizers++] = (hf2c_normalizer){apply, parameters, growth, extra};
    build->tokenizer->normalizer = build->normalizer;
    return true;
}

static bool add_plain(TokenizerBuild *build, Apply *apply, uint32_t growth)
{
    return add(build, apply, (hf2c_parameters){0}, growth, 0);
}

static bool add_bert(TokenizerBuild *build, const cJSON *item)
{
    bool lowercase = json_flag(item, "lowercase", true), strip = json_flag(item, "strip_accents", lowercase);

    return (!json_flag(item, "clean_text", true) || add_plain(build, hf2c_normalize_clean, 1)) &&
           (!json_flag(item, "handle_chinese_chars", true) || add_plain(build, hf2c_normalize_chinese, 2)) &&
           (!strip || (add_plain(build, hf2c_normalize_nfd, 3) && add_plain(build, hf2c_normalize_drop_nonspacing, 1))) &&
           (!lowercase || add_plain(build, hf2c_normalize_lowercase, 2));
}

static bool add_replace(TokenizerBuild *build, const cJSON *item)
{
    const cJSON *pattern = json_get(item, "pattern");
    const char *content = json_text(item, "content", ""), *literal = json_text(pattern, "String", NULL);
    hf2c_parameters parameters = build_text(content);
    uint32_t shortest = literal != NULL && *literal != 0 ? (uint32_t)strlen(literal) : 1;

    if (parameters.text_bytes > TEXT_PARAMETER_MAX) {
        return build_refuse(build, "normalizer Replace", "a long content", "at most 1024 bytes");
    }
    parameters.pattern = build_pattern(build, "normalizer Replace", pattern, false);
    return parameters.pattern != NULL &&
           add(build, hf2c_normalize_replace, parameters,
               parameters.text_bytes > shortest ? (parameters.text_bytes + shortest - 1) / shortest : 1, 0);
}

static bool add_prepend(TokenizerBuild *build, const cJSON *item)
{
    hf2c_parameters parameters = build_text(json_text(item, "prepend", ""));

    if (parameters.text_bytes > TEXT_PARAMETER_MAX) {
        return build_refuse(build, "normalizer Prepend", "a long text", "at most 1024 bytes");
    }
    return add(build, hf2c_normalize_prepend, parameters, 1, parameters.text_bytes);
}

static bool add_strip(TokenizerBuild *build, const cJSON *item)
{
    hf2c_parameters parameters = {0};

    parameters.flags = (json_flag(item, "strip_left", true) ? HF2C_STRIP_LEFT : 0u) |
                       (json_flag(item, "strip_right", true) ? HF2C_STRIP_RIGHT : 0u);
    return add(build, hf2c_normalize_strip, parameters, 1, 0);
}

static bool add_charsmap(TokenizerBuild *build, const cJSON *item)
{
    const char *base64 = json_text(item, "precompiled_charsmap", NULL);
    hf2c_parameters parameters = {0};
    uint32_t growth;

    if (base64 == NULL || *base64 == 0) { /* sentencepiece models without normalization have none */
        return true;
    }
    return charsmap_build(build, base64, &parameters.charsmap, &growth) &&
           add(build, hf2c_normalize_charsmap, parameters, growth, 0);
}

static bool add_one(TokenizerBuild *build, const cJSON *item, int depth)
{
    static const struct { const char *type; Apply *apply; uint32_t growth; } plain[] = {
        {"NFC", hf2c_normalize_nfc, 3}, {"NFD", hf2c_normalize_nfd, 3}, {"NFKC", hf2c_normalize_nfkc, 11},
        {"NFKD", hf2c_normalize_nfkd, 11}, {"Lowercase", hf2c_normalize_lowercase, 2},
        {"StripAccents", hf2c_normalize_drop_marks, 1}, {"Nmt", hf2c_normalize_nmt, 1}};
    static const struct { const char *type; bool (*add)(TokenizerBuild *build, const cJSON *item); } with_settings[] = {
        {"BertNormalizer", add_bert}, {"Replace", add_replace}, {"Prepend", add_prepend}, {"Strip", add_strip},
        {"Precompiled", add_charsmap}};
    const char *type = json_text(item, "type", "nothing");
    const cJSON *child;

    if (strcmp(type, "Sequence") == 0 && depth < DEPTH_MOST) {
        cJSON_ArrayForEach(child, json_get(item, "normalizers")) {
            if (!add_one(build, child, depth + 1)) {
                return false;
            }
        }
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        if (strcmp(type, plain[i].type) == 0) {
            return add_plain(build, plain[i].apply, plain[i].growth);
        }
    }
    for (size_t i = 0; i < COUNT_OF(with_settings); i++) {
        if (strcmp(type, with_settings[i].type) == 0) {
            return with_settings[i].add(build, item);
        }
    }
    if (strcmp(type, "ByteLevel") == 0 && !build->spelled) { /* only changes how bytes are spelled */
        build->spelled = build->spelled_early = true;
        build->tokenizer->byte_alphabet = 1;
        return true;
    }
    return build_refuse(build, "normalizer.type", type,
                        "NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, BertNormalizer, Replace, Prepend, Strip, Nmt, "
                        "Precompiled, ByteLevel or Sequence");
}

/* Steps that follow Unicode do not let grow again what another one of them let grow, so the largest of them bounds them all; only
 * replacements multiply. A text beyond that bound is answered with HF2C_TOO_SMALL. */
bool normalizers_build(TokenizerBuild *build)
{
    const cJSON *root = json_get(build->root, "normalizer");
    uint32_t replaced = 1, unicode = 1, extra = 0;

    if (root != NULL && !add_one(build, root, 0)) {
        return false;
    }
    for (int i = 0; i < build->tokenizer->normalizers; i++) {
        const hf2c_normalizer *part = &build->normalizer[i];
        if (part->apply == hf2c_normalize_replace) {
            replaced = replaced * part->growth > GROWTH_MOST ? GROWTH_MOST : replaced * part->growth;
        } else {
            unicode = part->growth > unicode ? part->growth : unicode;
        }
        extra = extra * part->growth + part->extra; /* what was put before the text grows too */
        extra = extra < 60000 ? extra : 60000;
    }
    build->tokenizer->line_growth = (uint16_t)(replaced * unicode);
    build->tokenizer->line_extra = (uint16_t)extra;
    return true;
}

const uint8_t *build_normalize(TokenizerBuild *build, const char *text, size_t length, size_t *bytes)
{
    size_t capacity = length * build->tokenizer->line_growth + build->tokenizer->line_extra + 16;
    hf2c_line line[2];

    for (int i = 0; i < 2; i++) {
        line[i] = (hf2c_line){.text = arena_alloc(build->arena, capacity),
                              .origin = ARENA_ARRAY(build->arena, uint32_t, 2 * capacity), .capacity = capacity};
    }
    memcpy(line[0].text, text, length);
    line[0].bytes = length;
    for (int i = 0; i < build->tokenizer->normalizers; i++) {
        hf2c_line *in = &line[i % 2], *out = &line[(i + 1) % 2];
        out->bytes = 0;
        build->normalizer[i].apply(&build->normalizer[i].parameters, in, out);
    }
    *bytes = line[build->tokenizer->normalizers % 2].bytes;
    return line[build->tokenizer->normalizers % 2].text;
}
