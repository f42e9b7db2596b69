/// Cuts a stream that comes in pieces of any size; the cuts do not depend on the pieces.
///
/// Holds at most one chunk. A stream of no bytes is one empty chunk, any other stream has no empty one.
package struct ChunkSplitter: Sendable {
    private let cutter: FastCDC
    private var scan = FastCDC.Scan()
    private var pending: [UInt8] = []
    private var hasEmitted = false

    package init(_ cutter: FastCDC) { self.cutter = cutter }

    /// Takes the next piece of the stream.
    ///
    /// - Returns: the chunks that are complete, in order; most often none.
    package mutating func append(_ piece: [UInt8]) -> [[UInt8]] {
        // Most files are one small piece: it becomes the chunk as it is.
        if pending.isEmpty, piece.count <= min(cutter.minimum, cutter.maximum - 1) {
            scan.length = piece.count
            pending = piece
            return []
        }
        if pending.count + piece.count > cutter.minimum, pending.count < cutter.normal {
            pending.reserveCapacity(min(cutter.maximum, cutter.normal * 2))
        }
        var chunks: [[UInt8]] = []
        piece.withUnsafeBufferPointer { piece in
            var rest = piece[...]
            while !rest.isEmpty {
                let room = min(rest.count, cutter.maximum - scan.length)
                let window = UnsafeBufferPointer(rebasing: rest.prefix(room))
                let cut = cutter.advance(&scan, window)
                let taken = cut ?? room
                pending.append(contentsOf: window.prefix(taken))
                rest = rest.dropFirst(taken)
                if cut != nil || scan.length == cutter.maximum { chunks.append(endChunk()) }
            }
        }
        return chunks
    }

    /// Ends the stream; the splitter is then ready for the next one.
    ///
    /// - Returns: what is left of it as the last chunk, or nil when the last chunk is already out.
    package mutating func finish() -> [UInt8]? {
        defer { hasEmitted = false }
        guard !pending.isEmpty || !hasEmitted else { return nil }
        return endChunk()
    }

    private mutating func endChunk() -> [UInt8] {
        hasEmitted = true
        scan = FastCDC.Scan()
        defer { pending = [] }
        return pending
    }
}
