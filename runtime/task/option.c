#include "runtime/task/option.h"
#include "runtime/generate/generate.h"

#include <limits.h>
#include <math.h>
#include <string.h>

typedef struct Reader {
    JsonScanner *scanner;
    hf2c_scratch *scratch;
    const hf2c_option *option;
} Reader;

static char dash_free(char c)
{
    return c == '-' ? '_' : c;
}

const hf2c_option *hf2c_option_find(hf2c_options options, const char *name, size_t length)
{
    for (int i = 0; i < options.count; i++) {
        const char *known = options.rows[i].name;
        size_t at = 0;
        while (at < length && known[at] && dash_free(name[at]) == known[at]) at++;
        if (at == length && !known[at]) return &options.rows[i];
    }
    return NULL;
}

hf2c_status hf2c_option_text(const JsonScanner *scanner, hf2c_text *text, hf2c_scratch *scratch)
{
    char *bytes = HF2C_TAKE(scratch, char, scanner->length + 1);
    if (!bytes) return HF2C_TOO_SMALL;
    *text = (hf2c_text){bytes, json_string(scanner, bytes, NULL)};
    return HF2C_OK;
}

/* Items of the array on which the scanner stands; -1 when it is broken. */
static int count_items(const JsonScanner *scanner)
{
    JsonScanner ahead = *scanner;
    int count = 0;
    while (json_next(&ahead) != JSON_ARRAY_END) {
        if (ahead.kind == JSON_ERROR || ahead.kind == JSON_END || !json_skip(&ahead) || count == INT_MAX) return -1;
        count++;
    }
    return count;
}

static hf2c_status read_int(const JsonScanner *scanner, int32_t *value)
{
    int64_t wide;
    if (scanner->kind != JSON_NUMBER || !json_integer(scanner, &wide)) return HF2C_BAD_ARGUMENT;
    if (wide < INT32_MIN || wide > INT32_MAX) return HF2C_BAD_ARGUMENT;
    *value = (int32_t)wide;
    return HF2C_OK;
}

static hf2c_status read_float(const JsonScanner *scanner, float *value)
{
    double wide;
    if (scanner->kind != JSON_NUMBER || !json_double(scanner, &wide) || fabs(wide) > 3e38) return HF2C_BAD_ARGUMENT;
    *value = (float)wide;
    return HF2C_OK;
}

hf2c_status hf2c_option_ids(JsonScanner *scanner, hf2c_ids *ids, hf2c_scratch *scratch)
{
    int count = scanner->kind == JSON_ARRAY ? count_items(scanner) : -1;
    if (count < 0) return HF2C_BAD_ARGUMENT;
    int32_t *list = HF2C_TAKE(scratch, int32_t, count);
    if (!list) return HF2C_TOO_SMALL;
    for (int i = 0; i < count; i++) {
        json_next(scanner);
        hf2c_status status = read_int(scanner, &list[i]);
        if (status != HF2C_OK) return status;
    }
    json_next(scanner); /* the end of the list */
    *ids = (hf2c_ids){list, count};
    return HF2C_OK;
}

/* ---- one function per kind; the scanner stands on the value, which is not null ---- */

static hf2c_status read_INTEGER(Reader *r, int *value)
{
    return read_int(r->scanner, value);
}
static hf2c_status read_TOKEN(Reader *r, int32_t *value)
{
    return read_int(r->scanner, value);
}
static hf2c_status read_NUMBER(Reader *r, float *value)
{
    return read_float(r->scanner, value);
}

static hf2c_status read_COUNT(Reader *r, int *value)
{
    hf2c_status status = read_int(r->scanner, value);
    return status == HF2C_OK && *value < 1 ? HF2C_BAD_ARGUMENT : status;
}

static hf2c_status read_FLAG(Reader *r, int *value)
{
    *value = r->scanner->kind == JSON_TRUE;
    return r->scanner->kind == JSON_TRUE || r->scanner->kind == JSON_FALSE ? HF2C_OK : HF2C_BAD_ARGUMENT;
}

static hf2c_status read_SEED(Reader *r, uint64_t *value)
{
    return r->scanner->kind == JSON_NUMBER && json_unsigned(r->scanner, value) ? HF2C_OK : HF2C_BAD_ARGUMENT;
}

static hf2c_status read_IDS(Reader *r, hf2c_ids *value)
{
    if (r->scanner->kind != JSON_NUMBER) return hf2c_option_ids(r->scanner, value, r->scratch);
    int32_t *one = HF2C_TAKE(r->scratch, int32_t, 1);
    if (!one) return HF2C_TOO_SMALL;
    *value = (hf2c_ids){one, 1};
    return read_int(r->scanner, one);
}

static hf2c_status read_ID_LISTS(Reader *r, hf2c_id_lists *value)
{
    int count = r->scanner->kind == JSON_ARRAY ? count_items(r->scanner) : -1;
    if (count < 0) return HF2C_BAD_ARGUMENT;
    hf2c_ids *lists = HF2C_TAKE(r->scratch, hf2c_ids, count);
    if (!lists) return HF2C_TOO_SMALL;
    for (int i = 0; i < count; i++) {
        json_next(r->scanner);
        hf2c_status status = hf2c_option_ids(r->scanner, &lists[i], r->scratch);
        if (status != HF2C_OK) return status;
    }
    json_next(r->scanner);
    *value = (hf2c_id_lists){lists, count};
    return HF2C_OK;
}

static hf2c_status read_TEXT(Reader *r, hf2c_text *value)
{
    return r->scanner->kind == JSON_STRING ? hf2c_option_text(r->scanner, value, r->scratch) : HF2C_BAD_ARGUMENT;
}

static hf2c_status read_TEXTS(Reader *r, hf2c_texts *value)
{
    int one = r->scanner->kind == JSON_STRING;
    int count = one ? 1 : r->scanner->kind == JSON_ARRAY ? count_items(r->scanner) : -1;
    if (count < 0) return HF2C_BAD_ARGUMENT;
    hf2c_text *texts = HF2C_TAKE(r->scratch, hf2c_text, count);
    if (!texts) return HF2C_TOO_SMALL;
    for (int i = 0; i < count; i++) {
        if (!one) json_next(r->scanner);
        hf2c_status status = read_TEXT(r, &texts[i]);
        if (status != HF2C_OK) return status;
    }
    if (!one) json_next(r->scanner);
    *value = (hf2c_texts){texts, count};
    return HF2C_OK;
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The text up to the next comma without spaces around it; moves *text behind the comma. */
static hf2c_text cut_label(hf2c_text *text)
{
    const char *comma = memchr(text->text, ',', text->bytes);
    size_t length = comma ? (size_t)(comma - text->text) : text->bytes, taken = length + (comma != NULL);
    hf2c_text label = {text->text, length};
    *text = (hf2c_text){text->text + taken, text->bytes - taken};
    while (label.bytes > 0 && is_space(label.text[label.bytes - 1])) label.bytes--;
    while (label.bytes > 0 && is_space(*label.text)) label = (hf2c_text){label.text + 1, label.bytes - 1};
    return label;
}

static hf2c_status read_LABELS(Reader *r, hf2c_texts *value)
{
    hf2c_text whole;
    int commas = 0, count = 0;
    if (r->scanner->kind != JSON_STRING) return read_TEXTS(r, value);
    hf2c_status status = read_TEXT(r, &whole);
    if (status != HF2C_OK) return status;
    if (whole.bytes >= INT_MAX) return HF2C_TOO_LONG;
    for (size_t i = 0; i < whole.bytes; i++) commas += whole.text[i] == ',';
    hf2c_text *labels = HF2C_TAKE(r->scratch, hf2c_text, commas + 1);
    if (!labels) return HF2C_TOO_SMALL;
    while (whole.bytes > 0) {
        hf2c_text label = cut_label(&whole);
        if (label.bytes > 0) labels[count++] = label; /* transformers leaves empty ones out */
    }
    *value = (hf2c_texts){labels, count};
    return HF2C_OK;
}

static hf2c_status read_CHOICE(Reader *r, int *value)
{
    const char *at = r->option->choices;
    char name[32];
    for (int i = 0; *at; i++) {
        size_t length = strcspn(at, " ");
        if (length >= sizeof name) return HF2C_BAD_ARGUMENT;
        memcpy(name, at, length);
        name[length] = '\0';
        JsonKind kind = r->scanner->kind;
        if ((kind == JSON_STRING && json_is(r->scanner, name)) || (kind == JSON_TRUE && strcmp(name, "true") == 0) ||
            (kind == JSON_FALSE && strcmp(name, "false") == 0)) {
            *value = i;
            return HF2C_OK;
        }
        at += length + (at[length] == ' ');
    }
    return HF2C_BAD_ARGUMENT;
}

static hf2c_status read_DECAY(Reader *r, hf2c_length_decay *value)
{
    if (r->scanner->kind != JSON_ARRAY || count_items(r->scanner) != 2) return HF2C_BAD_ARGUMENT;
    json_next(r->scanner);
    hf2c_status status = read_int(r->scanner, &value->start);
    json_next(r->scanner);
    if (status == HF2C_OK) status = read_float(r->scanner, &value->factor);
    json_next(r->scanner);
    return status;
}

static hf2c_status read_PAIR(Reader *r, hf2c_pair *value)
{
    if (r->scanner->kind != JSON_ARRAY) {
        hf2c_status status = read_float(r->scanner, &value->first);
        value->second = value->first;
        return status;
    }
    if (count_items(r->scanner) != 2) return HF2C_BAD_ARGUMENT;
    json_next(r->scanner);
    hf2c_status status = read_float(r->scanner, &value->first);
    json_next(r->scanner);
    if (status == HF2C_OK) status = read_float(r->scanner, &value->second);
    json_next(r->scanner);
    return status;
}

/* What reads all options reads these, see read_nested. */
static hf2c_status read_NESTED(Reader *r, int *value)
{
    (void)r;
    (void)value;
    return HF2C_BAD_ARGUMENT;
}

static hf2c_status read_BIASES(Reader *r, hf2c_biases *value)
{
    int count = r->scanner->kind == JSON_ARRAY ? count_items(r->scanner) : -1;
    if (count < 0) return HF2C_BAD_ARGUMENT;
    hf2c_ids *lists = HF2C_TAKE(r->scratch, hf2c_ids, count);
    float *biases = HF2C_TAKE(r->scratch, float, count);
    if (!lists || !biases) return HF2C_TOO_SMALL;
    for (int i = 0; i < count; i++) {
        if (json_next(r->scanner) != JSON_ARRAY || count_items(r->scanner) != 2) return HF2C_BAD_ARGUMENT;
        json_next(r->scanner);
        hf2c_status status = hf2c_option_ids(r->scanner, &lists[i], r->scratch);
        json_next(r->scanner);
        if (status == HF2C_OK) status = read_float(r->scanner, &biases[i]);
        if (status != HF2C_OK) return status;
        json_next(r->scanner);
    }
    json_next(r->scanner);
    *value = (hf2c_biases){{lists, count}, biases};
    return HF2C_OK;
}

static hf2c_status read_raw(Reader *r, JsonKind wanted, hf2c_text *value)
{
    const char *start = r->scanner->start;
    if (r->scanner->kind != wanted || !json_skip(r->scanner)) return HF2C_BAD_ARGUMENT;
    *value = (hf2c_text){start, (size_t)(r->scanner->text + r->scanner->at - start)};
    return HF2C_OK;
}

static hf2c_status read_LIST(Reader *r, hf2c_text *value) { return read_raw(r, JSON_ARRAY, value); }

static hf2c_status read_OBJECT(Reader *r, hf2c_text *value) { return read_raw(r, JSON_OBJECT, value); }

static void read_null(const hf2c_option *option, void *field)
{
    switch (option->kind) {
    case HF2C_OPTION_INTEGER:
    case HF2C_OPTION_COUNT:
        *(int *)field = 0;
        break;
    case HF2C_OPTION_TOKEN:
        *(int32_t *)field = -1;
        break;
    case HF2C_OPTION_IDS:
        *(hf2c_ids *)field = (hf2c_ids){0};
        break;
    case HF2C_OPTION_ID_LISTS:
        *(hf2c_id_lists *)field = (hf2c_id_lists){0};
        break;
    case HF2C_OPTION_TEXT:
    case HF2C_OPTION_LIST:
    case HF2C_OPTION_OBJECT:
        *(hf2c_text *)field = (hf2c_text){0};
        break;
    case HF2C_OPTION_TEXTS:
    case HF2C_OPTION_LABELS:
        *(hf2c_texts *)field = (hf2c_texts){0};
        break;
    case HF2C_OPTION_DECAY:
        *(hf2c_length_decay *)field = (hf2c_length_decay){0};
        break;
    case HF2C_OPTION_BIASES:
        *(hf2c_biases *)field = (hf2c_biases){0};
        break;
    case HF2C_OPTION_NUMBER:
    case HF2C_OPTION_FLAG:
    case HF2C_OPTION_SEED:
    case HF2C_OPTION_PAIR:
    case HF2C_OPTION_NESTED:
    case HF2C_OPTION_CHOICE:
        break;
    }
}

static hf2c_status read_value(Reader *r, void *field)
{
    if (r->scanner->kind == JSON_NULL) {
        read_null(r->option, field);
        return HF2C_OK;
    }
    switch (r->option->kind) {
#define KIND(name, type, wanted)                                                                                       \
    case HF2C_OPTION_##name:                                                                                           \
        return read_##name(r, (type *)field);
        HF2C_OPTION_KINDS(KIND)
#undef KIND
    }
    return HF2C_BAD_ARGUMENT;
}

hf2c_status hf2c_option_value(const hf2c_option *option, JsonScanner *scanner, void *field, hf2c_scratch *scratch)
{
    Reader reader = {scanner, scratch, option};
    return read_value(&reader, field);
}

static const char *wanted_for(const hf2c_option *option)
{
    if (option->kind == HF2C_OPTION_CHOICE) return option->choices;
    switch (option->kind) {
#define KIND(name, type, wanted)                                                                                       \
    case HF2C_OPTION_##name:                                                                                           \
        return wanted;
        HF2C_OPTION_KINDS(KIND)
#undef KIND
    }
    return "";
}

static hf2c_status refuse_unknown(const JsonScanner *scanner, hf2c_options options, hf2c_message *message)
{
    hf2c_message_set(message, "unknown argument '");
    hf2c_message_add(message, scanner->start, scanner->length);
    hf2c_message_add(message, "'; known:", 9);
    for (int i = 0; i < options.count; i++) {
        hf2c_message_add(message, " ", 1);
        hf2c_message_add(message, options.rows[i].name, strlen(options.rows[i].name));
    }
    return HF2C_BAD_ARGUMENT;
}

static hf2c_status read_all(hf2c_options options, JsonScanner *scanner, void *values, hf2c_scratch *scratch, hf2c_message *message, int nested);

static hf2c_status read_one(hf2c_options options, const hf2c_option *option, JsonScanner *scanner, void *values, hf2c_scratch *scratch,
                            hf2c_message *message, int nested)
{
    if (option->kind == HF2C_OPTION_NESTED && scanner->kind == JSON_OBJECT && !nested)
        return read_all(options, scanner, values, scratch, message, 1);
    hf2c_status status = hf2c_option_value(option, scanner, (char *)values + option->offset, scratch);
    if (status == HF2C_BAD_ARGUMENT) hf2c_message_set(message, option->name, ": wanted ", wanted_for(option));
    return status;
}

hf2c_status hf2c_options_read(hf2c_options options, JsonScanner *scanner, void *values, hf2c_scratch *scratch,
                              hf2c_message *message)
{
    return read_all(options, scanner, values, scratch, message, 0);
}

static hf2c_status read_all(hf2c_options options, JsonScanner *scanner, void *values, hf2c_scratch *scratch, hf2c_message *message, int nested)
{
    while (json_next(scanner) == JSON_KEY) {
        char name[64];
        if (scanner->length >= sizeof name) return refuse_unknown(scanner, options, message);
        const hf2c_option *option = hf2c_option_find(options, name, json_string(scanner, name, NULL));
        if (!option) return refuse_unknown(scanner, options, message);
        json_next(scanner);
        hf2c_status status = read_one(options, option, scanner, values, scratch, message, nested);
        if (status != HF2C_OK) return status;
    }
    return scanner->kind == JSON_OBJECT_END ? HF2C_OK : HF2C_BAD_ARGUMENT;
}
