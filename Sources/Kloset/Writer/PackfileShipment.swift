import ConnectorKit
import KlosetFormat

/// A packfile on its way into the store: digests its bytes as they pass, and adds index, footer and digest.
actor PackfileShipment {
    private let repository: Repository
    private let upload: any StoreUpload
    private var digest: StoreMAC.Stream

    /// - Parameter name: any that is unique will do (format, section 7.4).
    init(_ repository: Repository, _ name: MAC) async throws {
        self.repository = repository
        digest = StoreMAC.Stream(repository.keys.mac)
        upload = try await repository.store.upload(.packfile, name)
    }

    func append(_ piece: [UInt8]) async throws {
        digest.update(piece[...])
        do {
            try await upload.append(piece)
        } catch {
            await upload.abort()
            throw error
        }
    }

    /// - Parameters:
    ///   - index: in its plain form.
    ///   - size: bytes of data.
    func finish(index: [UInt8], size: UInt64) async throws {
        let keys = repository.keys
        let footer = PackfileFooter(
            timestamp: repository.clock().nanosecondsSince1970, count: UInt32(index.count / PackfileIndexRecord.size),
            indexOffset: size, indexMAC: keys.mac(index))
        var end = PackfileLayout.end(
            index: try keys.codec.encode(index), footer: try keys.codec.encode(footer.encoded()))
        digest.update(end[...])
        end += digest.finalize().bytes
        do {
            try await upload.append(end)
            try await upload.finish()
        } catch {
            await upload.abort()
            throw error
        }
    }

    func abort() async { await upload.abort() }
}
