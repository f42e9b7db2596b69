internal import ArgumentParser
internal import ConnectorKit
internal import DAVClient
internal import DAVConnector
internal import FastiConfiguration

/// `source login NAME`: the one time that a person has to agree to a login with OAuth.
struct EntryLoginCommand<Kind: EntryKindProvider>: ContextualCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "login", abstract: "Log in to a \(Kind.kind.rawValue) with OAuth, once.",
            discussion: """
                For accounts with name=google, name=microsoft or a token_url. An address is shown: open it in a browser on \
                this machine, agree, and the browser brings the login back here. With --device it may be a browser on any \
                device, where the provider offers that. With --paste it may be any browser as well: copy the address that \
                it could not open in the end, and paste it here.

                The login is kept for this user only, and renewed by itself. Source and destination of the same account \
                share it.

                Examples:
                  fasti \(Kind.kind.rawValue) login NAME
                  fasti \(Kind.kind.rawValue) login NAME --device
                """)
    }

    @Flag(name: .customLong("device"), help: "Agree on another device, by typing a code there.") var device = false
    @Flag(name: .customLong("paste"), help: "Bring the address from the browser back by hand.") var paste = false
    @Argument(help: "The name of the entry.") var name: EntryName
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if device, paste { throw ValidationError("Only one of --device and --paste can be had at once.") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let place = try context.configuration.resolve(
            .named(name.text, override: nil), kind: Kind.kind, environment: context.environment)
        let settings = try place.configuration(workingDirectory: context.workingDirectory)
        let transport = HTTPTransport()
        try await context.closing(transport.shutdown) {
            let login = try OAuthLogin(settings, transport: transport)
            if device {
                try await login.onOtherDevice { address, code, complete in
                    try show("Open \(address) and type \(code).", address: complete ?? address, code: code, context)
                }
            } else if paste {
                try await login.byHand { address in
                    try show("Open this address in a browser:\n\(address)", address: address, code: nil, context)
                    context.note("Then paste the address that the browser ended at:")
                    guard let line = readLine(strippingNewline: true), !line.isEmpty else {
                        throw CommandError(.inputOutput, "There was no address on standard input.")
                    }
                    return line
                }
            } else {
                try await login.inBrowser { address in
                    try show(
                        "Open this address in a browser on this machine:\n\(address)", address: address, code: nil,
                        context)
                }
            }
        }
        try confirm("Logged in to the \(Kind.kind.rawValue) \"\(name.text)\".", Kind.kind, name.text, "login", context)
        return .success
    }

    /// Shown at once, even with `--quiet`: nothing goes on without it.
    private func show(_ text: String, address: String, code: String?, _ context: CommandContext) throws {
        try context.show(
            text: text,
            json: [
                "version": .schemaVersion, "type": .string("\(Kind.kind.rawValue).login.open"),
                "name": .string(name.text), "address": .string(address), "code": .optional(code),
            ])
        try context.output.flush()
    }
}
