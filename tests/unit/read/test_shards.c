/* Sharded checkpoints: the index may name only files of its own folder, and must be right about them. */
#include "tests/unit/read/pack.h"

#include <sys/stat.h>

#include "compiler/read/safetensors.h"

static Arena *arena;

#define A "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"
#define B                                                                                                              \
    "{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_"     \
    "offsets\":[2,3]}}"
static const char index_name[] = "model.safetensors.index.json";

static int begin(void **state)
{
    arena = arena_new();
    if (scratch_begin(state) != 0) return -1;
    pack(arena, "outside.safetensors", A, 1);
    mkdir(scratch_path(arena, "model"), 0700);
    pack(arena, "model/1.safetensors", A, 1);
    pack(arena, "model/2.safetensors", B, 3);
    return 0;
}

static int end(void **state)
{
    arena_free(arena);
    return scratch_end(state);
}

static bool open_index(const char *folder, const char *weight_map, Tensors *tensors, Err *err)
{
    const char *path = arena_printf(arena, "%s/%s", folder, index_name);
    scratch_text(arena, path,
                 arena_printf(arena, "{\"metadata\": {\"total_size\": 4}, \"weight_map\": %s}", weight_map));
    return safetensors_open_sharded(arena, scratch_path(arena, folder), index_name, tensors, err);
}

static void opens_all_files(void **state)
{
    (void)state;
    Err err = {{0}};
    Tensors tensors = {0};
    if (!open_index("model", "{\"c\": \"2.safetensors\", \"a\": \"1.safetensors\", \"b\": \"2.safetensors\"}", &tensors,
                    &err))
        fail_msg("%s", err.text);
    assert_int_equal(tensors.count, 3);
    assert_string_equal(tensors.item[0].name, "a");
    assert_contains(tensors_find(&tensors, "c")->file, "model/2.safetensors");
    assert_int_equal(tensors_find(&tensors, "c")->data[0], 2);
}

static void refuses_bad_maps(void **state)
{
    (void)state;
    static const struct {
        const char *map, *error;
    } cases[] = {{"{}", "at least one"},
                 {"[]", "must be an object"},
                 {"null", "must be an object"},
                 {"{\"a\": 1}", "\"a\" must name a file"},
                 {"{\"a\": null}", "\"a\" must name a file"},
                 {"{\"a\": \"3.safetensors\"}", "3.safetensors: named by"},
                 {"{\"a\": \"1.safetensors\", \"x\": \"1.safetensors\"}", "\"x\" is in none"},
                 {"{\"a\": \"2.safetensors\", \"b\": \"1.safetensors\"}", "is in "},
                 {"{\"a\": \"1.safetensors\", \"a\": \"1.safetensors\"}", "appears twice"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Err err = {{0}};
        Tensors tensors = {0};
        assert_false(open_index("model", cases[i].map, &tensors, &err));
        assert_contains(err.text, cases[i].error);
    }
    Err err = {{0}};
    Tensors tensors = {0};
    scratch_text(arena, arena_printf(arena, "model/%s", index_name), "{}");
    assert_false(safetensors_open_sharded(arena, scratch_path(arena, "model"), index_name, &tensors, &err));
    assert_contains(err.text, "weight_map");
}

static void refuses_names_that_are_paths(void **state)
{
    (void)state;
    static const char *const names[] = {"../outside.safetensors",
                                        "/etc/passwd",
                                        "./1.safetensors",
                                        "model/../1.safetensors",
                                        "..",
                                        ".",
                                        "",
                                        "..\\\\outside.safetensors",
                                        "C:1.safetensors",
                                        "sub/1.safetensors",
                                        ".safetensors",
                                        "1.bin",
                                        "1.safetensors/",
                                        "1\\n.safetensors",
                                        "/tmp/x.safetensors",
                                        "pytorch_model.bin"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Err err = {{0}};
        Tensors tensors = {0};
        assert_false(open_index("model", arena_printf(arena, "{\"a\": \"%s\"}", names[i]), &tensors, &err));
        assert_contains(err.text, "not the name of a safetensors file");
    }
}

static void refuses_links_that_lead_out(void **state)
{
    (void)state;
    static const struct {
        const char *name, *target;
        bool good;
    } links[] = {{"inside.safetensors", "1.safetensors", true},   {"out.safetensors", "../outside.safetensors", false},
                 {"loop.safetensors", "loop.safetensors", false}, {"chain.safetensors", "out.safetensors", false},
                 {"null.safetensors", "/dev/null", false},        {"dangling.safetensors", "nowhere", false}};
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        Err err = {{0}};
        Tensors tensors = {0};
        assert_int_equal(symlink(links[i].target, arena_printf(arena, "%s/model/%s", scratch, links[i].name)), 0);
        bool good = open_index("model", arena_printf(arena, "{\"a\": \"%s\"}", links[i].name), &tensors, &err);
        if (good != links[i].good) fail_msg("%s: %s", links[i].name, err.text);
        assert_true(good || strstr(err.text, links[i].name) != NULL);
    }
}

static void sibling_with_the_same_beginning_is_outside(void **state)
{
    (void)state;
    Err err = {{0}};
    Tensors tensors = {0};
    assert_int_equal(mkdir(scratch_path(arena, "model-other"), 0700), 0);
    pack(arena, "model-other/x.safetensors", A, 1);
    assert_int_equal(symlink("../model-other/x.safetensors", scratch_path(arena, "model/sibling.safetensors")), 0);
    assert_false(open_index("model", "{\"a\": \"sibling.safetensors\"}", &tensors, &err));
    assert_contains(err.text, "leads out of the folder");
}

static void cache_links_lead_to_blobs(void **state)
{
    (void)state;
    static const char *const folders[] = {"models--o--m", "models--o--m/blobs", "models--o--m/snapshots",
                                          "models--o--m/snapshots/abc"};
    Err err = {{0}}, out = {{0}};
    Tensors tensors = {0}, none = {0};
    for (size_t i = 0; i < COUNT_OF(folders); i++) assert_int_equal(mkdir(scratch_path(arena, folders[i]), 0700), 0);
    pack(arena, "models--o--m/blobs/123", A, 1);
    assert_int_equal(symlink("../../blobs/123", scratch_path(arena, "models--o--m/snapshots/abc/1.safetensors")), 0);
    assert_int_equal(
        symlink("../../../outside.safetensors", scratch_path(arena, "models--o--m/snapshots/abc/2.safetensors")), 0);
    if (!open_index("models--o--m/snapshots/abc", "{\"a\": \"1.safetensors\"}", &tensors, &err))
        fail_msg("%s", err.text);
    assert_false(open_index("models--o--m/snapshots/abc", "{\"a\": \"2.safetensors\"}", &none, &out));
    assert_contains(out.text, "leads out of the folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_all_files),
        cmocka_unit_test(refuses_bad_maps),
        cmocka_unit_test(refuses_names_that_are_paths),
        cmocka_unit_test(refuses_links_that_lead_out),
        cmocka_unit_test(sibling_with_the_same_beginning_is_outside),
        cmocka_unit_test(cache_links_lead_to_blobs),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
