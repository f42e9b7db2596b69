import ICalendar
import ObjectMeaning
import Testing

/// Changes as a person reads them.
@Suite struct ObjectChangeTests {
    private let times = TimeWords(.utc)

    private func event(_ lines: String...) -> [UInt8] {
        object(["BEGIN:VEVENT", "UID:1", "SUMMARY:Dentist"] + lines + ["END:VEVENT"])
    }

    private func object(_ lines: [String]) -> [UInt8] {
        Array(
            (["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"] + lines + ["END:VCALENDAR", ""]).joined(separator: "\r\n")
                .utf8)
    }

    private func sentences(_ old: [UInt8], _ new: [UInt8], _ kind: ObjectKind = .calendar) -> [String] {
        ObjectChange(from: old, to: new, kind, times)?.sentences ?? []
    }

    @Test func movesAreSaidInTheShortestWay() {
        let tuesday = "DTSTART;TZID=Europe/Berlin:20260310T100000"
        #expect(
            sentences(event(tuesday), event("DTSTART;TZID=Europe/Berlin:20260311T140000"))
                == ["Dentist moved from Tue 10:00 to Wed 14:00 (11 Mar 2026)"])
        #expect(
            sentences(event(tuesday), event("DTSTART;TZID=Europe/Berlin:20260310T140000"))
                == ["Dentist moved from 10:00 to 14:00 on Tue 10 Mar 2026"])
        #expect(
            sentences(event(tuesday), event("DTSTART;TZID=Europe/Berlin:20260317T100000"))
                == ["Dentist moved from Tue 10 Mar 2026 10:00 to Tue 17 Mar 2026 10:00"])
        #expect(
            sentences(event("DTSTART;VALUE=DATE:20260310"), event("DTSTART;VALUE=DATE:20260311"))
                == ["Dentist moved from Tue to Wed (11 Mar 2026)"])
        #expect(
            sentences(event("DTSTART;VALUE=DATE:20260310"), event(tuesday)).first
                == "Dentist moved from all day Tue 10 Mar 2026 to Tue 10 Mar 2026 10:00")
        #expect(
            sentences(event(tuesday), event("DTSTART;TZID=Europe/Paris:20260310T100000"))
                == ["Dentist has the time zone Europe/Paris instead of Europe/Berlin"])
        #expect(
            sentences(
                event(tuesday, "DTEND;TZID=Europe/Berlin:20260310T110000"),
                event(tuesday, "DTEND;TZID=Europe/Berlin:20260310T113000"))
                == ["Dentist takes 1 hour 30 minutes instead of 1 hour"])
    }

    @Test func nameAndPlace() {
        let before = event("LOCATION:Main Street")
        #expect(
            sentences(before, event("LOCATION:High Street")) == [
                "Dentist changed place from \"Main Street\" to \"High Street\""
            ])
        #expect(sentences(before, event()) == ["Dentist has no place any more (was \"Main Street\")"])
        let renamed = object(["BEGIN:VEVENT", "UID:1", "SUMMARY:Doctor", "LOCATION:Main Street", "END:VEVENT"])
        #expect(sentences(before, renamed) == ["Dentist is called \"Doctor\" now"])
    }

    @Test func peopleComeAnswerAndGo() {
        let bert = "ATTENDEE;CN=Bert;PARTSTAT=NEEDS-ACTION:mailto:bert@example.org"
        let answered = "ATTENDEE;PARTSTAT=ACCEPTED;CN=Bert:MAILTO:bert@example.org"
        let anna = "ATTENDEE;CN=Anna:mailto:anna@example.org"
        #expect(sentences(event(bert), event(answered)) == ["Dentist: Bert accepted (has not answered before)"])
        #expect(
            sentences(event(bert), event(anna)) == ["Dentist has Anna invited", "Dentist has Bert no longer invited"])
    }

    @Test func reminders() {
        func alarm(_ trigger: String) -> [String] {
            ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:\(trigger)", "END:VALARM"]
        }
        let plain = event()
        func with(_ lines: [String]) -> [UInt8] {
            object(["BEGIN:VEVENT", "UID:1", "SUMMARY:Dentist"] + lines + ["END:VEVENT"])
        }
        #expect(
            sentences(plain, with(alarm("-PT15M"))) == ["Dentist reminds 15 minutes before the start now"])
        #expect(
            sentences(with(alarm("-PT15M")), with(alarm("-P1D"))) == [
                "Dentist reminds 1 day before the start instead of 15 minutes before the start"
            ])
    }

    @Test(arguments: [
        ("FREQ=WEEKLY;BYDAY=TU,TH", "every week on Tuesday and Thursday"),
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=20260403T000000Z", "every 2 weeks until Fri 3 Apr 2026"),
        ("FREQ=MONTHLY;BYDAY=2TU", "every month on the 2nd Tuesday"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on the 1st and 15th"),
        ("FREQ=DAILY;COUNT=10", "every day 10 times"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "every year in March on the last Sunday"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "every month on the last of Monday, Tuesday, Wednesday, Thursday and Friday"
        ),
    ])
    func rulesInWords(rule: String, words: String) {
        #expect(sentences(event(), event("RRULE:\(rule)")) == ["Dentist repeats \(words) now"])
    }

    @Test func seriesChange() {
        let start = "DTSTART:20260310T100000Z"
        let weekly = event(start, "RRULE:FREQ=WEEKLY")
        #expect(
            sentences(weekly, event(start, "RRULE:FREQ=DAILY")) == ["Dentist repeats every day instead of every week"])
        #expect(sentences(weekly, event(start)) == ["Dentist does not repeat any more (was every week)"])
        #expect(
            sentences(weekly, event(start, "RRULE:FREQ=WEEKLY", "EXDATE:20260317T100000Z"))
                == ["Dentist does not take place on Tue 17 Mar 2026 10:00"])
        let moved = event(
            start, "RRULE:FREQ=WEEKLY", "END:VEVENT", "BEGIN:VEVENT", "UID:1", "SUMMARY:Dentist",
            "RECURRENCE-ID:20260317T100000Z", "DTSTART:20260318T140000Z")
        #expect(
            sentences(weekly, moved) == [
                "Dentist: the one of Tue 17 Mar 2026 10:00 moved from Tue 10:00 to Wed 14:00 (18 Mar 2026)"
            ])
        #expect(
            sentences(moved, weekly) == ["Dentist: the one of Tue 17 Mar 2026 10:00 is like the others again, or gone"])
    }

    @Test func tasksAreDone() {
        func task(_ lines: String...) -> [UInt8] {
            object(["BEGIN:VTODO", "UID:2", "SUMMARY:Milk"] + lines + ["END:VTODO"])
        }
        #expect(
            sentences(task("STATUS:NEEDS-ACTION"), task("STATUS:COMPLETED", "COMPLETED:20260310T100000Z"))
                == ["Milk was done"])
        #expect(
            sentences(task("DUE;VALUE=DATE:20260310"), task("DUE;VALUE=DATE:20260312"))
                == ["Milk is due on Thu 12 Mar 2026 instead of Tue 10 Mar 2026"])
    }

    @Test func whatNoSentenceSpeaksOfIsNamed() {
        #expect(sentences(event("X-FOO:1"), event("X-FOO:2", "X-BAR:1")) == ["Dentist: X-BAR and X-FOO changed"])
        #expect(sentences(event("DTSTAMP:20260101T000000Z"), event("DTSTAMP:20260102T000000Z")).isEmpty)
        #expect(sentences(event("SUMMARY:x"), Array("junk".utf8)) == ["Dentist changed beyond what can be read"])
    }

    @Test func contacts() {
        func card(_ lines: String...) -> [UInt8] {
            Array(
                (["BEGIN:VCARD", "VERSION:3.0", "UID:a", "FN:Anna"] + lines + ["END:VCARD", ""]).joined(
                    separator: "\r\n"
                )
                .utf8)
        }
        func words(_ old: [UInt8], _ new: [UInt8]) -> [String] { sentences(old, new, .contact) }
        #expect(
            words(card("TEL;TYPE=CELL:1"), card("TEL;TYPE=CELL:2")) == [
                "Anna's phone number (cell) changed from \"1\" to \"2\""
            ])
        #expect(words(card(), card("EMAIL;TYPE=INTERNET:a@b.c")) == ["Anna has a new mail address: \"a@b.c\""])
        #expect(words(card("ORG:Acme;Shoes"), card()) == ["Anna no longer has the organisation \"Acme, Shoes\""])
        #expect(words(card("PHOTO:1"), card("PHOTO:2")) == ["Anna's photo changed"])
        #expect(
            words(
                card("N:Anna;;;;"),
                Array("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:Anna Meier\r\nN:Meier;Anna;;;\r\nEND:VCARD\r\n".utf8))
                == ["Anna is called \"Anna Meier\" now"])
        #expect(words(card("REV:1"), card("REV:2")).isEmpty)
    }
}
