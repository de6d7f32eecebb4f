/* host: a launch without a device. Blocks run one after another; the threads of a block are contexts of the caller's own
 * thread, each of which runs until its next barrier, in another order after each one, so that a barrier that is missing
 * shows. The default is one thread a block. */
#ifndef HF2C_CUDA_HOST_CUH
#define HF2C_CUDA_HOST_CUH

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static /* blocks run one at a time, so one copy of a shared array is enough */

struct EmulatedThread {
    ucontext_t context;
    std::vector<char> stack;
};

struct EmulatedGrid {
    int threads = 1;                   /* of each block, at most BLOCK_THREADS; set by tests */
    int64_t most_blocks = GRID_BLOCKS; /* of a launch; set by tests */
    int64_t blocks = 0;                /* of the launch that runs */
    int64_t block = 0;                 /* that the running thread is in */
    std::mutex running;                /* one launch at a time */
    std::vector<EmulatedThread> thread;
    std::vector<int> order; /* of the threads until the next barrier */
    int turn = 0;           /* in the order */
    int left = 0;           /* threads at their end */
    unsigned shuffles = 1;
    std::function<void()> work; /* of each thread */
};
inline EmulatedGrid emulated_grid;

inline int thread_index() { return emulated_grid.threads == 1 ? 0 : emulated_grid.order[emulated_grid.turn]; }
inline int thread_count() { return emulated_grid.threads; }
inline int64_t block_index() { return emulated_grid.block; }
inline int64_t block_count() { return emulated_grid.blocks; }

inline void emulated_shuffle(EmulatedGrid &grid)
{
    for (int i = grid.threads - 1; i > 0; i--) {
        grid.shuffles = grid.shuffles * 1664525u + 1013904223u; /* Numerical Recipes, chapter 7 */
        std::swap(grid.order[i], grid.order[(grid.shuffles >> 8) % (unsigned)(i + 1)]);
    }
    grid.turn = 0;
}

inline void emulated_switch(EmulatedThread &from, EmulatedThread &to)
{
    if (&from != &to) swapcontext(&from.context, &to.context);
}

inline void block_barrier()
{
    EmulatedGrid &grid = emulated_grid;
    if (grid.threads == 1) return;
    const int64_t block = grid.block;
    EmulatedThread &self = grid.thread[thread_index()];
    if (++grid.turn == grid.threads) emulated_shuffle(grid);
    emulated_switch(self, grid.thread[thread_index()]);
    grid.block = block;
}

/* The last one goes back to the caller's. */
inline void emulated_leave(EmulatedGrid &grid)
{
    EmulatedThread &self = grid.thread[thread_index()];
    grid.left++;
    emulated_switch(self, grid.thread[++grid.turn == grid.threads ? 0 : thread_index()]);
    if (grid.left == grid.threads) return;
    fprintf(stderr, "threads of a block come to different numbers of barriers\n");
    abort();
}

/* One thread's way through all blocks of a launch. */
inline void emulated_run()
{
    EmulatedGrid &grid = emulated_grid;
    for (grid.block = 0; grid.block < grid.blocks; grid.block++) {
        grid.work();
        block_barrier();
    }
    if (grid.threads > 1) emulated_leave(grid);
}

/* Thread 0 is the caller's. */
inline void emulated_launch(EmulatedGrid &grid)
{
    enum { STACK_BYTES = 1 << 17 };
    grid.thread.resize((size_t)grid.threads);
    grid.order.resize((size_t)grid.threads);
    for (int i = 0; i < grid.threads; i++) {
        EmulatedThread &thread = grid.thread[i];
        grid.order[i] = i;
        if (i == 0) continue;
        thread.stack.resize(STACK_BYTES);
        getcontext(&thread.context);
        thread.context.uc_stack.ss_sp = thread.stack.data();
        thread.context.uc_stack.ss_size = thread.stack.size();
        makecontext(&thread.context, emulated_run, 0);
    }
    grid.turn = grid.left = 0;
    emulated_run();
}

template <class... Parameters, class... Arguments>
void launch(hf2c_stream *stream, const char *, int64_t blocks, void (*kernel)(Parameters...), Arguments... arguments)
{
    if (stream->status != HF2C_OK || blocks <= 0) return;
    EmulatedGrid &grid = emulated_grid;
    std::lock_guard<std::mutex> lock(grid.running);
    grid.blocks = blocks < grid.most_blocks ? blocks : grid.most_blocks;
    grid.work = [=] { kernel(arguments...); };
    emulated_launch(grid);
}

#endif
