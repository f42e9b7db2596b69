import HTTPTypes
import Testing
import WebDAV
import XMLStream

@Suite struct MultistatusTests {
    private func sample() -> [UInt8] {
        var writer = MultistatusWriter()
        writer.response(
            "/user/a%20b.ics",
            propstats: [
                Propstat(status: .ok, properties: [XMLElement(.getetag, text: "\"1\"")]),
                Propstat(status: .notFound, properties: [XMLElement(.displayname)]),
                Propstat(status: .forbidden, properties: []),
            ])
        writer.response("/user/gone.ics", status: .notFound)
        writer.response(
            "/user/", status: .insufficientStorage, error: XMLElement(.numberOfMatchesWithinLimits), description: "more"
        )
        return writer.finish(syncToken: "data:,1")
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let read = try Multistatus(parsing: sample())
        #expect(read.syncToken == "data:,1")
        #expect(read.responses.map(\.hrefs) == [["/user/a%20b.ics"], ["/user/gone.ics"], ["/user/"]])
        #expect(read.responses[0].property(.getetag)?.text == "\"1\"")
        #expect(read.responses[0].property(.displayname) == nil)
        #expect(read.responses[0].propstats.map(\.status.code) == [200, 404])
        #expect(read.responses[1].status?.code == 404)
        #expect(read.responses[2].error?.elements.map(\.name) == [.numberOfMatchesWithinLimits])
        #expect(read.responses[2].description == "more")
    }

    @Test func calendarDataKeepsItsLineEnds() throws {
        let data = "BEGIN:VCALENDAR\r\nSUMMARY:a & b <c>\r\n ]]>\r\nEND:VCALENDAR\r\n"
        var writer = MultistatusWriter()
        writer.response("/x", propstats: [Propstat(status: .ok, properties: [XMLElement(.calendarData, text: data)])])
        let read = try Multistatus(parsing: writer.finish())
        #expect(read.responses.first?.property(.calendarData)?.text == data)
    }

    @Test func everyTruncationIsAnError() {
        let whole = sample()
        for count in 0..<(whole.count - 1) {
            #expect(throws: XMLError.self) { try Multistatus(parsing: Array(whole.prefix(count))) }
        }
    }

    @Test func responsesComeAsTheyEnd() throws {
        let reader = try MultistatusReader()
        var hrefs: [String] = []
        for byte in sample() { hrefs += try reader.feed([byte]).flatMap(\.hrefs) }
        #expect(hrefs == ["/user/a%20b.ics", "/user/gone.ics", "/user/"])
        #expect(try reader.finish().syncToken == "data:,1")
    }

    private static let refused = [
        "<a xmlns='DAV:'/>", "<multistatus/>",
        "<multistatus xmlns='DAV:'><response><status>HTTP/1.1 200 OK</status></response></multistatus>",
        "<multistatus xmlns='DAV:'><response><href>/a</href></response></multistatus>",
        "<multistatus xmlns='DAV:'><response><href>/a</href><status>200</status></response></multistatus>",
        "<multistatus xmlns='DAV:'><response><href>/a</href><status>HTTP/1.1 +20 OK</status></response></multistatus>",
        "<multistatus xmlns='DAV:'><response><href>/a</href><propstat><prop/></propstat></response></multistatus>",
    ]

    @Test(arguments: refused)
    func whatIsNoMultistatusIsRefused(body: String) {
        #expect(throws: XMLError(.unexpectedElement, "")) { try Multistatus(parsing: Array(body.utf8)) }
    }

    @Test func whatOtherServersWriteIsRead() throws {
        let body = """
            <?xml version='1.0' encoding='UTF-8'?>
            <ns0:multistatus xmlns:ns0="DAV:" xmlns:e="urn:extra"><e:new/>
            <ns0:response><ns0:href> http://h/a </ns0:href><ns0:href>/b</ns0:href><ns0:status>HTTP/1.0 200</ns0:status>
            </ns0:response><ns0:response><ns0:href>/c</ns0:href><e:x><ns0:href>/no</ns0:href></e:x>
            <ns0:propstat><ns0:prop/><ns0:status>HTTP/1.1 418 I’m a teapot</ns0:status></ns0:propstat></ns0:response>
            </ns0:multistatus>
            """
        let read = try Multistatus(parsing: Array(body.utf8))
        #expect(read.responses.map(\.hrefs) == [["http://h/a", "/b"], ["/c"]])
        #expect(read.responses.last?.propstats.first?.status.code == 418)
    }

    @Test func errorBodiesHaveConditionAndSentence() throws {
        let error = DAVError(.forbidden, .validSyncToken, "That token is not known.")
        let root = try XMLElement(parsing: error.body)
        #expect(root.name == .error)
        #expect(root.elements.map(\.name) == [.validSyncToken, .responsedescription])
        #expect(root.first(.responsedescription)?.text == "That token is not known.")
    }

    // MARK: Members

    /// The quick reader says of members what the reader of elements says.
    @Test(arguments: [
        """
        <multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><response><href> /a.ics
        </href><propstat><prop><getetag> "1" </getetag><C:calendar-data>BEGIN:X&#13;
        A &amp; B &lt;c&gt;<![CDATA[ <d> ]]>&#13;
        </C:calendar-data><getcontentlength>12</getcontentlength>
        <getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</getlastmodified><getcontenttype>text/calendar</getcontenttype>
        <resourcetype/></prop><status>HTTP/1.1 200 OK</status></propstat></response>
        <response><href>/b/</href><propstat><status>HTTP/1.1 200</status><prop><resourcetype><collection/></resourcetype>
        <getetag/></prop></propstat><propstat><prop><getcontentlength>9</getcontentlength></prop>
        <status>HTTP/1.1 404 Not Found</status></propstat></response><sync-token> t1 </sync-token></multistatus>
        """,
        """
        <multistatus xmlns="DAV:"><response><href>/a</href><href>/b</href><status>HTTP/1.1 404 Gone</status></response>
        <response><href>/c</href><propstat><prop><getetag/><displayname/></prop><status>HTTP/1.1 404 No</status></propstat>
        </response><response><href>/d</href><propstat><prop/><status>HTTP/1.1 404 No</status></propstat></response>
        </multistatus>
        """,
        """
        <multistatus xmlns="DAV:" xmlns:x="urn:x"><x:y><response><href>/no</href></response></x:y>
        <response><x:href>/no</x:href><href>/a</href><propstat><prop><getetag>"1"<x:z>no</x:z>2</getetag>
        <x:getetag>"no"</x:getetag><getetag>"3"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat><propstat><prop>
        <getetag>"4"</getetag><getcontentlength>x</getcontentlength></prop><status>HTTP/1.1 204 OK</status></propstat>
        <error><x:q/></error></response></multistatus>
        """,
    ])
    func membersAreReadAsElementsAre(body: String) throws {
        let elements = try Multistatus(parsing: Array(body.utf8))
        for piece in [1, 7, 64, body.utf8.count] {
            let members = try members(Array(body.utf8), piece: piece)
            #expect(members.syncToken == elements.syncToken)
            #expect(members.responses.map(\.href) == elements.responses.flatMap(\.hrefs))
            for (member, response) in zip(
                members.responses, elements.responses.flatMap { response in response.hrefs.map { _ in response } })
            {
                let text = { (name: XMLName) in response.property(name)?.trimmedText }
                #expect(member.status == response.status?.code)
                #expect(member.properties.etag == text(.getetag).flatMap { $0.isEmpty ? nil : $0 })
                #expect(member.properties.contentType == text(.getcontenttype))
                #expect(member.properties.contentLength == text(.getcontentlength).flatMap { Int($0) })
                #expect(member.properties.lastModified == text(.getlastmodified).flatMap { HTTPDate.parse($0) })
                #expect(member.properties.data == response.property(.calendarData).map { Array($0.text.utf8) })
                #expect(
                    member.properties.isCollection
                        == (response.property(.resourcetype)?.first(.collection) != nil))
                let found = response.propstats.filter { $0.status.kind == .successful }.flatMap(\.properties)
                let missing = response.propstats.filter { $0.status.code == 404 }.flatMap(\.properties)
                #expect(member.lacksEverything == (found.isEmpty && !missing.isEmpty))
            }
        }
    }

    @Test func whatWasLeftOutIsNoMember() throws {
        let members = try members(sample(), piece: 50)
        #expect(members.responses.map(\.href) == ["/user/a%20b.ics", "/user/gone.ics"])
        #expect(members.isTruncated && members.responses.map(\.status) == [nil, 404])
        let whole = sample()
        for count in 0..<(whole.count - 1) {
            #expect(throws: XMLError.self) { try self.members(Array(whole.prefix(count)), piece: 100) }
        }
    }

    @Test(arguments: refused)
    func whatIsNoMultistatusHasNoMembers(body: String) {
        #expect(throws: XMLError(.unexpectedElement, "")) { try members(Array(body.utf8), piece: 20) }
    }

    private func members(_ body: [UInt8], piece: Int) throws -> MemberMultistatus {
        let reader = try MemberMultistatusReader()
        for start in stride(from: 0, to: body.count, by: piece) {
            try body[start..<min(start + piece, body.count)].withUnsafeBufferPointer { try reader.feed($0) }
        }
        return try reader.finish()
    }
}
