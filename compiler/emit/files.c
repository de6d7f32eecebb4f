/* files: the small files of a folder: weights, main, build scripts. */
#include <string.h>

#include "compiler/emit/emit.h"

const char *flat_name(Arena *arena, const char *path)
{
    const char *rest = strchr(path, '/') ? strchr(path, '/') + 1 : path;
    char *name = arena_printf(arena, "%s", rest);
    for (char *c = name; *c; c++)
        if (*c == '/') *c = '_';
    return name;
}

/* A file inside the program, by the assembler: no compiler reads megabytes of numbers. Code on x86-64 reaches two gigabytes far, so that
 * more than one of them lies behind everything else. */
static void print_binary(Str *out, const char *symbol, const char *file, size_t bytes)
{
    static const size_t near = (size_t)1 << 30;
    str_printf(out,
               "#if defined(HF2C_WEIGHTS_SECTION)\n#define SECTION HF2C_WEIGHTS_SECTION\n#elif defined(__APPLE__)\n#define SECTION \"__TEXT,__const\"\n"
               "#elif defined(_WIN32)\n#define SECTION \".rdata,\\\"dr\\\"\"\n#elif defined(__wasm__)\n#define SECTION \".rodata.weights,\\\"\\\",@\"\n"
               "#elif defined(__arm__)\n#define SECTION \".rodata,\\\"a\\\",%%progbits\"\n#else\n#define SECTION \"%s,\\\"a\\\",@progbits\"\n#endif\n"
               "#if defined(__APPLE__)\n#define SYMBOL \"_%s\"\n#else\n#define SYMBOL \"%s\"\n#endif\n\n"
               "/* A type and a size: what links against a shared library finds the bytes by them. */\n"
               "#if defined(__ELF__)\n#define BEGIN \".type \" SYMBOL \", %%object\\n\"\n#define END \".size \" SYMBOL \", . - \" SYMBOL \"\\n\"\n"
               "#elif defined(__wasm__)\n#define BEGIN \".type \" SYMBOL \",@object\\n\"\n#define END \".size \" SYMBOL \", . - \" SYMBOL \"\\n\"\n"
               "#else\n#define BEGIN\n#define END\n#endif\n\n"
               "__asm__(\".section \" SECTION \"\\n\"\n        \".p2align 6\\n\"\n        \".globl \" SYMBOL \"\\n\"\n        BEGIN SYMBOL \":\\n\"\n"
               "        \".incbin \\\"%s\\\"\\n\"\n        \".byte 0\\n\"\n        END \".text\\n\");\n",
               bytes > near ? ".lrodata" : ".rodata", symbol, symbol, file);
}

void emit_weights(Str *out, const Compiled *c, const EmitOptions *options)
{
    str_printf(out, "/* %s_weights.c: the bytes of %s.weights, in this program's read-only data. */\n#include \"%s.h\"\n\n", c->name, c->name, c->name);
    if (options->detach_weights) str_printf(out, "typedef int weights_are_mapped_from_a_file;\n");
    else print_binary(out, arena_printf(c->arena, "%s_weights", c->name), arena_printf(c->arena, "%s.weights", c->name), c->facts.weights_bytes);
}

/* A C string; what is not plain ASCII is printed as numbers. */
static void print_text(Str *out, const char *text)
{
    str_printf(out, "\"");
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        bool plain = *at >= ' ' && *at < 127 && !strchr("\"\\?", *at);
        str_printf(out, plain ? "%c" : "\\%03o", *at);
        if (*at == '\n' && at[1]) str_printf(out, "\"\n    \"");
    }
    str_printf(out, "\"");
}

void emit_baked(Str *out, const Compiled *c)
{
    const hf2c_baked *baked = c->baked;
    str_printf(out, "/* %s_prompt.c: %d tokens that are read already: the bytes of %s.prompt are what the state holds then. */\n#include \"%s.h\"\n\n",
               c->name, baked->count, c->name, c->name);
    print_binary(out, arena_printf(c->arena, "%s_prompt_data", c->name), arena_printf(c->arena, "%s.prompt", c->name), baked->bytes);
    str_printf(out, "\nextern const uint8_t %s_prompt_data[];\nextern const hf2c_baked %s_baked;\n\nstatic const int32_t ids[] = {", c->name, c->name);
    for (int i = 0; i < baked->count; i++) str_printf(out, "%s%d,", i % 16 ? " " : "\n    ", (int)baked->ids[i]);
    str_printf(out, "\n};\n\nstatic const hf2c_baked_run runs[] = {");
    for (int i = 0; i < baked->run_count; i++) str_printf(out, "%s{%zu, %zu},", i % 6 ? " " : "\n    ", baked->runs[i].at, baked->runs[i].bytes);
    str_printf(out, "\n};\n\nconst hf2c_baked %s_baked = {\n    .ids = ids,\n    .count = %d,\n", c->name, baked->count);
    if (baked->system) {
        str_printf(out, "    .system = ");
        print_text(out, baked->system);
        str_printf(out, ",\n");
    }
    str_printf(out, "    .runs = runs,\n    .run_count = %d,\n    .data = %s_prompt_data,\n    .bytes = %zu,\n    .hash = (uint64_t)0x%08lx << 32 | 0x%08lx,\n};\n",
               baked->run_count, c->name, baked->bytes, (unsigned long)(baked->hash >> 32), (unsigned long)(baked->hash & 0xffffffffu));
}

void emit_main(Str *out, const Compiled *c, const EmitOptions *options)
{
    str_printf(out, "/* %s_main.c: the command line. With -DHF2C_SELF_TEST %s_test.c has the main function instead. */\n", c->name, c->name);
    const char *device = dialect_find(c->target->emitter)->device;
    const char *header = device ? arena_printf(c->arena, "runtime/%s/program.h", device) : "runtime/cli/program.h";
    if (c->draft) str_printf(out, "#include \"%s.h\"\n", c->draft->name);
    str_printf(out, "#include \"%s.h\"\n#include \"%s\"\n\n#ifndef HF2C_SELF_TEST\n", c->name, flat_name(c->arena, header));
    str_printf(out, "int main(int argc, char **argv)\n{\n");
    str_printf(out, "    static const hf2c_program program = {");
    if (options->detach_weights) str_printf(out, ".weights_file = \"%s.weights\"", c->name);
    else str_printf(out, ".weights = %s_weights, .bytes = %zu", c->name, c->facts.weights_bytes);
    if (device) str_printf(out, ", .device = &hf2c_program_%s", device);
    if (c->draft)
        str_printf(out, ",\n        .draft = &%s_model, .draft_weights = %s_weights, .draft_bytes = %zu", c->draft->name, c->draft->name,
                   c->draft->facts.weights_bytes);
    str_printf(out, "};\n");
    str_printf(out, "    return hf2c_main(&%s_model, &program, argc, argv);\n}\n#else\ntypedef int the_self_test_has_main;\n#endif\n", c->name);
}

const char *const emit_picture_libraries = "-lpng -ljpeg";

bool emit_reads_pictures(const Compiled *c) { return c->target->hosted && c->facts.image; }

static void print_one_command(Str *out, const Compiled *c)
{
    if (c->target->threads)
        str_printf(out, "THREADS=$(echo 'int main(void){return 0;}' | \"$CC\" -fopenmp -x c - -o /dev/null 2>/dev/null && echo -fopenmp || true)\n");
    str_printf(out, "\"$CC\" %s %s$CFLAGS *.c -o \"$OUT\" %s%s%s\n", c->target->flags, c->target->threads ? "$THREADS " : "",
               emit_reads_pictures(c) ? emit_picture_libraries : "", emit_reads_pictures(c) ? " " : "", c->target->link);
}

/* Two compilers: one for C, one for the device. */
static void print_device_commands(Str *out, const Compiled *c)
{
    const Target *t = c->target;
    str_printf(out, ": \"${DEVICE_CC:=%s}\"\nobjects=$(mktemp -d)\ntrap 'rm -rf \"$objects\"' EXIT\n", t->device_compiler);
    str_printf(out, "for source in *.c; do \"$CC\" %s $CFLAGS -c \"$source\" -o \"$objects/$source.o\"; done\n", t->flags);
    str_printf(out, "for source in *.cu; do \"$DEVICE_CC\" %s -c \"$source\" -o \"$objects/$source.o\"; done\n", t->device_flags);
    str_printf(out, "\"$DEVICE_CC\" %s \"$objects\"/*.o -o \"$OUT\" %s\n", t->device_flags, t->link);
}

/* Firmware has a main function, start-up code and linker script of its own: only the objects are made here. */
static void print_object_commands(Str *out, const Compiled *c)
{
    str_printf(out, "mkdir -p \"$OUT\"\nfor source in *.c; do \"$CC\" %s $CFLAGS -c \"$source\" -o \"$OUT/${source%%.c}.o\"; done\n", c->target->flags);
}

void emit_build_script(Str *out, const Compiled *c, const EmitOptions *options)
{
    bool objects = !c->target->hosted;
    str_printf(out,
               "#!/bin/sh\n# Builds the %s %s here; hf2c is not needed. CC, CFLAGS and OUT may be set.\nset -e\ncd \"$(dirname \"$0\")\"\n"
               ": \"${CC:=%s}\"\n: \"${OUT:=%s}\"\n", objects ? "objects of" : "program", c->name, c->target->compiler, objects ? "objects" : c->name);
    if (objects) print_object_commands(out, c);
    else if (c->target->device_compiler[0]) print_device_commands(out, c);
    else print_one_command(out, c);
    if (options->detach_weights) str_printf(out, "# %s.weights must lie beside the program.\n", c->name);
}

/* The target's flags but its -std, which CMake sets; each behind a space. */
static void print_flags(Str *out, const char *flags)
{
    for (const char *at = flags; *at;) {
        size_t n = strcspn(at, " ");
        if (n && strncmp(at, "-std=", 5) != 0) str_printf(out, " %.*s", (int)n, at);
        at += n + (at[n] == ' ');
    }
}

static void print_cmake_library(Str *out, const Compiled *c)
{
    const Target *t = c->target;
    bool device = t->device_compiler[0];
    str_printf(out, "file(GLOB sources *.c%s)\nlist(FILTER sources EXCLUDE REGEX \"_(main|test)\\\\.c$\")\n", device ? " *.cu" : "");
    str_printf(out, "add_library(%s_model ${sources})\ntarget_include_directories(%s_model PUBLIC .)\n", c->name, c->name);
    str_printf(out, "set(c_flags");
    print_flags(out, t->flags);
    str_printf(out, " -Wa,-I${CMAKE_CURRENT_SOURCE_DIR})\ntarget_compile_options(%s_model PRIVATE \"$<$<COMPILE_LANGUAGE:C>:${c_flags}>\")\n", c->name);
    if (device) {
        str_printf(out, "set(device_flags");
        print_flags(out, t->device_flags);
        str_printf(out, ")\ntarget_compile_options(%s_model PRIVATE \"$<$<COMPILE_LANGUAGE:CUDA>:${device_flags}>\")\n", c->name);
    }
    str_printf(out, "target_link_libraries(%s_model PUBLIC %sm)\n", c->name, emit_reads_pictures(c) ? "png jpeg " : "");
    if (t->threads)
        str_printf(out, "find_package(OpenMP)\nif(OpenMP_C_FOUND)\n  target_link_libraries(%s_model PUBLIC OpenMP::OpenMP_C)\nendif()\n", c->name);
}

void emit_cmake(Str *out, const Compiled *c, const EmitOptions *options)
{
    const char *name = c->name;
    bool device = c->target->device_compiler[0];
    str_printf(out, "cmake_minimum_required(VERSION 3.18)\n");
    if (device) str_printf(out, "set(CMAKE_CUDA_ARCHITECTURES OFF) # the flags below say\nset(CMAKE_CUDA_STANDARD 17)\n");
    str_printf(out, "project(%s %s)\nset(CMAKE_C_STANDARD 11)\n", name, device ? "C CUDA" : "C");
    print_cmake_library(out, c);
    if (emit_has_main(c, options)) str_printf(out, "add_executable(%s %s_main.c)\ntarget_link_libraries(%s %s_model)\n", name, name, name, name);
    if (!emit_has_self_test(c)) return;
    str_printf(out, "enable_testing()\nadd_executable(%s_test %s_test.c)\ntarget_compile_definitions(%s_test PRIVATE HF2C_SELF_TEST)\n", name, name, name);
    str_printf(out, "target_link_libraries(%s_test %s_model)\nadd_test(NAME %s COMMAND %s_test)\n", name, name, name, name);
}
