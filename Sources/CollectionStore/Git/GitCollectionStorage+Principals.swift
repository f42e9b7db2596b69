import GitObjects
import Synchronization

extension GitCollectionStorage {
    /// As Xandikos does: the homes are repositories without commits, the collections in them have a type and nothing else.
    package func createDefaults(
        principal: CollectionPath, by author: ChangeAuthor
    ) async throws(CollectionStoreError) {
        try await DiskQueue.shared.run { () throws(CollectionStoreError) in
            try self.makeDirectories(to: principal)
            let settings = try self.principalFiles.read(self.directory(of: principal))
            if let home = settings.calendarHomes.first {
                let calendar = try principal.appending(home).appending("calendar")
                try self.createMissing(calendar, .calendar, below: principal, author)
                if settings.defaultCalendarURL == nil {
                    try self.principalFiles.update(self.directory(of: principal)) {
                        $0.defaultCalendarURL = calendar.string
                    }
                }
            }
            if let home = settings.addressbookHomes.first {
                let book = try principal.appending(home).appending("addressbook")
                try self.createMissing(book, .addressbook, below: principal, author)
            }
            let inbox = try principal.appending(PrincipalSettings.inbox)
            try self.createMissing(inbox, .scheduleInbox, below: principal, author)
            let outbox = try principal.appending(PrincipalSettings.outbox)
            try self.createMissing(outbox, .scheduleOutbox, below: principal, author)
        }
    }

    private func makeDirectories(to path: CollectionPath) throws(CollectionStoreError) {
        if try openCollection(at: path) != nil { return }
        if try plainDirectory(at: path) != nil { return }
        if let parent = path.parent { try makeDirectories(to: parent) }
        try makePlainDirectory(path)
    }

    private func createMissing(
        _ path: CollectionPath, _ type: CollectionType, below principal: CollectionPath, _ author: ChangeAuthor
    ) throws(CollectionStoreError) {
        if try openCollection(at: path) != nil { return }
        if try plainDirectory(at: path) != nil { return }
        if let parent = path.parent, parent != principal, try openCollection(at: parent) == nil,
            try plainDirectory(at: parent) == nil
        {
            try create(parent, nil)
        }
        try create(path, CollectionChange(kind: .initialize(type, CollectionProperties()), author: author))
    }

    package func updatePrincipal(
        at path: CollectionPath, _ change: @Sendable (inout PrincipalSettings) -> Void
    ) async throws(CollectionStoreError) {
        // Small and rare: one file read, one written.
        guard try plainDirectory(at: path) != nil else {
            throw CollectionStoreError(.notFound, "There is no principal \(path).")
        }
        try principalFiles.update(directory(of: path), change)
    }
}

/// The files with the settings of principals. One at a time is changed.
final class PrincipalFiles: Sendable {
    private let turn = Mutex(())
    private static let limit = 1 << 20

    private func path(_ directory: String) -> String { directory + "/" + CollectionMetadata.fileName }

    /// The defaults when the directory has no such file.
    func read(_ directory: String) throws(CollectionStoreError) -> PrincipalSettings {
        PrincipalSettings(file: try file(directory))
    }

    private func file(_ directory: String) throws(CollectionStoreError) -> INIFile {
        let path = path(directory)
        let bytes = try withGit { () throws(GitError) -> [UInt8]? in
            guard try FileSystem.status(of: path)?.isRegularFile == true else { return nil }
            return try FileSystem.readIfPresent(path, limit: Self.limit)
        }
        return INIFile(parsing: String(decoding: bytes ?? [], as: UTF8.self))
    }

    func update(_ directory: String, _ change: (inout PrincipalSettings) -> Void) throws(CollectionStoreError) {
        let result: Result<Void, CollectionStoreError> = turn.withLock { _ in
            do throws(CollectionStoreError) {
                var file = try file(directory)
                let old = PrincipalSettings(file: file)
                var new = old
                change(&new)
                guard new != old else { return .success(()) }
                new.update(&file, from: old)
                let bytes = file.encoded()
                try withGit { () throws(GitError) in try FileSystem.replaceFile(path(directory), with: bytes) }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
