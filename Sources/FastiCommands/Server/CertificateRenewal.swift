internal import HTTPFront
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Reads the certificate again when the process gets SIGHUP, as programs that renew certificates send it.
struct CertificateRenewal: Service {
    let certificate: ServerCertificate
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                try certificate.reload()
                logger.notice("The certificate has been read again.")
            } catch {
                logger.error("The certificate stays as it was: \(error)")
            }
        }
    }
}
