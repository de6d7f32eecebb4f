/* The board's first serial port. */
#ifndef UART_H
#define UART_H

#include <stddef.h>

void uart_begin(void);
void uart_write(const char *bytes, size_t count);
void uart_text(const char *text);
/* A line without its end; what is longer than the capacity is cut off. Waits for it. */
size_t uart_line(char *line, size_t capacity);

#endif
