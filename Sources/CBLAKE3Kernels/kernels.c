#include "include/CBLAKE3Kernels.h"

#include "compress.h"

#include <string.h>

typedef uint32_t cblake3_u32x4_unaligned __attribute__((vector_size(16), aligned(1), may_alias));

#if defined(__x86_64__)
#define LANES 4
#define KERNEL hash_4
#define TARGET __attribute__((target("sse4.1")))
#include "lanes.h"

#define LANES 8
#define KERNEL hash_8
#define TARGET __attribute__((target("avx2")))
#include "lanes.h"

#define LANES 16
#define KERNEL hash_16
#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))
#include "lanes.h"
#else
#define LANES 4
#define KERNEL hash_4
#define TARGET
#include "lanes.h"
#endif

// The input that is left when there are too few for any vector.
static void hash_1(
    cblake3_kernel kernel, const uint8_t *input, size_t blocks, const uint32_t key[8], uint64_t counter,
    uint32_t flags, uint32_t flags_start, uint32_t flags_end, uint32_t *out) {
    uint32_t state[16];
    memcpy(state, key, 32);
    for (size_t block = 0; block < blocks; block++) {
        uint32_t block_flags = flags | (block == 0 ? flags_start : 0) | (block + 1 == blocks ? flags_end : 0);
        uint32_t chaining_value[8];
        memcpy(chaining_value, state, 32);
        cblake3_compress(
            kernel, chaining_value, input + block * CBLAKE3_BLOCK_LENGTH, CBLAKE3_BLOCK_LENGTH, counter, block_flags,
            state);
    }
    memcpy(out, state, 32);
}

bool cblake3_kernel_is_available(cblake3_kernel kernel) {
    switch (kernel) {
    case CBLAKE3_PORTABLE: return true;
#if defined(__x86_64__)
    case CBLAKE3_VECTOR128: return __builtin_cpu_supports("sse4.1");
    case CBLAKE3_AVX2: return __builtin_cpu_supports("avx2");
    case CBLAKE3_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
#elif defined(__aarch64__)
    case CBLAKE3_VECTOR128: return true;
#endif
    default: return false;
    }
}

// Runs each kernel on as many inputs as it has lanes for, and leaves the rest to the next narrower one.
static void hash_many(
    cblake3_kernel kernel, const uint8_t *input, size_t count, size_t blocks, const uint32_t key[8],
    uint64_t counter, uint32_t counter_step, uint32_t flags, uint32_t flags_start, uint32_t flags_end,
    uint32_t *out) {
    static const struct {
        cblake3_kernel least;
        size_t lanes;
        cblake3_lanes hash;
    } steps[] = {
#if defined(__x86_64__)
        {CBLAKE3_AVX512, 16, hash_16},
        {CBLAKE3_AVX2, 8, hash_8},
#endif
        {CBLAKE3_VECTOR128, 4, hash_4},
    };
    size_t stride = blocks * CBLAKE3_BLOCK_LENGTH;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (kernel < steps[i].least) continue;
        while (count >= steps[i].lanes) {
            steps[i].hash(
                input, stride, blocks, key, counter, counter_step, flags, flags_start, flags_end, out);
            input += stride * steps[i].lanes;
            out += 8 * steps[i].lanes;
            counter += (uint64_t)counter_step * steps[i].lanes;
            count -= steps[i].lanes;
        }
    }
    for (; count > 0; count--) {
        hash_1(kernel, input, blocks, key, counter, flags, flags_start, flags_end, out);
        input += stride;
        out += 8;
        counter += counter_step;
    }
}

void cblake3_hash_chunks(
    cblake3_kernel kernel, const uint8_t *input, size_t count, const uint32_t key[8], uint64_t counter,
    uint32_t flags, uint32_t *out) {
    hash_many(
        kernel, input, count, CBLAKE3_CHUNK_LENGTH / CBLAKE3_BLOCK_LENGTH, key, counter, 1, flags,
        CBLAKE3_CHUNK_START, CBLAKE3_CHUNK_END, out);
}

void cblake3_hash_parents(
    cblake3_kernel kernel, const uint32_t *pairs, size_t count, const uint32_t key[8], uint32_t flags,
    uint32_t *out) {
    hash_many(kernel, (const uint8_t *)pairs, count, 1, key, 0, 0, flags | CBLAKE3_PARENT, 0, 0, out);
}
