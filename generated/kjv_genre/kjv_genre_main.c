/* kjv_genre_main.c: the command line. With -DHF2C_SELF_TEST kjv_genre_test.c has the main function instead. */
#include "kjv_genre.h"
#include "cli_program.h"

#ifndef HF2C_SELF_TEST
int main(int argc, char **argv)
{
    static const hf2c_program program = {.weights = kjv_genre_weights, .bytes = 3825240};
    return hf2c_main(&kjv_genre_model, &program, argc, argv);
}
#else
typedef int the_self_test_has_main;
#endif
