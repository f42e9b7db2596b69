import ConnectorKit
import KlosetFormat

/// A packfile that was read whole and verified: digest of the file, footer, and index.
struct WholePackfile {
    let footer: PackfileFooter
    let records: [PackfileIndexRecord]
    /// Bytes of the file.
    let size: Int

    /// When it was made, in nanoseconds since 1970. Some of the 1.0 line give seconds (format, section 0).
    var createdAt: Int64 {
        let isSeconds = abs(footer.timestamp) < 1_000_000_000_000
        return isSeconds ? footer.timestamp * 1_000_000_000 : footer.timestamp
    }

    /// - Throws: ``KlosetError/Code/corrupt``, ``KlosetError/Code/notFound``; what the store throws when it cannot be
    ///   reached.
    static func read(_ mac: MAC, _ repository: Repository) async throws -> WholePackfile {
        do {
            return try WholePackfile(
                verifying: try await repository.store.get(.packfile, mac, range: nil), repository.keys)
        } catch let error as KlosetError {
            throw error.within("packfile \(mac)")
        } catch let error as FormatError {
            throw KlosetError(error, in: "packfile \(mac)")
        } catch let error as ConnectorError {
            throw try KlosetError.damage(error, in: "packfile \(mac)")
        }
    }

    init(verifying file: [UInt8], _ keys: RepositoryKeys) throws {
        let wrapper = try Wrapper(parsing: file, expecting: .packfile)
        guard keys.mac(file[wrapper.authenticated]) == wrapper.mac else {
            throw KlosetError(.corrupt, "its digest does not fit its bytes")
        }
        let layout = try PackfileLayout(file: file)
        let footer = try PackfileFooter(
            decoding: try Self.decode(file, layout.footer, limit: PackfileFooter.size, keys))
        let length = Int(footer.count) * PackfileIndexRecord.size
        let index = try Self.decode(file, try layout.indexRange(footer), limit: length, keys)
        guard keys.mac(index) == footer.indexMAC else {
            throw KlosetError(.corrupt, "its index does not have the digest that its footer gives")
        }
        self.footer = footer
        records = try PackfileIndex.decode(index, footer: footer)
        size = file.count
    }

    private static func decode(
        _ file: [UInt8], _ range: Range<UInt64>, limit: Int, _ keys: RepositoryKeys
    ) throws(KlosetError) -> [UInt8] {
        guard range.upperBound <= UInt64(file.count) else { throw KlosetError(.corrupt, "it is too short") }
        return try keys.codec.decode(Array(file[Int(range.lowerBound)..<Int(range.upperBound)]), limit: limit)
    }
}
