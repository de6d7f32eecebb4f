/* weights: the file in which the packed weights of a model arrive.
 *
 * Layout: a header of 64 bytes, then data; every tensor begins at a multiple of 64 from the start of the file. All offsets
 * count from the start of the header. Little-endian:
 *
 *      0  8 bytes  "HF2CWGT\0"
 *      8  uint32   layout version, HF2C_WEIGHTS_LAYOUT
 *     12  uint32   bytes of this header, 64
 *     16  uint64   bytes of the whole file, header included: hf2c_model.weights_bytes
 *     24  uint64   checksum of all that follows (checksum.h): hf2c_model.weights_hash
 *     32  uint64   hash of the graph and the layout
 *     40  zeros
 *
 * The same bytes are linked in, lie in a file of their own, or are appended to the executable. Appended weights begin at
 * a multiple of HF2C_WEIGHTS_PAGE in the executable, which then ends with a trailer of 32 bytes:
 *
 *      0  8 bytes  "HF2CEND\0"
 *      8  uint64   where the weights begin in the file
 *     16  uint64   bytes of the weights
 *     24  uint64   hash, as in the header */
#ifndef HF2C_CORE_WEIGHTS_H
#define HF2C_CORE_WEIGHTS_H

#include "runtime/hf2c.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HF2C_WEIGHTS_LAYOUT = 2,
    HF2C_WEIGHTS_HEADER = 64,    /* bytes */
    HF2C_WEIGHTS_SUMMED = 32,    /* where the checksum begins */
    HF2C_WEIGHTS_TRAILER = 32,   /* bytes */
    HF2C_WEIGHTS_ALIGNMENT = 64, /* of the weights in memory and of every tensor in them */
    HF2C_WEIGHTS_PAGE = 65536    /* of appended weights: a multiple of every page size in use, so that they can be mapped */
};

void hf2c_weights_write_header(uint8_t header[HF2C_WEIGHTS_HEADER], uint64_t bytes, uint64_t layout, uint64_t hash);
void hf2c_weights_write_trailer(uint8_t trailer[HF2C_WEIGHTS_TRAILER], uint64_t begin, uint64_t bytes, uint64_t hash);
/* HF2C_BAD_WEIGHTS unless weights (of that many bytes) are those of the model. Only the header is read. */
hf2c_status hf2c_weights_check(const hf2c_model *model, const void *weights, size_t bytes);
/* What is wrong with them, for people; NULL: nothing. */
const char *hf2c_weights_fault(const hf2c_model *model, const void *weights, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
