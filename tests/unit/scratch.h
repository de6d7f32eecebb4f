/* A folder for the files of one test program, and the includes that cmocka wants. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base.h"

static char scratch[64];

static inline int scratch_begin(void **state)
{
    (void)state;
    strcpy(scratch, "/tmp/hf2c-test-XXXXXX");
    return mkdtemp(scratch) != NULL ? 0 : -1;
}

static inline int scratch_end(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    return system(command);
}

static inline const char *scratch_path(Arena *arena, const char *name)
{
    return arena_printf(arena, "%s/%s", scratch, name);
}

static inline const char *scratch_write(Arena *arena, const char *name, const void *data, size_t bytes)
{
    const char *path = scratch_path(arena, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline const char *scratch_text(Arena *arena, const char *name, const char *text)
{
    return scratch_write(arena, name, text, strlen(text));
}

static inline void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

#endif
