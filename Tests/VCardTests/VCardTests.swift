import ContentLines
import Foundation
import Testing
import VCard

@Suite struct VCardTests {
    private func card(_ lines: String...) throws -> VCard {
        let text = (["BEGIN:VCARD"] + lines + ["END:VCARD", ""]).joined(separator: "\r\n")
        return try #require(try VCardObject(parsing: Array(text.utf8)).cards.first)
    }

    @Test func readsWhatAnAddressBookAsks() throws {
        let card = try card(
            "VERSION:4.0", "UID:urn:uuid:4fbe8971", "FN:Dr. Ada\\, Countess", "N:Lovelace;Ada,Augusta;;Dr.;",
            "KIND:Individual", "item1.EMAIL;TYPE=work,home;PREF=1:ada@example.org", "item1.X-ABLabel:Engine")
        #expect(card.version == "4.0")
        #expect(card.uid == "urn:uuid:4fbe8971")
        #expect(card.formattedName == "Dr. Ada, Countess")
        #expect(card.kind == "individual")
        #expect(card.property("N")?.structuredText == [["Lovelace"], ["Ada", "Augusta"], [""], ["Dr."], [""]])
        let email = try #require(card.property("EMAIL"))
        #expect(email.group == "item1")
        #expect(email.types == ["work", "home"])
        #expect(card.properties(named: "x-ablabel").map(\.text) == ["Engine"])
    }

    @Test func knowsApplesGroups() throws {
        #expect(try card("VERSION:3.0", "FN:Friends", "X-ADDRESSBOOKSERVER-KIND:group").kind == "group")
    }

    @Test func readsVersion21() throws {
        let card = try card(
            "VERSION:2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=\r\n=BCrgen", "TEL;HOME;CELL:1")
        #expect(card.displayName == "Jürgen Müller")
        #expect(card.property("TEL")?.types == ["home", "cell"])
        #expect(try VCardObject(parsing: card.document.source).violations().isEmpty)
    }

    @Test func nestedAgentsAreOneCard() throws {
        let object = try VCardObject(
            parsing: Array("BEGIN:VCARD\nVERSION:2.1\nN:A\nAGENT:\nBEGIN:VCARD\nN:B\nEND:VCARD\nEND:VCARD\n".utf8))
        #expect(object.cards.count == 1)
        #expect(object.displayName == "A")
    }

    @Test(arguments: [
        ("", false), ("hello", false), ("BEGIN:VCARD\nVERSION:3.0\nFN:A\n", false), ("END:VCARD\n", false),
        ("BEGIN:VCARD\nFN:A\nEND:VCARD\n", false), ("BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n", false),
        ("BEGIN:VCARD\nVERSION:9\nFN:A\nEND:VCARD\n", false),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:B\nEND:VCARD\n", false),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\n", true),
        ("BEGIN:VCARD\nVERSION:3.0\nN:A;B\nUID:1\nEND:VCARD\n", true),
        ("begin:vcard\nversion:4.0\nfn:A\nend:vcard", true),
    ])
    func refusesWhatIsNoCard(text: String, isValid: Bool) {
        let (_, violations) = VCardObject.validated(Array(text.utf8))
        #expect(violations.isEmpty == isValid)
        #expect(violations.allSatisfy { $0.precondition == .validAddressData && !$0.message.isEmpty })
    }

    @Test func foldsInsideACharacterAreFine() {
        let source =
            Array("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:J".utf8) + [0xC3, 0x0D, 0x0A, 0x20, 0xBC]
            + Array("\r\nEND:VCARD\r\n".utf8)
        let (object, violations) = VCardObject.validated(source)
        #expect(violations.isEmpty)
        #expect(object?.displayName == "Jü")
    }

    @Test func refusesTooLarge() {
        let (object, violations) = VCardObject.validated(
            Array("BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\n".utf8), maximumSize: 10)
        #expect(object == nil)
        #expect(violations.map(\.precondition) == [.maxResourceSize])
    }

    @Test func strictnessAsksForMore() throws {
        let object = try VCardObject(parsing: Array("BEGIN:VCARD\nVERSION:3.0\nN:A;B\nnonsense\nEND:VCARD\n".utf8))
        #expect(object.violations().isEmpty)
        #expect(object.violations(isStrict: true).count == 3)
    }

    @Test(.enabled(if: Corpus.exists("valid-vcf"), "Set FASTI_SHARED to the folder with fixtures/calendars."))
    func corpus() throws {
        for folder in ["valid-vcf", "invalid-vcf"] {
            var parsed = 0
            let files = try Corpus.files(folder)
            for (name, bytes) in files {
                let (object, _) = VCardObject.validated(bytes)
                guard let object else {
                    // Many of these are UTF-16; valid ones must be read.
                    if folder == "valid-vcf" { Issue.record("\(name) was refused") }
                    continue
                }
                parsed += 1
                #expect(object.source == bytes)
                for card in object.cards { _ = (card.uid, card.displayName, card.kind, card.properties.map(\.types)) }
            }
            print("\(folder): \(parsed) of \(files.count) read")
        }
    }
}

/// The sample files beside the project, where they are there.
enum Corpus {
    private static var root: URL {
        let shared = ProcessInfo.processInfo.environment["FASTI_SHARED"]
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (shared.map { URL(fileURLWithPath: $0) } ?? package.appendingPathComponent("../shared"))
            .appendingPathComponent("fixtures/calendars")
    }

    static func exists(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(folder).path)
    }

    static func files(_ folder: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = root.appendingPathComponent(folder)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            (name, Array(try Data(contentsOf: folder.appendingPathComponent(name))))
        }
    }
}
