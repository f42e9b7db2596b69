/// Makes an array whose bytes a C function writes.
///
/// - Parameters:
///   - capacity: the most bytes that `body` may write.
///   - body: returns how many bytes it has written.
func bytes(
    capacity: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) throws(CompressionError) -> Int
) throws(CompressionError) -> [UInt8] {
    var failure: CompressionError?
    let result = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
        do throws(CompressionError) {
            initialized = try body(UnsafeMutableBufferPointer(rebasing: buffer[..<capacity]))
        } catch {
            failure = error
        }
    }
    if let failure { throw failure }
    return result
}

/// What one try at decompressing into a buffer came to.
enum Attempt {
    /// `written` bytes of output from `consumed` bytes of input.
    case done(written: Int, consumed: Int)
    case outputTooSmall
}

/// Decompresses a format that does not reliably say how long its content is: tries a moderate size, then
/// larger ones, so that memory grows with what the input really holds and not with what it claims.
///
/// - Parameters:
///   - name: the format, for errors.
///   - hint: the size that the input claims; 0 when unknown.
///   - inputCount: the bytes of input.
///   - limit: the most bytes that the caller accepts.
/// - Returns: the content, and how many bytes of input it took.
func growing(
    _ name: String, hint: Int, inputCount: Int, limit: Int,
    _ attempt: (UnsafeMutableBufferPointer<UInt8>) throws(CompressionError) -> Attempt
) throws(CompressionError) -> (bytes: [UInt8], consumed: Int) {
    let limit = max(0, limit)
    let (eightfold, overflow) = inputCount.multipliedReportingOverflow(by: 8)
    let moderate = max(4096, overflow ? .max : eightfold)
    var capacity = min(limit, hint > 0 && hint <= moderate ? hint : moderate)
    while true {
        var consumed = 0
        var tooSmall = false
        let result = try bytes(capacity: capacity) { buffer throws(CompressionError) in
            switch try attempt(buffer) {
            case .done(let written, let used):
                consumed = used
                return written
            case .outputTooSmall:
                tooSmall = true
                return 0
            }
        }
        // What is kept, such as a cached object, should not hold several times its size.
        if !tooSmall { return (result.count < capacity / 2 ? Array(result[...]) : result, consumed) }
        guard capacity < limit else {
            throw CompressionError(.limitExceeded, "\(name): the content is larger than the \(limit) bytes allowed")
        }
        capacity = capacity > limit / 2 ? limit : capacity * 2
    }
}
