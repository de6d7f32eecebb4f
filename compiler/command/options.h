/* options: parsing and help; see command.h for what comes out. */
#ifndef HF2C_COMMAND_OPTIONS_H
#define HF2C_COMMAND_OPTIONS_H

#include <stdio.h>

#include "compiler/command/command.h"

/* words: [count], receives the words that are no options. Numbers that were not given are 0. */
bool options_parse(Options *options, const char *command, int count, char **argument, const char **words, Err *err);
void options_help(FILE *out, const char *command);
void commands_help(FILE *out);

#endif
