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

/* The weights file inside the program, by the assembler: no compiler reads megabytes of numbers. */
void emit_weights(Str *out, const Compiled *c, const EmitOptions *options)
{
    str_printf(out, "/* %s_weights.c: the bytes of %s.weights, in this program's read-only data. */\n#include \"%s.h\"\n\n", c->name, c->name, c->name);
    if (options->detach_weights) {
        str_printf(out, "typedef int weights_are_mapped_from_a_file;\n");
        return;
    }
    str_printf(out,
               "#if defined(HF2C_WEIGHTS_SECTION)\n#define SECTION HF2C_WEIGHTS_SECTION\n#elif defined(__APPLE__)\n#define SECTION \"__TEXT,__const\"\n"
               "#elif defined(__arm__)\n#define SECTION \".rodata,\\\"a\\\",%%progbits\"\n#else\n#define SECTION \".rodata,\\\"a\\\",@progbits\"\n#endif\n"
               "#if defined(__APPLE__)\n#define SYMBOL \"_%s_weights\"\n#else\n#define SYMBOL \"%s_weights\"\n#endif\n\n"
               "__asm__(\".section \" SECTION \"\\n\"\n        \".balign 64\\n\"\n        \".globl \" SYMBOL \"\\n\"\n        SYMBOL \":\\n\"\n"
               "        \".incbin \\\"%s.weights\\\"\\n\"\n        \".byte 0\\n\"\n        \".text\\n\");\n",
               c->name, c->name, c->name);
}

void emit_main(Str *out, const Compiled *c, const EmitOptions *options)
{
    str_printf(out, "/* %s_main.c: the command line. With -DHF2C_SELF_TEST %s_test.c has the main function instead. */\n", c->name, c->name);
    str_printf(out, "#include \"%s.h\"\n#include \"%s\"\n\n#ifndef HF2C_SELF_TEST\n", c->name, flat_name(c->arena, "runtime/cli/program.h"));
    str_printf(out, "int main(int argc, char **argv)\n{\n");
    if (options->detach_weights)
        str_printf(out, "    static const hf2c_program program = {.weights_file = \"%s.weights\"};\n", c->name);
    else
        str_printf(out, "    static const hf2c_program program = {.weights = %s_weights, .bytes = %zu};\n", c->name, c->facts.weights_bytes);
    str_printf(out, "    return hf2c_main(&%s_model, &program, argc, argv);\n}\n#else\ntypedef int the_self_test_has_main;\n#endif\n", c->name);
}

void emit_build_script(Str *out, const Compiled *c, const EmitOptions *options)
{
    const char *sources = strcmp(c->target->emitter, "cuda") == 0 ? "*.c *.cu" : "*.c";
    str_printf(out,
               "#!/bin/sh\n# Builds the program %s here; hf2c is not needed. CC, CFLAGS and OUT may be set.\nset -e\ncd \"$(dirname \"$0\")\"\n"
               ": \"${CC:=%s}\"\n: \"${OUT:=%s}\"\n", c->name, c->target->compiler, c->name);
    if (c->target->threads)
        str_printf(out, "THREADS=$(echo 'int main(void){return 0;}' | \"$CC\" -fopenmp -x c - -o /dev/null 2>/dev/null && echo -fopenmp || true)\n");
    str_printf(out, "\"$CC\" %s %s$CFLAGS %s -o \"$OUT\" %s\n", c->target->flags, c->target->threads ? "$THREADS " : "", sources, c->target->link);
    if (options->detach_weights) str_printf(out, "# %s.weights must lie beside the program.\n", c->name);
}

void emit_cmake(Str *out, const Compiled *c, const EmitOptions *options)
{
    str_printf(out, "cmake_minimum_required(VERSION 3.16)\nproject(%s C)\nset(CMAKE_C_STANDARD 11)\nfind_package(OpenMP)\n", c->name);
    str_printf(out, "file(GLOB sources *.c)\nlist(FILTER sources EXCLUDE REGEX \"_(main|test)\\\\.c$\")\n");
    str_printf(out, "add_library(%s_model ${sources})\ntarget_include_directories(%s_model PUBLIC .)\n", c->name, c->name);
    str_printf(out, "target_compile_options(%s_model PRIVATE -O3", c->name);
    for (const char *at = strstr(c->target->flags, "-m"); at && *at; at = strstr(at + 1, "-m")) str_printf(out, " %.*s", (int)strcspn(at, " "), at);
    str_printf(out, " \"-Wa,-I${CMAKE_CURRENT_SOURCE_DIR}\")\ntarget_link_libraries(%s_model PUBLIC m)\n", c->name);
    str_printf(out, "if(OpenMP_C_FOUND)\n  target_link_libraries(%s_model PUBLIC OpenMP::OpenMP_C)\nendif()\n", c->name);
    if (options->program) str_printf(out, "add_executable(%s %s_main.c)\ntarget_link_libraries(%s %s_model)\n", c->name, c->name, c->name, c->name);
    str_printf(out, "enable_testing()\nadd_executable(%s_test %s_test.c)\ntarget_compile_definitions(%s_test PRIVATE HF2C_SELF_TEST)\n", c->name, c->name, c->name);
    str_printf(out, "target_link_libraries(%s_test %s_model)\nadd_test(NAME %s COMMAND %s_test)\n", c->name, c->name, c->name, c->name);
}
