/* compare: see compare.h. */
#include "compiler/command/compare.h"

#include <math.h>
#include <string.h>

double compare_worse(double a, double b)
{
    return isnan(a) || a > b ? a : b;
}

Comparison compare_values(const float *got, const float *expected, size_t count, Tolerance tolerance)
{
    Comparison c = {.within = true, .same_bits = memcmp(got, expected, count * sizeof *got) == 0};
    double difference = 0, length = 0;
    for (size_t i = 0; i < count; i++) {
        double b = (double)expected[i], error = fabs((double)got[i] - b), allowed = tolerance.absolute + tolerance.relative * fabs(b);
        difference += error * error;
        length += b * b;
        c.absolute = compare_worse(c.absolute, error);
        if (!(error <= allowed)) c.within = false;
        double share = error == 0 ? 0 : error / allowed;
        if (share <= c.share || isnan(c.share)) continue;
        c.share = share;
        c.worst = i;
    }
    c.relative_l2 = difference == 0 ? 0 : sqrt(difference / length);
    return c;
}
