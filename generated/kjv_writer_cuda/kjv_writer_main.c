/* kjv_writer_main.c: the command line. With -DHF2C_SELF_TEST kjv_writer_test.c has the main function instead. */
#include "kjv_writer.h"
#include "cuda_program.h"

#ifndef HF2C_SELF_TEST
int main(int argc, char **argv)
{
    static const hf2c_program program = {.weights = kjv_writer_weights, .bytes = 6956160, .device = &hf2c_program_cuda};
    return hf2c_main(&kjv_writer_model, &program, argc, argv);
}
#else
typedef int the_self_test_has_main;
#endif
