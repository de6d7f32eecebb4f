/* calibrate: runs a text through the model and measures what each linear reads. */
#ifndef HF2C_COMMAND_CALIBRATE_H
#define HF2C_COMMAND_CALIBRATE_H

#include <stdio.h>

#include "compiler/command/command.h"
#include "compiler/engine/observe.h"

typedef struct Calibration {
    const Map *inputs; /* InputMoments by the name of a param */
} Calibration;

/* path: as windows_read() has it. fatal() with the reason when that fails. */
const Calibration *calibrate(Arena *arena, const Options *options, const char *path);
/* The model as it is stored, with linears that read what they read there. */
Compiled *compile_original(Arena *arena, const Options *options);
/* What --calibrate and --budget say, for compiling; prints the choices to out. */
void calibrate_for(Arena *arena, const Options *options, FILE *out, CompileOptions *compile);

#endif
