/* semihosting: ARM's calls to the debugger, https://github.com/ARM-software/abi-aa/blob/main/semihosting/semihosting.rst */
#include "harness.h"

#include <stdint.h>
#include <string.h>

enum { CALL_OPEN = 0x01, CALL_WRITE = 0x05, CALL_READ = 0x06, CALL_EXIT_EXTENDED = 0x20, STOPPED_BY_APPLICATION = 0x20026 };
enum { MODE_READ_BINARY = 1, MODE_WRITE = 4 };

static int32_t call(int32_t number, const void *arguments)
{
    register int32_t r0 __asm__("r0") = number;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static int open_file(const char *path, uint32_t mode)
{
    uint32_t arguments[] = {(uint32_t)(uintptr_t)path, mode, (uint32_t)strlen(path)};
    return (int)call(CALL_OPEN, arguments);
}

int semihosting_open(const char *path) { return open_file(path, MODE_READ_BINARY); }

size_t semihosting_read(int file, char *bytes, size_t capacity)
{
    uint32_t arguments[] = {(uint32_t)file, (uint32_t)(uintptr_t)bytes, (uint32_t)capacity};
    return capacity - (size_t)call(CALL_READ, arguments); /* the call gives what is missing */
}

void semihosting_write(const char *bytes, size_t count)
{
    static int console = -1;
    if (console < 0) console = open_file(":tt", MODE_WRITE);
    uint32_t arguments[] = {(uint32_t)console, (uint32_t)(uintptr_t)bytes, (uint32_t)count};
    call(CALL_WRITE, arguments);
}

_Noreturn void semihosting_stop(int status)
{
    uint32_t arguments[] = {STOPPED_BY_APPLICATION, (uint32_t)status};
    call(CALL_EXIT_EXTENDED, arguments);
    for (;;) continue;
}
