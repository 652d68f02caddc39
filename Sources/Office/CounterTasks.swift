import Keys
import Storage

/// What a change in the books still asks of the counter.
///
/// A ballot that is replaced or cancelled stands so from the moment when the books say it; its links end at the counter a moment later, and if
/// we crash between, the next one who catches up ends them. Nobody is without a link because of it: a replaced ballot has its follower by then.
struct CounterTasks {
    /// What to do about a ballot.
    enum Task: String {
        /// Its links open nothing any more, and visits on them end.
        case endLinks = "end_links"
        /// Its packet goes, with all that hangs on it: nobody was ever told of it.
        case sweep
    }

    private let office: Office

    /// Ballots in one transaction at the counter, whose lock claims wait for.
    private static let chunk = 48

    init(_ office: Office) { self.office = office }

    /// Writes down what is to be done, in the transaction of the change.
    static func add(_ task: Task, ballot: [UInt8], in books: Transaction) throws {
        try books.execute(
            "INSERT INTO counter_task (ballot, task) VALUES ($1, $2) ON CONFLICT (ballot) DO UPDATE SET task = excluded.task",
            .blob(ballot), .text(task.rawValue))
    }

    /// The ballots that wait for it.
    static func waiting(in books: Transaction) throws -> Set<[UInt8]> {
        Set(try books.all("SELECT ballot FROM counter_task") { try $0.blob("ballot") })
    }

    /// Does what is written down. Doing it twice changes nothing, so a crash anywhere is harmless.
    ///
    /// - Throws: ``CounterTrouble``; what is not done stays written down.
    func run() throws {
        while true {
            let tasks = try office.books.read { books in
                try books.all(
                    "SELECT t.ballot, t.task, b.status FROM counter_task t LEFT JOIN ballot b ON b.id = t.ballot LIMIT \(Self.chunk)"
                ) { row in
                    let task = Task(rawValue: try row.text("task"))
                    let status = try row.optionalText("status")
                    // From a ballot that stands nothing is taken away, whoever wrote it down.
                    let isDue = task == .sweep ? status == nil : status == "replaced" || status == "cancelled"
                    return (ballot: try row.blob("ballot"), task: isDue ? task : nil)
                }
            }
            guard !tasks.isEmpty else { return }
            let now = office.clock.now()
            try office.counter.write { counter in
                for task in tasks {
                    switch task.task {
                    case .endLinks: try LinkDesk.endLinks(of: task.ballot, at: now, in: counter)
                    case .sweep: try LinkDesk.sweep(task.ballot, in: counter)
                    case nil: break
                    }
                }
            }
            try office.books.write { books in
                for task in tasks { try books.execute("DELETE FROM counter_task WHERE ballot = $1", .blob(task.ballot)) }
            }
        }
    }
}
