/* golden: expected tensors of a model, as golden.safetensors holds them: groups "G/" of inputs (input_ids, attention_mask,
 * token_type_ids) and outputs. golden.json beside it, where there is one, gives the tolerance and inputs that are no tensors. */
#ifndef HF2C_COMMAND_GOLDEN_H
#define HF2C_COMMAND_GOLDEN_H

#include "compiler/read/json.h"
#include "compiler/read/safetensors.h"
#include "runtime/hf2c.h"

/* |a - b| <= absolute + relative * |b|, b the expected value. */
typedef struct Tolerance {
    double absolute, relative;
} Tolerance;

/* A padded batch, as transformers takes it; each sequence has at least one token. */
typedef struct Padded {
    int sequences, width;
    const int32_t *ids;   /* [sequences * width] */
    const int32_t *types; /* the same, or NULL: all 0 */
    const uint8_t *mask;  /* the same; 1: a token, 0: padding */
    int images;           /* beside the sequences, of which there may be none then */
    int64_t image_values; /* numbers of each */
    int image_height, image_width;
    int image_rows;       /* of each, where pictures are sequences */
    const float *values;  /* [images * image_values] */
    /* Sequences that are sounds: the rows are known once the model is, see golden_frame_inputs. */
    const float *sounds;    /* [sequences * sound_values] samples, or features row by row; NULL: tokens */
    int64_t sound_values;
    const int64_t *lengths; /* [sequences] samples of each that are no padding; NULL: features, which have none */
    const struct Padded *source; /* what the encoder reads while a decoder reads this; NULL: there is no encoder */
} Padded;

typedef struct GoldenGroup {
    const char *name; /* "batch", "qa0/feature1"; "" for names without '/' */
    Padded inputs;
    Tolerance tolerance;
    const Tensor **expected;
    const char **output; /* [count] the name of each without the group's */
    size_t count;
} GoldenGroup;

typedef struct Golden {
    Arena *arena;
    const char *file, *notes_file;
    Tensors tensors;
    const cJSON *notes; /* golden.json; NULL when there is none */
    int64_t padding;    /* the config's pad_token_id, or -1 */
    Tolerance tolerance;
    GoldenGroup *group;
    size_t groups;
    size_t others;      /* tensors that no forward pass gives: of generation, sampling, quantisation */
    int longest;        /* tokens of the longest sequence */
    bool hidden_states; /* some group holds hidden_states.N */
} Golden;

/* What an output with such rows has rows of. */
static inline const Padded *padded_rows(const Padded *inputs, hf2c_rows rows)
{
    return rows == HF2C_ROWS_SOURCE ? inputs->source : inputs;
}

/* What holds where golden.json says nothing: float32 arithmetic in another order. */
extern const Tolerance golden_default_tolerance;

/* padding: the config's pad_token_id, or -1. */
bool golden_open(Arena *arena, const char *path, int64_t padding, Golden *golden, Err *err);
/* The format of weights that a group is for: "bf16" of "precision/bfloat16", "nf4" of "quant/nf4", "llm.int8" of activations too; NULL: the one in which they are stored. */
const char *golden_precision(const GoldenGroup *group);

/* Rows that a model's output of that kind has for these inputs, padding included. */
size_t padded_count(const Padded *inputs, hf2c_rows rows);

/* ---- golden_inputs.c ---- */
bool golden_read_inputs(Golden *golden, GoldenGroup *group, Err *err);

/* Gives sounds their rows. False and *err: they are not what the model takes. */
bool golden_frame_inputs(Golden *golden, GoldenGroup *group, const hf2c_model *model, Err *err);

/* For models with an encoder: a group without decoder_input_ids has its own inputs, moved on by one, as transformers does it; `start`
 * comes first, or each sequence's last token when start is -1. */
void golden_shift_inputs(Golden *golden, GoldenGroup *group, int64_t start);

/* ---- golden_derive.c: outputs that follow from one of the model's ---- */
typedef struct Derivation {
    const char *name; /* of the golden's output */
    const char *from; /* of the model's */
    /* value: [sequences * width, columns]; out: [elements]. False: elements is not what this output has. */
    bool (*make)(const Padded *inputs, const float *value, int columns, float *out, size_t elements);
} Derivation;
const Derivation *derivation_find(const char *name); /* NULL: not derived */

#endif
