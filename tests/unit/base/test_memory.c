/* Errors, sizes, arena, strings, maps, hashes. */
#include "tests/unit/scratch.h"

static void first_error_is_kept(void **state)
{
    (void)state;
    Err err = {{0}};
    assert_false(err_prefix(&err, "file"));
    assert_string_equal(err.text, "");
    assert_false(err_set(&err, "found %d", 3));
    assert_false(err_set(&err, "later"));
    assert_false(err_prefix(&err, "config.json: %s", "key"));
    assert_string_equal(err.text, "config.json: key: found 3");
}

static void errors_are_one_bounded_line(void **state)
{
    (void)state;
    Err err = {{0}};
    char *large = malloc(5000);
    assert_non_null(large);
    memset(large, 'x', 4999);
    large[4999] = '\0';
    err_set(&err, "a\nb\x1b[31m%s", large);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "a?b?[31mxx", 10);
    err_prefix(&err, "%s", large);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_false(err_set(NULL, "ignored"));
    free(large);
}

static void sizes_are_checked(void **state)
{
    (void)state;
    size_t out = 7;
    assert_false(size_mul(SIZE_MAX, 2, &out));
    assert_false(size_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_false(size_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, 7);
    assert_true(size_mul(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    assert_true(size_mul(SIZE_MAX, 0, &out) && out == 0);
    assert_true(size_mul(0, SIZE_MAX, &out) && out == 0);
    assert_true(size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    assert_int_equal(align_up(0, 64), 0);
    assert_int_equal(align_up(1, 64), 64);
    assert_int_equal(align_up(64, 64), 64);
    assert_int_equal(align_up(65, 1), 65);
}

static void arena_gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 100000, 300000, 3, 5000000, 7};
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            uint8_t *memory = arena_alloc(arena, sizes[i]);
            assert_int_equal((uintptr_t)memory % 64, 0);
            for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(memory[k], 0);
            if (sizes[i] != 0) memset(memory, 0xff, sizes[i]);
        }
    }
    arena_free(arena);
    arena_free(NULL);
}

static void arena_grows_arrays(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    size_t *item = NULL, count = 0, capacity = 0;
    while (count < 1000) {
        const size_t *before = item;
        size_t room = capacity;
        item = arena_grow(arena, item, count, &capacity, sizeof *item);
        assert_true(capacity > count);
        assert_true(count < room ? item == before && capacity == room : item != before);
        item[count] = count;
        count++;
    }
    for (size_t i = 0; i < count; i++) assert_int_equal(item[i], i);
    arena_free(arena);
}

static int order[2], calls;

static void note_call(void *value)
{
    order[calls++] = *(int *)value;
}

static void arena_calls_cleanups_last_first(void **state)
{
    (void)state;
    static int first = 1, second = 2;
    Arena *arena = arena_new();
    arena_on_free(arena, note_call, &first);
    arena_on_free(arena, note_call, &second);
    arena_free(arena);
    assert_int_equal(calls, 2);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
}

static void text_grows(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Str s = {0};
    str_add(&s, "", 0);
    assert_string_equal(s.data, "");
    for (int i = 0; i < 1000; i++) str_printf(&s, "%d,", i);
    str_add(&s, "a\0b", 3);
    assert_int_equal(s.length, 3890 + 3);
    assert_memory_equal(s.data, "0,1,2,3,", 8);
    assert_memory_equal(s.data + s.length - 3, "a\0b", 4);
    str_free(&s);
    assert_null(s.data);
    assert_string_equal(arena_printf(arena, "%s-%d", "x", 5), "x-5");
    assert_string_equal(arena_copy_text(arena, "abcdef", 3), "abc");
    arena_free(arena);
}

static void map_keeps_all_keys(void **state)
{
    (void)state;
    enum { KEYS = 20000 };
    Arena *arena = arena_new();
    Map *map = map_new(arena);
    static int values[KEYS];
    assert_null(map_get(map, "0"));
    for (int i = 0; i < KEYS; i++) map_set(map, arena_printf(arena, "key%d", i), &values[i]);
    map_set(map, "key7", &values[8]);
    map_set(map, "", &values[1]);
    for (int i = 0; i < KEYS; i++)
        assert_ptr_equal(map_get(map, arena_printf(arena, "key%d", i)), &values[i == 7 ? 8 : i]);
    assert_ptr_equal(map_get(map, ""), &values[1]);
    assert_ptr_equal(map_get_n(map, "key12345", 5), &values[12]);
    assert_null(map_get(map, "key"));
    assert_null(map_get(map, "key20000"));
    arena_free(arena);
}

static void map_copies_keys(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Map *map = map_new(arena);
    char key[] = "abc";
    map_set(map, key, key);
    key[0] = 'x';
    assert_ptr_equal(map_get(map, "abc"), key);
    assert_null(map_get(map, "xbc"));
    arena_free(arena);
}

/* XXH3_64bits as xxhsum -H3 prints it. */
static void hashes_are_xxh3(void **state)
{
    (void)state;
    char hex[17];
    hash_hex(NULL, 0, hex);
    assert_string_equal(hex, "2d06800538d394c2");
    hash_hex("abc", 3, hex);
    assert_string_equal(hex, "78af5f94892f3950");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_error_is_kept),
        cmocka_unit_test(errors_are_one_bounded_line),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(arena_grows_arrays),
        cmocka_unit_test(arena_calls_cleanups_last_first),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(map_keeps_all_keys),
        cmocka_unit_test(map_copies_keys),
        cmocka_unit_test(hashes_are_xxh3),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
