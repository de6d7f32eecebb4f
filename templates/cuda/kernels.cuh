/* Every kernel of kernels.def, for CUDA.
 *
 * One rule to call them all: the table's constants, in its order, are template arguments; then the stream in the team's
 * place, pointers, dynamics and reals as ordinary arguments:
 *
 *     CPU   rms_norm(team, y, x, gain, rows, 256, 256, 1e-5f);
 *     CUDA  rms_norm<256, 256>(stream, y, x, gain, rows, 1e-5f);
 *
 * All pointers, also those in hf2c_sequences, are device pointers. A launcher only enqueues; an error is kept in the
 * stream. */
#ifndef HF2C_CUDA_KERNELS_CUH
#define HF2C_CUDA_KERNELS_CUH

#include "templates/cuda/arrange.cuh"
#include "templates/cuda/attention.cuh"
#include "templates/cuda/cache.cuh"
#include "templates/cuda/columns.cuh"
#include "templates/cuda/correlate.cuh"
#include "templates/cuda/disentangled.cuh"
#include "templates/cuda/elementwise.cuh"
#include "templates/cuda/embed.cuh"
#include "templates/cuda/experts.cuh"
#include "templates/cuda/join.cuh"
#include "templates/cuda/grouped.cuh"
#include "templates/cuda/linear.cuh"
#include "templates/cuda/linear_dot.cuh"
#include "templates/cuda/neighbours.cuh"
#include "templates/cuda/norm.cuh"
#include "templates/cuda/outliers.cuh"
#include "templates/cuda/picture.cuh"
#include "templates/cuda/pool.cuh"
#include "templates/cuda/quantize.cuh"
#include "templates/cuda/rope.cuh"
#include "templates/cuda/route.cuh"
#include "templates/cuda/scan.cuh"
#include "templates/cuda/scores.cuh"
#include "templates/cuda/sound.cuh"
#include "templates/cuda/spans.cuh"
#include "templates/cuda/take.cuh"

#endif
