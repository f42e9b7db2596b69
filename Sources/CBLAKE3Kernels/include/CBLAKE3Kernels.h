// The compression function of BLAKE3 and the kernels that run it over many chunks at once.
//
// The tree that joins chunks is built in Swift (module BLAKE3). Nothing here allocates, keeps state between
// calls or checks its arguments: the one caller does.
#ifndef CBLAKE3_KERNELS_H
#define CBLAKE3_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Domain flags of the BLAKE3 paper, table 3.
enum {
    CBLAKE3_CHUNK_START = 1,
    CBLAKE3_CHUNK_END = 2,
    CBLAKE3_PARENT = 4,
    CBLAKE3_ROOT = 8,
    CBLAKE3_KEYED_HASH = 16,
};

enum {
    CBLAKE3_BLOCK_LENGTH = 64,
    CBLAKE3_CHUNK_LENGTH = 1024,
};

// The kernels, from the one that runs everywhere to the widest.
typedef enum : int32_t {
    CBLAKE3_PORTABLE = 0,
    // Four lanes: SSE4.1, or NEON where that is part of the architecture.
    CBLAKE3_VECTOR128 = 1,
    // Eight lanes.
    CBLAKE3_AVX2 = 2,
    // Sixteen lanes.
    CBLAKE3_AVX512 = 3,
} cblake3_kernel;

// Whether this processor can run a kernel.
bool cblake3_kernel_is_available(cblake3_kernel kernel);

// Hashes `count` whole chunks that lie one behind the other, none of them the root. The first has the number
// `counter`. Writes 8 words for each.
void cblake3_hash_chunks(
    cblake3_kernel kernel, const uint8_t *input, size_t count, const uint32_t key[8], uint64_t counter,
    uint32_t flags, uint32_t *out);

// Joins `count` pairs of chaining values, 16 words each, into parents of 8 words each; none is the root.
// `out` may be `pairs`.
void cblake3_hash_parents(
    cblake3_kernel kernel, const uint32_t *pairs, size_t count, const uint32_t key[8], uint32_t flags,
    uint32_t *out);

// The last compression of a chunk or a parent, kept back because only the end of the input tells whether it is
// the root.
typedef struct {
    uint32_t chaining_value[8];
    uint8_t block[64];
    uint64_t counter;
    uint32_t block_length;
    uint32_t flags;
    cblake3_kernel kernel;
} cblake3_node;

// Makes the node of a parent.
void cblake3_node_init_parent(
    cblake3_node *node, cblake3_kernel kernel, const uint32_t left[8], const uint32_t right[8], const uint32_t key[8], uint32_t flags);

// The chaining value of a node that is not the root.
void cblake3_node_chaining_value(const cblake3_node *node, uint32_t out[8]);

// The first `count` bytes of the output of the root.
void cblake3_node_root_output(const cblake3_node *node, uint8_t *out, size_t count);

// A chunk that is still being filled.
typedef struct {
    uint32_t chaining_value[8];
    uint8_t block[64];
    uint64_t counter;
    uint32_t block_length;
    uint32_t blocks_compressed;
    uint32_t flags;
    cblake3_kernel kernel;
} cblake3_chunk;

void cblake3_chunk_init(
    cblake3_chunk *chunk, cblake3_kernel kernel, const uint32_t key[8], uint64_t counter, uint32_t flags);

// The bytes that the chunk holds, 0 ... 1024.
size_t cblake3_chunk_length(const cblake3_chunk *chunk);

// Appends bytes; together they must not exceed 1024.
void cblake3_chunk_update(cblake3_chunk *chunk, const uint8_t *input, size_t count);

void cblake3_chunk_node(const cblake3_chunk *chunk, cblake3_node *node);

#endif
