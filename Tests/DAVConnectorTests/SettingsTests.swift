import ConnectorKit
import DAVClient
import DAVConnector
import Testing

@Suite struct SettingsTests {
    @Test(arguments: [
        ("caldav://cal.example.org", "https://cal.example.org/"),
        ("caldav://https://cal.example.org/dav/anna%40x/", "https://cal.example.org/dav/anna%40x/"),
        ("caldav://http://localhost:8080/x", "http://localhost:8080/x"),
        ("carddav+http://127.0.0.1:5232/", "http://127.0.0.1:5232/"),
        ("dav://h:8443", "https://h:8443/"),
        ("caldavs://h", "https://h/"),
    ])
    func locationsAreRead(location: String, address: String) throws {
        #expect(try settings(location, [:], .source).base.description == address)
    }

    @Test(
        arguments: [
            ("caldav://", [:], "host"),
            ("caldav://anna:pw@h/", [:], "host"),
            ("caldav://h", ["username": "anna"], "password"),
            ("caldav://h", ["password": "x"], "username"),
            ("caldav://h", ["usernam": "anna"], "usernam"),
            ("caldav://h", ["insecure": "perhaps"], "insecure"),
            ("caldav://h", ["mode": "merge"], "mode"),
        ] as [(String, [String: String], String)])
    func mistakesAreNamed(location: String, options: [String: String], word: String) throws {
        let error = try #require(throws: ConnectorError.self) { try settings(location, options, .source) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.reason.contains(word))
        #expect(!"\(error)".contains("pw@"))
    }

    @Test func identitiesAreStableAndWithoutSecrets() throws {
        let options = ["username": "anna@example.org", "password": "s3cret"]
        let calendars = try settings("caldav://cal.example.org/dav/", options, .source).identity
        #expect(calendars.type == "dav")
        #expect(calendars.origin == "anna%40example.org@cal.example.org/dav/")
        #expect(calendars.root == .root)
        #expect(try settings("caldav://https://CAL.example.org/dav/", options, .source).identity == calendars)
        #expect(try settings("carddav://cal.example.org/dav/", options, .source).identity.type == "dav-contacts")
        #expect(try settings("dav://cal.example.org/dav/", options, .source).identity.type == "dav")
    }

    @Test func plainPasswordsAreRefusedBeforeAnythingIsSent() async throws {
        let server = MemoryServer()
        let options = ["username": "anna", "password": "s3cret"]
        #expect(throws: ConnectorError(.invalidConfiguration, "")) {
            try DAVImporter(settings("caldav+http://cal.example.org", options, .source), transport: server)
        }
        let insecure = options.merging(["insecure": "true"]) { $1 }
        #expect(throws: Never.self) {
            try DAVImporter(settings("caldav+http://cal.example.org", insecure, .source), transport: server)
        }
    }
}
