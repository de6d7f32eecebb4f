/* Model folders: where they are found, what is in them, tensors by their several names. */
#include "tests/unit/read/pack.h"

#include <sys/stat.h>

#include "compiler/read/model.h"

static Arena *arena;
static Err error;

static int begin(void **state)
{
    arena = arena_new();
    error.text[0] = '\0';
    if (scratch_begin(state) != 0) return -1;
    return mkdir(scratch_path(arena, "model"), 0700);
}

static int end(void **state)
{
    arena_free(arena);
    return scratch_end(state);
}

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(scratch_path(arena, name), 0700), 0);
}

/* Tensors of one byte with these names. */
static void make_weights(const char *file, const char *const *names, size_t count)
{
    Str s = {0};
    for (size_t i = 0; i < count; i++)
        str_printf(&s, "%s\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}", i == 0 ? "{" : ",",
                   names[i], i, i + 1);
    str_add(&s, "}", 1);
    pack(arena, file, s.data, count);
    str_free(&s);
}

static Model open_good(const char *where, bool with_weights)
{
    Model model;
    if (!model_open(arena, where, with_weights, &model, &error)) fail_msg("%s", error.text);
    return model;
}

static void assert_refused(const char *where, const char *text)
{
    Model model;
    Err err = {{0}};
    assert_false(model_open(arena, where, true, &model, &err));
    assert_contains(err.text, text);
}

/* ---- places ---- */

static void opens_a_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"x"};
    scratch_text(arena, "model/config.json", "{\"model_type\": \"bert\"}");
    scratch_text(arena, "model/generation_config.json", "{\"eos_token_id\": 2}");
    make_weights("model/model.safetensors", names, 1);
    Model model = open_good(arena_printf(arena, "%s/./model/", scratch), true);
    assert_string_equal(model.name, "model");
    assert_true(model.folder[0] == '/' && model.folder[strlen(model.folder) - 1] != '/');
    assert_string_equal(config_text_or(&model.config, "model_type", ""), "bert");
    assert_int_equal(config_int(&model.generation, "eos_token_id", 0, 9), 2);
    assert_true(model.has_weights);
    assert_int_equal(model.tensors.count, 1);
    assert_non_null(model_file(&model, "config.json"));
    assert_null(model_file(&model, "tokenizer.json"));
    Model light = open_good(scratch_path(arena, "model"), false);
    assert_false(light.has_weights);
    assert_int_equal(light.tensors.count, 0);
    assert_null(model_tensor(&light, "x", -1, NULL, &error));
}

static void opens_a_config_file(void **state)
{
    (void)state;
    scratch_text(arena, "model/config.json", "{\"model_type\": \"bert\"}");
    scratch_text(arena, "model/tiny.json", "{\"model_type\": \"gpt2\"}");
    Model first = open_good(scratch_path(arena, "model/config.json"), false);
    Model second = open_good(scratch_path(arena, "model/tiny.json"), false);
    assert_string_equal(first.name, "model");
    assert_string_equal(second.name, "tiny");
    assert_false(second.has_weights);
    assert_string_equal(config_text_or(&second.config, "model_type", ""), "gpt2");
    assert_false(config_has(&second.generation, "eos_token_id"));
    assert_false(config_has(&second.sentence, "pooling_mode"));
}

static void missing_things_are_named(void **state)
{
    (void)state;
    const char *folder = scratch_path(arena, "model");
    assert_refused(scratch_path(arena, "absent"), "absent: no such file or folder");
    assert_refused("", "no such file or folder");
    assert_refused("../x/y/z", "no such file or folder");
    assert_refused(folder, "config.json: cannot open");
    scratch_text(arena, "model/config.json", "[]");
    assert_refused(folder, "config.json: must hold an object");
    scratch_text(arena, "model/config.json", "{\"a\": 1, \"a\": 1}");
    assert_refused(folder, "appears twice");
    scratch_text(arena, "model/config.json", "{}");
    assert_refused(folder, "has neither model.safetensors nor model.safetensors.index.json");
    scratch_text(arena, "model/pytorch_model.bin", "pickle");
    assert_refused(folder, "only pytorch_model.bin, which is not read; convert it");
    assert_refused(scratch_path(arena, "model/pytorch_model.bin"), "is a file, but not a config.json");
}

static void finds_hub_ids_in_the_cache(void **state)
{
    (void)state;
    static const char *const folders[] = {"hub",
                                          "hub/models--org--name",
                                          "hub/models--org--name/refs",
                                          "hub/models--org--name/blobs",
                                          "hub/models--org--name/snapshots",
                                          "hub/models--org--name/snapshots/abc123",
                                          "hub/models--org--name/snapshots/def456",
                                          "hub/models--alone",
                                          "hub/models--alone/snapshots",
                                          "hub/models--alone/snapshots/main"};
    for (size_t i = 0; i < COUNT_OF(folders); i++) make_folder(folders[i]);
    scratch_text(arena, "hub/models--org--name/refs/main", "abc123\n");
    scratch_text(arena, "hub/models--org--name/refs/v2", "def456");
    scratch_text(arena, "hub/models--org--name/blobs/1", "{\"revision\": 1}");
    assert_int_equal(
        symlink("../../blobs/1", scratch_path(arena, "hub/models--org--name/snapshots/abc123/config.json")), 0);
    scratch_text(arena, "hub/models--org--name/snapshots/def456/config.json", "{\"revision\": 2}");
    scratch_text(arena, "hub/models--alone/snapshots/main/config.json", "{\"revision\": 3}");
    setenv("HF_HUB_CACHE", scratch_path(arena, "hub"), 1);
    static const struct {
        const char *id;
        int revision;
        const char *name;
    } cases[] = {
        {"org/name", 1, "name"}, {"org/name@v2", 2, "name"}, {"org/name@def456", 2, "name"}, {"alone", 3, "alone"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Model model = open_good(cases[i].id, false);
        assert_int_equal(config_int(&model.config, "revision", 0, 9), cases[i].revision);
        assert_string_equal(model.name, cases[i].name);
    }
    assert_refused("org/name@v3", "revision v3 is not in the Hugging Face cache");
    assert_refused("org/other", "hf download org/other");
    static const char *const bad[] = {"org/name@../../../x", "org/name@", "org//name", "a/b/c", "org/..", "-x/y",
                                      "org/na me",           "@main"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) assert_refused(bad[i], "no such file or folder");
    unsetenv("HF_HUB_CACHE");
    setenv("HF_HOME", scratch, 1);
    open_good("org/name", false);
    unsetenv("HF_HOME");
}

/* ---- sentence-transformers ---- */

static void reads_sentence_settings(void **state)
{
    (void)state;
    scratch_text(arena, "model/config.json", "{}");
    make_folder("model/1_Pooling");
    scratch_text(arena, "model/modules.json",
                 "[{\"idx\": 0, \"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"},"
                 "{\"idx\": 1, \"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"},"
                 "{\"idx\": 2, \"path\": \"2_Normalize\", \"type\": \"sentence_transformers.models.Normalize\"}]");
    scratch_text(arena, "model/sentence_bert_config.json", "{\"max_seq_length\": 256, \"do_lower_case\": false}");
    static const struct {
        const char *pooling, *mode;
    } cases[] = {
        {"{\"pooling_mode_cls_token\": false, \"pooling_mode_mean_tokens\": true, \"pooling_mode_max_tokens\": false}",
         "mean"},
        {"{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false}", "cls"},
        {"{\"pooling_mode_max_tokens\": true}", "max"},
        {"{\"pooling_mode_lasttoken\": true}", "last"},
        {"{\"pooling_mode\": \"lasttoken\"}", "last"},
        {"{\"pooling_mode\": \"cls\"}", "cls"},
        {"{}", "mean"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        scratch_text(arena, "model/1_Pooling/config.json", cases[i].pooling);
        Model model = open_good(scratch_path(arena, "model"), false);
        assert_string_equal(config_text_or(&model.sentence, "pooling_mode", ""), cases[i].mode);
        assert_true(config_bool_or(&model.sentence, "normalize", false));
        assert_int_equal(config_int(&model.sentence, "max_seq_length", 1, 1000), 256);
    }
    static const char *const refused[] = {"{\"pooling_mode_mean_sqrt_len_tokens\": true}",
                                          "{\"pooling_mode\": \"sum\"}", "{\"pooling_mode_cls_token\": 1}"};
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        scratch_text(arena, "model/1_Pooling/config.json", refused[i]);
        assert_refused(scratch_path(arena, "model"), "1_Pooling/config.json: pooling_mode");
    }
}

static void finds_the_transformer_inside(void **state)
{
    (void)state;
    make_folder("model/0_Transformer");
    scratch_text(arena, "model/0_Transformer/config.json", "{\"model_type\": \"bert\"}");
    scratch_text(arena, "model/modules.json",
                 "[{\"path\": \"0_Transformer\", \"type\": \"sentence_transformers.models.Transformer\"}]");
    Model model = open_good(scratch_path(arena, "model"), false);
    assert_string_equal(config_text_or(&model.config, "model_type", ""), "bert");
    assert_contains(model.folder, "/model/0_Transformer");
    assert_string_equal(model.name, "model");
    assert_false(config_bool_or(&model.sentence, "normalize", true));
}

static void refuses_other_modules(void **state)
{
    (void)state;
    scratch_text(arena, "model/config.json", "{}");
    static const struct {
        const char *modules, *error;
    } cases[] = {
        {"{}", "must be a list"},
        {"[{\"path\": \"2_CNN\", \"type\": \"sentence_transformers.models.CNN\"}]", "found CNN, which is not implemented"},
        {"[{\"path\": \"2_Dense\", \"type\": \"sentence_transformers.models.Dense\"}]", "2_Dense/config.json: cannot open"},
        {"[{\"path\": \"\", \"type\": \"a.Normalize\"}, {\"path\": \"2_Dense\", \"type\": \"a.Dense\"}]", "Dense behind Normalize"},
        {"[{\"path\": \"../x\", \"type\": \"sentence_transformers.models.Pooling\"}]", "leads out of the folder"},
        {"[{\"path\": \"/etc\", \"type\": \"sentence_transformers.models.Pooling\"}]", "leads out of the folder"},
        {"[{\"path\": \"a/../../x\", \"type\": \"Pooling\"}]", "leads out of the folder"},
        {"[7]", "not implemented"},
        {"[{\"path\": \"1_Pooling\", \"type\": \"Pooling\"}]", "1_Pooling/config.json: cannot open"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        scratch_text(arena, "model/modules.json", cases[i].modules);
        assert_refused(scratch_path(arena, "model"), cases[i].error);
    }
}

/* ---- tensors by name ---- */

static void finds_tensors_under_other_names(void **state)
{
    (void)state;
    static const char *const names[] = {"bert.pooler.w",
                                        "encoder.layer.0.w",
                                        "bert.LayerNorm.gamma",
                                        "bert.LayerNorm.beta",
                                        "head.w",
                                        "cls.head.w",
                                        "one.twin",
                                        "two.twin",
                                        "plain",
                                        "model.model.x"};
    scratch_text(arena, "model/config.json", "{}");
    make_weights("model/model.safetensors", names, COUNT_OF(names));
    Model model = open_good(scratch_path(arena, "model"), true);
    static const struct {
        const char *wanted, *found;
    } cases[] = {{"bert.pooler.w", "bert.pooler.w"},
                 {"pooler.w", "bert.pooler.w"},
                 {"roberta.encoder.layer.0.w", "encoder.layer.0.w"},
                 {"bert.LayerNorm.weight", "bert.LayerNorm.gamma"},
                 {"LayerNorm.bias", "bert.LayerNorm.beta"},
                 {"head.w", "head.w"},
                 {"model.plain", "plain"},
                 {"model.x", "model.model.x"},
                 {"cls.head.w", "cls.head.w"},
                 {"x.head.w", "head.w"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(model_has_tensor(&model, cases[i].wanted));
        const Tensor *tensor = model_tensor(&model, cases[i].wanted, 1, (int64_t[]){1}, &error);
        assert_non_null(tensor);
        assert_string_equal(tensor->name, cases[i].found);
        assert_true(tensor->used);
    }
    assert_false(tensors_find(&model.tensors, "one.twin")->used);
    static const char *const absent[] = {"absent", "bert.absent.w", "pooler", "v", "bert", "", ".", "decoder.pooler.w"};
    for (size_t i = 0; i < COUNT_OF(absent); i++) assert_false(model_has_tensor(&model, absent[i]));
    assert_null(model_tensor(&model, "absent.w", -1, NULL, &error));
    assert_contains(error.text, "tensor \"absent.w\" is missing");
}

static void ambiguous_names_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"one.twin", "two.twin"};
    scratch_text(arena, "model/config.json", "{}");
    make_weights("model/model.safetensors", names, COUNT_OF(names));
    Model model = open_good(scratch_path(arena, "model"), true);
    assert_null(model_tensor(&model, "twin", -1, NULL, &error));
    assert_contains(error.text, "both \"one.twin\" and \"two.twin\"");
}

static void shapes_must_match(void **state)
{
    (void)state;
    scratch_text(arena, "model/config.json", "{}");
    pack(arena, "model/model.safetensors", "{\"w\":{\"dtype\":\"U8\",\"shape\":[2,3],\"data_offsets\":[0,6]}}", 6);
    Model model = open_good(scratch_path(arena, "model"), true);
    assert_non_null(model_tensor(&model, "w", 2, (int64_t[]){2, 3}, &error));
    assert_non_null(model_tensor(&model, "w", 2, (int64_t[]){-1, 3}, &error));
    assert_non_null(model_tensor(&model, "w", -1, NULL, &error));
    static const struct {
        int rank;
        int64_t shape[3];
    } wrong[] = {{2, {3, 2}}, {1, {6}}, {3, {2, 3, 1}}, {0, {0}}, {2, {2, 4}}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        Err err = {{0}};
        assert_null(model_tensor(&model, "w", wrong[i].rank, wrong[i].shape, &err));
        assert_contains(err.text, "tensor \"w\": found shape [2, 3], wanted [");
    }
}

static void opens_shards(void **state)
{
    (void)state;
    static const char *const names[] = {"bert.x"};
    scratch_text(arena, "model/config.json", "{}");
    make_weights("model/model-00001-of-00001.safetensors", names, 1);
    scratch_text(arena, "model/model.safetensors.index.json",
                 "{\"weight_map\": {\"bert.x\": \"model-00001-of-00001.safetensors\"}}");
    Model model = open_good(scratch_path(arena, "model"), true);
    assert_true(model_has_tensor(&model, "x"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opens_a_folder),
        TEST(opens_a_config_file),
        TEST(missing_things_are_named),
        TEST(finds_hub_ids_in_the_cache),
        TEST(reads_sentence_settings),
        TEST(finds_the_transformer_inside),
        TEST(refuses_other_modules),
        TEST(finds_tensors_under_other_names),
        TEST(ambiguous_names_are_refused),
        TEST(shapes_must_match),
        TEST(opens_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
