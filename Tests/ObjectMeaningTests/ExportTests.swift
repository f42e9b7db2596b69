import ContentLines
import ICalendar
import ObjectMeaning
import Testing

/// One file of many objects.
@Suite struct ExportTests {
    private func zone(_ name: String, _ offset: String) -> [String] {
        [
            "BEGIN:VTIMEZONE", "TZID:\(name)", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:\(offset)",
            "TZOFFSETTO:\(offset)", "END:STANDARD", "END:VTIMEZONE",
        ]
    }

    private func object(_ lines: [String]) -> [UInt8] {
        Array(
            (["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "METHOD:PUBLISH"] + lines + ["END:VCALENDAR", ""])
                .joined(separator: "\r\n").utf8)
    }

    private func event(_ uid: String?, _ zoneName: String = "Home") -> [String] {
        ["BEGIN:VEVENT"] + (uid.map { ["UID:\($0)"] } ?? []) + [
            "DTSTAMP:20260101T000000Z", "DTSTART;TZID=\(zoneName):20260310T100000", "SUMMARY:é, \(uid ?? "none")",
            "END:VEVENT",
        ]
    }

    @Test func zonesAreMergedByWhatTheyMean() throws {
        var export = CalendarExport(name: "Work, all", color: "#112233", zones: .utc)
        let first = zone("Home", "+0100") + event("1")
        let same = zone("Home", "+0100").map { $0.replacing("19700101", with: "19600101") } + event("2")
        let other = zone("Home", "+0200") + event("3")
        for (number, lines) in [first, same, other, first].enumerated() {
            let added = export.add(object(lines), fallbackUID: "x\(number)")
            #expect(added)
        }
        let text = String(decoding: export.finish(), as: UTF8.self)
        let merged = try CalendarObject(parsing: Array(text.utf8))
        #expect(merged.calendars.count == 1)
        #expect(merged.timeZones.compactMap { $0.property("TZID")?.text } == ["Home", "Home (2)"])
        #expect(merged.components.compactMap(\.uid) == ["1", "2", "3"])
        #expect(export.duplicates == 1)
        #expect(text.contains("DTSTART;TZID=Home (2):20260310T100000\r\n"))
        #expect(text.contains("X-WR-CALNAME:Work\\, all\r\n") && text.contains("NAME:Work\\, all\r\n"))
        #expect(!text.contains("METHOD"), "a collection is no message")
        #expect(text.split(separator: "\r\n").count(where: { $0.hasPrefix("PRODID") || $0.hasPrefix("VERSION") }) == 2)
    }

    @Test func everyComponentHasAUID() throws {
        var export = CalendarExport(name: nil, color: nil, zones: .utc)
        let added = export.add(object(event(nil)), fallbackUID: "given")
        let refused = export.add(Array("junk".utf8), fallbackUID: "y")
        #expect(added && !refused)
        #expect(try CalendarObject(parsing: export.finish()).components.compactMap(\.uid) == ["given"])
    }

    @Test func cardsFollowEachOther() {
        var export = ContactExport()
        let bare = Array("BEGIN:VCARD\nVERSION:2.1\nN:A;B\nEND:VCARD\n".utf8)
        let four = Array("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\nFN:C\r\nEND:VCARD\r\n".utf8)
        for (number, bytes) in [bare, four, four].enumerated() {
            let added = export.add(bytes, fallbackUID: "\(number)")
            #expect(added)
        }
        #expect(
            String(decoding: export.finish(), as: UTF8.self)
                == "BEGIN:VCARD\r\nVERSION:2.1\r\nN:A;B\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\nFN:C\r\n"
                + "END:VCARD\r\n")
        #expect(export.count == 2 && export.duplicates == 1)
    }
}
