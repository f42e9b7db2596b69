#if !defined(__APPLE__)
#define _GNU_SOURCE
#endif

#include "include/CPOSIX.h"

#include <errno.h>
#include <fcntl.h>
#if defined(__linux__)
#include <link.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#if defined(__linux__)
#include <sys/uio.h>
#endif
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

int cposix_set_modification_time(int descriptor, int64_t seconds, int64_t nanoseconds) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)seconds, .tv_nsec = (long)nanoseconds}};
    return futimens(descriptor, times);
}

int cposix_set_modification_time_at(int directory, const char *name, int64_t seconds, int64_t nanoseconds) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)seconds, .tv_nsec = (long)nanoseconds}};
    return utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW);
}

void cposix_keep_memory_small(int largest_kept) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, largest_kept);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    mallopt(M_ARENA_MAX, 4);
#endif
}

#if defined(__linux__)
// Of the program itself, which comes first, what nobody can have written to: forgetting that changes nothing.
static int forget_segments(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    (void)context;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) continue;
        const uintptr_t start = ((uintptr_t)info->dlpi_addr + segment->p_vaddr + page) & ~page;
        const uintptr_t end = ((uintptr_t)info->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~page;
        if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 1;
}
#endif

void cposix_forget_start(void) {
#if defined(__linux__)
    dl_iterate_phdr(forget_segments, NULL);
#endif
}

ptrdiff_t cposix_read_cached(int descriptor, void *bytes, size_t size, int64_t offset) {
#if defined(RWF_NOWAIT)
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    return preadv2(descriptor, &part, 1, (off_t)offset, RWF_NOWAIT);
#else
    errno = ENOTSUP;
    return -1;
#endif
}

#if defined(__APPLE__)
int cposix_sync_file_system(int descriptor) {
    sync();
    return fcntl(descriptor, F_FULLFSYNC);
}

ptrdiff_t cposix_list_attributes(int descriptor, char *names, size_t size) {
    return flistxattr(descriptor, names, size, 0);
}

ptrdiff_t cposix_get_attribute(int descriptor, const char *name, void *value, size_t size) {
    return fgetxattr(descriptor, name, value, size, 0, 0);
}

int cposix_set_attribute(int descriptor, const char *name, const void *value, size_t size) {
    return fsetxattr(descriptor, name, value, size, 0, 0);
}

static int without_call(void) {
    errno = ENOTSUP;
    return -1;
}

ptrdiff_t cposix_list_attributes_at(int directory, const char *file, char *names, size_t size) {
    return without_call();
}

ptrdiff_t cposix_get_attribute_at(int directory, const char *file, const char *name, void *value, size_t size) {
    return without_call();
}

int cposix_set_attribute_at(int directory, const char *file, const char *name, const void *value, size_t size) {
    return without_call();
}
#else
int cposix_sync_file_system(int descriptor) {
    return syncfs(descriptor);
}

ptrdiff_t cposix_list_attributes(int descriptor, char *names, size_t size) {
    return flistxattr(descriptor, names, size);
}

ptrdiff_t cposix_get_attribute(int descriptor, const char *name, void *value, size_t size) {
    return fgetxattr(descriptor, name, value, size);
}

int cposix_set_attribute(int descriptor, const char *name, const void *value, size_t size) {
    return fsetxattr(descriptor, name, value, size, 0);
}

// These calls have no form that takes a directory; its descriptor has a path of its own.
static int path_of(char *path, size_t capacity, int directory, const char *file) {
    int length = snprintf(path, capacity, "/proc/self/fd/%d/%s", directory, file);
    if (length > 0 && (size_t)length < capacity) return 0;
    errno = ENAMETOOLONG;
    return -1;
}

ptrdiff_t cposix_list_attributes_at(int directory, const char *file, char *names, size_t size) {
    char path[512];
    return path_of(path, sizeof path, directory, file) == 0 ? llistxattr(path, names, size) : -1;
}

ptrdiff_t cposix_get_attribute_at(int directory, const char *file, const char *name, void *value, size_t size) {
    char path[512];
    return path_of(path, sizeof path, directory, file) == 0 ? lgetxattr(path, name, value, size) : -1;
}

int cposix_set_attribute_at(int directory, const char *file, const char *name, const void *value, size_t size) {
    char path[512];
    return path_of(path, sizeof path, directory, file) == 0 ? lsetxattr(path, name, value, size, 0) : -1;
}
#endif

#if defined(__APPLE__)
int cposix_set_uncached(int descriptor, int uncached) {
    return fcntl(descriptor, F_NOCACHE, uncached) == -1 ? -1 : 0;
}
#elif defined(O_DIRECT)
int cposix_set_uncached(int descriptor, int uncached) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags == -1) return -1;
    return fcntl(descriptor, F_SETFL, uncached ? flags | O_DIRECT : flags & ~O_DIRECT);
}
#else
int cposix_set_uncached(int descriptor, int uncached) {
    errno = ENOTSUP;
    return -1;
}
#endif

#if defined(__linux__)
// The same number on all processors, and younger than the headers of many systems.
enum { CALL_CACHESTAT = 451 };

int cposix_is_cached(int descriptor, int64_t offset, int64_t size) {
    struct { uint64_t offset, length; } range = {(uint64_t)offset, (uint64_t)size};
    struct { uint64_t cached, dirty, written, evicted, evicted_lately; } found = {0};
    if (size <= 0 || syscall(CALL_CACHESTAT, descriptor, &range, &found, 0) != 0) return 0;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    return found.cached == (range.offset + range.length - 1) / page - range.offset / page + 1;
}
#else
int cposix_is_cached(int descriptor, int64_t offset, int64_t size) {
    return 0;
}
#endif

static void set_limit(pid_t process, int resource, uint64_t value) {
#if defined(__linux__)
    struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    prlimit(process, resource, &limit, NULL);
#endif
}

int cposix_spawn(
    const char *path, char *const *arguments, char *const *environment, int input, int output, int error,
    uint64_t cpu_seconds, uint64_t address_space, uint64_t file_size) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, error, 2);
    short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
#if defined(__APPLE__)
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#else
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#endif
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, flags);
    pid_t process = -1;
    int failure = posix_spawn(&process, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        errno = failure;
        return -1;
    }
    set_limit(process, RLIMIT_CPU, cpu_seconds);
    set_limit(process, RLIMIT_AS, address_space);
    set_limit(process, RLIMIT_FSIZE, file_size);
    return process;
}

int cposix_unnamed_file(void) {
#if defined(__linux__)
    return memfd_create("fasti", MFD_CLOEXEC);
#else
    FILE *file = tmpfile();
    return file == NULL ? -1 : fileno(file);
#endif
}
