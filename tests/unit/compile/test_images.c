/* Picture files become the values that transformers' processors make of them, as the oracle's goldens hold them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/compile.h"
#include "compiler/read/processor.h"
#include "runtime/image/picture.h"

static void check_picture(Arena *arena, const char *folder, const hf2c_image_settings *settings, const Tensor *golden, size_t image, const char *file)
{
    hf2c_picture picture;
    hf2c_message message = {""};
    size_t count = (size_t)(golden->shape[1] * golden->shape[2] * golden->shape[3]);
    hf2c_picture_size size;
    float *values = ARENA_ARRAY(arena, float, count), *expected = ARENA_ARRAY(arena, float, count), worst = 0;
    if (hf2c_picture_read(&picture, arena_printf(arena, "%s/%s", folder, file), &message) != HF2C_OK) fail_msg("%s", message.text);
    assert_int_equal(hf2c_picture_values(&picture, settings, values, count, &size), HF2C_OK);
    assert_int_equal(size.height, golden->shape[2]);
    assert_int_equal(size.width, golden->shape[3]);
    hf2c_picture_free(&picture);
    tensor_to_float(golden, image * count, count, expected);
    for (size_t i = 0; i < count; i++) worst = fmaxf(worst, fabsf(values[i] - expected[i]));
    if (!(worst < 1e-5F)) fail_msg("%s/%s: values differ by up to %g", folder, file, (double)worst);
}

static void check_case(const char *name)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    Tensors golden = {0};
    const char *folder = arena_printf(arena, "%s/oracle/%s", TESTS_FOLDER, name);
    Compiled *c = compile(arena, &(CompileOptions){.model = folder}, &err);
    if (!c || !safetensors_open(arena, arena_printf(arena, "%s/golden.safetensors", folder), &golden, &err)) fail_msg("%s", err.text);
    assert_non_null(c->facts.image);
    for (size_t i = 0; i < 2; i++) {
        const char *file = i ? "image1.png" : "image0.png", *group = strcmp(name, "clip") == 0 ? "clip" : i ? "image1" : "image0";
        const Tensor *values = tensors_find(&golden, arena_printf(arena, "%s/pixel_values", group));
        assert_non_null(values);
        check_picture(arena, folder, c->facts.image, values, strcmp(name, "clip") == 0 ? i : 0, file);
    }
    arena_free(arena);
}

static void pictures_become_the_oracles_values(void **state)
{
    static const char *const cases[] = {"vit-cls", "deit-cls", "dinov2", "clip", "swin-cls", "convnext-cls", "resnet-cls", "yolos"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) check_case(cases[i]);
}

/* The pixels of each file are those that PIL gives. */
static void pictures_of_all_kinds_have_pils_pixels(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err = {{0}};
    Tensors pixels = {0};
    if (!safetensors_open(arena, TESTS_FOLDER "/pictures/pixels.safetensors", &pixels, &err)) fail_msg("%s", err.text);
    assert_true(pixels.count > 30);
    for (size_t i = 0; i < pixels.count; i++) {
        const Tensor *golden = &pixels.item[i];
        hf2c_picture picture;
        hf2c_message message = {""};
        const char *path = arena_printf(arena, "%s/pictures/%s", TESTS_FOLDER, golden->name);
        if (hf2c_picture_read(&picture, path, &message) != HF2C_OK) fail_msg("%s", message.text);
        assert_int_equal(picture.height, golden->shape[0]);
        assert_int_equal(picture.width, golden->shape[1]);
        if (memcmp(picture.pixels, golden->data, golden->elements) != 0) fail_msg("%s: other pixels", golden->name);
        hf2c_picture_free(&picture);
    }
    arena_free(arena);
}

static void check_processor(Arena *arena, const cJSON *row, const Tensor *golden)
{
    Err err = {{0}};
    hf2c_image_settings settings;
    hf2c_picture picture;
    hf2c_picture_size size;
    hf2c_message message = {""};
    const char *file = cJSON_GetObjectItemCaseSensitive(row, "picture")->valuestring;
    Config config = {cJSON_GetObjectItemCaseSensitive(row, "config"), golden->name, arena, &err};
    if (!processor_read(&config, "", &settings)) fail_msg("%s", err.text);
    float *values = ARENA_ARRAY(arena, float, golden->elements), *expected = ARENA_ARRAY(arena, float, golden->elements);
    if (hf2c_picture_read(&picture, arena_printf(arena, "%s/pictures/%s", TESTS_FOLDER, file), &message) != HF2C_OK) fail_msg("%s", message.text);
    hf2c_status status = hf2c_picture_values(&picture, &settings, values, golden->elements, &size);
    hf2c_picture_free(&picture);
    if (status != HF2C_OK || size.height != golden->shape[1] || size.width != golden->shape[2])
        fail_msg("case %s: %s, %d x %d", golden->name, hf2c_status_text(status), size.height, size.width);
    tensor_to_float(golden, 0, golden->elements, expected);
    for (size_t i = 0; i < golden->elements; i++)
        if (!(fabsf(values[i] - expected[i]) <= 1e-5F * (1 + fabsf(expected[i])))) fail_msg("case %s: value %zu is %g, wanted %g", golden->name, i,
                                                                                             (double)values[i], (double)expected[i]);
}

/* What image processors of transformers made of pictures by settings of all sorts. */
static void processors_make_transformers_values(void **state)
{
    (void)state;
    Arena *arena = arena_new();
    Err err = {{0}};
    Tensors values = {0};
    const cJSON *cases = json_read(arena, TESTS_FOLDER "/pictures/cases.json", 1 << 20, &err), *row;
    if (!cases || !safetensors_open(arena, TESTS_FOLDER "/pictures/values.safetensors", &values, &err)) fail_msg("%s", err.text);
    int count = 0;
    cJSON_ArrayForEach(row, cases)
    {
        const Tensor *golden = tensors_find(&values, arena_printf(arena, "%d", count++));
        assert_non_null(golden);
        check_processor(arena, row, golden);
    }
    assert_true(count > 20);
    arena_free(arena);
}

static void unknown_settings_are_refused_by_name(void **state)
{
    static const struct {
        const char *config, *named;
    } cases[] = {
        {"{\"image_processor_type\": \"EomtImageProcessor\"}", "EomtImageProcessor"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"do_thumbnail\": true}", "do_thumbnail"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"longest_edge\": 9}}", "longest_edge"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": \"large\"}", "large"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"height\": 0, \"width\": 3}}", "size: height"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"resample\": 6}", "resample"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"do_center_crop\": true}", "crop_size"},
        {"{\"image_processor_type\": \"ConvNextImageProcessor\", \"size\": {\"height\": 9, \"width\": 9}}", "size"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"image_std\": [1, 0, 1]}", "image_std"},
        {"{\"image_processor_type\": \"ViTImageProcessor\", \"image_mean\": [1, 0]}", "image_mean"},
        {"{\"size\": 9}", "image_processor_type"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena *arena = arena_new();
        Err err = {{0}};
        hf2c_image_settings settings;
        Config config = {json_parse(arena, "settings", cases[i].config, strlen(cases[i].config), &err), "settings", arena, &err};
        assert_non_null(config.root);
        if (processor_read(&config, "bert", &settings) || !strstr(err.text, cases[i].named)) fail_msg("%s: \"%s\"", cases[i].config, err.text);
        arena_free(arena);
    }
}

static void broken_pictures_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } files[] = {{"", 0}, {"GIF89a", 6}, {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16}, {"\xff\xd8\xff\xe0\0\x10JFIF", 10}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[] = "/tmp/hf2c-picture.XXXXXX";
        hf2c_picture picture;
        hf2c_message message = {""};
        int file = mkstemp(path);
        assert_int_equal(write(file, files[i].bytes, files[i].size), files[i].size);
        close(file);
        assert_int_equal(hf2c_picture_read(&picture, path, &message), HF2C_BAD_ARGUMENT);
        assert_non_null(strstr(message.text, path));
        assert_null(picture.pixels);
        unlink(path);
    }
}

/* Files that end early, or have a wrong byte in the middle, give a message and never half a picture by accident. */
static void cut_pictures_are_refused(void **state)
{
    static const char *const names[] = {"rgb16.png", "interlaced.png", "palette8.png", "progressive.jpg", "inks.jpg"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Arena *arena = arena_new();
        Err err = {{0}};
        FileView whole;
        if (!file_read(arena, arena_printf(arena, "%s/pictures/%s", TESTS_FOLDER, names[i]), 1 << 16, &whole, &err)) fail_msg("%s", err.text);
        for (size_t bytes = 0; bytes + 12 < whole.size; bytes += 1 + bytes / 8) {
            char path[] = "/tmp/hf2c-picture.XXXXXX";
            hf2c_picture picture;
            hf2c_message message = {""};
            int file = mkstemp(path);
            assert_int_equal(write(file, whole.data, bytes), bytes);
            close(file);
            if (hf2c_picture_read(&picture, path, &message) == HF2C_OK) fail_msg("%s: read from %zu bytes", names[i], bytes);
            assert_null(picture.pixels);
            unlink(path);
        }
        arena_free(arena);
    }
}

static void a_size_of_its_own_stays(void **state)
{
    (void)state;
    uint8_t pixels[2 * 3 * 3];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 13);
    hf2c_picture from = {.height = 2, .width = 3, .pixels = pixels}, to;
    for (int filter = 0; filter <= 5; filter++) {
        assert_int_equal(hf2c_picture_resize(&from, &to, 2, 3, filter), HF2C_OK);
        assert_memory_equal(to.pixels, pixels, sizeof pixels);
        hf2c_picture_free(&to);
    }
    assert_int_equal(hf2c_picture_resize(&from, &to, 2, 3, 6), HF2C_NOT_SUPPORTED);
    assert_int_equal(hf2c_picture_resize(&from, &to, 0, 3, 2), HF2C_BAD_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_become_the_oracles_values),
        cmocka_unit_test(pictures_of_all_kinds_have_pils_pixels),
        cmocka_unit_test(processors_make_transformers_values),
        cmocka_unit_test(unknown_settings_are_refused_by_name),
        cmocka_unit_test(cut_pictures_are_refused),
        cmocka_unit_test(broken_pictures_are_refused),
        cmocka_unit_test(a_size_of_its_own_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
