internal import Compression
internal import KlosetFormat

/// The largest content that is asked for, in bytes.
private let contentLimit = 1 << 20

extension FuzzTarget {
    static let lz4 = FuzzTarget("lz4") { input throws(BrokenPromise) in
        let content = expected { try LZ4Frame.decompress(input, limit: contentLimit) }
        try check(content) { limit in try LZ4Frame.decompress(input, limit: limit) }
        let frame = expected { try LZ4Frame.compress(input) }
        try promise(
            expected { try LZ4Frame.decompress(frame ?? [], limit: input.count) } == input, "LZ4 loses content")
    }

    static let gzip = FuzzTarget("gzip") { input throws(BrokenPromise) in
        let content = expected { try Gzip.decompress(input, limit: contentLimit) }
        try check(content) { limit in try Gzip.decompress(input, limit: limit) }
    }

    static let zlib = FuzzTarget("zlib") { input throws(BrokenPromise) in
        let content = expected { try Zlib.decompress(input, limit: contentLimit) }
        try check(content) { limit in try Zlib.decompress(input, limit: limit) }
        // As it lies in a git pack: it ends where it ends, and its size is known.
        let prefix = expected {
            try Zlib.decompress(prefixOf: input + [1, 2, 3], at: 0, size: content?.count ?? 0)
        }
        if let content, let prefix {
            try promise(
                prefix.bytes == content && prefix.consumed <= input.count + 3, "a prefix differs from the whole")
        }
    }

    static let zstandard = FuzzTarget("zstandard") { input throws(BrokenPromise) in
        let content = expected { try Zstandard.decompress(input, limit: contentLimit) }
        try check(content) { limit in try Zstandard.decompress(input, limit: limit) }
    }

    /// The first bytes choose the sizes, the second how the rest is cut into pieces before it is chunked.
    static let chunking = FuzzTarget("chunking") { input throws(BrokenPromise) in
        guard input.count >= 2 else { return }
        let minimum = 64 << Int(input[0] & 3)
        let variant: FastCDC.Variant? = FastCDC.Variant(named: input[0] & 4 == 0 ? "fastcdc-v1.0.0" : "fastcdc")
        guard let variant,
            let cutter = FastCDC(
                variant, minimum: minimum, normal: minimum * 4, maximum: minimum * (5 + Int(input[0] >> 4)))
        else { return }
        let content = Array(input.dropFirst(2))
        let whole = chunks(of: content, cutter, pieces: max(content.count, 1))
        try promise(whole.flatMap { $0 } == content, "chunks put together are not the content")
        try promise(whole == chunks(of: content, cutter, pieces: Int(input[1]) + 1), "pieces change the cuts")
        try promise(content.isEmpty == whole.contains([]), "only empty content has an empty chunk")
        try promise(whole.allSatisfy { $0.count <= cutter.maximum }, "a chunk is too large")
    }

    /// No more than the limit is handed out, a limit of exactly the content suffices, and one byte less is refused.
    private static func check(
        _ content: [UInt8]?, _ decompress: (Int) throws -> [UInt8]
    ) throws(BrokenPromise) {
        guard let content else { return }
        try promise(content.count <= contentLimit, "more was decompressed than allowed")
        try promise(expected { try decompress(content.count) } == content, "the limit of exactly the content fails")
        guard !content.isEmpty else { return }
        try promise(expected { try decompress(content.count - 1) } == nil, "a limit was passed")
    }

    private static func chunks(of content: [UInt8], _ cutter: FastCDC, pieces size: Int) -> [[UInt8]] {
        var splitter = ChunkSplitter(cutter)
        var chunks: [[UInt8]] = []
        var offset = 0
        while offset < content.count {
            let end = min(offset + size, content.count)
            chunks += splitter.append(Array(content[offset..<end]))
            offset = end
        }
        if let last = splitter.finish() { chunks.append(last) }
        return chunks
    }
}
