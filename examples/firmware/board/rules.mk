# A project names NAME (of the model's files), MODEL, OPTIONS, RAM, FLASH and STACK (bytes) and includes this.
HF2C ?= hf2c
CC = arm-none-eabi-gcc
CFLAGS = -std=c11 -Os -Wall -Wextra -Wpedantic -mthumb -mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard -ffunction-sections -fdata-sections \
    -fno-math-errno -fno-tree-loop-distribute-patterns
LDFLAGS = -nostdlib -nostartfiles -T ../board/board.ld -Wl,--gc-sections,-Map,image.map \
    -Wl,--defsym=RAM_BYTES=$(RAM),--defsym=FLASH_BYTES=$(FLASH),--defsym=STACK_BYTES=$(STACK)

image.elf: main.c ../board/start.c ../board/uart.c ../board/board.ld model/MODEL.md Makefile ../board/rules.mk
	$(CC) $(CFLAGS) -I model -I ../board main.c ../board/start.c ../board/uart.c model/*.c model/*.S $(LDFLAGS) -lgcc -o $@

model/MODEL.md: Makefile
	$(HF2C) build $(MODEL) --target cortex-m7 $(OPTIONS) --ram $(RAM) --flash $(FLASH) --name $(NAME) -o model

run: image.elf
	qemu-system-arm -M mps2-an500 -display none -monitor none -serial stdio -kernel image.elf

clean:
	rm -rf model image.elf image.map

.PHONY: run clean
