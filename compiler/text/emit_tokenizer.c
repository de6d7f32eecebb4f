/* Walks a tokenizer's tables and prints them. */
#include <string.h>

#include "compiler/text/emit.h"
#include "runtime/text/unicode.h"

/* ---- shared tables ---- */

/* How many blocks are numbered. */
static size_t count_used(const uint16_t *numbers, size_t count)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++) {
        most = numbers[i] + 1u > most ? numbers[i] + 1u : most;
    }
    return most;
}

static int emit_scanner(Emitter *emitter, const hf2c_scanner *scanner)
{
    int next, narrow, page = -1, row = -1, block = -1, after = -1, number;

    if (scanner == NULL) {
        return -1;
    }
    next = emit_shorts(emitter, scanner->next, (size_t)scanner->states * (scanner->classes + 1));
    narrow = emit_bytes(emitter, scanner->narrow, 256);
    if (scanner->page != NULL) {
        size_t rows = 32 * count_used(scanner->page, scanner->page_count);
        page = emit_shorts(emitter, scanner->page, scanner->page_count);
        row = emit_shorts(emitter, scanner->row, rows);
        block = emit_bytes(emitter, scanner->block, 16 * count_used(scanner->row, rows));
    }
    if (scanner->after != NULL) {
        after = emit_shorts(emitter, scanner->after, scanner->classes);
    }
    number = begin_structure(emitter, "hf2c_scanner", sizeof *scanner);
    emit_pointer(emitter, "next", "", next);
    emit_pointer(emitter, "narrow", "", narrow);
    emit_pointer(emitter, "page", "", page);
    emit_pointer(emitter, "row", "", row);
    emit_pointer(emitter, "block", "", block);
    emit_pointer(emitter, "after", "", after);
    emit_number(emitter, "page_count", (long)scanner->page_count);
    emit_number(emitter, "states", (long)scanner->states);
    emit_number(emitter, "classes", (long)scanner->classes);
    emit_number(emitter, "start", (long)scanner->start);
    end_structure(emitter);
    return number;
}

static int emit_charsmap(Emitter *emitter, const hf2c_charsmap *map)
{
    int unit, text, plain, number;

    if (map == NULL) {
        return -1;
    }
    plain = emit_bytes(emitter, map->plain, 32);
    unit = emit_words(emitter, map->unit, map->units);
    text = emit_bytes(emitter, map->text, map->text_bytes);
    number = begin_structure(emitter, "hf2c_charsmap", sizeof *map);
    emit_pointer(emitter, "unit", "", unit);
    emit_pointer(emitter, "text", "", text);
    emit_number(emitter, "units", (long)map->units);
    emit_number(emitter, "text_bytes", (long)map->text_bytes);
    emit_pointer(emitter, "plain", "", plain);
    end_structure(emitter);
    return number;
}

static void emit_trie_field(Emitter *emitter, const hf2c_trie *trie, int unit)
{
    str_printf(emitter->out, "    .trie = {t%d, %lu},\n", unit, (unsigned long)trie->units);
}

static void emit_perfect(Emitter *emitter, const hf2c_perfect *perfect, int seed)
{
    str_printf(emitter->out, "    .perfect = {t%d, %lu, %lu},\n", seed, (unsigned long)perfect->buckets, (unsigned long)perfect->slots);
}

static int emit_spellings(Emitter *emitter, const hf2c_spellings *table)
{
    int id, offset, pool, number;

    if (table == NULL) {
        return -1;
    }
    id = emit_ids(emitter, table->id, table->count);
    offset = emit_words(emitter, table->offset, (size_t)table->count + 1);
    pool = emit_bytes(emitter, table->pool, table->offset[table->count] + (size_t)HF2C_POOL_PADDING);
    number = begin_structure(emitter, "hf2c_spellings", sizeof *table);
    emit_pointer(emitter, "id", "", id);
    emit_pointer(emitter, "offset", "", offset);
    emit_pointer(emitter, "pool", "", pool);
    emit_number(emitter, "count", (long)table->count);
    end_structure(emitter);
    return number;
}

static int emit_vocabulary(Emitter *emitter, const hf2c_vocabulary_table *table)
{
    int pool = emit_bytes(emitter, table->pool, hf2c_token_start(table, table->count) + HF2C_POOL_PADDING);
    int start = emit_bytes(emitter, table->start, (size_t)table->count + 1), flags = emit_bytes(emitter, table->flags, table->count);
    int block = emit_words(emitter, table->block, (size_t)table->count / HF2C_START_BLOCK + 1);
    int slot = emit_words(emitter, table->slot, table->perfect.slots), seed = emit_shorts(emitter, table->perfect.seed, table->perfect.buckets);
    int apart = emit_spellings(emitter, table->apart), respelled = emit_spellings(emitter, table->respelled);
    int number = begin_structure(emitter, "hf2c_vocabulary_table", sizeof *table);

    emit_pointer(emitter, "pool", "", pool);
    emit_pointer(emitter, "start", "", start);
    emit_pointer(emitter, "block", "", block);
    emit_pointer(emitter, "flags", "", flags);
    emit_pointer(emitter, "slot", "", slot);
    emit_number(emitter, "count", (long)table->count);
    emit_perfect(emitter, &table->perfect, seed);
    if (apart >= 0) {
        emit_pointer(emitter, "apart", "&", apart);
    }
    if (respelled >= 0) {
        emit_pointer(emitter, "respelled", "&", respelled);
    }
    end_structure(emitter);
    return number;
}

static int emit_added(Emitter *emitter, const hf2c_added_table *table)
{
    int unit, first, id, flags, number;

    if (table == NULL) {
        return -1;
    }
    unit = emit_words(emitter, table->trie.unit, table->trie.units);
    first = emit_bytes(emitter, table->first, 32);
    id = emit_ids(emitter, table->id, table->count);
    flags = emit_bytes(emitter, table->flags, table->count);
    number = begin_structure(emitter, "hf2c_added_table", sizeof *table);
    emit_trie_field(emitter, &table->trie, unit);
    emit_pointer(emitter, "first", "", first);
    emit_number(emitter, "count", (long)table->count);
    emit_pointer(emitter, "id", "", id);
    emit_pointer(emitter, "flags", "", flags);
    str_printf(emitter->out, "    .is_word = %s,\n", table->is_word != NULL ? "hf2c_is_word" : "NULL");
    end_structure(emitter);
    return number;
}

/* ---- models ---- */

static int emit_bpe(Emitter *emitter, const hf2c_bpe_table *table)
{
    int pair = emit_words(emitter, table->pair, 2 * (size_t)table->perfect.slots);
    int seed = emit_shorts(emitter, table->perfect.seed, table->perfect.buckets);
    int result = table->result != NULL ? emit_words(emitter, table->result, table->merges) : -1;
    int symbol = emit_ids(emitter, table->symbol, 256), fallback = table->fallback ? emit_ids(emitter, table->fallback, 256) : -1;
    int prefix = emit_bytes(emitter, table->prefix, table->prefix_bytes), suffix = emit_bytes(emitter, table->suffix, table->suffix_bytes);
    int number = begin_structure(emitter, "hf2c_bpe_table", sizeof *table);

    emit_pointer(emitter, "pair", "", pair);
    emit_pointer(emitter, "result", "", result);
    emit_pointer(emitter, "symbol", "", symbol);
    emit_pointer(emitter, "fallback", "", fallback);
    emit_pointer(emitter, "prefix", "", prefix);
    emit_pointer(emitter, "suffix", "", suffix);
    emit_number(emitter, "prefix_bytes", (long)table->prefix_bytes);
    emit_number(emitter, "suffix_bytes", (long)table->suffix_bytes);
    emit_number(emitter, "merges", (long)table->merges);
    emit_perfect(emitter, &table->perfect, seed);
    emit_number(emitter, "first_result", (long)table->first_result);
    emit_number(emitter, "unk", table->unk);
    emit_number(emitter, "fuse_unk", table->fuse_unk);
    emit_number(emitter, "ignore_merges", table->ignore_merges);
    emit_number(emitter, "orderly", table->orderly);
    end_structure(emitter);
    return number;
}

static int emit_wordpiece(Emitter *emitter, const hf2c_wordpiece_table *table)
{
    int prefix = emit_bytes(emitter, table->prefix, table->prefix_bytes);
    int number = begin_structure(emitter, "hf2c_wordpiece_table", sizeof *table);

    emit_pointer(emitter, "prefix", "", prefix);
    emit_number(emitter, "prefix_bytes", (long)table->prefix_bytes);
    emit_number(emitter, "longest", (long)table->longest);
    emit_number(emitter, "unk", table->unk);
    end_structure(emitter);
    return number;
}

static int emit_unigram(Emitter *emitter, const hf2c_unigram_table *table, uint32_t ids)
{
    int unit = emit_words(emitter, table->trie.unit, table->trie.units);
    int score = emit_doubles(emitter, table->score, ids), fallback = table->fallback ? emit_ids(emitter, table->fallback, 256) : -1;
    int number = begin_structure(emitter, "hf2c_unigram_table", sizeof *table);

    emit_trie_field(emitter, &table->trie, unit);
    emit_pointer(emitter, "score", "", score);
    emit_pointer(emitter, "fallback", "", fallback);
    str_printf(emitter->out, "    .unk_score = %s,\n", text_of_double(emitter->arena, table->unk_score));
    emit_number(emitter, "unk", table->unk);
    emit_number(emitter, "fuse_unk", table->fuse_unk);
    end_structure(emitter);
    return number;
}

static int emit_wordlevel(Emitter *emitter, const hf2c_wordlevel_table *table)
{
    int number = begin_structure(emitter, "hf2c_wordlevel_table", sizeof *table);

    emit_number(emitter, "unk", table->unk);
    end_structure(emitter);
    return number;
}

static int emit_model(Emitter *emitter, const hf2c_tokenizer *tokenizer)
{
    if (tokenizer->model == hf2c_bpe) {
        return emit_bpe(emitter, tokenizer->model_table);
    }
    if (tokenizer->model == hf2c_wordpiece) {
        return emit_wordpiece(emitter, tokenizer->model_table);
    }
    if (tokenizer->model == hf2c_unigram) {
        return emit_unigram(emitter, tokenizer->model_table, tokenizer->vocabulary->count);
    }
    return emit_wordlevel(emitter, tokenizer->model_table);
}

/* ---- parts ---- */

typedef struct Parameters {
    int pattern, charsmap, text, more;
} Parameters;

static Parameters emit_parameters(Emitter *emitter, const hf2c_parameters *parameters)
{
    Parameters numbers = {-1, -1, -1, -1};

    numbers.pattern = emit_scanner(emitter, parameters->pattern);
    numbers.charsmap = emit_charsmap(emitter, parameters->charsmap);
    if (parameters->text_bytes > 0) {
        numbers.text = emit_bytes(emitter, parameters->text, parameters->text_bytes);
    }
    if (parameters->more_bytes > 0) {
        numbers.more = emit_bytes(emitter, parameters->more, parameters->more_bytes);
    }
    return numbers;
}

static void print_reference(Emitter *emitter, const char *prefix, int number)
{
    if (number < 0) {
        str_printf(emitter->out, "NULL, ");
    } else {
        str_printf(emitter->out, "%st%d, ", prefix, number);
    }
}

static void print_part(Emitter *emitter, Function *function, const hf2c_parameters *parameters, Parameters numbers)
{
    str_printf(emitter->out, "    {%s, {", runtime_function_name(function));
    print_reference(emitter, "&", numbers.pattern);
    print_reference(emitter, "&", numbers.charsmap);
    print_reference(emitter, "", numbers.text);
    print_reference(emitter, "", numbers.more);
    str_printf(emitter->out, "%lu, %lu, %lu}", (unsigned long)parameters->text_bytes, (unsigned long)parameters->more_bytes,
               (unsigned long)parameters->flags);
}

enum { PARTS_MOST = 32 };

static int emit_normalizers(Emitter *emitter, const hf2c_tokenizer *tokenizer)
{
    Parameters numbers[PARTS_MOST];
    int number;

    if (tokenizer->normalizers == 0) {
        return -1;
    }
    for (int i = 0; i < tokenizer->normalizers; i++) {
        numbers[i] = emit_parameters(emitter, &tokenizer->normalizer[i].parameters);
    }
    number = emitter->next++;
    str_printf(emitter->out, "static const hf2c_normalizer t%d[] = {\n", number);
    for (int i = 0; i < tokenizer->normalizers; i++) {
        const hf2c_normalizer *part = &tokenizer->normalizer[i];
        print_part(emitter, (Function *)part->apply, &part->parameters, numbers[i]);
        str_printf(emitter->out, ", %lu, %lu},\n", (unsigned long)part->growth, (unsigned long)part->extra);
        emitter->bytes += sizeof *part;
    }
    end_structure(emitter);
    return number;
}

static int emit_pretokenizers(Emitter *emitter, const hf2c_tokenizer *tokenizer)
{
    Parameters numbers[PARTS_MOST];
    int number;

    if (tokenizer->pretokenizers == 0) {
        return -1;
    }
    for (int i = 0; i < tokenizer->pretokenizers; i++) {
        numbers[i] = emit_parameters(emitter, &tokenizer->pretokenizer[i].parameters);
    }
    number = emitter->next++;
    str_printf(emitter->out, "static const hf2c_pretokenizer t%d[] = {\n", number);
    for (int i = 0; i < tokenizer->pretokenizers; i++) {
        const hf2c_pretokenizer *part = &tokenizer->pretokenizer[i];
        print_part(emitter, (Function *)part->next, &part->parameters, numbers[i]);
        str_printf(emitter->out, ", %lu, %lu},\n", (unsigned long)part->growth, (unsigned long)part->extra);
        emitter->bytes += sizeof *part;
    }
    end_structure(emitter);
    return number;
}

static int emit_decoders(Emitter *emitter, const hf2c_tokenizer *tokenizer)
{
    Parameters numbers[PARTS_MOST];
    int number;

    if (tokenizer->decoders == 0) {
        return -1;
    }
    for (int i = 0; i < tokenizer->decoders; i++) {
        numbers[i] = emit_parameters(emitter, &tokenizer->decoder[i].parameters);
    }
    number = emitter->next++;
    str_printf(emitter->out, "static const hf2c_decoder t%d[] = {\n", number);
    for (int i = 0; i < tokenizer->decoders; i++) {
        const hf2c_decoder *part = &tokenizer->decoder[i];
        print_part(emitter, (Function *)part->apply, &part->parameters, numbers[i]);
        str_printf(emitter->out, "},\n");
        emitter->bytes += sizeof *part;
    }
    end_structure(emitter);
    return number;
}

/* ---- the chat template ---- */

static int emit_chat(Emitter *emitter, const hf2c_chat_table *chat)
{
    int code, pool, string, values, global, number;

    if (chat == NULL) {
        return -1;
    }
    code = emit_words(emitter, chat->code, chat->instructions);
    pool = emit_bytes(emitter, chat->pool, chat->string[chat->strings]);
    string = emit_words(emitter, chat->string, (size_t)chat->strings + 1);
    values = emit_doubles(emitter, chat->number, chat->numbers);
    global = emit_words(emitter, chat->global, 2 * (size_t)chat->globals);
    number = begin_structure(emitter, "hf2c_chat_table", sizeof *chat);
    emit_pointer(emitter, "code", "", code);
    emit_pointer(emitter, "pool", "", pool);
    emit_pointer(emitter, "string", "", string);
    emit_pointer(emitter, "number", "", values);
    emit_pointer(emitter, "global", "", global);
    emit_number(emitter, "instructions", (long)chat->instructions);
    emit_number(emitter, "strings", (long)chat->strings);
    emit_number(emitter, "numbers", (long)chat->numbers);
    emit_number(emitter, "globals", (long)chat->globals);
    emit_number(emitter, "slots", (long)chat->slots);
    end_structure(emitter);
    return number;
}

/* ---- the tokenizer ---- */

typedef struct Numbers {
    int vocabulary, added, added_normalized, normalizer, pretokenizer, decoder, model, single, pair, chat;
} Numbers;

static void print_settings(Emitter *emitter, const hf2c_tokenizer *tokenizer)
{
    emit_number(emitter, "normalizers", tokenizer->normalizers);
    emit_number(emitter, "pretokenizers", tokenizer->pretokenizers);
    emit_number(emitter, "decoders", tokenizer->decoders);
    emit_number(emitter, "model_bytes", tokenizer->model_bytes);
    emit_number(emitter, "line_growth", tokenizer->line_growth);
    emit_number(emitter, "line_extra", tokenizer->line_extra);
    emit_number(emitter, "growth", tokenizer->growth);
    emit_number(emitter, "extra", tokenizer->extra);
    emit_number(emitter, "byte_alphabet", tokenizer->byte_alphabet);
    emit_number(emitter, "lossy", tokenizer->lossy);
    emit_number(emitter, "trim", tokenizer->trim);
    emit_number(emitter, "clean_up", tokenizer->clean_up);
    emit_number(emitter, "left_padding", tokenizer->left_padding);
    emit_number(emitter, "needs_origin", tokenizer->needs_origin);
    str_printf(emitter->out, "    .special = {");
    for (int i = 0; i < HF2C_SPECIAL_COUNT; i++) {
        str_printf(emitter->out, "%s%ld", i > 0 ? ", " : "", (long)tokenizer->special[i]);
    }
    str_printf(emitter->out, "}, /* bos, eos, unk, sep, pad, cls, mask */\n");
    emit_number(emitter, "max_length", tokenizer->max_length);
    emit_number(emitter, "longest_token", (long)tokenizer->longest_token);
    emit_number(emitter, "shortest_added", (long)tokenizer->shortest_added);
}

static void print_tokenizer(Emitter *emitter, const hf2c_tokenizer *tokenizer, const Numbers *numbers, const char *name)
{
    str_printf(emitter->out, "\nextern const hf2c_tokenizer %s_tokenizer;\nconst hf2c_tokenizer %s_tokenizer = {\n", name, name);
    emit_pointer(emitter, "vocabulary", "&", numbers->vocabulary);
    emit_pointer(emitter, "added", "&", numbers->added);
    emit_pointer(emitter, "added_normalized", "&", numbers->added_normalized);
    emit_pointer(emitter, "normalizer", "", numbers->normalizer);
    emit_pointer(emitter, "pretokenizer", "", numbers->pretokenizer);
    emit_pointer(emitter, "decoder", "", numbers->decoder);
    str_printf(emitter->out, "    .model = %s,\n", runtime_function_name((Function *)tokenizer->model));
    emit_pointer(emitter, "model_table", "&", numbers->model);
    str_printf(emitter->out, "    .single = {t%d, %lu, %lu},\n    .pair = {t%d, %lu, %lu},\n", numbers->single,
               (unsigned long)tokenizer->single.count, (unsigned long)tokenizer->single.special, numbers->pair,
               (unsigned long)tokenizer->pair.count, (unsigned long)tokenizer->pair.special);
    emit_pointer(emitter, "chat", "&", numbers->chat);
    str_printf(emitter->out, "    .render = %s,\n", tokenizer->chat != NULL ? "hf2c_chat_render" : "NULL");
    print_settings(emitter, tokenizer);
    end_structure(emitter);
    emitter->bytes += sizeof *tokenizer;
}

static size_t emit_all(Str *out, const hf2c_tokenizer *tokenizer, const char *name)
{
    Emitter emitter = {.out = out, .arena = arena_new()};
    Numbers numbers;
    size_t bytes;

    str_printf(out, "/* The tokenizer: constant tables, see text_tables.h. */\n#include \"text_unicode.h\"\n#include \"text_work.h\"\n\n"
                    "/* vocabulary: spellings, where each begins, flags, hash */\n");
    numbers.vocabulary = emit_vocabulary(&emitter, tokenizer->vocabulary);
    str_printf(out, "\n/* added tokens */\n");
    numbers.added = emit_added(&emitter, tokenizer->added);
    numbers.added_normalized = emit_added(&emitter, tokenizer->added_normalized);
    str_printf(out, "\n/* normalizers */\n");
    numbers.normalizer = emit_normalizers(&emitter, tokenizer);
    str_printf(out, "\n/* pre-tokenizers */\n");
    numbers.pretokenizer = emit_pretokenizers(&emitter, tokenizer);
    str_printf(out, "\n/* model */\n");
    numbers.model = emit_model(&emitter, tokenizer);
    str_printf(out, "\n/* decoders */\n");
    numbers.decoder = emit_decoders(&emitter, tokenizer);
    str_printf(out, "\n/* templates: special token, or -1 first and -2 second text; type */\n");
    numbers.single = emit_ids(&emitter, tokenizer->single.item, 2 * (size_t)tokenizer->single.count);
    numbers.pair = emit_ids(&emitter, tokenizer->pair.item, 2 * (size_t)tokenizer->pair.count);
    if (tokenizer->chat != NULL) {
        str_printf(out, "\n/* chat template: instructions, strings, numbers, variables */\n");
    }
    numbers.chat = emit_chat(&emitter, tokenizer->chat);
    print_tokenizer(&emitter, tokenizer, &numbers, name);
    bytes = emitter.bytes;
    arena_free(emitter.arena);
    return bytes;
}

void tokenizer_emit(Str *out, const hf2c_tokenizer *tokenizer, const char *name)
{
    emit_all(out, tokenizer, name);
}

size_t tokenizer_bytes(const hf2c_tokenizer *tokenizer)
{
    Str out = {0};
    size_t bytes = emit_all(&out, tokenizer, "x");

    str_free(&out);
    return bytes;
}
