// What the C library offers and Swift's import of it lacks, under one name for all systems.
//
// This header includes nothing of the system's: its types would then belong to two modules. Results are those of the
// calls behind: -1 with `errno`, else 0 or a size.
#ifndef CPOSIX_H
#define CPOSIX_H

#include <stddef.h>
#include <stdint.h>

// Sets the time of the last modification of an open file; that of the last access stays.
int cposix_set_modification_time(int descriptor, int64_t seconds, int64_t nanoseconds);

// The same for `name` in a directory; of a symbolic link, for the link itself.
int cposix_set_modification_time_at(int directory, const char *name, int64_t seconds, int64_t nanoseconds);

// Lets the C library give blocks of `largest_kept` bytes and more back to the system as soon as they are free, and keep few
// pools of small ones. Does nothing where it has no such setting.
void cposix_keep_memory_small(int largest_kept);

// Gives back the parts of the program that only its start needed: the tables of all types, the parser of the command line. The
// system keeps them, and maps again what is used again.
void cposix_forget_start(void);

// Returns when everything written to the file system of `descriptor` is durable.
int cposix_sync_file_system(int descriptor);

// Reads from an offset what the system has in memory, and waits for no disk: fewer bytes than asked for, or -1, when it has
// not all of them or cannot tell.
ptrdiff_t cposix_read_cached(int descriptor, void *bytes, size_t size, int64_t offset);

// The names of the extended attributes of an open file, each with a NUL behind it. With a size of 0, only how many
// bytes they need.
ptrdiff_t cposix_list_attributes(int descriptor, char *names, size_t size);

// The value of an attribute; with a size of 0, only how many bytes it needs.
ptrdiff_t cposix_get_attribute(int descriptor, const char *name, void *value, size_t size);

int cposix_set_attribute(int descriptor, const char *name, const void *value, size_t size);

// The same for `file` in a directory, without opening it: for symbolic links themselves, and for sockets. Fails with
// ENOTSUP where the system has no such call.
ptrdiff_t cposix_list_attributes_at(int directory, const char *file, char *names, size_t size);

ptrdiff_t cposix_get_attribute_at(int directory, const char *file, const char *name, void *value, size_t size);

int cposix_set_attribute_at(int directory, const char *file, const char *name, const void *value, size_t size);

// Whether reads and writes of an open file go past the memory in which the system keeps what files hold. They must then
// begin, end and lie in memory at multiples of 4096. Fails with EINVAL or ENOTSUP where that is impossible.
int cposix_set_uncached(int descriptor, int uncached);

// Whether the system has all of a part of an open file in memory: 1, or 0 when it has not or cannot tell.
int cposix_is_cached(int descriptor, int64_t offset, int64_t size);

// Starts a program in a process group of its own, with no signal blocked or ignored and no other descriptor than the
// three given. The limits (of CPU time in seconds, of address space and of files written in bytes) hold where the
// system can set them for another process. Returns its number, or -1 with `errno`.
int cposix_spawn(
    const char *path, char *const *arguments, char *const *environment, int input, int output, int error,
    uint64_t cpu_seconds, uint64_t address_space, uint64_t file_size);

// A file without a name, in memory where the system has such files.
int cposix_unnamed_file(void);

#endif
