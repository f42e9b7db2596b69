import BackupEngine
import ConnectorKit
import FastiCommands
import Testing

@Suite("Numbers and times for people")
struct FormatTests {
    @Test(
        "Sizes",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3_565_158, "3.4 MiB"), (1 << 30, "1.0 GiB"),
            (1_048_575, "1.0 MiB"), (150 << 20, "150 MiB"), (Int.max, "8.0 EiB"),
        ])
    func sizes(bytes: Int, text: String) { #expect(Format.size(bytes) == text) }

    @Test(
        "Durations",
        arguments: [
            (Duration.milliseconds(12), "12ms"), (.milliseconds(1250), "1.2s"), (.seconds(185), "3m05s"),
            (.seconds(7_800), "2h10m"), (.seconds(-3), "0s"),
        ])
    func durations(duration: Duration, text: String) { #expect(Format.duration(duration) == text) }

    @Test(
        "Times",
        arguments: [
            (Int64(0), "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_783_004_645, "2026-07-02T15:04:05Z"), (-1, "1969-12-31T23:59:59Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-62_135_596_800, "0001-01-01T00:00:00Z"),
        ])
    func times(seconds: Int64, text: String) { #expect(Format.time(Timestamp(seconds: seconds)) == text) }

    /// A store may say anything of its entries.
    @Test("The first and the last second there are", arguments: [Int64.min, .max])
    func extremeTimes(seconds: Int64) {
        let text = Format.time(Timestamp(seconds: seconds, nanoseconds: 1), fraction: true)
        #expect(text.hasSuffix(".000000001Z") && text.count > 20)
    }

    @Test("JSON is JSON, whatever is in the text")
    func json() {
        let value: JSONValue = [
            "a": "quote \" back \\ line \n tab \t bell \u{7} é", "b": [1, -2, true, .null], "c": [:],
        ]
        #expect(
            String(decoding: value.encoded(), as: UTF8.self)
                == #"{"a":"quote \" back \\ line \n tab \t bell \u0007 é","b":[1,-2,true,null],"c":{}}"#)
    }

    @Test("Progress: share, rate and remaining time")
    func progress() {
        let start = ContinuousClock.now
        var meter = ProgressMeter(start: start)
        #expect(meter.line(at: start, width: 80) == "0 entries  0 B")
        meter.count(.expected(records: 4))
        meter.count(.entry(.init(path: "/a", kind: .file, outcome: .done(bytes: 2048))))
        meter.count(.entry(.init(path: "/b", kind: .file, outcome: .failed(reason: "x"))))
        #expect(
            meter.line(at: start + .seconds(2), width: 80)
                == "[==========          ]  50%  2/4  1 failed  2.0 KiB  1.0 KiB/s  2.0s left")
        #expect(meter.line(at: start + .seconds(2), width: 10).count == 10)
        for _ in 0..<5 { meter.count(.entry(.init(path: "/c", kind: .file, outcome: .unchanged))) }
        #expect(meter.line(at: start + .seconds(2), width: 40) == "100%  7  1 failed  2.0 KiB  1.0 KiB/s")
    }

    @Test("A mistyped command gets the nearest one")
    func suggestions() {
        let names = ["backup", "restore", "ls", "check"]
        #expect(Suggestion.nearest(to: "bakcup", in: names) == "backup")
        #expect(Suggestion.nearest(to: "resotre", in: names) == "restore")
        #expect(Suggestion.nearest(to: "sl", in: names) == "ls")
        #expect(Suggestion.nearest(to: "frobnicate", in: names) == nil)
    }
}
