import DAVConnector
import Testing

/// Point 15: reversible names without collisions.
@Suite struct MemberNameTests {
    @Test(arguments: [
        ("a.ics", "a.ics"),
        ("a", "a=.ics"),
        ("a%40b.ics", "a=40b.ics"),
        ("a@b.ics", "a@b.ics"),
        ("a%2Fb.ics", "a=2Fb.ics"),
        ("a%2fb.ics", "a=2fb.ics"),
        ("caf%C3%A9.ics", "café.ics"),
        ("caf%c3%a9.ics", "caf=c3=a9.ics"),
        ("two%20words.ics", "two words.ics"),
        ("a=b.ics", "a=_3Db.ics"),
        ("-1.ics", "=_2D1.ics"),
        (".hidden.ics", "=_2Ehidden.ics"),
        ("%2E%2E", "=2E=2E=.ics"),
        ("%FF.ics", "=FF.ics"),
        ("%00.ics", "=00.ics"),
        ("+.ics", "=_2B.ics"),
        ("%20x.ics", "=20x.ics"),
    ])
    func point15_namesAreReadableAndReversible(segment: String, name: String) {
        #expect(MemberName.name(forSegment: segment, ending: "ics") == name)
        #expect(MemberName.segment(forName: name, ending: "ics") == segment)
    }

    @Test func point15_differentSegmentsNeverShareAName() {
        let pieces = ["a", "%41", "=", "%3D", "%3d", "_", ".", "%2E", "%2F", "%C3%A9", "%c3%a9", "-", ".ics"]
        var names: [String: String] = [:]
        for one in pieces {
            for two in pieces {
                for three in pieces {
                    let segment = one + two + three
                    let name = MemberName.name(forSegment: segment, ending: "ics")
                    #expect(names[name] == nil || names[name] == segment, "\(name)")
                    names[name] = segment
                    #expect(MemberName.segment(forName: name, ending: "ics") == segment)
                    #expect(!name.contains("/") && name.utf8.first.map { $0 > UInt8(ascii: ".") } == true)
                }
            }
        }
    }

    @Test func longNamesAreCutAndStayDifferent() {
        let one = MemberName.name(forSegment: String(repeating: "x", count: 400) + "1.ics", ending: "ics")
        let two = MemberName.name(forSegment: String(repeating: "x", count: 400) + "2.ics", ending: "ics")
        #expect(one != two)
        #expect(one.utf8.count <= 220 && one.hasSuffix(".ics"))
        #expect(MemberName.segment(forName: one, ending: "ics") == nil, "only the side file knows it")
    }
}
