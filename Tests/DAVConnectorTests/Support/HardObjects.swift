import ConnectorKit
import DAVConnector

/// Objects that break programs: written by us, after what the standards allow and what programs write.
enum HardObjects {
    /// By the last segment of the address, as on the wire.
    static let calendar: [String: [UInt8]] = [
        "attachment.ics": attachment, "overrides.ics": overrides, "periods.ics": periods,
        "windows%20zone.ics": windowsZone, "custom-zone.ics": customZone, "everywhere.ics": nonASCII,
        "fold.ics": foldInsideCharacter, "extensions.ics": extensions, "rfc7986.ics": rfc7986, "rfc9073.ics": rfc9073,
        "rfc9074.ics": rfc9074, "task.ics": task, "journal.ics": journal, "orphan.ics": orphan,
        "a%20b.ics": plain("space"), "a%2Fb.ics": plain("slash"), "a@b.ics": plain("at"),
        "no-ending": plain("no-ending"), "%C3%BC.ics": plain("umlaut"), "semi;colon,comma.ics": plain("semicolon"),
    ]

    static let contacts: [String: [UInt8]] = [
        "old.vcf": old, "photo.vcf": photo, "apple-group.vcf": appleGroup, "group4.vcf": group4, "groups.vcf": groups,
        "b%20c.vcf": lines("BEGIN:VCARD", "VERSION:3.0", "UID:space", "FN:Space", "N:Space;;;;", "END:VCARD"),
    ]

    /// The names of snapshot files for them.
    static func files(_ objects: [String: [UInt8]], in directory: BytePath, ending: String) -> [BytePath: [UInt8]] {
        var files: [BytePath: [UInt8]] = [:]
        for (segment, bytes) in objects {
            guard let path = directory.appending(MemberName.name(forSegment: segment, ending: ending)) else { continue }
            files[path] = bytes
        }
        return files
    }

    // MARK: Calendars

    private static func lines(_ lines: String...) -> [UInt8] { joined(lines) }

    /// Folds what is long, by characters.
    private static func joined(_ lines: [String]) -> [UInt8] {
        var result: [UInt8] = []
        for line in lines {
            var rest = Array(line.unicodeScalars)[...]
            var isFirst = true
            while isFirst || !rest.isEmpty {
                if !isFirst { result += " ".utf8 }
                // At most four bytes each.
                let part = rest.allSatisfy(\.isASCII) ? rest.prefix(72) : rest.prefix(18)
                result += String(String.UnicodeScalarView(part)).utf8
                result += "\r\n".utf8
                rest = rest.dropFirst(part.count)
                isFirst = false
            }
        }
        return result
    }

    private static func object(_ lines: [String]) -> [UInt8] {
        joined(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fasti//Hard objects//EN"] + lines + ["END:VCALENDAR"])
    }

    private static func event(_ uid: String, _ lines: [String], before: [String] = []) -> [UInt8] {
        object(
            before + ["BEGIN:VEVENT", "UID:\(uid)", "DTSTAMP:20260101T000000Z"] + lines + ["END:VEVENT"])
    }

    private static func plain(_ uid: String) -> [UInt8] {
        event(uid, ["DTSTART:20260310T100000Z", "DTEND:20260310T110000Z", "SUMMARY:Address \(uid)"])
    }

    /// 5 MiB of noise, always the same.
    private static let attachment: [UInt8] = {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result = Array(
            ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Fasti//Hard objects//EN\r\nBEGIN:VEVENT\r\nUID:attachment\r\n"
                + "DTSTAMP:20260101T000000Z\r\nDTSTART:20260310T100000Z\r\nDTEND:20260310T110000Z\r\nSUMMARY:Large\r\n"
                + "ATTACH;FMTTYPE=image/png;ENCODING=BASE64;VALUE=BINARY:\r\n").utf8)
        var state: UInt64 = 2026
        for _ in 0..<(5 << 20) / 54 {
            result.append(UInt8(ascii: " "))
            for _ in 0..<72 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                result.append(digits[Int(state >> 58)])
            }
            result += "\r\n".utf8
        }
        return result + "END:VEVENT\r\nEND:VCALENDAR\r\n".utf8
    }()

    private static let overrides: [UInt8] = {
        var all = [
            "BEGIN:VEVENT", "UID:overrides", "DTSTAMP:20260101T000000Z", "DTSTART:20200101T080000Z",
            "DTEND:20200101T090000Z", "RRULE:FREQ=DAILY;COUNT=2500", "SUMMARY:Every day", "END:VEVENT",
        ]
        for number in 0..<2_000 {
            // 28 days in each month are enough.
            let day = "\(2020 + number / 336)" + pad(1 + number % 336 / 28) + pad(1 + number % 28)
            all += [
                "BEGIN:VEVENT", "UID:overrides", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:\(day)T080000Z",
                "DTSTART:\(day)T093000Z", "DTEND:\(day)T103000Z", "SUMMARY:Moved \(number)", "END:VEVENT",
            ]
        }
        return object(all)
    }()

    private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static let periods = event(
        "periods",
        [
            "DTSTART:20260310T100000Z", "DTEND:20260310T110000Z",
            "RDATE;VALUE=PERIOD:20260311T100000Z/20260311T120000Z,20260312T100000Z/PT30M",
            "RDATE:20260401T100000Z,20260402T100000Z", "EXDATE:20260402T100000Z", "SUMMARY:Now and then",
        ])

    private static let windowsZone = event(
        "windows-zone",
        [
            "DTSTART;TZID=W. Europe Standard Time:20260310T100000",
            "DTEND;TZID=W. Europe Standard Time:20260310T110000",
            "SUMMARY:From an office",
        ],
        before: [
            "BEGIN:VTIMEZONE", "TZID:W. Europe Standard Time", "BEGIN:STANDARD", "DTSTART:16010101T030000",
            "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
            "END:STANDARD", "BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
            "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT", "END:VTIMEZONE",
        ])

    private static let customZone = event(
        "custom-zone",
        [
            "DTSTART;TZID=Ship's time:20260310T100000", "DTEND;TZID=Ship's time:20260310T110000",
            "RRULE:FREQ=WEEKLY;COUNT=5", "SUMMARY:On board",
        ],
        before: [
            "BEGIN:VTIMEZONE", "TZID:Ship's time", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0437",
            "TZOFFSETTO:+0437", "TZNAME:SHIP", "END:STANDARD", "END:VTIMEZONE",
        ])

    private static let nonASCII = event(
        "überall-☃",
        [
            "DTSTART:20260310T100000Z", "DTEND:20260310T110000Z", "SUMMARY:Ελληνικά עברית العربية 漢字 🗓️ é e\u{301}",
            "LOCATION:Straße\\, Größe\\; \\\\ \\n Ende", "CATEGORIES:Bücher,Čaj",
            "ORGANIZER;CN=\"Müller, Jörg\":mailto:joerg@example.org",
            "ATTENDEE;CN=\"陳: 大文; Chan\";PARTSTAT=ACCEPTED:mailto:chan@example.org",
            "X-NOTE;X-LANG=ελ:" + String(repeating: "漢字かな交じり文", count: 30),
        ])

    /// RFC 5545, section 3.1: a fold may split a character, and programs that count bytes do it.
    private static let foldInsideCharacter: [UInt8] = {
        let whole = Array("SUMMARY:Ein Wort mit ü in der Mitte\r\n".utf8)
        guard let place = whole.firstIndex(of: 0xC3) else { return whole }
        let folded = whole[...place] + Array("\r\n ".utf8) + whole[(place + 1)...]
        let text = plain("fold")
        guard let start = String(decoding: text, as: UTF8.self).range(of: "SUMMARY:Address fold\r\n") else {
            return text
        }
        let offset = String(decoding: text, as: UTF8.self).utf8.distance(
            from: String(decoding: text, as: UTF8.self).startIndex, to: start)
        return Array(text[..<offset]) + folded + Array(text[(offset + "SUMMARY:Address fold\r\n".utf8.count)...])
    }()

    private static let extensions = event(
        "extensions",
        [
            "DTSTART;X-FROM=\"a:b;c,d\":20260310T100000Z", "DTEND:20260310T110000Z",
            "SUMMARY;LANGUAGE=en;X-A=1;X-B=2:X",
            "COMMENT:one", "COMMENT:two", "COMMENT:two",
            "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Home:geo:1.5,2.5",
            "X-MULTI:1", "X-MULTI:2", "x-lower:Case of names", "IANA-TOKEN:kept", "X-EMPTY:", "CLASS:X-SECRET",
            "X-CARET;X-P=\"a^nb^'c^^d\":RFC 6868",
        ])

    private static let rfc7986 = object([
        "NAME:A calendar in an object", "COLOR:turquoise", "REFRESH-INTERVAL;VALUE=DURATION:P1W",
        "SOURCE;VALUE=URI:https://example.org/c.ics", "BEGIN:VEVENT", "UID:rfc7986", "DTSTAMP:20260101T000000Z",
        "DTSTART:20260310T100000Z", "DTEND:20260310T110000Z", "SUMMARY:Modern", "COLOR:salmon",
        "IMAGE;VALUE=URI;DISPLAY=BADGE;FMTTYPE=image/png:https://example.org/i.png",
        "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=\"Room 1\":https://example.org/meet",
        "ATTENDEE;EMAIL=a@example.org;CN=A:https://example.org/principals/a", "END:VEVENT",
    ])

    private static let rfc9073 = event(
        "rfc9073",
        [
            "DTSTART:20260310T100000Z", "DTEND:20260310T110000Z", "SUMMARY:Concert",
            "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<p>Loud\\, long</p>",
            "STRUCTURED-DATA;VALUE=TEXT;FMTTYPE=application/ld+json;SCHEMA=\"https://schema.org/Event\":{\"a\": 1}",
            "BEGIN:PARTICIPANT", "UID:p1", "PARTICIPANT-TYPE:PERFORMER", "SUMMARY:A band",
            "CALENDAR-ADDRESS:mailto:band@example.org", "END:PARTICIPANT", "BEGIN:VLOCATION", "UID:l1",
            "NAME:The hall", "LOCATION-TYPE:stadium", "END:VLOCATION", "BEGIN:VRESOURCE", "UID:r1",
            "RESOURCE-TYPE:PROJECTOR", "NAME:Beamer", "END:VRESOURCE",
        ])

    private static let rfc9074 = event(
        "rfc9074",
        [
            "DTSTART:20260310T100000Z", "DTEND:20260310T110000Z", "SUMMARY:Wake up", "BEGIN:VALARM", "UID:alarm-1",
            "TRIGGER:-PT15M", "ACTION:DISPLAY", "DESCRIPTION:Now", "ACKNOWLEDGED:20260310T094500Z", "END:VALARM",
            "BEGIN:VALARM", "UID:alarm-2", "TRIGGER;VALUE=DATE-TIME:20260310T095500Z",
            "RELATED-TO;RELTYPE=SNOOZE:alarm-1", "ACTION:DISPLAY", "DESCRIPTION:Again", "END:VALARM", "BEGIN:VALARM",
            "UID:alarm-3", "TRIGGER;VALUE=DATE-TIME:19760401T005545Z", "ACTION:DISPLAY", "DESCRIPTION:There",
            "PROXIMITY:ARRIVE", "END:VALARM",
        ])

    private static let task = object([
        "BEGIN:VTODO", "UID:task", "DTSTAMP:20260101T000000Z", "SUMMARY:Milk", "DUE;VALUE=DATE:20260310", "PRIORITY:1",
        "PERCENT-COMPLETE:50", "STATUS:IN-PROCESS", "RELATED-TO;RELTYPE=PARENT:shopping", "X-APPLE-SORT-ORDER:42",
        "END:VTODO",
    ])

    private static let journal = object([
        "BEGIN:VJOURNAL", "UID:journal", "DTSTAMP:20260101T000000Z", "DTSTART;VALUE=DATE:20260310", "SUMMARY:A day",
        "DESCRIPTION:First line\\nsecond line", "END:VJOURNAL",
    ])

    private static let orphan = event(
        "orphan",
        [
            "RECURRENCE-ID:20260310T100000Z", "DTSTART:20260310T120000Z", "DTEND:20260310T130000Z",
            "SUMMARY:Invited to one date alone",
        ])

    // MARK: Contacts

    private static let old = lines(
        "BEGIN:VCARD", "VERSION:2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg",
        "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg M=C3=BCller", "TEL;HOME;VOICE:+49 1", "UID:old",
        "END:VCARD")

    private static let photo = joined([
        "BEGIN:VCARD", "VERSION:3.0", "UID:photo", "FN:With photo", "N:Photo;With;;;",
        "PHOTO;ENCODING=b;TYPE=JPEG:" + String(repeating: "/9j/4AAQSkZJRgABAQAAAQABAAD", count: 2_000), "END:VCARD",
    ])

    private static let appleGroup = lines(
        "BEGIN:VCARD", "VERSION:3.0", "UID:apple-group", "FN:Friends", "N:Friends;;;;",
        "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:photo", "END:VCARD")

    private static let group4 = lines(
        "BEGIN:VCARD", "VERSION:4.0", "UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", "KIND:group",
        "FN:Colleagues",
        "N:Colleagues;;;;", "MEMBER:urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af",
        "PHOTO:data:image/gif;base64,R0lGODdhAQABAIAAAAAAAAAAACwAAAAAAQABAAACAkQBADs=",
        "ANNIVERSARY:20090808T1430-0500",
        "END:VCARD")

    private static let groups = lines(
        "BEGIN:VCARD", "VERSION:3.0", "UID:groups", "FN:Items", "N:Items;;;;",
        "item1.EMAIL;TYPE=INTERNET:a@example.org",
        "item1.X-ABLabel:_$!<Other>!$_", "item2.URL:https\\://example.org/a", "item2.X-ABLabel:Home page",
        "item3.ADR;TYPE=HOME:;;Straße 1;Köln;;50667;DE", "item3.X-ABADR:de", "NOTE:one\\ntwo\\, three", "END:VCARD")
}

extension String {
    /// Where a text begins.
    fileprivate func range(of text: String) -> String.Index? {
        indices.first { self[$0...].hasPrefix(text) }
    }
}
