/* tasks: what a model can do of what its head allows. */
#include <string.h>

#include "compiler/arch/arch.h"
#include "runtime/task/task.h"

/* Tasks that this runtime lacks are promised by the head alone. */
static bool suits(const BuiltModel *built, const char *name, size_t length)
{
    const hf2c_model labels = {.labels = built->labels, .label_count = built->label_count};
    const hf2c_task *task = hf2c_task_find(name, length);
    return !task || !task->suits || task->suits(&labels);
}

const char *tasks_suited(Arena *arena, const BuiltModel *built, const char *tasks)
{
    const char *suited = "";
    for (const char *at = tasks; *at;) {
        size_t length = strcspn(at, " ");
        if (suits(built, at, length)) suited = arena_printf(arena, "%s%s%.*s", suited, *suited ? " " : "", (int)length, at);
        at += length + (at[length] == ' ');
    }
    return suited;
}
