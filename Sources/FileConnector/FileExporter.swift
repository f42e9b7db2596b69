package import ConnectorKit
internal import Foundation

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A folder as the destination of a restore.
///
/// Files of the same name are replaced, others stay. In a folder that was there before, a file appears under its name
/// only when it is complete. What a link at the destination leads to is never touched. All is durable when ``finish()``
/// returns: until then nothing is synced, because one sync of the file system costs less than one of each file.
package actor FileExporter: Exporter {
    package nonisolated let identity: ConnectorIdentity
    let destination: BytePath
    var context = ConnectorContext()
    var tree: TargetTree?
    /// Folders get their permissions and times last: writing into them needs the one and changes the other.
    var finishedLast: [(path: BytePath, info: FileInfo)] = []
    /// Where the first name of each file with several was restored to.
    var hardLinks: [HardLink: BytePath] = [:]
    /// The file that was restored last, still open for the attributes that follow it.
    var lastFile: (path: BytePath, file: Descriptor)?
    /// Attributes that were left out, so that each is told of once.
    var attributesLeftOut: Set<[UInt8]> = []
    private var isNew = false
    /// Who restores.
    let user = geteuid()

    var isPrivileged: Bool { user == 0 }

    struct HardLink: Hashable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let modificationTime: Timestamp

        init(_ info: FileInfo) {
            device = info.device
            inode = info.inode
            size = info.size
            modificationTime = info.modificationTime
        }
    }

    package init(_ configuration: ConnectorConfiguration) throws(ConnectorError) {
        destination = try FileIntegration.path(configuration)
        try configuration.refuseOptions(besides: [], of: "a folder as destination")
        identity = ConnectorIdentity(
            type: "fs", origin: FileIntegration.hostName(), root: destination,
            flags: [.localFileSystem, .exportsExtendedAttributes])
    }

    package func ping() async throws -> String {
        var existing = destination
        while true {
            let status = Result { () throws(SystemError) in try Descriptor.status(path: existing.bytes) }
            switch status {
            case .success(let status):
                guard FileMode(posix: UInt32(status.st_mode)).isDirectory else {
                    throw SystemError(number: ENOTDIR, action: "write there").at(existing)
                }
                guard access(cName(existing.bytes), W_OK | X_OK) == 0 else {
                    throw SystemError(number: errno, action: "write there").at(existing)
                }
                return existing == destination ? "the folder \(destination)" : "the new folder \(destination)"
            case .failure(let error):
                guard error.number == ENOENT, let parent = existing.parent else { throw error.at(existing) }
                existing = parent
            }
        }
    }

    package func begin(_ tree: any SnapshotTree, _ context: ConnectorContext) async throws {
        self.context = context
        do throws(SystemError) {
            let (tree, isNew) = try TargetTree.open(destination)
            self.tree = tree
            self.isNew = isNew
        } catch {
            throw error.at(destination)
        }
    }

    package func export(_ record: Record, content: (any ContentReader)?) async throws {
        try Task.checkCancellation()
        switch record.kind {
        case .extendedAttribute(let name, let kind):
            try await exportAttribute(name, kind, of: record.path, content)
        case .entry:
            lastFile = nil
            guard let info = record.info else {
                throw ConnectorError(.corrupt, "\(record.path): the snapshot does not say what it is.")
            }
            do {
                try await exportEntry(record, info, content)
            } catch let error as SystemError {
                throw error.at(record.path)
            }
        }
    }

    private func exportEntry(_ record: Record, _ info: FileInfo, _ content: (any ContentReader)?) async throws {
        if info.mode.isDirectory {
            try exportDirectory(record.path, info)
        } else if record.path.isRoot {
            throw ConnectorError(.unsupported, "What is to be restored is no folder, and has no name to restore it to.")
        } else if info.mode.isSymbolicLink {
            try exportSymbolicLink(record, info)
        } else if info.mode.isRegular {
            try await exportFile(record.path, info, content)
        } else if info.mode.contains(.namedPipe) {
            try exportSpecial(record.path, info, type: mode_t(S_IFIFO))
        } else if info.mode.contains(.socket) {
            try exportSpecial(record.path, info, type: mode_t(S_IFSOCK))
        } else {
            throw ConnectorError(
                .unsupported, "\(record.path): cannot make the device: snapshots do not hold device numbers.")
        }
    }

    private func exportDirectory(_ path: BytePath, _ info: FileInfo) throws {
        guard !path.isRoot else {
            // A folder that was there before, perhaps /tmp, keeps its own permissions.
            if isNew { finishedLast.append((path, info)) }
            return
        }
        let place = try place(path)
        let (parent, name) = (place.directory, place.name)
        do throws(SystemError) {
            try parent.makeDirectory(name, mode: 0o700)
        } catch {
            guard error.number == EEXIST else { throw error }
            let existing = FileMode(posix: UInt32(try parent.status(of: name).st_mode))
            if existing.isDirectory {
                // A stranger's folder stays as it is; writing into it then says what is wrong.
                if existing.permissions & 0o700 != 0o700 { try? parent.setMode(of: name, 0o700) }
                finishedLast.append((path, info))
                return
            }
            try parent.remove(name)
            try parent.makeDirectory(name, mode: 0o700)
        }
        tree?.enter(path, try parent.open(name, O_RDONLY | O_DIRECTORY))
        finishedLast.append((path, info))
    }

    package func finish() async throws -> [ExportFailure] {
        lastFile = nil
        guard let tree else { return [] }
        var failures: [ExportFailure] = []
        // Folders came before what lies in them, so backwards is deepest first.
        for (path, info) in finishedLast.reversed() {
            do throws(SystemError) {
                try apply(info, to: path.isRoot ? tree.root : try tree.root.directory(at: path.components))
            } catch {
                failures.append(ExportFailure(path: path, reason: error.reason))
            }
        }
        finishedLast = []
        try await sync(tree.root)
        return failures.reversed()
    }

    /// On a thread of its own: it may take long, and the threads of the tasks are few.
    private func sync(_ folder: Descriptor) async throws {
        let destination = destination
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread {
                do throws(SystemError) {
                    try folder.syncFileSystem()
                    continuation.resume()
                } catch {
                    continuation.resume(throwing: error.at(destination))
                }
            }
        }
    }

    package func close() async {
        lastFile = nil
        tree = nil
    }

    /// The folder that holds `path`, opened, and the name in it.
    func place(_ path: BytePath) throws -> TargetTree.Place {
        guard tree != nil else {
            throw ConnectorError(.invalidConfiguration, "The destination was not opened before the first record.")
        }
        guard let place = try tree?.place(path) else { throw ConnectorError(.notFound, "\(path): no such folder.") }
        return place
    }
}
