internal import Compression
package import ConnectorKit
package import Kloset
internal import KlosetFormat

/// Hands a snapshot, or a part of it, out as one tar or zip file. Nothing but the piece that is written is in memory.
package struct ArchiveJob: Sendable {
    package let snapshot: Snapshot
    /// A directory, or a single file.
    package let path: BytePath
    package let format: ArchiveFormat
    /// Whether members are named from `path` on instead of from the root of the snapshot.
    package let isRebased: Bool

    package init(snapshot: Snapshot, path: BytePath, format: ArchiveFormat, isRebased: Bool) {
        self.snapshot = snapshot
        self.path = path
        self.format = format
        self.isRebased = isRebased
    }

    /// What came of it.
    package struct Summary: Sendable {
        package var counts = RestoreSummary.Counts()
        package var failures = JobFailures()
        /// Bytes of the archive.
        package var archiveBytes: UInt64 = 0
        package var duration = Duration.zero

        package var isComplete: Bool { failures.isEmpty }
    }

    /// - Parameter write: takes the bytes of the archive in their order.
    /// - Throws: when there is no archive: nothing is at the path, or what `write` throws. A file that is damaged is in
    ///   the summary; in the archive it is cut off, or filled up with zeros.
    package func run(
        _ write: @escaping ([UInt8]) throws -> Void, _ report: @escaping JobReport
    ) async throws -> Summary {
        let start = ContinuousClock.now
        guard let entry = try await snapshot.entry(at: path) else {
            throw KlosetError(.notFound, "There is no \(path) in snapshot \(snapshot.header.identifier.shortHex).")
        }
        let base: BytePath = isRebased ? (entry.isDirectory ? path : path.parent ?? .root) : .root
        var run = try ArchiveRun(snapshot, base: base, format, write, report)
        try await SnapshotTraversal(snapshot).run(from: path) { path, entry in
            try await run.add(path, entry)
        } damaged: { path, error in
            run.fail(path, .directory, "Its contents cannot be listed: \(error.reason)")
        }
        try run.finish()
        run.summary.duration = .now - start
        return run.summary
    }
}

/// One archive while it is written.
private struct ArchiveRun {
    private let snapshot: Snapshot
    private let base: BytePath
    private let format: ArchiveFormat
    private let write: ([UInt8]) throws -> Void
    private let report: JobReport
    private var writer: any ArchiveWriter
    private let compressor: DeflateStream?
    var summary = ArchiveJob.Summary()
    /// The first name of each file that has several, by what it is.
    private var links: [FileIdentity: [UInt8]] = [:]
    /// All attributes of the snapshot by path, read when the first one is wanted: a snapshot keeps them in one tree.
    private var attributes: [BytePath: [SnapshotAttribute]]?
    private var hasToldOfAttributes = false

    private struct FileIdentity: Hashable {
        let device: UInt64
        let inode: UInt64
        let object: MAC
    }

    /// Bytes of an attribute that are taken along; file systems allow 64 KiB.
    private static let attributeLimit: Int64 = 1 << 20

    init(
        _ snapshot: Snapshot, base: BytePath, _ format: ArchiveFormat, _ write: @escaping ([UInt8]) throws -> Void,
        _ report: @escaping JobReport
    ) throws {
        self.snapshot = snapshot
        self.base = base
        self.format = format
        self.write = write
        self.report = report
        writer = format == .zip ? ZipWriter() : TarWriter()
        compressor = format == .tarball ? try DeflateStream(.gzip) : nil
    }

    mutating func add(_ path: BytePath, _ entry: Entry) async throws {
        guard let relative = path.relative(to: base), !relative.isRoot else { return }
        let name = Array(relative.bytes.dropFirst())
        let kind = JobEntry.Kind(entry.info.mode)
        guard let memberKind = memberKind(entry, name) else {
            report(.warning("\(path): left out, archives have no sockets"))
            return
        }
        var member = ArchiveMember(path: name, kind: memberKind, info: entry.info)
        do {
            member.attributes = try await values(of: path, entry)
            try emit(try writer.begin(member))
        } catch let limit as ArchiveLimit {
            report(.warning("\(path): left out, \(limit)"))
            return
        } catch let error as KlosetError {
            fail(path, kind, error.reason)
            return
        }
        if case .file = memberKind {
            try await copy(path, entry)
        } else {
            try emit(writer.end())
            count(kind, path, bytes: 0)
        }
    }

    mutating func finish() throws {
        try emit(writer.finish())
        if let compressor { try put(compressor.finish()) }
    }

    mutating func fail(_ path: BytePath, _ kind: JobEntry.Kind, _ reason: String) {
        summary.failures.append(path, reason)
        report(.entry(JobEntry(path: path, kind: kind, outcome: .failed(reason: reason))))
    }

    // MARK: Members

    private mutating func memberKind(_ entry: Entry, _ name: [UInt8]) -> ArchiveMember.Kind? {
        let mode = entry.info.mode
        if mode.isDirectory { return .directory }
        if mode.isSymbolicLink { return .symbolicLink(target: entry.symbolicLinkTarget) }
        if mode.isRegular {
            if entry.info.linkCount > 1, format != .zip {
                let identity = FileIdentity(
                    device: entry.info.device, inode: entry.info.inode, object: entry.object)
                if let first = links[identity] { return .hardLink(to: first) }
                links[identity] = name
            }
            return .file(size: UInt64(clamping: entry.info.size))
        }
        if mode.contains(.namedPipe) { return .pipe }
        if mode.contains(.characterDevice) { return .characterDevice }
        return mode.contains(.device) ? .blockDevice : nil
    }

    private mutating func copy(_ path: BytePath, _ entry: Entry) async throws {
        var bytes: UInt64 = 0
        do {
            let reader = try snapshot.reader(for: entry)
            while let piece = try await reader.next() {
                try Task.checkCancellation()
                bytes += UInt64(piece.count)
                try emit(writer.append(piece))
            }
            try emit(writer.end())
            count(.file, path, bytes: bytes)
        } catch let error as KlosetError {
            // The size was announced: what is missing has to be made up.
            while writer.missing > 0 {
                try emit(writer.append([UInt8](repeating: 0, count: Int(min(writer.missing, 1 << 20)))))
            }
            try emit(writer.end())
            fail(path, .file, error.reason)
        }
    }

    private mutating func count(_ kind: JobEntry.Kind, _ path: BytePath, bytes: UInt64) {
        switch kind {
        case .file: summary.counts.files += 1
        case .directory: summary.counts.directories += 1
        default: summary.counts.others += 1
        }
        summary.counts.bytes += bytes
        report(.entry(JobEntry(path: path, kind: kind, outcome: .done(bytes: bytes))))
    }

    private mutating func values(of path: BytePath, _ entry: Entry) async throws -> [(name: [UInt8], value: [UInt8])] {
        guard !entry.extendedAttributeNames.isEmpty else { return [] }
        if format == .zip {
            if !hasToldOfAttributes { report(.warning("zip has no extended attributes; they are left out")) }
            hasToldOfAttributes = true
            return []
        }
        if attributes == nil {
            attributes = Dictionary(grouping: try await snapshot.extendedAttributes(), by: \.path)
        }
        var result: [(name: [UInt8], value: [UInt8])] = []
        for attribute in attributes?[path] ?? [] where attribute.kind == .extended {
            guard attribute.size <= Self.attributeLimit else {
                report(.warning("\(path): the attribute \(printable(attribute.name)) is too large and left out"))
                continue
            }
            var value: [UInt8] = []
            let reader = snapshot.reader(for: attribute)
            while let piece = try await reader.next() { value += piece }
            result.append((attribute.name, value))
        }
        return result
    }

    // MARK: Bytes

    private mutating func emit(_ bytes: [UInt8]) throws {
        try put(compressor?.append(bytes) ?? bytes)
    }

    private mutating func put(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty else { return }
        summary.archiveBytes += UInt64(bytes.count)
        try write(bytes)
    }
}
