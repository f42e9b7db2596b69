import NIOCore
import NIOSSL
import Synchronization

/// The certificate that the server shows, read from files and read again when they have been renewed.
package final class ServerCertificate: Sendable {
    private struct Loaded: Sendable {
        let chain: [NIOSSLCertificateSource]
        let key: NIOSSLPrivateKeySource
    }

    private let chainPath: String
    private let keyPath: String
    private let current: Mutex<Loaded>

    /// - Parameters:
    ///   - chain: PEM file with the server's certificate first, then those of the authorities.
    ///   - key: PEM file with the private key that belongs to it.
    /// - Throws: ``CertificateError`` when a file cannot be read, or the two do not belong together.
    package init(chain: String, key: String) throws {
        chainPath = chain
        keyPath = key
        current = Mutex(try Self.load(chain, key))
    }

    /// Reads the files again; connections from now on see what is in them. When they are no good, the old ones stay.
    package func reload() throws {
        let fresh = try Self.load(chainPath, keyPath)
        current.withLock { $0 = fresh }
    }

    private static func load(_ chain: String, _ key: String) throws -> Loaded {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(chain)
        } catch {
            throw CertificateError(reason: "The certificate \(chain) cannot be read as PEM.")
        }
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
        } catch {
            throw CertificateError(reason: "The private key \(key) cannot be read as PEM.")
        }
        let loaded = Loaded(chain: certificates.map { .certificate($0) }, key: .privateKey(privateKey))
        do {
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: loaded.chain, privateKey: loaded.key))
        } catch {
            throw CertificateError(reason: "The private key \(key) does not belong to the certificate \(chain).")
        }
        return loaded
    }

    /// TLS 1.2 and newer; each connection asks for the certificate that is in force then.
    func configuration() -> TLSConfiguration {
        let loaded = current.withLock { $0 }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: loaded.chain, privateKey: loaded.key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.sslContextCallback = { [self] _, promise in
            let loaded = current.withLock { $0 }
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = loaded.chain
            override.privateKey = loaded.key
            promise.succeed(override)
        }
        return configuration
    }
}

/// Why a certificate is of no use, in words for an administrator.
package struct CertificateError: Error, CustomStringConvertible {
    package let reason: String
    package var description: String { reason }
}
