package import ContentLines

/// Parsed calendar data: a tree of components over the bytes as they came.
///
/// Parsing asks only for BEGIN and END to pair; everything else is the business of `violations(of:)`. Nothing is lost or
/// changed: `source` is what was given.
package struct CalendarObject: Sendable {
    let tree: ComponentTree

    /// - Parameter source: an iCalendar stream, of one or more VCALENDAR components.
    /// - Throws: `.malformed` or `.limitExceeded`.
    package init(parsing source: [UInt8], limits: ParsingLimits = .standard) throws(ICalendarError) {
        guard source.count <= limits.bytes else {
            throw ICalendarError(
                .limitExceeded, "The calendar data has \(source.count) bytes; at most \(limits.bytes) are read.")
        }
        let document: ContentDocument
        do throws(ContentError) {
            document = try ContentDocument(source, maximumLines: limits.lines)
        } catch {
            throw ICalendarError(.limitExceeded, error.reason)
        }
        tree = try ComponentTree(document, maximumDepth: limits.depth)
        guard !tree.nodes.isEmpty else {
            throw ICalendarError(
                .malformed, "There is no component in it.", advice: "Calendar data begins with BEGIN:VCALENDAR.")
        }
    }

    /// The bytes as they came.
    package var source: [UInt8] { tree.document.source }

    /// All logical lines.
    package var document: ContentDocument { tree.document }

    /// The outermost components, most often one VCALENDAR.
    package var roots: [Component] {
        var roots: [Component] = []
        var index = 0
        while index < tree.nodes.count {
            roots.append(Component(tree: tree, index: index))
            index = tree.nodes[index].next
        }
        return roots
    }

    /// The VCALENDAR components.
    package var calendars: [Component] { roots.filter { $0.kind == .calendar } }

    /// The components directly inside VCALENDAR, VTIMEZONE left out.
    package var components: [Component] {
        calendars.flatMap(\.components).filter { $0.kind != .timeZone }
    }

    /// The VTIMEZONE components.
    package var timeZones: [Component] { calendars.flatMap { $0.components(of: .timeZone) } }

    /// The kind of the first component beside VTIMEZONE: that of the object, when it is a calendar object resource.
    package var kind: ComponentKind? { components.first?.kind }

    /// The UID of the first component that has one: that of the object, when it is a calendar object resource.
    package var uid: String? { components.lazy.compactMap(\.uid).first }

    /// What to call the object when speaking with people: SUMMARY of the component that is not an override.
    package var summary: String? {
        let components = components
        let main = components.first { !$0.isOverride && $0.summary != nil }
        return main?.summary ?? components.lazy.compactMap(\.summary).first
    }
}

/// Bounds on what is read.
package struct ParsingLimits: Sendable {
    package var bytes: Int
    package var lines: Int
    /// Levels of components inside components, the outermost counted.
    package var depth: Int

    package init(bytes: Int, lines: Int, depth: Int) {
        self.bytes = bytes
        self.lines = lines
        self.depth = depth
    }

    /// 256 MiB, five million lines, 32 levels: far above what calendars need, far below what would hurt.
    package static let standard = ParsingLimits(bytes: 256 << 20, lines: 5_000_000, depth: 32)
}
