/// Which IANA zone is meant by what programs write as TZID.
package enum TimeZoneNames {
    /// IANA names to try, in this order.
    static func candidates(for identifier: String) -> [String] {
        let trimmed = identifier.split(separator: "\"").joined()
        var candidates: [String] = []
        if let mapped = windowsZones[trimmed.lowercased()] { candidates.append(mapped) }
        // "/freeassociation.sourceforge.net/Tzfile/Europe/Paris", "/citadel.org/20210210_1/America/Port-au-Prince":
        // whatever stands in front, the longest tail that is a zone counts.
        let parts = trimmed.split(separator: "/", omittingEmptySubsequences: true)
        for start in parts.indices.prefix(8) {
            candidates.append(parts[start...].joined(separator: "/"))
        }
        if let offset = fixedOffsetName(trimmed) { candidates.append(offset) }
        return candidates
    }

    static func isUTC(_ name: String) -> Bool {
        ["UTC", "GMT", "Z", "ETC/UTC", "ETC/GMT", "ZULU", "ETC/ZULU", "UNIVERSAL"].contains(name.uppercased())
    }

    static func isSafe(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 64, !name.hasPrefix("/"), !name.hasSuffix("/"), !name.contains("//")
        else { return false }
        return name.utf8.allSatisfy { byte in
            (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/")].contains(byte)
        }
    }

    /// `GMT+0200` and `UTC+2` are east of Greenwich in what people write, and west in the names of `Etc/`.
    private static func fixedOffsetName(_ name: String) -> String? {
        let upper = name.uppercased()
        guard upper.hasPrefix("GMT") || upper.hasPrefix("UTC") else { return nil }
        var reader = ValueReader(Array(upper.utf8.dropFirst(3))[...])
        let isWest = reader.skip("-")
        guard isWest || reader.skip("+") else { return nil }
        guard let hours = reader.rest.count <= 2 ? reader.number() : reader.number(digits: 2), hours <= 14 else {
            return nil
        }
        _ = reader.skip(":")
        guard reader.isAtEnd || (reader.number(digits: 2) == 0 && reader.isAtEnd) else { return nil }
        return hours == 0 ? "UTC" : "Etc/GMT\(isWest ? "+" : "-")\(hours)"
    }
}
