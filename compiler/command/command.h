/* command: the commands of hf2c. commands.def lists them, options.def their options; --help is made from the tables. Each command is one
 * file that exports int command_NAME(const Options *). */
#ifndef HF2C_COMMAND_H
#define HF2C_COMMAND_H

#include "compiler/compile.h"

enum { OPTION_MAX_LIST = 32 };

typedef struct TextList {
    const char *item[OPTION_MAX_LIST];
    size_t count;
} TextList;

typedef struct Options {
    const char *command;
    const char *model;   /* the first word; NULL where there was none */
    const char *const *words; /* the other words, and what follows "--" */
    int word_count;
#define OPTION_text(name) const char *name;
#define OPTION_number(name) int64_t name;
#define OPTION_flag(name) bool name;
#define OPTION_list(name) TextList name;
#define OPTION(name, kind, dashed, value, commands, about) OPTION_##kind(name)
#include "compiler/command/options.def"
#undef OPTION_text
#undef OPTION_number
#undef OPTION_flag
#undef OPTION_list
} Options;

/* Exit statuses. */
enum { EXIT_DONE = 0, EXIT_BAD_INPUT = 1, EXIT_USAGE = 2 };

/* What the options say of compiling. */
CompileOptions options_compile(const Options *options);
/* "320K", "2M", "1048576" of an option: K, M and G are powers of 1024, KB, MB and GB of 1000. 0 where it was not given; fatal() where it is none. */
int64_t options_bytes(const char *name, const char *text);
/* Compiles options->model; fatal() with the reason when that fails. Dumps the graph where --dump-ir asks for it. */
Compiled *command_compile(Arena *arena, const Options *options, const CompileOptions *compile_options);

/* build.c: the program at output, whole or not at all. */
bool build_program(Compiled *c, const Options *options, const char *output, Err *err);

#define COMMAND(name, words, about) int command_##name(const Options *options);
#include "compiler/command/commands.def"

#endif
