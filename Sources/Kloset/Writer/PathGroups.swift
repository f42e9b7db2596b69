import ConnectorKit
import KlosetFormat

/// Everything that a snapshot will say of one path.
struct PathFacts: Sendable {
    var path: BytePath
    /// nil for a path of which only an error is known. The bytes are those of the blob.
    var entry: (facts: EntryFacts, bytes: [UInt8])?
    /// Those of the entry.
    var attributes: [StoredAttribute] = []
    /// Why something of the path is missing.
    var failure: ByteString?
}

/// Puts together what came of each path, in the order of the tree: invents the directories that are missing, lets a
/// directory win over anything else and the later over the earlier, and makes the list of attribute names in an entry
/// agree with the attributes that came.
struct PathGroups: Sendable {
    private var records: SortedRecords
    private var pending: SpillRecord?

    init(_ records: SortedRecords) { self.records = records }

    mutating func next() throws -> PathFacts? {
        let waiting = pending
        pending = nil
        guard var record = try waiting ?? records.next() else { return nil }
        let bytes = Array(record.key)
        var group = Group(path: BytePath(validating: bytes) ?? BytePath(cleaning: bytes))
        while true {
            group.take(try SnapshotContents.fact(record, of: group.path))
            guard let following = try records.next() else { break }
            guard following.hasSameKey(as: record) else {
                pending = following
                break
            }
            record = following
        }
        return try group.finish()
    }

    private struct Group {
        let path: BytePath
        private var mustBeDirectory = false
        private var mustExist = false
        private var directory: (EntryFacts, ArraySlice<UInt8>)?
        private var other: (EntryFacts, ArraySlice<UInt8>)?
        private var attributes: [StoredAttribute] = []
        private var failure: ByteString?

        init(path: BytePath) { self.path = path }

        mutating func take(_ fact: SnapshotContents.Fact) {
            switch fact {
            case .isDirectory: mustBeDirectory = true
            case .isSource: mustExist = true
            case .entry(let facts, let bytes):
                if facts.mode.isDirectory { directory = (facts, bytes) } else { other = (facts, bytes) }
            case .attribute(let attribute):
                attributes.removeAll { $0.name == attribute.name && $0.kind == attribute.kind }
                attributes.append(attribute)
            case .failure(let reason): failure = ByteString(reason)
            }
        }

        consuming func finish() throws -> PathFacts {
            if other != nil, directory != nil || mustBeDirectory {
                failure = "The source has it both as a directory and as something else."
                other = nil
            }
            var facts = PathFacts(path: path, failure: failure)
            if let (known, bytes) = directory ?? other {
                facts.entry = (known, Array(bytes))
            } else if mustBeDirectory || mustExist {
                let invented = Entry.invented(path)
                facts.entry = (EntryFacts(invented), invented.encoded())
            }
            guard let entry = facts.entry else { return facts }
            facts.attributes = attributes
            if !attributes.isEmpty || entry.facts.listsAttributes {
                facts.entry = try reconcile(entry, facts.attributes)
            }
            return facts
        }

        private func reconcile(
            _ known: (facts: EntryFacts, bytes: [UInt8]), _ attributes: [StoredAttribute]
        ) throws -> (EntryFacts, [UInt8]) {
            var entry: Entry
            do {
                entry = try Entry(decoding: known.bytes)
            } catch {
                throw KlosetError(error, in: "the entry of \(path)")
            }
            let names = Set(attributes.map(\.name)).sorted { $0.lexicographicallyPrecedes($1) }
            guard entry.extendedAttributeNames != names else { return known }
            entry.extendedAttributeNames = names
            return (known.facts, entry.encoded())
        }
    }
}
