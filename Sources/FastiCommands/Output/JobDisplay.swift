internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

/// What a job looks like while it runs.
protocol JobDisplay: Sendable {
    func show(_ event: JobEvent)

    /// Called once, before the result is printed.
    func end()
}

/// Which job is shown.
struct JobTitle: Sendable {
    /// `import`, `export`, `check`: the words of plakar, which programs look for.
    let workflow: String
    let repository: RepositoryID
    /// Random; tells the events of this run from those of another.
    let job = RepositoryID.random()
}

extension CommandContext {
    /// A progress bar for a person at a terminal, one line per path for a file, JSON for a program.
    func display(_ title: JobTitle, snapshot: MAC? = nil, showsProgress: Bool = true) -> any JobDisplay {
        if global.json { return JSONJobDisplay(title: title, output: output, snapshot: snapshot) }
        let isWatched = Descriptor.isTerminal(2) && environment["TERM"] != "dumb"
        if isWatched, showsProgress, !global.stdio, !global.quiet, !global.silent {
            return ProgressDisplay(
                output: output, colours: environment["NO_COLOR"]?.isEmpty ?? true, snapshot: snapshot)
        }
        return LineDisplay(output: output, isQuiet: global.quiet, snapshot: snapshot)
    }
}

extension CheckFinding {
    /// The file of the store that is hurt, for the beginning of a line.
    var place: String {
        guard let resource, let resourceName else { return "" }
        return "\(resource) \(resourceName): "
    }

    var json: JSONValue {
        [
            "severity": severity == .damage ? "damage" : "note", "snapshot": .optional(snapshot?.hex),
            "path": path.map { .path($0.bytes) } ?? .null, "resource": .optional(resource.map { "\($0)" }),
            "name": .optional(resourceName?.hex), "error": .string(reason),
        ]
    }
}

/// How an event is written in a line, as plakar does.
struct JobLine {
    let isFailure: Bool
    let text: String

    /// - Returns: nil for what has no line of its own.
    init?(_ event: JobEvent, snapshot: MAC?) {
        let prefix = snapshot.map { "\($0.shortHex): " } ?? ""
        switch event {
        case .started, .expected, .advanced: return nil
        case .difference(let path, let change, _): self.init(isFailure: false, text: "\(change.symbol) \(path)")
        case .entry(let entry):
            switch entry.outcome {
            case .done, .unchanged: self.init(isFailure: false, text: "\(prefix)OK ✓ \(entry.path)")
            case .failed(let reason):
                self.init(isFailure: true, text: "\(prefix)KO ✘ \(entry.path): \(printable(reason.utf8))")
            }
        case .finding(let finding):
            let mark = finding.severity == .damage ? "KO ✘" : "note:"
            let place = finding.path.map { "\($0): " } ?? ""
            self.init(
                isFailure: finding.severity == .damage,
                text:
                    "\(finding.snapshot.map { "\($0.shortHex): " } ?? prefix)\(mark) \(place)\(finding.place)\(printable(finding.reason.utf8))"
            )
        case .note(let text): self.init(isFailure: false, text: prefix + printable(text.utf8))
        case .warning(let text): self.init(isFailure: true, text: "\(prefix)warning: \(printable(text.utf8))")
        case .incomplete(let text): self.init(isFailure: true, text: "\(prefix)incomplete: \(printable(text.utf8))")
        }
    }

    private init(isFailure: Bool, text: String) {
        self.isFailure = isFailure
        self.text = text
    }
}
