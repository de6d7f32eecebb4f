/* rows: what the model gives for one sequence. */
#ifndef HF2C_TASK_ROWS_H
#define HF2C_TASK_ROWS_H

typedef struct hf2c_rows_result {
    const float *values; /* [rows, columns] */
    int rows, columns;
} hf2c_rows_result;

#endif
