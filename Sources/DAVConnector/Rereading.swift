import ContentLines
import DAVClient

/// Some servers write an object anew for every reader: with the time of the reading as DTSTAMP, or with its properties in
/// another order. Nothing has changed then, and the bytes of the last snapshot stay (connectors.md, point 13).
enum Rereading {
    /// Whether two readings of one object differ in nothing else: not in a value, a parameter or a component, and not in
    /// the order of components.
    static func isSame(_ old: [UInt8], _ new: [UInt8], kind: DAVCollectionKind) -> Bool {
        if old == new { return true }
        guard let old = lines(old, kind), let new = lines(new, kind), old.count == new.count else { return false }
        var balance: [Line: Int] = [:]
        for line in old { balance[line, default: 0] += 1 }
        for line in new {
            guard let count = balance[line], count > 0 else { return false }
            balance[line] = count - 1
        }
        return true
    }

    private struct Line: Hashable {
        /// Which component it belongs to, in the order of their beginnings.
        let component: Int
        let bytes: ArraySlice<UInt8>
    }

    private static func lines(_ bytes: [UInt8], _ kind: DAVCollectionKind) -> [Line]? {
        guard let document = try? ContentDocument(bytes, groups: kind == .addressBook) else { return nil }
        var lines: [Line] = []
        lines.reserveCapacity(document.count)
        var open: [Int] = []
        var begun = 0
        for line in document {
            if line.isNamed("BEGIN") {
                begun += 1
                open.append(begun)
            }
            let isStamp = kind == .calendar ? line.isNamed("DTSTAMP") : line.isNamed("REV")
            lines.append(Line(component: open.last ?? 0, bytes: isStamp ? line.nameBytes : line.bytes))
            if line.isNamed("END") { _ = open.popLast() }
        }
        return lines
    }
}
