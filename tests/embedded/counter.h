/* counter: instructions that the emulator has executed, where it runs with -icount shift=0: one of them takes a nanosecond there. */
#ifndef HF2C_TESTS_COUNTER_H
#define HF2C_TESTS_COUNTER_H

#include <stdint.h>

#ifdef __riscv
static inline void counter_begin(void) {}
static inline uint32_t counter_read(void)
{
    uint32_t count;
    __asm__ volatile("csrr %0, minstret" : "=r"(count));
    return count;
}
/* Instructions between two readings; fewer than 2^32. */
static inline uint32_t counter_between(uint32_t before, uint32_t after) { return after - before; }
#else
/* SysTick counts 24 bits down with the board's clock. */
static inline void counter_begin(void)
{
    ((volatile uint32_t *)0xE000E010)[1] = 0xFFFFFF;
    ((volatile uint32_t *)0xE000E010)[2] = 0;
    ((volatile uint32_t *)0xE000E010)[0] = 5;
}
static inline uint32_t counter_read(void) { return ((volatile uint32_t *)0xE000E010)[2]; }
/* As often as the clock ticks, of BOARD_MHZ: fewer than 2^24 ticks. */
static inline uint32_t counter_between(uint32_t before, uint32_t after) { return ((before - after) & 0xFFFFFF) * (1000 / BOARD_MHZ); }
#endif

#endif
