/* calibrate: runs a text through the model and measures what each linear reads. */
#ifndef HF2C_COMMAND_CALIBRATE_H
#define HF2C_COMMAND_CALIBRATE_H

#include "compiler/command/command.h"
#include "compiler/engine/observe.h"

typedef struct Calibration {
    const Map *inputs; /* InputMoments by the name of a param */
} Calibration;

/* path: as windows_read() has it. fatal() with the reason when that fails. */
const Calibration *calibrate(Arena *arena, const Options *options, const char *path);
/* What --calibrate says, for compiling. */
void calibrate_for(Arena *arena, const Options *options, CompileOptions *compile);

#endif
