/* choose: the parameters of a block of weights, so that the (weighted) squared error of its codes is least. Used when weights are packed; kernels
 * do not need it. */
#ifndef HF2C_FORMAT_CHOOSE_H
#define HF2C_FORMAT_CHOOSE_H

#include <stdint.h>

/* values, importance (or NULL: all 1): [count], finite. parameters: as many bytes as the format's row of formats.def says, of nested
 * formats an f32, not yet rounded. nf4, fp4 and int8 take the
 * largest magnitude and mxfp4, e4m3, e5m2 the scale of their specification, as their reference implementations do; q8, q4 and q4z search. */
void format_choose(int format, const float *values, const float *importance, int64_t count, void *parameters);
/* Parameters that are given: value = (code - zero) * scale. Returns 0 when the format cannot hold them exactly. */
int format_given(int format, float scale, float zero, void *parameters);
/* The other way round: with them, format_given makes the same parameters. */
void format_parameters(int format, const void *parameters, float *scale, float *zero);
/* Codes [count] of the values nearest to those given, and back. */
void format_codes(int format, const float *values, int64_t count, const void *parameters, uint32_t *codes);
void format_values(int format, const uint32_t *codes, int64_t count, const void *parameters, float *values);

#endif
