internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// One walk over a source: the folders above it, then each folder before what lies in it, names in bytewise order.
///
/// Only one folder is open at a time, so that depth costs no descriptors; a folder is recognised again by device and
/// inode when its turn comes.
struct FileWalk {
    typealias Emit = @Sendable (Record) async throws -> Void

    private let root: SourceRoot
    private let staysOnDevice: Bool
    private let context: ConnectorContext
    private var accounts = AccountNames()
    /// Folders whose contents are still to come, the next one last.
    private var pending: [Folder] = []

    private struct Folder {
        let path: BytePath
        let info: FileInfo
    }

    init(root: SourceRoot, staysOnDevice: Bool, context: ConnectorContext) {
        self.root = root
        self.staysOnDevice = staysOnDevice
        self.context = context
    }

    mutating func run(_ emit: Emit) async throws {
        try await emitAncestors(emit)
        let info: FileInfo
        do throws(SystemError) {
            info = self.info(root.path.name, try root.status())
        } catch {
            throw error.at(root.path)
        }
        try await emitEntry(at: root.path, info, in: root.base, as: root.isDirectory ? [0x2E] : root.path.name, emit)
        while let folder = pending.popLast() {
            try Task.checkCancellation()
            if staysOnDevice, folder.info.device != info.device { continue }
            try await visit(folder, emit)
        }
    }

    /// The folders above the root and the root itself, which every walk emits before anything else.
    static func recordsBefore(_ root: BytePath) -> Int {
        var count = 1
        var next = root.parent
        while let path = next {
            count += 1
            next = path.parent
        }
        return count
    }

    /// The folders above the root, without the names of their owners (Kloset format, section 9.3).
    private func emitAncestors(_ emit: Emit) async throws {
        var ancestors: [BytePath] = []
        var next = root.path.parent
        while let path = next {
            ancestors.append(path)
            next = path.parent
        }
        for path in ancestors.reversed() {
            switch Result(catching: { () throws(SystemError) in try Descriptor.status(path: path.bytes) }) {
            case .success(let status):
                try await emit(Record(path: path, info: FileInfo(name: path.name, status)))
            case .failure(let error):
                try await emit(.failed(path, error: error.reason))
            }
        }
    }

    private mutating func visit(_ folder: Folder, _ emit: Emit) async throws {
        let contents = Result { () throws(SystemError) in
            let directory = try root.open(folder.path, O_RDONLY | O_DIRECTORY)
            let isSame = folder.info.isSameFile(as: try directory.status())
            return (directory, isSame, isSame ? try directory.names() : [])
        }
        switch contents {
        // The folder could be opened when it was emitted, and a path is an entry or an error, never both.
        case .failure(let error):
            context.report(.incomplete("\(folder.path): \(error.reason)."))
        case .success((_, false, _)):
            context.report(.incomplete("\(folder.path): cannot read the folder: it was replaced during the backup."))
        case .success((let directory, true, let names)):
            let firstOwn = pending.count
            for name in names {
                guard let path = folder.path.appending(name) else { continue }
                switch Result(catching: { () throws(SystemError) in try directory.status(of: name) }) {
                case .success(let status):
                    try await emitEntry(at: path, info(name, status), in: directory, as: name, emit)
                case .failure(let error):
                    try await emitFailure(path, error, emit)
                }
            }
            pending[firstOwn...].reverse()
        }
    }

    /// Emits what `name` in `directory` is, with its attributes.
    private mutating func emitEntry(
        at path: BytePath, _ info: FileInfo, in directory: Descriptor, as name: [UInt8], _ emit: Emit
    ) async throws {
        if path != root.path, context.excludes(path, info.mode.isDirectory) { return }
        var record = Record(path: path, info: info)
        var attributes = ExtendedAttributes()
        let outcome = Result { () throws(SystemError) in
            if info.mode.isSymbolicLink {
                record.symbolicLinkTarget = try directory.linkTarget(of: name)
            } else if info.mode.isRegular {
                // What cannot be opened cannot be read either: better said now than left to the reading.
                let isRoot = path == root.path
                let file = try directory.open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY, follow: isRoot)
                attributes = ExtendedAttributes(of: file)
                record.content = .onDemand
            } else if info.mode.isDirectory {
                attributes = ExtendedAttributes(of: try directory.open(name, O_RDONLY | O_DIRECTORY))
            }
            if info.mode.isSymbolicLink || info.mode.isSpecial {
                attributes = ExtendedAttributes(of: name, in: directory)
            }
        }
        if case .failure(let error) = outcome {
            try await emitFailure(path, error, emit)
            return
        }
        if info.mode.isDirectory { pending.append(Folder(path: path, info: info)) }
        record.extendedAttributeNames = attributes.values.map(\.name)
        try await emit(record)
        for (name, value) in attributes.values {
            try await emit(
                Record(
                    path: path, kind: .extendedAttribute(name: name, kind: .extended), info: nil,
                    content: .inline(value)))
        }
        for (name, error) in attributes.failures {
            context.report(.incomplete("\(path): attribute \(printable(name)): \(error.reason)"))
        }
    }

    private mutating func info(_ name: [UInt8], _ status: stat) -> FileInfo {
        FileInfo(name: name, status, userName: accounts.user(status.st_uid), groupName: accounts.group(status.st_gid))
    }

    /// What went away since its folder was read was deleted; anything else is missing from the backup.
    private func emitFailure(_ path: BytePath, _ error: SystemError, _ emit: Emit) async throws {
        if error.number == ENOENT {
            context.report(.note("\(path) was deleted during the backup."))
        } else {
            try await emit(.failed(path, error: error.reason))
        }
    }
}

extension FileMode {
    /// Neither file nor folder nor link: a device, a pipe, a socket.
    fileprivate var isSpecial: Bool { !isRegular && !isDirectory && !isSymbolicLink }
}
