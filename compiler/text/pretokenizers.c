/* Compiles the pre-tokenizer of tokenizer.json: nearly all are splits by a regular expression. */
#include <string.h>

#include "compiler/text/build.h"
#include "compiler/text/unicode.h"
#include "runtime/text/unicode.h"

enum { DEPTH_MOST = 8, FIXED_MOST = 512 };

typedef void Normalizer(const hf2c_parameters *parameters, const hf2c_line *in, hf2c_line *out);

/* GPT-2's pattern (https://github.com/openai/gpt-2/blob/master/src/encoder.py). */
static const char byte_level_pattern[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

static bool add(TokenizerBuild *build, hf2c_pretokenizer part)
{
    if (build->tokenizer->pretokenizers == PRETOKENIZERS_MOST) {
        return build_refuse(build, "pre_tokenizer", "more steps", "at most 8");
    }
    build->pretokenizer[build->tokenizer->pretokenizers++] = part;
    build->tokenizer->pretokenizer = build->pretokenizer;
    return true;
}

static bool add_scanner(TokenizerBuild *build, const hf2c_scanner *scanner, uint32_t flags)
{
    hf2c_pretokenizer part = {.next = hf2c_split, .parameters = {.pattern = scanner, .flags = flags}};

    return scanner != NULL && add(build, part);
}

static bool add_regex(TokenizerBuild *build, const char *pattern, uint32_t flags)
{
    const RegexNode *node = regex_parse(build->arena, pattern, strlen(pattern), build->err);

    return node != NULL &&
           add_scanner(build, regex_compile(build->arena, node, build->tokenizer->byte_alphabet, build->err), flags);
}

static bool add_set(TokenizerBuild *build, CharSet set, uint32_t flags)
{
    const RegexNode *node = regex_set(build->arena, set);

    return add_scanner(build, regex_compile(build->arena, node, build->tokenizer->byte_alphabet, build->err), flags);
}

static bool behavior(TokenizerBuild *build, const cJSON *item, const char *otherwise, uint32_t *flags)
{
    static const char *const names[] = {"Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"};
    const char *name = json_text(item, "behavior", otherwise);

    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *flags = i;
            return true;
        }
    }
    return build_refuse(build, "pre_tokenizer.behavior", name,
                        "Isolated, Removed, MergedWithPrevious, MergedWithNext or Contiguous");
}

static bool member(uint32_t code, const void *user)
{
    int (*const *is_member)(uint32_t) = user;

    return (*is_member)(code) != 0;
}

static CharSet set_of(TokenizerBuild *build, int (*is_member)(uint32_t code))
{
    return charset_of(build->arena, member, &is_member);
}

static bool add_byte_level(TokenizerBuild *build, const cJSON *item)
{
    hf2c_pretokenizer prefix = {.next = hf2c_prefix_space, .growth = 1, .extra = 1};

    if (build->spelled) {
        return build_refuse(build, "pre_tokenizer", "ByteLevel twice", "ByteLevel once");
    }
    build->spelled = true;
    if (json_flag(item, "add_prefix_space", true) && !add(build, prefix)) {
        return false;
    }
    if (json_flag(item, "use_regex", true) && !add_regex(build, byte_level_pattern, HF2C_SPLIT_ISOLATED)) {
        return false;
    }
    build->tokenizer->byte_alphabet = 1; /* what follows sees the spelled bytes */
    return true;
}

static bool add_bert(TokenizerBuild *build, const cJSON *item)
{
    (void)item;
    return add_set(build, charset_space(build->arena), HF2C_SPLIT_REMOVED) &&
           add_set(build, set_of(build, unicode_is_punctuation), HF2C_SPLIT_ISOLATED);
}

static bool add_whitespace(TokenizerBuild *build, const cJSON *item)
{
    CharSet word = set_of(build, hf2c_is_word), either = charset_space(build->arena);
    RegexNode *node;

    (void)item;
    charset_add_set(build->arena, &either, &word);
    charset_finish(&either);
    node = regex_pair(build->arena, REGEX_ALTERNATE, regex_repeat(build->arena, regex_set(build->arena, word), 1, -1),
                      regex_repeat(build->arena, regex_set(build->arena, charset_not(build->arena, &either)), 1, -1));
    return add_scanner(build, regex_compile(build->arena, node, build->tokenizer->byte_alphabet, build->err),
                       HF2C_SPLIT_REMOVED | HF2C_SPLIT_INVERT);
}

static bool add_whitespace_split(TokenizerBuild *build, const cJSON *item)
{
    (void)item;
    return add_set(build, charset_space(build->arena), HF2C_SPLIT_REMOVED);
}

static bool add_metaspace(TokenizerBuild *build, const cJSON *item)
{
    const char *replacement = json_text(item, "replacement", "\xe2\x96\x81"), *scheme = json_text(item, "prepend_scheme", NULL);
    hf2c_pretokenizer part = {.next = hf2c_metaspace, .parameters = build_text(replacement)};

    if (build->tokenizer->byte_alphabet) {
        return build_refuse(build, "pre_tokenizer", "Metaspace after ByteLevel", "Metaspace before it");
    }
    if (part.parameters.text_bytes == 0 || part.parameters.text_bytes > 4) {
        return build_refuse(build, "pre_tokenizer Metaspace replacement", replacement, "one character");
    }
    if (scheme == NULL) { /* as old files say it */
        scheme = json_flag(item, "add_prefix_space", true) ? "always" : "never";
    }
    part.parameters.flags = strcmp(scheme, "always") == 0 ? HF2C_METASPACE_ALWAYS
                            : strcmp(scheme, "first") == 0 ? HF2C_METASPACE_FIRST : 0u;
    part.growth = part.extra = part.parameters.text_bytes;
    if (!add(build, part)) {
        return false;
    }
    if (json_flag(item, "split", true)) {
        const RegexNode *node = regex_literal(build->arena, replacement, strlen(replacement));
        return add_scanner(build, regex_compile(build->arena, node, false, build->err), HF2C_SPLIT_NEXT);
    }
    return true;
}

static bool add_split(TokenizerBuild *build, const cJSON *item)
{
    uint32_t flags = 0;

    if (!behavior(build, item, "Removed", &flags)) {
        return false;
    }
    flags |= json_flag(item, "invert", false) ? HF2C_SPLIT_INVERT : 0u;
    return add_scanner(build, build_pattern(build, "pre_tokenizer Split", json_get(item, "pattern"), build->tokenizer->byte_alphabet),
                       flags);
}

static bool add_punctuation(TokenizerBuild *build, const cJSON *item)
{
    uint32_t flags = 0;

    return behavior(build, item, "Isolated", &flags) && add_set(build, set_of(build, unicode_is_punctuation), flags);
}

static bool add_digits(TokenizerBuild *build, const cJSON *item)
{
    return add_set(build, set_of(build, unicode_is_numeric),
                   json_flag(item, "individual_digits", false) ? HF2C_SPLIT_ISOLATED : HF2C_SPLIT_CONTIGUOUS);
}

static bool add_delimiter(TokenizerBuild *build, const cJSON *item)
{
    const char *delimiter = json_text(item, "delimiter", " ");
    const RegexNode *node = regex_literal(build->arena, delimiter, strlen(delimiter));

    return add_scanner(build, regex_compile(build->arena, node, build->tokenizer->byte_alphabet, build->err), HF2C_SPLIT_REMOVED);
}

static bool add_fixed_length(TokenizerBuild *build, const cJSON *item)
{
    int length = (int)json_whole(json_get(item, "length"), 1, FIXED_MOST, 0);
    CharSet any = {0};
    const RegexNode *node;

    if (length == 0) {
        return build_refuse(build, "pre_tokenizer FixedLength length", "another value", "1 to 512");
    }
    charset_add(build->arena, &any, 0, CODE_LIMIT - 1);
    node = regex_repeat(build->arena, regex_set(build->arena, any), 1, length);
    return add_scanner(build, regex_compile(build->arena, node, build->tokenizer->byte_alphabet, build->err), HF2C_SPLIT_ISOLATED);
}

static int script_number(const char *wanted)
{
    const char *name = unicode_script_names();
    int number = 0;

    for (; *name != 0 && strcmp(name, wanted) != 0; name += strlen(name) + 1) {
        number++;
    }
    return number;
}

typedef struct Scripts {
    int common, devanagari, han, hiragana, katakana;
} Scripts;

/* The script that UnicodeScripts puts a code point under: kana go with Han; 0, unknown, goes with any, as a space does. */
static int script_group(uint32_t code, const Scripts *scripts)
{
    int script = unicode_property(code) & PROPERTY_AFTER_9 ? 0 : unicode_script(code);

    if (code == 0x589 || code == 0x61c || code == 0x953 || code == 0x954) { /* others since Unicode 9 */
        return code < 0x900 ? scripts->common : scripts->devanagari;
    }
    return code == 0x30fc || script == scripts->hiragana || script == scripts->katakana ? scripts->han : script;
}

/* Runs of one script; spaces and unknowns belong to the run before them, and those at the start to none. */
static bool add_scripts(TokenizerBuild *build, const cJSON *item)
{
    const Scripts scripts = {script_number("Common"), script_number("Devanagari"), script_number("Han"), script_number("Hiragana"),
                             script_number("Katakana")};
    CharSet sets[256] = {0}, any = {0};
    RegexNode *node = NULL;

    (void)item;
    for (uint32_t code = 0; code < CODE_LIMIT; code++) {
        int script = script_group(code, &scripts);
        CharSet *set = code == ' ' || script == 0 ? &any : &sets[script];
        if (set->count > 0 && set->range[set->count - 1].last + 1 == code) {
            set->range[set->count - 1].last = code;
        } else {
            charset_add(build->arena, set, code, code);
        }
    }
    for (int i = 0; i < 256; i++) {
        CharSet rest = {0};
        if (sets[i].count > 0) {
            charset_add_set(build->arena, &rest, &sets[i]);
            charset_add_set(build->arena, &rest, &any);
            charset_finish(&rest);
            node = regex_pair(build->arena, REGEX_ALTERNATE, node,
                              regex_pair(build->arena, REGEX_CONCAT, regex_set(build->arena, sets[i]),
                                         regex_repeat(build->arena, regex_set(build->arena, rest), 0, -1)));
        }
    }
    return add_scanner(build, regex_compile(build->arena, node, build->tokenizer->byte_alphabet, build->err),
                       HF2C_SPLIT_REMOVED | HF2C_SPLIT_INVERT);
}

static bool add_one(TokenizerBuild *build, const cJSON *item, int depth)
{
    static const struct { const char *type; bool (*add)(TokenizerBuild *build, const cJSON *item); } known[] = {
        {"ByteLevel", add_byte_level}, {"BertPreTokenizer", add_bert}, {"Whitespace", add_whitespace},
        {"WhitespaceSplit", add_whitespace_split}, {"Metaspace", add_metaspace}, {"Split", add_split},
        {"Punctuation", add_punctuation}, {"Digits", add_digits}, {"CharDelimiterSplit", add_delimiter},
        {"FixedLength", add_fixed_length}, {"UnicodeScripts", add_scripts}};
    const char *type = json_text(item, "type", "nothing");
    const cJSON *child;

    if (strcmp(type, "Sequence") == 0 && depth < DEPTH_MOST) {
        cJSON_ArrayForEach(child, json_get(item, "pretokenizers")) {
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
    return build_refuse(build, "pre_tokenizer.type", type,
                        "ByteLevel, BertPreTokenizer, Whitespace, WhitespaceSplit, Metaspace, Split, Punctuation, Digits, "
                        "CharDelimiterSplit, FixedLength, UnicodeScripts or Sequence");
}

/* WhitespaceSplit and a Metaspace that splits: one step does both, where the text was normalized. */
static bool is_words(const TokenizerBuild *build, const cJSON *root)
{
    const cJSON *parts = json_get(root, "pretokenizers"), *first = cJSON_GetArrayItem(parts, 0), *second = cJSON_GetArrayItem(parts, 1);

    return strcmp(json_text(root, "type", ""), "Sequence") == 0 && cJSON_GetArraySize(parts) == 2 &&
           strcmp(json_text(first, "type", ""), "WhitespaceSplit") == 0 && strcmp(json_text(second, "type", ""), "Metaspace") == 0 &&
           strcmp(json_text(second, "prepend_scheme", ""), "always") == 0 && json_flag(second, "split", true) &&
           build->tokenizer->normalizers > 0 && !build->tokenizer->byte_alphabet;
}

static bool add_words(TokenizerBuild *build, const cJSON *root)
{
    const char *replacement = json_text(cJSON_GetArrayItem(json_get(root, "pretokenizers"), 1), "replacement", "\xe2\x96\x81");
    hf2c_pretokenizer part = {.next = hf2c_words, .parameters = build_text(replacement), .growth = 3, .extra = 4};

    if (part.parameters.text_bytes == 0 || part.parameters.text_bytes > 4) {
        return build_refuse(build, "pre_tokenizer Metaspace replacement", replacement, "one character");
    }
    return add(build, part);
}

/* Normal forms keep their changes where origins are, and a prefix for the first word asks whether the text begins there. */
static bool needs_origin(const hf2c_tokenizer *tokenizer)
{
    for (int i = 0; i < tokenizer->normalizers; i++) {
        Normalizer *apply = tokenizer->normalizer[i].apply;
        if (apply == hf2c_normalize_nfc || apply == hf2c_normalize_nfd || apply == hf2c_normalize_nfkc || apply == hf2c_normalize_nfkd) {
            return true;
        }
    }
    for (int i = 0; i < tokenizer->pretokenizers; i++) {
        const hf2c_pretokenizer *part = &tokenizer->pretokenizer[i];
        if (part->next == hf2c_metaspace && (part->parameters.flags & HF2C_METASPACE_FIRST) && (i > 0 || tokenizer->normalizers > 0)) {
            return true;
        }
    }
    return false;
}

bool pretokenizers_build(TokenizerBuild *build)
{
    const cJSON *root = json_get(build->root, "pre_tokenizer");
    uint32_t growth = build->tokenizer->line_growth, extra = build->tokenizer->line_extra;

    if (root != NULL && !(is_words(build, root) ? add_words(build, root) : add_one(build, root, 0))) {
        return false;
    }
    for (int i = 0; i < build->tokenizer->pretokenizers; i++) {
        const hf2c_pretokenizer *part = &build->pretokenizer[i];
        if (part->growth > growth) { /* spaces that a normalizer has replaced do not grow again */
            growth = part->growth;
        }
        if (i == 0 && part->next != hf2c_words) {
            extra += part->extra;
        } else {
            growth += part->extra; /* once for each piece of the step before */
        }
    }
    build->tokenizer->needs_origin = needs_origin(build->tokenizer);
    build->tokenizer->growth = (uint16_t)(growth < 4096 ? growth : 4096);
    build->tokenizer->extra = (uint16_t)(extra < 60000 ? extra : 60000);
    return true;
}
