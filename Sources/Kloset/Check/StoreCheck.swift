import ConnectorKit
import KlosetFormat

/// Checks the files of a store: states, and packfiles with their indexes.
struct StoreCheck {
    private let repository: Repository
    private let aggregate: StateAggregate

    init(_ repository: Repository) {
        self.repository = repository
        aggregate = repository.aggregate
    }

    func run(_ session: inout CheckSession) async throws {
        session.summary.states = aggregate.mergedStates.count
        for (state, error) in repository.damagedStates {
            session.summary.states += 1
            await session.note(
                CheckFinding(.damage, resource: .state, resourceName: state, reason: error.reason))
        }
        let damaged = Set(repository.damagedStates.map(\.state))
        for state in aggregate.namedParents.subtracting(aggregate.mergedStates).subtracting(damaged).sorted() {
            await session.note(
                CheckFinding(
                    .damage, resource: .state, resourceName: state,
                    reason: "the file is missing, and with it what only it lists: another state was built on it"))
        }
        try await checkPackfiles(&session)
    }

    // MARK: Packfiles

    private func checkPackfiles(_ session: inout CheckSession) async throws {
        let stored = Set(try await repository.store.list(.packfile))
        let counts = locationCounts()
        // An archive answers with its one packfile whatever name a state uses for it.
        let isArchive = stored == [PtarStore.packfileName]
        for (number, packfile) in aggregate.packfiles.enumerated() where packfile.isListed {
            try Task.checkCancellation()
            session.summary.packfiles += 1
            guard isArchive || stored.contains(packfile.mac) else {
                await damage(packfile.mac, "the file is missing", &session)
                continue
            }
            guard !session.fast else { continue }
            try await checkPackfile(packfile.mac, UInt32(number), locations: counts[number], &session)
        }
        guard !isArchive else { return }
        let listed = Set(aggregate.packfiles.filter(\.isListed).map(\.mac))
        for mac in stored.subtracting(listed).sorted() {
            await session.note(
                CheckFinding(
                    .note, resource: .packfile, resourceName: mac,
                    reason: "no state lists it; an interrupted backup leaves such files, and maintenance removes them"
                        + (try await lostSnapshots(in: mac))))
        }
    }

    /// What to add when a packfile that no state lists holds snapshots that are not there otherwise.
    private func lostSnapshots(in packfile: MAC) async throws -> String {
        let records: [PackfileIndexRecord]
        do {
            records = try await index(of: PackfileBytes(packfile, in: repository.store))
        } catch is KlosetError {
            return ""
        } catch is ConnectorError {
            return ""
        }
        let lost = records.filter { $0.blob.type == .snapshot && !aggregate.contains($0.blob) }.map(\.blob.mac)
            .filter { !aggregate.isDeleted(snapshot: $0) }
        guard !lost.isEmpty else { return "" }
        let names = lost.map { String($0.hex.prefix(8)) }.joined(separator: ", ")
        return ". In it is snapshot \(names): its backup was cut off at the end, or its state file is lost"
    }

    /// Usable locations by packfile number.
    private func locationCounts() -> [Int] {
        var counts = [Int](repeating: 0, count: aggregate.packfiles.count)
        for location in aggregate.blobs.locations { counts[Int(location.packfile)] += 1 }
        return counts
    }

    private func checkPackfile(
        _ mac: MAC, _ number: UInt32, locations: Int, _ session: inout CheckSession
    ) async throws {
        do {
            let records = try await index(of: PackfileBytes(mac, in: repository.store))
            var found = 0
            for record in records where isListed(record, number) { found += 1 }
            if found < locations {
                await damage(
                    mac, "\(locations - found) blobs that the states place in it are not in its index", &session)
            }
            if found < records.count {
                await session.note(
                    CheckFinding(
                        .note, resource: .packfile, resourceName: mac,
                        reason: "\(records.count - found) blobs of its index are in no state"))
            }
        } catch let error as KlosetError {
            await damage(mac, error.reason, &session)
        } catch let error as ConnectorError {
            await damage(mac, try KlosetError.damage(error, in: "the file").reason, &session)
        }
    }

    /// Checks the digest of the whole file, then footer and index.
    private func index(of file: PackfileBytes) async throws -> [PackfileIndexRecord] {
        do {
            try await checkDigest(of: file)
            let layout = try PackfileLayout(
                tail: try await file.read(file.size - min(file.size, UInt64(PackfileLayout.tailSize))..<file.size),
                fileSize: file.size)
            let footer = try PackfileFooter(
                decoding: try repository.keys.codec.decode(
                    try await file.read(layout.footer), limit: PackfileFooter.size))
            let length = Int(footer.count) * PackfileIndexRecord.size
            let index = try repository.keys.codec.decode(
                try await file.read(try layout.indexRange(footer)), limit: length)
            guard repository.keys.mac(index) == footer.indexMAC else {
                throw KlosetError(.corrupt, "its index does not have the digest that its footer gives")
            }
            return try PackfileIndex.decode(index, footer: footer)
        } catch let error as FormatError {
            throw KlosetError(error, in: "the packfile")
        }
    }

    private func checkDigest(of file: PackfileBytes) async throws {
        guard file.size >= UInt64(Wrapper.headerSize + Wrapper.footerSize) else {
            throw KlosetError(.corrupt, "a packfile of \(file.size) bytes is too short")
        }
        _ = try WrapperHeader(parsing: try await file.read(0..<UInt64(Wrapper.headerSize)), expecting: .packfile)
        let end = file.size - UInt64(Wrapper.footerSize)
        var stream = StoreMAC.Stream(repository.keys.mac)
        var position: UInt64 = 0
        var piece: [UInt8] = []
        while position < end {
            try Task.checkCancellation()
            let next = min(position + Self.piece, end)
            try await file.read(position..<next, into: &piece)
            stream.update(piece[...])
            position = next
        }
        guard MAC(try await file.read(end..<file.size)) == stream.finalize() else {
            throw KlosetError(.corrupt, "its digest does not fit its bytes")
        }
    }

    /// Bytes that are read at once.
    private static let piece: UInt64 = 1 << 20

    /// Whether the states place the blob where the index of the packfile does.
    private func isListed(_ record: PackfileIndexRecord, _ packfile: UInt32) -> Bool {
        aggregate.blobs.first(record.blob.type.rawValue, record.blob.mac) { number -> Bool? in
            let location = aggregate.blobs.locations[number]
            let fits =
                location.packfile == packfile && location.offset == record.offset && location.length == record.length
            return fits ? true : nil
        } ?? false
    }

    private func damage(_ packfile: MAC, _ reason: String, _ session: inout CheckSession) async {
        await session.note(
            CheckFinding(.damage, resource: .packfile, resourceName: packfile, reason: reason))
    }
}

/// A packfile that is read piece by piece, so that its size does not matter; from a store that does not tell sizes, it
/// is read at once.
private struct PackfileBytes {
    let size: UInt64
    private let mac: MAC
    private let store: any Store
    private var whole: [UInt8]?

    init(_ mac: MAC, in store: any Store) async throws {
        self.mac = mac
        self.store = store
        if let size = try await store.size(of: .packfile, mac) {
            self.size = size
        } else {
            let bytes = try await store.get(.packfile, mac, range: nil)
            size = UInt64(bytes.count)
            whole = bytes
        }
    }

    func read(_ range: Range<UInt64>) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await read(range, into: &bytes)
        return bytes
    }

    /// Puts a part in place of what `bytes` holds.
    func read(_ range: Range<UInt64>, into bytes: inout [UInt8]) async throws {
        guard range.upperBound <= size else { throw KlosetError(.corrupt, "it is too short") }
        guard let whole else { return try await store.read(mac, range, into: &bytes) }
        bytes = Array(whole[Int(range.lowerBound)..<Int(range.upperBound)])
    }
}
