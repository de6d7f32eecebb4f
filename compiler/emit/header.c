/* header: NAME.h, what an application sees of one model. */
#include <ctype.h>
#include <string.h>

#include "compiler/emit/emit.h"
#include "runtime/task/direct.h"

enum { TEXT_BYTES_OF_TOKEN = 8, FIRMWARE_BYTES_OF_TOKEN = 4 }; /* a long text has about four */

static bool has_output(const Compiled *c, const char *name) { return hf2c_output_find(&c->facts, name) >= 0; }

bool emit_classifies(const Compiled *c)
{
    return c->tokenizer && strstr(c->facts.tasks, "text-classification") && has_output(c, "logits");
}

bool emit_embeds(const Compiled *c) { return c->tokenizer && c->facts.pooling != HF2C_POOLING_NONE && has_output(c, "last_hidden_state"); }

bool emit_writes(const Compiled *c)
{
    return emit_is_firmware(c) && c->tokenizer && c->facts.state_bytes && !graph_has_encoder(c->graph) && strstr(c->facts.tasks, "text-generation");
}

static size_t scratch_bytes(const Compiled *c, size_t text_bytes)
{
    return emit_writes(c) ? hf2c_direct_write_scratch(&c->facts, text_bytes) : hf2c_direct_scratch(&c->facts, text_bytes);
}

static bool takes_text(const Compiled *c) { return emit_classifies(c) || emit_embeds(c) || emit_writes(c); }

const char *emit_upper(Arena *arena, const char *text)
{
    char *copy = arena_printf(arena, "%s", text);
    for (char *c = copy; *c; c++) *c = (char)toupper((unsigned char)*c);
    return copy;
}

static void print_sizes(Str *out, const Compiled *c, const char *upper_name)
{
    const hf2c_model *f = &c->facts;
    str_printf(out, "/* Bytes. The workspace is scratch; the state holds one sequence's cache (0: the model has none). */\n");
    str_printf(out, "#define %s_WEIGHTS_BYTES ((size_t)%zu)\n", upper_name, f->weights_bytes);
    str_printf(out, "#define %s_WORKSPACE_BYTES ((size_t)%zu)\n", upper_name, f->workspace_bytes);
    if (f->fast_bytes) str_printf(out, "#define %s_FAST_BYTES ((size_t)%zu) /* of the workspace, in the faster memory */\n", upper_name, f->fast_bytes);
    str_printf(out, "#define %s_STATE_BYTES ((size_t)%zu)\n\n", upper_name, f->state_bytes);
    if (takes_text(c)) {
        size_t text_bytes = (size_t)f->max_sequence * (emit_is_firmware(c) ? FIRMWARE_BYTES_OF_TOKEN : TEXT_BYTES_OF_TOKEN);
        str_printf(out, "/* Scratch for calls that take a text of at most TEXT_BYTES; %s_scratch_bytes tells for others. */\n", c->name);
        str_printf(out, "#define %s_TEXT_BYTES ((size_t)%zu)\n", upper_name, text_bytes);
        str_printf(out, "#define %s_SCRATCH_BYTES ((size_t)%zu)\n\n", upper_name, scratch_bytes(c, text_bytes));
    }
    str_printf(out, "enum {\n    %s_VOCABULARY = %d,\n    %s_HIDDEN = %d,\n    %s_LAYERS = %d,\n", upper_name, f->vocabulary, upper_name,
               f->hidden, upper_name, f->layers);
    str_printf(out, "    %s_MAX_SEQUENCE = %d, /* tokens */\n    %s_MAX_ROWS = %d,     /* tokens in one call */\n    %s_MAX_BATCH = %d,    /* sequences in one call */\n",
               upper_name, f->max_sequence, upper_name, f->max_rows, upper_name, f->max_batch);
    if (f->image_values)
        str_printf(out, "    %s_IMAGE_VALUES = %d, /* numbers of an image */\n    %s_MAX_IMAGES = %d,   /* in one call */\n", upper_name,
                   f->image_values, upper_name, f->max_images);
    if (f->row_values)
        str_printf(out, "    %s_ROW_VALUES = %d, /* features of a row */\n    %s_MAX_SOURCE = %d, /* rows */\n", upper_name, f->row_values,
                   upper_name, hf2c_longest_source(f));
    for (int i = 0; i < f->output_count; i++)
        str_printf(out, "    %s_OUTPUT_%s = %d, /* %d columns */\n", upper_name, emit_upper(c->arena, f->outputs[i].name), i, f->outputs[i].columns);
    str_printf(out, "};\n\n");
}

/* hidden_states.3 -> hidden_states_3 */
static void fix_identifiers(Str *out, size_t from)
{
    for (size_t i = from; i + 1 < out->length; i++)
        if (out->data[i] == '.' && isdigit((unsigned char)out->data[i + 1]) && isalpha((unsigned char)out->data[i - 1])) out->data[i] = '_';
}

static void print_decoder(Str *out, const char *name)
{
    str_printf(out,
               "/* Puts n tokens behind those that the state's slot 0 holds already (none after %s_reset), and gives the logits behind the\n"
               " * last one, [VOCABULARY]. HF2C_CONTEXT_FULL when there is no room. */\n"
               "hf2c_status %s_prefill(%s_context *c, const int32_t *ids, size_t n, float *logits);\n"
               "/* The same for one token. */\n"
               "hf2c_status %s_decode(%s_context *c, int32_t id, float *logits);\n"
               "void %s_reset(%s_context *c); /* the next token is the first */\n\n", name, name, name, name, name, name, name);
}

static void print_encoder(Str *out, const char *name)
{
    str_printf(out,
               "/* Runs n tokens as one sequence; types may be NULL. out receives output number `output` (NAME_OUTPUT_...). */\n"
               "hf2c_status %s_encode(%s_context *c, const int32_t *ids, const int32_t *types, size_t n, int output, float *out);\n\n", name, name);
}

static void print_images(Str *out, const Compiled *c, const char *name)
{
    if (c->facts.image_patch)
        str_printf(out,
                   "/* Runs a picture; values: [channels, height, width], at most IMAGE_VALUES, scaled as the model wants them. out receives output\n"
                   " * number `output` (NAME_OUTPUT_...): [hf2c_picture_rows(), columns], or [columns] where it has none of the rows. HF2C_TOO_LONG: the\n"
                   " * model does not take pictures of that size. */\n"
                   "hf2c_status %s_see(%s_context *c, const float *values, int height, int width, int output, float *out);\n\n", name, name);
    else
        str_printf(out,
               "/* Runs images; values: [images, IMAGE_VALUES], channel by channel, scaled as the model wants them. out receives output number\n"
               " * `output` (NAME_OUTPUT_...), [images, columns]. */\n"
               "hf2c_status %s_see(%s_context *c, const float *values, int images, int output, float *out);\n\n", name, name);
}

static void print_sounds(Str *out, const char *name)
{
    str_printf(out,
               "/* Runs one sound of n samples. out receives output number `output` (NAME_OUTPUT_...), a row for each of hf2c_frames() of it.\n"
               " * HF2C_TOO_LONG: more than MAX_SEQUENCE. */\n"
               "hf2c_status %s_hear(%s_context *c, const float *samples, size_t n, int output, float *out);\n\n", name, name);
}

static void print_features(Str *out, const char *name)
{
    str_printf(out,
               "/* Reads the features of a sound, values: [rows, ROW_VALUES]; what prefill and decode put out then looks back at it. The next\n"
               " * token is the first: begin with %s_model.generation.decoder_start. */\n"
               "hf2c_status %s_listen(%s_context *c, const float *values, size_t rows);\n\n", name, name, name);
}

static void print_text_calls(Str *out, const Compiled *c)
{
    const char *name = c->name;
    if (!takes_text(c)) return;
    str_printf(out, "/* Bytes of scratch that a text of that many bytes needs. */\nsize_t %s_scratch_bytes(size_t text_bytes);\n", name);
    if (emit_classifies(c))
        str_printf(out,
                   "/* The label of a text (UTF-8) with the highest score. HF2C_TOO_LONG: more than MAX_SEQUENCE tokens. */\n"
                   "hf2c_status %s_classify(%s_context *c, const char *text, size_t bytes, void *scratch, size_t scratch_bytes,\n"
                   "    int *label, float *score);\n"
                   "const char *%s_label(int label); /* its name, UTF-8; NULL: there is no such label */\n", name, name, name);
    if (emit_embeds(c))
        str_printf(out,
                   "/* The embedding of a text (UTF-8), vector: [HIDDEN], or the columns of OUTPUT_SENTENCE_EMBEDDING where there is that output. What is\n"
                   " * too long is cut. */\n"
                   "hf2c_status %s_embed(%s_context *c, const char *text, size_t bytes, void *scratch, size_t scratch_bytes, float *vector);\n", name,
                   name);
    if (emit_writes(c))
        str_printf(out,
                   "/* Continues a text (UTF-8) by the likeliest tokens, `most` of them or until the model ends it or its context is full. put gets\n"
                   " * the new text piece by piece, whole characters, and stops by returning nonzero. */\n"
                   "hf2c_status %s_write(%s_context *c, const char *text, size_t bytes, int most, void *scratch, size_t scratch_bytes,\n"
                   "    int (*put)(void *to, const char *text, size_t bytes), void *to);\n", name, name);
    str_printf(out, "\n");
}

static void print_source(Str *out, const char *name)
{
    str_printf(out,
               "/* Reads a source of n tokens; what prefill and decode put out then looks back at it. The next token is the first: begin with\n"
               " * %s_model.generation.decoder_start. */\n"
               "hf2c_status %s_source(%s_context *c, const int32_t *ids, size_t n);\n\n", name, name, name);
}

void emit_header(Str *out, const Compiled *c)
{
    bool encoder = graph_has_encoder(c->graph), fast = c->facts.fast_bytes > 0;
    const char *big = emit_upper(c->arena, c->name), *name = c->name;
    str_printf(out, "/* %s.h: the model %s (%s), compiled by hf2c.\n *\n * All memory is the caller's; nothing allocates, prints or exits. */\n", name,
               c->facts.name, c->facts.architecture);
    str_printf(out, "#ifndef %s_H\n#define %s_H\n\n#include \"%s\"\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n", big, big,
               emit_is_firmware(c) ? flat_name(c->arena, "runtime/core/call.h") : "hf2c.h");
    size_t from = out->length;
    print_sizes(out, c, big);
    fix_identifiers(out, from);
    str_printf(out, "extern const hf2c_model %s_model;\n", name);
    str_printf(out, "extern const unsigned char %s_weights[]; /* linked in, unless the program maps a file */\n\n", name);
    str_printf(out, "typedef struct %s_context {\n    hf2c_context context;\n    int32_t past; /* tokens in slot 0 of the state */\n%s", name,
               encoder ? "    int32_t source; /* tokens of its source */\n" : "");
    if (emit_is_firmware(c)) emit_step_context(out, c);
    str_printf(out, "} %s_context;\n\n", name);
    str_printf(out,
               "/* weights, workspace,%s state: 64-byte aligned; state may be NULL where STATE_BYTES is 0. Checks all of it.%s */\n"
               "hf2c_status %s_init(%s_context *c, void *workspace, size_t workspace_bytes,%s void *state, size_t state_bytes,\n"
               "    const void *weights, size_t weights_bytes);\n\n", fast ? " fast," : "",
               fast ? " What steps touch most often lies\n * in fast: on-chip SRAM; the rest of the scratch, state and weights may be in slower memories." : "", name, name,
               fast ? " void *fast, size_t fast_bytes," : "");
    if (c->facts.row_values) print_features(out, name);
    else if (encoder) print_source(out, name);
    if (c->facts.state_bytes) print_decoder(out, name);
    else if (c->facts.frame_step) print_sounds(out, name);
    else if (c->facts.vocabulary) print_encoder(out, name);
    if (emit_is_firmware(c)) emit_step_header(out, c);
    if (c->facts.image_values) print_images(out, c, name);
    print_text_calls(out, c);
    if (emit_answers(c)) emit_calls_header(out, c);
    str_printf(out, "/* The whole model at once, for batches: see hf2c.h. */\n"
                    "hf2c_status %s_forward(hf2c_context *context, const hf2c_batch *batch, float *const *outputs);\n", name);
    if (encoder) str_printf(out, "hf2c_status %s_encode_source(hf2c_context *context, const hf2c_batch *batch, float *const *outputs);\n", name);
    str_printf(out, "\n");
    str_printf(out, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
