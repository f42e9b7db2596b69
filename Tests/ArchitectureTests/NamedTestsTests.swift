import Foundation
import PeerPrograms
import Testing

/// Pages in docs/ that say which test shows what: every test that they name is there.
@Suite struct NamedTestsTests {
    /// Names of test functions by suite.
    private let suites: [String: Set<String>]

    private static let types: Set<Substring> = ["struct", "class", "extension", "actor", "enum"]

    init() throws {
        var suites: [String: Set<String>] = [:]
        for file in swiftFiles(below: PeerEnvironment.packageRoot.appending(path: "Tests")) {
            var suite: String?
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let words = line.split(separator: " ")
                if line.first != " ", let index = words.firstIndex(where: Self.types.contains), index + 1 < words.count
                {
                    suite = String(words[index + 1].prefix { $0.isLetter || $0.isNumber })
                } else if let suite, let index = words.firstIndex(of: "func"), index + 1 < words.count {
                    let name = words[index + 1].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                    suites[suite, default: []].insert(String(name))
                }
            }
        }
        self.suites = suites
    }

    private func page(_ name: String) throws -> String {
        try String(contentsOf: PeerEnvironment.packageRoot.appending(path: "docs/\(name)"), encoding: .utf8)
    }

    /// `Suite/test` in backticks.
    @Test func testsOfTheConformancePageAreThere() throws {
        let named = try page("conformance.md").matches(of: /`(\w+Tests)\/(\w+)`/)
        #expect(named.count > 100, "the page names its tests")
        for match in named {
            #expect(suites[String(match.1)]?.contains(String(match.2)) == true, "\(match.0)")
        }
    }

    /// Each row says what it is that shows it, or that it is not there.
    @Test func everyRowOfTheConformancePageIsShown() throws {
        for line in try page("conformance.md").split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, cells[1] != "State" else { continue }
            #expect(["yes", "in part", "no"].contains(cells[1]), "\(line)")
            #expect(cells[1] == "no" || cells[2].contains("Tests"), "\(line)")
        }
    }

    /// `Suite` or `Folder/Suite` in backticks, then the beginning or the whole of names.
    @Test func testsOfTheConnectorPageAreThere() throws {
        let rows = try page("connector-points.md").split(separator: "\n").filter { $0.hasPrefix("| ") }
        var count = 0
        for row in rows {
            for match in row.matches(of: /`(?:\w+\/)?(\w+Tests)`((?: \w+\*?)?)/) {
                let tests = suites[String(match.1)] ?? []
                let name = match.2.trimmingCharacters(in: .whitespaces)
                let isThere =
                    name.isEmpty
                    ? !tests.isEmpty
                    : name.hasSuffix("*")
                        ? tests.contains { $0.hasPrefix(name.dropLast()) } : tests.contains(name)
                #expect(isThere, "\(match.0)")
                count += 1
            }
        }
        #expect(count > 32)
    }
}
