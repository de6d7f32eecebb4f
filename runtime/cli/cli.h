/* cli: what the parts of the command line share. */
#ifndef HF2C_CLI_CLI_H
#define HF2C_CLI_CLI_H

#include "runtime/cli/program.h"
#include "runtime/cli/weights_map.h"
#include "runtime/generate/generate.h"
#include "runtime/task/task.h"

#include <stdio.h>

/* ---- text that grows; memory is out: the program ends with status 1 ---- */

typedef struct Buffer {
    char *data;
    size_t length, capacity;
} Buffer; /* zero-initialise; free(data) */

void buffer_add(Buffer *buffer, const char *bytes, size_t count);
void buffer_text(Buffer *buffer, const char *text);
void buffer_json_string(Buffer *buffer, const char *text, size_t bytes);
int buffer_write(void *buffer, const char *bytes, size_t count); /* for hf2c_sink */
int file_write(void *file, const char *bytes, size_t count);     /* for hf2c_sink */

/* ---- the arguments ---- */

typedef enum Mode { MODE_PEOPLE, MODE_JSON, MODE_JSONL, MODE_INFO, MODE_CHECK, MODE_BENCH, MODE_CHAT, MODE_HELP } Mode;

typedef struct Arguments {
    Mode mode;
    const hf2c_task *task;
    int threads;         /* 0: not given */
    int huge_pages;      /* weights are moved into huge pages first */
    Buffer kwargs;       /* a JSON object of the task's options */
    const char *first, *second; /* values of the options that are fields of the input; NULL: not given */
    const char **texts;  /* [text_count] what is no option */
    int text_count;
} Arguments;

/* False after a message on standard error. */
int arguments_read(Arguments *arguments, const hf2c_model *model, int argc, char **argv);
void arguments_free(Arguments *arguments);
void help_print(const hf2c_model *model, const hf2c_task *task, const char *program);

/* ---- a model made ready ---- */

/* A context's own. */
typedef struct Memory {
    void *workspace, *state;
    size_t workspace_bytes, state_bytes;
} Memory;

typedef struct Session {
    const hf2c_model *model;
    hf2c_context context;
    hf2c_scratch scratch;
    hf2c_weights_map map;
    int huge_pages; /* the weights lie in memory of our own */
    const hf2c_program_device *device; /* to detach from; NULL: none */
    Memory memory, draft_memory;
    hf2c_kept kept;
    hf2c_draft draft; /* context NULL: none */
    hf2c_context draft_context;
    double start_seconds; /* from the start of main to here */
} Session;

/* False after a message on standard error. */
int session_open(Session *session, const hf2c_model *model, const hf2c_program *program, const Arguments *arguments, const char *argv0);
void session_close(Session *session);
double seconds_now(void);
int64_t local_now(void); /* seconds since 1970 by the clock on the wall; 0: not known */

int interrupted(void *owner); /* a signal asked to stop */
void interrupts_watch(void);

/* One request; the answer goes to the sink. task NULL: inputs are prompts for generate(). */
hf2c_status session_request(Session *session, const hf2c_task *task, hf2c_text inputs, hf2c_text kwargs, hf2c_sink *sink, int people,
                            hf2c_message *message);

/* What was wrong, in one line without an end. */
const char *failure_text(hf2c_status status, const hf2c_message *message);

/* ---- the modes; each returns the exit status ---- */

int run_texts(Session *session, const Arguments *arguments);
int run_jsonl(Session *session, const Arguments *arguments);
int run_chat(Session *session, const Arguments *arguments);
int run_info(Session *session, const Arguments *arguments);
int run_check(const Session *session, const hf2c_program *program);
int run_bench(Session *session, const Arguments *arguments);

enum { EXIT_BAD_INPUT = 1, EXIT_WRONG_USAGE = 2, EXIT_INTERRUPTED = 130 };

#endif
