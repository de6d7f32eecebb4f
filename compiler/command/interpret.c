/* interpret: the program of a model, run by the interpreter: the same command line, the same tasks. */
#include "compiler/command/command.h"
#include "compiler/engine/engine.h"
#include "runtime/cli/program.h"

int command_interpret(const Options *options)
{
    Arena *arena = arena_new();
    Err err = {{0}};
    CompileOptions compile_options = options_compile(options);
    Compiled *c = command_compile(arena, options, &compile_options);
    Engine *engine = engine_interpreter(arena, c, &err);
    if (!engine) fatal("%s", err.text);
    hf2c_program program = {.weights = engine->weights, .bytes = c->facts.weights_bytes, .engine = engine};
    const char **argument = ARENA_ARRAY(arena, const char *, (size_t)options->word_count + 2);
    argument[0] = c->name;
    for (int i = 0; i < options->word_count; i++) argument[i + 1] = options->words[i];
    int status = hf2c_main(&engine->model, &program, options->word_count + 1, (char **)argument);
    arena_free(arena);
    return status;
}
