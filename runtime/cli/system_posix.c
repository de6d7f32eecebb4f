#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/cli/system.h"

#ifndef SYSTEM_OTHER
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

void *system_reserve(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void system_release(void *memory, size_t bytes) { munmap(memory, bytes); }

double system_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void system_watch(void (*on_signal)(int number))
{
    /* No SA_RESTART: a read that waits for input must end. */
    struct sigaction action = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

_Noreturn void system_end(int status) { _exit(status); }

int system_executable(char *path, size_t capacity)
{
    ssize_t length = readlink("/proc/self/exe", path, capacity - 1);
    if (length <= 0) return 0;
    path[length] = '\0';
    return 1;
}

long long system_line(char **line, size_t *capacity, FILE *from) { return getline(line, capacity, from); }

int system_terminal(void) { return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

int system_calendar(time_t now, struct tm *local, struct tm *world) { return localtime_r(&now, local) && gmtime_r(&now, world); }

void system_begin(void) {}
#else
typedef int system_other_has_it;
#endif
