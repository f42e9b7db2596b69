import Compression
import ConnectorKit
import Crypto
import Kloset
import KlosetFormat

/// The bytes of a small store taken apart without the engine: by the codecs and the layout alone.
struct StoreBytes: Sendable {
    let contents: MemoryStore.Contents
    let configuration: StoreConfiguration
    let codec: BlobCodec
    let mac: StoreMAC
    /// The derived key; nil for a plaintext store.
    let masterKey: [UInt8]?
    /// The index of each packfile.
    let packfiles: [MAC: [PackfileIndexRecord]]

    /// - Parameter passphrase: of a store whose key derivation is cheap.
    init(_ contents: MemoryStore.Contents, passphrase: [UInt8]? = nil) throws {
        self.contents = contents
        let file = contents.configuration ?? []
        let wrapper = try Wrapper(parsing: file, expecting: .configuration)
        configuration = try StoreConfiguration(decoding: file, in: wrapper.payload)
        let compression: BlobCodec.Compression =
            switch configuration.compression?.algorithm {
            case "LZ4": .lz4
            case "GZIP": .gzip
            default: .none
            }
        let algorithm: StoreMAC.Algorithm = configuration.hashing == .sha256 ? .sha256 : .blake3
        if let encryption = configuration.encryption, let passphrase, let cost = encryption.keyDerivation.argon2id {
            let key = try KeyDerivation.argon2id(
                passphrase: passphrase, salt: encryption.keyDerivation.salt, passes: cost.passes, memory: cost.memory,
                lanes: cost.lanes, length: 32)
            masterKey = key
            codec = BlobCodec(
                compression: compression, encryption: SegmentStream(masterKey: SymmetricKey(data: key)))
            mac = try StoreMAC(algorithm, secret: key)
        } else {
            masterKey = nil
            codec = BlobCodec(compression: compression, encryption: nil)
            mac = try StoreMAC(algorithm, plaintextStore: configuration.repositoryID.bytes)
        }
        var packfiles: [MAC: [PackfileIndexRecord]] = [:]
        for (key, file) in contents.objects where key.resource == .packfile {
            packfiles[key.mac] = try Self.index(of: file, codec).records
        }
        self.packfiles = packfiles
    }

    static func index(
        of file: [UInt8], _ codec: BlobCodec
    ) throws -> (footer: PackfileFooter, index: Range<UInt64>, records: [PackfileIndexRecord]) {
        let layout = try PackfileLayout(file: file)
        let footer = try PackfileFooter(
            decoding: codec.decode(
                Array(file[Int(layout.footer.lowerBound)..<Int(layout.footer.upperBound)]), limit: 1 << 20))
        let range = try layout.indexRange(footer)
        let records = try PackfileIndex.decode(
            codec.decode(Array(file[Int(range.lowerBound)..<Int(range.upperBound)]), limit: 1 << 20), footer: footer)
        return (footer, range, records)
    }

    func files(_ resource: StoreResource) -> [(mac: MAC, bytes: [UInt8])] {
        contents.objects.filter { $0.key.resource == resource }.map { ($0.key.mac, $0.value) }
    }

    /// The stored bytes of every blob of a type.
    func stored(_ type: BlobType) -> [(mac: MAC, bytes: [UInt8])] {
        var found: [(MAC, [UInt8])] = []
        for (packfile, records) in packfiles {
            let file = contents.objects[MemoryStore.Key(resource: .packfile, mac: packfile)] ?? []
            for record in records where record.blob.type == type {
                let start = Int(PackfileLayout.dataOffset + record.offset)
                found.append((record.blob.mac, Array(file[start..<start + Int(record.length)])))
            }
        }
        return found
    }

    /// The plaintext of every blob of a type.
    func plain(_ type: BlobType) throws -> [(mac: MAC, bytes: [UInt8])] {
        try stored(type).map { ($0.mac, try codec.decode($0.bytes, limit: 1 << 30)) }
    }

    /// The payload and the records of every state.
    func states() throws -> [(mac: MAC, payload: [UInt8], records: [StateRecord])] {
        try files(.state).map { name, file in
            let wrapper = try Wrapper(parsing: file, expecting: .state)
            let payload = try codec.decode(Array(file[wrapper.payload]), limit: 1 << 30)
            var reader = try StateReader(payload, version: wrapper.version)
            return (name, payload, try reader.records())
        }
    }

    /// A state file as any writer with the keys could make it.
    func state(_ writer: StateWriter) throws -> [UInt8] {
        let time = Int64(2_000_000_000) * 1_000_000_000
        return try seal(.state, .v1_1_0, codec.encode(writer.finish(timestamp: time)))
    }

    func seal(_ type: ResourceType, _ version: FormatVersion, _ payload: [UInt8]) throws -> [UInt8] {
        Wrapper.seal(type, version, payload) { mac($0) }
    }
}
