import ArgumentParser
import Elections
import Foundation
import Logging
import Office
import ServiceLifecycle
import UnixSignals
import Web

/// `uocava serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the services: the voters' site, the office, or both.",
        discussion: """
              public  the voters' site. Opens uocava.yaml and counter.sqlite, nothing else: \
            run it as a user who may read nothing else of the office.
              office  sends letters as they fall due, and copies what voters did into the journal.
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
        let logger = Logger(label: "uocava")
        let folder = try office.folder()
        var services: [any Service] = []
        var counter: Counter?
        switch role {
        case .all:
            let opened = try Office(folder, passphrase: office.passphrase)
            let shared = Counter(database: opened.counter)
            counter = shared
            services = [OfficeProcess(opened, logger: logger), try site(folder, shared, logger)]
        case .public:
            let own = Counter(database: try folder.openCounterDatabase())
            counter = own
            services = [try site(folder, own, logger)]
        case .office:
            services = [OfficeProcess(try Office(folder, passphrase: office.passphrase), logger: logger)]
        }
        var configuration = ServiceGroupConfiguration(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // A reader on a slow line must not keep the machine from restarting: what is cut off then is resumed by Range.
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        configuration.maximumCancellationDuration = .seconds(10)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await ServiceGroup(configuration: configuration).run()) } catch { outcome = .failure(error) }
        await counter?.stop()
        try outcome.get()
        logger.info("stopped")
    }

    private func site(_ folder: OfficeFolder, _ counter: Counter, _ logger: Logger) throws -> any Service {
        try PublicSite(configuration: folder.configuration, folder: folder.url, counter: counter, logger: logger).service()
    }
}
