/* kjv_writer_test.c: a self-test. Build it with `cc -DHF2C_SELF_TEST *.c -lm`; it prints the largest error and fails above the
 * tolerance. The expected numbers are the reference evaluation's, in double, of the unfused graph. */
#include "kjv_writer.h"

#ifdef HF2C_SELF_TEST
#include <math.h>
#include <stdio.h>

static const int32_t ids[6] = {11, 1786, 1513, 1240, 967, 694};
static const float expected[64] = {
    -1.2142515f, -3.844845f, 2.4103622f, -11.718813f, -11.504491f, -11.957463f, -11.594904f, -11.760442f,
    2.5595298f, -2.7521338f, -1.6256101f, -11.657506f, -11.631012f, 4.972465f, -1.3421135f, 3.9652574f,
    -11.579395f, -11.884501f, -11.530561f, -11.409647f, -11.907269f, -11.600333f, -11.616056f, -11.768421f,
    -11.72477f, -11.685035f, -11.574703f, 4.655575f, 6.1912074f, -11.862879f, -11.671432f, -11.627039f,
    2.5597367f, -11.675463f, -4.3466854f, -3.887065f, -1.626559f, -5.4516587f, -2.286134f, -3.60637f,
    -1.6587267f, -2.6799834f, -3.1674795f, -1.7898053f, -5.662494f, -4.636867f, -2.3148775f, -1.9289623f,
    -4.736111f, -4.114229f, -3.713875f, -3.339678f, -0.51438755f, -3.8070621f, -4.9177337f, -3.0336845f,
    -2.4833553f, -11.507028f, -3.8789191f, -5.4816966f, -11.650259f, -11.665317f, -11.492161f, -11.789408f};

static float output[524288];

static _Alignas(64) unsigned char workspace[1277952], state[2097152];

static hf2c_status open_model(kjv_writer_context *c)
{
    return kjv_writer_init(c, workspace, sizeof workspace, state, sizeof state, kjv_writer_weights, 6956160);
}

int main(void)
{
    kjv_writer_context c;
    hf2c_status status = open_model(&c);
    if (status == HF2C_OK) status = kjv_writer_prefill(&c, ids, 6, output);
    const float *row = output + 0;
    if (status != HF2C_OK) {
        printf("kjv_writer: %s\n", hf2c_status_text(status));
        return 1;
    }
    double worst = 0;
    for (int i = 0; i < 64; i++) {
        double error = fabs((double)row[i] - (double)expected[i]) / (1 + fabs((double)expected[i]));
        if (!(error <= worst)) worst = error;
    }
    printf("kjv_writer: largest error %.2e\n", worst);
    return worst < 1e-3 ? 0 : 1;
}
#else
typedef int no_self_test_here;
#endif
