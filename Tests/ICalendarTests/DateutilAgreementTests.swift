import Foundation
import ICalendar
import SeededNumbers
import Testing

/// Compares the first instances of seeded rules with those that python-dateutil gives.
///
/// Not generated, because dateutil is known to differ from RFC 5545 there:
/// - BYWEEKNO without BYDAY: dateutil gives all seven days; the RFC takes the weekday from DTSTART.
/// - BYSETPOS in weekly rules whose DTSTART is not the first day of the week: dateutil counts positions of the first
///   week from DTSTART on, not from the begin of the week.
/// - BYWEEKNO below -51: dateutil does not see that the last days of a year may be in week 1, which is -52 or -53.
/// - BYDAY with numbered and plain weekdays: dateutil takes the days that are both; the RFC takes all of them.
/// - Numbered BYDAY together with BYWEEKNO, and BYYEARDAY or BYWEEKNO outside their frequencies: the RFC forbids them.
/// - BYSECOND=60: Python has no leap seconds.
@Suite struct DateutilAgreementTests {
    struct Request: Codable {
        let start: String
        let rule: String
        let count: Int
    }

    struct Response: Codable {
        let times: [String]
        let complete: Bool
    }

    static let python = ProcessInfo.processInfo.environment["FASTI_TEST_PYTHON"]

    @Test(.enabled(if: python != nil, "Set FASTI_TEST_PYTHON to a Python with python-dateutil."))
    func firstInstancesOfSeededRules() async throws {
        var generator = SeededGenerator(seed: 5545)
        let requests = (0..<10_000).map { _ in
            Request(start: RandomRule.start(&generator), rule: "", count: 25)
        }.map { request in
            Request(start: request.start, rule: RandomRule.rule(start: request.start, &generator), count: request.count)
        }
        let responses = try Self.ask(requests)
        try #require(responses.count == requests.count)
        var compared = 0
        for (request, response) in zip(requests, responses) {
            // dateutil found nothing in its time, or saw that the rule is empty.
            guard response.complete || !response.times.isEmpty else { continue }
            let ours = try expand(request, end: response.complete ? nil : response.times.last)
            let theirs = response.times
            #expect(ours == theirs, "\(request.start) \(request.rule)")
            compared += theirs.count
        }
        #expect(compared > 100_000)
        print("compared \(compared) instances of \(requests.count) rules with dateutil")
    }

    private func expand(_ request: Request, end: String?) throws -> [String] {
        let start = try #require(CalendarTime(parsing: Array(request.start.utf8)[...]))
        var iterator = RecurrenceIterator(
            try RecurrenceRule(request.rule), start: start.local, budget: WorkBudget(50_000_000))
        if let end, let time = CalendarTime(parsing: Array(end.utf8)[...]) { iterator.stop(after: time.local) }
        var times: [String] = []
        while times.count < request.count, let time = try iterator.next() {
            times.append(CalendarTime(time, .floating).basicFormat)
        }
        return times
    }

    private static func ask(_ requests: [Request]) throws -> [Response] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python ?? "python3")
        process.arguments = ["-c", dateutilScript]
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fasti-rules-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appendingPathComponent("in")
        let encoder = JSONEncoder()
        var lines = Data()
        for request in requests { lines += try encoder.encode(request) + Data("\n".utf8) }
        try lines.write(to: input)
        let output = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let decoder = JSONDecoder()
        return try data.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(Response.self, from: $0) }
    }
}
