internal import ArgumentParser
internal import BackupEngine
internal import ObjectMeaning

/// The options that choose events, tasks and contacts by what they say.
struct ObjectOptions: ParsableArguments {
    @Option(name: .customLong("uid"), help: ArgumentHelp("The object with this UID.", valueName: "uid"))
    var uid: String?

    @Option(
        name: .customLong("summary"),
        help: ArgumentHelp("Objects with this text in their title, or in the name of a contact.", valueName: "text"))
    var title: String?

    @Option(
        name: .customLong("attendee"),
        help: ArgumentHelp("Events with this person, by a part of name or mail address.", valueName: "text"))
    var person: String?

    @Option(
        name: .customLong("contact"),
        help: ArgumentHelp("Contacts with this in name, organisation, mail or phone number.", valueName: "text"))
    var contact: String?

    @Option(
        name: .customLong("on"),
        help: ArgumentHelp(
            "Events and tasks of that day, also repeated ones: 2026-03-10, today, 2026-03, FROM..TO.", valueName: "days"
        ))
    var days: DayRange?

    var isEmpty: Bool { uid == nil && title == nil && person == nil && contact == nil && days == nil }

    func validate() throws {
        for text in [uid, title, person, contact] where text?.isEmpty == true {
            throw ValidationError("A text to look for is empty.")
        }
    }

    func query(_ context: CommandContext) -> ObjectQuery {
        var query = ObjectQuery(context.readerTimes)
        query.uid = uid
        query.title = title
        query.person = person
        query.contact = contact
        query.range = days?.range(at: context.moment)
        return query
    }
}
