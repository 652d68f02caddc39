import ArgumentParser
import Elections
import Foundation
import Logging
import NIOCore
import Office
import ServiceLifecycle
import UnixSignals
import Web

/// `uocava serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the services: the voters' site, the office, or both.",
        usage: "uocava serve [all | public | office]",
        discussion: """
              public  the voters' site. Opens uocava.yaml and counter.sqlite, nothing
                      else: run it as a user who may read nothing else of the office.
              office  sends letters as they fall due, mails new links that voters ask for,
                      copies what voters did into the journal, and shows the desk
                      and /metrics at staff.listen.
              all     both in one process, for a small office or a trial.

            Examples:
              uocava serve
              uocava serve public --office /srv/uocava
              uocava serve office --office /srv/uocava --passphrase-file /run/passphrase

            Ends on Ctrl-C or SIGTERM, after finishing what voters are in the middle of. \
            The log goes to standard error.
            """)

    /// What one process serves.
    enum Role: String, ExpressibleByArgument, CaseIterable {
        case all, `public`, office
    }

    @Argument(help: ArgumentHelp("all, public or office.", valueName: "ROLE"))
    var role: Role = .all

    @OptionGroup var office: OfficeOptions

    /// Serves until it is told to stop.
    func run() async throws {
        TextLogHandler.install()
        // Whoever renews a certificate may send this out of habit; the site sees new files by itself, and must not end.
        signal(SIGHUP, SIG_IGN)
        Self.allowConnections()
        let logger = Logger(label: "uocava")
        let folder = try office.folder()
        var services: [any Service] = []
        var counter: Counter?
        switch role {
        case .all:
            let opened = try Office(folder, passphrase: office.passphrase)
            Self.warn(opened, logger)
            let shared = Counter(database: opened.unguardedCounter)  // why: this is the site's side of it
            counter = shared
            // No letter goes out before its link opens: the mailroom waits for the site.
            let (listening, tell) = AsyncStream<Void>.makeStream()
            let watch = OfficeWatch()
            services = [
                AfterSignal(signal: listening, service: OfficeProcess(opened, watch: watch, logger: logger)),
                try StaffSite(opened, watch: watch, logger: logger).service(), try site(folder, shared, logger) { tell.finish() }
            ]
        case .public:
            let own = Counter(database: try folder.openCounterDatabase())
            counter = own
            services = [try site(folder, own, logger)]
        case .office:
            let opened = try Office(folder, passphrase: office.passphrase)
            Self.warn(opened, logger)
            let watch = OfficeWatch()
            services = [
                OfficeProcess(opened, watch: watch, logger: logger), try StaffSite(opened, watch: watch, logger: logger).service()
            ]
        }
        var configuration = ServiceGroupConfiguration(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // A reader on a slow line must not keep the machine from restarting: what is cut off then is resumed by Range.
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        configuration.maximumCancellationDuration = .seconds(10)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await ServiceGroup(configuration: configuration).run())
        } catch let error as IOError {
            outcome = .failure(Self.cannotListen(at: folder.configuration.publicSite.listen, error))
        } catch let error as SocketAddressError.UnknownHost {
            outcome = .failure(
                OfficeError(
                    .badInput, "\(Printable.escape(error.host)) is no name that this machine knows.",
                    hint: "Correct public.listen in uocava.yaml: an address of this machine and a port, for example 127.0.0.1:8080."))
        } catch {
            outcome = .failure(error)
        }
        await counter?.stop()
        try outcome.get()
        logger.info("stopped")
    }

    /// What the system says of an address that cannot be listened at.
    private static func cannotListen(at place: Configuration.HostPort, _ error: IOError) -> OfficeError {
        let listen = place.host.contains(":") ? "[\(place.host)]:\(place.port)" : "\(place.host):\(place.port)"
        return switch error.errnoCode {
        case EADDRINUSE:
            OfficeError(
                .unavailable, "\(listen) is in use by another program, perhaps by another `uocava serve`.",
                hint: "Stop that one, or change public.listen in uocava.yaml.")
        case EACCES, EPERM:
            OfficeError(
                .notAllowed, "\(listen) may not be used by this user.",
                hint: "Ports below 1024 are privileged: use a higher one in public.listen, behind a proxy or a port redirection.")
        case EADDRNOTAVAIL:
            OfficeError(.badInput, "\(listen) is no address of this machine.", hint: "Correct public.listen in uocava.yaml.")
        default: OfficeError(.unavailable, "\(listen) cannot be used: \(String(cString: strerror(error.errnoCode))).")
        }
    }

    private func site(
        _ folder: OfficeFolder, _ counter: Counter, _ logger: Logger, onListening: @escaping @Sendable () -> Void = {}
    ) throws -> any Service {
        try PublicSite(configuration: folder.configuration, folder: folder.url, counter: counter, logger: logger) { _ in onListening() }
            .service()
    }

    /// As many open files as the system lets us have: it starts programs with 1024, and every connection is one.
    private static func allowConnections() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func warn(_ office: Office, _ logger: Logger) {
        guard !office.isTest, office.configuration.publicSite.isOnlyHere else { return }
        logger.warning("\(LocalAddress.sentence(office.configuration)) \(LocalAddress.remedy(office.folder.url))")
    }
}

/// A service that does nothing until a signal has ended; never, where it is stopped before.
private struct AfterSignal<Wrapped: Service>: Service {
    let signal: AsyncStream<Void>
    let service: Wrapped

    func run() async throws {
        await cancelWhenGracefulShutdown { for await _ in signal {} }
        guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return }
        try await service.run()
    }
}
