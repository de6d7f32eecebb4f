#include "runtime/cli/cli.h"
#include "runtime/cli/system.h"

static int run(const hf2c_model *model, const hf2c_program *program, const Arguments *arguments, const char *argv0)
{
    Session session;
    int status = EXIT_BAD_INPUT;
    if (session_open(&session, model, program, arguments, argv0)) {
        switch (arguments->mode) {
        case MODE_PEOPLE:
        case MODE_JSON:
            status = run_texts(&session, arguments);
            break;
        case MODE_JSONL:
            status = run_jsonl(&session, arguments);
            break;
        case MODE_INFO:
            status = run_info(&session, arguments);
            break;
        case MODE_CHECK:
            status = run_check(&session, program);
            break;
        case MODE_BENCH:
            status = run_bench(&session, arguments);
            break;
        case MODE_CHAT:
            status = run_chat(&session, arguments);
            break;
        case MODE_HELP:
            status = 0;
            break;
        }
    }
    session_close(&session);
    return status;
}

int hf2c_main(const hf2c_model *model, const hf2c_program *program, int argc, char **argv)
{
    Arguments arguments;
    int status = EXIT_WRONG_USAGE;
    system_begin();
    interrupts_watch();
    if (arguments_read(&arguments, model, argc, argv)) {
        if (arguments.mode == MODE_HELP) {
            help_print(model, arguments.task, argc > 0 ? argv[0] : model->name);
            status = 0;
        } else {
            status = run(model, program, &arguments, argc > 0 ? argv[0] : "");
        }
    }
    arguments_free(&arguments);
    if (fflush(stdout) != 0 && status == 0) status = EXIT_BAD_INPUT;
    return status;
}
