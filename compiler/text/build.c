/* Reading helpers of the tokenizer compiler. */
#include "compiler/text/build.h"

#include <string.h>

const cJSON *json_get(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    return item == NULL || cJSON_IsNull(item) ? NULL : item;
}

bool json_flag(const cJSON *object, const char *key, bool otherwise)
{
    const cJSON *item = json_get(object, key);

    return item == NULL ? otherwise : cJSON_IsTrue(item);
}

const char *json_text(const cJSON *object, const char *key, const char *otherwise)
{
    const cJSON *item = json_get(object, key);

    return cJSON_IsString(item) ? item->valuestring : otherwise;
}

int64_t json_whole(const cJSON *item, int64_t minimum, int64_t maximum, int64_t otherwise)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= (double)minimum) || !(item->valuedouble <= (double)maximum) ||
        (double)(int64_t)item->valuedouble != item->valuedouble) {
        return otherwise;
    }
    return (int64_t)item->valuedouble;
}

bool build_refuse(TokenizerBuild *build, const char *where, const char *found, const char *wanted)
{
    return err_set(build->err, "%s: %s: found %.60s, wanted %s", build->file, where, found, wanted);
}

hf2c_parameters build_text(const char *text)
{
    return (hf2c_parameters){.text = (const uint8_t *)text, .text_bytes = (uint32_t)strlen(text)};
}

static bool matches_at_once(const hf2c_scanner *scanner, uint32_t state)
{
    for (uint32_t class = 0; class <= scanner->classes; class++) {
        uint32_t next = scanner->next[(size_t)state * (scanner->classes + 1) + class];
        if (next & HF2C_MATCH) {
            return true;
        }
    }
    return false;
}

/* Whether some place has an empty match: text is split there, or something put in. */
static bool matches_nothing(const hf2c_scanner *scanner)
{
    bool found = matches_at_once(scanner, scanner->start);

    for (uint32_t class = 0; scanner->after != NULL && class < scanner->classes; class++) {
        found = found || matches_at_once(scanner, scanner->after[class]);
    }
    return found;
}

const hf2c_scanner *build_pattern(TokenizerBuild *build, const char *where, const cJSON *pattern, bool byte_alphabet)
{
    const char *text = cJSON_IsString(pattern) ? pattern->valuestring : json_text(pattern, "String", NULL);
    const char *regex = json_text(pattern, "Regex", NULL);
    const hf2c_scanner *scanner = NULL;
    RegexNode *node = NULL;

    if (text != NULL) {
        node = regex_literal(build->arena, text, strlen(text));
    } else if (regex != NULL) {
        node = regex_parse(build->arena, regex, strlen(regex), build->err);
    } else {
        build_refuse(build, where, "neither String nor Regex", "a pattern");
    }
    if (node != NULL) {
        scanner = regex_compile(build->arena, node, byte_alphabet, build->err);
    }
    if (scanner != NULL && matches_nothing(scanner)) {
        err_set(build->err, "regular expression: a match of no characters cannot be compiled");
        scanner = NULL;
    }
    if (scanner == NULL) {
        err_prefix(build->err, "%s: %s", build->file, where);
    }
    return scanner;
}
