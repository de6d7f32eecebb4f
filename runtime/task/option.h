/* option: arguments of a task as a table, from which both the "kwargs" of a request and the --options of the command
 * line are read. A value lands in the task's own struct. */
#ifndef HF2C_TASK_OPTION_H
#define HF2C_TASK_OPTION_H

#include "runtime/core/json.h"
#include "runtime/core/lists.h"
#include "runtime/core/message.h"
#include "runtime/core/scratch.h"
#include "runtime/hf2c.h"

/* KIND(name, C type of the field, what is wanted) */
#define HF2C_OPTION_KINDS(KIND)                                                                                        \
    KIND(INTEGER, int, "a whole number")                          /* null: 0 */                                        \
    KIND(COUNT, int, "a whole number above 0, or null")           /* null: 0 */                                        \
    KIND(NUMBER, float, "a number")                               /* null: the default stays */                        \
    KIND(FLAG, int, "true or false")                              /* null: the default stays */                        \
    KIND(SEED, uint64_t, "a whole number, at least 0")            /* null: the default stays */                        \
    KIND(TOKEN, int32_t, "a token id")                            /* null: -1 */                                       \
    KIND(IDS, hf2c_ids, "a token id or a list of them")           /* null: none */                                     \
    KIND(ID_LISTS, hf2c_id_lists, "a list of lists of token ids") /* null: none */                                     \
    KIND(TEXT, hf2c_text, "a text")                               /* null: empty */                                    \
    KIND(TEXTS, hf2c_texts, "a text or a list of them")           /* null: none */                                     \
    KIND(LABELS, hf2c_texts, "a list of texts, or a text with commas") /* null: none; spaces around commas do not count */ \
    KIND(CHOICE, int, "one of the names listed for it")           /* its index; null: the default stays */             \
    KIND(DECAY, hf2c_length_decay, "[start, factor]")             /* null: none */                                     \
    KIND(PAIR, hf2c_pair, "a number or a list of two")            /* null: the default stays; one number: both */       \
    KIND(NESTED, int, "an object of further arguments")           /* whose values land as if they stood outside of it */ \
    KIND(BIASES, hf2c_biases, "a list of [[token ids], bias]")    /* null: none */                                     \
    KIND(LIST, hf2c_text, "a list")                               /* its JSON text, borrowed; null: empty */           \
    KIND(OBJECT, hf2c_text, "an object")                          /* its JSON text, borrowed; null: empty */

typedef struct hf2c_pair {
    float first, second;
} hf2c_pair;

typedef enum hf2c_option_kind {
#define KIND(name, type, wanted) HF2C_OPTION_##name,
    HF2C_OPTION_KINDS(KIND)
#undef KIND
} hf2c_option_kind;

typedef struct hf2c_option {
    const char *name; /* as transformers names it: top_k */
    hf2c_option_kind kind;
    size_t offset;       /* of the field in the task's struct */
    const char *choices; /* CHOICE: "none softmax sigmoid" */
    const char *help;
} hf2c_option;

typedef struct hf2c_options {
    const hf2c_option *rows;
    int count;
} hf2c_options;

/* NULL when there is none of that name; '-' and '_' are the same. */
const hf2c_option *hf2c_option_find(hf2c_options options, const char *name, size_t length);

/* Reads an object (the scanner stands on JSON_OBJECT) into the struct at values. Lists and texts live in the scratch.
 */
hf2c_status hf2c_options_read(hf2c_options options, JsonScanner *scanner, void *values, hf2c_scratch *scratch,
                              hf2c_message *message);

/* One value of the option's kind, on which the scanner stands. */
hf2c_status hf2c_option_value(const hf2c_option *option, JsonScanner *scanner, void *field, hf2c_scratch *scratch);
/* The string on which the scanner stands, with escapes resolved, in the scratch. */
hf2c_status hf2c_option_text(const JsonScanner *scanner, hf2c_text *text, hf2c_scratch *scratch);
/* The list of token ids on which the scanner stands; stands on its end after it. */
hf2c_status hf2c_option_ids(JsonScanner *scanner, hf2c_ids *ids, hf2c_scratch *scratch);

#endif
