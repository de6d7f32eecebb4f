/* arguments: the command line, read by the table of the program's own options and that of the task. */
#include "runtime/cli/cli.h"

#include <stdlib.h>
#include <string.h>

typedef struct Cursor {
    int argc, at;
    char **argv;
} Cursor;

static int same(const char *name, size_t length, const char *known)
{
    return strlen(known) == length && memcmp(name, known, length) == 0;
}

static int same_with_dashes(const char *name, size_t length, const char *field)
{
    if (!field || strlen(field) != length) return 0;
    for (size_t i = 0; i < length; i++) {
        if ((name[i] == '-' ? '_' : name[i]) != field[i]) return 0;
    }
    return 1;
}

static int refuse(const char *what, const char *name, size_t length)
{
    fprintf(stderr, "%s: --%.*s (see --help)\n", what, (int)length, name);
    return 0;
}

/* The value of the option: behind '=' or the next argument. */
static const char *value_of(Cursor *cursor, const char *name, size_t length)
{
    if (name[length] == '=') return name + length + 1;
    if (cursor->at + 1 < cursor->argc) return cursor->argv[++cursor->at];
    refuse("this option needs a value", name, length);
    return NULL;
}

/* ---- options of the task: they become JSON ---- */

static int is_json(const char *text)
{
    JsonScanner scanner;
    json_scan_begin(&scanner, text, strlen(text));
    if (json_next(&scanner) == JSON_ERROR || !json_skip(&scanner)) return 0;
    return json_next(&scanner) == JSON_END;
}

static void add_list(Buffer *kwargs, const char *text)
{
    buffer_text(kwargs, "[");
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        buffer_json_string(kwargs, at, length);
        at += length;
        if (!*at) break;
        buffer_text(kwargs, ", ");
    }
    buffer_text(kwargs, "]");
}

/* Texts are quoted, lists of texts split at commas, everything else is JSON as it stands; what is no JSON counts as a
 * word. */
static void add_value(Buffer *kwargs, const hf2c_option *option, const char *value)
{
    if (option->kind == HF2C_OPTION_TEXTS && value[0] != '[') {
        add_list(kwargs, value);
    } else if (option->kind == HF2C_OPTION_LABELS && value[0] != '[') {
        buffer_json_string(kwargs, value, strlen(value)); /* split where it is read */
    } else if (option->kind != HF2C_OPTION_TEXT && is_json(value)) {
        buffer_text(kwargs, value);
    } else if (strcmp(value, "none") == 0 && option->kind != HF2C_OPTION_CHOICE && option->kind != HF2C_OPTION_TEXT) {
        buffer_text(kwargs, "null");
    } else {
        buffer_json_string(kwargs, value, strlen(value));
    }
}

static void add_key(Buffer *kwargs, const hf2c_option *option)
{
    if (kwargs->length > 1) buffer_text(kwargs, ", ");
    buffer_json_string(kwargs, option->name, strlen(option->name));
    buffer_text(kwargs, ": ");
}

static int read_task_option(Arguments *arguments, Cursor *cursor, const char *name, size_t length)
{
    const hf2c_option *option = hf2c_option_find(arguments->task->options, name, length);
    if (option && option->kind == HF2C_OPTION_FLAG && name[length] != '=') {
        add_key(&arguments->kwargs, option);
        buffer_text(&arguments->kwargs, "true");
        return 1;
    }
    if (!option && length > 3 && memcmp(name, "no-", 3) == 0) {
        option = hf2c_option_find(arguments->task->options, name + 3, length - 3);
        if (option && option->kind == HF2C_OPTION_FLAG) {
            add_key(&arguments->kwargs, option);
            buffer_text(&arguments->kwargs, "false");
            return 1;
        }
    }
    if (!option) return refuse("unknown option", name, length);
    const char *value = value_of(cursor, name, length);
    if (!value) return 0;
    add_key(&arguments->kwargs, option);
    add_value(&arguments->kwargs, option, value);
    return 1;
}

/* ---- the program's own options ---- */

static int read_mode(Arguments *arguments, const char *name, size_t length)
{
    static const struct {
        const char *name;
        Mode mode;
    } modes[] = {
        {"json", MODE_JSON}, {"jsonl", MODE_JSONL}, {"info", MODE_INFO}, {"check", MODE_CHECK}, {"bench", MODE_BENCH}, {"chat", MODE_CHAT},
        {"help", MODE_HELP}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (!same(name, length, modes[i].name)) continue;
        arguments->mode = modes[i].mode;
        return 1;
    }
    return 0;
}

static int read_threads(Arguments *arguments, const char *value)
{
    char *end;
    long threads = strtol(value, &end, 10);
    if (*end || end == value || threads < 1 || threads > 4096) {
        fputs("--threads: wanted a number from 1 to 4096\n", stderr);
        return 0;
    }
    arguments->threads = (int)threads;
    return 1;
}

static int read_option(Arguments *arguments, Cursor *cursor, const char *name)
{
    size_t length = strcspn(name, "=");
    const char **field = NULL, *value = NULL;
    if (read_mode(arguments, name, length)) return 1;
    if (strcmp(name, "huge-pages") == 0) return arguments->huge_pages = 1;
    if (same_with_dashes(name, length, arguments->task->first)) field = &arguments->first;
    if (same_with_dashes(name, length, arguments->task->second) ||
        (arguments->task->second && same(name, length, "pair")))
        field = &arguments->second;
    if (!field && !same(name, length, "threads") && !same(name, length, "task"))
        return read_task_option(arguments, cursor, name, length);
    value = value_of(cursor, name, length);
    if (!value) return 0;
    if (field) *field = value;
    return same(name, length, "threads") ? read_threads(arguments, value) : 1;
}

static int choose_task(Arguments *arguments, const hf2c_model *model, const char *name)
{
    arguments->task = name ? hf2c_task_find(name, strlen(name)) : hf2c_task_default(model);
    if (arguments->task && hf2c_task_allowed(model, arguments->task)) return 1;
    if (name) {
        fprintf(stderr, "--task: this model cannot do '%s'; it can: %s\n", name, model->tasks);
    } else {
        fprintf(stderr, "this model allows no task that this program knows: %s\n",
                model->tasks ? model->tasks : "none");
    }
    return 0;
}

/* The task decides which options there are, so it is looked for first. False: "--task" without a value. */
static int find_task_name(int argc, char **argv, const char **name)
{
    *name = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--task=", 7) == 0) *name = argv[i] + 7;
        if (strcmp(argv[i], "--task") != 0) continue;
        if (i + 1 == argc) return refuse("this option needs a value", "task", 4);
        *name = argv[++i];
    }
    return 1;
}

static int read_all(Arguments *arguments, int argc, char **argv)
{
    Cursor cursor = {argc, 1, argv};
    int only_texts = 0;
    for (; cursor.at < argc; cursor.at++) {
        const char *argument = argv[cursor.at];
        if (!only_texts && strcmp(argument, "--") == 0) {
            only_texts = 1;
        } else if (!only_texts && strcmp(argument, "-h") == 0) {
            arguments->mode = MODE_HELP;
        } else if (!only_texts && strncmp(argument, "--", 2) == 0) {
            if (!read_option(arguments, &cursor, argument + 2)) return 0;
        } else {
            arguments->texts[arguments->text_count++] = argument;
        }
    }
    return 1;
}

static int check_mode(const Arguments *arguments, const hf2c_model *model)
{
    if (arguments->mode != MODE_CHAT) return 1;
    if (arguments->task->converses && model->tokenizer && hf2c_has_chat(model->tokenizer)) return 1;
    fputs("--chat: this model has no chat template, or its task takes no conversation\n", stderr);
    return 0;
}

int arguments_read(Arguments *arguments, const hf2c_model *model, int argc, char **argv)
{
    const char *task;
    *arguments = (Arguments){0};
    arguments->texts = calloc((size_t)argc + 1, sizeof *arguments->texts);
    if (!arguments->texts || !find_task_name(argc, argv, &task) || !choose_task(arguments, model, task)) return 0;
    buffer_text(&arguments->kwargs, "{");
    int good = read_all(arguments, argc, argv);
    buffer_text(&arguments->kwargs, "}");
    return good && check_mode(arguments, model);
}

void arguments_free(Arguments *arguments)
{
    free(arguments->texts);
    free(arguments->kwargs.data);
}
