import CollectionStore
import ContentLines
import HTTPTypes
import ICalendar
import VCard
import WebDAV
import XMLStream

/// The data of objects as a REPORT asks for it: `calendar-data` (RFC 4791, 9.6) and `address-data` (RFC 6352, 10.4).
struct ObjectData: Sendable {
    private let calendar: CalendarDataSelection?
    private let card: AddressDataSelection?
    private let zones: ZoneContext
    private let context: DAVContext

    init(_ selection: PropertySelection, resource: Resource, context: DAVContext, zones: ZoneContext? = nil)
        throws(DAVError)
    {
        var calendar: CalendarDataSelection?
        var card: AddressDataSelection?
        if case .listed(let elements) = selection {
            for element in elements {
                if element.name == .calendarData { calendar = try CalendarDataSelection(element) }
                if element.name == .addressData { card = try AddressDataSelection(element) }
            }
        }
        self.calendar = calendar
        self.card = card
        self.zones = zones ?? resource.zones
        self.context = context
    }

    /// Whether content must be read at all.
    var isWanted: Bool { calendar != nil || card != nil }

    /// Whether it takes some computing for each object, which is worth more than one processor.
    var isComputed: Bool { calendar.map { !$0.isWhole } ?? false }

    /// The values for one member.
    func values(for resource: Resource) async throws -> [XMLName: ExtraValue] {
        guard case .member(let member, let view) = resource.content else { return [:] }
        return try await values(of: member, in: view)
    }

    /// - Parameters:
    ///   - content: its bytes, when they have been read already.
    ///   - times: when its object takes place, when that is known.
    func values(
        of member: Member, in view: any CollectionView, content: [UInt8]? = nil, times: MemberTimes = .unknown
    ) async throws -> [XMLName: ExtraValue] {
        guard isWanted else { return [:] }
        switch ResourceKind(of: member, in: view.type) {
        case .calendarObject:
            guard let calendar else { return [:] }
            let bytes = if let content { content } else { try await view.content(of: member) }
            return Self.value(.calendarData, try render(bytes, calendar, times))
        case .card:
            guard let card else { return [:] }
            let bytes = if let content { content } else { try await view.content(of: member) }
            guard let rendered = render(bytes, card) else {
                return [.addressData: .refused(Self.inconvertible(card.version ?? ""))]
            }
            return Self.value(.addressData, rendered)
        default: return [:]
        }
    }

    /// Nothing when XML cannot carry the bytes, as with cards of version 2.1 in Latin-1: the client learns that there
    /// is no such property here and reads the object with GET, instead of getting other bytes than were stored.
    private static func value(_ name: XMLName, _ bytes: [UInt8]) -> [XMLName: ExtraValue] {
        XMLWriter.escaped(bytes).map { [name: .escaped($0)] } ?? [:]
    }

    private func render(
        _ bytes: [UInt8], _ selection: CalendarDataSelection, _ times: MemberTimes
    ) throws -> [UInt8] {
        guard !selection.isWhole else { return context.withWantedTimeZones(bytes) }
        var bytes = bytes
        do {
            switch selection.recurrence {
            case .expand(let range):
                bytes = try CalendarObject(parsing: bytes).expanded(
                    in: TimeRange(range), zones: zones, limit: context.options.maxInstances,
                    occurrences: Self.occurrences(times))
            case .limit(let range):
                bytes = try CalendarObject(parsing: bytes).limitingRecurrenceSet(to: TimeRange(range), zones: zones)
            case nil: break
            }
            if let limit = selection.freeBusyLimit {
                bytes = FreeBusyLimit.apply(to: try CalendarObject(parsing: bytes), TimeRange(limit), zones)
            }
            bytes = context.withWantedTimeZones(bytes)
            guard let component = selection.component else { return bytes }
            return CalendarSubset.render(try CalendarObject(parsing: bytes), component)
        } catch {
            guard error.code != .limitExceeded else {
                throw DAVError(.forbidden, .maxInstances, error.description)
            }
            // What cannot be evaluated is given whole, so that the client can do better.
            return bytes
        }
    }

    private static func occurrences(_ times: MemberTimes) -> [Occurrence]? {
        times.exactTimes.map { times in
            stride(from: 0, to: times.count - 1, by: 2).map {
                Occurrence(start: Int(times[$0]), end: Int(times[$0 + 1]))
            }
        }
    }

    /// RFC 6352, 5.1.1.
    static func inconvertible(_ version: String) -> DAVError {
        DAVError(
            .forbidden, .supportedAddressDataConversion,
            "This card cannot be written as vCard \(version); GET gives it as it is.")
    }

    /// nil when the card cannot be given in the version.
    private func render(_ bytes: [UInt8], _ selection: AddressDataSelection) -> [UInt8]? {
        guard selection.properties != nil || selection.version != nil else { return bytes }
        guard var object = try? VCardObject(parsing: bytes) else { return selection.version == nil ? bytes : nil }
        if let version = selection.version {
            guard let converted = CardVersion.convert(object, to: version) else { return nil }
            guard let parsed = try? VCardObject(parsing: converted) else { return nil }
            object = parsed
        }
        guard let properties = selection.properties else { return object.source }
        return CardSubset.render(object, properties)
    }
}

extension ICalendar.TimeRange {
    init(_ range: RequestedTimeRange) {
        self.init(
            start: range.start.map { Instant(seconds: Int($0)) }, end: range.end.map { Instant(seconds: Int($0)) })
    }
}
