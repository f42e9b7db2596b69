import Foundation
import ICalendar
import SeededNumbers
import Testing

/// Real files, good and bad, and mutations of them: nothing crashes, hangs or loses a byte.
@Suite struct CorpusTests {
    @Test(.enabled(if: Corpus.exists, "Set FASTI_SHARED to the folder with fixtures/calendars."))
    func validFilesAreRead() throws {
        let files = try Corpus.files("valid-ics")
        #expect(files.count > 1_000)
        var bytes = 0
        var instances = 0
        var refused = 0
        let clock = ContinuousClock()
        var parsing = Duration.zero
        let whole = try clock.measure {
            for (name, source) in files {
                bytes += source.count
                var object: CalendarObject?
                parsing += clock.measure { object = try? CalendarObject(parsing: source) }
                let calendar = try #require(object, "\(name) was refused")
                #expect(calendar.source == source)
                #expect(!calendar.calendars.isEmpty, "\(name)")
                if !calendar.violations().isEmpty { refused += 1 }
                instances += ask(calendar)
            }
        }
        print(
            "valid-ics: \(files.count) files, \(bytes) bytes parsed in \(parsing); \(instances) instances in 2020-2026; with everything \(whole); \(refused) are no single resource"
        )
    }

    @Test(.enabled(if: Corpus.exists, "Set FASTI_SHARED to the folder with fixtures/calendars."))
    func invalidFilesDoNoHarm() throws {
        for (_, source) in try Corpus.files("invalid-ics") {
            let (object, _) = CalendarObject.validated(source)
            if let object {
                #expect(object.source == source)
                _ = ask(object)
            }
        }
    }

    @Test(.enabled(if: Corpus.exists, "Set FASTI_SHARED to the folder with fixtures/calendars."))
    func mutationsDoNoHarm() throws {
        var generator = SeededGenerator(seed: 4_791)
        let files = try Corpus.files("valid-ics").map(\.bytes).filter { $0.count < 3_000 && !$0.isEmpty }
        for _ in 0..<1_000 {
            var source = try #require(files.randomElement(using: &generator))
            for _ in 0..<Int.random(in: 1...6, using: &generator) { mutate(&source, &generator) }
            guard let object = CalendarObject.validated(source).object else { continue }
            _ = ask(object, budget: 10_000)
        }
    }

    private func mutate(_ source: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !source.isEmpty else { return }
        let position = Int.random(in: 0..<source.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: source[position] = UInt8.random(in: 0...255, using: &generator)
        case 1: source[position] = Array("0123456789;:,=-TZP\n".utf8).randomElement(using: &generator) ?? 0
        case 2: source.remove(at: position)
        default: source.insert(contentsOf: source[position..<min(position + 30, source.count)], at: position)
        }
    }

    /// Every question there is; returns how many instances there were.
    private func ask(_ object: CalendarObject, budget: Int = 50_000) -> Int {
        let range = TimeRange(start: Instant(seconds: 1_577_836_800), end: Instant(seconds: 1_767_225_600))
        let far = TimeRange(start: Instant(seconds: 7_000_000_000), end: Instant(seconds: 7_000_600_000))
        for component in object.components.prefix(20) {
            for part in [component] + component.components {
                for time in [range, far, .always] {
                    _ = try? object.overlaps(part, time, in: Zones.context, budget: WorkBudget(budget))
                }
            }
        }
        _ = try? object.expanded(in: far, zones: Zones.context)
        _ = try? object.limitingRecurrenceSet(to: far, zones: Zones.context)
        let extent = object.timeExtent(zones: Zones.context)
        let instances = (try? object.instances(in: range, zones: Zones.context, budget: WorkBudget(budget))) ?? []
        if !instances.isEmpty { #expect(extent.mayOverlap(range)) }
        return instances.count
    }
}

/// The sample files beside the project, where they are there.
enum Corpus {
    private static var root: URL {
        let shared = ProcessInfo.processInfo.environment["FASTI_SHARED"]
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (shared.map { URL(fileURLWithPath: $0) } ?? package.appendingPathComponent("../shared"))
            .appendingPathComponent("fixtures/calendars")
    }

    static var exists: Bool { FileManager.default.fileExists(atPath: root.appendingPathComponent("valid-ics").path) }

    static func files(_ folder: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = root.appendingPathComponent(folder)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            (name, Array(try Data(contentsOf: folder.appendingPathComponent(name))))
        }
    }
}
