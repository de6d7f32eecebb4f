/* base: what every room of the compiler stands on: errors, memory, strings, maps, files.
 *
 * Ownership: everything a compilation makes lives in one Arena and is freed with it; weights are borrowed views of
 * mapped files. Errors: whatever reads outside data returns bool and fills an Err; mistakes of the user end in fatal(),
 * broken invariants of ours in bug(). Sizes that come from outside are multiplied and added only by size_mul/size_add. */
#ifndef HF2C_BASE_H
#define HF2C_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- errors ---- */

typedef struct Err {
    char text[768]; /* one line: file, key or tensor; what was found; what was wanted. Empty: no error. */
} Err;

/* Formats the message unless one is already there (the first error is the cause). Always returns false. */
bool err_set(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* Puts "prefix: " before the message that is there. Always returns false. */
bool err_prefix(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);

_Noreturn void fatal(const char *format, ...) PRINTF_LIKE(1, 2); /* prints "hf2c: ...", sweeps temporary files, exits 1 */
_Noreturn void bug(const char *format, ...) PRINTF_LIKE(1, 2);   /* a broken invariant: prints it and aborts */
void warn(const char *format, ...) PRINTF_LIKE(1, 2);            /* "hf2c: warning: ..." on stderr */

/* ---- sizes from outside ---- */

bool size_mul(size_t a, size_t b, size_t *product); /* false on overflow; *product untouched then */
bool size_add(size_t a, size_t b, size_t *sum);
size_t align_up(size_t value, size_t alignment); /* alignment a power of two; bug() on overflow */

/* ---- arena ---- */

typedef struct Arena Arena;
Arena *arena_new(void);
void arena_free(Arena *arena);
void *arena_alloc(Arena *arena, size_t bytes); /* zeroed, aligned to 64; fatal() when memory is out; freed with the arena */
char *arena_copy_text(Arena *arena, const char *text, size_t length); /* NUL-terminated copy */
char *arena_printf(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
#define ARENA_NEW(arena, Type) ((Type *)arena_alloc((arena), sizeof(Type)))
#define ARENA_ARRAY(arena, Type, n) ((Type *)arena_alloc_array((arena), (n), sizeof(Type)))
void *arena_alloc_array(Arena *arena, size_t count, size_t size); /* checked product */
/* An array with room for one more item: itself, or where count has reached its capacity a copy with twice the room. */
void *arena_grow(Arena *arena, void *items, size_t count, size_t *capacity, size_t size);
/* Calls call(value) when the arena is freed, before its memory goes; the last registered first. */
void arena_on_free(Arena *arena, void (*call)(void *), void *value);

/* ---- growing string ---- */

typedef struct Str {
    char *data; /* always NUL-terminated once something was added; NULL before */
    size_t length, capacity;
} Str; /* zero-initialise; heap memory, free with str_free */
void str_add(Str *s, const char *bytes, size_t length);
void str_printf(Str *s, const char *format, ...) PRINTF_LIKE(2, 3);
void str_vprintf(Str *s, const char *format, va_list arguments);
void str_free(Str *s);

/* Numbers as text, independent of the locale: the shortest decimal that reads back to the same float / double,
 * always with a '.' or exponent ("1.0", "1e-05"); infinities and NaN are "INFINITY", "-INFINITY", "NAN". */
const char *text_of_float(Arena *arena, float value);
const char *text_of_double(Arena *arena, double value);

/* Whether a word is in a list of words that spaces separate. */
bool text_has_word(const char *list, const char *word);

/* ---- map from text to pointer ---- */

typedef struct Map Map;
Map *map_new(Arena *arena);
void map_set(Map *map, const char *key, void *value); /* copies the key; replaces an earlier value */
void *map_get(const Map *map, const char *key);       /* NULL when absent */
void *map_get_n(const Map *map, const char *key, size_t length);

/* ---- files ---- */

typedef struct FileView {
    const uint8_t *data;
    size_t size;
} FileView;
/* Maps a regular file read-only for the life of the process (tensors are borrowed from it). An empty file gives size 0. */
bool file_map(const char *path, FileView *view, Err *err);
/* Tells the system that this part of a mapped file is not needed soon, so that large files do not fill the memory; it can still be read. */
void file_forget(const void *data, size_t bytes);
/* Reads a whole file into the arena, NUL-terminated after size bytes; refuses more than limit bytes. */
bool file_read(Arena *arena, const char *path, size_t limit, FileView *view, Err *err);
bool file_exists(const char *path);

/* A file that appears whole or not at all: written under a temporary name in the same folder, fsynced, renamed. */
typedef struct FileWriter FileWriter;
FileWriter *writer_open(const char *path, Err *err); /* NULL on error */
bool writer_write(FileWriter *writer, const void *data, size_t bytes);   /* errors are kept until commit */
bool writer_pad(FileWriter *writer, size_t alignment);                   /* zero bytes up to a multiple */
bool writer_write_at(FileWriter *writer, size_t offset, const void *data, size_t bytes); /* over what was written before */
size_t writer_size(const FileWriter *writer);
bool writer_commit(FileWriter *writer, bool executable, Err *err);       /* frees the writer; false: nothing was left behind */
void writer_discard(FileWriter *writer);                                 /* frees it and removes the temporary */
/* A copy that appears whole or not at all. */
bool file_copy(const char *from, const char *to, bool executable, Err *err);
/* The same, and the first is no longer needed: on one disk it changes its place only. */
bool file_move(const char *from, const char *to, Err *err);
/* A folder that appears whole or not at all: returns the name of a temporary sibling to fill, then publishes it by rename.
 * An existing destination folder is replaced only when it is empty or bears our marker file (MODEL.md). */
char *folder_begin(Arena *arena, const char *path, Err *err);
bool folder_commit(const char *temporary, const char *path, Err *err);
void folder_discard(const char *temporary);
/* Removes every temporary of this process; called by fatal() and by the handlers of SIGINT, SIGTERM, SIGHUP. */
void files_sweep(void);
/* Installs those handlers (they sweep, then end the process by the same signal) and ignores SIGXFSZ, so that a file-size limit is an
 * error like a full disk. For main(). */
void files_sweep_on_signals(void);

/* 64-bit content hash (XXH3) as 16 hex digits. */
void hash_hex(const void *data, size_t bytes, char hex[17]);

#endif
