import ConnectorKit

/// What a restore did, in numbers and words.
struct RestoreTally: Sendable {
    var stored = 0
    var present = 0
    var kept = 0
    var held = 0
    var rewritten = 0
    /// How many objects came back with a difference in a property of that name.
    private var changes: [String: Int] = [:]
    private var changed = 0

    mutating func count(_ fidelity: Fidelity) {
        switch fidelity {
        case .identical: break
        case .rewritten: rewritten += 1
        case .changed(let names):
            changed += 1
            for name in names { changes[name, default: 0] += 1 }
        }
    }

    var events: [ConnectorEvent] {
        var events: [ConnectorEvent] = [.note("Stored \(counted(stored, "object")).")]
        if present > 0 { events.append(.note("\(counted(present, "object")) were there already, unchanged.")) }
        if kept > 0 {
            events.append(
                .warning(
                    "\(counted(kept, "object")) exist with other contents and were left; mode=overwrite replaces them.")
            )
        }
        if held > 0 {
            events.append(
                .note(
                    "\(counted(held, "object")) with attendees got SCHEDULE-AGENT=CLIENT, so that the server sends no mail; "
                        + "invitations=send restores them as they were."))
        }
        if rewritten > 0 {
            events.append(
                .note(
                    "The server wrote \(counted(rewritten, "object")) in its own way, without changing what they say."))
        }
        if changed > 0 {
            let parts = changes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8)
                .map { "\($0.key) in \(grouped($0.value))" }
            let detail = parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
            events.append(.warning("The server changed \(counted(changed, "object"))\(detail)."))
        }
        return events
    }
}
