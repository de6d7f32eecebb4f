/* Compiles the decoder of tokenizer.json to a list of steps over one token at a time. After a step that joins all tokens (Fuse,
 * ByteLevel) only steps are known that can still go token by token. */
#include <string.h>

#include "compiler/text/build.h"

enum { DEPTH_MOST = 8, SIMPLE_MOST = 512 };

typedef int Apply(const hf2c_parameters *parameters, hf2c_decoding *decoding, uint32_t *state);

typedef struct Decoders {
    TokenizerBuild *build;
    bool fused;
    bool grouped; /* bytes that follow each other are one token to the steps behind ByteFallback */
} Decoders;

static bool add(Decoders *decoders, Apply *apply, hf2c_parameters parameters)
{
    hf2c_tokenizer *tokenizer = decoders->build->tokenizer;

    if (tokenizer->decoders == HF2C_DECODERS_MAX) {
        return build_refuse(decoders->build, "decoder", "more steps", "at most 16");
    }
    if (parameters.text_bytes > TEXT_PARAMETER_MAX || parameters.more_bytes > TEXT_PARAMETER_MAX) {
        return build_refuse(decoders->build, "decoder", "a long text", "at most 1024 bytes");
    }
    parameters.flags |= decoders->fused ? HF2C_DECODE_FUSED : 0u;
    decoders->build->decoder[tokenizer->decoders++] = (hf2c_decoder){apply, parameters};
    tokenizer->decoder = decoders->build->decoder;
    return true;
}

static bool single_tokens(Decoders *decoders, const char *type)
{
    if (decoders->fused) {
        return build_refuse(decoders->build, "decoder.type", type, "no such step after Fuse or ByteLevel");
    }
    return !decoders->grouped || build_refuse(decoders->build, "decoder.type", type, "Fuse between ByteFallback and such a step");
}

static bool add_byte_level(Decoders *decoders, const cJSON *item)
{
    (void)item;
    if (!single_tokens(decoders, "ByteLevel") || !add(decoders, hf2c_decode_byte_level, (hf2c_parameters){0})) {
        return false;
    }
    decoders->fused = true;
    decoders->build->tokenizer->lossy = 1;
    return true;
}

static bool add_byte_fallback(Decoders *decoders, const cJSON *item)
{
    (void)item;
    if (!single_tokens(decoders, "ByteFallback") || !add(decoders, hf2c_decode_byte_fallback, (hf2c_parameters){0})) {
        return false;
    }
    decoders->grouped = true;
    return true;
}

static bool add_wordpiece(Decoders *decoders, const cJSON *item)
{
    hf2c_parameters parameters = build_text(json_text(item, "prefix", "##"));

    parameters.flags = json_flag(item, "cleanup", true) ? HF2C_DECODE_CLEANUP : 0u;
    return single_tokens(decoders, "WordPiece") && add(decoders, hf2c_decode_wordpiece, parameters);
}

static bool add_metaspace(Decoders *decoders, const cJSON *item)
{
    hf2c_parameters parameters = build_text(json_text(item, "replacement", "\xe2\x96\x81"));
    const char *scheme = json_text(item, "prepend_scheme", json_flag(item, "add_prefix_space", true) ? "always" : "never");

    parameters.flags = strcmp(scheme, "never") == 0 ? HF2C_DECODE_KEEP_FIRST : 0u;
    return single_tokens(decoders, "Metaspace") && add(decoders, hf2c_decode_metaspace, parameters);
}

static bool add_bpe(Decoders *decoders, const cJSON *item)
{
    return single_tokens(decoders, "BPEDecoder") && add(decoders, hf2c_decode_bpe, build_text(json_text(item, "suffix", "</w>")));
}

static bool add_ctc(Decoders *decoders, const cJSON *item)
{
    hf2c_parameters parameters = build_text(json_text(item, "pad_token", "<pad>"));
    hf2c_parameters delimiter = build_text(json_text(item, "word_delimiter_token", "|"));

    if (decoders->build->tokenizer->decoders > 0) {
        return build_refuse(decoders->build, "decoder.type", "CTC behind another step", "CTC first: it compares neighbours as they are");
    }
    parameters.more = delimiter.text;
    parameters.more_bytes = delimiter.text_bytes;
    parameters.flags = json_flag(item, "cleanup", true) ? HF2C_DECODE_CLEANUP : 0u;
    return single_tokens(decoders, "CTC") && add(decoders, hf2c_decode_ctc, parameters);
}

static bool add_replace(Decoders *decoders, const cJSON *item)
{
    const char *what = json_text(json_get(item, "pattern"), "String", NULL);
    hf2c_parameters parameters, content = build_text(json_text(item, "content", ""));

    if (what == NULL) {
        parameters = (hf2c_parameters){.more = content.text, .more_bytes = content.text_bytes};
        parameters.pattern = build_pattern(decoders->build, "decoder Replace", json_get(item, "pattern"), false);
        return parameters.pattern != NULL && single_tokens(decoders, "Replace with a Regex") &&
               add(decoders, hf2c_decode_replace_pattern, parameters);
    }
    parameters = build_text(what);
    parameters.more = content.text;
    parameters.more_bytes = content.text_bytes;
    if (decoders->fused && *what != 0 && strlen(what) != hf2c_utf8_size((uint8_t)*what)) {
        return build_refuse(decoders->build, "decoder Replace pattern", what, "one character, after Fuse");
    }
    if (!decoders->fused && decoders->grouped && !single_tokens(decoders, "Replace")) {
        return false;
    }
    return add(decoders, hf2c_decode_replace, parameters);
}

static bool add_strip(Decoders *decoders, const cJSON *item)
{
    hf2c_parameters parameters = build_text(json_text(item, "content", " "));
    uint32_t start = (uint32_t)json_whole(json_get(item, "start"), 0, 255, 256);
    uint32_t stop = (uint32_t)json_whole(json_get(item, "stop"), 0, 255, 256);

    if (start > 255 || stop > 255 || (decoders->fused && stop > 0)) {
        return build_refuse(decoders->build, "decoder Strip", "another count", "0 to 255, and no stop after Fuse");
    }
    if (!decoders->fused && decoders->grouped && !single_tokens(decoders, "Strip")) {
        return false;
    }
    parameters.flags = start | stop << 8 | (decoders->fused ? HF2C_DECODE_STARTS : 0u);
    return add(decoders, hf2c_decode_strip, parameters);
}

static bool add_fuse(Decoders *decoders, const cJSON *item)
{
    (void)item;
    decoders->fused = true;
    return true;
}

static bool add_one(Decoders *decoders, const cJSON *item, int depth)
{
    static const struct { const char *type; bool (*add)(Decoders *decoders, const cJSON *item); } known[] = {
        {"ByteLevel", add_byte_level}, {"ByteFallback", add_byte_fallback}, {"WordPiece", add_wordpiece},
        {"Metaspace", add_metaspace}, {"BPEDecoder", add_bpe}, {"CTC", add_ctc}, {"Replace", add_replace}, {"Strip", add_strip},
        {"Fuse", add_fuse}};
    const char *type = json_text(item, "type", "nothing");
    const cJSON *child;

    if (strcmp(type, "Sequence") == 0 && depth < DEPTH_MOST) {
        cJSON_ArrayForEach(child, json_get(item, "decoders")) {
            if (!add_one(decoders, child, depth + 1)) {
                return false;
            }
        }
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (strcmp(type, known[i].type) == 0) {
            return known[i].add(decoders, item);
        }
    }
    return build_refuse(decoders->build, "decoder.type", type,
                        "ByteLevel, ByteFallback, WordPiece, Metaspace, BPEDecoder, CTC, Replace, Strip, Fuse or Sequence");
}

/* ---- tokens whose text does not depend on their neighbours ---- */

static bool decode_alone(const TokenizerBuild *build, hf2c_decoding *decoding, int32_t id)
{
    const hf2c_tokenizer *tokenizer = build->tokenizer;
    size_t bytes;
    const char *text = hf2c_token_text(tokenizer, id, &bytes);

    if (text == NULL || bytes > SIMPLE_MOST) {
        return false;
    }
    memcpy(decoding->token, text, bytes);
    decoding->bytes = bytes;
    for (int i = 0; i < tokenizer->decoders; i++) {
        const hf2c_decoder *decoder = &tokenizer->decoder[i];
        uint32_t state = decoder->parameters.flags & HF2C_DECODE_STARTS ? 256 : 0, before = state;
        if (decoder->apply == hf2c_decode_ctc || !decoder->apply(&decoder->parameters, decoding, &state) || state != before) {
            return false;
        }
    }
    return !tokenizer->lossy || hf2c_utf8_valid_bytes(decoding->token, decoding->bytes) == decoding->bytes;
}

static int simple_kind(const hf2c_decoding *decoding, const uint8_t *spelling, size_t bytes)
{
    for (int kind = HF2C_SIMPLE_AS_IS; kind < HF2C_SIMPLE_COUNT; kind++) {
        size_t space = hf2c_simple[kind][0], skip = hf2c_simple[kind][1];
        if (bytes >= skip && decoding->bytes == space + bytes - skip && (space == 0 || decoding->token[0] == ' ') &&
            memcmp(decoding->token + space, spelling + skip, bytes - skip) == 0) {
            return kind;
        }
    }
    return 0;
}

/* Whether decoding may copy from the pool of spellings. */
static bool is_in_pool(const TokenizerBuild *build, uint32_t id)
{
    const hf2c_vocabulary_table *table = build->vocabulary;

    return hf2c_token_start(table, id + 1) > hf2c_token_start(table, id) && !(build->flags[id] & HF2C_TOKEN_RESPELLED);
}

void decoders_finish(TokenizerBuild *build)
{
    hf2c_decoding *decoding = ARENA_NEW(build->arena, hf2c_decoding);
    int32_t id = 0;

    for (; id < (int32_t)build->count; id++) {
        size_t bytes;
        const uint8_t *spelling = hf2c_token_spelling(build->vocabulary, (uint32_t)id, &bytes);
        decoding->tokenizer = build->tokenizer;
        decoding->ids = &id;
        decoding->count = 1;
        decoding->previous = SIZE_MAX;
        if (is_in_pool(build, (uint32_t)id) && decode_alone(build, decoding, id)) {
            build->flags[id] |= (uint8_t)(simple_kind(decoding, spelling, bytes) * HF2C_TOKEN_SIMPLE);
        }
    }
}

bool decoders_build(TokenizerBuild *build)
{
    Decoders decoders = {.build = build};
    const cJSON *root = json_get(build->root, "decoder");

    if (root == NULL) {
        return add(&decoders, hf2c_decode_space, (hf2c_parameters){0});
    }
    return add_one(&decoders, root, 0);
}
