import ContentLines
import ICalendar
import WebDAV

/// A calendar object reduced to some components and properties (RFC 4791, 9.6.1 to 9.6.4).
enum CalendarSubset {
    static func render(_ object: CalendarObject, _ selection: CalendarDataSelection.Component) -> [UInt8] {
        var writer = ContentLineWriter()
        for calendar in object.calendars { write(calendar, of: object, selection, &writer) }
        return writer.bytes
    }

    private static func write(
        _ component: Component, of object: CalendarObject, _ selection: CalendarDataSelection.Component,
        _ writer: inout ContentLineWriter
    ) {
        writer.copy(component.beginLine)
        for line in component.properties {
            guard let wanted = selection.properties else {
                writer.copy(line)
                continue
            }
            guard let property = wanted.first(where: { line.hasName($0.name) }) else { continue }
            if property.isNameOnly {
                writer.write(line: Array(line.nameBytes) + Array(line.parameterBytes) + [UInt8(ascii: ":")])
            } else {
                writer.copy(line)
            }
        }
        for child in component.components {
            if let wanted = selection.components {
                guard let part = wanted.first(where: { $0.name == child.kind.name }) else { continue }
                write(child, of: object, part, &writer)
            } else {
                writer.copy(child, of: object)
            }
        }
        writer.copy(component.endLine)
    }
}

/// A VFREEBUSY without the periods outside a range (RFC 4791, 9.6.7).
enum FreeBusyLimit {
    static func apply(to object: CalendarObject, _ range: ICalendar.TimeRange, _ zones: ZoneContext) -> [UInt8] {
        var dropped: Set<Int> = []
        for component in object.components where component.kind == .freeBusy {
            for line in component.properties("FREEBUSY") where !line.overlaps(range, of: object, in: zones) {
                dropped.insert(line.index)
            }
        }
        guard !dropped.isEmpty else { return object.source }
        var writer = ContentLineWriter()
        for line in object.document where !dropped.contains(line.index) { writer.copy(line) }
        return writer.bytes
    }
}
