package import CollectionStore
import Compression
import HTTPTypes
package import Logging
package import NIOCore
import NIOPosix

/// Serves collections to git itself: `git clone`, `git fetch`, `git push`. Who asks, and what they may do, was found out
/// before.
package struct GitTransport: Sendable {
    let storage: GitCollectionStorage
    /// nil where git is not installed.
    let executable: GitExecutable?
    /// Of one member, in bytes.
    package let largestMember: Int
    let logger: Logger
    let turns = ProcessTurns(width: 4, queueLimit: 32)

    /// What fetching git says: which commits it has. In bytes.
    private static let largestQuestion = 32 << 20
    /// One push, in bytes.
    static let largestPush = 1 << 30

    package init(storage: GitCollectionStorage, executable: GitExecutable?, largestMember: Int, logger: Logger) {
        self.storage = storage
        self.executable = executable
        self.largestMember = largestMember
        self.logger = logger
    }

    /// Never throws for what the client or git does wrong; what it throws comes from the connection.
    package func respond<Body: AsyncSequence & Sendable>(
        to request: GitRequest, in place: GitPlace, body: Body
    ) async throws -> GitAnswer where Body.Element == ByteBuffer {
        guard let executable else {
            return GitAnswer(.notImplemented, "Git is not installed on the server, so nothing can be cloned from it.")
        }
        guard request.service == .uploadPack || place.mayWrite else {
            return GitAnswer(.forbidden, "You may read this collection, but not change it.")
        }
        do {
            switch (request.service, request.isAdvertisement) {
            case (.uploadPack, true): return try await advertiseForFetch(request, place, executable)
            case (.uploadPack, false):
                guard let question = try await question(request, body) else {
                    return GitAnswer(.contentTooLarge, "Git asks for more than this server listens to.")
                }
                return try await fetch(request, place, executable, question)
            case (.receivePack, true): return try await advertiseForPush(place)
            case (.receivePack, false): return try await receive(request, place, executable, body)
            }
        } catch {
            return try answer(to: error)
        }
    }

    private func answer(to error: any Error) throws -> GitAnswer {
        switch error {
        case let error as CollectionStoreError where error.code == .notFound:
            return GitAnswer(.notFound, error.reason)
        case let error as CollectionStoreError where error.code == .locked:
            return GitAnswer(.serviceUnavailable, error.reason)
        case let error as CollectionStoreError: logger.error("git: \(error.code): \(error.reason)")
        case let error as GitTransportError: logger.error("git: \(error.description)")
        default: throw error
        }
        return GitAnswer(.internalServerError, "The server's log says what failed.")
    }

    /// The whole body; nil when it is larger than it may be.
    private func question<Body: AsyncSequence & Sendable>(
        _ request: GitRequest, _ body: Body
    ) async throws -> UnnamedFile? where Body.Element == ByteBuffer {
        var bytes: [UInt8] = []
        for try await buffer in body {
            bytes.append(contentsOf: buffer.readableBytesView)
            guard bytes.count <= Self.largestQuestion else { return nil }
        }
        if request.isCompressed {
            guard let whole = try? Gzip.decompress(bytes, limit: Self.largestQuestion) else { return nil }
            bytes = whole
        }
        let file = try UnnamedFile()
        try file.append(bytes)
        return file
    }

    static let busy = GitAnswer(.serviceUnavailable, "Too many are cloning at the moment; try again in a minute.")
}

/// The collection that a request is about, and what the person may do there.
package struct GitPlace: Sendable {
    package let path: CollectionPath
    package let mayWrite: Bool
    package let rules: PushRules
    package let author: ChangeAuthor
    /// Says in words why a collection may not grow by so many bytes; nil when it may.
    package let refusesGrowth: @Sendable (Int) async -> String?

    package init(
        path: CollectionPath, mayWrite: Bool, rules: PushRules, author: ChangeAuthor,
        refusesGrowth: @escaping @Sendable (Int) async -> String?
    ) {
        self.path = path
        self.mayWrite = mayWrite
        self.rules = rules
        self.author = author
        self.refusesGrowth = refusesGrowth
    }
}
