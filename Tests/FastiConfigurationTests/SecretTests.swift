import ConnectorKit
import FastiConfiguration
import Testing

@Suite("Secrets of the configuration")
struct SecretTests {
    @Test(
        "Which keys are secret",
        arguments: [
            ("password", true), ("passphrase", true), ("imap_password", true), ("API_TOKEN", true), ("client_id", true),
            ("username", false), ("location", false), ("passwords", false), ("password_cmd", false), ("token2", false),
        ])
    func keys(key: String, isSecret: Bool) { #expect(SecretKeys.contains(key) == isSecret) }

    @Test(
        "Command lines lose their secrets",
        arguments: [
            ("password=geheim", "password=********"),
            ("-o=token=geheim", "-o=token=********"),
            ("--passphrase=geheim", "--passphrase=********"),
            ("username=anna", "username=anna"),
            ("caldav://anna:geheim@cal.example.org/x", "caldav://anna:********@cal.example.org/x"),
            ("caldav://https://anna:ge@heim@h/", "caldav://https://anna:********@h/"),
            ("location=dav://a:geheim@h", "location=dav://a:********@h"),
            ("caldav://cal.example.org:8443/a@b", "caldav://cal.example.org:8443/a@b"),
            ("note=a=b", "note=a=b"), ("/plain/path", "/plain/path"), ("=", "="), ("", ""),
        ])
    func redaction(argument: String, expected: String) {
        #expect(SecretKeys.redacted(arguments: [argument]) == [expected])
    }

    @Test("A secret can be the output of a command or the content of a file")
    func references() throws {
        let temporary = try TemporaryFolder()
        try temporary.write("from file\n", to: "secret")
        let values = try SecretReference.resolve([
            "username": "anna", "password_cmd": "printf 'a b'", "token_file": "\(temporary.path)/secret",
            "ignore_file": "kept",
        ])
        #expect(values == ["username": "anna", "password": "a b", "token": "from file", "ignore_file": "kept"])
    }

    @Test(
        "A command must print one line and succeed",
        arguments: ["exit 3", "true", "printf 'a\\nb\\n'", "kill -9 $$", "printf '\\377'", "printf '\\n'"])
    func badCommands(command: String) {
        #expect(throws: ConfigurationError(.commandFailed, "")) {
            try SecretReference.resolve(["password_cmd": command])
        }
    }

    @Test("A command that prints for ever is ended")
    func endlessCommand() {
        #expect(throws: ConfigurationError(.commandFailed, "")) {
            try SecretReference.resolve(["password_cmd": "yes | cat"])
        }
    }

    @Test("A secret given twice is refused")
    func twice() {
        #expect(throws: ConfigurationError(.invalid, "")) {
            try SecretReference.resolve(["password": "a", "password_cmd": "echo b"])
        }
    }

    @Test("The passphrase is looked for in the documented order")
    func passphraseOrder() throws {
        let temporary = try TemporaryFolder()
        try temporary.write("key file\r\n", to: "key")
        try temporary.write("entry file\n", to: "entry")
        var search = PassphraseSearch(
            keyFile: "\(temporary.path)/key",
            entry: [
                "passphrase": "entry", "passphrase_cmd": "echo command", "passphrase_file": "\(temporary.path)/entry",
            ],
            environment: ["FASTI_PASSPHRASE": "fasti", "PLAKAR_PASSPHRASE": "plakar"])
        func found() throws -> String? { try search.find().map { String(decoding: $0.passphrase, as: UTF8.self) } }
        #expect(try found() == "key file")
        search.keyFile = nil
        #expect(try found() == "entry")
        search.entry["passphrase"] = ""
        #expect(try found() == "command")
        search.entry["passphrase_cmd"] = nil
        #expect(try found() == "entry file")
        search.entry = [:]
        #expect(try found() == "fasti")
        search.environment["FASTI_PASSPHRASE"] = ""
        #expect(try found() == "plakar")
        search.environment = [:]
        #expect(try found() == nil)
        search.keyFile = "\(temporary.path)/absent"
        #expect(throws: ConfigurationError(.inputOutput, "")) { try search.find() }
    }

    @Test(
        "Passphrase strength",
        arguments: [
            ("", false), ("password", false), ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("abcdefghijklmnopqrstuvwxyz", false), ("12345678901234567890", false), ("qwertyuiopasdfghjkl", false),
            ("Tr0ub4dor&3", false), ("correct horse battery staple", true), ("x7#Qp9!vLm2$Wc8k", true),
        ])
    func strength(passphrase: String, isSufficient: Bool) {
        #expect(PassphraseStrength(Array(passphrase.utf8)).isSufficient == isSufficient)
    }
}
