import CollectionStore
import DAVService
import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// Cards in the version that a client asks for, or a word that there is none (RFC 6352, 5.1.1).
@Suite struct CardNegotiationTests {
    private let path = addressbook + "a.vcf"

    private func site(_ card: String) async throws -> Site {
        let site = try await Site()
        #expect(try await site.send(.put, path, body: card).status == 201)
        return site
    }

    @Test(arguments: [
        nil, "*/*", "text/*", "text/vcard", "text/vcard;version=3.0",
        "text/vcard; version=4.0;q=0.1, text/vcard; version=3.0",
        "text/html,application/xhtml+xml,*/*;q=0.8", "text/vcard;version=4.0, */*", "application/json",
    ])
    func whoTakesWhatIsStoredGetsIt(accept: String?) async throws {
        let card = Body.card(uid: "a", "Ada", "BDAY:1985-04-12")
        let site = try await site(card)
        let get = try await site.send(.get, path, accept.map { [.accept: $0] } ?? [:])
        #expect(get.status == 200 && get.text == card)
        #expect(get.headers[.vary] == "Accept")
    }

    @Test func anotherVersionIsMade() async throws {
        let site = try await site(Body.card(uid: "a", "Ada", "BDAY:1985-04-12"))
        let get = try await site.send(.get, path, [.accept: "text/vcard; version=\"4.0\""])
        #expect(get.status == 200)
        #expect(get.headers[.contentType] == "text/vcard; charset=utf-8; version=4.0")
        #expect(get.text.contains("VERSION:4.0\r\n") && get.text.contains("BDAY:19850412\r\n"))
        let head = try await site.send(.head, path, [.accept: "text/vcard; version=4.0"])
        #expect(head.headers == get.headers && head.body.isEmpty)
        // What is stored is as it was.
        #expect(try await site.send(.get, path).text.contains("VERSION:3.0"))
    }

    @Test(arguments: [
        "application/vcard+json", "application/vcard+xml", "text/vcard;version=2.1", "text/vcard;version=5.0",
    ])
    func whatThereIsNotIsSaid(accept: String) async throws {
        let site = try await site(Body.card(uid: "a", "Ada"))
        let get = try await site.send(.get, path, [.accept: accept])
        #expect(get.status == 406)
        #expect(get.condition == "{\(DAVNamespace.carddav)}supported-address-data-conversion")
        #expect(get.sentence.contains("3.0"))
    }

    private func multiget(_ site: Site, version: String) async throws -> MultistatusResponse? {
        let body =
            "<CR:addressbook-multiget \(Body.namespaces)><prop><getetag/><CR:address-data content-type='text/vcard' "
            + "version='\(version)'/></prop><href>\(path)</href></CR:addressbook-multiget>"
        return try await site.report(addressbook, body: body).multistatus[path]
    }

    /// What phones wrote twenty years ago comes as programs of today read it.
    @Test(arguments: ["3.0", "4.0"])
    func cardsOfVersion21AreRewritten(version: String) async throws {
        let old = [
            "BEGIN:VCARD", "VERSION:2.1", "UID:a",
            "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Nov=C3=A1kov=C3=A1;Eva, Dr.",
            "FN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Nov=E1kov=E1",
            "TEL;HOME;VOICE:+420 1", "NOTE;QUOTED-PRINTABLE:one=0D=0Atwo, three", "END:VCARD", "",
        ].joined(separator: "\r\n")
        let site = try await site(old)
        let text = try #require(try await multiget(site, version: version)?.text(.addressData))
        #expect(text.contains("VERSION:\(version)\r\n"))
        #expect(text.contains("N:Nov\u{E1}kov\u{E1};Eva\\, Dr.\r\n"), "\(text)")
        #expect(text.contains("FN:Nov\u{E1}kov\u{E1}\r\n"))
        #expect(text.contains("NOTE:one\\ntwo\\, three\r\n"))
        #expect(text.lowercased().contains("tel;type=home,voice:+420 1"))
        #expect(!text.contains("QUOTED-PRINTABLE"))
        #expect(try await site.send(.get, path).text == old)
    }

    /// A card in a card has no form in later versions: that one is refused, and the others come.
    @Test func whatCannotBeRewrittenIsRefusedByItself() async throws {
        let old =
            "BEGIN:VCARD\r\nVERSION:2.1\r\nUID:a\r\nN:A\r\nAGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nN:B\r\nEND:VCARD\r\n"
            + "END:VCARD\r\n"
        let site = try await site(old)
        #expect(try await site.send(.put, addressbook + "b.vcf", body: Body.card(uid: "b", "Bob")).status == 201)
        let body =
            "<CR:addressbook-query \(Body.namespaces)><prop><getetag/><CR:address-data version='4.0'/></prop>"
            + "<CR:filter/></CR:addressbook-query>"
        let answer = try await site.report(addressbook, body: body).multistatus
        #expect(answer[path]?.status?.code == 403)
        #expect(answer[path]?.error?.elements.first?.name == .supportedAddressDataConversion)
        #expect(answer[addressbook + "b.vcf"]?.text(.addressData)?.contains("VERSION:4.0") == true)
        #expect(try await site.send(.get, path, [.accept: "text/vcard;version=4.0"]).status == 406)
        #expect(try await site.send(.get, path).text == old)
    }
}
