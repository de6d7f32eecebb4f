/* labels: labels that a request brings, in sentences about them. */
#ifndef HF2C_TASK_LABELS_H
#define HF2C_TASK_LABELS_H

#include "runtime/task/task.h"

/* The sentence with the label in place of "{}", as str.format() of Python does it: "{{" and "}}" are braces. option: its name, for
 * the message when the sentence has no place for a label or anything else in braces. The sentence lies in the scratch. */
hf2c_status hf2c_labels_format(hf2c_run *run, const char *option, hf2c_text sentence, hf2c_text label, hf2c_text *formatted);

/* Number of the model's first label that begins with "entail", in any case; -1: there is none. */
int hf2c_labels_entailment(const hf2c_model *model);

#endif
