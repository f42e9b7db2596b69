import Foundation
import ICalendar
import SeededNumbers
import Testing

/// Compares the first instances of 10,000 seeded rules with those that libical gives.
///
/// The values of each BY part are sorted and given once before: libical gives instances in the order in which the values
/// are written, and as often.
/// Where the two differ, one of `LibicalDefect` must be the reason, and python-dateutil agrees with us there
/// (`DateutilAgreementTests` has the same rules).
@Suite struct LibicalAgreementTests {
    private static let compiler = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"]
        .first(where: FileManager.default.isExecutableFile)
    private static let isInstalled =
        compiler != nil && FileManager.default.fileExists(atPath: "/usr/include/libical/ical.h")

    private struct Question {
        var start: String
        var rule: String
    }

    private enum Answer {
        case invalid
        case times([String], isCut: Bool)
    }

    private static let count = 25
    /// Nobody asks for more; libical itself ends in 2582.
    private static let lastYear = "2200"

    @Test(.enabled(if: isInstalled, "libical-dev and a C compiler are not installed"))
    func firstInstancesOfSeededRules() async throws {
        var generator = SeededGenerator(seed: 5545)
        let questions = (0..<10_000).map { _ in
            let start = RandomRule.start(&generator)
            return Question(start: start, rule: sorted(RandomRule.rule(start: start, &generator)))
        }
        let answers = try ask(questions)
        try #require(answers.count == questions.count)
        var (agreed, instances, refused, unanswered) = (0, 0, 0, 0)
        var defects: [String: Int] = [:]
        for (question, answer) in zip(questions, answers) {
            guard case .times(var theirs, let isCut) = answer else {
                refused += 1
                // RFC 5545 allows these combinations; libical has no case for them.
                #expect(
                    question.rule.contains("BYWEEKNO") || question.rule.contains("BYYEARDAY")
                        || question.rule.contains("BYSETPOS"), "refused: \(question.rule)")
                continue
            }
            guard !isCut || !theirs.isEmpty else {
                unanswered += 1
                continue
            }
            theirs.removeAll { $0 >= Self.lastYear }
            let end = isCut || theirs.count == Self.count ? theirs.last : nil
            let ours = try expand(question, until: end ?? "21991231T235959")
            if ours == theirs {
                agreed += 1
                instances += ours.count
            } else if let defect = LibicalDefect.allCases.first(where: { $0.concerns(question.rule) }) {
                defects[defect.rawValue, default: 0] += 1
            } else {
                Issue.record("\(question.start) \(question.rule): ours \(ours.prefix(4)), libical \(theirs.prefix(4))")
            }
        }
        print(
            """
            libical: \(agreed) of \(questions.count) rules agree (\(instances) instances), \(refused) it refuses, \
            \(unanswered) it finds nothing for in its time, \(defects.values.reduce(0, +)) differ by its defects:
            """)
        for (defect, count) in defects.sorted(by: { $0.value > $1.value }) { print("  \(count)  \(defect)") }
        #expect(agreed > 5_000 && instances > 100_000)
    }

    private func expand(_ question: Question, until end: String) throws -> [String] {
        let start = try #require(CalendarTime(parsing: Array(question.start.utf8)[...]))
        var iterator = RecurrenceIterator(
            try RecurrenceRule(question.rule), start: start.local, budget: WorkBudget(50_000_000))
        if let time = CalendarTime(parsing: Array(end.utf8)[...]) { iterator.stop(after: time.local) }
        var times: [String] = []
        while times.count < Self.count, let time = try iterator.next() {
            times.append(CalendarTime(time, .floating).basicFormat)
        }
        return times
    }

    /// The same rule with the values of each part in order.
    private func sorted(_ rule: String) -> String {
        let weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
        func rank(_ value: Substring) -> (Int, Int) {
            if let number = Int(value) { return (number, 0) }
            return (weekdays.firstIndex(of: String(value.suffix(2))) ?? 0, Int(value.dropLast(2)) ?? 0)
        }
        return rule.split(separator: ";").map { part in
            guard part.hasPrefix("BY"), let equals = part.firstIndex(of: "=") else { return String(part) }
            let values = part[part.index(after: equals)...].split(separator: ",")
            return part[...equals] + Set(values).sorted { rank($0) < rank($1) }.joined(separator: ",")
        }.joined(separator: ";")
    }

    private func ask(_ questions: [Question]) throws -> [Answer] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fasti-ical-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = folder.appendingPathComponent("rules")
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Peers/libical_rules.c")
        try run(try #require(Self.compiler), ["-O1", "-o", program.path, source.path, "-lical"])
        let input = folder.appendingPathComponent("in")
        let lines = questions.map { "\($0.start) \(Self.count) \($0.rule)\n" }.joined()
        try Data(lines.utf8).write(to: input)
        let output = try run(program.path, [], input: try FileHandle(forReadingFrom: input))
        return String(decoding: output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map { line in
                if line.hasSuffix("invalid") { return .invalid }
                let isCut = line.hasPrefix("*")
                return .times(line.drop { $0 == "*" }.split(separator: " ").map(String.init), isCut: isCut)
            }
    }

    @discardableResult
    private func run(_ executable: String, _ arguments: [String], input: FileHandle? = nil) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        if let input { process.standardInput = input }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(executable) failed")
        return data
    }
}

/// Where libical 3.0 is not what RFC 5545 says.
enum LibicalDefect: String, CaseIterable {
    case subDaily = "sub-daily rules: BY parts of the same unit expand, and the phase of INTERVAL is lost at a limit"
    case position = "BYSETPOS counts nothing but the days of months and years"
    case monthDay = "BYMONTHDAY without FREQ=MONTHLY: other months and negative days are passed over"
    case weekNumber = "BYWEEKNO: WKST has no effect, negative weeks and days in a neighbouring year are wrong"
    case weekStart = "INTERVAL in weekly rules: weeks are counted from the wrong day when WKST is not DTSTART's"

    func concerns(_ rule: String) -> Bool {
        let frequency = rule.split(separator: ";").first { $0.hasPrefix("FREQ=") }?.dropFirst(5) ?? ""
        let isSubDaily = ["SECONDLY", "MINUTELY", "HOURLY"].contains(frequency)
        return switch self {
        case .subDaily: isSubDaily && rule.contains("BY")
        case .position: rule.contains("BYSETPOS")
        case .monthDay: rule.contains("BYMONTHDAY") && frequency != "MONTHLY"
        case .weekNumber: rule.contains("BYWEEKNO")
        case .weekStart: frequency == "WEEKLY" && rule.contains("INTERVAL")
        }
    }
}
