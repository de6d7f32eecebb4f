/* main: finds the command and runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command/options.h"

static int (*command_find(const char *name))(const Options *)
{
#define COMMAND(command, words, about) \
    if (strcmp(name, #command) == 0) return command_##command;
#include "compiler/command/commands.def"
    return NULL;
}

/* "--" ends hf2c's own options: a --help behind it is the program's. */
static bool wants_help(int argc, char **argv)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        commands_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) return puts("hf2c " HF2C_VERSION) < 0;
    int (*command)(const Options *) = command_find(argv[1]);
    if (!command) {
        fprintf(stderr, "hf2c: no command \"%s\"; hf2c --help lists them\n", argv[1]);
        return EXIT_USAGE;
    }
    if (wants_help(argc, argv)) {
        options_help(stdout, argv[1]);
        return EXIT_DONE;
    }
    Err err = {{0}};
    Options options;
    const char **words = calloc((size_t)argc + 1, sizeof *words);
    if (!words || !options_parse(&options, argv[1], argc - 2, argv + 2, words, &err)) {
        fprintf(stderr, "hf2c: %s\n", err.text);
        free(words);
        return EXIT_USAGE;
    }
    files_sweep_on_signals();
    int status = command(&options);
    free(words);
    return status;
}
