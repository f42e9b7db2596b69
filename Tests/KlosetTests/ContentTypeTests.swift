import Kloset
import Testing

@Suite struct ContentTypeTests {
    @Test(arguments: [
        ("", "text/plain"), ("BEGIN:VCALENDAR\r\n", "text/calendar"), ("\u{FEFF}begin:vcard\n", "text/vcard"),
        ("Grüße\n", "text/plain; charset=utf-8"), ("{\"a\": 1}", "application/json"),
        ("{a}", "text/plain; charset=utf-8"),
        ("#!/bin/sh\nexit\n", "text/x-shellscript"), ("%PDF-1.7", "application/pdf"),
        ("a\0b", "application/octet-stream"),
    ])
    func tellsFromTheFirstBytes(content: String, expected: String) {
        #expect(ContentType.sniff(Array(content.utf8)[...]) == expected)
    }

    @Test func aCharacterCutByTheEndOfTheSampleIsStillText() {
        let content = Array(String(repeating: "ü", count: 3000).utf8)
        #expect(ContentType.sniff(content[..<4095]) == "text/plain; charset=utf-8")
        #expect(ContentType.sniff([0xFF, 0xFE, 0x41]) == "application/octet-stream")
    }
}
