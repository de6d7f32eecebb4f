/* beam: beam search for one prompt, as the vectorised search of transformers 5 does it. */
#ifndef HF2C_GENERATE_BEAM_H
#define HF2C_GENERATE_BEAM_H

#include "runtime/generate/step.h"

/* sequences: [num_return_sequences]. number: of the first sequence, for its random stream. */
hf2c_status hf2c_beam_search(const hf2c_generate_call *call, hf2c_sequence *sequences, int number);

#endif
