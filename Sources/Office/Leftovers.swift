import Elections
import Keys
import Storage

/// What the counter holds above the books' marks and the books do not know, told apart: what an interrupted run of ours left, and what somebody
/// else put there.
///
/// A link is ours if its look-up value follows from its id under one of the office's link keys, and its wrap opens under that token for its
/// ballot: nobody without the key can make one. A packet that the books do not have is ours if it has such a link. All else is foreign: it
/// is counted, named by the audit, and left where it is.
struct Leftovers {
    struct Link {
        let seq: Int64
        let id: [UInt8]
        let ballot: [UInt8]
    }

    /// Ballots whose packets and links nobody was ever told of.
    private(set) var unissued: [[UInt8]] = []
    private var seen: Set<[UInt8]> = []
    /// Links to ballots that the books have: replacements that stopped half-way.
    private(set) var replacements: [Link] = []
    private(set) var foreignLinks = 0
    private(set) var foreignPackets = 0
    /// The first of the foreign ones, in the words of the audit: a flood must not fill the memory.
    private(set) var named: (links: [String], packets: [String]) = ([], [])
    static let mostNamed = 50
    /// The highest numbers that were looked at: the marks when everything is done.
    private(set) var packetsSeen: Int64
    private(set) var linksSeen: Int64
    /// Whether the numbers at the counter began anew below the marks.
    private(set) var wasRewound = false

    /// Whether there is nothing at all above the marks.
    var isEmpty: Bool { unissued.isEmpty && replacements.isEmpty && foreignLinks == 0 && foreignPackets == 0 && !wasRewound }

    private static let page = 2000

    /// Looks at both databases. While somebody makes links, the newest are here too: hold the locks to be sure.
    ///
    /// - Throws: ``CounterTrouble``, or what is wrong with the books.
    static func find(in office: Office) throws -> Leftovers {
        let marks = try office.books.read { books in
            try books.first("SELECT packets_known, links_known FROM office WHERE id = 1") {
                (packets: try $0.integer("packets_known"), links: try $0.integer("links_known"))
            }
        }
        var found = Leftovers(packetsSeen: 0, linksSeen: 0)
        // SQLite never gives a number twice and keeps the highest here. Below a mark it was set back, and anything may be new.
        let highest = try office.counter.read { counter in
            var highest: [String: Int64] = [:]
            try counter.forEach(
                "SELECT name, max(seq) AS seq FROM sqlite_sequence WHERE name IN ('packet', 'link') AND typeof(seq) = 'integer' GROUP BY name"
            ) { highest[try $0.text("name")] = try $0.integer("seq") }
            return highest
        }
        func start(_ mark: Int64?, _ table: String) -> Int64 {
            guard let mark, mark > highest[table] ?? 0 else { return mark ?? 0 }
            found.wasRewound = true
            return 0
        }
        found.packetsSeen = start(marks?.packets, "packet")
        found.linksSeen = start(marks?.links, "link")
        try found.readLinks(office)
        try found.readPackets(office)
        return found
    }

    private init(packetsSeen: Int64, linksSeen: Int64) {
        self.packetsSeen = packetsSeen
        self.linksSeen = linksSeen
    }

    /// Bytes of a fixed length; anything else reads as a single zero.
    private static func bytes(_ column: String, _ length: String) -> String {
        "CASE WHEN typeof(\(column)) = 'blob' AND length(\(column)) \(length) THEN \(column) ELSE zeroblob(1) END AS \(column)"
    }

    /// A file whose pages somebody has tied to each other gives the same rows again and again, and a walk through it never ends.
    private static func checkOrder(_ rows: [Int64], after start: Int64, of what: String, _ office: Office) throws {
        guard zip([start] + rows, rows).allSatisfy({ $0 < $1 }) else {
            let path = office.counter.path
            throw CounterTrouble(
                StorageError(.damaged, "\(path): the numbers of its \(what) do not grow.", hint: "Restore it from the last backup."),
                in: path)
        }
    }

    private mutating func readLinks(_ office: Office) throws {
        let columns = [("id", "= 16"), ("lookup", "= 16"), ("ballot", "= 16"), ("wrap", "<= 200")].map { Self.bytes($0.0, $0.1) }
        while true {
            let rows = try office.counter.read { counter in
                try counter.all(
                    "SELECT seq, \(columns.joined(separator: ", ")) FROM link WHERE seq > $1 ORDER BY seq LIMIT \(Self.page)",
                    .integer(linksSeen)
                ) { row in
                    (
                        link: Link(seq: try row.integer("seq"), id: try row.blob("id"), ballot: try row.blob("ballot")),
                        lookup: try row.blob("lookup"), wrap: try row.blob("wrap")
                    )
                }
            }
            guard let last = rows.last else { return }
            try Self.checkOrder(rows.map(\.link.seq), after: linksSeen, of: "links", office)
            linksSeen = last.link.seq
            try office.books.read { books in
                for row in rows where try books.count("SELECT count(*) FROM link WHERE id = $1", .blob(row.link.id)) == 0 {
                    try sort(row.link, row.lookup, row.wrap, office, books)
                }
            }
            if rows.count < Self.page { return }
        }
    }

    private mutating func sort(_ link: Link, _ lookup: [UInt8], _ wrap: [UInt8], _ office: Office, _ books: Transaction) throws {
        guard Self.isOurs(link, lookup, wrap, office.linkKeys), try !Self.wasCleared(link, books) else {
            foreignLinks += 1
            if named.links.count < Self.mostNamed {
                named.links.append(link.id.count == 16 ? "link \(hex(link.id))" : "link row \(link.seq)")
            }
            return
        }
        if try books.count("SELECT count(*) FROM ballot WHERE id = $1", .blob(link.ballot)) > 0 {
            replacements.append(link)
        } else if seen.insert(link.ballot).inserted {
            unissued.append(link.ballot)
        }
    }

    private static func isOurs(_ link: Link, _ lookup: [UInt8], _ wrap: [UInt8], _ keys: LinkKeys) -> Bool {
        guard let token = keys.token(linkID: link.id, lookup: lookup) else { return false }
        let opened = try? PacketEnvelope.unwrap(wrap, under: token.wrapKey(linkID: link.id), owner: link.id, ballot: link.ballot)
        return opened != nil
    }

    /// Whether a replacement was finished or ended before: its row is gone then, and whoever kept a copy may put it back.
    private static func wasCleared(_ link: Link, _ books: Transaction) throws -> Bool {
        let name = hex(link.id)
        return try books.all("SELECT canonical FROM journal WHERE ballot = $1 AND kind = 'interrupted_cleared'", .blob(link.ballot)) {
            (try? JSONValue.parse(try $0.blob("canonical")))?["link"]?.stringValue == name
        }.contains(true)
    }

    private mutating func readPackets(_ office: Office) throws {
        while true {
            let rows = try office.counter.read { counter in
                try counter.all(
                    "SELECT seq, \(Self.bytes("ballot", "= 16")) FROM packet WHERE seq > $1 ORDER BY seq LIMIT \(Self.page)",
                    .integer(packetsSeen)
                ) { (seq: try $0.integer("seq"), ballot: try $0.blob("ballot")) }
            }
            guard let last = rows.last else { return }
            try Self.checkOrder(rows.map(\.seq), after: packetsSeen, of: "packets", office)
            packetsSeen = last.seq
            try office.books.read { books in
                for row in rows where !seen.contains(row.ballot) {
                    guard try books.count("SELECT count(*) FROM ballot WHERE id = $1", .blob(row.ballot)) == 0 else { continue }
                    foreignPackets += 1
                    if named.packets.count < Self.mostNamed {
                        named.packets.append(row.ballot.count == 16 ? "ballot \(hex(row.ballot))" : "packet row \(row.seq)")
                    }
                }
            }
            if rows.count < Self.page { return }
        }
    }
}
