/* classification: what tasks share that give labels and scores. */
#ifndef HF2C_TASK_CLASSIFICATION_H
#define HF2C_TASK_CLASSIFICATION_H

#include "runtime/task/task.h"

/* Options of the tasks that score the model's labels; their tables begin with HF2C_CLASSIFICATION_OPTIONS(their struct, its field of this
 * type). */
typedef struct hf2c_classification {
    int top_k;             /* 0: all labels; -1: not given */
    int function_to_apply; /* hf2c_function, or behind those: what the model is for */
} hf2c_classification;

#define HF2C_CLASSIFICATION_OPTIONS(Struct, field)                                                                          \
    {"top_k", HF2C_OPTION_COUNT, offsetof(Struct, field.top_k), NULL, "labels to return; null: all"},                       \
        {"function_to_apply", HF2C_OPTION_CHOICE, offsetof(Struct, field.function_to_apply), "none softmax sigmoid",        \
         "how logits become scores: none, softmax or sigmoid"}

void hf2c_classification_defaults(hf2c_classification *options, int top_k);

/* Writes the labels with the best scores, best first: entries with commas between them and no brackets, or lines for people. Without
 * top_k one label. logits: [1, labels]. */
hf2c_status hf2c_classification_write(hf2c_run *run, const hf2c_classification *options, hf2c_rows_result logits);

/* A line for people: the label and its score. */
void hf2c_score_line(hf2c_run *run, hf2c_text label, float score);

#endif
