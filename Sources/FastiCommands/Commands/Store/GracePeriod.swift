internal import ArgumentParser
internal import BackupEngine

/// How long something is kept that nothing needs: `7d`, `168h`, `1h30m`, `0`.
struct GracePeriod: ExpressibleByArgument, Hashable, Sendable {
    let seconds: Int64

    init?(argument: String) {
        if argument == "0" {
            seconds = 0
            return
        }
        // Months have no fixed length.
        guard let phrase = DurationPhrase(argument), phrase.months == 0, phrase.seconds >= 0 else { return nil }
        seconds = phrase.seconds
    }

    var duration: Duration { .seconds(seconds) }
}
