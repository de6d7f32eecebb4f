/* emit: prints a plan as a folder of source. Only glue is printed: constants, wrappers of kernels, the schedule; kernels and runtime are
 * copied as they are, flat, with their includes rewritten, so that `cc *.c` builds the folder anywhere. */
#ifndef HF2C_EMIT_H
#define HF2C_EMIT_H

#include "compiler/compile.h"
#include "compiler/emit/names.h"

/* What differs between C and CUDA C++ in what is printed. */
typedef struct Dialect {
    const char *emitter;      /* as in the target */
    const char *extension;    /* of the file with the schedule: "c", "cu" */
    const char *kernels;      /* folder of the kernels: "templates/cpu" */
    const char *kernel_extension; /* "h", "cuh" */
    const char *team;         /* type of the first parameter */
    const char *team_name;
    bool template_constants;  /* kernel<K, N>(...) instead of kernel(..., K, N) */
    bool enters;              /* a wrapper asks hf2c_enter who computes */
    const char *begin, *end;  /* includes around the kernels; NULL: none */
    const char *device;       /* room runtime/DEVICE opens it, hf2c_program_DEVICE is for programs; NULL: the processor itself */
    bool firmware;            /* one member, planned scratch, the schedule step by step, one file (firmware.c, amalgamate.c) */
} Dialect;
const Dialect *dialect_find(const char *emitter);

typedef struct EmitOptions {
    const char *output;   /* folder */
    const char *command;  /* how it was made, for the heads of files; names of files only */
    bool detach_weights;  /* NAME.weights stays beside the program */
    bool program;         /* with a command line, where the target has one */
} EmitOptions;

/* Writes the folder, whole or not at all. */
bool emit_folder(Compiled *compiled, const EmitOptions *options, Err *err);

/* ---- parts ---- */
void emit_source(Str *out, const Compiled *compiled);  /* NAME.c or NAME.cu: the schedule (source.c) */
void emit_header(Str *out, const Compiled *compiled);  /* NAME.h: sizes and the API (header.c) */
void emit_model(Str *out, const Compiled *compiled);   /* NAME_model.c: what the runtime is told (model.c) */
void emit_weights(Str *out, const Compiled *compiled, const EmitOptions *options); /* NAME_weights.c (files.c) */
void emit_weights_assembly(Str *out, const Compiled *compiled);                    /* NAME_weights.S (firmware_files.c) */
void emit_baked(Str *out, const Compiled *compiled);   /* NAME_prompt.c: what is read already (files.c) */
void emit_main(Str *out, const Compiled *compiled, const EmitOptions *options);    /* NAME_main.c (files.c) */
void emit_build_script(Str *out, const Compiled *compiled, const EmitOptions *options); /* build.sh (files.c) */
void emit_cmake(Str *out, const Compiled *compiled, const EmitOptions *options);   /* CMakeLists.txt (files.c) */
/* Firmware has nothing to print with; large models would take long, and much memory, to evaluate in double. */
bool emit_has_self_test(const Compiled *compiled);
void emit_self_test(Str *out, const Compiled *compiled);                           /* NAME_test.c (test.c) */
struct Measure;
/* MODEL.md (page.c); measure: of firmware, else NULL */
void emit_page(Str *out, const Compiled *compiled, const EmitOptions *options, const struct Measure *measure);
bool emit_is_firmware(const Compiled *compiled);
/* firmware.c: what the schedule of firmware has that others do not. */
void emit_small_memory(Str *out, const Compiled *compiled);       /* macros before the kernels */
void emit_small_memory_check(Str *out, const Compiled *compiled); /* behind them: the planned scratch suffices */
bool emit_has_strips(const Plan *plan, const Section *section);
void emit_strip_function(Str *out, const Compiled *compiled);
void emit_strip_of_turn(Str *out, const Compiled *compiled, const Section *section); /* which step a turn is, for which rows */
void emit_step_schedule(Str *out, const Compiled *compiled, int entry, const char *const *sections); /* [plan->sections] names */
void emit_step_entry(Str *out, const Compiled *compiled, int entry);                                 /* what the model's struct points at */
void emit_step_calls(Str *out, const Compiled *compiled);   /* NAME_model.c: calls that begin, and whole ones */
void emit_step_context(Str *out, const Compiled *compiled); /* NAME.h: what the context holds of a call */
void emit_step_header(Str *out, const Compiled *compiled);  /* NAME.h: their declarations */
/* Is there a command line? */
static inline bool emit_has_main(const Compiled *compiled, const EmitOptions *options) { return options->program && compiled->target->hosted; }
/* Has the model NAME_classify and NAME_embed, which take text? */
bool emit_classifies(const Compiled *compiled);
bool emit_embeds(const Compiled *compiled);
/* Has it NAME_write, in firmware? */
bool emit_writes(const Compiled *compiled);
/* calls.c: NAME_request and NAME_generate, requests in text, of models with tasks on hosted targets. */
bool emit_answers(const Compiled *compiled);
bool emit_generates(const Compiled *compiled);
void emit_calls_header(Str *out, const Compiled *compiled);
void emit_calls(Str *out, const Compiled *compiled);
/* "call->workspace + 64", or of call->fast: where in memory a part of the arena is (firmware.c). */
const char *emit_arena(Arena *arena, const Plan *plan, size_t offset);
const char *emit_upper(Arena *arena, const char *name); /* "KJV_GENRE" (header.c) */
/* "runtime/core/team.h" -> "core_team.h": the name of a copied file. */
const char *flat_name(Arena *arena, const char *path);

/* Whether the program reads picture files, and what it is linked with then. */
bool emit_reads_pictures(const Compiled *c);
extern const char *const emit_picture_libraries;

#endif
