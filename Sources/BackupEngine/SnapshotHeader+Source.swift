package import ConnectorKit
internal import Kloset
package import KlosetFormat

extension SnapshotHeader {
    /// The source that readers look at: the format has a list, with one element in practice.
    package var source: Source? { sources.first }

    /// Whether the snapshot is of this very source, so that it can be the parent of a new one.
    package func isOf(_ identity: ConnectorIdentity) -> Bool {
        guard let importer = source?.importer else { return false }
        return importer.type.bytes.elementsEqual(identity.type.utf8)
            && importer.origin.bytes.elementsEqual(identity.origin.utf8)
            && importer.directory.bytes == identity.root.bytes
    }

    /// The directory that was backed up; `/` when the header says nothing sensible.
    package var root: BytePath { source.flatMap { BytePath(validating: $0.importer.directory.bytes) } ?? .root }

    /// The last part of the address that plakar's own CalDAV connector has backed up, which is one calendar; nil for
    /// snapshots of anything else.
    package var nameOfOnlyCollection: String? {
        guard let importer = source?.importer, importer.type.bytes.elementsEqual("caldav".utf8) else { return nil }
        let address = String(decoding: importer.origin.bytes, as: UTF8.self)
        let path = address.split(separator: "://", maxSplits: 1).last?.split(separator: "/").dropFirst()
        return path?.last.flatMap { $0.isEmpty ? nil : String($0) }
    }

    /// Files, directories and whatever else the snapshot has, as its summary counts them.
    package var entryCount: Int {
        guard let summary = source?.summary else { return 0 }
        return [summary.directory.counts, summary.below.counts].reduce(0) { sum, counts in
            [counts.files, counts.directories, counts.symbolicLinks, counts.devices, counts.pipes, counts.sockets]
                .reduce(sum) { $0.addingReportingOverflow(Int(clamping: $1)).partialValue }
        }
    }

    /// Whether something is known to be missing from the snapshot.
    package var isIncomplete: Bool { tags.contains(Self.incompleteTag) }

    static let incompleteTag = ByteString(SnapshotDescription.incompleteTag)
}

extension MAC {
    /// The first eight digits, as snapshots are named in listings.
    package var shortHex: String { String(hex.prefix(8)) }
}
