import KlosetFormat

/// The plaintext of small blobs that were read lately: tree nodes mostly, which every lookup passes through.
struct BlobCache {
    private struct Slot {
        var bytes: [UInt8]
        var lastUse: UInt64
    }

    /// Bytes that the cache may hold.
    private let capacity: Int
    private var slots: [BlobID: Slot] = [:]
    private var size = 0
    private var clock: UInt64 = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func find(_ id: BlobID) -> [UInt8]? {
        guard let index = slots.index(forKey: id) else { return nil }
        clock += 1
        slots.values[index].lastUse = clock
        return slots.values[index].bytes
    }

    /// Blobs above a sixteenth of the capacity are not kept.
    mutating func insert(_ id: BlobID, _ bytes: [UInt8]) {
        guard bytes.count <= capacity / 16 else { return }
        clock += 1
        if let old = slots.updateValue(Slot(bytes: bytes, lastUse: clock), forKey: id) { size -= old.bytes.count }
        size += bytes.count
        if size > capacity { dropOlderHalf() }
    }

    /// Evicting many at once keeps the order of use a number per blob instead of a linked list.
    private mutating func dropOlderHalf() {
        let uses = slots.values.map(\.lastUse).sorted()
        let threshold = uses[uses.count / 2]
        slots = slots.filter { $0.value.lastUse > threshold }
        size = slots.values.reduce(0) { $0 + $1.bytes.count }
    }
}
