import FoundationEssentials
import Testing

/// One line of `Vectors/lengths.txt`.
struct LengthVector {
    let length: Int
    /// The first 131 bytes of output.
    let plain: [UInt8]
    let keyed: [UInt8]

    static let key = Array("whats the Elvish word for friend".utf8)

    static func input(_ length: Int) -> [UInt8] { (0..<length).map { UInt8($0 % 251) } }

    static func all(_ file: StaticString = #filePath) throws -> [LengthVector] {
        let folder = "\(file)".split(separator: "/").dropLast().joined(separator: "/")
        let text = try String(contentsOf: URL(filePath: "/\(folder)/Vectors/lengths.txt"), encoding: .utf8)
        let vectors = try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let fields = line.split(separator: " ")
            try #require(fields.count == 3)
            return LengthVector(
                length: try #require(Int(fields[0])), plain: try bytes(fields[1]), keyed: try bytes(fields[2]))
        }
        try #require(vectors.count > 40)
        return vectors
    }

    private static func bytes(_ hex: Substring) throws -> [UInt8] {
        let digits = try hex.map { try #require($0.hexDigitValue) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
