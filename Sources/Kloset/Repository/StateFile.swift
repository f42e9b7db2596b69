import ConnectorKit
import KlosetFormat

/// One state file, read, decrypted and checked from its first record to its last.
struct StateFile: Sendable {
    let mac: MAC
    let version: FormatVersion
    let parent: MAC
    let locationCount: Int
    /// Nanoseconds since 1970.
    let time: Int64
    /// The payload; nil when it is so large that it is read again when it is its turn to be merged.
    var payload: [UInt8]?

    init(_ mac: MAC, version: FormatVersion, payload: [UInt8]) throws(FormatError) {
        var reader = try StateReader(payload, version: version)
        var count = 0
        while let record = try reader.next() {
            if case .location = record { count += 1 }
        }
        self.mac = mac
        self.version = version
        self.payload = payload
        parent = reader.parent
        locationCount = count
        time = reader.metadata?.timestamp ?? 0
    }

    /// Parents before children, and otherwise by time, so that delete records meet what they delete: writers that did
    /// not know of each other are nobody's child. States whose parent is unknown are roots; states in a cycle, which no
    /// engine writes, come in some order.
    static func inOrder(_ unordered: [StateFile]) -> [StateFile] {
        let states = unordered.sorted { ($0.time, $0.mac) < ($1.time, $1.mac) }
        let positions = Dictionary(states.enumerated().map { ($1.mac, $0) }, uniquingKeysWith: { first, _ in first })
        var result: [StateFile] = []
        var isPlaced = [Bool](repeating: false, count: states.count)
        for start in states.indices where !isPlaced[start] {
            // Up to the first ancestor that stands already, then down again.
            var chain: [Int] = []
            var current: Int? = start
            while let position = current, !isPlaced[position] {
                isPlaced[position] = true
                chain.append(position)
                current = positions[states[position].parent]
            }
            result.append(contentsOf: chain.reversed().map { states[$0] })
        }
        return result
    }
}
