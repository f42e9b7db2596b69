import Glibc

/// Splits bytes into logical lines. Unfolding is by octets: a fold may lie inside a UTF-8 sequence.
struct ContentTokenizer {
    let groups: Bool
    let maximumLines: Int
    private(set) var unfolded: [UInt8] = []
    private(set) var lines: [LineRecord] = []
    private(set) var exceededLimit = false

    init(groups: Bool, maximumLines: Int) {
        self.groups = groups
        self.maximumLines = maximumLines
    }

    mutating func run(over bytes: UnsafeBufferPointer<UInt8>) {
        let terminator = Self.terminator(of: bytes)
        lines.reserveCapacity(min(bytes.count / 24 + 1, maximumLines))
        var position = Self.lengthOfByteOrderMark(bytes)
        while position < bytes.count {
            let physical = Self.physicalLine(in: bytes, from: position, terminator)
            if physical.isEmpty && !Self.continues(bytes, at: physical.next) {
                position = physical.next
                continue
            }
            guard lines.count < maximumLines else {
                exceededLimit = true
                return
            }
            position = readLogicalLine(in: bytes, starting: physical, terminator)
        }
    }

    /// Reads the logical line that begins with `first`; returns where the next one begins.
    private mutating func readLogicalLine(
        in bytes: UnsafeBufferPointer<UInt8>,
        starting first: PhysicalLine,
        _ terminator: UInt8
    ) -> Int {
        let isSoftBroken = Self.endsInSoftBreak(bytes, first.start..<first.end)
        guard isSoftBroken || Self.continues(bytes, at: first.next) else {
            append(text: bytes, first.start..<first.end, extent: first.start..<first.next, isFolded: false)
            return first.next
        }
        let textStart = unfolded.count
        unfolded.append(contentsOf: bytes[first.start..<first.end])
        var next = first.next
        while next < bytes.count {
            var skipped = 0
            if unfolded.last == UInt8(ascii: "="), Self.declaresQuotedPrintable(unfolded[textStart...]) {
                unfolded.removeLast()
            } else if Self.continues(bytes, at: next) {
                skipped = 1
            } else {
                break
            }
            let physical = Self.physicalLine(in: bytes, from: next, terminator)
            unfolded.append(contentsOf: bytes[min(physical.start + skipped, physical.end)..<physical.end])
            next = physical.next
        }
        let end = unfolded.count
        unfolded.withUnsafeBufferPointer { text in
            lines.append(
                Self.record(of: text, textStart..<end, extent: first.start..<next, isFolded: true, groups: groups))
        }
        return next
    }

    private mutating func append(
        text: UnsafeBufferPointer<UInt8>,
        _ range: Range<Int>,
        extent: Range<Int>,
        isFolded: Bool
    ) {
        lines.append(Self.record(of: text, range, extent: extent, isFolded: isFolded, groups: groups))
    }

    /// Finds name, parameters and value in one unfolded line.
    private static func record(
        of text: UnsafeBufferPointer<UInt8>,
        _ range: Range<Int>,
        extent: Range<Int>,
        isFolded: Bool,
        groups: Bool
    ) -> LineRecord {
        var nameStart = range.lowerBound
        var position = range.lowerBound
        while position < range.upperBound, text[position] != UInt8(ascii: ":"), text[position] != UInt8(ascii: ";") {
            if groups, text[position] == UInt8(ascii: "."), nameStart == range.lowerBound { nameStart = position + 1 }
            position += 1
        }
        let nameEnd = position
        let colon = self.colon(in: text, from: position, to: range.upperBound)
        return LineRecord(
            extentStart: UInt32(extent.lowerBound),
            extentEnd: UInt32(extent.upperBound),
            textStart: UInt32(range.lowerBound),
            textEnd: UInt32(range.upperBound),
            nameStart: UInt32(nameStart),
            nameEnd: UInt32(nameEnd),
            valueStart: UInt32(colon.map { $0 + 1 } ?? range.upperBound),
            isFolded: isFolded,
            isWellFormed: colon != nil && nameEnd > nameStart
        )
    }

    /// The colon that begins the value: the first one outside quotes, or, where quotes do not balance, the first one.
    private static func colon(in text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int? {
        guard start < end else { return nil }
        if text[start] == UInt8(ascii: ":") { return start }
        var isQuoted = false
        var firstColon: Int?
        var position = start
        while position < end {
            let byte = text[position]
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: ":") {
                if !isQuoted { return position }
                if firstColon == nil { firstColon = position }
            }
            position += 1
        }
        return firstColon
    }
}

extension ContentTokenizer {
    struct PhysicalLine {
        let start: Int
        /// Before the line end.
        let end: Int
        /// After the line end.
        let next: Int

        var isEmpty: Bool { start == end }
    }

    private static func physicalLine(
        in bytes: UnsafeBufferPointer<UInt8>,
        from start: Int,
        _ terminator: UInt8
    ) -> PhysicalLine {
        var end = bytes.count
        if let base = bytes.baseAddress, let found = memchr(base + start, Int32(terminator), bytes.count - start) {
            end = UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
        let next = min(end + 1, bytes.count)
        while end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return PhysicalLine(start: start, end: end, next: next)
    }

    /// LF, or CR in text of the old Macintosh kind that has no LF at all.
    private static func terminator(of bytes: UnsafeBufferPointer<UInt8>) -> UInt8 {
        var hasCarriageReturn = false
        for byte in bytes {
            if byte == UInt8(ascii: "\n") { return byte }
            if byte == UInt8(ascii: "\r") { hasCarriageReturn = true }
        }
        return hasCarriageReturn ? UInt8(ascii: "\r") : UInt8(ascii: "\n")
    }

    private static func lengthOfByteOrderMark(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
    }

    private static func continues(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        position < bytes.count && (bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t"))
    }

    /// vCard 2.1 and vCalendar 1.0 break quoted-printable values with "=" at the line end and do not indent the rest.
    private static func endsInSoftBreak(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.upperBound > range.lowerBound, bytes[range.upperBound - 1] == UInt8(ascii: "=") else {
            return false
        }
        return declaresQuotedPrintable(bytes[range])
    }

    private static func declaresQuotedPrintable(_ text: some Collection<UInt8>) -> Bool {
        let encoding = Array("QUOTED-PRINTABLE".utf8)
        var matched = 0
        for byte in text {
            if byte == UInt8(ascii: ":") { return false }
            let upper = ASCII.uppercased(byte)
            matched = upper == encoding[matched] ? matched + 1 : (upper == encoding[0] ? 1 : 0)
            if matched == encoding.count { return true }
        }
        return false
    }
}
