/* Tokenizer files that are broken on purpose: every reader says what it found, and where. */
#include "tests/unit/scratch.h"

#include "compiler/text/text.h"

#define BPE(rest) "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2}" rest "}}"

enum { FILES_MOST = 2 };

typedef struct Broken {
    struct {
        const char *name, *data;
        size_t bytes; /* 0: a string */
    } file[FILES_MOST];
    const char *wanted; /* behind the folder's name where the message begins with that */
} Broken;

static const char *message_of(Arena *arena, const Broken *broken)
{
    Model model = {.arena = arena, .folder = scratch, .name = "hostile"};
    Err err = {{0}};
    const hf2c_tokenizer *tokenizer;

    for (int i = 0; i < FILES_MOST && broken->file[i].name != NULL; i++) {
        scratch_write(arena, broken->file[i].name, broken->file[i].data,
                      broken->file[i].bytes != 0 ? broken->file[i].bytes : strlen(broken->file[i].data));
    }
    tokenizer = tokenizer_compile(arena, &model, &err);
    for (int i = 0; i < FILES_MOST && broken->file[i].name != NULL; i++) {
        unlink(scratch_path(arena, broken->file[i].name));
    }
    if (tokenizer != NULL) {
        return "compiled";
    }
    return arena_copy_text(arena, err.text, strlen(err.text));
}

static void check(const Broken *rows, size_t count)
{
    Arena *arena = arena_new();
    size_t folder = strlen(scratch) + 1;
    int wrong = 0;

    for (size_t i = 0; i < count; i++) {
        const char *found = message_of(arena, &rows[i]);
        found += strncmp(found, scratch, folder - 1) == 0 ? folder : 0;
        if (strcmp(found, rows[i].wanted) != 0) {
            printf("%s, row %zu\n  found  %s\n  wanted %s\n", rows[i].file[0].name, i, found, rows[i].wanted);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    arena_free(arena);
}

static void test_tokenizer_json(void **state)
{
    static const Broken rows[] = {
        {{{"tokenizer.json", "{\"model\":{\"vocab\":{\"\xff\":0}}}", 0}}, "tokenizer.json: line 1, column 21: not valid UTF-8"},
        {{{"tokenizer.json", "{\"model\":{\"vocab\":{\"a\\ud800\":0}}}", 0}}, "tokenizer.json: line 1, column 21: half of a surrogate pair in a string"},
        {{{"tokenizer.json", "{\"model\":", 0}}, "tokenizer.json: line 1, column 10: the text ends too early"},
        {{{"tokenizer.json", "{}", 0}}, "tokenizer.json: model.vocab: found no object, wanted an object of ids"},
        {{{"tokenizer.json", "{\"model\":{\"type\":\"Magic\",\"vocab\":{}}}", 0}}, "tokenizer.json: model.type: found Magic, wanted BPE, WordPiece, Unigram or WordLevel"},
        {{{"tokenizer.json", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1}}}", 0}}, "tokenizer.json: model.vocab: found the id -1, wanted 0 to 4194302"},
        {{{"tokenizer.json", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":4194304}}}", 0}}, "tokenizer.json: model.vocab: found the id 4194304, wanted 0 to 4194302"},
        {{{"tokenizer.json", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":0}}}", 0}}, "tokenizer.json: id 0 is given to two tokens"},
        {{{"tokenizer.json", BPE(",\"merges\":[\"a c\"]"), 0}}, "tokenizer.json: model.merges: item 0 names a token that is not in the vocabulary"},
        {{{"tokenizer.json", BPE(",\"merges\":[\"b a\"]"), 0}}, "tokenizer.json: model.merges: item 0 names a token that is not in the vocabulary"},
        {{{"tokenizer.json", BPE(",\"merges\":[[\"a\"]]"), 0}}, "tokenizer.json: model.merges: item 0 is not a pair of tokens"},
        {{{"tokenizer.json", BPE(",\"merges\":[\"a b\",\"ab\"]"), 0}}, "tokenizer.json: model.merges: item 1 is not a pair of tokens"},
        {{{"tokenizer.json", "{\"model\":{\"type\":\"Unigram\",\"unk_id\":7,\"vocab\":[[\"a\",0]]}}", 0}}, "tokenizer.json: model.unk_id: found another value, wanted an id of the vocabulary"},
        {{{"tokenizer.json", "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"a\",1e999]]}}", 0}}, "tokenizer.json: line 1, column 53: a number beyond the range of double"},
        {{{"tokenizer.json", "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[\"a\"]}}", 0}}, "tokenizer.json: model.vocab: found another item, wanted [token, score]"},
        {{{"tokenizer.json", "{\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"////fw==\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", 0}}, "tokenizer.json: precompiled_charsmap: found a size beyond its end, wanted the size of its trie"},
        {{{"tokenizer.json", "{\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"a*b\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", 0}}, "tokenizer.json: precompiled_charsmap: found bad base64, wanted a map"},
        {{{"tokenizer.json", "{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+$\\\\1\"}},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", 0}}, "tokenizer.json: pre_tokenizer Split: regular expression: a back-reference or octal escape at byte 8 cannot be compiled"},
        {{{"tokenizer.json", "{\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}}],\"pair\":[],"
                             "\"special_tokens\":{}},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}", 0}}, "tokenizer.json: post_processor template: found <s>, wanted a name of its special_tokens"},
        {{{"tokenizer.json", BPE(""), 0}, {"tokenizer_config.json", "[1", 0}}, "tokenizer_config.json: line 1, column 3: the text ends too early"}};

    (void)state;
    check(rows, COUNT_OF(rows));
}

static void test_older_files(void **state)
{
    static const Broken rows[] = {
        {{{"vocab.txt", "a\n\xff\n", 0}}, "vocab.txt: is not UTF-8 text"},
        {{{"vocab.txt", "a\0b\n", 4}}, "vocab.txt: is not UTF-8 text"},
        {{{"vocab.json", "{\"a\":0,\"b\":1}", 0}, {"merges.txt", "#version: 0.2\na c\n", 0}}, "vocab.json: model.merges: item 0 names a token that is not in the vocabulary"},
        {{{"vocab.json", "{\"a\":0,\"b\":1}", 0}, {"merges.txt", "a\xc0 b\n", 0}}, "merges.txt: is not UTF-8 text"},
        {{{"vocab.json", "{\"a\":0,\"b\":1,\"ab\":2}", 0}, {"merges.txt", "a b c\n", 0}}, "vocab.json: model.merges: item 0 is not a pair of tokens"},
        {{{"vocab.json", "{\"a\":0,\"b\":\"x\"}", 0}, {"merges.txt", "a b\n", 0}}, "vocab.json: model.vocab: found an id that is no number, wanted 0 to 4194302"},
        {{{"vocab.json", "{\"a\xff\":0}", 0}, {"merges.txt", "", 0}}, "vocab.json: line 1, column 4: not valid UTF-8"},
        {{{"vocab.json", "[0]", 0}, {"merges.txt", "a b\n", 0}}, "vocab.json: model.vocab: found no object, wanted an object of ids"},
        {{{"spiece.model", "\x0a\x04\x0a\x02\xc3\x28", 6}}, "spiece.model: not a sentencepiece model, or piece 0 of it is broken"},         /* a piece that is not UTF-8 */
        {{{"spiece.model", "\x0a\x7f\x0a\x02", 4}}, "spiece.model: not a sentencepiece model, or piece 0 of it is broken"},                 /* longer than the file */
        {{{"spiece.model", "\x0a\x08\x0a\x01\x61\x15\x00\x00\xc0\x7f", 10}}, "spiece.model: not a sentencepiece model, or piece 0 of it is broken"}, /* a score that is no number */
        {{{"spiece.model", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11}}, "spiece.model: not a sentencepiece model, or piece 0 of it is broken"}, /* a number without end */
        {{{"spiece.model", "x", 0}, {"tokenizer_config.json", "{\"tokenizer_class\":\"NllbTokenizer\"}", 0}},
         "spiece.model: the ids of the languages are not known: found no added_tokens_decoder in tokenizer_config.json, wanted that or tokenizer.json"},
        {{{"spiece.model", "x", 0}}, "spiece.model: not a sentencepiece model, or piece 0 of it is broken"}};

    (void)state;
    check(rows, COUNT_OF(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tokenizer_json), cmocka_unit_test(test_older_files)};

    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
