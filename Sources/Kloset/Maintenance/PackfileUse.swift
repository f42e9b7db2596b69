import ConnectorKit
import KlosetFormat

/// Which packfiles the snapshots of a store need (format, section 8.8, step 1).
///
/// Takes one bit for each blob and one for each packfile: what several snapshots share is walked once. Blobs of which
/// all packfiles are scheduled for deletion count as found there, so that their packfiles can be kept after all.
struct PackfileUse {
    private let repository: Repository
    private let aggregate: StateAggregate
    /// Packfiles whose file is in the store, by number.
    private let present: Bitmap
    /// Packfiles that are needed, by number.
    private(set) var used: Bitmap
    /// Blobs that were met, by the number of their location.
    private var seen: Bitmap
    private var snapshot: MAC = .zero

    private static let maximumDepth = 32

    /// - Parameter stored: the packfiles that the store lists.
    init(_ repository: Repository, _ aggregate: StateAggregate, stored: Set<MAC>) {
        self.repository = repository
        self.aggregate = aggregate
        var present = Bitmap(aggregate.packfiles.count)
        for (number, packfile) in aggregate.packfiles.enumerated() where stored.contains(packfile.mac) {
            present.insert(number)
        }
        self.present = present
        used = Bitmap(aggregate.packfiles.count)
        seen = Bitmap(aggregate.blobs.locations.count)
    }

    /// Adds everything that a snapshot refers to.
    ///
    /// - Throws: ``KlosetError`` when anything is missing, damaged or of a kind that this program does not know: what
    ///   it refers to would be taken for garbage.
    mutating func add(_ identifier: MAC) async throws {
        snapshot = identifier
        do {
            try await walk(identifier)
        } catch let error as KlosetError {
            throw error.within("snapshot \(identifier.hex.prefix(8))")
        } catch let error as FormatError {
            throw KlosetError(error, in: "snapshot \(identifier.hex.prefix(8))")
        }
    }

    private mutating func walk(_ identifier: MAC) async throws {
        let id = BlobID(.snapshot, identifier)
        guard try need(id) else { return }
        let header = try SnapshotHeader(decoding: try await read(id))
        if location(of: BlobID(.signature, identifier)) != nil { _ = try need(BlobID(.signature, identifier)) }
        for source in header.sources {
            try await walkTree(.entryRoot, .entryNode, source.root.entries, of: .entries)
            try await walkTree(.errorRoot, .errorNode, source.root.errors, of: .errors)
            try await walkTree(.attributeRoot, .attributeNode, source.root.attributes, of: .attributes)
            for index in source.indexes {
                guard let values = Values(index.name) else {
                    throw KlosetError(
                        .incompatible, "it has an index \"\(index.name)\", and nobody can tell what that needs")
                }
                try await walkTree(.indexRoot, .indexNode, index.value, of: values)
            }
        }
    }

    // MARK: Trees

    /// What the values of a tree are.
    private enum Values {
        case entries
        case errors
        case attributes
        case listings
        case summaries

        init?(_ index: ByteString) {
            switch index {
            case SnapshotHeader.Index.contentType: self = .entries
            case SnapshotHeader.Index.dirpack: self = .listings
            case SnapshotHeader.Index.summary: self = .summaries
            default: return nil
            }
        }
    }

    private mutating func walkTree(
        _ rootType: BlobType, _ nodeType: BlobType, _ root: MAC, of values: Values
    ) async throws {
        let id = BlobID(rootType, root)
        guard try need(id) else { return }
        let message = try BTreeRoot(decoding: try await read(id))
        // The next node is the last one.
        var waiting = [(mac: message.root, depth: 0)]
        while let (mac, depth) = waiting.popLast() {
            try Task.checkCancellation()
            let id = BlobID(nodeType, mac)
            guard try need(id) else { continue }
            guard depth < Self.maximumDepth else {
                throw KlosetError(.corrupt, "\(rootType) \(root) has more than \(Self.maximumDepth) levels")
            }
            let node = try BTreeNode(decoding: try await read(id))
            for child in node.pointers.reversed() { waiting.append((child, depth + 1)) }
            for value in node.values { try await walkValue(value, values) }
        }
    }

    private mutating func walkValue(_ mac: MAC, _ values: Values) async throws {
        switch values {
        case .entries:
            let id = BlobID(.entry, mac)
            guard try need(id) else { return }
            let entry = try Entry(decoding: try await read(id))
            if entry.object != .zero { try await walkObject(entry.object) }
        case .errors:
            _ = try need(BlobID(.error, mac))
        case .attributes:
            let id = BlobID(.attribute, mac)
            guard try need(id) else { return }
            let attribute = try ExtendedAttribute(decoding: try await read(id))
            if attribute.object != .zero { try await walkObject(attribute.object) }
        case .listings:
            try await walkObject(mac)
        case .summaries:
            _ = try need(BlobID(.summary, mac))
        }
    }

    private mutating func walkObject(_ mac: MAC) async throws {
        let id = BlobID(.object, mac)
        guard try need(id) else { return }
        let object = try Object(decoding: try await read(id))
        for chunk in object.chunks { _ = try need(BlobID(.chunk, chunk.contentMAC)) }
    }

    // MARK: Blobs

    /// Marks the packfile of a blob as needed.
    ///
    /// - Returns: whether the blob had not been met before.
    private mutating func need(_ id: BlobID) throws(KlosetError) -> Bool {
        guard let number = location(of: id) else {
            throw KlosetError(.notFound, "\(id) is not in the store")
        }
        used.insert(Int(aggregate.blobs.locations[number].packfile))
        return seen.insert(number)
    }

    /// The location that counts: one whose packfile is there and stays; else one that is there and was to go.
    private func location(of id: BlobID) -> Int? {
        func first(_ condition: (StateAggregate.Packfile) -> Bool) -> Int? {
            aggregate.blobs.first(id.type.rawValue, id.mac) { number in
                let packfile = aggregate.blobs.locations[number].packfile
                return present.contains(Int(packfile)) && condition(aggregate.packfile(packfile)) ? number : nil
            }
        }
        return first(\.isUsable) ?? first(\.isListed)
    }

    private func read(_ id: BlobID) async throws -> [UInt8] {
        if aggregate.contains(id) { return try await repository.blob(id, in: aggregate) }
        guard let number = location(of: id) else { throw KlosetError(.notFound, "\(id) is not in the store") }
        return try await repository.salvage(id, at: aggregate.blobs.locations[number], in: aggregate)
    }
}

extension Repository {
    /// Reads a blob from a packfile that is scheduled for deletion.
    fileprivate func salvage(
        _ id: BlobID, at location: BlobIndex.Location, in aggregate: StateAggregate
    ) async throws -> [UInt8] {
        let packfile = aggregate.packfile(location.packfile).mac
        let place = "\(id) in packfile \(packfile)"
        let (begin, overflow) = location.offset.addingReportingOverflow(PackfileLayout.dataOffset)
        guard !overflow else { throw KlosetError(.corrupt, "\(place): its offset is out of range") }
        do {
            let stored = try await store.get(.packfile, packfile, range: begin..<begin + UInt64(location.length))
            return try decode(stored[...], as: id, limit: id.type.plaintextLimit, packfile: packfile)
        } catch let error as ConnectorError {
            throw try KlosetError.damage(error, in: place)
        }
    }
}
