import HTTPTypes
import WebDAV
import XMLStream

/// What writes a multistatus, some responses at a time.
protocol AnswerSteps: Sendable {
    /// Writes what comes next; false when there was nothing left.
    mutating func next(_ writer: inout PropertyWriter) async throws -> Bool
}

/// A multistatus that is made in steps: a small one is sent as a whole, a large one while it is made, so that only a piece
/// of it is in memory, and no faster than the client takes it.
enum SteppedAnswer {
    /// Up to this size an answer is sent as a whole, and its failure is a status of its own. In bytes.
    private static let wholeSize = 256 << 10
    /// What is sent at once, at least. Steps end when as much is written.
    static let pieceSize = 64 << 10

    /// - Parameters:
    ///   - syncToken: stands at the end; the answer is then complete or broken off, because the client would take a part
    ///     for the whole.
    static func respond(
        _ writer: PropertyWriter, _ steps: some AnswerSteps, syncToken: String? = nil, _ context: DAVContext
    ) async throws -> DAVResponse {
        var (writer, steps) = (writer, steps)
        while writer.pendingCount < wholeSize {
            guard try await steps.next(&writer) else { return .multistatus(writer.finish(syncToken: syncToken)) }
        }
        let (begun, rest) = (writer, steps)
        return DAVResponse(
            status: .multistatus, headers: [.contentType: DAVResponse.xmlContentType],
            body: .stream { write in
                var (writer, steps) = (begun, rest)
                do {
                    var goesOn = true
                    while goesOn {
                        if writer.pendingCount >= pieceSize {
                            let piece = writer.take()
                            try await context.notCounting { try await write(piece) }
                        }
                        goesOn = try await steps.next(&writer)
                    }
                } catch {
                    try tell(error, &writer, isTruncatable: syncToken == nil, context)
                }
                try await write(writer.finish(syncToken: syncToken))
            })
    }

    /// A limit that is reached in the middle is told at the end of the list, as RFC 5323, 5.17 and RFC 6352, 8.6.2 do; any
    /// other failure breaks the answer off.
    private static func tell(
        _ error: any Error, _ writer: inout PropertyWriter, isTruncatable: Bool, _ context: DAVContext
    ) throws {
        switch error {
        case let limit as DAVError where isTruncatable && limit.status == .insufficientStorage:
            let target = context.prefix.add(context.target.encoded)
            writer.write(
                target, status: .insufficientStorage, error: limit.condition, description: limit.reason)
        default: throw error
        }
    }
}
