/* Start-up of a Cortex-M7 without a library. */
#include <stddef.h>
#include <stdint.h>

extern uint32_t data_image[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[]; /* board.ld */

int main(void);
void reset(void);

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

static void stop(void)
{
    for (;;) __asm__ volatile("wfi");
}

void reset(void)
{
    volatile uint32_t *coprocessors = (volatile uint32_t *)0xE000ED88;
    *coprocessors |= 0xFu << 20; /* the FPU */
    __asm__ volatile("dsb\n isb" ::: "memory");
    for (size_t i = 0; &data_begin[i] < data_end; i++) data_begin[i] = data_image[i];
    for (uint32_t *word = bss_begin; word < bss_end; word++) *word = 0;
    main();
    stop();
}

typedef union Vector {
    void *stack;
    void (*handler)(void);
} Vector;

__attribute__((section(".vectors"), used)) static const Vector vectors[16] = {
    {.stack = stack_top}, {.handler = reset}, {.handler = stop}, {.handler = stop}, {.handler = stop}, {.handler = stop}, {.handler = stop},
};
