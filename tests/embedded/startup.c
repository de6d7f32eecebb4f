/* Start-up of a Cortex-M or a RISC-V core: stack, memory, main. */
#include "harness.h"

extern uint32_t image_data[], data_begin[], data_end[], bss_begin[], bss_end[], stack_limit[], stack_top[]; /* board.ld */

int main(void);

enum { STACK_PAINT = 0x5A5A5A5A };

static uint32_t *measured_from;
static size_t most_used;

/* Paints everything below where it works itself. */
void stack_begin_at(uint32_t *pointer)
{
    uint32_t *end = (uint32_t *)__builtin_frame_address(0) - 16;
    measured_from = pointer;
    for (uint32_t *word = stack_limit; word < end; word++) *word = STACK_PAINT;
}

void stack_end(void)
{
    uint32_t *word = stack_limit;
    while (word < measured_from && *word == STACK_PAINT) word++;
    size_t used = (size_t)(measured_from - word) * sizeof *word;
    most_used = used > most_used ? used : most_used;
}

size_t stack_used(void)
{
    return most_used;
}

static void prepare_memory(void)
{
    for (size_t i = 0; &data_begin[i] < data_end; i++) data_begin[i] = image_data[i];
    for (uint32_t *word = bss_begin; word < bss_end; word++) *word = 0;
}

/* The compiler may call these two; a board's libraries have better ones. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t bytes);
void *memset(void *to, int value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) ((char *)to)[i] = (char)value;
    return to;
}

void fault(void);
void fault(void)
{
    put_text("fault\n");
    semihosting_stop(3);
}

void reset(void);

#ifdef __riscv
void begin(void);
void begin(void)
{
    prepare_memory();
    semihosting_stop(main());
}

/* No stack yet. mstatus.FS = 1 makes the floating-point registers usable where there are any. */
__asm__(".section .vectors,\"ax\"\n.globl reset\nreset:\n    la sp, stack_top\n    la t0, on_fault\n    csrw mtvec, t0\n    li t0, 0x2000\n    csrs mstatus, t0\n"
        "    call begin\n.balign 4\non_fault:\n    la sp, stack_top\n    call fault\n.text\n");
#else
static void enable_fpu(void)
{
    volatile uint32_t *cpacr = (volatile uint32_t *)0xE000ED88;
    *cpacr |= 0xFu << 20; /* full access to CP10 and CP11: FPU and Helium, where there are any */
    __asm__ volatile("dsb\n isb" ::: "memory");
}

void reset(void)
{
    enable_fpu();
    prepare_memory();
    semihosting_stop(main());
}

/* The stack may be what failed: it begins anew. */
static void on_fault(void)
{
    __asm__ volatile("msr msp, %0" ::"r"(stack_top) : "memory");
    fault();
}

typedef union Vector {
    void *stack;
    void (*handler)(void);
} Vector;

extern const Vector vectors[16];
__attribute__((section(".vectors"), used)) const Vector vectors[16] = {
    {.stack = stack_top}, {.handler = reset}, {.handler = on_fault}, {.handler = on_fault}, {.handler = on_fault}, {.handler = on_fault}, {.handler = on_fault},
};
#endif
