import ConnectorKit

/// What a restore did, or would do, with the objects of one collection.
struct RestoreTally: Sendable {
    var added = 0
    var replaced = 0
    var present = 0
    var kept = 0
    var removed = 0
    var failed = 0
    var held = 0
    var rewritten = 0
    /// How often the server did what to which property of which kind of object.
    private var changes: [Key: Int] = [:]
    /// Objects of which nothing more can be said than that they differ.
    private var unreadable = 0

    private struct Key: Hashable {
        let change: Fidelity.Change
        let noun: String
    }

    mutating func count(_ fidelity: Fidelity, noun: String) {
        switch fidelity {
        case .identical: break
        case .rewritten: rewritten += 1
        case .changed(let found):
            if found.isEmpty { unreadable += 1 }
            for change in found { changes[Key(change: change, noun: noun), default: 0] += 1 }
        }
    }

    static func + (a: RestoreTally, b: RestoreTally) -> RestoreTally {
        var sum = a
        sum.added += b.added
        sum.replaced += b.replaced
        sum.present += b.present
        sum.kept += b.kept
        sum.removed += b.removed
        sum.failed += b.failed
        sum.held += b.held
        sum.rewritten += b.rewritten
        sum.unreadable += b.unreadable
        sum.changes.merge(b.changes) { $0 + $1 }
        return sum
    }

    /// What the server made of the objects: "The server dropped X-FOO from 3 events."
    ///
    /// - Parameter limit: the most kinds of property to name in a sentence.
    func differences(limit: Int = .max) -> [String] {
        var lines: [String] = []
        for verb in [Fidelity.Change.Verb.dropped, .changed, .added] {
            let found = changes.filter { $0.key.change.verb == verb }
                .sorted { ($1.value, $0.key.change.property) < ($0.value, $1.key.change.property) }
            guard !found.isEmpty else { continue }
            var parts = found.prefix(limit).map { key, count in
                "\(key.change.property) \(verb.preposition) \(counted(count, key.noun))"
            }
            if found.count > parts.count { parts.append("\(found.count - parts.count) more kinds of property") }
            lines.append("The server \(verb.word) \(parts.joined(separator: ", ")).")
        }
        if unreadable > 0 { lines.append("The server changed \(counted(unreadable, "object")) beyond recognition.") }
        return lines
    }

    func events(isRehearsal: Bool) -> [ConnectorEvent] {
        var events: [ConnectorEvent] = []
        if !isRehearsal {
            let stored = added + replaced
            if stored > 0 {
                events.append(
                    .note("Stored \(counted(stored, "object")) and read \(stored == 1 ? "it" : "them") back."))
            }
            if removed > 0 { events.append(.note("Removed \(counted(removed, "object")) that the snapshot has not.")) }
        }
        if present > 0 {
            events.append(.note("\(counted(present, "object")) \(present == 1 ? "was" : "were") there already."))
        }
        if kept > 0 {
            events.append(
                .warning(
                    "\(counted(kept, "object")) \(kept == 1 ? "exists" : "exist") with other contents and "
                        + "\(isRehearsal ? "would be" : kept == 1 ? "was" : "were") left; mode=overwrite replaces."))
        }
        if held > 0 {
            events.append(
                .note(
                    "\(counted(held, "object")) with attendees \(isRehearsal ? "would get" : "got") "
                        + "SCHEDULE-AGENT=CLIENT, so that the server sends no mail; invitations=send restores as it was."
                ))
        }
        if rewritten > 0 {
            events.append(
                .note(
                    "The server wrote \(counted(rewritten, "object")) in its own way, without changing what they say."))
        }
        return events + differences(limit: 8).map { .warning($0) }
    }
}

extension Fidelity.Change.Verb {
    fileprivate var word: String {
        switch self {
        case .dropped: "dropped"
        case .changed: "changed"
        case .added: "added"
        }
    }

    fileprivate var preposition: String {
        switch self {
        case .dropped: "from"
        case .changed: "in"
        case .added: "to"
        }
    }
}
