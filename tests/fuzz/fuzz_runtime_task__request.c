/* Requests as programs receive them by --jsonl: the first byte chooses the task, then "inputs", a NUL, "kwargs". */
#include "tests/unit/runtime_task/fixture_model.h"

#include "runtime/task/generation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static float some_value(const hf2c_batch *batch, int output, int row, int column)
{
    uint32_t hash = (uint32_t)(batch->ids[row] * 31 + column * 7 + output);
    return (float)(hash * 2654435761u >> 20) / 512.0f;
}

static int swallow(void *to, const char *bytes, size_t count)
{
    size_t *sum = to;
    for (size_t i = 0; i < count; i++) *sum += (unsigned char)bytes[i];
    return 0;
}

/* Generation may be asked for a great many tokens: it is cut off after some calls of the model. */
static int too_long(void *owner)
{
    int *calls = owner;
    return ++*calls > 50;
}

static const hf2c_output fuzz_outputs[] = {
    {"logits", HF2C_ROWS_WANTED, BYTE_VOCABULARY},
    {"last_hidden_state", HF2C_ROWS_ALL, 3},
    {"start_logits", HF2C_ROWS_ALL, 1},
    {"end_logits", HF2C_ROWS_ALL, 1},
};
static const char *const fuzz_labels[] = {"contradiction", "neutral", "entailment"};
static _Alignas(64) uint8_t fuzz_state[8 * 64], fuzz_memory[1 << 23];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hf2c_model model = fixture_model(fuzz_outputs, 4);
    hf2c_context context;
    hf2c_scratch scratch = {fuzz_memory, sizeof fuzz_memory, 0};
    hf2c_message message = {""};
    size_t sum = 0;
    int calls = 0, count = 0;
    hf2c_sink sink = {.write = swallow, .to = &sum};
    value_of = some_value;
    model.state_bytes = 64;
    model.rewinds = 1;
    model.labels = fuzz_labels;
    model.label_count = 3;
    model.generation = (hf2c_generation_defaults){.bos = 1, .pad = -1, .decoder_start = -1, .forced_bos = -1, .forced_eos = -1, .eos = {BYTE_END}, .eos_count = 1};
    if (size < 2 || size > 4096) return 0;
    if (hf2c_context_init(&context, &model, NULL, 0, NULL, 0, fuzz_state, sizeof fuzz_state, 1) != HF2C_OK) return 0;
    hf2c_run run = {.context = &context,
                    .scratch = &scratch,
                    .sink = &sink,
                    .message = &message,
                    .people = data[0] >> 7,
                    .cancelled = too_long,
                    .owner = &calls};
    const char *inputs = (const char *)data + 1;
    const char *nul = memchr(inputs, '\0', size - 1);
    size_t first = nul ? (size_t)(nul - inputs) : size - 1;
    hf2c_text kwargs = nul ? (hf2c_text){nul + 1, size - 2 - first} : (hf2c_text){NULL, 0};
    while (hf2c_task_at(count)) count++;
    int which = (data[0] & 0x7F) % (count + 1);
    if (which == count) {
        hf2c_prompts_request(&run, (hf2c_text){inputs, first}, kwargs);
    } else {
        hf2c_task_request(&run, hf2c_task_at(which), (hf2c_text){inputs, first}, kwargs);
    }
    return 0;
}
