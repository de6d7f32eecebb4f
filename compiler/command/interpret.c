/* interpret: the program of a model, run by the interpreter: the same command line, the same tasks. */
#include "compiler/command/calibrate.h"
#include "compiler/command/command.h"
#include "compiler/engine/engine.h"
#include "runtime/cli/program.h"

/* The program's own arguments, with hf2c's --threads before them. */
static int program_arguments(Arena *arena, const Options *options, const char *name, const char ***argument)
{
    int count = 0;
    const char **list = *argument = ARENA_ARRAY(arena, const char *, (size_t)options->word_count + 4);
    list[count++] = name;
    if (options->threads) {
        list[count++] = "--threads";
        list[count++] = arena_printf(arena, "%lld", (long long)options->threads);
    }
    for (int i = 0; i < options->word_count; i++) list[count++] = options->words[i];
    return count;
}

int command_interpret(const Options *options)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    CompileOptions compile_options = options_compile(options);
    calibrate_for(arena, options, stderr, &compile_options);
    Compiled *c = command_compile(arena, options, &compile_options);
    Engine *engine = engine_interpreter(arena, c, &err);
    if (!engine) fatal("%s", err.text);
    hf2c_program program = {.weights = engine->weights, .bytes = c->facts.weights_bytes, .engine = engine};
    const char **argument;
    int count = program_arguments(arena, options, c->name, &argument);
    int status = hf2c_main(&engine->model, &program, count, (char **)argument);
    arena_free(arena);
    return status;
}
