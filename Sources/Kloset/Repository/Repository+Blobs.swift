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
        var failure: KlosetError?
        for location in aggregate.locations(of: id) {
            do {
                return try await read(id, at: location, in: aggregate, limit: limit)
            } catch let error as KlosetError {
                failure = error
            }
        }
        throw failure ?? KlosetError(.notFound, "\(id) is not in the store")
    }

    /// Reads a blob at one location.
    private func read(
        _ id: BlobID, at location: BlobIndex.Location, in aggregate: StateAggregate, limit: Int
    ) async throws -> [UInt8] {
        let packfile = aggregate.packfile(location.packfile).mac
        let place = "\(id) in packfile \(packfile)"
        let (begin, overflow) = location.offset.addingReportingOverflow(PackfileLayout.dataOffset)
        guard !overflow else { throw KlosetError(.corrupt, "\(place): its offset is out of range") }
        let stored: [UInt8]
        do {
            stored = try await store.get(.packfile, packfile, range: begin..<begin + UInt64(location.length))
        } catch let error as ConnectorError {
            throw try KlosetError.damage(error, in: place)
        }
        return try decode(stored, as: id, limit: limit, place: place)
    }

    /// Decrypts, decompresses and checks a stored blob.
    func decode(_ stored: [UInt8], as id: BlobID, limit: Int, place: String) throws(KlosetError) -> [UInt8] {
        if id.type == .padding { return stored }
        let plaintext: [UInt8]
        do {
            plaintext = try keys.codec.decode(stored, limit: limit)
        } catch {
            throw error.within(place)
        }
        guard !id.type.isContentAddressed || keys.mac(plaintext) == id.mac else {
            throw KlosetError(.corrupt, "\(place): its content does not have its identifier")
        }
        return plaintext
    }

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
