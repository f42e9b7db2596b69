import ContentLines
import ICalendar

/// What changed in an event, a task or a journal entry, as predicates to its title.
struct ComponentComparison {
    private let times: TimeWords

    init(_ times: TimeWords) { self.times = times }

    /// - Parameter instance: the place in the series, when `old` is the series and `new` one date of it.
    func predicates(_ old: Component, _ new: Component, asInstance instance: CalendarTime? = nil) -> [String] {
        var found: [String] = []
        found += span(old, new, instance)
        found += name(old, new)
        found += places(old, new)
        found += state(old, new)
        found += people(old, new)
        found += reminders(old, new)
        if instance == nil { found += recurrence(old, new) }
        found += texts(old, new)
        found += others(old, new, isInstance: instance != nil)
        return found
    }

    // MARK: When

    private func span(_ old: Component, _ new: Component, _ instance: CalendarTime?) -> [String] {
        var found: [String] = []
        let before = instance ?? old.property("DTSTART")?.calendarTime
        let after = new.property("DTSTART")?.calendarTime
        switch (before, after) {
        case (let before?, let after?):
            let isSameTime = times.local(before) == times.local(after) && before.isDate == after.isDate
            if !isSameTime {
                found.append("moved \(times.move(from: before, to: after))")
            } else if before.form != after.form {
                found.append("has the time zone \(zone(after)) instead of \(zone(before))")
            }
        case (nil, let after?): found.append("takes place on \(times.text(after)) now")
        case (let before?, nil): found.append("has no date any more (was \(times.text(before)))")
        case (nil, nil): break
        }
        if let before = length(old), let after = length(new), before != after {
            found.append("takes \(TimeWords.duration(after)) instead of \(TimeWords.duration(before))")
        }
        let (due, now) = (old.property("DUE")?.calendarTime, new.property("DUE")?.calendarTime)
        if instance == nil, due != now {
            switch (due, now) {
            case (let due?, let now?): found.append("is due on \(times.text(now)) instead of \(times.text(due))")
            case (nil, let now?): found.append("is due on \(times.text(now)) now")
            default: found.append("is not due on a certain day any more")
            }
        }
        return found
    }

    private func zone(_ time: CalendarTime) -> String {
        switch time.form {
        case .zoned(let name): shortened(name)
        case .utc: "UTC"
        case .floating, .date: "wherever one is"
        }
    }

    /// Seconds from start to end.
    private func length(_ component: Component) -> Int? {
        guard let start = component.property("DTSTART")?.calendarTime else { return nil }
        if let end = component.property("DTEND")?.calendarTime {
            let isSame = start.form == end.form
            let (a, b) = isSame ? (start.local, end.local) : (times.local(start), times.local(end))
            return b.seconds - a.seconds
        }
        if let duration = component.property("DURATION")?.duration { return duration.nominalSeconds }
        return component.kind == .event ? (start.isDate ? 86_400 : 0) : nil
    }

    // MARK: What and where

    private func name(_ old: Component, _ new: Component) -> [String] {
        let (a, b) = (old.summary ?? "", new.summary ?? "")
        guard a != b else { return [] }
        if a.isEmpty { return ["is called \(quoted(b)) now"] }
        return b.isEmpty ? ["has no title any more (was \(quoted(a)))"] : ["is called \(quoted(b)) now"]
    }

    private func places(_ old: Component, _ new: Component) -> [String] {
        let (a, b) = (old.property("LOCATION")?.text ?? "", new.property("LOCATION")?.text ?? "")
        guard a != b else { return [] }
        if a.isEmpty { return ["has a place now: \(quoted(b))"] }
        return b.isEmpty
            ? ["has no place any more (was \(quoted(a)))"] : ["changed place from \(quoted(a)) to \(quoted(b))"]
    }

    private func state(_ old: Component, _ new: Component) -> [String] {
        var found: [String] = []
        let (a, b) = (word(old, "STATUS"), word(new, "STATUS"))
        if a != b {
            switch b {
            case "CANCELLED": found.append("was cancelled")
            case "CONFIRMED" where a != nil: found.append("is confirmed")
            case "TENTATIVE": found.append("is tentative")
            case "COMPLETED": found.append("was done")
            case "IN-PROCESS": found.append("was begun")
            case "NEEDS-ACTION": found.append("is to be done")
            case nil where a == "CANCELLED": found.append("is not cancelled any more")
            case nil where a == "COMPLETED": found.append("is not done any more")
            case nil, "CONFIRMED": break
            case let other?: found.append("has the status \(shortened(other.lowercased()))")
            }
        }
        let (done, now) = (old.property("PERCENT-COMPLETE")?.rawText, new.property("PERCENT-COMPLETE")?.rawText)
        if done != now, b != "COMPLETED", let now { found.append("is \(shortened(now)) % done") }
        if word(old, "TRANSP") ?? "OPAQUE" != word(new, "TRANSP") ?? "OPAQUE" {
            found.append(word(new, "TRANSP") == "TRANSPARENT" ? "counts as free time" : "counts as busy time")
        }
        if word(old, "CLASS") ?? "PUBLIC" != word(new, "CLASS") ?? "PUBLIC" {
            found.append("is \((word(new, "CLASS") ?? "PUBLIC").lowercased()) now")
        }
        return found
    }

    private func word(_ component: Component, _ name: StaticString) -> String? {
        component.property(name).map { $0.rawText.uppercased() }.flatMap { $0.isEmpty ? nil : $0 }
    }

    // MARK: Who

    private func people(_ old: Component, _ new: Component) -> [String] {
        var found: [String] = []
        let (a, b) = (old.property("ORGANIZER").map(Person.init), new.property("ORGANIZER").map(Person.init))
        if a?.address != b?.address {
            found.append(b.map { "is organised by \($0.title) now" } ?? "has no organiser any more")
        }
        let before = Dictionary(
            old.properties("ATTENDEE").map { ($0.address, Person($0)) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(
            new.properties("ATTENDEE").map { ($0.address, Person($0)) }, uniquingKeysWith: { first, _ in first })
        let invited = after.values.filter { before[$0.address] == nil }.sorted { $0.title < $1.title }
        let left = before.values.filter { after[$0.address] == nil }.sorted { $0.title < $1.title }
        if !invited.isEmpty { found.append("has \(listed(invited.map(\.title))) invited") }
        if !left.isEmpty { found.append("has \(listed(left.map(\.title))) no longer invited") }
        for person in after.values.sorted(by: { $0.title < $1.title }) {
            guard let old = before[person.address], old.answer != person.answer else { continue }
            found.append(": \(person.title) \(person.answer) (\(old.answer) before)")
        }
        return found
    }

    private struct Person {
        let address: String
        let title: String
        let answer: String

        init(_ line: ContentLine) {
            address = line.address
            title = shortened(line.parameterValue("CN").flatMap { $0.isEmpty ? nil : $0 } ?? address)
            answer =
                switch line.parameterValue("PARTSTAT")?.uppercased() {
                case "ACCEPTED": "accepted"
                case "DECLINED": "declined"
                case "TENTATIVE": "may come"
                case "DELEGATED": "sends somebody else"
                case nil, "NEEDS-ACTION": "has not answered"
                case let other?: shortened(other.lowercased())
                }
        }
    }

    // MARK: Reminders

    private func reminders(_ old: Component, _ new: Component) -> [String] {
        let difference = ListDifference(old.components(of: .alarm).map(alarm), new.components(of: .alarm).map(alarm))
        switch (difference.removed.count, difference.added.count) {
        case (0, 0): return []
        case (1, 1): return ["reminds \(difference.added[0]) instead of \(difference.removed[0])"]
        default:
            return difference.added.map { "reminds \($0) now" } + difference.removed.map { "no longer reminds \($0)" }
        }
    }

    private func alarm(_ alarm: Component) -> String {
        guard let trigger = alarm.property("TRIGGER") else { return "at some time" }
        let how = alarm.property("ACTION")?.rawText.uppercased() == "EMAIL" ? " by mail" : ""
        if let duration = trigger.duration {
            let isEnd = trigger.parameterValue("RELATED")?.uppercased() == "END"
            let seconds = duration.nominalSeconds
            if seconds == 0 { return "at the \(isEnd ? "end" : "start")\(how)" }
            let side = seconds < 0 ? "before" : "after"
            return "\(TimeWords.duration(seconds)) \(side) the \(isEnd ? "end" : "start")\(how)"
        }
        return trigger.calendarTime.map { "on \(times.text($0))\(how)" } ?? "at some time\(how)"
    }

    // MARK: Recurrence

    private func recurrence(_ old: Component, _ new: Component) -> [String] {
        var found: [String] = []
        let (a, b) = (rules(old), rules(new))
        if a != b {
            if a.isEmpty {
                found.append("repeats \(listed(b)) now")
            } else if b.isEmpty {
                found.append("does not repeat any more (was \(listed(a)))")
            } else {
                found.append("repeats \(listed(b)) instead of \(listed(a))")
            }
        }
        found += dates(old, new, "EXDATE", added: "does not take place on", removed: "takes place again on")
        found += dates(old, new, "RDATE", added: "takes place also on", removed: "does not take place any more on")
        return found
    }

    private func rules(_ component: Component) -> [String] {
        component.properties("RRULE").map { line in
            (try? RecurrenceRule(parsing: line.value)).map { RecurrenceWords(times).text($0) }
                ?? "by \(shortened(line.rawText))"
        }.sorted()
    }

    private func dates(
        _ old: Component, _ new: Component, _ property: StaticString, added: String, removed: String
    ) -> [String] {
        func all(_ component: Component) -> [CalendarTime] {
            component.properties(property).flatMap { $0.calendarTimes + $0.periods.map(\.start) }
        }
        let difference = ListDifference(all(old), all(new))
        return [(added, difference.added), (removed, difference.removed)].compactMap { words, times in
            guard !times.isEmpty else { return nil }
            let sorted = times.sorted { $0.local < $1.local }
            var names = sorted.prefix(6).map(self.times.text)
            if sorted.count > names.count { names.append(counted(sorted.count - names.count, "more day")) }
            return "\(words) \(listed(names))"
        }
    }

    // MARK: The rest

    private func texts(_ old: Component, _ new: Component) -> [String] {
        [
            ("DESCRIPTION", "notes"), ("URL", "link"), ("CATEGORIES", "categories"), ("COLOR", "colour"),
            ("PRIORITY", "priority"), ("ATTACH", "attachments"), ("CONFERENCE", "conference"), ("GEO", "position"),
            ("COMMENT", "comments"), ("RELATED-TO", "relations"), ("IMAGE", "picture"),
        ].compactMap { (property, title) -> String? in
            let a = old.properties(named: property).map { Array($0.value) }
            let b = new.properties(named: property).map { Array($0.value) }
            guard Set(a) != Set(b) else { return nil }
            let verb = title.hasSuffix("s") ? "are" : "is"
            if a.isEmpty { return "has \(title == "notes" || title.hasSuffix("s") ? "" : "a ")\(title) now" }
            return b.isEmpty ? "has no \(title) any more" : ": the \(title) \(verb) different"
        }
    }

    /// What no sentence above speaks of, so that nothing is hidden.
    private func others(_ old: Component, _ new: Component, isInstance: Bool) -> [String] {
        func lines(_ component: Component) -> [String: [String]] {
            var found: [String: [String]] = [:]
            for line in component.properties where !Self.told.contains(line.name) {
                found[line.name, default: []].append(String(decoding: line.bytes, as: UTF8.self))
            }
            return found.mapValues { $0.sorted() }
        }
        let (a, b) = (lines(old), lines(new))
        let names = Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }.sorted()
        guard !names.isEmpty else { return [] }
        return [": \(listed(names.prefix(6).map { shortened($0) })) changed"]
    }

    /// Told in sentences, or only when and by which program something was written.
    private static let told: Set<String> = [
        "ATTACH", "ATTENDEE", "CATEGORIES", "CLASS", "COLOR", "COMMENT", "COMPLETED", "CONFERENCE", "CREATED",
        "DESCRIPTION", "DTEND", "DTSTAMP", "DTSTART", "DUE", "DURATION", "EXDATE", "GEO", "IMAGE", "LAST-MODIFIED",
        "LOCATION", "ORGANIZER", "PERCENT-COMPLETE", "PRIORITY", "RDATE", "RECURRENCE-ID", "RELATED-TO", "RRULE",
        "SEQUENCE", "STATUS", "SUMMARY", "TRANSP", "UID", "URL", "X-MOZ-GENERATION", "X-MOZ-LASTACK",
    ]
}

extension ContentLine {
    /// A calendar user address without its scheme, in lower case.
    var address: String {
        let text = rawText.lowercased()
        return text.hasPrefix("mailto:") ? String(text.dropFirst(7)) : text
    }
}
