/* ctc: what a model says of each row of a sound, as text: connectionist temporal classification. */
#ifndef HF2C_TASK_CTC_H
#define HF2C_TASK_CTC_H

#include "runtime/task/sounds.h"

/* The likeliest token of each row of a sound, its overlaps left out; in the scratch. */
hf2c_status hf2c_ctc_tokens(hf2c_run *run, const hf2c_pieces_of *pieces, const hf2c_hearing *hearing, hf2c_ids *tokens);

/* One character or word and the rows [start, end) that say so. */
typedef struct hf2c_ctc_span {
    hf2c_text text;
    int start, end;
} hf2c_ctc_span;
/* words: 0: characters. In the scratch. */
hf2c_status hf2c_ctc_spans(hf2c_run *run, hf2c_ids tokens, int words, hf2c_ctc_span **spans, int *count);

#endif
