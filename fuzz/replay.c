// SPDX-License-Identifier: Apache-2.0
// A fuzz target without a fuzzer: runs it over every file of the folders named, and over
// shortened and altered copies of each, the same ones every time. Says so in TAP.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 1 << 20, COPIES = 60 };

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

// One to four bytes changed, or the end or a piece cut out.
static size_t alter(uint8_t *data, size_t size, uint64_t *state)
{
    static const char letters[] = "<>&\"'{}[]:,-#\n \t\\$%0aZ\x80\xff";
    if (!size) return 0;
    if (next(state) % 3 == 0) return next(state) % size;
    if (next(state) % 3 == 0) {
        const size_t from = next(state) % size, count = next(state) % (size - from);
        memmove(data + from, data + from + count, size - from - count);
        return size - count;
    }
    for (uint64_t n = 1 + next(state) % 4; n; n--)
        data[next(state) % size] = (uint8_t)letters[next(state) % (sizeof letters - 1)];
    return size;
}

static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1); // its end is the sanitizer's to watch
    if (!copy) exit(1);
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int replay(const char *folder, const char *name)
{
    static uint8_t whole[LARGEST], copy[LARGEST];
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    const size_t size = fread(whole, 1, sizeof whole, file);
    fclose(file);
    run(whole, size);
    uint64_t state = size + 1;
    for (const char *c = name; *c; c++) state = state * 31 + (unsigned char)*c;
    for (int i = 0; i < COPIES; i++) {
        memcpy(copy, whole, size);
        run(copy, alter(copy, size, &state));
    }
    return 1;
}

int main(int count, char **folders)
{
    int files = 0;
    for (int i = 1; i < count; i++) {
        DIR *open = opendir(folders[i]);
        for (struct dirent *e; open && (e = readdir(open));)
            if (*e->d_name != '.') files += replay(folders[i], e->d_name);
        if (open) closedir(open);
    }
    printf("%s 1 - %d files, each also altered %d times, end well\n1..1\n",
           files ? "ok" : "not ok", files, COPIES);
    return files == 0;
}
