/* pictures: what tasks on image files share. For hosted programs. */
#ifndef HF2C_TASK_PICTURES_H
#define HF2C_TASK_PICTURES_H

#include "runtime/image/picture.h"
#include "runtime/task/task.h"

/* Runs the model on the picture in that file; the result is the output of that name, [1, columns], in the scratch. */
hf2c_status hf2c_run_picture(hf2c_run *run, hf2c_text path, const char *output, hf2c_rows_result *result);

#endif
