#include "runtime/cli/cli.h"

static void print_bytes(const char *what, size_t bytes)
{
    printf("%-14s %zu bytes", what, bytes);
    if (bytes >= 1 << 20) printf(" (%.1f MiB)", (double)bytes / (1 << 20));
    printf("\n");
}

int run_info(Session *session, const Arguments *arguments)
{
    const hf2c_model *model = session->model;
    printf("%-14s %s\n", "name", model->name);
    printf("%-14s %s\n", "architecture", model->architecture);
    printf("%-14s %s (default: %s)\n", "tasks", model->tasks, arguments->task->name);
    printf("%-14s %d layers, hidden %d, vocabulary %d\n", "shape", model->layers, model->hidden, model->vocabulary);
    printf("%-14s %d tokens, %d in one call, %d sequences at once\n", "longest", model->max_sequence, model->max_rows,
           model->max_batch);
    if (model->label_count > 0) printf("%-14s %d\n", "labels", model->label_count);
    print_bytes("weights", model->weights_bytes);
    if (session->huge_pages) printf("%-14s huge, of this process alone\n", "pages");
    print_bytes("workspace", model->workspace_bytes);
    if (model->state_bytes) print_bytes("cache", model->state_bytes);
    printf("%-14s %d\n", "threads", session->context.threads);
    printf("%-14s", "outputs");
    for (int i = 0; i < model->output_count; i++) printf(" %s[%d]", model->outputs[i].name, model->outputs[i].columns);
    printf("\n");
    return 0;
}
