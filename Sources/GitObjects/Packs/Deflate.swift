import Compression

/// zlib streams as git uses them, with git's errors.
enum Deflate {
    /// Level 1: trees are mostly ids, which no level shrinks, and speed is what a PUT waits for.
    static func compress(_ bytes: [UInt8]) throws(GitError) -> [UInt8] {
        do {
            return try Zlib.compress(bytes, level: 1)
        } catch {
            throw GitError(.inputOutput, "Compressing failed: \(error).")
        }
    }

    static func decompress(_ bytes: [UInt8], limit: Int, of name: String) throws(GitError) -> [UInt8] {
        do {
            return try Zlib.decompress(bytes, limit: limit)
        } catch {
            throw GitError(.corrupt, "\(name) is not a sound zlib stream: \(error).")
        }
    }

    /// The stream that begins at `offset` and holds exactly `size` bytes.
    static func decompress(
        prefixOf bytes: [UInt8], at offset: Int, size: Int, of name: String
    ) throws(GitError) -> [UInt8] {
        do {
            return try Zlib.decompress(prefixOf: bytes, at: offset, size: size).bytes
        } catch {
            throw GitError(.corrupt, "\(name) is not a sound zlib stream: \(error).")
        }
    }
}
