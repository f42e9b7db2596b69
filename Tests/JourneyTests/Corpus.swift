import Foundation
import PeerPrograms
import SeededNumbers

/// The calendars and contacts that the journey carries.
enum Corpus {
    /// Real files of many programs, where they are at hand; else 2,000 seeded events and contacts.
    static func load() throws -> (calendar: [String: [UInt8]], contacts: [String: [UInt8]], isReal: Bool) {
        guard let shared = PeerEnvironment.shared else {
            print("The corpus of real calendars is not here: 2,000 seeded objects take its place.")
            return (seededEvents(1_900), seededCards(100), false)
        }
        let folder = shared.appending(path: "fixtures/calendars")
        return (
            try files(in: folder, folders: ["valid-ics", "invalid-ics"], type: "ics"),
            try files(in: folder, folders: ["valid-vcf", "invalid-vcf"], type: "vcf"), true
        )
    }

    private static func files(in folder: URL, folders: [String], type: String) throws -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for name in folders {
            let folder = folder.appending(path: name)
            for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            where file.pathExtension == type {
                result[file.lastPathComponent] = [UInt8](try Data(contentsOf: file))
            }
        }
        return result
    }

    /// Events of many kinds; the same count gives the same bytes.
    static func seededEvents(_ count: Int) -> [String: [UInt8]] {
        var random = SeededGenerator(seed: 2026)
        var result: [String: [UInt8]] = [:]
        for number in 0..<count {
            let day = String(format: "%04d%02d%02d", 2020 + number % 9, 1 + number % 12, 1 + number % 28)
            let title = ["Dentist", "Zahnarzt für Émile", "会議", "Team sync 🗓", "Опера"][number % 5]
            var lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fasti//Journey//EN"]
            switch number % 7 {
            case 0: lines += event(number, title, ["DTSTART;VALUE=DATE:\(day)", "TRANSP:TRANSPARENT"])
            case 1:
                lines += event(
                    number, title, ["DTSTART:\(day)T080000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=10"])
            case 2:
                lines += [
                    "BEGIN:VTIMEZONE", "TZID:Europe/Prague", "BEGIN:STANDARD", "DTSTART:19701025T030000",
                    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD",
                    "BEGIN:DAYLIGHT", "DTSTART:19700329T020000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
                    "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT", "END:VTIMEZONE",
                ]
                lines += event(
                    number, title,
                    ["DTSTART;TZID=Europe/Prague:\(day)T090000", "DTEND;TZID=Europe/Prague:\(day)T100000"])
            case 3:
                lines += event(
                    number, title,
                    [
                        "DTSTART:\(day)T120000Z", "DTEND:\(day)T130000Z", "LOCATION:Room \"4\"\\, second floor",
                        "DESCRIPTION:" + String(repeating: "A long line that must be folded somewhere. ", count: 9),
                        "X-FASTI-TEST;X-PARAM=\"a;b:c\":kept",
                    ])
            case 4:
                lines += [
                    "BEGIN:VTODO", "UID:journey-\(number)@fasti.example", "DTSTAMP:20260101T000000Z",
                    "SUMMARY:\(title)", "DUE:\(day)T170000Z", "PRIORITY:\(number % 9)", "END:VTODO",
                ]
            case 5:
                lines += event(
                    number, title,
                    ["DTSTART:\(day)T100000Z", "DTEND:\(day)T110000Z"],
                    alarms: ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Soon", "TRIGGER:-PT15M", "END:VALARM"])
            default:
                lines += event(number, title, ["DTSTART:\(day)T063000", "DTEND:\(day)T073000"])
            }
            lines.append("END:VCALENDAR")
            result["journey-\(number)-\(random.next() % 1000).ics"] = folded(lines)
        }
        return result
    }

    static func seededCards(_ count: Int) -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for number in 0..<count {
            result["card-\(number).vcf"] = folded([
                "BEGIN:VCARD", "VERSION:3.0", "UID:card-\(number)@fasti.example", "FN:Žofie Nováková \(number)",
                "N:Nováková;Žofie;;;", "item1.EMAIL;TYPE=INTERNET:zofie\(number)@example.org", "item1.X-ABLabel:home",
                "TEL;TYPE=CELL:+420 603 \(100_000 + number)", "NOTE:First line\\nsecond line\\, with a comma",
                "END:VCARD",
            ])
        }
        return result
    }

    private static func event(_ number: Int, _ title: String, _ lines: [String], alarms: [String] = []) -> [String] {
        [
            "BEGIN:VEVENT", "UID:journey-\(number)@fasti.example", "DTSTAMP:20260101T000000Z",
            "SUMMARY:\(title) \(number)",
        ] + lines + alarms + ["END:VEVENT"]
    }

    /// CRLF, and lines of at most 75 octets.
    private static func folded(_ lines: [String]) -> [UInt8] {
        var result: [UInt8] = []
        for line in lines {
            var column = 0
            for character in line.unicodeScalars {
                let octets = Array(String(character).utf8)
                if column + octets.count > 75 {
                    result += Array("\r\n ".utf8)
                    column = 1
                }
                result += octets
                column += octets.count
            }
            result += Array("\r\n".utf8)
        }
        return result
    }
}
