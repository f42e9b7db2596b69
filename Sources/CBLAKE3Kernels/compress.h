// What the kernels share: constants, the message schedule, one compression.
#ifndef CBLAKE3_COMPRESS_H
#define CBLAKE3_COMPRESS_H

#include "include/CBLAKE3Kernels.h"

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The kernels load words as they lie in memory, which must be little endian."
#endif

#define CBLAKE3_IV0 0x6A09E667u
#define CBLAKE3_IV1 0xBB67AE85u
#define CBLAKE3_IV2 0x3C6EF372u
#define CBLAKE3_IV3 0xA54FF53Au

// One round over the state s[16], words chosen from m[16] by sixteen indexes; G(a, b, c, d, x, y) is the caller's.
#define CBLAKE3_ROUND(i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15) \
    G(s[0], s[4], s[8], s[12], m[i0], m[i1]); \
    G(s[1], s[5], s[9], s[13], m[i2], m[i3]); \
    G(s[2], s[6], s[10], s[14], m[i4], m[i5]); \
    G(s[3], s[7], s[11], s[15], m[i6], m[i7]); \
    G(s[0], s[5], s[10], s[15], m[i8], m[i9]); \
    G(s[1], s[6], s[11], s[12], m[i10], m[i11]); \
    G(s[2], s[7], s[8], s[13], m[i12], m[i13]); \
    G(s[3], s[4], s[9], s[14], m[i14], m[i15])

// The seven rounds; each permutes the message words of the one before.
#define CBLAKE3_ROUNDS \
    CBLAKE3_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); \
    CBLAKE3_ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8); \
    CBLAKE3_ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1); \
    CBLAKE3_ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6); \
    CBLAKE3_ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4); \
    CBLAKE3_ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7); \
    CBLAKE3_ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13)

// Compresses one 64-byte block. `state` gets all sixteen words: the chaining value, then the second half of the
// root's output.
void cblake3_compress(
    cblake3_kernel kernel, const uint32_t chaining_value[8], const uint8_t block[64], uint32_t block_length,
    uint64_t counter, uint32_t flags, uint32_t state[16]);

// A kernel over as many inputs as it has lanes, each of `blocks` blocks, `stride` bytes apart.
// The first block has `flags_start` too, the last `flags_end`. `counter_step` is 1 for chunks and 0 for parents.
typedef void (*cblake3_lanes)(
    const uint8_t *input, size_t stride, size_t blocks, const uint32_t key[8], uint64_t counter,
    uint32_t counter_step, uint32_t flags, uint32_t flags_start, uint32_t flags_end, uint32_t *out);

#endif
