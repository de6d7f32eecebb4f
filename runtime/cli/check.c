#include "runtime/cli/cli.h"
#include "runtime/core/checksum.h"
#include "runtime/core/weights.h"

static int check(const hf2c_model *model, const void *weights, size_t bytes)
{
    hf2c_checksum sum;
    const uint8_t *data = weights;
    if (model->weights_bytes == 0) return 1;
    hf2c_checksum_begin(&sum);
    hf2c_checksum_add(&sum, data + HF2C_WEIGHTS_SUMMED, HF2C_WEIGHTS_HEADER - HF2C_WEIGHTS_SUMMED);
    hf2c_checksum_add(&sum, data + HF2C_WEIGHTS_HEADER, bytes - HF2C_WEIGHTS_HEADER);
    if (hf2c_checksum_end(&sum) == model->weights_hash) {
        printf("%s: %zu bytes of weights, the checksum holds\n", model->name, bytes);
        return 1;
    }
    fprintf(stderr, "%s: weights: the checksum does not hold: they are damaged\n", model->name);
    return 0;
}

/* What is opened already has the header and the size of the model's. */
int run_check(const Session *session, const hf2c_program *program)
{
    if (!check(session->model, session->map.weights, session->map.bytes)) return EXIT_BAD_INPUT;
    return program->draft && !check(program->draft, program->draft_weights, program->draft_bytes) ? EXIT_BAD_INPUT : 0;
}
