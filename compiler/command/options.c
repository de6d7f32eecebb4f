/* options: the command line, from the tables. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command/command.h"
#include "compiler/command/options.h"

typedef enum OptionKind { KIND_text, KIND_number, KIND_flag, KIND_list } OptionKind;

typedef struct OptionInfo {
    const char *name, *value, *commands, *about;
    OptionKind kind;
    size_t offset;
} OptionInfo;

static const OptionInfo infos[] = {
#define OPTION(name, kind, dashed, value, commands, about) {dashed, value, commands, about, KIND_##kind, offsetof(Options, name)},
#include "compiler/command/options.def"
};

static const struct CommandInfo {
    const char *name, *words, *about;
} commands[] = {
#define COMMAND(name, words, about) {#name, words, about},
#include "compiler/command/commands.def"
};

static const OptionInfo *info_find(const char *command, const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(infos); i++)
        if (strlen(infos[i].name) == length && memcmp(infos[i].name, name, length) == 0 && text_has_word(infos[i].commands, command)) return &infos[i];
    return NULL;
}

static bool set_number(int64_t *field, const char *name, const char *value, Err *err)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end || errno || number < 0) return err_set(err, "--%s: found \"%s\", wanted a whole number", name, value);
    *field = number;
    return true;
}

static bool set_option(Options *options, const OptionInfo *info, const char *value, Err *err)
{
    void *field = (char *)options + info->offset;
    if (info->kind == KIND_flag) *(bool *)field = true;
    if (info->kind == KIND_text) *(const char **)field = value;
    if (info->kind == KIND_number) return set_number(field, info->name, value, err);
    if (info->kind == KIND_list) {
        TextList *list = field;
        if (list->count == OPTION_MAX_LIST) return err_set(err, "--%s: given more than %d times", info->name, OPTION_MAX_LIST);
        list->item[list->count++] = value;
    }
    return true;
}

/* One option at argument[*at]; moves *at to its last word. */
static bool parse_option(Options *options, int count, char **argument, int *at, Err *err)
{
    const char *text = argument[*at];
    if (strcmp(text, "-o") == 0) text = "--output";
    const char *name = text + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const OptionInfo *info = text[1] == '-' ? info_find(options->command, name, length) : NULL;
    if (!info) return err_set(err, "%s: hf2c %s has no such option", argument[*at], options->command);
    if (info->kind == KIND_flag && equals) return err_set(err, "--%s takes no value", info->name);
    if (info->kind == KIND_flag || equals) return set_option(options, info, equals ? equals + 1 : NULL, err);
    if (*at + 1 >= count) return err_set(err, "--%s: wanted a value (%s)", info->name, info->value);
    return set_option(options, info, argument[++*at], err);
}

bool options_parse(Options *options, const char *command, int count, char **argument, const char **words, Err *err)
{
    *options = (Options){.command = command, .words = words};
    bool literal = false;
    for (int i = 0; i < count; i++) {
        bool option = !literal && argument[i][0] == '-' && argument[i][1];
        if (option && strcmp(argument[i], "--") == 0) literal = true;
        else if (option && !parse_option(options, count, argument, &i, err)) return false;
        else if (!option && !options->model && !literal) options->model = argument[i];
        else if (!option) words[options->word_count++] = argument[i];
    }
    return options->model || (options->reference && options->reference[0]) || options->machine || err_set(err, "hf2c %s: which model?", command);
}

void options_help(FILE *out, const char *command)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i].name, command) == 0)
            fprintf(out, "Usage: hf2c %s %s [OPTIONS]\n\n%s.\n\nOptions:\n", command, commands[i].words, commands[i].about);
    for (size_t i = 0; i < COUNT_OF(infos); i++) {
        if (!text_has_word(infos[i].commands, command)) continue;
        char left[64];
        snprintf(left, sizeof left, "--%s %s", infos[i].name, infos[i].value);
        fprintf(out, "  %-24s %s\n", left, infos[i].about);
    }
    fprintf(out, "  %-24s %s\n", "--help", "this text");
    fprintf(out, "\nMODEL is a folder, a config.json, or a hub id that is in the local Hugging Face cache.\n");
}

void commands_help(FILE *out)
{
    fprintf(out, "hf2c: from a Hugging Face model folder to standalone C.\n\nUsage: hf2c COMMAND MODEL [OPTIONS]\n\n");
    for (size_t i = 0; i < COUNT_OF(commands); i++) fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].about);
    fprintf(out, "\nhf2c COMMAND --help tells the options of one.\nExit status: 0 done, 1 the input was bad, 2 wrong usage, 130 interrupted.\n");
}

int64_t options_bytes(const char *name, const char *text)
{
    static const char units[] = "KMG";
    char *end;
    int64_t unit = 1;
    if (!text) return 0;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    const char *found = *end ? strchr(units, *end) : NULL;
    bool decimal = found && strcmp(end + 1, "B") == 0;
    for (const char *u = units; found && u <= found; u++) unit *= decimal ? 1000 : 1024;
    if (end == text || errno || number < 1 || number > INT64_MAX / unit || (found ? end[1] && !decimal : *end))
        fatal("--%s: found \"%s\", wanted bytes: a whole number, with K, M or G behind it for powers of 1024, KB, MB or GB for those of 1000", name, text);
    return (int64_t)number * unit;
}

CompileOptions options_compile(const Options *o)
{
    CompileOptions c = {.model = o->model, .target = o->target, .precision = {.weights = o->precision, .embeddings = o->embeddings, .activations = o->activations, .cache = o->cache}, .name = o->name, .task = o->task};
    c.max_sequence = o->max_seq;
    c.max_batch = o->max_batch;
    c.max_seconds = o->max_seconds;
    c.ram = options_bytes("ram", o->ram);
    c.fast_ram = options_bytes("fast-ram", o->fast_ram);
    c.flash = options_bytes("flash", o->flash);
    c.max_rows = o->max_rows;
    c.strip_rows = o->strip_rows;
    c.hidden_states = o->hidden_states;
    c.passes.without = o->no_pass.item;
    c.passes.without_count = o->no_pass.count;
    c.passes.verbose = o->verbose;
    c.json_schema = o->json_schema;
    c.draft = o->draft;
    c.choices = o->choices;
    return c;
}
