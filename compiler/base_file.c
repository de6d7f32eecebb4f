/* base, fourth part: reading files, and writing them so that they appear whole or not at all. */
#include "compiler/base_temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ---- */

/* Opens a regular file; O_NONBLOCK keeps a named pipe from blocking us before we can refuse it. -1 on error. */
static int open_regular(const char *path, size_t *size, Err *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (file < 0) {
        err_set(err, "%s: cannot open: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(file, &status) != 0)
        err_set(err, "%s: cannot read: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        err_set(err, "%s: not a regular file", path);
    else if (status.st_size < 0 || (uintmax_t)status.st_size > SIZE_MAX)
        err_set(err, "%s: too large for this machine", path);
    else {
        *size = (size_t)status.st_size;
        return file;
    }
    close(file);
    return -1;
}

bool file_map(const char *path, FileView *view, Err *err)
{
    size_t size;
    int file = open_regular(path, &size, err);
    if (file < 0) return false;
    *view = (FileView){(const uint8_t *)"", 0};
    if (size != 0) {
        void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED)
            err_set(err, "%s: cannot map: %s", path, strerror(errno));
        else
            *view = (FileView){data, size};
    }
    close(file);
    return view->size == size;
}

void file_forget(const void *data, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = align_up((uintptr_t)data, page), end = ((uintptr_t)data + bytes) / page * page;
    if (first < end) madvise((void *)first, end - first, MADV_DONTNEED);
}

/* Reads until the end or until buffer is full; -1 on error. */
static ptrdiff_t read_all(int file, uint8_t *buffer, size_t capacity)
{
    size_t done = 0;
    while (done < capacity) {
        ssize_t count = read(file, buffer + done, capacity - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return -1;
        if (count == 0) break;
        done += (size_t)count;
    }
    return (ptrdiff_t)done;
}

bool file_read(Arena *arena, const char *path, size_t limit, FileView *view, Err *err)
{
    size_t size;
    int file = open_regular(path, &size, err);
    if (file < 0) return false;
    if (size > limit) {
        close(file);
        return err_set(err, "%s: has %zu bytes, more than the %zu allowed", path, size, limit);
    }
    uint8_t *data = arena_alloc(arena, size + 1);
    ptrdiff_t count = read_all(file, data, size);
    int error = errno;
    close(file);
    if (count < 0) return err_set(err, "%s: cannot read: %s", path, strerror(error));
    data[count] = 0;
    *view = (FileView){data, (size_t)count};
    return true;
}

bool file_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

/* ---- writing ---- */

enum { WRITER_BUFFER = 1 << 18 };

struct FileWriter {
    int file, slot; /* slot: of the registry of temporaries */
    int error;      /* errno of the first failure, 0: none */
    char *path;
    size_t size, buffered;
    uint8_t buffer[WRITER_BUFFER];
};

static void writer_free(FileWriter *writer)
{
    if (writer->file >= 0) close(writer->file);
    free(writer->path);
    free(writer);
}

/* A device or folder of that name must not be replaced by a file. */
static bool is_writable_target(const char *path, Err *err)
{
    struct stat status;
    size_t length = strlen(path);
    if (length == 0 || path[length - 1] == '/') return err_set(err, "%s: not the name of a file", path);
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return err_set(err, "%s: exists and is not a regular file", path);
    return true;
}

FileWriter *writer_open(const char *path, Err *err)
{
    if (!is_writable_target(path, err)) return NULL;
    FileWriter *writer = malloc(sizeof *writer);
    char *copy = strdup(path);
    if (writer == NULL || copy == NULL) fatal("out of memory: %zu bytes wanted", sizeof *writer);
    writer->path = copy;
    writer->error = 0;
    writer->size = writer->buffered = 0;
    writer->file = -1;
    writer->slot = temporary_begin(path, err);
    if (writer->slot >= 0) {
        writer->file = open(temporary_path(writer->slot), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (writer->file >= 0) return writer;
        err_set(err, "%s: cannot create: %s", path, strerror(errno));
        temporary_end(writer->slot);
    }
    writer_free(writer);
    return NULL;
}

static void write_all(FileWriter *writer, const uint8_t *data, size_t bytes)
{
    while (bytes != 0 && writer->error == 0) {
        ssize_t count = write(writer->file, data, bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            writer->error = count < 0 ? errno : EIO;
            return;
        }
        data += count;
        bytes -= (size_t)count;
    }
}

static void writer_flush(FileWriter *writer)
{
    write_all(writer, writer->buffer, writer->buffered);
    writer->buffered = 0;
}

bool writer_write(FileWriter *writer, const void *data, size_t bytes)
{
    if (!size_add(writer->size, bytes, &writer->size)) writer->error = EFBIG;
    if (bytes > WRITER_BUFFER - writer->buffered) writer_flush(writer);
    if (bytes >= WRITER_BUFFER) {
        write_all(writer, data, bytes);
    } else if (bytes != 0) {
        memcpy(writer->buffer + writer->buffered, data, bytes);
        writer->buffered += bytes;
    }
    return writer->error == 0;
}

static void writer_seek(FileWriter *writer, size_t offset)
{
    if (writer->error == 0 && lseek(writer->file, (off_t)offset, SEEK_SET) < 0) writer->error = errno;
}

bool writer_write_at(FileWriter *writer, size_t offset, const void *data, size_t bytes)
{
    if (offset > writer->size || bytes > writer->size - offset)
        bug("%s: writing over bytes [%zu, +%zu) of %zu", writer->path, offset, bytes, writer->size);
    writer_flush(writer);
    writer_seek(writer, offset);
    write_all(writer, data, bytes);
    writer_seek(writer, writer->size);
    return writer->error == 0;
}

bool writer_pad(FileWriter *writer, size_t alignment)
{
    static const uint8_t zeros[256];
    size_t left = align_up(writer->size, alignment) - writer->size;
    while (left != 0) {
        size_t piece = left < sizeof zeros ? left : sizeof zeros;
        writer_write(writer, zeros, piece);
        left -= piece;
    }
    return writer->error == 0;
}

size_t writer_size(const FileWriter *writer)
{
    return writer->size;
}

/* Who may read it may run it, which respects the umask that made it. */
static int make_executable(int file)
{
    struct stat status;
    if (fstat(file, &status) != 0) return -1;
    return fchmod(file, status.st_mode | (status.st_mode & 0444) >> 2);
}

static bool writer_fails(FileWriter *writer, int error, Err *err)
{
    err_set(err, "%s: cannot write: %s", writer->path, strerror(error));
    writer_discard(writer);
    return false;
}

bool writer_commit(FileWriter *writer, bool executable, Err *err)
{
    writer_flush(writer);
    if (writer->error != 0) return writer_fails(writer, writer->error, err);
    if ((executable && make_executable(writer->file) != 0) || fsync(writer->file) != 0)
        return writer_fails(writer, errno, err);
    int file = writer->file;
    writer->file = -1;
    if (close(file) != 0 || rename(temporary_path(writer->slot), writer->path) != 0)
        return writer_fails(writer, errno, err);
    temporary_end(writer->slot);
    sync_parent(writer->path);
    writer_free(writer);
    return true;
}

void writer_discard(FileWriter *writer)
{
    if (writer == NULL) return;
    temporary_remove(writer->slot);
    writer_free(writer);
}

enum { COPY_BYTES = 1 << 24 /* of a copied file in memory at a time */ };

bool file_copy(const char *from, const char *to, bool executable, Err *err)
{
    FileView view;
    FileWriter *writer = file_map(from, &view, err) ? writer_open(to, err) : NULL;
    if (!writer) return false;
    for (size_t done = 0; done < view.size; done += COPY_BYTES) {
        size_t left = view.size - done, some = left < COPY_BYTES ? left : COPY_BYTES;
        writer_write(writer, view.data + done, some);
        file_forget(view.data + done, some);
    }
    return writer_commit(writer, executable, err);
}

bool file_move(const char *from, const char *to, Err *err)
{
    if (rename(from, to) != 0) return errno == EXDEV ? file_copy(from, to, false, err) : err_set(err, "%s: cannot write: %s", to, strerror(errno));
    sync_parent(to);
    return true;
}

/* ---- folders ---- */

static const char folder_marker[] = "MODEL.md";

/* 0: absent or empty, 1: one of ours, -1 with *err: must not be replaced. */
static int folder_state(const char *path, Err *err)
{
    struct stat status;
    if (lstat(path, &status) != 0 && errno == ENOENT) return 0;
    if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        err_set(err, "%s: exists and is not a folder", path);
        return -1;
    }
    if (folder_is_empty(path)) return 0;
    Str marker = {0};
    str_printf(&marker, "%s/%s", path, folder_marker);
    bool ours = file_exists(marker.data);
    str_free(&marker);
    if (!ours)
        err_set(err, "%s: is not empty and was not made by hf2c (it has no %s); it is left alone", path, folder_marker);
    return ours ? 1 : -1;
}

char *folder_begin(Arena *arena, const char *path, Err *err)
{
    if (folder_state(path, err) < 0) return NULL;
    int slot = temporary_begin(path, err);
    if (slot < 0) return NULL;
    if (mkdir(temporary_path(slot), 0777) != 0) {
        err_set(err, "%s: cannot create: %s", path, strerror(errno));
        temporary_end(slot);
        return NULL;
    }
    const char *name = temporary_path(slot);
    return arena_copy_text(arena, name, strlen(name));
}

bool folder_commit(const char *temporary, const char *path, Err *err)
{
    int slot = temporary_find(temporary);
    if (slot < 0) bug("%s is not a folder begun by folder_begin", temporary);
    int state = folder_state(path, err);
    if (state < 0) {
        temporary_remove(slot);
        return false;
    }
    sync_folder(temporary);
    int failed = state == 0 ? rename(temporary, path) : exchange_names(temporary, path);
    if (failed != 0) {
        err_set(err, "%s: cannot replace: %s", path, strerror(errno));
        temporary_remove(slot);
        return false;
    }
    if (state == 0)
        temporary_end(slot);
    else
        temporary_remove(slot); /* which now is the old folder */
    sync_parent(path);
    return true;
}

void folder_discard(const char *temporary)
{
    int slot = temporary_find(temporary);
    if (slot >= 0) temporary_remove(slot);
}
