import GitObjects

/// What a pushing git wants to happen, before the pack (gitprotocol-pack, "Reference Update Request").
struct PushCommands {
    struct Command: Sendable {
        /// Zero: the reference is to be created.
        var old: ObjectID
        /// Zero: the reference is to be removed.
        var new: ObjectID
        var reference: String
    }

    private(set) var commands: [Command] = []
    private(set) var capabilities: Set<String> = []
    /// Where the pack begins.
    private(set) var size = 0

    /// nil when that is not what the bytes begin with.
    init?(parsing bytes: [UInt8]) {
        var rest = bytes[...]
        while true {
            let (parsed, size) = PacketLine.parse(rest)
            rest = rest.dropFirst(size)
            self.size += size
            switch parsed {
            case .flush: return
            case .line(let line):
                // A shallow clone says where its history ends; what it pushes must hang together here all the same.
                if line.starts(with: "shallow ".utf8) { continue }
                guard let command = command(line) else { return nil }
                commands.append(command)
            case .incomplete where bytes.isEmpty: return
            case .incomplete, .invalid: return nil
            }
        }
    }

    private mutating func command(_ line: ArraySlice<UInt8>) -> Command? {
        let parts = line.split(separator: 0, maxSplits: 1)
        if parts.count == 2, capabilities.isEmpty {
            capabilities = Set(String(decoding: parts[1], as: UTF8.self).split(separator: " ").map(String.init))
        }
        guard let text = parts.first.flatMap({ String(validating: $0, as: UTF8.self) }) else { return nil }
        let words = text.trimmed.split(separator: " ", maxSplits: 2)
        guard words.count == 3, let old = ObjectID(hex: words[0]), let new = ObjectID(hex: words[1]),
            words[2].hasPrefix("refs/"), words[2].unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
        else { return nil }
        return Command(old: old, new: new, reference: String(words[2]))
    }
}

extension String {
    /// Without the line end that git puts behind some lines.
    fileprivate var trimmed: Substring { hasSuffix("\n") ? dropLast() : self[...] }
}
