#include "tests/cuda/host_kernels.h"

#include <stdio.h>

std::mt19937 generator(getenv("SEED") ? (unsigned)strtoul(getenv("SEED"), NULL, 10) : 1u);

/* ---- sequences ---- */

static Sequences make_sequences(int count, const std::vector<int> &lengths, bool cached)
{
    Sequences s = {Buffer<int32_t>(count + 1), Buffer<int32_t>(count), Buffer<int32_t>(count), Buffer<int32_t>(count), Buffer<int32_t>(count),
                   Buffer<hf2c_sequences>(1), 0};
    for (int i = 0; i < count; i++) {
        s.start[i] = s.rows;
        s.rows += lengths[(size_t)i];
    }
    s.start[count] = s.rows;
    hf2c_sequences *table = s.table;
    memset(table, 0, sizeof *table);
    table->count = count;
    table->rows = s.rows;
    table->start = s.start;
    table->past = cached ? s.past : (int32_t *)NULL;
    table->slot = cached && random_between(0, 1) ? s.slot : (int32_t *)NULL;
    table->memory = s.memory;
    table->memory_slot = random_between(0, 1) ? s.memory_slot : (int32_t *)NULL;
    return s;
}

Sequences random_sequences(int most_past, int64_t slot_floats)
{
    int count = random_between(1, 4);
    std::vector<int> lengths((size_t)count);
    for (int &length : lengths) length = random_between(0, 3) == 0 ? 0 : random_between(1, 9);
    lengths[(size_t)random_between(0, count - 1)] = random_between(1, 9);
    Sequences s = make_sequences(count, lengths, most_past >= 0);
    ((hf2c_sequences *)s.table)->slot_bytes = (size_t)slot_floats * sizeof(float);
    int first_slot = random_between(0, SLOTS - 1);
    for (int i = 0; i < count; i++) {
        s.past[i] = most_past > 0 ? random_between(0, most_past) : 0;
        s.slot[i] = (first_slot + 2 * i) % SLOTS; /* different ones, out of order */
        s.memory[i] = random_between(1, 300);
        s.memory_slot[i] = (first_slot + 3 * i) % SLOTS;
    }
    return s;
}

/* ---- weights ---- */

Buffer<char> random_weight(int format, int64_t rows, int64_t K, int64_t panel, bool gate, unsigned seed)
{
    PackLayout layout = {format, (int)panel, gate, rows, K, 0};
    size_t bytes;
    assert_true(pack_bytes(&layout, &bytes));
    std::mt19937 own(seed);
    std::uniform_real_distribution<float> number(-1, 1);
    std::vector<float> values((size_t)(rows * K));
    for (float &value : values) value = number(own);
    Buffer<char> packed((int64_t)bytes);
    pack_weight(&layout, values.data(), packed);
    return packed;
}

/* ---- running and comparing ---- */

static const KernelEntry *find_kernel(const char *name)
{
    size_t count;
    const KernelEntry *table = kernels_table("c11", &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) return &table[i];
    }
    fail_msg("the CPU has no kernel %s", name);
    return NULL;
}

void run_on_cpu(const char *name, std::initializer_list<const void *> pointers, int dynamic,
                std::initializer_list<int64_t> constants, std::initializer_list<float> reals)
{
    const KernelEntry *kernel = find_kernel(name);
    assert_int_equal(kernel->pointers, pointers.size());
    assert_int_equal(kernel->constants, constants.size());
    assert_int_equal(kernel->reals, reals.size());
    std::vector<void *> values;
    for (const void *pointer : pointers) values.push_back(const_cast<void *>(pointer));
    hf2c_team team = {0, 1, NULL};
    kernel->thunk(&team, values.data(), &dynamic, constants.begin(), reals.begin());
}

static bool near(float a, float b)
{
    if (a != a || b != b) return a != a && b != b;
    return a == b || fabsf(a - b) <= 2e-5f * (1.0f + fabsf(b));
}

void assert_near(const char *name, const Buffer<float> &y, const Buffer<float> &expected)
{
    assert_int_equal(y.count, expected.count);
    for (int64_t i = 0; i < y.count; i++) {
        if (!near(y[i], expected[i]))
            fail_msg("%s: element %lld of %lld is %.9g, not %.9g", name, (long long)i, (long long)y.count, (double)y[i],
                     (double)expected[i]);
    }
}
