/* Any task of a model, asked in JSON: here a question about a text, of any model that answers questions.
 *
 *     hf2c build MODEL --emit lib --name qa -o qa
 *     clang -I. examples/answering/main.c qa.a -fopenmp -lm -o qa
 *     ./qa '{"question": "Who wept?", "context": "Jesus wept."}' '{"top_k": 2}' */
#include <stdio.h>
#include <stdlib.h>

#include "qa.h"

static int print_json(void *owner, const char *text, size_t bytes)
{
    return fwrite(text, 1, bytes, owner) != bytes;
}

int main(int argc, char **argv)
{
    qa_context model;
    hf2c_listener listener = {.owner = stdout, .text = print_json};
    void *workspace = aligned_alloc(64, (QA_WORKSPACE_BYTES + 63) / 64 * 64), *scratch = malloc(QA_REQUEST_SCRATCH_BYTES);
    hf2c_status status = HF2C_NO_MEMORY;
    if (argc < 2) {
        fprintf(stderr, "usage: %s INPUTS [KWARGS], both JSON; this model can do: %s\n", argv[0], qa_model.tasks);
        return 2;
    }
    if (workspace && scratch) status = qa_init(&model, workspace, QA_WORKSPACE_BYTES, NULL, 0, qa_weights, QA_WEIGHTS_BYTES);
    if (status == HF2C_OK)
        status = qa_request(&model, NULL, argv[1], argc > 2 ? argv[2] : NULL, &listener, scratch, QA_REQUEST_SCRATCH_BYTES);
    putchar('\n');
    if (status != HF2C_OK) fprintf(stderr, "%s\n", listener.message[0] ? listener.message : hf2c_status_text(status));
    free(workspace);
    free(scratch);
    return status != HF2C_OK;
}
