internal import ArgumentParser

/// Options of Xandikos for what this server does not do yet: mail with invitations, push, announcing itself. Its command
/// lines start all the same, because calendars that are served without these are better than none; what is missing is said.
struct XandikosLaterOptions: ParsableArguments {
    @Option(name: .customLong("imip-send"), help: XandikosLaterOptions.later)
    var imipSend: String?
    @Option(name: .customLong("smtp-from"), help: XandikosLaterOptions.later)
    var smtpFrom: String?
    @Option(name: .customLong("sendmail-binary"), help: XandikosLaterOptions.later)
    var sendmailBinary: String?
    @Option(name: .customLong("smtp-host"), help: XandikosLaterOptions.later)
    var smtpHost: String?
    @Option(name: .customLong("smtp-port"), help: XandikosLaterOptions.later)
    var smtpPort: Int?
    @Option(name: .customLong("smtp-encryption"), help: XandikosLaterOptions.later)
    var smtpEncryption: String?
    @Option(name: .customLong("smtp-user"), help: XandikosLaterOptions.later)
    var smtpUser: String?
    @Option(name: .customLong("smtp-password-file"), help: XandikosLaterOptions.later)
    var smtpPasswordFile: String?
    @Option(name: .customLong("imip-listen"), help: XandikosLaterOptions.later)
    var imipListen: String?
    @Option(name: .customLong("imip-listen-mode"), help: XandikosLaterOptions.later)
    var imipListenMode: String?
    @Option(name: .customLong("imip-listen-group"), help: XandikosLaterOptions.later)
    var imipListenGroup: String?
    @Option(name: .customLong("milter-listen"), help: XandikosLaterOptions.later)
    var milterListen: String?
    @Option(name: .customLong("milter-listen-mode"), help: XandikosLaterOptions.later)
    var milterListenMode: String?
    @Option(name: .customLong("milter-listen-group"), help: XandikosLaterOptions.later)
    var milterListenGroup: String?
    @Flag(name: .customLong("webdav-push"), help: XandikosLaterOptions.later)
    var webDAVPush = false
    @Flag(name: .customLong("avahi"), help: XandikosLaterOptions.later)
    var avahi = false

    private static let later = ArgumentHelp("Understood; a warning says what is not done.", visibility: .hidden)

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
