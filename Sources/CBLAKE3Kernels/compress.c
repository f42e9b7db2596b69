#include "include/CBLAKE3Kernels.h"

#include "compress.h"

#include <string.h>

static inline uint32_t rotate_right(uint32_t value, int count) {
    return value >> count | value << (32 - count);
}

static void compress_portable(
    const uint32_t chaining_value[8], const uint8_t block[64], uint32_t block_length, uint64_t counter,
    uint32_t flags, uint32_t state[16]) {
    uint32_t m[16];
    memcpy(m, block, 64);
    uint32_t s[16] = {
        chaining_value[0], chaining_value[1], chaining_value[2], chaining_value[3],
        chaining_value[4], chaining_value[5], chaining_value[6], chaining_value[7],
        CBLAKE3_IV0, CBLAKE3_IV1, CBLAKE3_IV2, CBLAKE3_IV3,
        (uint32_t)counter, (uint32_t)(counter >> 32), block_length, flags,
    };

#define G(a, b, c, d, x, y) \
    a += b + x; \
    d = rotate_right(d ^ a, 16); \
    c += d; \
    b = rotate_right(b ^ c, 12); \
    a += b + y; \
    d = rotate_right(d ^ a, 8); \
    c += d; \
    b = rotate_right(b ^ c, 7)

    CBLAKE3_ROUNDS;
#undef G

    for (int i = 0; i < 8; i++) {
        state[i] = s[i] ^ s[i + 8];
        state[i + 8] = s[i + 8] ^ chaining_value[i];
    }
}

typedef uint32_t row __attribute__((vector_size(16)));
typedef uint32_t unaligned_row __attribute__((vector_size(16), aligned(1), may_alias));

#if defined(__x86_64__)
#define KERNEL compress_vector128
#define TARGET __attribute__((target("sse4.1")))
#include "block.h"

// The same rows, with the rotations and shuffles of the later instructions.
#define KERNEL compress_avx512
#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))
#include "block.h"
#else
#define KERNEL compress_vector128
#define TARGET
#include "block.h"
#endif

void cblake3_compress(
    cblake3_kernel kernel, const uint32_t chaining_value[8], const uint8_t block[64], uint32_t block_length,
    uint64_t counter, uint32_t flags, uint32_t state[16]) {
#if defined(__x86_64__)
    if (kernel >= CBLAKE3_AVX512) {
        compress_avx512(chaining_value, block, block_length, counter, flags, state);
        return;
    }
#endif
    if (kernel >= CBLAKE3_VECTOR128) {
        compress_vector128(chaining_value, block, block_length, counter, flags, state);
    } else {
        compress_portable(chaining_value, block, block_length, counter, flags, state);
    }
}

void cblake3_node_init_parent(
    cblake3_node *node, cblake3_kernel kernel, const uint32_t left[8], const uint32_t right[8], const uint32_t key[8], uint32_t flags) {
    memcpy(node->chaining_value, key, 32);
    memcpy(node->block, left, 32);
    memcpy(node->block + 32, right, 32);
    node->counter = 0;
    node->block_length = CBLAKE3_BLOCK_LENGTH;
    node->flags = flags | CBLAKE3_PARENT;
    node->kernel = kernel;
}

void cblake3_node_chaining_value(const cblake3_node *node, uint32_t out[8]) {
    uint32_t state[16];
    cblake3_compress(
        node->kernel, node->chaining_value, node->block, node->block_length, node->counter, node->flags, state);
    memcpy(out, state, 32);
}

void cblake3_node_root_output(const cblake3_node *node, uint8_t *out, size_t count) {
    // The root counts blocks of output where every other node has its chunk number.
    for (uint64_t block = 0; count > 0; block++) {
        uint32_t state[16];
        cblake3_compress(
            node->kernel, node->chaining_value, node->block, node->block_length, block, node->flags | CBLAKE3_ROOT,
            state);
        size_t part = count < 64 ? count : 64;
        memcpy(out, state, part);
        out += part;
        count -= part;
    }
}

void cblake3_chunk_init(
    cblake3_chunk *chunk, cblake3_kernel kernel, const uint32_t key[8], uint64_t counter, uint32_t flags) {
    memset(chunk, 0, sizeof *chunk);
    memcpy(chunk->chaining_value, key, 32);
    chunk->counter = counter;
    chunk->flags = flags;
    chunk->kernel = kernel;
}

size_t cblake3_chunk_length(const cblake3_chunk *chunk) {
    return (size_t)chunk->blocks_compressed * CBLAKE3_BLOCK_LENGTH + chunk->block_length;
}

static uint32_t start_flag(const cblake3_chunk *chunk) {
    return chunk->blocks_compressed == 0 ? CBLAKE3_CHUNK_START : 0;
}

static void compress_next(cblake3_chunk *chunk, const uint8_t block[64]) {
    uint32_t state[16];
    cblake3_compress(
        chunk->kernel, chunk->chaining_value, block, CBLAKE3_BLOCK_LENGTH, chunk->counter,
        chunk->flags | start_flag(chunk), state);
    memcpy(chunk->chaining_value, state, 32);
    chunk->blocks_compressed++;
}

void cblake3_chunk_update(cblake3_chunk *chunk, const uint8_t *input, size_t count) {
    while (count > 0) {
        // A full block waits for more input: the last block of a chunk is compressed with another flag.
        if (chunk->block_length == CBLAKE3_BLOCK_LENGTH) {
            compress_next(chunk, chunk->block);
            chunk->block_length = 0;
            memset(chunk->block, 0, sizeof chunk->block);
        }
        for (; chunk->block_length == 0 && count > CBLAKE3_BLOCK_LENGTH; count -= CBLAKE3_BLOCK_LENGTH) {
            compress_next(chunk, input);
            input += CBLAKE3_BLOCK_LENGTH;
        }
        size_t space = CBLAKE3_BLOCK_LENGTH - chunk->block_length;
        size_t part = count < space ? count : space;
        memcpy(chunk->block + chunk->block_length, input, part);
        chunk->block_length += (uint32_t)part;
        input += part;
        count -= part;
    }
}

void cblake3_chunk_node(const cblake3_chunk *chunk, cblake3_node *node) {
    memcpy(node->chaining_value, chunk->chaining_value, 32);
    memcpy(node->block, chunk->block, 64);
    node->counter = chunk->counter;
    node->block_length = chunk->block_length;
    node->flags = chunk->flags | start_flag(chunk) | CBLAKE3_CHUNK_END;
    node->kernel = chunk->kernel;
}
