import ConnectorKit

/// A store that reads parts of packfiles into memory that is used again: whoever reads a gibibyte in pieces of one
/// mebibyte would spend as long on coming by fresh memory as on decrypting.
protocol PartReading {
    /// Puts a part of a packfile in place of what `bytes` holds; as `Store.get` with a range.
    func get(_ packfile: MAC, range: Range<UInt64>, into bytes: inout [UInt8]) async throws
}

extension Store {
    func read(_ packfile: MAC, _ range: Range<UInt64>, into bytes: inout [UInt8]) async throws {
        if let store = self as? any PartReading {
            try await store.get(packfile, range: range, into: &bytes)
        } else {
            bytes = try await get(.packfile, packfile, range: range)
        }
    }
}
