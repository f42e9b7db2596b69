import CollectionStore
import PeerPrograms
import Testing

@Suite struct NameTests {
    static let hostile = [
        "", ".", "..", ".git", ".GIT", ".Git", ".g\u{200C}it", ".git ", ".git.", ".gitmodules", ".gitignore",
        ".GITattributes",
        "git~1", "GIT~1", "a/b", "/", "a\\b", "..\\x", "a\0b", "\n", "a\r\nb", "\u{7F}", ".xandikos", ".XANDIKOS",
        ".fasti-new-1", String(repeating: "a", count: 256), String(repeating: "ž", count: 128),
    ]

    @Test(arguments: hostile)
    func hostileNamesAreRefused(name: String) {
        #expect(throws: CollectionStoreError(.invalidName, "")) { try MemberName(name) }
        #expect(throws: CollectionStoreError(.invalidName, "")) { try CollectionPath(segments: ["a", name]) }
        // A path leaves out empty segments and takes the rest for segments.
        if name.contains(where: { $0 != "/" }), !name.contains("/") {
            #expect(throws: CollectionStoreError(.invalidName, "")) { try CollectionPath("/a/" + name) }
            #expect(throws: CollectionStoreError(.invalidName, "")) { try CollectionPath.root.appending(name) }
        }
    }

    @Test(arguments: ["a", "a.ics", "...", "žluťoučký kůň.ics", "%2F", ".hidden.ics", "a b+c@d:e?f#g", "legit.ics"])
    func ordinaryNamesAreAllowed(name: String) throws {
        #expect(try MemberName(name).string == name)
    }

    @Test func namesAreComparedByBytes() throws {
        let (composed, decomposed) = (try MemberName("\u{E9}"), try MemberName("e\u{301}"))
        #expect(composed.string == decomposed.string)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(try CollectionPath("/\u{E9}") != CollectionPath("/e\u{301}"))
        #expect(try MemberName("Z") < MemberName("a"))
    }

    @Test func pathsComeApart() throws {
        let path = try CollectionPath("//user/calendars/work/")
        #expect(path.string == "/user/calendars/work")
        #expect(path.name == "work")
        #expect(path.parent?.string == "/user/calendars")
        #expect(path.parent?.parent?.parent == .root)
        #expect(CollectionPath.root.parent == nil)
        #expect(try path.isWithin(CollectionPath("/user")))
        #expect(try !path.isWithin(CollectionPath("/use")))
        #expect(throws: CollectionStoreError(.invalidName, "")) {
            try CollectionPath(segments: (0..<100).map { "d\($0)" })
        }
    }

    @Test func hostileNamesNeverReachTheRepository() async throws {
        let scene = try await Scene()
        for name in Self.hostile {
            #expect(await code { try await scene.put(name, Samples.event("x")) } == .invalidName)
        }
        // What is in the directory but not ours to serve.
        for path in ["/cal/.git/config", "/cal/.xandikos", "/cal/.git"] {
            #expect(await code { _ = try await scene.storage.node(at: CollectionPath(path)) } == .invalidName)
        }
        try await scene.check()
        #expect(try await scene.view().members().isEmpty)
    }
}
