package import ConnectorKit
package import Kloset

/// What happens while a job runs, for whoever shows it. Events of different paths may come in any order.
package enum JobEvent: Sendable {
    /// The snapshot that is made, once it has an identifier.
    case started(snapshot: MAC)
    /// How many records there will be, when that is known or can be estimated from the last time.
    case expected(records: Int)
    case entry(JobEntry)
    /// What a backup would find different from the snapshot before.
    case difference(BytePath, SnapshotDiff.Change, JobEntry.Kind)
    /// One more of what was expected is done, and there is nothing to say of it but how much was read for it.
    case advanced(bytes: UInt64)
    /// Damage, or something worth knowing, that a check came upon.
    case finding(CheckFinding)
    case note(String)
    /// Something was done differently; the result is complete.
    case warning(String)
    /// Something is missing from the result.
    case incomplete(String)
}

/// One path that a job is done with.
package struct JobEntry: Sendable {
    package let path: BytePath
    package let kind: Kind
    package let outcome: Outcome

    package init(path: BytePath, kind: Kind, outcome: Outcome) {
        self.path = path
        self.kind = kind
        self.outcome = outcome
    }

    package enum Kind: String, Sendable {
        case directory
        case file
        case symbolicLink = "symlink"
        /// A device, a pipe, a socket.
        case special
        case attribute = "xattr"
        case unknown

        package init(_ mode: FileMode?) {
            guard let mode else {
                self = .unknown
                return
            }
            self =
                mode.isDirectory ? .directory : mode.isSymbolicLink ? .symbolicLink : mode.isRegular ? .file : .special
        }
    }

    package enum Outcome: Sendable {
        /// Bytes that were read or written for it.
        case done(bytes: UInt64)
        /// As in the snapshot before, and therefore not read.
        case unchanged
        case failed(reason: String)
    }
}

/// Where the events of a job go. It is called often and must not block for long.
package typealias JobReport = @Sendable (JobEvent) -> Void
