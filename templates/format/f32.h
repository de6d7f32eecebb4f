/* Weights in IEEE binary32: nothing to convert. */
#ifndef HF2C_FORMAT_F32_H
#define HF2C_FORMAT_F32_H

typedef float f32_element;

static inline float f32_decode(f32_element element) { return element; }
static inline f32_element f32_encode(float value) { return value; }

#endif
