/* picture: the graph before and after the passes, side by side. */
#ifndef HF2C_COMMAND_PICTURE_H
#define HF2C_COMMAND_PICTURE_H

#include "compiler/compile.h"

/* Writes FILE.dot, or through graphviz FILE.svg. */
bool picture_write(const Compiled *compiled, const char *path, Err *err);

#endif
