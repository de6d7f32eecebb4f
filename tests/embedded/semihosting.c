/* semihosting: ARM's calls to the debugger, which RISC-V took over, https://github.com/ARM-software/abi-aa/blob/main/semihosting/semihosting.rst */
#include "harness.h"

enum { CALL_OPEN = 0x01, CALL_WRITE = 0x05, CALL_READ = 0x06, CALL_EXIT_EXTENDED = 0x20, STOPPED_BY_APPLICATION = 0x20026 };
enum { MODE_READ_BINARY = 1, MODE_WRITE = 4 };

static intptr_t call(intptr_t number, const void *arguments)
{
#ifdef __riscv /* https://github.com/riscv-non-isa/riscv-semihosting: these three, uncompressed and in one page */
    register intptr_t a0 __asm__("a0") = number;
    register const void *a1 __asm__("a1") = arguments;
    __asm__ volatile(".option push\n.option norvc\n.balign 16\nslli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\n.option pop" : "+r"(a0) : "r"(a1) : "memory");
    return a0;
#else
    register intptr_t r0 __asm__("r0") = number;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#endif
}

static int open_file(const char *path, uintptr_t mode)
{
    size_t length = 0;
    while (path[length]) length++;
    uintptr_t arguments[] = {(uintptr_t)path, mode, length};
    return (int)call(CALL_OPEN, arguments);
}

int semihosting_open(const char *path) { return open_file(path, MODE_READ_BINARY); }

size_t semihosting_read(int file, char *bytes, size_t capacity)
{
    uintptr_t arguments[] = {(uintptr_t)file, (uintptr_t)bytes, capacity};
    return capacity - (size_t)call(CALL_READ, arguments); /* the call gives what is missing */
}

void semihosting_write(const char *bytes, size_t count)
{
    static int console = -1;
    if (console < 0) console = open_file(":tt", MODE_WRITE);
    uintptr_t arguments[] = {(uintptr_t)console, (uintptr_t)bytes, count};
    call(CALL_WRITE, arguments);
}

_Noreturn void semihosting_stop(int status)
{
    uintptr_t arguments[] = {STOPPED_BY_APPLICATION, (uintptr_t)status};
    call(CALL_EXIT_EXTENDED, arguments);
    for (;;) continue;
}
