internal import ArgumentParser

/// Options of Xandikos for what this server does not do yet: mail with invitations, push, announcing itself. Its command
/// lines start all the same, because calendars that are served without these are better than none; what is missing is said.
struct XandikosLaterOptions: ParsableArguments {
    @Option(name: .customLong("imip-send"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var imipSend: String?
    @Option(name: .customLong("smtp-from"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var smtpFrom: String?
    @Option(name: .customLong("sendmail-binary"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var sendmailBinary: String?
    @Option(name: .customLong("smtp-host"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var smtpHost: String?
    @Option(name: .customLong("smtp-port"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var smtpPort: Int?
    @Option(name: .customLong("smtp-encryption"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var smtpEncryption: String?
    @Option(name: .customLong("smtp-user"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var smtpUser: String?
    @Option(
        name: .customLong("smtp-password-file"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var smtpPasswordFile: String?
    @Option(name: .customLong("imip-listen"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var imipListen: String?
    @Option(name: .customLong("imip-listen-mode"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var imipListenMode: String?
    @Option(name: .customLong("imip-listen-group"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var imipListenGroup: String?
    @Option(name: .customLong("milter-listen"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var milterListen: String?
    @Option(
        name: .customLong("milter-listen-mode"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var milterListenMode: String?
    @Option(
        name: .customLong("milter-listen-group"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var milterListenGroup: String?
    @Flag(name: .customLong("webdav-push"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var webDAVPush = false
    @Flag(name: .customLong("avahi"), help: ArgumentHelp(XandikosLaterOptions.later, visibility: .hidden))
    var avahi = false

    private static let later = "Understood; a warning says what is not done."

    /// What was asked for and is not done, for whoever starts the server.
    func warnings(_ environment: ServerEnvironment) throws -> [String] {
        var warnings: [String] = []
        let sends = imipSend ?? environment.text("XANDIKOS_IMIP_SEND")
        if let sends, sends != "off" {
            warnings.append(
                "--imip-send \(sends): no invitations are sent by mail yet. What apps store is kept as it is.")
        }
        if imipListen != nil || milterListen != nil || environment.text("XANDIKOS_MILTER_LISTEN") != nil {
            warnings.append("--imip-listen, --milter-listen: invitations that come by mail are not taken in yet.")
        }
        if webDAVPush {
            warnings.append("--webdav-push: apps are not told of changes yet; they find them when they ask.")
        }
        if try avahi || environment.flag("AVAHI") {
            warnings.append(
                "--avahi: the server does not announce itself; a file in /etc/avahi/services can do it for _caldav._tcp."
            )
        }
        return warnings
    }
}
