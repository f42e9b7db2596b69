import FastiConfiguration
import Foundation
import Testing

@Suite("Files of the configuration folder")
struct EntryFileTests {
    let temporary = try? TemporaryFolder()

    private func folder() throws -> ConfigurationFolder {
        ConfigurationFolder(path: try #require(temporary).path + "/configuration")
    }

    @Test("What was added is there when read again, for the owner only")
    func addAndRead() throws {
        let folder = try folder()
        try folder.edit(.source) { file throws(ConfigurationError) in
            var entry = Entry(name: "work", values: [:])
            try entry.set("location", to: "caldav://cal.example.org")
            try entry.set("password", to: "no")
            try entry.set("port", to: "0123")
            try entry.set("note", to: "  ends with a colon: # \"quoted\" 'too' ")
            try file.add(entry)
        }
        let entry = try folder.read(.source).entry("@work")
        #expect(entry.location == "caldav://cal.example.org")
        #expect(entry["password"] == "no")
        #expect(entry["port"] == "0123")
        #expect(entry["note"] == "  ends with a colon: # \"quoted\" 'too' ")
        let temporary = try #require(temporary)
        #expect(try temporary.permissions(of: "configuration/sources.yml") == 0o600)
        #expect(try temporary.permissions(of: "configuration") == 0o700)
        let text = try temporary.read("configuration/sources.yml")
        #expect(text.hasPrefix("version: v1.0.0\nsources:\n  work:\n    location: caldav://cal.example.org\n"))
    }

    @Test("An edit that fails leaves the file as it was")
    func failedEdit() throws {
        let folder = try folder()
        let entry = Entry(name: "home", values: ["location": "/backup"])
        try folder.edit(.store) { file throws(ConfigurationError) in try file.add(entry) }
        let before = try #require(temporary).read("configuration/stores.yml")
        #expect(throws: ConfigurationError(.alreadyExists, "")) {
            try folder.edit(.store) { file throws(ConfigurationError) in
                file.defaultName = "home"
                try file.add(entry)
            }
        }
        #expect(try #require(temporary).read("configuration/stores.yml") == before)
    }

    @Test("A linked file is changed where it lies")
    func symbolicLink() throws {
        let temporary = try #require(temporary)
        let folder = try folder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try temporary.write("version: v1.0.0\nsources: {}\n", to: "elsewhere.yml")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/sources.yml", withDestinationPath: "\(temporary.path)/elsewhere.yml")
        try folder.edit(.source) { file throws(ConfigurationError) in
            try file.add(Entry(name: "a", values: ["location": "/a"]))
        }
        #expect(try temporary.read("elsewhere.yml").contains("location: /a"))
    }

    @Test("Edits of many at once are all kept")
    func concurrentEdits() async throws {
        let folder = try folder()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    try folder.edit(.destination) { file throws(ConfigurationError) in
                        try file.add(Entry(name: "d\(number)", values: ["location": "/\(number)"]))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try folder.read(.destination).names.count == 12)
    }

    @Test("Removing the default store leaves no default")
    func removeDefault() throws {
        var file = EntryFile(
            kind: .store, defaultName: "home", entries: [Entry(name: "home", values: ["location": "/x"])])
        try file.remove("@home")
        #expect(file.defaultName == nil)
        #expect(file.names.isEmpty)
        #expect(throws: ConfigurationError(.notFound, "")) { try file.remove("home") }
    }

    @Test("Older forms are read")
    func olderForms() throws {
        let temporary = try #require(temporary)
        let folder = ConfigurationFolder(path: temporary.path)
        try temporary.write(
            """
            default-repo: home
            repositories:
              home: {location: /old/home, passphrase: abc}
            remotes:
              cal: {location: "caldav://x"}
            """, to: "plakar.yml")
        #expect(try folder.read(.store).defaultName == "home")
        #expect(try folder.read(.source).entry("cal").location == "caldav://x")
        #expect(try folder.read(.destination).entry("cal").location == "caldav://x")

        try temporary.write(
            "home:\n  location: /k\nother:\n  location: /o\n  .isDefault: true\n", to: "klosets.yml")
        #expect(try folder.read(.store).defaultName == "other")
        #expect(try folder.read(.store).entry("other").keys == ["location"])

        try temporary.write("version: v1.0.0\ndefault: a\nstores:\n  a:\n    location: /a\n", to: "stores.yml")
        #expect(try folder.read(.store).names == ["a"])
    }

    @Test(
        "What is not a configuration is refused by name, and no secret is shown",
        arguments: [
            ("sources: [1, 2]\nversion: v1.0.0", ConfigurationError.Code.damaged),
            ("version: v2.0.0\nsources: {}", .incompatible),
            ("version: v1.0.0\nsources: {a: {password: [geheim]}}", .damaged),
            ("version: v1.0.0\nsources: {a: {password: geheim", .damaged),
            ("version: v1.0.0\nsources: {a: geheim}", .damaged),
            ("\"geheim", .damaged),
            ("a: {x: geheim, x: geheim}", .damaged),
        ])
    func damagedFiles(text: String, code: ConfigurationError.Code) throws {
        let temporary = try #require(temporary)
        try temporary.write(text, to: "sources.yml")
        let error = #expect(throws: ConfigurationError.self) {
            _ = try ConfigurationFolder(path: temporary.path).read(.source)
        }
        #expect(error?.code == code)
        #expect(error?.reason.contains("sources.yml") == true)
        #expect(error?.description.contains("geheim") == false)
    }

    @Test("An empty or absent file has no entries", arguments: [nil, "", "# nothing\n", "version: v1.0.0\nsources:\n"])
    func emptyFiles(text: String?) throws {
        let temporary = try #require(temporary)
        if let text { try temporary.write(text, to: "sources.yml") }
        #expect(try ConfigurationFolder(path: temporary.path).read(.source).names.isEmpty)
    }

    @Test(
        "Names and keys that would be misread are refused",
        arguments: ["", "@", "a b", "a/b", "a:b", "a=b", "-x", ".hidden", "x\n", String(repeating: "n", count: 129)])
    func badNames(name: String) {
        #expect(throws: ConfigurationError(.invalid, "")) { try Entry.canonicalName(name) }
        var entry = Entry(name: "ok", values: ["location": "/"])
        if !name.isEmpty, !name.hasPrefix("-"), !name.hasPrefix("."), name.count < 100 {
            #expect(throws: ConfigurationError(.invalid, "")) { try entry.set(name, to: "x") }
        }
        #expect(throws: ConfigurationError(.invalid, "")) { try entry.unset("location") }
        #expect(throws: ConfigurationError(.notFound, "")) { try entry.unset("nothing") }
        #expect(throws: ConfigurationError(.invalid, "")) { try entry.set("key", to: "two\nlines") }
    }

    @Test("The folder: the option, XDG_CONFIG_HOME, the home folder")
    func folderPlaces() throws {
        let environment = ["XDG_CONFIG_HOME": "/xdg", "HOME": "/home/me"]
        #expect(try ConfigurationFolder.locate(explicit: "c", environment: environment).path == "c")
        #expect(try ConfigurationFolder.locate(explicit: nil, environment: environment).path == "/xdg/fasti")
        #expect(
            try ConfigurationFolder.locate(explicit: nil, environment: ["XDG_CONFIG_HOME": "x", "HOME": "/h"]).path
                == "/h/.config/fasti")
        #expect(throws: ConfigurationError(.notFound, "")) {
            try ConfigurationFolder.locate(explicit: nil, environment: [:])
        }
    }
}
