/* Start-up of a Cortex-M with an FPU: vector table, memory, main. */
#include <stddef.h>
#include <stdint.h>

#include "harness.h"

extern uint32_t image_data[], data_begin[], data_end[], bss_begin[], bss_end[], stack_limit[], stack_top[]; /* board.ld */

int main(void);

enum { STACK_PAINT = 0x5A5A5A5A };

static void enable_fpu(void)
{
    volatile uint32_t *cpacr = (volatile uint32_t *)0xE000ED88;
    *cpacr |= 0xFu << 20; /* full access to CP10 and CP11 */
    __asm__ volatile("dsb\n isb" ::: "memory");
}

/* Everything below where this function's caller works. */
static void paint_stack(void)
{
    uint32_t *end = (uint32_t *)__builtin_frame_address(0) - 16;
    for (uint32_t *word = stack_limit; word < end; word++) *word = STACK_PAINT;
}

size_t stack_used(void)
{
    uint32_t *word = stack_limit;
    while (word < stack_top && *word == STACK_PAINT) word++;
    return (size_t)(stack_top - word) * sizeof *word;
}

void reset(void);
void reset(void)
{
    enable_fpu();
    for (size_t i = 0; &data_begin[i] < data_end; i++) data_begin[i] = image_data[i];
    for (uint32_t *word = bss_begin; word < bss_end; word++) *word = 0;
    paint_stack();
    semihosting_stop(main());
}

/* The stack may be what failed: it begins anew. */
static void fault(void)
{
    __asm__ volatile("msr msp, %0" ::"r"(stack_top) : "memory");
    semihosting_write("fault\n", 6);
    semihosting_stop(3);
}

typedef union Vector {
    void *stack;
    void (*handler)(void);
} Vector;

extern const Vector vectors[16];
__attribute__((section(".vectors"), used)) const Vector vectors[16] = {
    {.stack = stack_top}, {.handler = reset}, {.handler = fault}, {.handler = fault}, {.handler = fault}, {.handler = fault}, {.handler = fault},
};
