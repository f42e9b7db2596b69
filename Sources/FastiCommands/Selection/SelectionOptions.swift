internal import ArgumentParser
internal import BackupEngine

/// The options that choose snapshots, common to many commands (plakar command line, section 9).
///
/// A command declares them with `@OptionGroup(title: "Selection") var selection: SelectionOptions` and asks
/// ``CommandContext/choose(_:by:in:)`` for the snapshots.
struct SelectionOptions: ParsableArguments {
    @OptionGroup(title: "Selection") var conditions: FilterOptions
    @OptionGroup(title: "Selection by time") var periods: PeriodOptions

    /// Whether nothing is asked for, so that all snapshots are meant.
    var isEmpty: Bool { conditions.isEmpty && periods.isEmpty }

    /// What is asked for; that of `base`, a policy, where the command line says nothing.
    func selection(at moment: Moment, over base: SnapshotSelection = SnapshotSelection()) -> SnapshotSelection {
        SnapshotSelection(
            filter: conditions.filter(at: moment, over: base.filter), retention: periods.rules(over: base.retention),
            grouping: periods.grouping ?? base.grouping)
    }
}
