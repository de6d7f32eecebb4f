/* Files and folders that appear whole or not at all. */
#include "tests/unit/scratch.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static Arena *arena;

static int begin(void **state)
{
    arena = arena_new();
    return scratch_begin(state);
}

static int end(void **state)
{
    arena_free(arena);
    return scratch_end(state);
}

/* Names in a folder, without "." and "..". */
static int count_entries(const char *folder)
{
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    int count = -2;
    while (readdir(listing) != NULL) count++;
    closedir(listing);
    return count;
}

static void write_file(const char *path, const char *text)
{
    Err err = {{0}};
    FileWriter *writer = writer_open(path, &err);
    assert_non_null(writer);
    assert_true(writer_write(writer, text, strlen(text)));
    assert_true(writer_commit(writer, false, &err));
}

static void assert_file_holds(const char *path, const char *text)
{
    Err err = {{0}};
    FileView view;
    assert_true(file_read(arena, path, 1000, &view, &err));
    assert_string_equal((const char *)view.data, text);
}

/* ---- reading ---- */

static void reads_and_maps(void **state)
{
    (void)state;
    Err err = {{0}};
    FileView view;
    const char *path = scratch_text(arena, "text", "hello"), *empty = scratch_text(arena, "empty", "");
    assert_true(file_map(path, &view, &err));
    assert_int_equal(view.size, 5);
    assert_memory_equal(view.data, "hello", 5);
    assert_true(file_map(empty, &view, &err));
    assert_int_equal(view.size, 0);
    assert_true(file_read(arena, path, 5, &view, &err));
    assert_string_equal((const char *)view.data, "hello");
    assert_true(file_read(arena, empty, 0, &view, &err));
    assert_int_equal(view.size, 0);
    assert_string_equal(err.text, "");
    assert_false(file_read(arena, path, 4, &view, &err));
    assert_contains(err.text, "5 bytes, more than the 4");
}

static void refuses_what_is_not_a_file(void **state)
{
    (void)state;
    FileView view;
    const char *pipe_path = scratch_path(arena, "pipe");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    const char *const paths[] = {scratch, pipe_path, "/dev/null", scratch_path(arena, "absent")};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        Err err = {{0}};
        assert_false(file_map(paths[i], &view, &err));
        assert_contains(err.text, paths[i]);
        assert_false(file_read(arena, paths[i], 100, &view, &err));
    }
    assert_true(file_exists(scratch));
    assert_false(file_exists(scratch_path(arena, "absent")));
}

/* ---- writing ---- */

static void file_appears_at_commit(void **state)
{
    (void)state;
    Err err = {{0}};
    const char *path = scratch_path(arena, "out");
    FileWriter *writer = writer_open(path, &err);
    assert_non_null(writer);
    char large[100000];
    memset(large, 'x', sizeof large);
    for (int i = 0; i < 10; i++) assert_true(writer_write(writer, large, sizeof large));
    assert_true(writer_write(writer, NULL, 0));
    assert_true(writer_pad(writer, 4096));
    assert_int_equal(writer_size(writer), 1003520);
    assert_false(file_exists(path));
    assert_true(writer_commit(writer, true, &err));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 1003520);
    assert_true((status.st_mode & 0100) != 0);
    assert_int_equal(count_entries(scratch), 1);
}

static void written_bytes_can_be_replaced(void **state)
{
    (void)state;
    Err err = {{0}};
    const char *path = scratch_path(arena, "out");
    FileWriter *writer = writer_open(path, &err);
    writer_write(writer, "0123456789", 10);
    assert_true(writer_write_at(writer, 2, "ab", 2));
    assert_true(writer_write_at(writer, 10, "", 0));
    writer_write(writer, "xyz", 3);
    assert_true(writer_write_at(writer, 12, "!", 1));
    assert_int_equal(writer_size(writer), 13);
    assert_true(writer_commit(writer, false, &err));
    assert_file_holds(path, "01ab456789xy!");
}

static void discarded_file_leaves_nothing(void **state)
{
    (void)state;
    Err err = {{0}};
    const char *path = scratch_path(arena, "out");
    write_file(path, "old");
    FileWriter *writer = writer_open(path, &err);
    writer_write(writer, "new", 3);
    writer_discard(writer);
    assert_int_equal(count_entries(scratch), 1);
    assert_file_holds(path, "old");
    write_file(path, "new");
    assert_file_holds(path, "new");
}

static void bad_targets_are_refused(void **state)
{
    (void)state;
    const char *const paths[] = {"", scratch, "/dev/full", scratch_path(arena, "no/such/folder"),
                                 scratch_path(arena, "x/")};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        Err err = {{0}};
        assert_null(writer_open(paths[i], &err));
        assert_true(err.text[0] != '\0');
    }
    assert_int_equal(count_entries(scratch), 0);
}

/* Runs work in a child, which is ended by it or exits with its result. */
static int in_child(int (*work)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(work());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int write_beyond_limit(void)
{
    Err err = {{0}};
    struct rlimit limit = {10000, 10000};
    files_sweep_on_signals();
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 10;
    FileWriter *writer = writer_open(scratch_path(arena, "limited"), &err);
    static char zeros[1 << 20];
    writer_write(writer, zeros, sizeof zeros);
    writer_write(writer, "after", 5);
    if (writer_commit(writer, false, &err)) return 11;
    return strstr(err.text, "limited: cannot write: File too large") != NULL ? 0 : 12;
}

static void full_disk_leaves_nothing(void **state)
{
    (void)state;
    int status = in_child(write_beyond_limit);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(count_entries(scratch), 0);
}

static int die_while_writing(void)
{
    Err err = {{0}};
    FileWriter *writer = writer_open(scratch_path(arena, "out"), &err);
    static char zeros[1 << 20];
    writer_write(writer, zeros, sizeof zeros);
    raise(SIGKILL);
    return 1;
}

static void killed_writer_leaves_no_visible_half(void **state)
{
    (void)state;
    int status = in_child(die_while_writing);
    assert_true(WIFSIGNALED(status));
    const char *path = scratch_path(arena, "out");
    assert_false(file_exists(path));
    assert_int_equal(count_entries(scratch), 1);
    write_file(path, "next"); /* sweeps what the dead process left */
    assert_int_equal(count_entries(scratch), 1);
    assert_file_holds(path, "next");
}

static void temporaries_of_the_living_stay(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, ".out.hf2c-%ld-0", (long)getppid());
    scratch_text(arena, name, "in use");
    scratch_text(arena, ".out.hf2c-x-0", "not ours");
    scratch_text(arena, ".other.hf2c-999999999-0", "of another target");
    write_file(scratch_path(arena, "out"), "text");
    assert_int_equal(count_entries(scratch), 4);
}

static int interrupt_while_writing(void)
{
    Err err = {{0}};
    files_sweep_on_signals();
    FileWriter *writer = writer_open(scratch_path(arena, "out"), &err);
    char *folder = folder_begin(arena, scratch_path(arena, "folder"), &err);
    if (writer == NULL || folder == NULL) return 1;
    write_file(arena_printf(arena, "%s/inner", folder), "x");
    if (mkdir(arena_printf(arena, "%s/deep", folder), 0700) != 0) return 2;
    for (int i = 0; i < 200; i++)
        write_file(arena_printf(arena,
                                "%s/deep/a file with quite a long name, so that one listing does not hold all %d",
                                folder, i),
                   "x");
    raise(SIGINT);
    return 3;
}

static void interrupt_sweeps(void **state)
{
    (void)state;
    int status = in_child(interrupt_while_writing);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
    assert_int_equal(count_entries(scratch), 0);
}

static int fail_while_writing(void)
{
    Err err = {{0}};
    writer_open(scratch_path(arena, "out"), &err);
    if (freopen("/dev/null", "w", stderr) == NULL) return 7;
    fatal("stop");
}

static void fatal_sweeps(void **state)
{
    (void)state;
    int status = in_child(fail_while_writing);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(count_entries(scratch), 0);
}

static int sweep_in_fork(void)
{
    files_sweep();
    return 0;
}

static void child_leaves_its_parents_files(void **state)
{
    (void)state;
    Err err = {{0}};
    FileWriter *writer = writer_open(scratch_path(arena, "out"), &err);
    in_child(sweep_in_fork);
    assert_true(writer_commit(writer, false, &err));
}

/* ---- folders ---- */

static void make_folder(const char *path, const char *text)
{
    Err err = {{0}};
    char *temporary = folder_begin(arena, path, &err);
    assert_non_null(temporary);
    write_file(arena_printf(arena, "%s/MODEL.md", temporary), text);
    assert_true(folder_commit(temporary, path, &err));
}

static void folder_appears_at_commit(void **state)
{
    (void)state;
    const char *path = scratch_path(arena, "model/");
    make_folder(path, "first");
    assert_file_holds(scratch_path(arena, "model/MODEL.md"), "first");
    make_folder(path, "second");
    assert_file_holds(scratch_path(arena, "model/MODEL.md"), "second");
    assert_int_equal(count_entries(scratch), 1);
    assert_int_equal(count_entries(path), 1);
    assert_int_equal(mkdir(scratch_path(arena, "empty"), 0700), 0);
    make_folder(scratch_path(arena, "empty"), "third");
    assert_file_holds(scratch_path(arena, "empty/MODEL.md"), "third");
}

static void foreign_folder_is_left_alone(void **state)
{
    (void)state;
    Err err = {{0}};
    const char *path = scratch_path(arena, "mine");
    assert_int_equal(mkdir(path, 0700), 0);
    scratch_text(arena, "mine/thesis.txt", "years");
    assert_null(folder_begin(arena, path, &err));
    assert_contains(err.text, "left alone");
    assert_file_holds(scratch_path(arena, "mine/thesis.txt"), "years");
    static const char *const bad[] = {"/", ".", "..", ""};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        Err other = {{0}};
        assert_null(folder_begin(arena, bad[i], &other));
    }
    Err file = {{0}};
    assert_null(folder_begin(arena, scratch_text(arena, "file", "x"), &file));
    assert_contains(file.text, "not a folder");
}

static void folder_filled_meanwhile_is_left_alone(void **state)
{
    (void)state;
    Err err = {{0}};
    const char *path = scratch_path(arena, "late");
    char *temporary = folder_begin(arena, path, &err);
    assert_non_null(temporary);
    assert_int_equal(mkdir(path, 0700), 0);
    scratch_text(arena, "late/file", "x");
    assert_false(folder_commit(temporary, path, &err));
    assert_false(file_exists(temporary));
    assert_file_holds(scratch_path(arena, "late/file"), "x");
}

static void discarded_folder_leaves_nothing(void **state)
{
    (void)state;
    Err err = {{0}};
    scratch_text(arena, "outside", "stays");
    char *temporary = folder_begin(arena, scratch_path(arena, "model"), &err);
    write_file(arena_printf(arena, "%s/file", temporary), "x");
    assert_int_equal(symlink(scratch_path(arena, "outside"), arena_printf(arena, "%s/link", temporary)), 0);
    folder_discard(temporary);
    folder_discard(temporary);
    assert_int_equal(count_entries(scratch), 1);
    assert_file_holds(scratch_path(arena, "outside"), "stays");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_and_maps),
        TEST(refuses_what_is_not_a_file),
        TEST(file_appears_at_commit),
        TEST(written_bytes_can_be_replaced),
        TEST(discarded_file_leaves_nothing),
        TEST(bad_targets_are_refused),
        TEST(full_disk_leaves_nothing),
        TEST(killed_writer_leaves_no_visible_half),
        TEST(temporaries_of_the_living_stay),
        TEST(interrupt_sweeps),
        TEST(fatal_sweeps),
        TEST(child_leaves_its_parents_files),
        TEST(folder_appears_at_commit),
        TEST(foreign_folder_is_left_alone),
        TEST(folder_filled_meanwhile_is_left_alone),
        TEST(discarded_folder_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
