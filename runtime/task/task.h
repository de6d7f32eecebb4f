/* task: what a program does with its model: reads a request, runs the model, writes what the pipeline of transformers
 * returns.
 *
 * Freestanding: memory comes from the run's scratch, results go to its sink. A request is JSON text as in --jsonl:
 * "inputs" is a string, an object with the task's fields, or a list of those; "kwargs" an object with the pipeline's
 * argument names. */
#ifndef HF2C_TASK_TASK_H
#define HF2C_TASK_TASK_H

#include "runtime/core/sink.h"
#include "runtime/task/option.h"
#include "runtime/task/rows.h"
#include "runtime/text/tokenizer.h"

typedef struct hf2c_run {
    hf2c_context *context;
    hf2c_scratch *scratch;
    hf2c_sink *sink;
    hf2c_message *message;
    int people;                    /* text for people instead of JSON */
    int only_new;                  /* with people: generated text without its prompt, whatever the options say */
    int (*cancelled)(void *owner); /* may be NULL; nonzero: stop */
    void (*flush)(void *owner);    /* may be NULL; called when a piece of streamed text is out */
    void *owner;
    struct hf2c_kept *kept; /* may be NULL; see generate.h */
    const struct hf2c_prefix_rule *rule; /* may be NULL; see generate.h */
    struct hf2c_draft *draft; /* may be NULL; see generate.h */
    int64_t now;            /* seconds since 1970 by the local clock, for chat templates that show the date; 0: not known */
} hf2c_run;

typedef enum hf2c_input_form { HF2C_INPUT_STRING, HF2C_INPUT_OBJECT, HF2C_INPUT_ITEM } hf2c_input_form;

typedef struct hf2c_input {
    hf2c_input_form form; /* how it came: alone as a string, alone as an object, or in a list */
    hf2c_text text;       /* the string, or the first field */
    hf2c_text second;     /* the second field; text NULL when absent */
    hf2c_texts list;      /* the list field */
    hf2c_text object;       /* JSON text of an object as it came, for tasks that read it themselves; text NULL: none */
    hf2c_text conversation; /* JSON text of a list of messages instead of all these; text NULL: none */
} hf2c_input;

/* A sequence to run. */
typedef struct hf2c_forward_item {
    const hf2c_encoding *encoding;
    hf2c_ids want; /* rows of outputs that the model gives on demand, increasing; ids NULL: all */
} hf2c_forward_item;

/* One input of a task whose inputs can share calls of the model. */
typedef struct hf2c_job {
    hf2c_input input;
    hf2c_forward_item *items;  /* [count] what prepare() wants to be run, in the scratch */
    int count;
    hf2c_rows_result *results; /* [count, outputs of the task] for finish() */
    void *data;                /* what prepare() leaves for finish() */
} hf2c_job;

typedef struct hf2c_task {
    const char *name;
    const char *aliases; /* separated by ' ' */
    const char *summary;
    const char *first, *second, *list; /* names of the fields in an object; NULL: there is none */
    int needs_object;                  /* a string alone is not enough */
    int converses;                     /* takes a list of messages too */
    int reads_objects;                 /* an object goes to the task as it is */
    int (*suits)(const hf2c_model *model); /* may the model's labels do for it? NULL: any do, if its head allows the task */
    hf2c_options options;
    size_t bytes; /* of the struct that the options fill */
    void (*defaults)(void *options, const hf2c_model *model);
    /* Writes the answer to one input: JSON without a line end, or lines for people. */
    hf2c_status (*answer)(hf2c_run *run, const void *options, const hf2c_input *input);
    /* Instead of answer, for tasks whose inputs go through the model together: what to run, and the answer from what came out. */
    hf2c_status (*prepare)(hf2c_run *run, const void *options, hf2c_job *job);
    hf2c_status (*finish)(hf2c_run *run, const void *options, const hf2c_job *job);
    const char *outputs[3]; /* with prepare: names of the outputs, then NULL */
    /* Answers requests with "prompts" in place of hf2c_prompts_request; NULL for tasks whose prompts are texts. */
    hf2c_status (*prompts)(hf2c_run *run, hf2c_text prompts, hf2c_text kwargs);
    const char *(*output)(const hf2c_model *model); /* the only output instead, where models differ; may be NULL */
} hf2c_task;

/* The task of that name or alias; NULL when this runtime does not have it. */
const hf2c_task *hf2c_task_find(const char *name, size_t length);
/* Does the model's head allow it? */
int hf2c_task_allowed(const hf2c_model *model, const hf2c_task *task);
/* The first of the model's tasks that this runtime has; NULL when there is none. */
const hf2c_task *hf2c_task_default(const hf2c_model *model);
/* Tasks of this runtime, in the order of the table; NULL behind the last. */
const hf2c_task *hf2c_task_at(int index);

/* inputs, kwargs: JSON text; kwargs may be NULL. What was written before an error is incomplete and must be thrown
 * away. */
hf2c_status hf2c_task_request(hf2c_run *run, const hf2c_task *task, hf2c_text inputs, hf2c_text kwargs);

/* One text as the input, as it stands; kwargs as above. */
hf2c_status hf2c_task_text(hf2c_run *run, const hf2c_task *task, hf2c_text text, hf2c_text kwargs);

/* ---- for the tasks themselves ---- */

typedef struct hf2c_tokenization {
    hf2c_truncation_strategy strategy; /* HF2C_TRUNCATE_NONE: texts that are too long are refused */
    int max_length;                    /* 0: what tokenizer and model allow */
    int stride, window;
    int without_special; /* leave out the tokens that the template adds */
} hf2c_tokenization;

/* Encodes into arrays from the scratch. HF2C_TOO_LONG with a message when the model cannot take so many tokens. windows
 * may be NULL. */
hf2c_status hf2c_run_encode(hf2c_run *run, hf2c_text text, hf2c_text second, hf2c_tokenization tokenization,
                            hf2c_encoding *encoding, int *windows);

/* Sequences that one call of the model can take here. */
int hf2c_run_together(const hf2c_run *run);

/* The only sequence of a job, and its encoding; NULL when the scratch is full. */
hf2c_encoding *hf2c_job_single(hf2c_run *run, hf2c_job *job);

/* Runs the model on encoded sequences, as many in one call as it takes; results: [item_count, count]. What comes out for a sequence
 * does not depend on its neighbours. Otherwise as hf2c_run_forward. */
hf2c_status hf2c_run_forward_all(hf2c_run *run, const hf2c_forward_item *items, int item_count, const char *const *names, int count,
                                 hf2c_rows_result *results);

/* Runs the model on one encoded sequence; results[i] receives the output called names[i]. want: rows of outputs that
 * the model gives on demand; NULL: all. HF2C_NOT_SUPPORTED when the model lacks the output. */
hf2c_status hf2c_run_forward(hf2c_run *run, const hf2c_encoding *encoding, hf2c_ids want, const char *const *names,
                             int count, hf2c_rows_result *results);

/* Text of the ids, in the scratch. */
hf2c_status hf2c_run_decode(hf2c_run *run, const int32_t *ids, int count, int skip_special_tokens, hf2c_text *text);

void hf2c_softmax(const float *scores, int count, float *probabilities);
float hf2c_sigmoid(float value);
/* How logits of labels become scores. */
typedef enum hf2c_function { HF2C_FUNCTION_NONE, HF2C_FUNCTION_SOFTMAX, HF2C_FUNCTION_SIGMOID } hf2c_function;
hf2c_function hf2c_score_function(const hf2c_model *model); /* what transformers takes for the model */
void hf2c_scores(hf2c_function function, const float *logits, int count, float *scores);
/* Numbers of the count (at most n) largest of n values, largest first, the lower number first among equals. */
void hf2c_rank(const float *values, int n, int count, int32_t *ranked);
/* [values], or the values alone on a line for people. */
void hf2c_write_numbers(hf2c_run *run, const float *values, int count);
/* For people: a number with that many decimals. */
void hf2c_sink_fixed(hf2c_sink *sink, double value, int decimals);
/* The label as a text; "LABEL_3" where the model has no names. Uses the scratch. */
hf2c_text hf2c_run_label(hf2c_run *run, int label);

#endif
