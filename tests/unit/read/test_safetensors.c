/* The format's rules, as the reference implementation (safetensors 0.8.0) applies them, and where ours are stricter. */
#include "tests/unit/read/pack.h"

#include "compiler/read/safetensors.h"

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

#define ONE(name, type, shape, from, to)                                                                               \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" #from "," #to "]}"

static void accepts_what_the_reference_accepts(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data, count;
    } cases[] = {
        {"{" ONE("a", "F32", "[2]", 0, 8) "}", 8, 1},
        {"{" ONE("a", "F32", "[]", 0, 4) "}", 4, 1},
        {"{" ONE("b", "U8", "[4]", 4, 8) "," ONE("a", "F32", "[1]", 0, 4) "}", 8, 2},
        {"{" ONE("a", "F32", "[1]", 0, 4) "," ONE("z", "F32", "[0,7]", 4, 4) "," ONE("b", "U8", "[1]", 4, 5) "}", 5, 3},
        {"{" ONE("z", "F32", "[0]", 0, 0) "}", 0, 1},
        {"  {" ONE("a", "U8", "[1]", 0, 1) "}   ", 1, 1},
        {"{\"__metadata__\":{\"format\":\"pt\",\"x\":\"\"}," ONE("a", "U8", "[1]", 0, 1) "}", 1, 1},
        {"{\"a\":{\"data_offsets\":[0,1],\"shape\":[1],\"extra\":[{\"x\":1}],\"dtype\":\"U8\"}}", 1, 1},
        {"{" ONE("", "U8", "[1]", 0, 1) "}", 1, 1},
        {"{" ONE("../../x", "U8", "[1]", 0, 1) "}", 1, 1},
        {"{" ONE("a", "F32", "[1,1,1,1,1,1,1,1]", 0, 4) "}", 4, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Err err = {{0}};
        Tensors tensors = {0};
        if (!safetensors_open(arena, pack(arena, "a.safetensors", cases[i].header, cases[i].data), &tensors, &err))
            fail_msg("%s: %s", cases[i].header, err.text);
        assert_int_equal(tensors.count, cases[i].count);
    }
}

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *error;
    } cases[] = {
        {"{}", 0, "no tensors"},
        {"{\"__metadata__\":{}}", 0, "no tensors"},
        {"", 0, "ends too early"},
        {"[]", 0, "an object"},
        {"\"x\"", 0, "an object"},
        {"{\"a\":3}", 0, "an object"},
        /* stricter: the reference lets the last one win */
        {"{" ONE("a", "U8", "[4]", 0, 4) "," ONE("a", "F32", "[1]", 0, 4) "}", 4, "tensor \"a\": begins at byte 0"},
        {"{" ONE("a", "U8", "[4]", 0, 4) "," ONE("\\u0061", "F32", "[1]", 4, 8) "}", 8, "twice"},
        {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "dtype appears twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}," ONE("a", "U8", "[1]", 0, 1) "}", 1, "__metadata__ appears twice"},
        {"{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}," ONE("a", "U8", "[1]", 0, 1) "}", 1, "same key twice"},
        /* holes, overlaps, order */
        {"{" ONE("a", "U8", "[1]", 0, 1) "," ONE("b", "U8", "[1]", 2, 3) "}", 3, "tensor \"b\": begins at byte 2"},
        {"{" ONE("a", "U8", "[2]", 0, 2) "," ONE("b", "U8", "[2]", 1, 3) "}", 3, "tensor \"b\": begins at byte 1"},
        {"{" ONE("a", "U8", "[1]", 1, 2) "}", 2, "tensor \"a\": begins at byte 1"},
        {"{" ONE("a", "U8", "[1]", 2, 1) "}", 2, "not within"},
        {"{" ONE("a", "U8", "[1]", 0, 1) "}", 2, "has 2 bytes of data, its tensors end at 1"},
        {"{" ONE("a", "U8", "[2]", 0, 2) "}", 1, "not within the 1 bytes"},
        {"{" ONE("a", "U8", "[1]", 0, 18446744073709551615) "}", 1, "not within"},
        {"{" ONE("a", "U8", "[1]", 0, 18446744073709551616) "}", 1, "two integers"},
        {"{" ONE("a", "U8", "[1]", -1, 1) "}", 1, "two integers"},
        {"{" ONE("a", "U8", "[1]", 0.0, 1) "}", 1, "two integers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1, "two integers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}", 1, "two integers"},
        /* shapes */
        {"{" ONE("a", "F32", "[2]", 0, 4) "}", 4, "F32 [2] needs 8 bytes, data_offsets give 4"},
        {"{" ONE("a", "U8", "[4194305,4194305,211106198978564]", 0, 4) "}", 4, "overflows"},
        {"{" ONE("a", "F64", "[2305843009213693952]", 0, 0) "}", 0, "overflows"},
        {"{" ONE("a", "U8", "[0,4611686018427387904,4611686018427387904]", 0, 0) "}", 0, "overflows"},
        {"{" ONE("a", "U8", "[9223372036854775808]", 0, 0) "}", 0, "dimension"},
        {"{" ONE("a", "U8", "[-1]", 0, 1) "}", 1, "dimension"},
        {"{" ONE("a", "U8", "[1.0]", 0, 1) "}", 1, "dimension"},
        {"{" ONE("a", "U8", "[\"1\"]", 0, 1) "}", 1, "dimension"},
        {"{" ONE("a", "U8", "[[1]]", 0, 1) "}", 1, "dimension"},
        {"{" ONE("a", "U8", "1", 0, 1) "}", 1, "shape must be a list"},
        {"{" ONE("a", "U8", "[1,1,1,1,1,1,1,1,1]", 0, 1) "}", 1, "more than 8"},
        /* types and fields */
        {"{" ONE("a", "F31", "[1]", 0, 1) "}", 1, "unknown dtype \"F31\""},
        {"{" ONE("a", "f32", "[1]", 0, 4) "}", 4, "unknown dtype"},
        {"{\"a\":{\"dtype\":5,\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "dtype must be a text"},
        {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "dtype is missing"},
        {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "shape is missing"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "data_offsets is missing"},
        {"{" ONE("a\\u0000b", "U8", "[1]", 0, 1) "}", 1, "NUL"},
        /* the text itself */
        {"{\"__metadata__\":{\"x\":1}," ONE("a", "U8", "[1]", 0, 1) "}", 1, "must be texts"},
        {"{\"__metadata__\":{\"x\":{}}," ONE("a", "U8", "[1]", 0, 1) "}", 1, "must be texts"},
        {"{\"__metadata__\":[]," ONE("a", "U8", "[1]", 0, 1) "}", 1, "must be an object"},
        {"{\"__metadata__\":null," ONE("a", "U8", "[1]", 0, 1) "}", 1, "must be an object"},
        {"{" ONE("\xff", "U8", "[1]", 0, 1) "}", 1, "UTF-8"},
        {"{" ONE("\xc0\x80", "U8", "[1]", 0, 1) "}", 1, "UTF-8"},
        {"\xef\xbb\xbf{" ONE("a", "U8", "[1]", 0, 1) "}", 1, "byte-order mark"},
        {"{" ONE("a", "U8", "[1]", 0, 1) "}x", 1, "follows"},
        {"{" ONE("a", "U8", "[1]", 0, 1) ",}", 1, "a key"},
        {"{" ONE("a", "U8", "[01]", 0, 1) "}", 1, "number"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Err err = {{0}};
        Tensors tensors = {0};
        if (safetensors_open(arena, pack(arena, "bad.safetensors", cases[i].header, cases[i].data), &tensors, &err))
            fail_msg("accepted: %s", cases[i].header);
        assert_contains(err.text, "bad.safetensors: ");
        assert_contains(err.text, cases[i].error);
    }
}

static void refuses_padding_by_nul(void **state)
{
    (void)state;
    static const char header[] = "{" ONE("a", "U8", "[1]", 0, 1) "}\0\0\0";
    Err err = {{0}};
    Tensors tensors = {0};
    assert_false(
        safetensors_open(arena, pack_bytes(arena, "nul.safetensors", header, sizeof header - 1, 1), &tensors, &err));
    assert_contains(err.text, "follows");
}

static void header_length_is_checked(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {
        0, 1, 42, 100000000, 100000001, (uint64_t)1 << 32, (uint64_t)1 << 63, UINT64_MAX, UINT64_MAX - 7};
    static const char header[] = "{" ONE("a", "U8", "[1]", 0, 1) "}";
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        char file[8 + sizeof header];
        for (int k = 0; k < 8; k++) file[k] = (char)(lengths[i] >> 8 * k & 0xff);
        memcpy(file + 8, header, sizeof header);
        Err err = {{0}};
        Tensors tensors = {0};
        assert_false(
            safetensors_open(arena, scratch_write(arena, "length.safetensors", file, sizeof file), &tensors, &err));
        assert_true(err.text[0] != '\0');
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    static const char header[] =
        "{\"__metadata__\":{\"a\":\"b\"}," ONE("a", "F32", "[2]", 0, 8) "," ONE("b", "BF16", "[1]", 8, 10) "}";
    Err err = {{0}};
    FileView view;
    const char *whole = pack(arena, "whole.safetensors", header, 10);
    assert_true(file_read(arena, whole, 10000, &view, &err));
    for (size_t bytes = 0; bytes < view.size; bytes++) {
        Err cut = {{0}};
        Tensors tensors = {0};
        assert_false(
            safetensors_open(arena, scratch_write(arena, "cut.safetensors", view.data, bytes), &tensors, &cut));
        assert_true(cut.text[0] != '\0');
    }
}

static void tensors_are_sorted_and_found(void **state)
{
    (void)state;
    static const char header[] = "{" ONE("late", "U8", "[1,2]", 8, 10) "," ONE("early", "F32", "[2]", 0, 8) "}";
    Err err = {{0}};
    Tensors tensors = {0};
    assert_true(safetensors_open(arena, pack(arena, "first.safetensors", header, 10), &tensors, &err));
    assert_true(safetensors_open(arena, pack(arena, "second.safetensors", "{" ONE("other", "I8", "[3]", 0, 3) "}", 3),
                                 &tensors, &err));
    assert_int_equal(tensors.count, 3);
    assert_string_equal(tensors.item[0].name, "early");
    assert_string_equal(tensors.item[1].name, "late");
    assert_string_equal(tensors.item[2].name, "other");
    const Tensor *late = tensors_find(&tensors, "late");
    assert_ptr_equal(late, &tensors.item[1]);
    assert_int_equal(late->type, STORED_U8);
    assert_int_equal(late->rank, 2);
    assert_true(late->shape[0] == 1 && late->shape[1] == 2 && late->elements == 2 && late->bytes == 2);
    assert_int_equal(late->data[0], 8);
    assert_contains(late->file, "first.safetensors");
    assert_null(tensors_find(&tensors, "lat"));
    assert_null(tensors_find(&(Tensors){0}, "late"));
    assert_false(safetensors_open(arena, pack(arena, "third.safetensors", "{" ONE("late", "I8", "[3]", 0, 3) "}", 3),
                                  &tensors, &err));
    assert_contains(err.text, "first.safetensors");
}

/* Data of a file larger than memory need not be touched to be opened. */
static void large_files_are_opened(void **state)
{
    (void)state;
    Err err = {{0}};
    Tensors tensors = {0};
    const char *path = pack(arena, "large.safetensors", "{" ONE("a", "F16", "[3000000000]", 0, 6000000000) "}", 0);
    assert_int_equal(
        truncate(path, 8 + (off_t)strlen("{" ONE("a", "F16", "[3000000000]", 0, 6000000000) "}") + 6000000000), 0);
    assert_true(safetensors_open(arena, path, &tensors, &err));
    assert_true(tensors.item[0].elements == 3000000000);
    float last = 1.0f;
    tensor_to_float(&tensors.item[0], 2999999999, 1, &last);
    assert_true(last == 0.0f);
}

/* ---- writing ---- */

static void fill_counting(const TensorPlan *plan, size_t first, size_t count, void *out)
{
    const float *start = plan->user;
    for (size_t i = 0; i < count; i++) {
        float value = *start + (float)(first + i);
        memcpy((uint8_t *)out + i * sizeof value, &value, sizeof value);
    }
}

static void written_files_read_back(void **state)
{
    (void)state;
    static const float ten = 10.0f, zero = 0.0f;
    const TensorPlan plan[] = {{"weight", STORED_F32, 2, {700, 1000}, 700000, &ten},
                               {"a \"name\"\n\xc3\xa9", STORED_F32, 0, {0}, 1, &zero},
                               {"empty", STORED_F32, 1, {0}, 0, &zero}};
    Err err = {{0}};
    Tensors tensors = {0};
    const char *path = scratch_path(arena, "written.safetensors");
    assert_true(safetensors_write(path, plan, COUNT_OF(plan), fill_counting, &err));
    assert_true(safetensors_open(arena, path, &tensors, &err));
    assert_int_equal(tensors.count, 3);
    float *values = ARENA_ARRAY(arena, float, 700000);
    const Tensor *weight = tensors_find(&tensors, "weight");
    assert_int_equal((uintptr_t)weight->data % 8, 0);
    tensor_to_float(weight, 0, 700000, values);
    for (size_t i = 0; i < 700000; i++) assert_true(values[i] == 10.0f + (float)i);
    assert_non_null(tensors_find(&tensors, plan[1].name));
}

static void wrong_plans_are_refused(void **state)
{
    (void)state;
    static const float zero = 0.0f;
    const TensorPlan wrong = {"a", STORED_F32, 1, {3}, 4, &zero};
    const char *path = scratch_path(arena, "not.safetensors");
    Err first = {{0}}, second = {{0}};
    assert_false(safetensors_write(path, &wrong, 1, fill_counting, &first));
    assert_contains(first.text, "shape [3] does not fit 4");
    assert_false(safetensors_write(path, NULL, 0, fill_counting, &second));
    assert_false(file_exists(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_the_reference_accepts),
        cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(refuses_padding_by_nul),
        cmocka_unit_test(header_length_is_checked),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(tensors_are_sorted_and_found),
        cmocka_unit_test(large_files_are_opened),
        cmocka_unit_test(written_files_read_back),
        cmocka_unit_test(wrong_plans_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
