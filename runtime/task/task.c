/* task: the table of tasks. */
#include "runtime/task/task.h"

#include <string.h>

#define TASK(name) extern const hf2c_task hf2c_task_##name;
#include "runtime/task/tasks.def"
#undef TASK

static const hf2c_task *const tasks[] = {
#define TASK(name) &hf2c_task_##name,
#include "runtime/task/tasks.def"
#undef TASK
    NULL,
};

const hf2c_task *hf2c_task_at(int index)
{
    return tasks[index];
}

static int list_has(const char *list, const char *name, size_t length)
{
    while (list && *list) {
        size_t word = strcspn(list, " ");
        if (word == length && memcmp(list, name, length) == 0) return 1;
        list += word + (list[word] == ' ');
    }
    return 0;
}

const hf2c_task *hf2c_task_find(const char *name, size_t length)
{
    for (int i = 0; tasks[i]; i++) {
        if (list_has(tasks[i]->name, name, length) || list_has(tasks[i]->aliases, name, length)) return tasks[i];
    }
    return NULL;
}

int hf2c_task_allowed(const hf2c_model *model, const hf2c_task *task)
{
    for (const char *at = model->tasks; at && *at;) {
        size_t word = strcspn(at, " ");
        if (hf2c_task_find(at, word) == task) return 1;
        at += word + (at[word] == ' ');
    }
    return 0;
}

const hf2c_task *hf2c_task_default(const hf2c_model *model)
{
    for (const char *at = model->tasks; at && *at;) {
        size_t word = strcspn(at, " ");
        const hf2c_task *task = hf2c_task_find(at, word);
        if (task) return task;
        at += word + (at[word] == ' ');
    }
    return NULL;
}
