/* harness: what a bare board has under an emulator instead of an operating system: semihosting calls, and a painted stack. */
#ifndef HF2C_TESTS_HARNESS_H
#define HF2C_TESTS_HARNESS_H

#include <stddef.h>
#include <stdint.h>

/* A file of the machine that runs the emulator; -1 when it cannot be read. */
int semihosting_open(const char *path);
/* At most `capacity` bytes of the open file; 0 at its end. */
size_t semihosting_read(int file, char *bytes, size_t capacity);
/* To the emulator's standard output. */
void semihosting_write(const char *bytes, size_t count);
/* Ends the emulator with that status. */
_Noreturn void semihosting_stop(int status);

/* Bytes of the stack that were ever written since the start. */
size_t stack_used(void);

/* ---- text without a library ---- */
void put_text(const char *text);
void put_number(uint32_t number, int digits); /* with at least that many digits */

#endif
