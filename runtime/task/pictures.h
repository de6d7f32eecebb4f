/* pictures: what tasks on image files share. For hosted programs. */
#ifndef HF2C_TASK_PICTURES_H
#define HF2C_TASK_PICTURES_H

#include "runtime/image/picture.h"
#include "runtime/task/task.h"

/* Runs the model on the picture in that file; results[i] receives the output called names[i], [rows, columns], in the scratch. size: the
 * picture's own, may be NULL. HF2C_NOT_SUPPORTED when the model lacks an output or came without settings for pictures. */
hf2c_status hf2c_run_picture(hf2c_run *run, hf2c_text path, const char *const *names, int count, hf2c_rows_result *results,
                             hf2c_picture_size *size);

#endif
