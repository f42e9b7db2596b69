internal import Accounts
internal import ArgumentParser
internal import Foundation

/// `fasti user`: who may log in to the server.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Manage the names and passwords of the server.",
        discussion: """
            Passwords are kept as Argon2id hashes. A running server notices changes by itself. A new password is asked \
            for twice on the terminal, or read from standard input with --stdin.

            Examples:
              fasti user add --users ~/dav/users anna
              pwgen 20 1 | fasti user passwd --users ~/dav/users --stdin anna
              fasti user list --users ~/dav/users
              fasti user device --users ~/dav/users anna phone
            """,
        subcommands: [
            UserAddCommand.self, UserPasswordCommand.self, UserDeviceCommand.self, UserListCommand.self,
            UserRemoveCommand.self,
        ])
}

struct UsersFileOption: ParsableArguments {
    @Option(
        name: .customLong("users"), help: ArgumentHelp("The users file.", valueName: "file"), completion: .file())
    var users: String
}

struct UserAddCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a user; creates the users file when it is missing.",
        discussion: "Example:\n  fasti user add --users ~/dav/users anna")

    @OptionGroup var file: UsersFileOption
    @Flag(name: .customLong("stdin"), help: "Read the password from standard input.") var stdin = false
    @Argument(help: "The name to log in with; it becomes part of the user's URLs.") var name: String
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws { try check(name) }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let path = context.absolute(file.users)
        var users = FileManager.default.fileExists(atPath: path) ? try UsersFile.load(path) : UsersFile()
        guard users.hash(of: name) == nil else {
            throw CommandError.usage(
                "There is already a user \"\(name)\".", advice: "To change the password: fasti user passwd \(name)")
        }
        try users.add(name, try PasswordHash(password: try NewPassword.read(for: name, fromInput: stdin)))
        try users.save(path)
        try context.show(
            text: "Added the user \"\(name)\".",
            json: ["version": .schemaVersion, "type": "user.added", "name": .string(name)])
        return .success
    }
}

struct UserPasswordCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "passwd", abstract: "Change the password of a user.",
        discussion: "Example:\n  fasti user passwd --users ~/dav/users anna")

    @OptionGroup var file: UsersFileOption
    @Flag(name: .customLong("stdin"), help: "Read the password from standard input.") var stdin = false
    @Argument(help: "The name of the user.") var name: String
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let path = context.absolute(file.users)
        var users = try UsersFile.load(path)
        if users.hash(of: name) == nil { try users.remove(name) }
        try users.replace(name, try PasswordHash(password: try NewPassword.read(for: name, fromInput: stdin)))
        try users.save(path)
        try context.show(
            text: "Changed the password of \"\(name)\".",
            json: ["version": .schemaVersion, "type": "user.changed", "name": .string(name)])
        return .success
    }
}

struct UserDeviceCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Make a password for one device of a user.",
        discussion: """
            The password is made here and shown once. A device that is lost is locked out with "fasti user rm NAME/DEVICE"; \
            the others go on.

            Example:
              fasti user device --users ~/dav/users anna phone
            """)

    @OptionGroup var file: UsersFileOption
    @Argument(help: "The name of the user.") var name: String
    @Argument(help: "A name for the device.") var device: String
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws { try check(device) }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let path = context.absolute(file.users)
        var users = try UsersFile.load(path)
        let password = GeneratedPassword()
        try users.add(device: device, of: name, try PasswordHash(generated: password))
        try users.save(path)
        try context.show(
            text: "The password for \"\(device)\" of \"\(name)\" is shown this once:\n\n  \(password.text)",
            json: [
                "version": .schemaVersion, "type": "user.device.added", "name": .string(name),
                "device": .string(device), "password": .string(password.text),
            ])
        return .success
    }
}

struct UserListCommand: ContextualCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the users.")

    @OptionGroup var file: UsersFileOption
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let users = try UsersFile.load(context.absolute(file.users))
        let names = users.names
        if context.printsJSON {
            try context.output.json([
                "version": .schemaVersion, "type": "users", "users": .array(names.map { .string($0) }),
            ])
        } else {
            for name in names {
                try context.output.line(name)
                for device in users.devices(of: name) { try context.output.line("\(name)/\(device)") }
            }
        }
        return .success
    }
}

struct UserRemoveCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove a user, or the password of a device; the calendars stay.",
        discussion: "Example:\n  fasti user rm --users ~/dav/users anna")

    @OptionGroup var file: UsersFileOption
    @Argument(help: "The name of the user.") var name: String
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let path = context.absolute(file.users)
        var users = try UsersFile.load(path)
        try users.remove(name)
        try users.save(path)
        try context.show(
            text: "Removed the user \"\(name)\". The calendars are still in the data folder.",
            json: ["version": .schemaVersion, "type": "user.removed", "name": .string(name)])
        return .success
    }
}

private func check(_ name: String) throws {
    do throws(AccountsError) {
        try UsersFile.check(name: name)
    } catch {
        throw ValidationError(error.description)
    }
}
