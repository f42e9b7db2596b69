internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit
internal import Kloset
internal import KlosetFormat

/// The snapshots that a command is about.
struct ChosenSnapshots: Sendable {
    /// Newest first.
    let headers: [SnapshotHeader]
    /// Everything that is in the store, also what cannot be read.
    let listing: SnapshotListing

    /// ``ExitStatus/damaged`` when something in the store cannot be read, so that the choice may lack something.
    var status: ExitStatus { listing.isSound ? .success : .damaged }
}

extension CommandContext {
    /// This instant, by the clock on the wall.
    var moment: Moment { Moment(now: .now, calendar: .system) }

    /// The snapshots that were named, or all, as far as they fit the options. Says how times were understood, and names
    /// every snapshot that cannot be read.
    ///
    /// - Throws: ``KlosetError`` for a name that fits no snapshot, or several;
    ///   ``CommandError/Code/nothingSelected`` when nothing is left, so that no command does nothing and calls it success.
    func choose(
        _ targets: [SnapshotArgument] = [], by options: SelectionOptions,
        in repository: Repository
    ) async throws -> ChosenSnapshots {
        let moment = moment
        explain(options.conditions, at: moment)
        return try await choose(targets, by: options.selection(at: moment), in: repository, at: moment)
    }

    /// The same for a selection that is not of the command line alone.
    func choose(
        _ targets: [SnapshotArgument], by selection: SnapshotSelection, in repository: Repository, at moment: Moment
    ) async throws -> ChosenSnapshots {
        let listing = try await repository.snapshots()
        listing.warn(self)
        let candidates = try await named(targets, in: repository, listing)
        let headers = selection.apply(candidates, in: moment.calendar)
        guard !headers.isEmpty else {
            throw CommandError(
                .nothingSelected,
                listing.headers.isEmpty
                    ? "There is no snapshot in this store\(listing.isSound ? " yet" : " that can be read")."
                    : "No snapshot fits what was asked for.")
        }
        return ChosenSnapshots(headers: headers, listing: listing)
    }

    /// The snapshots of these names in the order of the listing; all without a name.
    func named(
        _ targets: [SnapshotArgument], in repository: Repository, _ listing: SnapshotListing
    ) async throws -> [SnapshotHeader] {
        guard !targets.isEmpty else { return listing.headers }
        var wanted: Set<MAC> = []
        for target in targets { wanted.insert(try await target.reference.find(in: repository).header.identifier) }
        return listing.headers.filter { wanted.contains($0.identifier) }
    }

    /// Says which instants were meant: "2w" depends on the clock, and a date on the time zone.
    func explain(_ conditions: FilterOptions, at moment: Moment) {
        for (option, time) in [("since", conditions.since), ("before", conditions.before)] {
            if let time { note("--\(option) \(time.text): \(time.understood(at: moment))") }
        }
    }
}
