/* model: NAME_model.c, what the runtime is told of the model, and the small calls of NAME.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler/emit/emit.h"

/* Text of the model as numbers: no byte of it can be taken for source. */
static void print_bytes(Str *out, const char *name, const char *text)
{
    str_printf(out, "static const char %s[] = {", name);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 128) str_printf(out, "%d, ", *c);
        else str_printf(out, "(char)%d, ", *c);
    }
    str_printf(out, "0};\n");
}

static void print_labels(Str *out, const hf2c_model *f)
{
    char name[32];
    for (int i = 0; i < f->label_count; i++) {
        snprintf(name, sizeof name, "label_%d", i);
        print_bytes(out, name, f->labels[i]);
    }
    if (!f->label_count) return;
    str_printf(out, "static const char *const labels[] = {");
    for (int i = 0; i < f->label_count; i++) str_printf(out, "%slabel_%d", i ? ", " : "", i);
    str_printf(out, "};\n\n");
}

static void print_outputs(Str *out, const hf2c_model *f)
{
    static const char *const rows[] = {"HF2C_ROWS_ALL", "HF2C_ROWS_SEQUENCES", "HF2C_ROWS_WANTED", "HF2C_ROWS_SOURCE", "HF2C_ROWS_IMAGES"};
    str_printf(out, "static const hf2c_output named_outputs[] = {\n");
    for (int i = 0; i < f->output_count; i++)
        str_printf(out, "    {\"%s\", %s, %d},\n", f->outputs[i].name, rows[f->outputs[i].rows], f->outputs[i].columns);
    str_printf(out, "};\n\n");
    if (!f->places) return;
    str_printf(out, "static const hf2c_places places[] = {\n");
    for (int i = 0; i < f->output_count; i++) str_printf(out, "    {%d, %d},\n", f->places[i].columns, f->places[i].line);
    str_printf(out, "};\n\n");
}

static void print_ids(Str *out, const char *name, const int32_t *ids, int count)
{
    if (!count) return;
    str_printf(out, "static const int32_t %s[] = {", name);
    for (int i = 0; i < count; i++) str_printf(out, "%s%d", i == 0 ? "" : i % 20 ? ", " : ",\n    ", ids[i]);
    str_printf(out, "};\n");
}

/* Settings that few models have. */
static void print_rare_settings(Str *out, Arena *arena, const hf2c_generation_defaults *g)
{
    const struct {
        const char *name;
        float value;
    } numbers[] = {{"typical_p", g->typical_p}, {"epsilon_cutoff", g->epsilon_cutoff}, {"eta_cutoff", g->eta_cutoff},
                   {"encoder_repetition_penalty", g->encoder_repetition_penalty}};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (numbers[i].value != 0) str_printf(out, ",\n                   .%s = %sf", numbers[i].name, text_of_float(arena, numbers[i].value));
    if (g->min_new_tokens) str_printf(out, ",\n                   .min_new_tokens = %d", g->min_new_tokens);
    if (g->encoder_no_repeat_ngram_size) str_printf(out, ",\n                   .encoder_no_repeat_ngram_size = %d", g->encoder_no_repeat_ngram_size);
}

/* What beam search and models with an encoder ask for. */
static void print_search(Str *out, Arena *arena, const hf2c_generation_defaults *g)
{
    str_printf(out, "                   .decoder_start = %d, .forced_bos = %d, .forced_eos = %d, .min_length = %d, .no_repeat_ngram_size = %d,\n",
               g->decoder_start, g->forced_bos, g->forced_eos, g->min_length, g->no_repeat_ngram_size);
    str_printf(out, "                   .num_beams = %d, .early_stopping = %d, .length_penalty = %sf", g->num_beams, g->early_stopping,
               text_of_float(arena, g->length_penalty));
    print_rare_settings(out, arena, g);
    if (g->suppress_count) str_printf(out, ",\n                   .suppress = suppress, .suppress_count = %d", g->suppress_count);
    if (g->begin_suppress_count)
        str_printf(out, ",\n                   .begin_suppress = begin_suppress, .begin_suppress_count = %d", g->begin_suppress_count);
    str_printf(out, "},\n");
}

static void print_generation(Str *out, Arena *arena, const hf2c_generation_defaults *g)
{
    str_printf(out, "    .generation = {.bos = %d, .pad = %d, .eos_count = %d, .eos = {", g->bos, g->pad, g->eos_count);
    for (int i = 0; i < g->eos_count; i++) str_printf(out, "%s%d", i ? ", " : "", g->eos[i]);
    str_printf(out, "%s},\n", g->eos_count ? "" : "0");
    str_printf(out, "                   .do_sample = %d, .top_k = %d, .max_length = %d, .max_new_tokens = %d,\n", g->do_sample, g->top_k,
               g->max_length, g->max_new_tokens);
    str_printf(out, "                   .temperature = %sf, .top_p = %sf, ", text_of_float(arena, g->temperature), text_of_float(arena, g->top_p));
    str_printf(out, ".min_p = %sf, .repetition_penalty = %sf,\n", text_of_float(arena, g->min_p), text_of_float(arena, g->repetition_penalty));
    print_search(out, arena, g);
}

static void print_task_settings(Str *out, Arena *arena, const hf2c_model *f)
{
    if (!f->task_settings_count) return;
    for (int i = 0; i < f->task_settings_count; i++) {
        print_bytes(out, arena_printf(arena, "task_%d", i), f->task_settings[i].task);
        if (f->task_settings[i].prefix) print_bytes(out, arena_printf(arena, "prefix_%d", i), f->task_settings[i].prefix);
    }
    str_printf(out, "static const hf2c_task_settings task_settings[] = {\n");
    for (int i = 0; i < f->task_settings_count; i++) {
        const hf2c_task_settings *s = &f->task_settings[i];
        str_printf(out, "    {.task = task_%d, .prefix = %s, .max_length = %d, .min_length = %d, .num_beams = %d,\n", i,
                   s->prefix ? arena_printf(arena, "prefix_%d", i) : "NULL", s->max_length, s->min_length, s->num_beams);
        str_printf(out, "     .early_stopping = %d, .no_repeat_ngram_size = %d, .length_penalty = %sf},\n", s->early_stopping,
                   s->no_repeat_ngram_size, text_of_float(arena, s->length_penalty));
    }
    str_printf(out, "};\n\n");
}

static void print_three(Str *out, Arena *arena, const char *name, const float *values)
{
    str_printf(out, "    .%s = {%sf, %sf, %sf},\n", name, text_of_float(arena, values[0]), text_of_float(arena, values[1]),
               text_of_float(arena, values[2]));
}

static void print_image_settings(Str *out, Arena *arena, const hf2c_image_settings *s)
{
    static const char *const resizes[] = {"NONE", "EXACT", "SHORTEST", "EDGES", "WITHIN"};
    if (!s) return;
    str_printf(out, "static const hf2c_image_settings image_settings = {\n    .resize = HF2C_RESIZE_%s, .height = %d, .width = %d, "
                    ".shortest = %d, .longest = %d, .multiple = %d,\n", resizes[s->resize], s->height, s->width, s->shortest, s->longest,
               s->multiple);
    str_printf(out, "    .filter = %d, .crop_height = %d, .crop_width = %d, .pad_height = %d, .pad_width = %d,\n", s->filter,
               s->crop_height, s->crop_width, s->pad_height, s->pad_width);
    str_printf(out, "    .factor = %sf, .offset = %sf,\n", text_of_float(arena, s->factor), text_of_float(arena, s->offset));
    print_three(out, arena, "mean", s->mean);
    print_three(out, arena, "deviation", s->deviation);
    str_printf(out, "};\n\n");
}

static void print_sound_settings(Str *out, Arena *arena, const hf2c_sound_settings *s)
{
    if (!s) return;
    str_printf(out, "static const hf2c_sound_settings sound_settings = {\n    .rate = %d, .normalize = %d, .most_samples = %d, .mels = %d,\n"
                    "    .window = %d, .hop = %d, .padding = %sf,\n};\n\n", s->rate, s->normalize, s->most_samples, s->mels, s->window, s->hop,
               text_of_float(arena, s->padding));
}

static void print_speech_settings(Str *out, const hf2c_speech_settings *s)
{
    if (!s) return;
    print_ids(out, "languages", s->languages, s->language_count);
    print_ids(out, "forced", s->forced, s->forced_count);
    if (s->language) print_bytes(out, "speech_language", s->language);
    if (s->task) print_bytes(out, "speech_task", s->task);
    str_printf(out, "static const hf2c_speech_settings speech_settings = {\n    .no_timestamps = %d, .transcribe = %d, .translate = %d,\n"
                    "    .max_initial_timestamp = %d, .multilingual = %d, .timestamps = %d", s->no_timestamps, s->transcribe, s->translate,
               s->max_initial_timestamp, s->multilingual, s->timestamps);
    if (s->language_count) str_printf(out, ",\n    .languages = languages, .language_count = %d", s->language_count);
    if (s->forced_count) str_printf(out, ",\n    .forced = forced, .forced_count = %d", s->forced_count);
    str_printf(out, "%s%s,\n};\n\n", s->language ? ",\n    .language = speech_language" : "", s->task ? ",\n    .task = speech_task" : "");
}

/* What models of sounds and those with an encoder have beside the others. */
static void print_sources(Str *out, const hf2c_model *f)
{
    if (f->frame_step) str_printf(out, "    .frame_samples = %d,\n    .frame_step = %d,\n", f->frame_samples, f->frame_step);
    if (f->row_values) str_printf(out, "    .row_values = %d,\n", f->row_values);
    if (f->max_source) str_printf(out, "    .max_source = %d,\n", f->max_source);
    if (f->source_vocabulary) str_printf(out, "    .source_vocabulary = %d,\n", f->source_vocabulary);
    if (f->sound) str_printf(out, "    .sound = &sound_settings,\n");
    if (f->speech) str_printf(out, "    .speech = &speech_settings,\n");
}

static void print_model(Str *out, const Compiled *c)
{
    static const char *const problems[] = {"SINGLE_LABEL", "MULTI_LABEL", "REGRESSION"};
    static const char *const poolings[] = {"NONE", "MEAN", "CLS", "MAX", "LAST"};
    const hf2c_model *f = &c->facts;
    str_printf(out, "const hf2c_model %s_model = {\n    .abi = HF2C_ABI,\n    .name = \"%s\",\n    .architecture = \"%s\",\n", c->name, f->name,
               f->architecture);
    str_printf(out, "    .tasks = \"%s\",\n", f->tasks);
    str_printf(out, "    .weights_bytes = %zu,\n    .workspace_bytes = %zu,\n    .state_bytes = %zu,\n", f->weights_bytes, f->workspace_bytes,
               f->state_bytes);
    if (f->fast_bytes) str_printf(out, "    .fast_bytes = %zu,\n", f->fast_bytes);
    str_printf(out, "    .weights_hash = (uint64_t)0x%08" PRIx32 " << 32 | 0x%08" PRIx32 ",\n", (uint32_t)(f->weights_hash >> 32),
               (uint32_t)f->weights_hash);
    str_printf(out, "    .vocabulary = %d,\n    .hidden = %d,\n    .layers = %d,\n    .token_types = %d,\n", f->vocabulary, f->hidden, f->layers,
               f->token_types);
    str_printf(out, "    .max_sequence = %d,\n    .max_rows = %d,\n    .max_batch = %d,\n", f->max_sequence, f->max_rows, f->max_batch);
    if (f->alone_rows) str_printf(out, "    .alone_rows = %d,\n", f->alone_rows);
    if (c->baked) str_printf(out, "    .baked = &%s_baked,\n", c->name);
    if (f->ring) str_printf(out, "    .ring = %d,\n    .ring_back = %d,\n", f->ring, f->ring_back);
    if (f->rewinds) str_printf(out, "    .rewinds = 1,\n");
    print_sources(out, f);
    if (f->image) str_printf(out, "    .image = &image_settings,\n");
    if (f->image_values)
        str_printf(out, "    .image_values = %d,\n    .max_images = %d,\n    .similarity = %sf,\n", f->image_values, f->max_images,
                   text_of_float(c->arena, f->similarity));
    if (f->image_patch)
        str_printf(out, "    .image_patch = %d,\n    .image_tokens = %d,\n    .image_channels = %d,\n", f->image_patch, f->image_tokens,
                   f->image_channels);
    str_printf(out, "    .outputs = named_outputs,\n    .output_count = %d,\n", f->output_count);
    if (f->places) str_printf(out, "    .places = places,\n");
    if (f->label_count) str_printf(out, "    .labels = labels,\n    .label_count = %d,\n", f->label_count);
    str_printf(out, "    .problem = HF2C_PROBLEM_%s,\n    .pooling = HF2C_POOLING_%s,\n    .normalize = %d,\n", problems[f->problem],
               poolings[f->pooling], f->normalize);
    print_generation(out, c->arena, &f->generation);
    if (f->task_settings_count)
        str_printf(out, "    .task_settings = task_settings,\n    .task_settings_count = %d,\n", f->task_settings_count);
    if (f->tokenizer) str_printf(out, "    .tokenizer = &%s_tokenizer,\n", c->name);
    if (f->target_tokenizer) str_printf(out, "    .target_tokenizer = &%s_target_tokenizer,\n", c->name);
    if (f->constraint) str_printf(out, "    .constraint = &%s_constraint,\n", c->name);
    str_printf(out, "    .forward = %s_forward,\n", c->name);
    if (graph_has_encoder(c->graph)) str_printf(out, "    .encode = %s_encode_source,\n", c->name);
    str_printf(out, "};\n\n");
}

static void print_init(Str *out, const Compiled *c)
{
    const char *name = c->name, *idle = emit_is_firmware(c) && c->facts.vocabulary ? "    c->slices = 0;\n" : "";
    bool fast = c->facts.fast_bytes > 0;
    str_printf(out,
               "hf2c_status %s_init(%s_context *c, void *workspace, size_t workspace_bytes,%s void *state, size_t state_bytes,\n"
               "    const void *weights, size_t weights_bytes)\n{\n    c->past = 0;\n%s"
               "    %s hf2c_context_init(&c->context, &%s_model, weights, weights_bytes, workspace, workspace_bytes, state, state_bytes, 1);\n%s}\n\n",
               name, name, fast ? " void *fast, size_t fast_bytes," : "", idle, fast ? "hf2c_status status =" : "return", name,
               fast ? "    return status == HF2C_OK ? hf2c_context_fast(&c->context, fast, fast_bytes) : status;\n" : "");
}

static void print_decoder(Str *out, const Compiled *c)
{
    const char *name = c->name;
    str_printf(out,
               "/* One piece of at most MAX_ROWS tokens; logits may be NULL. */\n"
               "static hf2c_status piece(%s_context *c, const int32_t *ids, int n, float *logits)\n{\n"
               "    int32_t positions[%d], start[2] = {0, 0}, want = n - 1;\n"
               "    float *outputs[%d] = {logits};\n"
               "    hf2c_batch batch = {.rows = n, .sequences = 1, .wanted = logits ? 1 : 0, .ids = ids, .positions = positions};\n"
               "    batch.start = start;\n    batch.past = &c->past;\n    batch.want = &want;\n    start[1] = n;\n%s"
               "    for (int i = 0; i < n; i++) positions[i] = c->past + i;\n"
               "    hf2c_status status = c->context.model->forward(&c->context, &batch, outputs);\n"
               "    if (status == HF2C_OK) c->past += n;\n    return status;\n}\n\n", name, c->facts.max_rows, c->facts.output_count,
               graph_has_encoder(c->graph) ? "    batch.memory = &c->source;\n" : "");
    str_printf(out,
               "hf2c_status %s_prefill(%s_context *c, const int32_t *ids, size_t n, float *logits)\n{\n"
               "    if (!c || !ids || n == 0) return HF2C_BAD_ARGUMENT;\n"
               "    if (n > (size_t)(%d - c->past)) return HF2C_CONTEXT_FULL;\n"
               "    while (n > %d) {\n        hf2c_status status = piece(c, ids, %d, NULL);\n        if (status != HF2C_OK) return status;\n"
               "        ids += %d;\n        n -= %d;\n    }\n    return piece(c, ids, (int)n, logits);\n}\n\n",
               name, name, c->facts.max_sequence, c->facts.max_rows, c->facts.max_rows, c->facts.max_rows, c->facts.max_rows);
    str_printf(out, "hf2c_status %s_decode(%s_context *c, int32_t id, float *logits)\n{\n    return %s_prefill(c, &id, 1, logits);\n}\n\n", name,
               name, name);
    str_printf(out, "void %s_reset(%s_context *c)\n{\n    c->past = 0;\n}\n", name, name);
}

static void print_source(Str *out, const Compiled *c)
{
    const char *name = c->name;
    str_printf(out,
               "\nhf2c_status %s_source(%s_context *c, const int32_t *ids, size_t n)\n{\n"
               "    int32_t positions[%d], start[2] = {0, 0};\n    float *outputs[%d] = {NULL};\n"
               "    if (!c || !ids || n == 0) return HF2C_BAD_ARGUMENT;\n    if (n > %d) return HF2C_TOO_LONG;\n"
               "    for (int i = 0; i < (int)n; i++) positions[i] = i;\n    start[1] = c->source = (int32_t)n;\n    c->past = 0;\n"
               "    hf2c_batch batch = {.rows = (int)n, .sequences = 1, .ids = ids, .positions = positions};\n"
               "    batch.start = start;\n    return c->context.model->encode(&c->context, &batch, outputs);\n}\n",
               name, name, c->facts.max_sequence, c->facts.output_count, c->facts.max_sequence);
}

static void print_encoder(Str *out, const Compiled *c)
{
    const char *name = c->name;
    str_printf(out,
               "hf2c_status %s_encode(%s_context *c, const int32_t *ids, const int32_t *types, size_t n, int output, float *out)\n{\n"
               "    int32_t positions[%d], want[%d], start[2] = {0, 0};\n    float *outputs[%d] = {NULL};\n"
               "    if (!c || !ids || n == 0 || output < 0 || output >= %d) return HF2C_BAD_ARGUMENT;\n"
               "    if (n > %d) return HF2C_TOO_LONG;\n"
               "    for (int i = 0; i < (int)n; i++) positions[i] = want[i] = i;\n    start[1] = (int32_t)n;\n    outputs[output] = out;\n"
               "    hf2c_batch batch = {.rows = (int)n, .sequences = 1, .wanted = (int)n, .ids = ids, .positions = positions};\n"
               "    batch.types = types;\n    batch.start = start;\n    batch.want = want;\n"
               "    return c->context.model->forward(&c->context, &batch, outputs);\n}\n",
               name, name, c->facts.max_sequence, c->facts.max_sequence, c->facts.output_count, c->facts.output_count, c->facts.max_sequence);
}

/* The same for pictures of sizes of their own. */
static void print_pictures(Str *out, const Compiled *c)
{
    const char *name = c->name;
    str_printf(out,
               "\nhf2c_status %s_see(%s_context *c, const float *values, int height, int width, int output, float *out)\n{\n"
               "    float *outputs[%d] = {NULL};\n    int32_t start[2] = {0, 0}, sizes[2] = {0, 0};\n"
               "    if (!c || !values || output < 0 || output >= %d) return HF2C_BAD_ARGUMENT;\n"
               "    start[1] = hf2c_picture_rows(c->context.model, height, width);\n    if (start[1] == 0) return HF2C_TOO_LONG;\n"
               "    sizes[0] = height;\n    sizes[1] = width;\n    outputs[output] = out;\n"
               "    hf2c_batch batch = {.rows = start[1], .sequences = 1, .images = 1, .values = values};\n"
               "    batch.start = start;\n    batch.sizes = sizes;\n"
               "    return c->context.model->forward(&c->context, &batch, outputs);\n}\n",
               name, name, c->facts.output_count, c->facts.output_count);
}

static void print_images(Str *out, const Compiled *c)
{
    const char *name = c->name;
    str_printf(out,
               "\nhf2c_status %s_see(%s_context *c, const float *values, int images, int output, float *out)\n{\n"
               "    float *outputs[%d] = {NULL};\n"
               "    if (!c || !values || output < 0 || output >= %d) return HF2C_BAD_ARGUMENT;\n"
               "    hf2c_batch batch = {.images = images, .values = values};\n    outputs[output] = out;\n"
               "    return c->context.model->forward(&c->context, &batch, outputs);\n}\n",
               name, name, c->facts.output_count, c->facts.output_count);
}

static void print_sounds_call(Str *out, const Compiled *c)
{
    const char *name = c->name;
    str_printf(out,
               "hf2c_status %s_hear(%s_context *c, const float *samples, size_t n, int output, float *out)\n{\n"
               "    int32_t start[2] = {0, 0}, all[2] = {0, (int32_t)n};\n    float *outputs[%d] = {NULL};\n"
               "    if (!c || !samples || output < 0 || output >= %d) return HF2C_BAD_ARGUMENT;\n"
               "    if (n > %d) return HF2C_TOO_LONG;\n    start[1] = hf2c_frames(c->context.model, (int)n);\n    outputs[output] = out;\n"
               "    hf2c_batch batch = {.rows = start[1], .sequences = 1, .values = samples};\n"
               "    batch.start = start;\n    batch.samples = all;\n"
               "    return c->context.model->forward(&c->context, &batch, outputs);\n}\n",
               name, name, c->facts.output_count, c->facts.output_count, c->facts.frame_samples + c->facts.max_sequence * c->facts.frame_step - 1);
}

static void print_features_call(Str *out, const Compiled *c)
{
    const char *name = c->name;
    int most = hf2c_longest_source(&c->facts);
    str_printf(out,
               "\nhf2c_status %s_listen(%s_context *c, const float *values, size_t rows)\n{\n"
               "    int32_t positions[%d], start[2] = {0, 0};\n    float *outputs[%d] = {NULL};\n"
               "    if (!c || !values || rows == 0) return HF2C_BAD_ARGUMENT;\n    if (rows > %d) return HF2C_TOO_LONG;\n"
               "    for (int i = 0; i < (int)rows; i++) positions[i] = i;\n    start[1] = c->source = (int32_t)rows;\n    c->past = 0;\n"
               "    hf2c_batch batch = {.rows = (int)rows, .sequences = 1, .values = values, .positions = positions};\n"
               "    batch.start = start;\n    return c->context.model->encode(&c->context, &batch, outputs);\n}\n",
               name, name, most, c->facts.output_count, most);
}

/* The calls that take text. */
static void print_text_calls(Str *out, const Compiled *c)
{
    const char *name = c->name;
    if (!emit_classifies(c) && !emit_embeds(c) && !emit_writes(c)) return;
    str_printf(out, "\nsize_t %s_scratch_bytes(size_t text_bytes)\n{\n    return hf2c_direct_%sscratch(&%s_model, text_bytes);\n}\n", name,
               emit_writes(c) ? "write_" : "", name);
    if (emit_writes(c))
        str_printf(out,
                   "\nhf2c_status %s_write(%s_context *c, const char *text, size_t bytes, int most, void *scratch, size_t scratch_bytes,\n"
                   "    int (*put)(void *to, const char *text, size_t bytes), void *to)\n{\n"
                   "    if (!c || !text || !scratch || !put) return HF2C_BAD_ARGUMENT;\n    hf2c_scratch room = {scratch, scratch_bytes, 0};\n"
                   "    c->past = 0;\n    return hf2c_direct_write(&c->context, (hf2c_text){text, bytes}, most, &room, put, to);\n}\n", name, name);
    if (emit_classifies(c))
        str_printf(out,
                   "\nhf2c_status %s_classify(%s_context *c, const char *text, size_t bytes, void *scratch, size_t scratch_bytes,\n"
                   "    int *label, float *score)\n{\n    if (!c || !text || !scratch || !label || !score) return HF2C_BAD_ARGUMENT;\n"
                   "    hf2c_scratch room = {scratch, scratch_bytes, 0};\n"
                   "    return hf2c_direct_classify(&c->context, (hf2c_text){text, bytes}, &room, label, score);\n}\n\n"
                   "const char *%s_label(int label)\n{\n    return label >= 0 && label < %d ? labels[label] : NULL;\n}\n", name, name, name,
                   c->facts.label_count);
    if (emit_embeds(c))
        str_printf(out,
                   "\nhf2c_status %s_embed(%s_context *c, const char *text, size_t bytes, void *scratch, size_t scratch_bytes, float *vector)\n{\n"
                   "    if (!c || !text || !scratch || !vector) return HF2C_BAD_ARGUMENT;\n"
                   "    hf2c_scratch room = {scratch, scratch_bytes, 0};\n"
                   "    return hf2c_direct_embed(&c->context, (hf2c_text){text, bytes}, &room, vector);\n}\n", name, name);
}

void emit_model(Str *out, const Compiled *c)
{
    str_printf(out, "/* %s_model.c: what the runtime knows of the model, and the small calls of %s.h. */\n#include \"%s.h\"\n\n", c->name, c->name, c->name);
    if (emit_classifies(c) || emit_embeds(c) || emit_writes(c)) str_printf(out, "#include \"%s\"\n", flat_name(c->arena, "runtime/task/direct.h"));
    if (emit_answers(c)) str_printf(out, "#include \"%s\"\n", flat_name(c->arena, "runtime/task/calls.h"));
    if (c->tokenizer) str_printf(out, "#include \"%s\"\n\nextern const hf2c_tokenizer %s_tokenizer; /* %s_text.c */\n\n", flat_name(c->arena, "runtime/text/tokenizer.h"), c->name, c->name);
    if (c->target_tokenizer) str_printf(out, "extern const hf2c_tokenizer %s_target_tokenizer; /* %s_target_text.c */\n\n", c->name, c->name);
    if (c->baked) str_printf(out, "extern const hf2c_baked %s_baked; /* %s_prompt.c */\n\n", c->name, c->name);
    if (c->constraint) str_printf(out, "extern const hf2c_constraint %s_constraint; /* %s_constraint.c */\n\n", c->name, c->name);
    print_labels(out, &c->facts);
    print_outputs(out, &c->facts);
    print_ids(out, "suppress", c->facts.generation.suppress, c->facts.generation.suppress_count);
    print_ids(out, "begin_suppress", c->facts.generation.begin_suppress, c->facts.generation.begin_suppress_count);
    print_task_settings(out, c->arena, &c->facts);
    print_image_settings(out, c->arena, c->facts.image);
    print_sound_settings(out, c->arena, c->facts.sound);
    print_speech_settings(out, c->facts.speech);
    print_model(out, c);
    print_init(out, c);
    if (emit_is_firmware(c)) emit_step_calls(out, c);
    else if (c->facts.state_bytes) print_decoder(out, c);
    else if (c->facts.frame_step) print_sounds_call(out, c);
    else if (c->facts.vocabulary) print_encoder(out, c);
    if (c->facts.image_patch) print_pictures(out, c);
    else if (c->facts.image_values) print_images(out, c);
    if (c->facts.row_values) print_features_call(out, c);
    else if (graph_has_encoder(c->graph)) print_source(out, c);
    print_text_calls(out, c);
    if (emit_answers(c)) emit_calls(out, c);
}
