import ConnectorKit
import FastiConfiguration
import Testing

@Suite("Places named on the command line")
struct PlaceReferenceTests {
    private func folder(_ temporary: TemporaryFolder) throws -> ConfigurationFolder {
        try temporary.write(
            """
            version: v1.0.0
            default: home
            stores:
              home:
                location: /backup/home
                passphrase: geheim
              remote:
                location: s3://host/bucket/a
                access_key: k
              mine:
                location: ~/store
            """, to: "stores.yml")
        try temporary.write(
            "version: v1.0.0\nsources:\n  cal:\n    location: caldav://h\n    password_cmd: echo p\n    x: y\n",
            to: "sources.yml")
        return ConfigurationFolder(path: temporary.path)
    }

    @Test(
        "Aliases with and without a path",
        arguments: [
            ("@home", "/backup/home"), ("@home:sub", "/backup/home/sub"), ("@home:/other", "/other"),
            ("@remote:b", "s3://host/bucket/a/b"), ("@remote:/b", "s3://host/b"), ("@mine", "/home/me/store"),
            ("/plain", "/plain"), ("fs:/plain", "/plain"), ("s3://x/y", "s3://x/y"),
        ])
    func stores(text: String, location: String) throws {
        let temporary = try TemporaryFolder()
        let place = try folder(temporary).resolve(
            PlaceReference(text), kind: .store, environment: ["HOME": "/home/me"])
        #expect(place.location.description == location)
    }

    @Test("A passphrase stays with the command and never reaches the connector")
    func passphraseIsKept() throws {
        let temporary = try TemporaryFolder()
        let place = try folder(temporary).resolve(PlaceReference("@home"), kind: .store, environment: [:])
        #expect(place.values["passphrase"] == "geheim")
        #expect(try place.configuration(workingDirectory: "/").options.isEmpty)
    }

    @Test("Options of the command line win over the entry, also over a reference to a secret")
    func optionsWin() throws {
        let temporary = try TemporaryFolder()
        let place = try folder(temporary).resolve(PlaceReference("@cal"), kind: .source, environment: [:])
        #expect(try place.configuration(workingDirectory: "/").options == ["password": "p", "x": "y"])
        #expect(
            try place.configuration(options: ["password": "q", "z": "1"], workingDirectory: "/").options
                == ["password": "q", "x": "y", "z": "1"])
    }

    @Test("Unknown names, empty names, and paths where they mean nothing are errors")
    func errors() throws {
        let temporary = try TemporaryFolder()
        let folder = try folder(temporary)
        #expect(throws: ConfigurationError(.notFound, "")) {
            try folder.resolve(PlaceReference("@absent"), kind: .store, environment: [:])
        }
        #expect(throws: ConfigurationError(.invalid, "")) {
            try folder.resolve(PlaceReference("@cal:sub"), kind: .source, environment: [:])
        }
        #expect(throws: ConfigurationError(.invalid, "")) { try PlaceReference("@") }
        #expect(throws: ConfigurationError(.invalid, "")) { try PlaceReference("") }
    }

    @Test("The store that is meant when none is named")
    func defaultStore() throws {
        let temporary = try TemporaryFolder()
        let environment = ["FASTI_REPOSITORY": "/f", "PLAKAR_REPOSITORY": "@p", "HOME": "/home/me"]
        let folder = try folder(temporary)
        #expect(try folder.defaultStore(environment: environment) == .plain("/f"))
        #expect(try folder.defaultStore(environment: ["PLAKAR_REPOSITORY": "@p"]) == .named("p", override: nil))
        #expect(try folder.defaultStore(environment: ["HOME": "/h"]) == .named("home", override: nil))
        let empty = ConfigurationFolder(path: "\(temporary.path)/absent")
        #expect(try empty.defaultStore(environment: ["HOME": "/h"]) == .plain("fs:/h/.fasti"))
    }
}
