#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* WASI's library has getline */
#endif
#include "runtime/cli/system.h"

#ifdef SYSTEM_OTHER
#include <stdint.h>
#include <stdlib.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <signal.h>
#endif

enum { ALIGNMENT = 64, MOST_BYTES = 1 << 26 }; /* what is asked for becomes memory at once, so it is not asked for more */

void *system_reserve(size_t bytes)
{
    if (bytes > MOST_BYTES) return NULL;
    unsigned char *memory = malloc(bytes + ALIGNMENT);
    if (!memory) return NULL;
    size_t skip = ALIGNMENT - (uintptr_t)memory % ALIGNMENT;
    memory[skip - 1] = (unsigned char)skip;
    return memory + skip;
}

void system_release(void *memory, size_t bytes)
{
    unsigned char *begin = memory;
    (void)bytes;
    free(begin - begin[-1]);
}

_Noreturn void system_end(int status) { _Exit(status); }

int system_executable(char *path, size_t capacity)
{
    (void)path, (void)capacity;
    return 0;
}

#ifdef _WIN32
double system_seconds(void) { return (double)clock() / CLOCKS_PER_SEC; /* of the wall */ }

void system_watch(void (*on_signal)(int number))
{
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
}

static int line_grow(char **line, size_t *capacity)
{
    size_t more = *capacity ? 2 * *capacity : 256;
    char *grown = realloc(*line, more);
    if (!grown) return 0;
    *line = grown;
    *capacity = more;
    return 1;
}

long long system_line(char **line, size_t *capacity, FILE *from)
{
    size_t length = 0;
    for (int c; (c = fgetc(from)) != EOF;) {
        if (length + 2 > *capacity && !line_grow(line, capacity)) return -1;
        (*line)[length++] = (char)c;
        if (c == '\n') break;
    }
    if (length > 0) (*line)[length] = '\0';
    return length > 0 ? (long long)length : -1;
}

int system_terminal(void) { return _isatty(0) && _isatty(1); }

int system_calendar(time_t now, struct tm *local, struct tm *world) { return localtime_s(local, &now) == 0 && gmtime_s(world, &now) == 0; }

void system_begin(void)
{
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
}
#else
double system_seconds(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void system_watch(void (*on_signal)(int number)) { (void)on_signal; }
long long system_line(char **line, size_t *capacity, FILE *from) { return getline(line, capacity, from); }
int system_terminal(void) { return 0; }
int system_calendar(time_t now, struct tm *local, struct tm *world) { return localtime_r(&now, local) && gmtime_r(&now, world); }
void system_begin(void) {}
#endif
#else
typedef int system_posix_has_it;
#endif
