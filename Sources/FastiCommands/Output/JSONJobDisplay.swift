internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat
internal import Synchronization

/// The events of a job, one JSON object per line (plakar command line, section 3).
final class JSONJobDisplay: JobDisplay {
    private let title: JobTitle
    private let output: Output
    private let snapshot: Mutex<MAC?>

    init(title: JobTitle, output: Output, snapshot: MAC?) {
        self.title = title
        self.output = output
        self.snapshot = Mutex(snapshot)
    }

    func show(_ event: JobEvent) {
        switch event {
        case .started(let identifier):
            snapshot.withLock { $0 = identifier }
            print("workflow.start", "info", [:])
        case .expected(let records): print("expected", "info", ["records": .count(records)])
        case .entry(let entry): show(entry)
        case .difference(let path, let change, let kind):
            print(
                "difference", "info",
                [
                    "path": .path(path.bytes), "pathBytes": .rawBytes(path.bytes), "change": .string(change.rawValue),
                    "kind": .string(kind.rawValue),
                ])
        case .advanced: break
        case .finding(let finding):
            let isDamage = finding.severity == .damage
            print(isDamage ? "finding.error" : "finding.note", isDamage ? "error" : "info", finding.json)
        case .note(let text): print("note", "info", ["message": .string(text)])
        case .warning(let text): print("warning", "warn", ["message": .string(text)])
        case .incomplete(let text): print("incomplete", "error", ["message": .string(text)])
        }
    }

    private func show(_ entry: JobEntry) {
        let path: JSONValue = ["path": .path(entry.path.bytes)]
        var data = path
        let raw = JSONValue.rawBytes(entry.path.bytes)
        if raw != .null { data = data.adding(["pathBytes": raw]) }
        let kind = entry.kind == .unknown || entry.kind == .special ? "path" : entry.kind.rawValue
        switch entry.outcome {
        case .done(let bytes): print("\(kind).ok", "info", data.adding(["size": .count(bytes)]))
        case .unchanged: print("\(kind).cached", "info", data)
        case .failed(let reason): print("\(kind).error", "error", data.adding(["error": .string(reason)]))
        }
    }

    func end() { print("workflow.end", "info", [:]) }

    /// The last object of a job.
    func result(_ data: JSONValue) { print("result", "info", data) }

    private func print(_ type: String, _ level: String, _ data: JSONValue) {
        try? output.json([
            "version": .schemaVersion, "type": .string(type), "level": .string(level),
            "timestamp": .time(.now), "workflow": .string(title.workflow),
            "repository": .string("\(title.repository)"),
            "snapshot": .string((snapshot.withLock { $0 } ?? .zero).hex), "job": .string("\(title.job)"), "data": data,
        ])
    }
}

extension CommandContext {
    /// The last words of a job: one line for people, the final object for programs.
    func conclude(_ display: any JobDisplay, text: @autoclosure () -> String, json: @autoclosure () -> JSONValue) throws
    {
        display.end()
        if let display = display as? JSONJobDisplay {
            display.result(json())
        } else {
            try output.line(text())
        }
    }
}
