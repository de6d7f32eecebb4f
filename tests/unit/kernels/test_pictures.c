/* Pictures of sizes of their own as sequences: patches, places, ends; against double references. */
#include "tests/unit/kernels/kernels_test.h"

enum { CHANNELS = 3, SIZE = 4, FRONT = 2, BEHIND = 3, PICTURES = 3 };

/* Two by three patches with a rest that counts for nothing, one patch, five by one. */
static const int32_t sizes[2 * PICTURES] = {11, 14, 4, 4, 20, 7};
static const int32_t start[PICTURES + 1] = {0, FRONT + 6 + BEHIND, 2 * (FRONT + BEHIND) + 7, 3 * (FRONT + BEHIND) + 12};
static const hf2c_sequences sequences = {.count = PICTURES, .rows = 3 * (FRONT + BEHIND) + 12, .start = start, .sizes = sizes};

static void patches_of_pictures(void **state)
{
    (void)state;
    enum { COLUMNS = CHANNELS * SIZE * SIZE };
    const int64_t rows = sequences.rows, pixels = 11 * 14 + 4 * 4 + 20 * 7;
    float *values = test_reals(CHANNELS * pixels, 1);
    double *y = test_alloc((size_t)(rows * COLUMNS) * sizeof *y);
    const float *picture = values;
    for (int64_t i = 0; i < rows * COLUMNS; i++) y[i] = 0;
    for (int s = 0; s < PICTURES; s++) {
        int height = sizes[2 * s], width = sizes[2 * s + 1], across = width / SIZE;
        for (int row = start[s] + FRONT; row < start[s + 1] - BEHIND; row++)
            for (int c = 0; c < COLUMNS; c++) {
                int place = row - start[s] - FRONT, line = place / across * SIZE + c / SIZE % SIZE, column = place % across * SIZE + c % SIZE;
                y[row * COLUMNS + c] = picture[(c / (SIZE * SIZE) * height + line) * width + column];
            }
        picture += CHANNELS * height * width;
    }
    test_check(&(TestCall){"patches", {NULL, values, (void *)(uintptr_t)&sequences}, (int)rows, {CHANNELS, SIZE, FRONT}, {0}}, y, rows * COLUMNS, 0);
    free(values), free(y);
}

static double cubic(double distance)
{
    double x = fabs(distance);
    if (x <= 1) return (1.25 * x - 2.25) * x * x + 1;
    return x < 2 ? ((-0.75 * x + 3.75) * x - 6) * x + 3 : 0;
}

/* Column c of a grid at a place that lies between others; beyond the edge stands what is at the edge. */
static double between(const float *grid, int height, int width, int H, int c, double y, double x)
{
    double sum = 0;
    for (int i = -8; i < height + 8; i++)
        for (int j = -8; j < width + 8; j++) {
            int row = i < 0 ? 0 : i < height ? i : height - 1, column = j < 0 ? 0 : j < width ? j : width - 1;
            sum += cubic(y - i) * cubic(x - j) * grid[(row * width + column) * H + c];
        }
    return sum;
}

static void check_places(int height, int width, int H)
{
    const int rows = sequences.rows, grid = height * width;
    float *table = test_reals((FRONT + grid + BEHIND) * H, 1);
    double *y = test_alloc((size_t)(rows * H) * sizeof *y);
    for (int s = 0; s < PICTURES; s++) {
        int down = sizes[2 * s] / SIZE, across = sizes[2 * s + 1] / SIZE;
        for (int i = 0; i < (start[s + 1] - start[s]) * H; i++) {
            int row = i / H, place = row - FRONT;
            double v = (place / across + 0.5) * height / down - 0.5, h = (place % across + 0.5) * width / across - 0.5;
            double *to = &y[start[s] * H + i];
            if (place < 0) *to = table[row * H + i % H];
            else if (place >= down * across) *to = table[(FRONT + grid + place - down * across) * H + i % H];
            else *to = between(table + FRONT * H, height, width, H, i % H, v, h);
        }
    }
    TestCall call = {"places", {NULL, table, (void *)(uintptr_t)&sequences}, rows, {H, height, width, SIZE, FRONT}, {0}};
    test_check(&call, y, rows * H, 1e-5);
    free(table), free(y);
}

static void places_between_others(void **state)
{
    (void)state;
    check_places(4, 6, 17);
    check_places(2, 3, 33);
    check_places(1, 1, 5);
    check_places(9, 2, 16);
}

static void ends_of_sequences(void **state)
{
    (void)state;
    enum { H = 19, LD = 23 };
    float *x = test_matrix(sequences.rows, H, LD, 1);
    double y[PICTURES * BEHIND * H];
    for (int i = 0; i < PICTURES * BEHIND * H; i++) y[i] = x[(start[i / (BEHIND * H) + 1] - BEHIND + i / H % BEHIND) * LD + i % H];
    TestCall call = {"ends", {NULL, x, (void *)(uintptr_t)&sequences}, PICTURES * BEHIND, {H, LD, BEHIND}, {0}};
    test_check(&call, y, PICTURES * BEHIND * H, 0);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patches_of_pictures),
        cmocka_unit_test(places_between_others),
        cmocka_unit_test(ends_of_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
