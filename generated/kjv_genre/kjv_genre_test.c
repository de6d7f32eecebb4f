/* kjv_genre_test.c: a self-test. Build it with `cc -DHF2C_SELF_TEST *.c -lm`; it prints the largest error and fails above the
 * tolerance. The expected numbers are the reference evaluation's, in double, of the unfused graph. */
#include "kjv_genre.h"

#ifdef HF2C_SELF_TEST
#include <math.h>
#include <stdio.h>

static const int32_t ids[6] = {11, 3834, 3561, 3288, 3015, 2742};
static const float expected[6] = {
    0.0038354443f, -0.45019707f, -1.2229321f, 3.8214514f, -0.9426047f, -1.4671541f};

static float output[768];

static _Alignas(64) unsigned char workspace[393216], state[64];

static hf2c_status open_model(kjv_genre_context *c)
{
    return kjv_genre_init(c, workspace, sizeof workspace, state, sizeof state, kjv_genre_weights, 3825240);
}

int main(void)
{
    kjv_genre_context c;
    hf2c_status status = open_model(&c);
    if (status == HF2C_OK) status = kjv_genre_encode(&c, ids, NULL, 6, 0, output);
    const float *row = output + 0;
    if (status != HF2C_OK) {
        printf("kjv_genre: %s\n", hf2c_status_text(status));
        return 1;
    }
    double worst = 0;
    for (int i = 0; i < 6; i++) {
        double error = fabs((double)row[i] - (double)expected[i]) / (1 + fabs((double)expected[i]));
        if (!(error <= worst)) worst = error;
    }
    printf("kjv_genre: largest error %.2e\n", worst);
    return worst < 1e-3 ? 0 : 1;
}
#else
typedef int no_self_test_here;
#endif
