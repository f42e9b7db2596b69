// One block, its sixteen words of state as four rows of a vector each. Included once for each set of instructions, with
//   KERNEL   the name of the function
//   TARGET   the attribute that lets the compiler use the instructions, or nothing

// Elements of two rows: 0 ... 3 are of the first, 4 ... 7 of the second.
#define PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#define TURN(a, i, j, k, l) __builtin_shufflevector(a, a, i, j, k, l)
#define ROTATE(value, count) ((value) >> (count) | (value) << (32 - (count)))

#define HALF_ROUND(x, y) \
    a = a + x + b; \
    d = ROTATE(d ^ a, 16); \
    c += d; \
    b = ROTATE(b ^ c, 12); \
    a = a + y + b; \
    d = ROTATE(d ^ a, 8); \
    c += d; \
    b = ROTATE(b ^ c, 7)

TARGET static void KERNEL(
    const uint32_t chaining_value[8], const uint8_t block[64], uint32_t block_length, uint64_t counter,
    uint32_t flags, uint32_t state[16]) {
    const row first = *(const unaligned_row *)chaining_value;
    const row second = *(const unaligned_row *)(chaining_value + 4);
    row a = first;
    row b = second;
    row c = {CBLAKE3_IV0, CBLAKE3_IV1, CBLAKE3_IV2, CBLAKE3_IV3};
    row d = {(uint32_t)counter, (uint32_t)(counter >> 32), block_length, flags};

    // The words of the message as the columns and then the diagonals of a round take them. What a round adds on its
    // diagonals stands one place to the right, because it is the row `b` that keeps its place there: it is the one
    // that is ready last.
    const row w0 = *(const unaligned_row *)block;
    const row w1 = *(const unaligned_row *)(block + 16);
    const row w2 = *(const unaligned_row *)(block + 32);
    const row w3 = *(const unaligned_row *)(block + 48);
    row columns_x = PICK(w0, w1, 0, 2, 4, 6);
    row columns_y = PICK(w0, w1, 1, 3, 5, 7);
    row diagonals_x = PICK(w2, w3, 6, 0, 2, 4);
    row diagonals_y = PICK(w2, w3, 7, 1, 3, 5);

    for (int round = 0;; round++) {
        HALF_ROUND(columns_x, columns_y);
        a = TURN(a, 3, 0, 1, 2);
        c = TURN(c, 1, 2, 3, 0);
        d = TURN(d, 2, 3, 0, 1);
        HALF_ROUND(diagonals_x, diagonals_y);
        a = TURN(a, 1, 2, 3, 0);
        c = TURN(c, 3, 0, 1, 2);
        d = TURN(d, 2, 3, 0, 1);
        if (round == 6) break;
        // The permutation of the BLAKE3 paper, table 2, in terms of the four rows.
        const row ends = PICK(diagonals_x, diagonals_y, 2, 2, 7, 7);
        const row outer = PICK(diagonals_y, columns_y, 0, 4, 0, 4);
        const row inner = PICK(diagonals_y, columns_y, 2, 2, 6, 6);
        const row next_columns_x = PICK(columns_x, columns_y, 1, 5, 7, 2);
        const row next_columns_y = PICK(columns_x, ends, 3, 4, 0, 6);
        const row next_diagonals_x = PICK(outer, PICK(diagonals_x, diagonals_y, 3, 3, 5, 5), 0, 1, 4, 6);
        const row next_diagonals_y = PICK(PICK(diagonals_x, inner, 1, 4, 0, 6), inner, 0, 1, 6, 2);
        columns_x = next_columns_x;
        columns_y = next_columns_y;
        diagonals_x = next_diagonals_x;
        diagonals_y = next_diagonals_y;
    }
    *(unaligned_row *)state = a ^ c;
    *(unaligned_row *)(state + 4) = b ^ d;
    *(unaligned_row *)(state + 8) = c ^ first;
    *(unaligned_row *)(state + 12) = d ^ second;
}

#undef HALF_ROUND
#undef ROTATE
#undef TURN
#undef PICK
#undef KERNEL
#undef TARGET
