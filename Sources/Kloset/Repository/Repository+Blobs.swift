import ConnectorKit
import KlosetFormat

extension Repository {
    /// The plaintext of a blob, checked against its identifier. Every location is tried before giving up.
    ///
    /// - Parameter limit: most bytes of the plaintext; nil for what is sensible for the type.
    /// - Throws: ``KlosetError/Code/notFound`` when no usable location is known, otherwise the error of the last
    ///   location; what the store throws when it cannot be reached.
    func blob(_ type: BlobType, _ mac: MAC, limit: Int? = nil) async throws -> [UInt8] {
        try await blob(BlobID(type, mac), in: aggregate, limit: limit)
    }

    func blob(_ id: BlobID, in aggregate: StateAggregate, limit: Int? = nil) async throws -> [UInt8] {
        let limit = min(limit ?? .max, id.type.plaintextLimit)
        // Nearly always there is one location, and it is fine.
        guard let number = aggregate.number(of: id) else {
            throw KlosetError(.notFound, "\(id) is not in the store")
        }
        do {
            return try await read(id, at: aggregate.blobs.locations[number], in: aggregate, limit: limit)
        } catch let error as KlosetError {
            var failure = error
            for location in aggregate.locations(of: id).dropFirst() {
                do {
                    return try await read(id, at: location, in: aggregate, limit: limit)
                } catch let error as KlosetError {
                    failure = error
                }
            }
            throw failure
        }
    }

    /// Reads a blob at one location.
    private func read(
        _ id: BlobID, at location: BlobIndex.Location, in aggregate: StateAggregate, limit: Int
    ) async throws -> [UInt8] {
        let packfile = aggregate.packfile(location.packfile).mac
        let (begin, overflow) = location.offset.addingReportingOverflow(PackfileLayout.dataOffset)
        guard !overflow else {
            throw KlosetError(.corrupt, "\(Self.place(id, packfile)): its offset is out of range")
        }
        let range = begin..<begin + UInt64(location.length)
        let stored: ArraySlice<UInt8>
        if let known = windows.find(packfile, range) {
            stored = known
        } else {
            do {
                stored = try await fetch(packfile, range)
            } catch let error as ConnectorError {
                throw try KlosetError.damage(error, in: Self.place(id, packfile))
            }
        }
        return try decode(stored, as: id, limit: limit, packfile: packfile)
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
        let plaintext: [UInt8]
        do {
            plaintext = try keys.codec.decode(Array(stored), limit: limit)
        } catch {
            throw error.within(Self.place(id, packfile))
        }
        guard !id.type.isContentAddressed || keys.mac(plaintext) == id.mac else {
            throw KlosetError(.corrupt, "\(Self.place(id, packfile)): its content does not have its identifier")
        }
        return plaintext
    }

    /// For errors only: writing names out takes longer than reading a blob.
    private static func place(_ id: BlobID, _ packfile: MAC) -> String { "\(id) in packfile \(packfile)" }

    /// A blob that is a message.
    func message<Message: MessagePackStructure>(
        _ type: BlobType, _ mac: MAC, as message: Message.Type = Message.self
    ) async throws -> Message {
        let bytes = try await blob(type, mac)
        do {
            return try Message(decoding: bytes)
        } catch {
            throw KlosetError(error, in: "\(BlobID(type, mac))")
        }
    }

    /// An entry, whose place is checked too.
    func entry(_ mac: MAC) async throws -> Entry {
        let bytes = try await blob(.entry, mac)
        do {
            return try Entry(decoding: bytes)
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
