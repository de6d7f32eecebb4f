/* pack_file: weights as a file. Threads pack chunks of rows, whatever weight they are of; each then waits for its turn to write, so that the file is
 * written, and its checksum computed, from beginning to end while other chunks are packed. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "compiler/emit/packing.h"
#include "compiler/emit/progress.h"
#include "compiler/read/quantized.h"
#include "runtime/core/team.h"

/* A weight some of whose chunks are written and others are not. */
typedef struct Open {
    Arena *arena; /* NULL: not begun, or ended */
    Packing *packing;
    uint8_t *behind; /* what comes behind all codes */
    size_t codes, behind_bytes;
    bool faulty; /* what remains of it is only looked at */
} Open;

typedef struct Job {
    size_t weight;
    int64_t chunk;
} Job;

typedef struct Stream {
    const Plan *plan;
    Open *open; /* [plan->weights] */
    Job *job;   /* chunks in the order in which they are written */
    size_t jobs;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t beginning; /* of weights */
    pthread_mutex_t writing;
    pthread_cond_t written;
    size_t turn; /* the job that may write */
    FileWriter *writer;
    hf2c_checksum sum;
    Progress progress;
    Err *err;
} Stream;

/* ---- what there is to do ---- */

/* Bytes of the checkpoint that a weight is made of. */
static size_t source_bytes(const Node *node)
{
    size_t bytes = 0;
    Format format = FORMAT_f32;
    if (node->op == OP_param && node->tensor && format_parse(tensor_natural_format(node->tensor), &format))
        bytes = node->tensor->elements * (size_t)format_bits(format) / 8;
    for (int i = 0; i < node->operands; i++)
        if (node->operand[i]) bytes += source_bytes(node->operand[i]);
    return bytes;
}

static void begin_progress(Progress *progress, const Plan *plan)
{
    size_t total = 0;
    for (size_t i = 0; i < plan->weights; i++) total += source_bytes(plan->weight[i].node);
    progress_begin(progress, total);
}

static void list_jobs(Stream *s, Arena *arena)
{
    const Plan *plan = s->plan;
    for (size_t i = 0; i < plan->weights; i++) s->jobs += (size_t)packing_chunks(&plan->weight[i]);
    s->job = ARENA_ARRAY(arena, Job, s->jobs);
    s->open = ARENA_ARRAY(arena, Open, plan->weights);
    Job *job = s->job;
    for (size_t i = 0; i < plan->weights; i++)
        for (int64_t c = 0; c < packing_chunks(&plan->weight[i]); c++) *job++ = (Job){i, c};
}

/* ---- writing, one thread at a time ---- */

static void put(Stream *s, const void *data, size_t bytes)
{
    writer_write(s->writer, data, bytes);
    hf2c_checksum_add(&s->sum, data, bytes);
}

static void write_parts(Stream *s, Open *open, const PackedWeight *weight, const ChunkPart part[2])
{
    if (part[0].at != open->codes) bug("codes at %zu of a weight, not at %zu", part[0].at, open->codes);
    put(s, part[0].from, part[0].bytes);
    open->codes += part[0].bytes;
    if (part[1].bytes == 0) return;
    if (!open->behind) open->behind = arena_alloc(open->arena, weight->bytes - part[1].at);
    memcpy(open->behind + open->behind_bytes, part[1].from, part[1].bytes);
    open->behind_bytes += part[1].bytes;
}

static bool end_weight(Stream *s, Open *open, const PackedWeight *weight)
{
    PackError error;
    if (!packing_end(open->packing, &error, s->err)) return false;
    if (open->behind_bytes) {
        writer_pad(s->writer, HF2C_WEIGHTS_ALIGNMENT);
        put(s, open->behind, open->behind_bytes);
    }
    if (writer_size(s->writer) != weight->offset + weight->bytes) bug("a weight ends at %zu, planned at %zu", writer_size(s->writer), weight->offset + weight->bytes);
    progress_add(&s->progress, source_bytes(weight->node));
    arena_free(open->arena);
    open->arena = NULL;
    return true;
}

/* chunk: NULL if it could not be packed. */
static bool write_chunk(Stream *s, const Job *job, const PackedChunk *chunk)
{
    const PackedWeight *weight = &s->plan->weight[job->weight];
    Open *open = &s->open[job->weight];
    ChunkPart part[2];
    if (!chunk) open->faulty = true;
    if (!open->faulty) {
        if (job->chunk == 0) writer_pad(s->writer, HF2C_WEIGHTS_ALIGNMENT);
        packing_place(weight, chunk, part);
        write_parts(s, open, weight, part);
    }
    return job->chunk + 1 < packing_chunks(weight) || end_weight(s, open, weight);
}

/* ---- packing ---- */

static Packing *begin_weight(Stream *s, size_t number)
{
    const PackedWeight *weight = &s->plan->weight[number];
    Open *open = &s->open[number];
    pthread_mutex_lock(&s->beginning);
    if (!open->packing) {
        open->arena = arena_new();
        open->packing = packing_new(open->arena, weight, (Format)weight->layout.format, false);
    }
    pthread_mutex_unlock(&s->beginning);
    return open->packing;
}

static void do_job(Stream *s, size_t number)
{
    const Job *job = &s->job[number];
    Arena *scratch = arena_new();
    PackedChunk chunk;
    bool packed = !s->failed && packing_chunk(begin_weight(s, job->weight), scratch, job->chunk, &chunk);
    if (packed) pack_order_bytes(s->plan->options.target, &chunk.layout, chunk.bytes, chunk.packed);
    pthread_mutex_lock(&s->writing);
    while (s->turn != number) pthread_cond_wait(&s->written, &s->writing);
    if (!s->failed && !write_chunk(s, job, packed ? &chunk : NULL)) s->failed = true;
    s->turn++;
    pthread_cond_broadcast(&s->written);
    pthread_mutex_unlock(&s->writing);
    arena_free(scratch);
}

static void do_jobs(const hf2c_team *team, void *argument)
{
    Stream *s = argument;
    (void)team;
    for (size_t i = s->next++; i < s->jobs; i = s->next++) do_job(s, i);
}

static bool write_weights(Stream *s)
{
    Arena *arena = arena_new();
    list_jobs(s, arena);
    begin_progress(&s->progress, s->plan);
    pthread_mutex_init(&s->beginning, NULL);
    pthread_mutex_init(&s->writing, NULL);
    pthread_cond_init(&s->written, NULL);
    hf2c_parallel(hf2c_thread_limit(), do_jobs, s);
    pthread_cond_destroy(&s->written);
    pthread_mutex_destroy(&s->writing);
    pthread_mutex_destroy(&s->beginning);
    for (size_t i = 0; i < s->plan->weights; i++) arena_free(s->open[i].arena);
    arena_free(arena);
    return !s->failed;
}

/* The header holds the checksum of what follows, so it is written last, in its place. */
bool pack_to_file(const Plan *plan, const char *path, uint64_t *hash, Err *err)
{
    uint8_t header[HF2C_WEIGHTS_HEADER];
    Stream s = {.plan = plan, .writer = writer_open(path, err), .err = err};
    if (!s.writer) return false;
    uint64_t layout = pack_begin(plan, header, &s.sum);
    writer_write(s.writer, header, sizeof header);
    if (!write_weights(&s)) {
        writer_discard(s.writer);
        return false;
    }
    progress_end(&s.progress, plan->weights_bytes);
    *hash = hf2c_checksum_end(&s.sum);
    hf2c_weights_write_header(header, plan->weights_bytes, layout, *hash);
    writer_write_at(s.writer, 0, header, sizeof header);
    return writer_commit(s.writer, false, err);
}
