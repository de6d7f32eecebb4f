#include "runtime/cli/cli.h"

static void print_option(const char *name, const char *help)
{
    printf("  --");
    int width = 0;
    for (; *name; name++, width++) putchar(*name == '_' ? '-' : *name);
    printf("%*s %s\n", width < 34 ? 34 - width : 0, "", help);
}

void help_print(const hf2c_model *model, const hf2c_task *task, const char *program)
{
    printf("usage: %s [options] [TEXT]...\n\n", program);
    printf("%s (%s): %s: %s.\n", model->name, model->architecture, task->name, task->summary);
    printf("Without TEXT it reads lines from standard input.\n\n");
    print_option("json", "one line of JSON per input, as the pipeline of transformers returns it");
    print_option("jsonl", "requests and answers as lines of JSON on standard input and output");
    if (task->converses && model->tokenizer && hf2c_has_chat(model->tokenizer))
        print_option("chat", "a conversation: lines of standard input and answers to them");
    printf("  --task %-29s one of: %s\n", "NAME", model->tasks);
    print_option("threads", "processors to use");
    print_option("huge-pages", "move the weights into huge pages first: faster to read, slower to begin, not shared between processes");
    print_option("info", "what this program contains");
    print_option("check", "read all of the weights and compare their checksum");
    print_option("bench", "how fast it runs here; --bench - times what lines of standard input ask for, such as decode 128 32");
    printf("\noptions of %s:\n", task->name);
    if (task->needs_object) print_option(task->first, "first part of the input");
    if (task->list) printf("  every TEXT is one of the %s\n", task->list);
    if (task->second) print_option(task->second, "second part of the input");
    for (int i = 0; i < task->options.count; i++) print_option(task->options.rows[i].name, task->options.rows[i].help);
    printf("\nExit status: 0 done, 1 the input was bad, 2 wrong usage, 130 interrupted.\n");
}
