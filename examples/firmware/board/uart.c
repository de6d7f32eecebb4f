/* uart: ARM's CMSDK UART, https://developer.arm.com/documentation/ddi0479 */
#include "uart.h"

#include <stdint.h>

enum { STATE_SENDING = 1, STATE_RECEIVED = 2, CONTROL_BOTH = 3, SLOWEST_DIVIDER = 16 };

typedef struct Uart {
    volatile uint32_t data, state, control, interrupts, divider;
} Uart;

static Uart *const uart = (Uart *)0x40004000;

void uart_begin(void)
{
    uart->divider = SLOWEST_DIVIDER;
    uart->control = CONTROL_BOTH;
}

void uart_write(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        while (uart->state & STATE_SENDING) continue;
        uart->data = (unsigned char)bytes[i];
    }
}

void uart_text(const char *text)
{
    size_t length = 0;
    while (text[length]) length++;
    uart_write(text, length);
}

size_t uart_line(char *line, size_t capacity)
{
    for (size_t length = 0;;) {
        while (!(uart->state & STATE_RECEIVED)) continue;
        char letter = (char)uart->data;
        if (letter == '\n') return length;
        if (letter != '\r' && length < capacity) line[length++] = letter;
    }
}
