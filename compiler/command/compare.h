/* compare: how far computed values are from expected ones. */
#ifndef HF2C_COMMAND_COMPARE_H
#define HF2C_COMMAND_COMPARE_H

#include "compiler/command/golden.h"

typedef struct Comparison {
    double absolute;    /* largest |a - b| */
    double relative_l2; /* |a - b| / |b|, as vectors */
    double share;       /* largest part of an element's tolerance that its error takes; above 1: outside */
    size_t worst;       /* where */
    bool within;        /* every element is; a NaN never is */
    bool same_bits;
} Comparison;

/* The larger of two; NaN when one is. */
double compare_worse(double a, double b);
Comparison compare_values(const float *got, const float *expected, size_t count, Tolerance tolerance);

#endif
