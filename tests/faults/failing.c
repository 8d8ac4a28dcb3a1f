/* Lets one chosen write, sync, truncation or renaming of a file below a folder fail, or kills the process there.

   Loaded before the C library (LD_PRELOAD). fail_at is told the folder, the number of the call, and how. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[4096];
static long calls, chosen;
static int how; /* an errno; 0: kill */

void fail_at(const char *where, long number, int error) {
    strncpy(folder, where, sizeof folder - 1);
    calls = 0, chosen = number, how = error;
}

long calls_so_far(void) { return calls; }

static int fails(const char *path) {
    if (!folder[0] || strncmp(path, folder, strlen(folder)) || ++calls != chosen) return 0;
    if (!how) kill(getpid(), SIGKILL);
    errno = how;
    return 1;
}

static int fails_at(int descriptor) {
    char link[64], path[4096];
    if (!folder[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(path);
}

#define NEXT(type, name, ...) static type (*next)(__VA_ARGS__); if (!next) next = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) {
    NEXT(ssize_t, write, int, const void *, size_t);
    return fails_at(fd) ? -1 : next(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    NEXT(ssize_t, pwrite, int, const void *, size_t, off_t);
    return fails_at(fd) ? -1 : next(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    NEXT(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    return fails_at(fd) ? -1 : next(fd, data, size, at);
}
int fsync(int fd) {
    NEXT(int, fsync, int);
    return fails_at(fd) ? -1 : next(fd);
}
int fdatasync(int fd) {
    NEXT(int, fdatasync, int);
    return fails_at(fd) ? -1 : next(fd);
}
int ftruncate(int fd, off_t size) {
    NEXT(int, ftruncate, int, off_t);
    return fails_at(fd) ? -1 : next(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    NEXT(int, ftruncate64, int, off64_t);
    return fails_at(fd) ? -1 : next(fd, size);
}
int rename(const char *from, const char *to) {
    NEXT(int, rename, const char *, const char *);
    return fails(to) ? -1 : next(from, to);
}
