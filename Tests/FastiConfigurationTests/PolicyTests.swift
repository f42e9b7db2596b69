import FastiConfiguration
import Foundation
import Testing

@Suite("policies.yml")
struct PolicyTests {
    private func folder(_ text: String?) throws -> (ConfigurationFolder, TemporaryFolder) {
        let temporary = try TemporaryFolder()
        if let text { try temporary.write(text, to: PolicyFile.name) }
        return (ConfigurationFolder(path: temporary.path), temporary)
    }

    @Test("plakar's form is read, and written back")
    func form() throws {
        let text = """
            version: v1.0.0
            policies:
              gfs:
                filters:
                  before: 30 days
                  name: work
                  latest: true
                  tags:
                  - calendar
                  ignore_tags:
                  - trial
                periods:
                  day:
                    keep: 14
                    cap: 1
                  month:
                    keep: 12
                group_by: name

            """
        let (folder, temporary) = try folder(text)
        let policy = try folder.readPolicies().policy("@gfs")
        #expect(
            policy.values == [
                "before": "30 days", "name": "work", "latest": "true", "tags": "calendar,!trial", "days": "14",
                "per-day": "1", "months": "12", "group-by": "name",
            ])
        try folder.editPolicies { file throws(ConfigurationError) in
            try file.change("gfs") { policy throws(ConfigurationError) in try policy.set("months", to: "13") }
        }
        #expect(try temporary.read(PolicyFile.name) == text.replacingOccurrences(of: "keep: 12", with: "keep: 13"))
    }

    @Test("A policy that is half understood is refused")
    func unknown() throws {
        for text in [
            "colour: red", "periods: {decade: {keep: 1}}", "periods: {day: {most: 1}}", "filters: {moon: full}",
        ] {
            let (folder, temporary) = try folder("version: v1.0.0\npolicies:\n  p:\n    \(text)\n")
            withExtendedLifetime(temporary) {
                _ = #expect(throws: ConfigurationError.self) { try folder.readPolicies() }
            }
        }
        let (newer, temporary) = try folder("version: v2.0.0\npolicies: {}\n")
        withExtendedLifetime(temporary) {
            _ = #expect(throws: ConfigurationError(.incompatible, "")) { try newer.readPolicies() }
        }
    }

    @Test("Keys and numbers that make no sense are refused")
    func keys() throws {
        var policy = Policy(name: "p")
        try policy.set("group_by", to: "origin")
        try policy.set("tag", to: "a")
        #expect(policy.values == ["group-by": "origin", "tags": "a"])
        for (key, value) in [
            ("days", "0"), ("days", "x"), ("per-day", "-1"), ("moons", "1"), ("latest", "maybe"), ("name", ""),
        ] {
            #expect(throws: ConfigurationError(.invalid, "")) { try policy.set(key, to: value) }
        }
        #expect(throws: ConfigurationError(.notFound, "")) { try policy.unset("days") }
    }

    @Test("Without a file there is no policy, and a name in use is not used again")
    func empty() throws {
        let (folder, _) = try folder(nil)
        #expect(try folder.readPolicies().names == [])
        try folder.editPolicies { file throws(ConfigurationError) in try file.add(Policy(name: "a")) }
        #expect(throws: ConfigurationError(.alreadyExists, "")) {
            try folder.editPolicies { file throws(ConfigurationError) in try file.add(Policy(name: "a")) }
        }
        #expect(try folder.readPolicies().names == ["a"])
    }
}
