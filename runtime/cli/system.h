/* system: what the command line asks of the operating system. system_posix.c has it on POSIX; system_other.c on Windows and WASI. */
#ifndef HF2C_CLI_SYSTEM_H
#define HF2C_CLI_SYSTEM_H

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#if defined(_WIN32) || defined(__wasi__)
#define SYSTEM_OTHER
#endif

/* What a signal's handler may write. */
#ifdef __wasi__
typedef int system_flag;
#else
#include <signal.h>
typedef sig_atomic_t system_flag;
#endif

/* Memory, 64-byte aligned; where the system can, only what is touched becomes memory. NULL: refused. */
void *system_reserve(size_t bytes);
void system_release(void *memory, size_t bytes);
double system_seconds(void); /* from an arbitrary start, never backwards */
/* on_signal is called when the user or the system wants the program to end. */
void system_watch(void (*on_signal)(int number));
_Noreturn void system_end(int status); /* at once, from a signal's handler */
/* The running executable's path, NUL-terminated; 0: the system does not tell. */
int system_executable(char *path, size_t capacity);
/* As POSIX's getline: a line with its end in memory from malloc, its length, or -1. */
long long system_line(char **line, size_t *capacity, FILE *from);
int system_terminal(void); /* are input and output for people? */
int system_calendar(time_t now, struct tm *local, struct tm *world); /* 0: not known */
void system_begin(void); /* before anything else: bytes are bytes */

#endif
