internal import CBLAKE3Kernels

/// BLAKE3, plain or keyed, with output of any length.
///
/// Input may come in pieces of any size; pieces of 16 KiB and more let the widest kernel work. A value type: a
/// copy continues on its own.
package struct BLAKE3Hasher: Sendable {
    /// Bytes of a digest and of a key.
    package static let digestLength = 32

    /// The chunk that is not complete, or complete but perhaps the last.
    private var chunk = cblake3_chunk()
    /// Chaining values of the complete subtrees to the left of `chunk`, largest first; one for each bit that is
    /// set in the number of chunks.
    private var stack: [ChainingValue] = []
    private let key: ChainingValue
    private let flags: UInt32
    private let kernel: cblake3_kernel

    package init() {
        self.init(key: .initial, flags: 0, kernel: .best)
    }

    /// - Parameter key: exactly 32 bytes; anything else gives nil.
    package init?(key: [UInt8]) {
        self.init(key: key, kernel: .best)
    }

    /// For tests and measurements; ``init(key:)`` and ``init()`` choose the kernel themselves.
    ///
    /// - Parameter key: 32 bytes, or nil for the plain hash.
    package init?(key: [UInt8]?, kernel: BLAKE3Kernel) {
        guard kernel.isAvailable else { return nil }
        guard let key else {
            self.init(key: .initial, flags: 0, kernel: kernel)
            return
        }
        guard let words = ChainingValue(littleEndian: key) else { return nil }
        self.init(key: words, flags: UInt32(CBLAKE3_KEYED_HASH), kernel: kernel)
    }

    private init(key: ChainingValue, flags: UInt32, kernel: BLAKE3Kernel) {
        self.key = key
        self.flags = flags
        self.kernel = kernel.raw
        startChunk(0)
    }

    private mutating func startChunk(_ number: UInt64) {
        key.withWords { cblake3_chunk_init(&chunk, kernel, $0, number, flags) }
    }

    // MARK: Input

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    package mutating func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { update($0) }
    }

    package mutating func update(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { update($0) }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard var input = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var count = bytes.count
        while count > 0 {
            var held = cblake3_chunk_length(&chunk)
            // A full chunk is closed only when more input is known to follow: it may have been the root.
            if held == chunkLength {
                closeChunk()
                held = 0
            }
            if held == 0, count > chunkLength {
                let chunks = subtreeSize(upTo: (count - 1) / chunkLength)
                hashSubtree(input, chunks: chunks)
                input += chunks * chunkLength
                count -= chunks * chunkLength
            } else {
                let part = min(count, chunkLength - held)
                cblake3_chunk_update(&chunk, input, part)
                input += part
                count -= part
            }
        }
    }

    private mutating func closeChunk() {
        var node = cblake3_node()
        cblake3_chunk_node(&chunk, &node)
        push(ChainingValue { cblake3_node_chaining_value(&node, $0) }, chunks: 1)
    }

    /// The largest complete subtree that may start at the current chunk and has at most `limit` chunks.
    private func subtreeSize(upTo limit: Int) -> Int {
        let alignment =
            chunk.counter == 0 ? largestSubtree : min(largestSubtree, 1 << chunk.counter.trailingZeroBitCount)
        return min(alignment, 1 << (Int.bitWidth - 1 - limit.leadingZeroBitCount))
    }

    /// Hashes a complete subtree of 1, 2, 4 ... chunks, level by level.
    private mutating func hashSubtree(_ input: UnsafePointer<UInt8>, chunks: Int) {
        let value = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: largestSubtree * wordsPerValue) { values in
            guard let base = values.baseAddress else { return key }
            key.withWords { key in
                cblake3_hash_chunks(kernel, input, chunks, key, chunk.counter, flags, base)
                var width = chunks / 2
                while width > 0 {
                    cblake3_hash_parents(kernel, base, width, key, flags, base)
                    width /= 2
                }
            }
            return ChainingValue { $0.update(from: base, count: wordsPerValue) }
        }
        push(value, chunks: chunks)
    }

    /// Adds a complete subtree on the right and joins what is complete with it. More input must follow, so that
    /// no join can be the root.
    private mutating func push(_ value: ChainingValue, chunks: Int) {
        var value = value
        var joinable = chunk.counter / UInt64(chunks)
        while joinable & 1 == 1, let left = stack.popLast() {
            var node = parent(left, value)
            value = ChainingValue { cblake3_node_chaining_value(&node, $0) }
            joinable >>= 1
        }
        stack.append(value)
        startChunk(chunk.counter + UInt64(chunks))
    }

    private func parent(_ left: ChainingValue, _ right: ChainingValue) -> cblake3_node {
        var node = cblake3_node()
        left.withWords { left in
            right.withWords { right in
                key.withWords { key in cblake3_node_init_parent(&node, kernel, left, right, key, flags) }
            }
        }
        return node
    }

    // MARK: Output

    /// The digest of everything so far, 32 bytes. More input may follow.
    package func finalize() -> [UInt8] { finalize(count: Self.digestLength) }

    /// The first `count` bytes of the extendable output; a shorter output is a prefix of a longer one.
    package func finalize(count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            finalize(into: UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Fills `output`, as ``finalize(count:)`` would, without an array.
    package func finalize(into output: UnsafeMutableRawBufferPointer) {
        guard let base = output.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var node = cblake3_node()
        withUnsafePointer(to: chunk) { cblake3_chunk_node($0, &node) }
        for left in stack.reversed() {
            let right = ChainingValue { cblake3_node_chaining_value(&node, $0) }
            node = parent(left, right)
        }
        cblake3_node_root_output(&node, base, output.count)
    }

    // MARK: In one call

    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = BLAKE3Hasher()
        hasher.update(bytes)
        return hasher.finalize()
    }

    /// - Parameter key: exactly 32 bytes; anything else gives nil.
    package static func keyedHash(key: [UInt8], _ bytes: [UInt8]) -> [UInt8]? {
        guard var hasher = BLAKE3Hasher(key: key) else { return nil }
        hasher.update(bytes)
        return hasher.finalize()
    }
}

private let chunkLength = Int(CBLAKE3_CHUNK_LENGTH)
private let wordsPerValue = 8
/// Chunks hashed in one go: enough for the joins to fill the lanes too, few enough to stay in the first cache.
private let largestSubtree = 128
