// SPDX-License-Identifier: Apache-2.0
// Folders for files that do not stay: named after the process, so that what a killed one
// left is known.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nadir/process.h>
#include <nadir/text.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 16 };
static const char begin[] = "nadir-scratch-";

static void empty(int folder, int depth)
{
    DIR *open = fdopendir(folder); // takes the descriptor over
    if (!open) {
        close(folder);
        return;
    }
    for (struct dirent *entry; (entry = readdir(open));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (unlinkat(dirfd(open), name, 0) == 0 || depth == DEPTH) continue;
        const int inner =
            openat(dirfd(open), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0) continue;
        empty(inner, depth + 1);
        unlinkat(dirfd(open), name, AT_REMOVEDIR);
    }
    closedir(open);
}

void nd_scratch_remove(const char *folder)
{
    const int open_folder = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (open_folder < 0) return;
    empty(open_folder, 0);
    rmdir(folder);
}

// Folders of this user whose process is no more.
static void sweep(const char *root)
{
    DIR *open = opendir(root);
    if (!open) return;
    for (struct dirent *entry; (entry = readdir(open));) {
        if (strncmp(entry->d_name, begin, sizeof begin - 1) != 0) continue;
        char number[16] = "";
        const char *digits = entry->d_name + sizeof begin - 1;
        const size_t length = strcspn(digits, "-");
        if (!length || length >= sizeof number || !digits[length]) continue;
        memcpy(number, digits, length);
        int64_t pid;
        struct stat about;
        if (!nd_text_size(number, &pid) || pid < 2 || pid > 2147483647) continue;
        if (kill((pid_t)pid, 0) == 0 || errno != ESRCH) continue;
        if (fstatat(dirfd(open), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 ||
            about.st_uid != getuid())
            continue;
        const int inner = openat(dirfd(open), entry->d_name,
                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0) continue;
        empty(inner, 0);
        unlinkat(dirfd(open), entry->d_name, AT_REMOVEDIR);
    }
    closedir(open);
}

const char *nd_scratch_new(nd_arena *arena)
{
    const char *set = getenv("TMPDIR"), *root = set && *set ? set : "/tmp";
    sweep(root);
    char *path =
        (char *)(uintptr_t)nd_text(arena, "%s/%s%ld-XXXXXX", root, begin, (long)getpid());
    if (!path) return NULL;
    if (mkdtemp(path)) return path;
    (void)nd_fail(ND_E_IO,
                  "no folder can be made in %s\nset TMPDIR to one that can be "
                  "written to",
                  root);
    return NULL;
}
