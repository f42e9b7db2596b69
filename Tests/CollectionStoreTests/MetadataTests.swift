import CollectionStore
import Foundation
import PeerPrograms
import Testing

/// Metadata as different versions of Xandikos, and administrators, have left it.
@Suite(.enabled(if: GitProgram.isInstalled, "git is not installed")) struct MetadataTests {
    private func repository(_ files: [String: String], bare: Bool = false) async throws -> (TemporaryFolder, GitProgram)
    {
        let folder = try TemporaryFolder()
        let work = folder.url.appending(path: "c")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        let git = GitProgram(in: work.path)
        try await git("init", "-q")
        for (name, text) in files {
            let file = work.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try await git("add", "-A")
        try await git("commit", "-q", "--allow-empty", "-m", "start")
        return (folder, git)
    }

    private func view(_ folder: TemporaryFolder) async throws -> any CollectionView {
        try await GitCollectionStorage(root: folder.path).view(CollectionPath("/c"))
    }

    private let event = String(decoding: Samples.event("e"), as: UTF8.self)
    private let card = String(decoding: Samples.card("c"), as: UTF8.self)

    @Test func theFileIsReadAsPythonReadsIt() async throws {
        let (folder, _) = try await repository([
            ".xandikos": """
            # comment
            [DEFAULT]
            Type : addressbook
            DisplayName = 50%% of %(comment)s
            comment=all
            description = first
            \tsecond

            \t  third
            ; another
            color = #123456

            [calendar]
            ORDER = 7
            Supported-Components = VEVENT, vtodo,

            [unknown]
            key = kept

            """
        ])
        let view = try await view(folder)
        #expect(view.type == .addressbook)
        #expect(view.displayName == "50% of all")
        #expect(view.properties.description == "first\nsecond\n\nthird")
        #expect(view.properties.color == "#123456")
        #expect(view.properties.order == "7")
        #expect(view.properties.supportedComponents == ["VEVENT", "VTODO"])

        let storage = try GitCollectionStorage(root: folder.path)
        try await storage.updateProperties(at: CollectionPath("/c"), by: ChangeAuthor()) { $0.color = "#000000" }
        let text = try String(contentsOfFile: folder.appending("c/.xandikos"), encoding: .utf8)
        #expect(text.contains("color = #000000\n"))
        #expect(text.contains("displayname = 50%% of %(comment)s\n"))
        #expect(text.contains("[unknown]\nkey = kept\n"))
    }

    @Test func theConfigurationComesFirst() async throws {
        let (folder, git) = try await repository([".xandikos": "[DEFAULT]\ntype = calendar\ndisplayname = file\n"])
        #expect(try await view(folder).displayName == "file")
        let storage = try GitCollectionStorage(root: folder.path)
        let path = try CollectionPath("/c")
        #expect(try await storage.view(path).type == .calendar)
        try await git("config", "xandikos.type", "addressbook")
        try await git("config", "xandikos.displayname", "Žlutá kniha")
        try Data("What it is\n".utf8).write(to: URL(filePath: folder.appending("c/.git/description")))
        let changed = try await storage.view(path)
        #expect(changed.type == .addressbook)
        #expect(changed.displayName == "Žlutá kniha")
        let head = try await git("rev-parse", "HEAD")
        try await storage.updateProperties(at: path, by: ChangeAuthor()) {
            $0.color = "#ff0000"
            $0.displayName = nil
            $0.description = "New"
        }
        #expect(try await git("config", "xandikos.color") == "#ff0000\n")
        #expect(try await git("rev-parse", "HEAD") == head)
        let after = try await GitCollectionStorage(root: folder.path).view(path)
        #expect(after.properties.color == "#ff0000")
        #expect(after.properties.description == "New")
        #expect(after.displayName == "c")
        #expect(
            await code {
                try await storage.updateProperties(at: path, by: ChangeAuthor()) { $0.supportedComponents = ["VTODO"] }
            } == .invalidProperty)
    }

    @Test func theDirectoryIsReadAndWritten() async throws {
        let (folder, git) = try await repository([
            ".xandikos/config": "[DEFAULT]\ntype = calendar\ndisplayname = Moved\n\n",
            ".xandikos/availability.ics": "x", "a.ics": event,
        ])
        #expect(try await view(folder).displayName == "Moved")
        #expect(try await view(folder).names() == ["a.ics"])
        let storage = try GitCollectionStorage(root: folder.path)
        try await storage.updateProperties(at: CollectionPath("/c"), by: ChangeAuthor()) { $0.color = "#ff0000" }
        #expect(
            try await git("show", "HEAD:.xandikos/config")
                == "[DEFAULT]\ntype = calendar\ndisplayname = Moved\ncolor = #ff0000\n\n")
        #expect(try await git("status", "--porcelain") == "")
        try await git.check()
        #expect(try await git("ls-files") == ".xandikos/availability.ics\n.xandikos/config\na.ics\n")
    }

    @Test func theTypeIsGuessedFromTheMembers() async throws {
        #expect(try await view(repository([:]).0).type == .other)
        #expect(try await view(repository(["a.ics": event]).0).type == .calendar)
        #expect(try await view(repository(["a.vcf": card, "b.txt": "x"]).0).type == .addressbook)
        #expect(try await view(repository(["a.ics": event, "b.vcf": card]).0).type == .addressbook)
        #expect(
            try await view(repository([".xandikos": "[DEFAULT]\ntype = nonsense\n", "a.ics": event]).0).type
                == .calendar)
    }

    @Test func onlyFilesAreMembers() async throws {
        let (folder, git) = try await repository(["a.ics": event, "sub/b.ics": event, "x\\y.ics": event])
        try FileManager.default.createSymbolicLink(
            atPath: folder.appending("c/link.ics"), withDestinationPath: "/etc/passwd")
        try await git("add", "-A")
        try await git("commit", "-q", "-m", "link")
        let view = try await view(folder)
        #expect(try await view.names() == ["a.ics"])
        #expect(try await view.bytes("link.ics") == nil)
        // They stay, and a change beside them leaves them alone.
        let storage = try GitCollectionStorage(root: folder.path)
        _ = try await storage.put(
            Samples.event("n"), as: MemberName("n.ics"), in: CollectionPath("/c"), if: .any, by: ChangeAuthor())
        #expect(
            await code {
                _ = try await storage.put(
                    Samples.event("l"), as: MemberName("link.ics"), in: CollectionPath("/c"), if: .any,
                    by: ChangeAuthor())
            } == .alreadyExists)
        #expect(try await git("status", "--porcelain") == "")
        #expect(try await git("ls-files").split(separator: "\n").count == 5)
        try await git.check()
    }
}
