/// What a pushing git is told: of each reference whether it was taken, and sentences for the person.
struct PushReport {
    /// nil: the objects were fine.
    var unpackFailure: String?
    /// By reference; nil: it was taken.
    var references: [(name: String, refusal: String?)] = []
    /// Shown with `remote:` in front.
    var remarks: [String] = []

    func encoded(_ capabilities: Set<String>) -> [UInt8] {
        guard capabilities.contains("report-status") else { return remarks(capabilities) + PacketLine.flush }
        var report = PacketLine.encode("unpack \(unpackFailure ?? "ok")\n")
        for (name, refusal) in references {
            report += PacketLine.encode(refusal.map { "ng \(name) \($0)\n" } ?? "ok \(name)\n")
        }
        report += PacketLine.flush
        guard capabilities.contains("side-band-64k") else { return report }
        return remarks(capabilities) + PacketLine.sideband(1, report) + PacketLine.flush
    }

    private func remarks(_ capabilities: Set<String>) -> [UInt8] {
        guard capabilities.contains("side-band-64k"), !remarks.isEmpty else { return [] }
        return PacketLine.sideband(2, Array((remarks.joined(separator: "\n") + "\n").utf8))
    }
}
