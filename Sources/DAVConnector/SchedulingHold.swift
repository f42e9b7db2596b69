import ContentLines

/// Keeps a scheduling server from sending mail for an event that is merely put back (RFC 6638, section 7.1).
///
/// `SCHEDULE-AGENT=CLIENT` on the attendees stops the requests that an organiser's server sends, on the organiser the
/// replies of an attendee's. Which of the two the account is, nobody here knows, so both get it. Nothing else of the
/// object changes, and every other line keeps its bytes.
enum SchedulingHold {
    static func applied(to bytes: [UInt8]) -> [UInt8] {
        guard let document = try? ContentDocument(bytes) else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 256)
        var copied = 0
        for line in document where line.isWellFormed && (line.isNamed("ORGANIZER") || line.isNamed("ATTENDEE")) {
            result += bytes[copied..<line.extent.lowerBound]
            let hasCarriageReturns = bytes[line.extent].contains(UInt8(ascii: "\r"))
            result += held(line, hasCarriageReturns: hasCarriageReturns)
            copied = line.extent.upperBound
        }
        return result + bytes[copied...]
    }

    private static func held(_ line: ContentLine, hasCarriageReturns: Bool) -> [UInt8] {
        var text = Array(line.nameBytes)
        for parameter in parameters(line.parameterBytes) where !isScheduling(parameter) {
            text.append(UInt8(ascii: ";"))
            text += parameter
        }
        text += ";SCHEDULE-AGENT=CLIENT:".utf8
        text += line.value
        var writer = ContentLineWriter()
        writer.write(line: text)
        return hasCarriageReturns ? writer.bytes : writer.bytes.filter { $0 != UInt8(ascii: "\r") }
    }

    /// The parameters as written, cut at semicolons outside of quotes.
    private static func parameters(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var isQuoted = false
        let parts = bytes.split(omittingEmptySubsequences: true) { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: ";") && !isQuoted
        }
        return parts
    }

    private static func isScheduling(_ parameter: ArraySlice<UInt8>) -> Bool {
        let name = parameter.prefix { $0 != UInt8(ascii: "=") }
        return ASCII.equalsIgnoringCase(name, "SCHEDULE-AGENT") || ASCII.equalsIgnoringCase(name, "SCHEDULE-FORCE-SEND")
    }
}
