#include "runtime/task/labels.h"

#include <string.h>

/* Bytes of the "{}" or "{0}" that begins at text; 0: none does. */
static size_t field_length(const char *text, size_t left)
{
    if (left >= 2 && memcmp(text, "{}", 2) == 0) return 2;
    return left >= 3 && memcmp(text, "{0}", 3) == 0 ? 3 : 0;
}

static int is_doubled_brace(const char *text, size_t left)
{
    return left >= 2 && (text[0] == '{' || text[0] == '}') && text[1] == text[0];
}

/* Places for the label in the sentence; -1: other things in braces, or more than one "{}". */
static int count_fields(hf2c_text sentence)
{
    int fields = 0, automatic = 0;
    for (size_t at = 0; at < sentence.bytes;) {
        const char *text = sentence.text + at;
        size_t left = sentence.bytes - at, field = field_length(text, left);
        if (field) {
            fields++;
            automatic += field == 2;
            at += field;
        } else if (is_doubled_brace(text, left)) {
            at += 2;
        } else {
            if (*text == '{' || *text == '}') return -1;
            at++;
        }
    }
    return automatic > 1 || (automatic == 1 && fields > 1) ? -1 : fields;
}

hf2c_status hf2c_labels_format(hf2c_run *run, const char *option, hf2c_text sentence, hf2c_text label, hf2c_text *formatted)
{
    int fields = count_fields(sentence);
    if (fields < 1) {
        hf2c_message_set(run->message, option, ": wanted a text with {} where the label goes");
        return HF2C_BAD_ARGUMENT;
    }
    if (label.bytes > (SIZE_MAX - sentence.bytes) / (size_t)fields) return HF2C_TOO_LONG;
    char *out = HF2C_TAKE(run->scratch, char, sentence.bytes + (size_t)fields * label.bytes);
    size_t length = 0;
    if (!out) return HF2C_TOO_SMALL;
    for (size_t at = 0; at < sentence.bytes;) {
        const char *text = sentence.text + at;
        size_t field = field_length(text, sentence.bytes - at);
        if (field) {
            memcpy(out + length, label.text, label.bytes);
            length += label.bytes;
        } else {
            out[length++] = *text;
        }
        at += field ? field : is_doubled_brace(text, sentence.bytes - at) ? 2 : 1;
    }
    *formatted = (hf2c_text){out, length};
    return HF2C_OK;
}

int hf2c_labels_entailment(const hf2c_model *model)
{
    static const char word[] = "entail";
    for (int i = 0; model->labels && i < model->label_count; i++) {
        const char *label = model->labels[i];
        size_t at = 0;
        while (word[at] && (label[at] | 0x20) == word[at]) at++;
        if (!word[at]) return i;
    }
    return -1;
}
