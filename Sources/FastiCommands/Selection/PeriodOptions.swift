internal import ArgumentParser
internal import BackupEngine

/// The options that keep snapshots by how they spread over time (plakar command line, section 10). Only periods that
/// have snapshots count.
struct PeriodOptions: ParsableArguments {
    @Option(
        name: [.customLong("newest"), .customLong("keep-last")],
        help: ArgumentHelp("Keep the newest N, whenever they were made.", valueName: "n"))
    var newest: PositiveCount?

    @Option(
        name: .customLong("minutes"),
        help: ArgumentHelp("Keep those of the last N minutes that have any.", valueName: "n"))
    var minutes: PositiveCount?

    @Option(
        name: .customLong("hours"), help: ArgumentHelp("Keep those of the last N hours that have any.", valueName: "n"))
    var hours: PositiveCount?

    @Option(
        name: .customLong("days"), help: ArgumentHelp("Keep those of the last N days that have any.", valueName: "n"))
    var days: PositiveCount?

    @Option(
        name: .customLong("weeks"), help: ArgumentHelp("Keep those of the last N weeks that have any.", valueName: "n"))
    var weeks: PositiveCount?

    @Option(
        name: .customLong("months"),
        help: ArgumentHelp("Keep those of the last N months that have any.", valueName: "n"))
    var months: PositiveCount?

    @Option(
        name: .customLong("years"), help: ArgumentHelp("Keep those of the last N years that have any.", valueName: "n"))
    var years: PositiveCount?

    @Option(
        name: .customLong("mondays"),
        help: ArgumentHelp("Keep those of the last N mondays that have any.", valueName: "n"))
    var mondays: PositiveCount?

    @Option(
        name: .customLong("tuesdays"),
        help: ArgumentHelp("Keep those of the last N tuesdays that have any.", valueName: "n"))
    var tuesdays: PositiveCount?

    @Option(
        name: .customLong("wednesdays"),
        help: ArgumentHelp("Keep those of the last N wednesdays that have any.", valueName: "n"))
    var wednesdays: PositiveCount?

    @Option(
        name: .customLong("thursdays"),
        help: ArgumentHelp("Keep those of the last N thursdays that have any.", valueName: "n"))
    var thursdays: PositiveCount?

    @Option(
        name: .customLong("fridays"),
        help: ArgumentHelp("Keep those of the last N fridays that have any.", valueName: "n"))
    var fridays: PositiveCount?

    @Option(
        name: .customLong("saturdays"),
        help: ArgumentHelp("Keep those of the last N saturdays that have any.", valueName: "n"))
    var saturdays: PositiveCount?

    @Option(
        name: .customLong("sundays"),
        help: ArgumentHelp("Keep those of the last N sundays that have any.", valueName: "n"))
    var sundays: PositiveCount?

    @Option(name: .customLong("per-minute"), help: ArgumentHelp("Keep at most N of each minute.", valueName: "n"))
    var perMinute: PositiveCount?

    @Option(name: .customLong("per-hour"), help: ArgumentHelp("Keep at most N of each hour.", valueName: "n"))
    var perHour: PositiveCount?

    @Option(name: .customLong("per-day"), help: ArgumentHelp("Keep at most N of each day.", valueName: "n"))
    var perDay: PositiveCount?

    @Option(name: .customLong("per-week"), help: ArgumentHelp("Keep at most N of each week.", valueName: "n"))
    var perWeek: PositiveCount?

    @Option(name: .customLong("per-month"), help: ArgumentHelp("Keep at most N of each month.", valueName: "n"))
    var perMonth: PositiveCount?

    @Option(name: .customLong("per-year"), help: ArgumentHelp("Keep at most N of each year.", valueName: "n"))
    var perYear: PositiveCount?

    @Option(name: .customLong("per-monday"), help: ArgumentHelp("Keep at most N of each Monday.", valueName: "n"))
    var perMonday: PositiveCount?

    @Option(name: .customLong("per-tuesday"), help: ArgumentHelp("Keep at most N of each Tuesday.", valueName: "n"))
    var perTuesday: PositiveCount?

    @Option(name: .customLong("per-wednesday"), help: ArgumentHelp("Keep at most N of each Wednesday.", valueName: "n"))
    var perWednesday: PositiveCount?

    @Option(name: .customLong("per-thursday"), help: ArgumentHelp("Keep at most N of each Thursday.", valueName: "n"))
    var perThursday: PositiveCount?

    @Option(name: .customLong("per-friday"), help: ArgumentHelp("Keep at most N of each Friday.", valueName: "n"))
    var perFriday: PositiveCount?

    @Option(name: .customLong("per-saturday"), help: ArgumentHelp("Keep at most N of each Saturday.", valueName: "n"))
    var perSaturday: PositiveCount?

    @Option(name: .customLong("per-sunday"), help: ArgumentHelp("Keep at most N of each Sunday.", valueName: "n"))
    var perSunday: PositiveCount?

    @Option(
        name: .customLong("group-by"),
        help: ArgumentHelp("Count in each group by itself.", valueName: "key"))
    var grouping: SnapshotGrouping?

    /// Whether nothing is asked for.
    var isEmpty: Bool { rules(over: RetentionRules()).isEmpty && grouping == nil }

    /// The rules, those of `base` where the command line says nothing.
    func rules(over base: RetentionRules) -> RetentionRules {
        var rules = base
        rules.newest = newest?.value ?? base.newest
        for (period, keep, cap) in given {
            let known = base[period]
            rules[period] = RetentionRules.Rule(keep: keep?.value ?? known.keep, cap: cap?.value ?? known.cap)
        }
        return rules
    }

    private var given: [(RetentionPeriod, keep: PositiveCount?, cap: PositiveCount?)] {
        [
            (.minute, minutes, perMinute), (.hour, hours, perHour), (.day, days, perDay),
            (.week, weeks, perWeek), (.month, months, perMonth), (.year, years, perYear),
            (.monday, mondays, perMonday), (.tuesday, tuesdays, perTuesday), (.wednesday, wednesdays, perWednesday),
            (.thursday, thursdays, perThursday), (.friday, fridays, perFriday), (.saturday, saturdays, perSaturday),
            (.sunday, sundays, perSunday),
        ]
    }
}

/// A number of snapshots or periods: 1 or more.
struct PositiveCount: ExpressibleByArgument, Hashable, Sendable {
    let value: Int

    init?(argument: String) {
        guard let value = Int(argument), value >= 1 else { return nil }
        self.value = value
    }
}

extension SnapshotGrouping: ExpressibleByArgument {}
