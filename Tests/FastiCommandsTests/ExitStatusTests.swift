import FastiCommands
import Foundation
import PeerPrograms
import Testing

@Suite("Exit status")
struct ExitStatusTests {
    /// The families of errors whose codes are declared in source files as `static let name = Code("text")`.
    @Test("Every error code has its rule, and no rule is left over")
    func table() throws {
        let families: [(file: String, rules: [String: FailureTable.Rule])] = [
            ("ConnectorKit/ConnectorError.swift", FailureTable.connector),
            ("Kloset/KlosetError.swift", FailureTable.kloset),
            ("FastiConfiguration/ConfigurationError.swift", FailureTable.configuration),
            ("FastiCommands/Front/CommandError.swift", FailureTable.command),
        ]
        for (file, rules) in families {
            let source = try String(
                contentsOf: PeerEnvironment.packageRoot.appending(path: "Sources/\(file)"), encoding: .utf8)
            let codes = Set(source.matches(of: /static let \w+ = Code\("([a-z-]+)"\)/).map { String($0.output.1) })
            #expect(codes.count > 5, "\(file) declares its codes in another way")
            #expect(codes == Set(rules.keys), "\(file)")
        }
    }

    @Test("Only documented numbers are used")
    func numbers() {
        let all = [FailureTable.connector, FailureTable.kloset, FailureTable.configuration, FailureTable.command]
        for rule in all.flatMap(\.values) { #expect([1, 64, 65, 66, 77, 78, 130].contains(rule.status.rawValue)) }
    }
}
