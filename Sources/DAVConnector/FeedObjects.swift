import ContentLines
import Crypto
import DAVClient

/// The events of a feed, each as the object that a calendar server would keep: one UID with all its overrides and the
/// time zones they name (RFC 4791, section 4.1). Their lines keep their bytes.
struct FeedObjects: Sendable {
    struct Object: Sendable {
        let uid: String
        let bytes: [UInt8]
        /// Stands for what it says: equal when a feed only writes it anew, with another DTSTAMP or in another order.
        let digest: String
        let modified: Int64
    }

    /// In the order of the feed.
    private(set) var objects: [Object] = []
    /// Properties of the feed as a whole, without those that each object has.
    private(set) var lines: [String] = []

    /// The most components that are taken apart; each becomes a file.
    private static let componentLimit = 500_000
    fileprivate static let lineLimit = 200
    private static let sizeLimit = 512 << 20

    /// - Throws: `DAVClientError.protocolViolation` for anything but whole calendars.
    init(_ bytes: [UInt8]) throws {
        let document: ContentDocument
        do {
            document = try ContentDocument(Self.withoutMark(bytes))
        } catch {
            throw DAVClientError(.tooLarge, "\(error)")
        }
        guard let first = document.first, first.isNamed("BEGIN"), Self.isCalendar(first) else {
            let isPage = String(decoding: bytes.prefix(512), as: UTF8.self).lowercased().contains("<html")
            throw DAVClientError(
                .protocolViolation, "what came is \(isPage ? "a web page" : "no calendar"), not the feed.")
        }
        var reader = FeedReading(document)
        try reader.read(limit: Self.componentLimit)
        lines = reader.lines
        objects = try reader.objects(limit: Self.sizeLimit)
    }

    static func isCalendar(_ line: ContentLine) -> Bool { ASCII.equalsIgnoringCase(line.value, "VCALENDAR") }

    /// Some feeds begin with a byte order mark.
    private static func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }
}

/// Goes through the lines of a feed once.
private struct FeedReading {
    private struct Part {
        let calendar: Int
        let kind: String
        var uid: String?
        var isOverride = false
        var zones: Set<String> = []
        /// Line numbers, BEGIN and END included.
        var lines: Range<Int>
    }

    private struct Calendar {
        /// VERSION, PRODID and CALSCALE.
        var header: [Int] = []
        var zones: [String: Range<Int>] = [:]
    }

    private let document: ContentDocument
    private var calendars: [Calendar] = []
    private var parts: [Part] = []
    private(set) var lines: [String] = []

    init(_ document: ContentDocument) { self.document = document }

    mutating func read(limit: Int) throws {
        var open: [String] = []
        var part: Part?
        var zoneName: String?
        for (index, line) in document.enumerated() {
            if line.isNamed("BEGIN") {
                let name = ASCII.uppercasedString(line.value)
                if open.isEmpty {
                    guard name == "VCALENDAR" else { throw Self.broken("has a \(name) outside of any calendar.") }
                    calendars.append(Calendar())
                }
                if open.count == 1 {
                    part = Part(calendar: calendars.count - 1, kind: name, lines: index..<index + 1)
                    zoneName = nil
                }
                guard open.count < 32 else { throw Self.broken("is nested too deeply.") }
                open.append(name)
                continue
            }
            if line.isNamed("END") {
                guard open.popLast() == ASCII.uppercasedString(line.value) else {
                    throw Self.broken("does not end what it begins, at its line \(index + 1).")
                }
                if open.count == 1, var done = part {
                    done.lines = done.lines.lowerBound..<index + 1
                    if done.kind == "VTIMEZONE" {
                        if let zoneName, !calendars.isEmpty {
                            calendars[calendars.count - 1].zones[zoneName] = done.lines
                        }
                    } else {
                        parts.append(done)
                    }
                    part = nil
                    guard parts.count <= limit else { throw Self.broken("has more than \(limit) entries.") }
                }
                continue
            }
            switch open.count {
            case 0: continue
            case 1: keep(line, index)
            default:
                if open.count == 2 {
                    if line.isNamed("UID"), part?.uid == nil { part?.uid = line.rawText }
                    if line.isNamed("RECURRENCE-ID") { part?.isOverride = true }
                    if line.isNamed("TZID") { zoneName = line.rawText }
                }
                if let zone = line.parameterValue("TZID") { part?.zones.insert(zone) }
            }
        }
        // A connection that is lost in the middle must not pass for a feed with fewer events.
        guard open.isEmpty else { throw Self.broken("ends in the middle of a \(open.last ?? "component").") }
    }

    private mutating func keep(_ line: ContentLine, _ index: Int) {
        if line.isNamed("VERSION") || line.isNamed("PRODID") || line.isNamed("CALSCALE") {
            // Each object gets them, so each once.
            let isKnown = calendars[calendars.count - 1].header.contains { document[$0].hasName(line.name) }
            if !isKnown { calendars[calendars.count - 1].header.append(index) }
        } else if lines.count < FeedObjects.lineLimit {
            lines.append(String(decoding: line.bytes, as: UTF8.self))
        }
    }

    private static func broken(_ what: String) -> DAVClientError {
        DAVClientError(.protocolViolation, "the feed \(what)", advice: "It may have been cut on its way.")
    }

    // MARK: Objects

    /// - Parameter limit: bytes of all objects together: a large zone that many events name would be copied for each.
    func objects(limit: Int) throws -> [FeedObjects.Object] {
        var order: [String] = []
        var groups: [String: (uid: String, parts: [Int], replaced: Bool)] = [:]
        var masters: [String: String] = [:]
        for (index, part) in parts.enumerated() {
            var uid = part.uid.flatMap { $0.isEmpty ? nil : $0 }
            var isReplaced = uid == nil
            let content = digest(part.lines)
            if let known = uid, !part.isOverride {
                if let master = masters[known] {
                    // The same once more, or a feed that gives one UID to all of its events.
                    if master == content { continue }
                    uid = "\(known)-\(content.prefix(16))"
                    isReplaced = true
                } else {
                    masters[known] = content
                }
            }
            let name = uid ?? "\(content.prefix(32))"
            guard !isReplaced || groups[name] == nil else { continue }
            if groups[name] == nil { order.append(name) }
            groups[name, default: (name, [], isReplaced)].parts.append(index)
        }
        let zones = calendars.map { $0.zones.mapValues(digest) }
        var room = limit
        return try order.compactMap { groups[$0] }.map { group in
            let object = object(group.uid, group.parts.map { parts[$0] }, group.replaced, zones)
            room -= object.bytes.count
            guard room >= 0 else { throw Self.broken("would be more than \(limit >> 20) MiB, taken apart.") }
            return object
        }
    }

    private func object(
        _ uid: String, _ parts: [Part], _ isReplaced: Bool, _ zoneDigests: [[String: String]]
    ) -> FeedObjects.Object {
        var writer = ContentLineWriter()
        writer.write("BEGIN", value: "VCALENDAR".utf8)
        let calendar = parts.first.map { calendars[$0.calendar] } ?? Calendar()
        for index in calendar.header { writer.copy(document[index]) }
        if !calendar.header.contains(where: { document[$0].isNamed("VERSION") }) {
            writer.write("VERSION", value: "2.0".utf8)
        }
        if !calendar.header.contains(where: { document[$0].isNamed("PRODID") }) {
            writer.write("PRODID", value: "-//Fasti//Feed//EN".utf8)
        }
        let zones = parts.reduce(into: Set<String>()) { $0.formUnion($1.zones) }
        for zone in zones.sorted() {
            if let lines = calendar.zones[zone] { writer.copy(lines, of: document) }
        }
        for part in parts {
            guard isReplaced else {
                writer.copy(part.lines, of: document)
                continue
            }
            writer.copy(document[part.lines.lowerBound])
            writer.write("UID", value: uid.utf8)
            var depth = 0
            for index in part.lines.dropFirst() {
                let line = document[index]
                if depth > 0 || !line.isNamed("UID") { writer.copy(line) }
                if line.isNamed("BEGIN") { depth += 1 }
                if line.isNamed("END") { depth -= 1 }
            }
        }
        writer.write("END", value: "VCALENDAR".utf8)
        let digests = parts.first.map { zoneDigests[$0.calendar] } ?? [:]
        let said = parts.map { digest($0.lines) } + zones.sorted().map { digests[$0] ?? "" }
        return FeedObjects.Object(
            uid: uid, bytes: writer.bytes, digest: Self.hash(Array(said.joined(separator: "\n").utf8)),
            modified: modified(parts))
    }

    /// The newest LAST-MODIFIED: a DTSTAMP is often the time of the request.
    private func modified(_ parts: [Part]) -> Int64 {
        var newest: Int64 = 0
        for part in parts {
            var lines = ContentLineWriter()
            for index in part.lines where !document[index].isNamed("DTSTAMP") { lines.copy(document[index]) }
            newest = max(newest, ObjectSummary(lines.bytes, kind: .calendar).modified ?? 0)
        }
        return newest
    }

    private func digest(_ lines: Range<Int>) -> String {
        var open: [Int] = []
        var begun = 0
        var said: [[UInt8]] = []
        for index in lines {
            let line = document[index]
            if line.isNamed("BEGIN") {
                begun += 1
                open.append(begun)
            }
            if !line.isNamed("DTSTAMP") { said.append(Array("\(open.last ?? 0) ".utf8) + line.bytes) }
            if line.isNamed("END") { _ = open.popLast() }
        }
        said.sort { $0.lexicographicallyPrecedes($1) }
        return Self.hash(Array(said.joined(separator: [0x0A])))
    }

    private static func hash(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).prefix(16).map { PercentEncoding.escape($0).dropFirst() }.joined().lowercased()
    }
}
