/* Runs a fuzz target once on each file named (or in each folder named): the corpus as a normal test, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replayed;

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    uint8_t *data = malloc(1 << 24);
    size_t size = fread(data, 1, 1 << 24, file);
    fclose(file);
    uint8_t *exact = malloc(size ? size : 1); /* its own block, so that a read past the end is seen */
    for (size_t i = 0; i < size; i++) exact[i] = data[i];
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    replayed++;
}

static void replay(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        DIR *folder = opendir(path);
        struct dirent *entry;
        char inside[4096];
        while (folder && (entry = readdir(folder)) != NULL) {
            if (entry->d_name[0] == '.') continue;
            snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
            replay(inside);
        }
        if (folder) closedir(folder);
    } else {
        replay_file(path);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) replay(argv[i]);
    printf("%d inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
