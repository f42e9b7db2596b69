// What the C library offers and Swift's import of it lacks, under one name for all systems.
#pragma once

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#if defined(__APPLE__)
#define CPOSIX_TIME(status, which) ((status)->st_##which##timespec)
#else
#define CPOSIX_TIME(status, which) ((status)->st_##which##tim)
// Declared only for _GNU_SOURCE.
int syncfs(int descriptor);
#endif

static inline struct timespec cposix_modification_time(const struct stat *status) {
    return CPOSIX_TIME(status, m);
}

// The access time stays as it is.
static inline int cposix_set_modification_time(int descriptor, struct timespec time) {
    struct timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, time};
    return futimens(descriptor, times);
}

// Of `name` itself, when it is a symbolic link.
static inline int cposix_set_modification_time_at(int directory, const char *name, struct timespec time) {
    struct timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, time};
    return utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW);
}

// Returns when everything written to the file system of `descriptor` is durable.
static inline int cposix_sync_file_system(int descriptor) {
#if defined(__APPLE__)
    sync();
    return fcntl(descriptor, F_FULLFSYNC);
#else
    return syncfs(descriptor);
#endif
}

static inline ssize_t cposix_list_attributes(int descriptor, char *names, size_t size) {
#if defined(__APPLE__)
    return flistxattr(descriptor, names, size, 0);
#else
    return flistxattr(descriptor, names, size);
#endif
}

static inline ssize_t cposix_get_attribute(int descriptor, const char *name, void *value, size_t size) {
#if defined(__APPLE__)
    return fgetxattr(descriptor, name, value, size, 0, 0);
#else
    return fgetxattr(descriptor, name, value, size);
#endif
}

static inline int cposix_set_attribute(int descriptor, const char *name, const void *value, size_t size) {
#if defined(__APPLE__)
    return fsetxattr(descriptor, name, value, size, 0, 0);
#else
    return fsetxattr(descriptor, name, value, size, 0);
#endif
}
