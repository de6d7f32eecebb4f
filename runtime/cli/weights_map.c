#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */
#endif
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "runtime/cli/weights_map.h"

#include "runtime/cli/system.h"
#include "runtime/core/team.h"

#ifndef SYSTEM_OTHER
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t load64(const uint8_t *from)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) value = value << 8 | from[i];
    return value;
}

/* Where the weights lie in an open file: the part that the trailer names, or all of it. False: the trailer lies. */
static bool locate(int file, uint64_t file_bytes, uint64_t *begin, uint64_t *bytes)
{
    uint8_t trailer[HF2C_WEIGHTS_TRAILER];
    *begin = 0;
    *bytes = file_bytes;
    if (file_bytes < sizeof trailer) return true;
    if (pread(file, trailer, sizeof trailer, (off_t)(file_bytes - sizeof trailer)) != (ssize_t)sizeof trailer)
        return false;
    if (memcmp(trailer, "HF2CEND", 8) != 0) return true;
    *begin = load64(trailer + 8);
    *bytes = load64(trailer + 16);
    uint64_t room = file_bytes - sizeof trailer;
    return *begin % HF2C_WEIGHTS_PAGE == 0 && *begin <= room && *bytes <= room - *begin;
}

static const char *map_open_file(hf2c_weights_map *map, int file)
{
    struct stat status;
    uint64_t begin, bytes;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return "not a regular file";
    if (!locate(file, (uint64_t)status.st_size, &begin, &bytes)) return "its trailer does not fit its size";
    if (bytes < HF2C_WEIGHTS_HEADER) return "too short to hold weights";
    if (bytes > SIZE_MAX) return "larger than the address space";
    void *memory = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, file, (off_t)begin);
    if (memory == MAP_FAILED) return "cannot be mapped";
    *map = (hf2c_weights_map){memory, (size_t)bytes, memory, (size_t)bytes};
    return NULL;
}

hf2c_status hf2c_weights_map_file(hf2c_weights_map *map, const char *path, const char **reason)
{
    *map = (hf2c_weights_map){0};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    const char *why = file < 0 ? "cannot be opened" : map_open_file(map, file);
    if (file >= 0) close(file);
    if (reason) *reason = why;
    return why ? HF2C_BAD_WEIGHTS : HF2C_OK;
}

enum { HUGE_PAGE = 2 << 20 };

typedef struct Move {
    const uint8_t *from;
    uint8_t *to;
    size_t bytes;
    bool mapped; /* what was copied is given back at once, so that there are never two copies of it in memory */
} Move;

/* Page by page in turns: whoever touches a page first has it in memory near by, and all threads read all weights. */
static void move_pages(const hf2c_team *team, void *argument)
{
    const Move *move = argument;
    size_t step = (size_t)team->count * HUGE_PAGE;
    for (size_t at = (size_t)team->index * HUGE_PAGE; at < move->bytes; at += step) {
        size_t bytes = move->bytes - at < HUGE_PAGE ? move->bytes - at : HUGE_PAGE;
        memcpy(move->to + at, move->from + at, bytes);
        if (move->mapped) (void)madvise((void *)(uintptr_t)(move->from + at), bytes, MADV_DONTNEED);
    }
}

/* The beginning of what a file of the system says; false: there is no such file. */
static bool read_system_file(const char *path, char *text, size_t capacity)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    ssize_t length = read(file, text, capacity - 1);
    close(file);
    text[length > 0 ? length : 0] = 0;
    return length > 0;
}

/* Does the system have them, and may we ask for them? What it does not tell, it may have. */
static bool has_huge_pages(void)
{
    char modes[128];
    return !read_system_file("/sys/kernel/mm/transparent_hugepage/enabled", modes, sizeof modes) || !strstr(modes, "[never]");
}

/* In bytes, of the whole machine; SIZE_MAX: the system does not tell. */
static size_t memory_available(void)
{
    char text[512];
    if (!read_system_file("/proc/meminfo", text, sizeof text)) return SIZE_MAX;
    const char *at = strstr(text, "MemAvailable:");
    uint64_t kilobytes = at ? strtoull(at + strlen("MemAvailable:"), NULL, 10) : UINT64_MAX;
    return kilobytes < SIZE_MAX / 1024 ? (size_t)kilobytes * 1024 : SIZE_MAX;
}

const char *hf2c_weights_to_huge_pages(hf2c_weights_map *map, int threads)
{
#ifdef MADV_HUGEPAGE
    if (!map->weights || map->bytes > SIZE_MAX - 2 * HUGE_PAGE) return "there are no weights to move";
    if (!has_huge_pages()) return "this system has them switched off";
    size_t bytes = (map->bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE, reserved = bytes + HUGE_PAGE;
    if (memory_available() < reserved) return "there is too little memory for the weights";
    uint8_t *memory = mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return "there is too little memory for the weights";
    uint8_t *begin = memory + (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
    if (madvise(begin, bytes, MADV_HUGEPAGE) != 0) {
        munmap(memory, reserved);
        return "this system has none";
    }
    Move move = {map->weights, begin, map->bytes, map->mapping != NULL};
    hf2c_parallel(threads, move_pages, &move);
    (void)mprotect(memory, reserved, PROT_READ);
    hf2c_weights_unmap(map);
    *map = (hf2c_weights_map){begin, move.bytes, memory, reserved};
    return NULL;
#else
    (void)map, (void)threads;
    return "this system has none";
#endif
}

void hf2c_weights_unmap(hf2c_weights_map *map)
{
    if (map->mapping) munmap(map->mapping, map->mapped);
    *map = (hf2c_weights_map){0};
}
#else
typedef int weights_read_has_it;
#endif
