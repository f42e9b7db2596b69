import Accounts
import Foundation
import Testing

@Suite struct AccountsTests {
    @Test func argon2HashMatchesOnlyItsPassword() throws {
        let hash = try PasswordHash(password: Array("correct horse".utf8))
        #expect(hash.text.hasPrefix("$argon2id$v=19$m=65536,t=3,p=1$"))
        #expect(hash.matches(Array("correct horse".utf8)))
        #expect(!hash.matches(Array("correct horsf".utf8)))
        #expect(!hash.matches([]))
        #expect(try PasswordHash(hash.text) == hash)
    }

    /// Hashes made by other programs for the password "secret".
    @Test(arguments: [
        "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
        "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
    ])
    func cryptHashesAreChecked(text: String) throws {
        let hash = try PasswordHash(text)
        #expect(hash.matches(Array("secret".utf8)))
        #expect(!hash.matches(Array("wrong".utf8)))
    }

    @Test(arguments: ["secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "$1$x$y", "$argon2id$v=19$m=99999999,t=3,p=1$a$b"])
    func weakOrHostileHashesAreRefused(text: String) {
        #expect(throws: AccountsError(.unsupported, "")) { try PasswordHash(text) }
    }

    @Test(arguments: ["", "a/b", "..", "a:b", "-x", "a b", "a\nb", String(repeating: "x", count: 129)])
    func badNamesAreRefused(name: String) {
        #expect(throws: AccountsError(.invalidName, "")) { try UsersFile.check(name: name) }
    }

    @Test func fileKeepsItsCommentsAndNamesTheBadLine() throws {
        let hash = try PasswordHash(password: [1, 2, 3])
        var file = try UsersFile(parsing: "# family\nanna:\(hash.text)\n\nbob:\(hash.text)\n")
        #expect(file.names == ["anna", "bob"])
        try file.remove("anna")
        #expect(file.text == "# family\n\nbob:\(hash.text)\n")
        #expect(throws: AccountsError(.notFound, "")) { try file.remove("anna") }
        #expect(throws: AccountsError(.alreadyExists, "")) { try file.add("bob", hash) }

        let error = #expect(throws: AccountsError.self) { try UsersFile(parsing: "anna:\(hash.text)\nbob:plain\n") }
        #expect(error?.reason.contains("Line 2") == true)
        #expect(error?.description.contains("plain") == false)
    }

    @Test func devicesHavePasswordsBesideTheOwners() throws {
        var file = UsersFile()
        try file.add("anna", PasswordHash(password: Array("first".utf8)))
        try file.add("bob", PasswordHash(password: Array("second".utf8)))
        let (phone, laptop) = (GeneratedPassword(), GeneratedPassword())
        #expect(phone.text != laptop.text)
        try file.add(device: "phone", of: "anna", PasswordHash(generated: phone))
        try file.add(device: "laptop", of: "anna", PasswordHash(generated: laptop))
        #expect(throws: AccountsError(.alreadyExists, "")) {
            try file.add(device: "phone", of: "anna", PasswordHash(generated: phone))
        }
        #expect(throws: AccountsError(.notFound, "")) {
            try file.add(device: "phone", of: "carol", PasswordHash(generated: phone))
        }
        #expect(throws: AccountsError(.invalidName, "")) {
            try file.add(device: "a/b", of: "anna", PasswordHash(generated: phone))
        }
        var again = try UsersFile(parsing: file.text)
        #expect(again.names == ["anna", "bob"] && again.devices(of: "anna") == ["phone", "laptop"])
        #expect(again.hashes(of: "anna").filter { $0.matches(Array(laptop.text.utf8)) }.count == 1)
        #expect(again.hashes(of: "bob").count == 1)
        try again.remove("anna/phone")
        #expect(again.devices(of: "anna") == ["laptop"])
        try again.remove("anna")
        #expect(again.names == ["bob"] && again.devices(of: "anna").isEmpty)
    }

    @Test func authenticatorSeesAChangedFile() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "users-\(UUID()).txt").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var file = UsersFile()
        try file.add("anna", PasswordHash(password: Array("first".utf8)))
        try file.save(path)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)

        let authenticator = try Authenticator(usersFile: path)
        #expect(await authenticator.authenticate("anna", Array("first".utf8)))
        #expect(await authenticator.authenticate("anna", Array("first".utf8)), "from the cache")
        #expect(await authenticator.authenticate("anna", Array("firs".utf8)) == false)
        #expect(await authenticator.authenticate("nobody", Array("first".utf8)) == false)

        try file.replace("anna", PasswordHash(password: Array("second".utf8)))
        try file.save(path)
        #expect(await authenticator.authenticate("anna", Array("second".utf8)))
        #expect(await authenticator.authenticate("anna", Array("first".utf8)) == false)

        try "broken".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(
            await authenticator.authenticate("anna", Array("second".utf8)), "a mistake in the file locks nobody out")
    }
}
