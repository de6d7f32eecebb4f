/* Tasks on picture files: the shapes and numbers that transformers' pipelines return. */
#include "tests/unit/runtime_task/fixture.h"

#define PICTURE "\"" TESTS_FOLDER "/oracle/clip/image0.png\""

enum { EMBEDDED = 2, PLACES = 4, CHANNELS = 3, SIDE = 2 };

static const hf2c_image_settings settings = {
    .resize = HF2C_RESIZE_EXACT, .height = SIDE, .width = SIDE, .filter = 2, .factor = 1, .deviation = {1, 1, 1}};

/* Of both kinds: texts give a vector from their first token, pictures one that is fixed and places that count. */
static hf2c_status see(hf2c_context *context, const hf2c_batch *batch, float *const *outputs)
{
    hf2c_status status = hf2c_batch_check(context, batch);
    for (int s = 0; status == HF2C_OK && s < batch->sequences && outputs[1]; s++) {
        int32_t token = batch->ids[batch->start[s] + 1];
        outputs[1][EMBEDDED * s] = token == 'c' ? 1.0F : 0.0F;
        outputs[1][EMBEDDED * s + 1] = token == 'c' ? 0.0F : 1.0F;
    }
    for (int i = 0; status == HF2C_OK && batch->images && i < EMBEDDED && outputs[0]; i++) outputs[0][i] = i ? 0.25F : 0.75F;
    for (int i = 0; status == HF2C_OK && batch->images && i < PLACES * CHANNELS && outputs[2]; i++) outputs[2][i] = (float)i;
    for (int i = 0; status == HF2C_OK && batch->images && i < CHANNELS && outputs[3]; i++) outputs[3][i] = NAN;
    return status;
}

static const hf2c_output outputs[] = {{"image_embeds", HF2C_ROWS_IMAGES, EMBEDDED},
                                      {"text_embeds", HF2C_ROWS_SEQUENCES, EMBEDDED},
                                      {"last_hidden_state", HF2C_ROWS_IMAGES, PLACES * CHANNELS},
                                      {"logits", HF2C_ROWS_IMAGES, CHANNELS}};
static const hf2c_places in_rows[] = {{0, 0}, {0, 0}, {CHANNELS, 0}, {0, 0}}, in_planes[] = {{0, 0}, {0, 0}, {CHANNELS, 2}, {0, 0}};

static hf2c_model seer(const hf2c_places *places)
{
    hf2c_model model = fixture_model(outputs, 4);
    model.forward = see;
    model.image_values = 3 * SIDE * SIDE;
    model.max_images = 1;
    model.image = &settings;
    model.places = places;
    model.similarity = 2;
    return model;
}

static void labels_are_compared_with_the_picture(void **state)
{
    hf2c_model model = seer(NULL);
    (void)state;
    assert_int_equal(ask(&model, "zero-shot-image-classification", PICTURE,
                         "{\"candidate_labels\": [\"dog\", \"cat\"], \"hypothesis_template\": \"{}\"}", 0), HF2C_OK);
    /* softmax of 2 * 0.75 and 2 * 0.25 */
    assert_string_equal(answer, "[{\"score\": 0.7310585975646973, \"label\": \"cat\"}, {\"score\": 0.2689414322376251, \"label\": \"dog\"}]");
    assert_int_equal(ask(&model, "zero-shot-image-classification", "{\"image\": " PICTURE "}",
                         "{\"candidate_labels\": \"dog\"}", 1), HF2C_OK);
    assert_string_equal(answer, "dog  1.0000\n");
    assert_int_equal(ask(&model, "zero-shot-image-classification", PICTURE, NULL, 0), HF2C_BAD_ARGUMENT);
    assert_non_null(strstr(message.text, "candidate_labels"));
    assert_int_equal(ask(&model, "zero-shot-image-classification", PICTURE,
                         "{\"candidate_labels\": [\"dog\"], \"hypothesis_template\": \"no place\"}", 0), HF2C_BAD_ARGUMENT);
    assert_non_null(strstr(message.text, "hypothesis_template"));
}

static void features_are_nested_as_tensors_are(void **state)
{
    hf2c_model model = seer(in_rows);
    (void)state;
    assert_int_equal(ask(&model, "image-feature-extraction", PICTURE, NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0], [9.0, 10.0, 11.0]]]");
    model.places = in_planes;
    assert_int_equal(ask(&model, "image-feature-extraction", PICTURE, NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[[[[0.0, 3.0], [6.0, 9.0]], [[1.0, 4.0], [7.0, 10.0]], [[2.0, 5.0], [8.0, 11.0]]]]");
    assert_int_equal(ask(&model, "image-feature-extraction", PICTURE, "{\"pool\": true}", 0), HF2C_NOT_SUPPORTED);
    assert_non_null(strstr(message.text, "pooler_output"));
}

/* Two detections: of label 1 with a box, and of nothing at all. */
static hf2c_status detect(hf2c_context *context, const hf2c_batch *batch, float *const *out)
{
    static const float logits[] = {0, 2, 1, 0, 0, 5}, boxes[] = {0.5F, 0.25F, 0.5F, 1, 0, 0, 1, 1};
    hf2c_status status = hf2c_batch_check(context, batch);
    if (status != HF2C_OK) return status;
    assert_int_equal(batch->sizes[0], 47); /* its own size, 61 x 47 pixels */
    assert_int_equal(batch->sizes[1], 61);
    memcpy(out[0], logits, sizeof logits);
    memcpy(out[1], boxes, sizeof boxes);
    return HF2C_OK;
}

static void detections_have_boxes_in_pixels(void **state)
{
    static const hf2c_output detected[] = {{"logits", HF2C_ROWS_IMAGES, 6}, {"pred_boxes", HF2C_ROWS_IMAGES, 8}};
    static const hf2c_places places[] = {{3, 0}, {4, 0}};
    static const char *const labels[] = {"bird", "cat"};
    hf2c_image_settings as_it_is = settings;
    hf2c_model model = seer(places);
    (void)state;
    as_it_is.resize = HF2C_RESIZE_NONE;
    model.image = &as_it_is;
    model.outputs = detected;
    model.output_count = 2;
    model.labels = labels;
    model.label_count = 2;
    model.forward = detect;
    model.image_values = 3 * 61 * 47;
    model.image_patch = 16;
    model.image_tokens = 3;
    model.image_channels = 3;
    assert_int_equal(ask(&model, "object-detection", PICTURE, NULL, 0), HF2C_OK);
    assert_string_equal(answer, "[{\"score\": 0.6652409434318542, \"label\": \"cat\", \"box\": {\"xmin\": 15, \"ymin\": -11, \"xmax\": 45, "
                                "\"ymax\": 35}}]");
    assert_int_equal(ask(&model, "object-detection", PICTURE, "{\"threshold\": 0.6653}", 0), HF2C_OK);
    assert_string_equal(answer, "[]");
    assert_int_equal(ask(&model, "object-detection", PICTURE, "{\"threshold\": 0.001}", 1), HF2C_OK);
    assert_string_equal(answer, "cat  0.6652  from 15,-11 to 45,35\nbird  0.0066  from -30,-23 to 30,23\n");
    model.image_values--;
    assert_int_equal(ask(&model, "object-detection", PICTURE, NULL, 0), HF2C_TOO_LONG);
    assert_non_null(strstr(message.text, "larger or smaller"));
}

static void what_cannot_be_answered_is_said(void **state)
{
    hf2c_model model = seer(NULL);
    (void)state;
    assert_int_equal(ask(&model, "image-classification", PICTURE, NULL, 0), HF2C_NOT_FINITE);
    assert_int_equal(ask(&model, "image-classification", "\"/nowhere.png\"", NULL, 0), HF2C_BAD_ARGUMENT);
    assert_non_null(strstr(message.text, "/nowhere.png"));
    model.image = NULL;
    assert_int_equal(ask(&model, "image-classification", PICTURE, NULL, 0), HF2C_NOT_SUPPORTED);
    assert_non_null(strstr(message.text, "preprocessor_config.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_compared_with_the_picture),
        cmocka_unit_test(features_are_nested_as_tensors_are),
        cmocka_unit_test(detections_have_boxes_in_pixels),
        cmocka_unit_test(what_cannot_be_answered_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
