/* host: a launch without a device. Blocks run one after another; the threads of a block are real threads that meet at
 * its barriers, or just the caller when a block has one thread, the default. */
#ifndef HF2C_CUDA_HOST_CUH
#define HF2C_CUDA_HOST_CUH

#include <stddef.h>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static /* blocks run one at a time, so one copy of a shared array is enough */

struct EmulatedGrid {
    int threads = 1;                   /* of each block, at most BLOCK_THREADS; set by tests */
    int64_t most_blocks = GRID_BLOCKS; /* of a launch; set by tests */
    int64_t blocks = 0;                /* of the launch that runs */
    std::mutex running;                /* one launch at a time */
    std::mutex guard;                  /* of the barrier */
    std::condition_variable changed;
    int waiting = 0;
    unsigned phase = 0;
};
inline EmulatedGrid emulated_grid;
inline thread_local int emulated_thread = 0;
inline thread_local int64_t emulated_block = 0;

inline int thread_index() { return emulated_thread; }
inline int thread_count() { return emulated_grid.threads; }
inline int64_t block_index() { return emulated_block; }
inline int64_t block_count() { return emulated_grid.blocks; }

inline void block_barrier()
{
    EmulatedGrid &grid = emulated_grid;
    if (grid.threads == 1) return;
    std::unique_lock<std::mutex> lock(grid.guard);
    unsigned phase = grid.phase;
    if (++grid.waiting == grid.threads) {
        grid.waiting = 0;
        grid.phase++;
        grid.changed.notify_all();
    } else {
        grid.changed.wait(lock, [&] { return grid.phase != phase; });
    }
}

/* One thread's way through all blocks of a launch. */
template <class... Parameters, class... Arguments>
void emulate_thread(int thread, void (*kernel)(Parameters...), Arguments... arguments)
{
    emulated_thread = thread;
    for (int64_t block = 0; block < emulated_grid.blocks; block++) {
        emulated_block = block;
        kernel(arguments...);
        block_barrier();
    }
}

template <class... Parameters, class... Arguments>
void launch(hf2c_stream *stream, const char *, int64_t blocks, void (*kernel)(Parameters...), Arguments... arguments)
{
    if (stream->status != HF2C_OK || blocks <= 0) return;
    EmulatedGrid &grid = emulated_grid;
    std::lock_guard<std::mutex> lock(grid.running);
    grid.blocks = blocks < grid.most_blocks ? blocks : grid.most_blocks;
    std::vector<std::thread> others;
    for (int thread = 1; thread < grid.threads; thread++)
        others.emplace_back([=] { emulate_thread(thread, kernel, arguments...); });
    emulate_thread(0, kernel, arguments...);
    for (std::thread &other : others) other.join();
}

#endif
