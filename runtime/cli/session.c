/* session: weights, memory and signals of a running program. */
#include "runtime/cli/cli.h"
#include "runtime/cli/system.h"
#include "runtime/core/team.h"
#include "runtime/task/generation.h"

#include <stdlib.h>
#include <string.h>

double seconds_now(void) { return system_seconds(); }

/* ---- signals ---- */

static volatile system_flag stop_asked;

static void on_signal(int number)
{
    (void)number;
    if (stop_asked) system_end(EXIT_INTERRUPTED); /* asked twice: at once */
    stop_asked = 1;
}

int interrupted(void *owner)
{
    (void)owner;
    return stop_asked;
}

void interrupts_watch(void) { system_watch(on_signal); }

/* ---- memory ---- */

/* Address space of at most that many bytes, of which only what is touched becomes memory. Half as much, and so on, where the
 * system refuses. */
static void *reserve(size_t *bytes, size_t least)
{
    for (size_t size = *bytes; size >= least && size > 0; size /= 2) {
        void *memory = system_reserve(size);
        if (!memory) continue;
        *bytes = size;
        return memory;
    }
    *bytes = 0;
    return NULL;
}

static int no_memory(const char *what, size_t bytes)
{
    fprintf(stderr, "out of memory: %zu bytes for the %s\n", bytes, what);
    return 0;
}

#ifdef SYSTEM_OTHER
enum { MOST_SLOTS = 4 }; /* memory that nobody touches is memory too */
#else
enum { MOST_SLOTS = 64 };
#endif

static int take_scratch(Session *session)
{
    session->scratch.bytes = (size_t)((uint64_t)1 << (SIZE_MAX > UINT32_MAX ? 35 : 27));
    session->scratch.memory = reserve(&session->scratch.bytes, (size_t)1 << 20);
    return session->scratch.memory ? 1 : no_memory("scratch", (size_t)1 << 20);
}

static int take_memory(Memory *memory, const hf2c_model *model)
{
    memory->workspace_bytes = model->workspace_bytes;
    if (model->workspace_bytes && !(memory->workspace = reserve(&memory->workspace_bytes, model->workspace_bytes)))
        return no_memory("workspace", model->workspace_bytes);
    /* Slots that no sequence uses stay untouched. */
    memory->state_bytes = model->state_bytes <= SIZE_MAX / 4 / MOST_SLOTS ? MOST_SLOTS * model->state_bytes : model->state_bytes;
    if (model->state_bytes && !(memory->state = reserve(&memory->state_bytes, model->state_bytes)))
        return no_memory("cache", model->state_bytes);
    return 1;
}

static void give_memory(Memory *memory)
{
    if (memory->workspace) system_release(memory->workspace, memory->workspace_bytes);
    if (memory->state) system_release(memory->state, memory->state_bytes);
}

/* ---- weights ---- */

/* The running executable; argv[0] where the system does not tell. */
static void executable_path(char *path, size_t capacity, const char *argv0)
{
    if (!system_executable(path, capacity)) snprintf(path, capacity, "%s", argv0);
}

static void weights_path(char *path, size_t capacity, const char *file, const char *argv0)
{
    executable_path(path, capacity, argv0);
    if (!file) return;
    char *slash = strrchr(path, '/');
    size_t folder = slash && file[0] != '/' ? (size_t)(slash - path) + 1 : 0;
    snprintf(path + folder, capacity - folder, "%s", file);
}

static int find_weights(Session *session, const hf2c_program *program, const char *argv0)
{
    char path[4096];
    const char *reason;
    session->map = (hf2c_weights_map){.weights = program->weights, .bytes = program->bytes};
    if (program->weights || session->model->weights_bytes == 0) return 1;
    weights_path(path, sizeof path, program->weights_file, argv0);
    if (hf2c_weights_map_file(&session->map, path, &reason) == HF2C_OK)
        reason = hf2c_weights_fault(session->model, session->map.weights, session->map.bytes);
    if (!reason) return 1;
    fprintf(stderr, "%s: weights: %s\n", path, reason);
    return 0;
}

/* Without them the answers are the same. */
static void use_huge_pages(Session *session, int threads)
{
    const char *reason = hf2c_weights_to_huge_pages(&session->map, threads > 0 ? threads : hf2c_thread_limit());
    if (reason) fprintf(stderr, "note: no huge pages for the weights: %s\n", reason);
    session->huge_pages = !reason;
}

/* ---- open and close ---- */

static int open_context(hf2c_context *context, Memory *memory, const hf2c_model *model, const void *weights, size_t bytes, int threads)
{
    if (!take_memory(memory, model)) return 0;
    hf2c_status status = hf2c_context_init(context, model, weights, bytes, memory->workspace, memory->workspace_bytes, memory->state,
                                           memory->state_bytes, threads > 0 ? threads : hf2c_thread_limit());
    if (status != HF2C_OK) fprintf(stderr, "%s: %s\n", model->name, hf2c_status_text(status));
    return status == HF2C_OK;
}

static int open_here(Session *session, const hf2c_program *program, int threads)
{
    const hf2c_weights_map *map = &session->map;
    if (!open_context(&session->context, &session->memory, session->model, map->weights, map->bytes, threads)) return 0;
    session->context.engine = program->engine;
    if (!program->draft) return 1;
    session->draft.context = &session->draft_context;
    return open_context(&session->draft_context, &session->draft_memory, program->draft, program->draft_weights, program->draft_bytes, threads);
}

static int open_on_device(Session *session, const hf2c_program_device *device)
{
    char reason[256] = "";
    hf2c_status status = device->attach(&session->context, session->model, session->map.weights, session->map.bytes, MOST_SLOTS, reason);
    if (status == HF2C_OK) session->device = device;
    else fprintf(stderr, "%s: %s\n", session->model->name, reason[0] ? reason : hf2c_status_text(status));
    return status == HF2C_OK;
}

static int check_baked(const hf2c_model *model)
{
    const hf2c_baked *baked = model->baked;
    if (!baked || hf2c_baked_hash(baked->data, baked->bytes) == baked->hash) return 1;
    fprintf(stderr, "%s: the prompt that was read at build time is damaged\n", model->name);
    return 0;
}

int session_open(Session *session, const hf2c_model *model, const hf2c_program *program, const Arguments *arguments, const char *argv0)
{
    double start = seconds_now();
    *session = (Session){.model = model};
    if (!check_baked(model) || !find_weights(session, program, argv0) || !take_scratch(session)) return 0;
    if (arguments->huge_pages) use_huge_pages(session, arguments->threads);
    if (!(program->device ? open_on_device(session, program->device) : open_here(session, program, arguments->threads))) return 0;
    /* Without memory for it nothing is kept. */
    if (model->state_bytes) session->kept.ids = calloc((size_t)model->max_sequence, sizeof *session->kept.ids);
    session->start_seconds = seconds_now() - start;
    return 1;
}

void session_close(Session *session)
{
    if (session->device) session->device->detach(&session->context);
    free(session->kept.ids);
    give_memory(&session->memory);
    give_memory(&session->draft_memory);
    if (session->scratch.memory) system_release(session->scratch.memory, session->scratch.bytes);
    hf2c_weights_unmap(&session->map);
}

/* ---- requests ---- */

static void flush_output(void *owner)
{
    (void)owner;
    fflush(stdout);
}

hf2c_status session_request(Session *session, const hf2c_task *task, hf2c_text inputs, hf2c_text kwargs, hf2c_sink *sink, int people,
                            hf2c_message *message)
{
    hf2c_run run = {.context = &session->context, .scratch = &session->scratch, .sink = sink, .message = message, .people = people};
    run.cancelled = interrupted;
    run.flush = flush_output;
    if (session->kept.ids) run.kept = &session->kept;
    if (session->draft.context) run.draft = &session->draft;
    run.now = local_now();
    message->text[0] = '\0';
    session->scratch.used = 0;
    const hf2c_task *own = task ? task : hf2c_task_default(session->model);
    if (!task && own && own->prompts) return own->prompts(&run, inputs, kwargs);
    if (!task) return hf2c_prompts_request(&run, inputs, kwargs);
    return hf2c_task_request(&run, task, inputs, kwargs);
}

const char *failure_text(hf2c_status status, const hf2c_message *message)
{
    return message->text[0] ? message->text : hf2c_status_text(status);
}
