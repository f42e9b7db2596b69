/// Reads compiled time zone data, versions 1 to 4 (RFC 8536), as in /usr/share/zoneinfo.
enum TZif {
    /// - Throws: `.invalidValue` for anything that is not such data.
    static func parse(_ bytes: [UInt8]) throws(ICalendarError) -> CompiledZone {
        guard let first = Header(bytes, at: 0) else { throw damaged }
        guard first.version >= UInt8(ascii: "2") else {
            return CompiledZone(table: try table(bytes, first, at: Header.size, timeSize: 4), rule: nil)
        }
        // The first block repeats the data in 32 bits for old readers.
        let second = Header.size + first.dataSize(timeSize: 4)
        guard let header = Header(bytes, at: second) else { throw damaged }
        let table = try table(bytes, header, at: second + Header.size, timeSize: 8)
        let footer = second + Header.size + header.dataSize(timeSize: 8)
        return CompiledZone(table: table, rule: rule(bytes, at: footer))
    }

    private static var damaged: ICalendarError {
        ICalendarError(.invalidValue, "The time zone data is damaged.")
    }

    private static func table(
        _ bytes: [UInt8],
        _ header: Header,
        at start: Int,
        timeSize: Int
    ) throws(ICalendarError) -> TransitionTable {
        guard header.types > 0, bytes.count - start >= header.dataSize(timeSize: timeSize) else { throw damaged }
        let indices = start + header.times * timeSize
        let types = indices + header.times
        func offset(ofType type: Int) -> Int { bytes.bigEndian(at: types + type * 6, size: 4) }
        // Before the first transition type 0 counts (RFC 8536 3.2).
        var table = TransitionTable(initialOffset: offset(ofType: 0))
        for index in 0..<header.times {
            let type = Int(bytes[indices + index])
            guard type < header.types else { throw damaged }
            let time = bytes.bigEndian(at: start + index * timeSize, size: timeSize)
            // Some data begin with a transition at the Big Bang; anything before the year 0 is of no use.
            table.append(time: min(max(time, TimeRange.minimum), TimeRange.maximum), offset: offset(ofType: type))
        }
        return table
    }

    private static func rule(_ bytes: [UInt8], at start: Int) -> PosixTimeZoneRule? {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "\n") else { return nil }
        let text = bytes[(start + 1)...]
        return PosixTimeZoneRule(parsing: text[..<(text.firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex)])
    }

    private struct Header {
        static let size = 44

        let version: UInt8
        let utcIndicators: Int
        let standardIndicators: Int
        let leaps: Int
        let times: Int
        let types: Int
        let characters: Int

        init?(_ bytes: [UInt8], at start: Int) {
            guard start >= 0, bytes.count - start >= Self.size, bytes[start..<(start + 4)].elementsEqual("TZif".utf8)
            else { return nil }
            version = bytes[start + 4]
            var counts: [Int] = []
            for field in 0..<6 {
                let count = bytes.bigEndian(at: start + 20 + field * 4, size: 4)
                guard count >= 0, count <= bytes.count else { return nil }
                counts.append(count)
            }
            utcIndicators = counts[0]
            standardIndicators = counts[1]
            leaps = counts[2]
            times = counts[3]
            types = counts[4]
            characters = counts[5]
        }

        func dataSize(timeSize: Int) -> Int {
            times * (timeSize + 1) + types * 6 + characters + leaps * (timeSize + 4) + standardIndicators
                + utcIndicators
        }
    }
}

extension [UInt8] {
    /// A signed number of 4 or 8 bytes.
    fileprivate func bigEndian(at start: Int, size: Int) -> Int {
        var number: UInt64 = 0
        for byte in self[start..<(start + size)] { number = number << 8 | UInt64(byte) }
        return size == 4 ? Int(Int32(truncatingIfNeeded: number)) : Int(Int64(bitPattern: number))
    }
}
