// One kernel: LANES inputs side by side, one in each 32-bit lane of a vector. Included once for each width, with
//   LANES    4, 8 or 16
//   KERNEL   the name of the function
//   TARGET   the attribute that lets the compiler use the instructions, or nothing
// The state never leaves the function, so that no vector crosses a calling convention.

#define CBLAKE3_JOIN_(a, b) a##b
#define CBLAKE3_JOIN(a, b) CBLAKE3_JOIN_(a, b)
#define VECTOR CBLAKE3_JOIN(cblake3_u32x, LANES)

typedef uint32_t VECTOR __attribute__((vector_size(LANES * 4)));

// `ROW(i)` holds four words of input i in its first 128 bits, of input i + 4 in the next, and so on: then a
// transposition needs only shuffles within 128 bits, which are the cheap ones.
#if LANES == 4
#define ROW(i) QUARTER(i)
#define LOW32(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH32(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LOW64(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define HIGH64(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)
#elif LANES == 8
#define ROW(i) __builtin_shufflevector(QUARTER(i), QUARTER((i) + 4), 0, 1, 2, 3, 4, 5, 6, 7)
#define LOW32(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH32(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define LOW64(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define HIGH64(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#else
#define HALF(i) __builtin_shufflevector(QUARTER(i), QUARTER((i) + 4), 0, 1, 2, 3, 4, 5, 6, 7)
#define ROW(i) \
    __builtin_shufflevector(HALF(i), HALF((i) + 8), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define LOW32(a, b) \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH32(a, b) \
    __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW64(a, b) \
    __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH64(a, b) \
    __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#endif

#define QUARTER(i) (*(const cblake3_u32x4_unaligned *)(input + (size_t)(i) * stride + position))
#define EVERY_LANE(value) ((VECTOR){0} + (value))
#define ROTATE(value, count) ((value) >> (count) | (value) << (32 - (count)))

// The compiler makes rotations by 16 and 8 byte shuffles, and then shuffles both sides of the exclusive or instead
// of its result, which costs a sixth of the speed. An empty statement that seems to change the value prevents it.
#if defined(__x86_64__)
#define HIDE(value) __asm__("" : "+v"(value))
#else
#define HIDE(value) ((void)0)
#endif

#define G(a, b, c, d, x, y) \
    a += b + x; \
    d ^= a; \
    HIDE(d); \
    d = ROTATE(d, 16); \
    c += d; \
    b ^= c; \
    b = ROTATE(b, 12); \
    a += b + y; \
    d ^= a; \
    HIDE(d); \
    d = ROTATE(d, 8); \
    c += d; \
    b ^= c; \
    b = ROTATE(b, 7)

TARGET
static void KERNEL(
    const uint8_t *input, size_t stride, size_t blocks, const uint32_t key[8], uint64_t counter,
    uint32_t counter_step, uint32_t flags, uint32_t flags_start, uint32_t flags_end, uint32_t *out) {
    VECTOR chaining_value[8];
    for (int i = 0; i < 8; i++) chaining_value[i] = EVERY_LANE(key[i]);

    VECTOR counter_low, counter_high;
    for (int lane = 0; lane < LANES; lane++) {
        uint64_t own = counter + (uint64_t)lane * counter_step;
        counter_low[lane] = (uint32_t)own;
        counter_high[lane] = (uint32_t)(own >> 32);
    }

    for (size_t block = 0; block < blocks; block++) {
        VECTOR m[16];
        for (int group = 0; group < 4; group++) {
            size_t position = block * CBLAKE3_BLOCK_LENGTH + (size_t)group * 16;
            VECTOR r0 = ROW(0), r1 = ROW(1), r2 = ROW(2), r3 = ROW(3);
            VECTOR low01 = LOW32(r0, r1), high01 = HIGH32(r0, r1);
            VECTOR low23 = LOW32(r2, r3), high23 = HIGH32(r2, r3);
            m[group * 4] = LOW64(low01, low23);
            m[group * 4 + 1] = HIGH64(low01, low23);
            m[group * 4 + 2] = LOW64(high01, high23);
            m[group * 4 + 3] = HIGH64(high01, high23);
        }

        uint32_t block_flags = flags | (block == 0 ? flags_start : 0) | (block + 1 == blocks ? flags_end : 0);
        VECTOR s[16] = {
            chaining_value[0], chaining_value[1], chaining_value[2], chaining_value[3],
            chaining_value[4], chaining_value[5], chaining_value[6], chaining_value[7],
            EVERY_LANE(CBLAKE3_IV0), EVERY_LANE(CBLAKE3_IV1), EVERY_LANE(CBLAKE3_IV2), EVERY_LANE(CBLAKE3_IV3),
            counter_low, counter_high, EVERY_LANE((uint32_t)CBLAKE3_BLOCK_LENGTH), EVERY_LANE(block_flags),
        };
        CBLAKE3_ROUNDS;
        for (int i = 0; i < 8; i++) chaining_value[i] = s[i] ^ s[i + 8];
    }

    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < 8; i++) out[lane * 8 + i] = chaining_value[i][lane];
    }
}

#undef G
#undef HIDE
#undef ROTATE
#undef EVERY_LANE
#undef QUARTER
#undef LOW32
#undef HIGH32
#undef LOW64
#undef HIGH64
#undef ROW
#ifdef HALF
#undef HALF
#endif
#undef VECTOR
#undef CBLAKE3_JOIN
#undef CBLAKE3_JOIN_
#undef LANES
#undef KERNEL
#undef TARGET
