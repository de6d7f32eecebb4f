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

/* The stack that what is called between a begin and its end writes, in the same function: how much of it most at a time, without what its
 * callers have on it. */
static inline uint32_t *stack_pointer(void)
{
    uint32_t *pointer;
#ifdef __riscv
    __asm__ volatile("mv %0, sp" : "=r"(pointer));
#else
    __asm__ volatile("mov %0, sp" : "=r"(pointer));
#endif
    return pointer;
}
void stack_begin_at(uint32_t *pointer);
static inline void stack_begin(void) { stack_begin_at(stack_pointer()); }
void stack_end(void);
size_t stack_used(void); /* most bytes of all that was measured */

/* ---- text without a library ---- */
void put_text(const char *text);
void put_number(uint32_t number, int digits); /* with at least that many digits */

#endif
