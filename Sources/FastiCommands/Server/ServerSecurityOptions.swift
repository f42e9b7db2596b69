internal import ArgumentParser
internal import HTTPFront

/// TLS, and who is believed about users.
struct ServerSecurityOptions: ParsableArguments {
    @Option(
        name: .customLong("tls-certificate"),
        help: ArgumentHelp(
            "Speak TLS with this certificate: a PEM file, with those of the authorities after it. SIGHUP reads it again.",
            valueName: "file"), completion: .file())
    var tlsCertificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp("The private key of the certificate, a PEM file.", valueName: "file"), completion: .file())
    var tlsKey: String?

    @Option(
        name: .customLong("trust-x-remote-user-from"),
        help: ArgumentHelp(
            "Believe the header X-Remote-User of a proxy at this address or network; can be given several times.",
            valueName: "address"))
    var trustedAddresses: [String] = []

    @Flag(
        name: .customLong("trust-x-remote-user-unix"),
        help: "Believe the header X-Remote-User of whoever connects to the Unix socket.")
    var trustsUnixSocket = false

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together.")
        }
        guard TrustedProxies(trustedAddresses, unixSocket: false) != nil else {
            throw ValidationError("--trust-x-remote-user-from takes addresses such as 127.0.0.1, ::1 or 10.0.0.0/8.")
        }
    }

    var trustsProxies: Bool { !trustedAddresses.isEmpty || trustsUnixSocket }

    /// nil when nobody is believed.
    func proxies() throws -> TrustedProxies? {
        trustsProxies ? TrustedProxies(trustedAddresses, unixSocket: trustsUnixSocket) : nil
    }

    func certificate(_ context: CommandContext) throws -> ServerCertificate? {
        guard let tlsCertificate, let tlsKey else { return nil }
        do {
            return try ServerCertificate(chain: context.absolute(tlsCertificate), key: context.absolute(tlsKey))
        } catch {
            throw CommandError(.inputOutput, "\(error)", advice: "Nothing is served without it.")
        }
    }
}
