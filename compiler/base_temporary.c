/* base, fifth part: temporary files and folders. What files_sweep() calls is safe in a signal handler: no allocation,
 * no locks, only system calls on a fixed table. */
#include "compiler/base_temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TEMPORARY_SLOTS = 64, TREE_DEPTH = 16, LISTING_BYTES = 2048 };

typedef enum SlotState { SLOT_FREE, SLOT_FILLING, SLOT_USED } SlotState;

typedef struct Slot {
    atomic_int state;
    pid_t owner; /* a forked child leaves its parent's alone */
    char path[PATH_MAX];
} Slot;

static Slot slots[TEMPORARY_SLOTS];
static atomic_uint next_number;

/* ---- removing ---- */

/* The layout of linux_dirent64, read by bytes: readdir() allocates, which a signal handler must not. */
enum { ENTRY_LENGTH_AT = 16, ENTRY_NAME_AT = 19 };

static void remove_tree(int parent, const char *name, int depth);

/* Removes what one listing names. Returns the count of names removed or tried. */
static int remove_listed(int folder, const uint8_t *listing, size_t bytes, int depth)
{
    int count = 0;
    for (size_t at = 0; at + ENTRY_NAME_AT < bytes;) {
        uint16_t length;
        memcpy(&length, listing + at + ENTRY_LENGTH_AT, sizeof length);
        const char *name = (const char *)listing + at + ENTRY_NAME_AT;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            remove_tree(folder, name, depth + 1);
            count++;
        }
        if (length == 0) break;
        at += length;
    }
    return count;
}

/* Names may be skipped when a folder shrinks while it is listed, so it is listed again until a pass finds none. */
static void remove_contents(int folder, int depth)
{
    uint8_t listing[LISTING_BYTES];
    for (int pass = 0; pass < 64; pass++) {
        int count = 0;
        long bytes;
        while ((bytes = syscall(SYS_getdents64, folder, listing, sizeof listing)) > 0)
            count += remove_listed(folder, listing, (size_t)bytes, depth);
        if (count == 0 || lseek(folder, 0, SEEK_SET) != 0) return;
    }
}

/* Removes a file, link (not what it points to) or folder with what is in it. */
static void remove_tree(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT || depth > TREE_DEPTH) return;
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return;
    remove_contents(folder, depth);
    close(folder);
    unlinkat(parent, name, AT_REMOVEDIR);
}

void files_sweep(void)
{
    for (size_t i = 0; i < TEMPORARY_SLOTS; i++)
        if (atomic_load(&slots[i].state) == SLOT_USED && slots[i].owner == getpid()) temporary_remove((int)i);
}

static void sweep_and_die(int signal_number)
{
    files_sweep();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* A signal that was ignored when we were started (nohup) stays ignored. */
void files_sweep_on_signals(void)
{
    static const int deadly[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction sweep = {.sa_handler = sweep_and_die}, before;
    sigemptyset(&sweep.sa_mask);
    for (size_t i = 0; i < COUNT_OF(deadly); i++) {
        if (sigaction(deadly[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN) continue;
        sigaction(deadly[i], &sweep, NULL);
    }
    signal(SIGXFSZ, SIG_IGN);
}

/* ---- names ---- */

/* The folder of a path, and its last part. */
static void split_path(const char *path, Str *folder, Str *name)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') begin--;
    str_add(name, path + begin, end - begin);
    if (begin == 0)
        str_add(folder, ".", 1);
    else
        str_add(folder, path, begin > 1 ? begin - 1 : 1);
}

/* Whether name is a temporary of the target whose prefix it is, made by a process that is gone. */
static bool is_stale(const char *name, const Str *prefix)
{
    if (strncmp(name, prefix->data, prefix->length) != 0) return false;
    const char *digits = name + prefix->length;
    char *end;
    errno = 0;
    long process = strtol(digits, &end, 10);
    if (digits[0] < '0' || digits[0] > '9' || *end != '-' || errno != 0 || process <= 0 || process > INT_MAX)
        return false;
    return kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

static void sweep_stale(const char *folder, const Str *prefix)
{
    DIR *listing = opendir(folder);
    if (listing == NULL) return;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (is_stale(entry->d_name, prefix)) remove_tree(dirfd(listing), entry->d_name, 0);
    closedir(listing);
}

static int claim_slot(void)
{
    for (int i = 0; i < TEMPORARY_SLOTS; i++) {
        int expected = SLOT_FREE;
        if (atomic_compare_exchange_strong(&slots[i].state, &expected, SLOT_FILLING)) return i;
    }
    return -1;
}

static int name_slot(const char *target, const Str *folder, const Str *prefix, Err *err)
{
    int slot = claim_slot();
    if (slot < 0) {
        err_set(err, "%s: more than %d files are being written at once", target, TEMPORARY_SLOTS);
        return -1;
    }
    int length = snprintf(slots[slot].path, sizeof slots[slot].path, "%s/%s%ld-%u", folder->data, prefix->data,
                          (long)getpid(), atomic_fetch_add(&next_number, 1));
    if (length < 0 || (size_t)length >= sizeof slots[slot].path) {
        atomic_store(&slots[slot].state, SLOT_FREE);
        err_set(err, "%s: the name is too long", target);
        return -1;
    }
    slots[slot].owner = getpid();
    atomic_store(&slots[slot].state, SLOT_USED);
    return slot;
}

int temporary_begin(const char *target, Err *err)
{
    Str folder = {0}, name = {0}, prefix = {0};
    int slot = -1;
    split_path(target, &folder, &name);
    if (name.length == 0 || strcmp(name.data, ".") == 0 || strcmp(name.data, "..") == 0 ||
        strcmp(name.data, "/") == 0) {
        err_set(err, "%s: not a name that can be written", target);
    } else {
        str_printf(&prefix, ".%s.hf2c-", name.data);
        sweep_stale(folder.data, &prefix);
        slot = name_slot(target, &folder, &prefix, err);
    }
    str_free(&folder);
    str_free(&name);
    str_free(&prefix);
    return slot;
}

const char *temporary_path(int slot)
{
    return slots[slot].path;
}

int temporary_find(const char *path)
{
    for (int i = 0; i < TEMPORARY_SLOTS; i++)
        if (atomic_load(&slots[i].state) == SLOT_USED && strcmp(slots[i].path, path) == 0) return i;
    return -1;
}

void temporary_end(int slot)
{
    atomic_store(&slots[slot].state, SLOT_FREE);
}

void temporary_remove(int slot)
{
    remove_tree(AT_FDCWD, slots[slot].path, 0);
    temporary_end(slot);
}

/* ---- folders ---- */

bool folder_is_empty(const char *path)
{
    DIR *listing = opendir(path);
    if (listing == NULL) return false;
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(listing)) != NULL;)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(listing);
    return empty;
}

void sync_folder(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    fsync(folder);
    close(folder);
}

void sync_parent(const char *path)
{
    Str folder = {0}, name = {0};
    split_path(path, &folder, &name);
    sync_folder(folder.data);
    str_free(&folder);
    str_free(&name);
}

/* In one step where the file system can: then the destination is whole at every moment. Otherwise in two renames, of
 * which a failing second one undoes the first. */
int exchange_names(const char *a, const char *b)
{
    enum { EXCHANGE = 2 }; /* RENAME_EXCHANGE of <linux/fs.h> */
    if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, EXCHANGE) == 0) return 0;
    if (errno != ENOSYS && errno != EINVAL) return -1;
    char aside[PATH_MAX];
    int length = snprintf(aside, sizeof aside, "%s-old", a);
    if (length < 0 || (size_t)length >= sizeof aside) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (rename(b, aside) != 0) return -1;
    if (rename(a, b) != 0) {
        int error = errno;
        rename(aside, b);
        errno = error;
        return -1;
    }
    return rename(aside, a);
}
