/// What happened to one object between two states of a collection, in words.
package struct ObjectChange: Hashable, Sendable {
    /// The object as it is now, or as it was.
    package let object: ObjectDescription
    /// What is different: "moved from Tue 10:00 to Wed 14:00 (11 Mar 2026)", "'s phone number changed from 1 to 2". Put
    /// behind the title each is a sentence.
    package let predicates: [String]

    package init(_ object: ObjectDescription, _ predicates: [String]) {
        self.object = object
        self.predicates = predicates
    }

    /// "Dentist moved from Tue 10:00 to Wed 14:00 (11 Mar 2026)"
    package var sentences: [String] {
        predicates.map { $0.hasPrefix("'s ") || $0.hasPrefix(": ") ? object.title + $0 : "\(object.title) \($0)" }
    }

    /// Compares two states of one object.
    ///
    /// - Returns: nil when they say the same, or neither can be read and their bytes are equal.
    package init?(from old: [UInt8], to new: [UInt8], _ kind: ObjectKind, _ times: TimeWords) {
        guard old != new else { return nil }
        guard let before = ObjectDescription(old, kind, times), let after = ObjectDescription(new, kind, times) else {
            let known = ObjectDescription(new, kind, times) ?? ObjectDescription(old, kind, times)
            guard let known else { return nil }
            self.init(known, ["changed beyond what can be read"])
            return
        }
        let predicates =
            switch kind {
            case .calendar: CalendarComparison(times).predicates(old, new)
            case .contact: ContactComparison().predicates(old, new)
            }
        guard !predicates.isEmpty else { return nil }
        // A change of the name is told of the old one.
        let isRenamed = before.title != after.title
        self.init(isRenamed ? before : after, predicates)
    }
}

/// Which values went and which came, of a list whose order means nothing.
struct ListDifference<Value: Hashable> {
    let removed: [Value]
    let added: [Value]

    init(_ old: [Value], _ new: [Value]) {
        var counts: [Value: Int] = [:]
        for value in new { counts[value, default: 0] += 1 }
        removed = old.filter { value in
            guard let count = counts[value], count > 0 else { return true }
            counts[value] = count - 1
            return false
        }
        counts = [:]
        for value in old { counts[value, default: 0] += 1 }
        added = new.filter { value in
            guard let count = counts[value], count > 0 else { return true }
            counts[value] = count - 1
            return false
        }
    }
}
