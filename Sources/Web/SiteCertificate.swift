package import Foundation
import HummingbirdHTTP2
package import Logging
import NIOCore
import NIOSSL
import Office
import ServiceLifecycle
import Synchronization

/// The site's certificate and key, read again when the files change: who renews a certificate need not restart anything.
///
/// New connections get the newest pair that fits together; those that are open keep theirs.
package final class SiteCertificate: Sendable {
    private let files: (certificate: String, key: String)
    private let logger: Logger
    private let pause: Duration
    private let state: Mutex<State>

    /// How often the files are looked at.
    package static let usualPause = Duration.seconds(10)
    /// From when on a certificate that runs out is worth a word a day.
    private static let noticeDays = 14

    private struct State {
        var pair: Pair
        var stamp: [Stamp]
        var warnedAt: Date?
    }

    /// What the certificate in use is for, in words for a log: its name and its other names.
    package var serial: String { state.withLock { $0.pair.serial } }

    private struct Pair: Sendable {
        let serial: String
        let chain: [NIOSSLCertificateSource]
        let key: NIOSSLPrivateKeySource
        let endsAt: Date

        var override: NIOSSLContextConfigurationOverride {
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = chain
            override.privateKey = key
            return override
        }
    }

    /// What changes when a file is written or another is put in its place.
    private struct Stamp: Equatable {
        let number: UInt64
        let size: UInt64
        let changedAt: Date?
    }

    /// Reads the pair.
    ///
    /// - Parameters:
    ///   - files: paths of PEM files; the certificate's holds the chain, the site's own first.
    ///   - pause: between two looks at the files.
    /// - Throws: ``OfficeError`` `badInput` where a file cannot be read or the key is another certificate's.
    package init(certificate: String, key: String, pause: Duration = SiteCertificate.usualPause, logger: Logger) throws {
        files = (certificate, key)
        self.logger = logger
        self.pause = pause
        // Looked at before it is read: a file that changes in between is read again.
        let stamp = Self.stamp(certificate, key)
        state = Mutex(State(pair: try Self.read(certificate, key), stamp: stamp))
    }

    /// How the site speaks TLS: versions and ciphers as Mozilla's "intermediate" profile has them (wiki.mozilla.org/Security/Server_Side_TLS),
    /// less its DHE ciphers, which nobody needs who can do TLS 1.2.
    var tls: TLSConfiguration {
        let pair = state.withLock { $0.pair }
        var tls = Self.configuration(pair)
        tls.sslContextCallback = { [self] _, promise in promise.succeed(state.withLock { $0.pair.override }) }
        return tls
    }

    private static func configuration(_ pair: Pair) -> TLSConfiguration {
        var tls = TLSConfiguration.makeServerConfiguration(certificateChain: pair.chain, privateKey: pair.key)
        tls.minimumTLSVersion = .tlsv12
        tls.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
        return tls
    }

    private static func read(_ certificate: String, _ key: String) throws -> Pair {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            guard let own = chain.first else { throw NIOSSLError.failedToLoadCertificate }
            let pair = Pair(
                serial: own.serialNumber.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
                chain: chain.map { .certificate($0) },
                key: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)),
                endsAt: Date(timeIntervalSince1970: TimeInterval(own.notValidAfter)))
            // BoringSSL refuses a key that is not the certificate's.
            _ = try NIOSSLContext(configuration: configuration(pair))
            return pair
        } catch {
            throw OfficeError(
                .badInput, "The TLS certificate or its key cannot be used: \(error).",
                hint: "Both must be PEM files that this user may read and belong together, and the key must have no passphrase.")
        }
    }

    private static func stamp(_ paths: String...) -> [Stamp] {
        paths.map { path in
            let attributes =
                (try? FileManager.default.attributesOfItem(atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)) ?? [:]
            return Stamp(
                number: (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0,
                size: (attributes[.size] as? NSNumber)?.uint64Value ?? 0, changedAt: attributes[.modificationDate] as? Date)
        }
    }

    /// Looks at the files once, and takes over what changed.
    package func look(now: Date = Date()) {
        let stamp = Self.stamp(files.certificate, files.key)
        if stamp != state.withLock({ $0.stamp }) {
            do {
                let pair = try Self.read(files.certificate, files.key)
                state.withLock { state in
                    state.pair = pair
                    state.warnedAt = nil
                }
                logger.info(
                    "the site's certificate was renewed",
                    metadata: ["serial": "\(pair.serial)", "valid until": "\(Self.day(pair.endsAt))"])
            } catch {
                // Perhaps only one of the two is new as yet. The old pair goes on; whatever is changed next is tried again.
                logger.warning("the site's new certificate cannot be used, so the old one stays", metadata: ["error": "\(error)"])
            }
            state.withLock { $0.stamp = stamp }
        }
        let (endsAt, warnedAt) = state.withLock { ($0.pair.endsAt, $0.warnedAt) }
        guard endsAt < now.addingTimeInterval(Double(Self.noticeDays) * 86_400),
            warnedAt.map({ $0 < now.addingTimeInterval(-86_400) }) ?? true
        else { return }
        state.withLock { $0.warnedAt = now }
        logger.warning(
            endsAt < now
                ? "the site's certificate has run out: voters' browsers refuse the site" : "the site's certificate runs out soon: renew it",
            metadata: ["valid until": "\(Self.day(endsAt))"])
    }

    private static func day(_ date: Date) -> String { date.formatted(.iso8601.year().month().day()) }
}

extension SiteCertificate: Service {
    /// Looks at the files again and again, until it is told to stop.
    package func run() async throws {
        look()
        await cancelWhenGracefulShutdown { [self] in
            while (try? await Task.sleep(for: pause)) != nil { look() }
        }
    }
}
