import ConnectorKit
import DAVClient

/// Which collections of a snapshot a restore leaves to the server: those that the server makes itself, and those that it
/// has and lets nobody write into.
struct RestoreScreening {
    let settings: DAVSettings
    let account: DAVAccount

    /// - Returns: why it is left out, as a sentence; nil when it is restored.
    func reason(toSkip source: RestoreSource) -> String? {
        let generated = GeneratedCollection.description(of: source.sidecar)
        if let generated, GeneratedCollection.isMachinery(source.sidecar) {
            return "\"\(source.title)\" is not restored: it is \(generated)."
        }
        // Who names a place for it, or wants copies, gets one.
        guard settings.readOnlyWay != .copy, settings.map.collection(for: source) == nil,
            account.onlyCollection == nil
        else { return nil }
        let present = present(source)
        if let generated, isKnownToTarget(source, present) {
            return "\"\(source.title)\" is left to the server: it is \(generated). readonly=copy restores a copy."
        }
        // Somebody else's calendar that this account may only read, then and now. One that was the account's own is never
        // left out: it goes beside what has its address.
        if let present, present.isReadOnly, CollectionProperties.isReadOnly(source.sidecar.elements) {
            return
                "\"\(source.title)\" is there, and read-only for this account as it was, so that nothing is restored "
                + "into it. readonly=copy restores a copy beside it."
        }
        return nil
    }

    private func isKnownToTarget(_ source: RestoreSource, _ present: DAVCollection?) -> Bool {
        if let present, present.isReadOnly || GeneratedCollection.description(of: CollectionSidecar(present)) != nil {
            return true
        }
        return GeneratedCollection.family(of: source.sidecar).map { GeneratedCollection.isOn($0, account) } ?? false
    }

    private func present(_ source: RestoreSource) -> DAVCollection? {
        let found = account.collections.filter {
            $0.kind == source.kind && $0.url.lastSegment == source.sidecar.segment
        }
        // Google ends the address of every calendar with the same word.
        return found.count == 1 ? found.first : found.first { $0.href == source.sidecar.href }
    }

    /// The last segment for a copy: servers keep the names that they give themselves to themselves.
    static func segment(for source: RestoreSource) -> String {
        guard GeneratedCollection.family(of: source.sidecar) != nil else { return source.sidecar.segment }
        let words = source.title.lowercased().utf8.map { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) ? byte : UInt8(ascii: "-")
        }
        let plain = String(decoding: words, as: UTF8.self).split(separator: "-").joined(separator: "-")
        return plain.isEmpty ? "copy" : plain
    }
}
