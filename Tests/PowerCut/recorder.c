// Preloaded into a program: writes down what it does to the files below one directory, and when it has flushed them, so that a test can
// rebuild what a power cut would have left (Tests/ServicesTests/DiskRecording.swift reads it).
//
//   RECORD_ROOT     the directory
//   RECORD_LOG      where the records go; outside of the directory
//   RECORD_COUNTER  a file of 8 octets, mapped by everybody: the number of the newest record. Whoever reads n there knows that all
//                   records up to n were made before.
//   RECORD_SLOW     microseconds that each flush takes longer, so that an answer which does not wait for it comes before it.
//
// One lock is held while a write is made and recorded, so the records' order is the order of the effects. A flush is made without it; its
// record says how far the records had come when it began, which is what it covers. Linux, 64 bits.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE = 1, TRUNCATE, CREATE, RENAME, UNLINK, MKDIR, SYNC, SYNC_DIRECTORY };

// a: WRITE offset, TRUNCATE length, a flush the newest record when it began. Then `count` octets: WRITE the data, RENAME both paths with a
// NUL between them, of the others the path; relative to the directory, which is "" itself.
struct record {
    uint64_t kind, number, inode, a, count;
};

enum { DESCRIPTORS = 65536 };
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[DESCRIPTORS];
static char given[PATH_MAX], resolved[PATH_MAX];
static int records = -1;
static useconds_t slow;
static uint64_t number;
static _Atomic uint64_t *counter;

static void fail(const char *what) {
    perror(what);
    abort();
}

static void begin(void) {
    const char *root = getenv("RECORD_ROOT"), *log = getenv("RECORD_LOG"), *count = getenv("RECORD_COUNTER");
    if (!root || !log || !count) return;
    if (getenv("RECORD_SLOW")) slow = (useconds_t)atoi(getenv("RECORD_SLOW"));
    snprintf(given, sizeof given, "%s", root);
    if (!realpath(root, resolved)) fail("RECORD_ROOT");
    int file = (int)syscall(SYS_openat, AT_FDCWD, count, O_RDWR | O_CLOEXEC);
    if (file < 0) fail("RECORD_COUNTER");
    counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (counter == MAP_FAILED) fail("RECORD_COUNTER");
    syscall(SYS_close, file);
    // A later process goes on where an earlier one ended.
    number = atomic_load(counter);
    records = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (records < 0) fail("RECORD_LOG");
}

static int recording(void) {
    pthread_once(&once, begin);
    return records >= 0;
}

static const char *behind(const char *path, const char *root) {
    size_t length = strlen(root);
    if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != 0)) return NULL;
    path += length;
    while (*path == '/') path++;
    return path;
}

// The path below the root, or NULL when it is elsewhere. A path with a directory descriptor is not looked at: nobody here uses one.
static const char *below(int directory, const char *path, char *room) {
    if (!recording() || !path) return NULL;
    if (path[0] != '/') {
        if (directory != AT_FDCWD || !getcwd(room, PATH_MAX)) return NULL;
        size_t length = strlen(room);
        snprintf(room + length, PATH_MAX - length, "/%s", path);
        path = room;
    }
    const char *found = behind(path, given);
    return found ? found : behind(path, resolved);
}

static void append(enum kind kind, uint64_t inode, uint64_t a, const void *data, size_t count) {
    struct record record = {kind, ++number, inode, a, count};
    struct iovec parts[] = {{&record, sizeof record}, {(void *)data, count}};
    if (syscall(SYS_writev, records, parts, 2) != (long)(sizeof record + count)) fail("RECORD_LOG");
    atomic_store(counter, number);
}

static uint64_t inode(int fd, int *isDirectory) {
    struct stat status;
    if (fstat(fd, &status) != 0) fail("fstat");
    if (isDirectory) *isDirectory = S_ISDIR(status.st_mode);
    return status.st_ino;
}

static int tracked(int fd) { return recording() && fd >= 0 && fd < DESCRIPTORS && paths[fd]; }

static int opened(int directory, const char *path, int flags, mode_t mode) {
    char room[PATH_MAX];
    const char *relative = below(directory, path, room);
    if (!relative) return (int)syscall(SYS_openat, directory, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat status;
    int isNew = (flags & O_CREAT) && fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) != 0;
    int fd = (int)syscall(SYS_openat, directory, path, flags, mode), failure = errno;
    if (fd >= DESCRIPTORS) fail("too many descriptors");
    if (fd >= 0) {
        free(paths[fd]);
        paths[fd] = strdup(relative);
        if (isNew) append(CREATE, inode(fd, NULL), 0, relative, strlen(relative));
        else if (flags & O_TRUNC) append(TRUNCATE, inode(fd, NULL), 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = failure;
    return fd;
}

#define MODE(flags)                                         \
    mode_t mode = 0;                                        \
    if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
        va_list more;                                       \
        va_start(more, flags);                              \
        mode = va_arg(more, mode_t);                        \
        va_end(more);                                       \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, path, flags, mode);
}
int openat(int directory, const char *path, int flags, ...) {
    MODE(flags)
    return opened(directory, path, flags, mode);
}
int openat64(int directory, const char *path, int flags, ...) {
    MODE(flags)
    return opened(directory, path, flags, mode);
}
int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
    if (tracked(fd)) {
        pthread_mutex_lock(&lock);
        free(paths[fd]);
        paths[fd] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_close, fd);
}

// offset < 0: where the descriptor stands.
static ssize_t written(int fd, const struct iovec *parts, int count, off_t offset) {
    if (!tracked(fd)) return offset < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, offset, 0);
    pthread_mutex_lock(&lock);
    off_t at = offset;
    struct stat status;
    if (fcntl(fd, F_GETFL) & O_APPEND) {
        if (fstat(fd, &status) != 0) fail("fstat");
        at = status.st_size;
    } else if (offset < 0) {
        at = lseek(fd, 0, SEEK_CUR);
    }
    ssize_t done = offset < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, offset, 0);
    int failure = errno;
    if (done > 0) {
        char *data = malloc((size_t)done), *end = data;
        if (!data) fail("malloc");
        for (ssize_t left = done; left > 0; parts++) {
            size_t length = parts->iov_len < (size_t)left ? parts->iov_len : (size_t)left;
            memcpy(end, parts->iov_base, length);
            end += length;
            left -= (ssize_t)length;
        }
        append(WRITE, inode(fd, NULL), (uint64_t)at, data, (size_t)done);
        free(data);
    }
    pthread_mutex_unlock(&lock);
    errno = failure;
    return done;
}

ssize_t write(int fd, const void *data, size_t count) {
    if (!tracked(fd)) return syscall(SYS_write, fd, data, count);
    struct iovec part = {(void *)data, count};
    return written(fd, &part, 1, -1);
}
ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
    struct iovec part = {(void *)data, count};
    return written(fd, &part, 1, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t count, off_t offset) { return pwrite(fd, data, count, offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return written(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return written(fd, parts, count, offset); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) { return written(fd, parts, count, offset); }

int ftruncate(int fd, off_t length) {
    if (!tracked(fd)) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_ftruncate, fd, length), failure = errno;
    if (result == 0) append(TRUNCATE, inode(fd, NULL), (uint64_t)length, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return result;
}
int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int rename(const char *from, const char *to) {
    char room[PATH_MAX], otherRoom[PATH_MAX], both[2 * PATH_MAX];
    const char *old = below(AT_FDCWD, from, room), *new = below(AT_FDCWD, to, otherRoom);
    if (!old || !new) return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0), failure = errno;
    if (result == 0) {
        int count = snprintf(both, sizeof both, "%s%c%s", old, 0, new);
        append(RENAME, 0, 0, both, (size_t)count);
    }
    pthread_mutex_unlock(&lock);
    errno = failure;
    return result;
}

static int named(enum kind kind, const char *path, mode_t mode) {
    char room[PATH_MAX];
    const char *relative = below(AT_FDCWD, path, room);
    if (relative) pthread_mutex_lock(&lock);
    int result = (int)(kind == MKDIR ? syscall(SYS_mkdirat, AT_FDCWD, path, mode) : syscall(SYS_unlinkat, AT_FDCWD, path, 0));
    int failure = errno;
    if (relative) {
        if (result == 0) append(kind, 0, 0, relative, strlen(relative));
        pthread_mutex_unlock(&lock);
    }
    errno = failure;
    return result;
}

int unlink(const char *path) { return named(UNLINK, path, 0); }
int mkdir(const char *path, mode_t mode) { return named(MKDIR, path, mode); }

static int flushed(long call, int fd) {
    if (!tracked(fd)) return (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    uint64_t began = number;
    pthread_mutex_unlock(&lock);
    int result = (int)syscall(call, fd), failure = errno;
    if (slow) usleep(slow);
    if (result == 0) {
        pthread_mutex_lock(&lock);
        int isDirectory = 0;
        uint64_t file = inode(fd, &isDirectory);
        append(isDirectory ? SYNC_DIRECTORY : SYNC, file, began, paths[fd], strlen(paths[fd]));
        pthread_mutex_unlock(&lock);
    }
    errno = failure;
    return result;
}

int fsync(int fd) { return flushed(SYS_fsync, fd); }
int fdatasync(int fd) { return flushed(SYS_fdatasync, fd); }
