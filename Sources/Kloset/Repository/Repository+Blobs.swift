import ConnectorKit
import KlosetFormat

extension Repository {
    /// The plaintext of a blob, checked against its identifier. Every location is tried before giving up.
    ///
    /// - Parameter limit: most bytes of the plaintext; nil for what is sensible for the type.
    /// - Throws: ``KlosetError/Code/notFound`` when no usable location is known, otherwise the error of the last
    ///   location; what the store throws when it cannot be reached.
    func blob(_ type: BlobType, _ mac: MAC, limit: Int? = nil) async throws -> [UInt8] {
        try await blob(BlobID(type, mac), limit: limit)
    }

    func blob(_ id: BlobID, in aggregate: StateAggregate? = nil, limit: Int? = nil) async throws -> [UInt8] {
        var buffers = BlobCodec.Buffers()
        try await read(id, in: aggregate, limit: limit, &buffers)
        return buffers.takePlaintext()
    }

    /// Leaves the plaintext of a blob in `buffers`; see ``blob(_:_:limit:)``.
    ///
    /// - Parameter aggregate: where to look; nil for what the repository has now.
    func read(
        _ id: BlobID, in aggregate: StateAggregate? = nil, limit: Int? = nil, _ buffers: inout BlobCodec.Buffers
    ) async throws {
        let limit = min(limit ?? .max, id.type.plaintextLimit)
        // Nearly always there is one location, and it is fine.
        guard let place = aggregate.map({ $0.place(of: id) }) ?? self.place(of: id) else {
            throw KlosetError(.notFound, "\(id) is not in the store")
        }
        do {
            return try await read(id, at: place, limit: limit, &buffers)
        } catch let error as KlosetError {
            var failure = error
            for place in (aggregate ?? self.aggregate).places(of: id).dropFirst() {
                do {
                    return try await read(id, at: place, limit: limit, &buffers)
                } catch let error as KlosetError {
                    failure = error
                }
            }
            throw failure
        }
    }

    /// Reads a blob at one location.
    private func read(
        _ id: BlobID, at place: BlobPlace, limit: Int, _ buffers: inout BlobCodec.Buffers
    ) async throws {
        let (location, packfile) = (place.location, place.packfile)
        let (begin, overflow) = location.offset.addingReportingOverflow(PackfileLayout.dataOffset)
        guard !overflow else {
            throw KlosetError(.corrupt, "\(Self.place(id, packfile)): its offset is out of range")
        }
        let range = begin..<begin + UInt64(location.length)
        if let known = windows.find(packfile, range) {
            return try decode(known, as: id, limit: limit, packfile: packfile, &buffers)
        }
        do {
            if PackfileWindows.isLarge(range) {
                try await store.read(packfile, range, into: &buffers.stored)
            } else {
                let stored = try await fetch(packfile, range)
                return try decode(stored, as: id, limit: limit, packfile: packfile, &buffers)
            }
        } catch let error as ConnectorError {
            throw try KlosetError.damage(error, in: Self.place(id, packfile))
        }
        let stored = buffers.stored
        defer { buffers.trim() }
        try decode(stored[...], as: id, limit: limit, packfile: packfile, &buffers)
    }

    /// Reads a part of a packfile, and keeps what lies around it for those who read on.
    private func fetch(_ packfile: MAC, _ range: Range<UInt64>) async throws -> ArraySlice<UInt8> {
        if let size = try await windows.size(of: packfile, in: store), size >= PackfileLayout.dataOffset {
            let window = windows.plan(packfile, range, limits: PackfileLayout.dataOffset..<size)
            // When the surroundings cannot be read, the blob itself perhaps can.
            if window != range, let bytes = try? await store.get(.packfile, packfile, range: window),
                bytes.count == Int(window.upperBound - window.lowerBound)
            {
                windows.insert(packfile, start: window.lowerBound, bytes)
                let start = Int(range.lowerBound - window.lowerBound)
                return bytes[start..<start + Int(range.upperBound - range.lowerBound)]
            }
        }
        return try await store.get(.packfile, packfile, range: range)[...]
    }

    /// Decrypts, decompresses and checks a stored blob.
    func decode(
        _ stored: ArraySlice<UInt8>, as id: BlobID, limit: Int, packfile: MAC
    ) throws(KlosetError) -> [UInt8] {
        if id.type == .padding { return Array(stored) }
        var buffers = BlobCodec.Buffers()
        try decode(stored, as: id, limit: limit, packfile: packfile, &buffers)
        return buffers.takePlaintext()
    }

    /// Leaves the plaintext in `buffers`. Padding has none.
    private func decode(
        _ stored: ArraySlice<UInt8>, as id: BlobID, limit: Int, packfile: MAC, _ buffers: inout BlobCodec.Buffers
    ) throws(KlosetError) {
        do {
            try keys.codec.decode(stored, limit: limit, &buffers)
        } catch {
            throw error.within(Self.place(id, packfile))
        }
        guard !id.type.isContentAddressed || keys.mac(buffers.plaintext) == id.mac else {
            throw KlosetError(.corrupt, "\(Self.place(id, packfile)): its content does not have its identifier")
        }
    }

    /// For errors only: writing names out takes longer than reading a blob.
    private static func place(_ id: BlobID, _ packfile: MAC) -> String { "\(id) in packfile \(packfile)" }

    /// A blob that is a message.
    func message<Message: MessagePackStructure>(
        _ type: BlobType, _ mac: MAC, as message: Message.Type = Message.self
    ) async throws -> Message {
        var buffers = BlobCodec.Buffers()
        return try await self.message(type, mac, &buffers)
    }

    /// A blob that is a message, read with memory that is used again.
    func message<Message: MessagePackStructure>(
        _ type: BlobType, _ mac: MAC, _ buffers: inout BlobCodec.Buffers
    ) async throws -> Message {
        try await read(BlobID(type, mac), &buffers)
        do {
            return try Message(decoding: buffers.plaintext)
        } catch {
            throw KlosetError(error, in: "\(BlobID(type, mac))")
        }
    }

    /// An entry, whose place is checked too.
    func entry(_ mac: MAC) async throws -> Entry {
        var buffers = BlobCodec.Buffers()
        return try await entry(mac, &buffers)
    }

    func entry(_ mac: MAC, _ buffers: inout BlobCodec.Buffers) async throws -> Entry {
        try await read(BlobID(.entry, mac), &buffers)
        do {
            return try Entry(decoding: buffers.plaintext)
        } catch {
            throw KlosetError(error, in: "\(BlobID(.entry, mac))")
        }
    }
}

extension BlobType {
    /// Most bytes of plaintext that a reader accepts. An object lists 110 bytes for each chunk, so that a gibibyte
    /// is a file of some ten terabytes.
    var plaintextLimit: Int {
        switch self {
        case .object: 1 << 30
        case .chunk: 256 << 20
        default: 64 << 20
        }
    }
}
