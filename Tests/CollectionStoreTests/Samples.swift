import CollectionStore
import Foundation
import PeerPrograms

/// Small calendar objects and cards.
enum Samples {
    static func event(_ uid: String, summary: String = "Meeting", kind: String = "VEVENT") -> [UInt8] {
        let lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fasti//Tests//EN", "BEGIN:\(kind)", "UID:\(uid)",
            "DTSTAMP:20240101T000000Z", kind == "VEVENT" ? "DTSTART:20240102T100000Z" : "DUE:20240102T100000Z",
            "SUMMARY:\(summary)", "END:\(kind)", "END:VCALENDAR", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    static func card(_ uid: String, name: String = "Ada Lovelace") -> [UInt8] {
        let lines = [
            "BEGIN:VCARD", "VERSION:3.0", "UID:\(uid)", "FN:\(name)", "N:\(name);;;;", "END:VCARD", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }
}

/// A storage over a new folder with one calendar, `/cal`, and one address book, `/book`.
struct Scene {
    let folder: TemporaryFolder
    let storage: GitCollectionStorage
    let calendar: CollectionPath
    let book: CollectionPath
    let author = ChangeAuthor(user: "ada", userAgent: "Tests/1.0")

    init(journaled: Bool = false) async throws {
        folder = try TemporaryFolder("fasti-collections")
        storage = try GitCollectionStorage(root: folder.path, journaled: journaled)
        calendar = try CollectionPath("/cal")
        book = try CollectionPath("/book")
        try await storage.createCollection(at: calendar, type: .calendar, properties: .init(), by: author)
        try await storage.createCollection(at: book, type: .addressbook, properties: .init(), by: author)
    }

    var git: GitProgram { GitProgram(in: folder.appending("cal")) }

    @discardableResult
    func put(
        _ name: String, _ bytes: [UInt8], if condition: WriteCondition = .any, in path: CollectionPath? = nil
    ) async throws -> PutOutcome {
        try await storage.put(bytes, as: MemberName(name), in: path ?? calendar, if: condition, by: author)
    }

    func view(_ path: CollectionPath? = nil) async throws -> any CollectionView {
        try await storage.view(path ?? calendar)
    }

    /// git finds nothing wrong and nothing left to commit.
    func check() async throws {
        for name in ["cal", "book"] {
            let git = GitProgram(in: folder.appending(name))
            try await git.check()
            let status = try await git("status", "--porcelain")
            if !status.isEmpty { throw PeerError(reason: "git status of \(name): \(status)") }
            let rest = try FileManager.default.contentsOfDirectory(atPath: folder.appending(name + "/.git"))
                .filter { $0.contains("lock") || $0.hasPrefix("tmp") }
            if !rest.isEmpty { throw PeerError(reason: "left behind: \(rest)") }
        }
    }
}

extension CollectionStorage {
    func view(_ path: CollectionPath) async throws -> any CollectionView {
        guard case .collection(let view) = try await node(at: path) else {
            throw PeerError(reason: "\(path) is not a collection")
        }
        return view
    }
}

extension CollectionView {
    func names() async throws -> [String] { try await members().map(\.name.string) }

    func bytes(_ name: String) async throws -> [UInt8]? {
        guard let member = try await member(named: MemberName(name)) else { return nil }
        return try await content(of: member)
    }
}

/// The error that `body` throws, nil when it throws none.
func failure(_ body: () async throws -> Void) async -> CollectionStoreError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? CollectionStoreError
    }
}

/// Its code.
func code(_ body: () async throws -> Void) async -> CollectionStoreError.Code? { await failure(body)?.code }
