#include "harness.h"

void put_text(const char *text)
{
    size_t length = 0;
    while (text[length]) length++;
    semihosting_write(text, length);
}

void put_number(uint32_t number, int digits)
{
    char text[12];
    int at = sizeof text;
    for (int i = 0; i < digits || number; i++, number /= 10) text[--at] = (char)('0' + number % 10);
    semihosting_write(text + at, sizeof text - (size_t)at);
}
