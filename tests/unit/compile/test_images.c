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
        cmocka_unit_test(broken_pictures_are_refused),
        cmocka_unit_test(a_size_of_its_own_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
