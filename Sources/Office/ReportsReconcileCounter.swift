import Elections
import Storage

extension Reports {
    /// What the counter has and the books do not.
    func reconcileCounter(_ election: KeptElection, _ result: inout Reconciliation) throws {
        let marks = try marks()
        var foreign = 0
        var position: Int64 = 0
        while true {
            let packets = try office.counter.read { transaction in
                try transaction.all(
                    """
                    SELECT seq, ballot FROM packet WHERE election = $1 AND seq > $2 AND seq <= $3 AND typeof(ballot) = 'blob'
                    ORDER BY seq LIMIT 4096
                    """,
                    .integer(election.id), .integer(position), .integer(marks.packets)
                ) { (seq: try $0.integer("seq"), ballot: try $0.blob("ballot")) }
            }
            guard let last = packets.last else { break }
            position = last.seq
            try office.books.read { transaction in
                for packet in packets
                where try transaction.count(
                    "SELECT count(*) FROM ballot WHERE id = $1 AND election = $2", .blob(packet.ballot), .integer(election.id)) == 0
                {
                    foreign += 1
                    guard foreign <= Self.mostNamed else { continue }
                    result.mismatches.append(
                        Reconciliation.Mismatch(
                            kind: .packet, voterID: nil, ballot: hex(packet.ballot),
                            detail: "The counter holds a packet of a ballot that the books do not have."))
                }
            }
        }
        let condition = "FROM link l WHERE NOT EXISTS (SELECT 1 FROM packet p WHERE p.ballot = l.ballot)"
        let loose = try office.counter.read { transaction in
            foreign += max(try transaction.count("SELECT count(*) \(condition)") - Self.mostNamed, 0)
            return try transaction.all("SELECT lower(hex(substr(ballot, 1, 16))) AS name \(condition) LIMIT \(Self.mostNamed)") {
                try $0.text("name")
            }
        }
        result.mismatches += loose.map {
            Reconciliation.Mismatch(
                kind: .link, voterID: nil, ballot: $0, detail: "The counter holds a link to a packet that it does not have.")
        }
        if foreign > Self.mostNamed {
            result.mismatches.append(
                Reconciliation.Mismatch(
                    kind: .packet, voterID: nil, ballot: nil,
                    detail: "The counter holds many more packets and links that the books do not have."
                ))
        }
        try reconcileLeftovers(&result)
    }

    /// How many rows without their counterpart are named, each kind; somebody may put a million there.
    private static var mostNamed: Int { 50 }

    /// What an interrupted run left behind the marks. While a run is on, its newest packets are there, too: those are no leftovers.
    private func reconcileLeftovers(_ result: inout Reconciliation) throws {
        guard try !Leftovers.find(in: office).isEmpty else { return }
        guard let issuing = try? office.lock("issue", busy: ""), let linking = try? office.lock("links", busy: "") else { return }
        defer { withExtendedLifetime((issuing, linking)) {} }
        let left = try Leftovers.find(in: office)
        // What is foreign there is the audit's to name.
        let (packets, links) = (left.unissued.count, left.unissued.count + left.replacements.count)
        if left.foreignPackets + left.foreignLinks > 0 {
            result.mismatches.append(
                Reconciliation.Mismatch(
                    kind: .link, voterID: nil, ballot: nil,
                    detail:
                        "The counter holds \(counted(left.foreignPackets, "packet")) and \(counted(left.foreignLinks, "link")) that this "
                        + "office did not make. `uocava audit` names them."))
        }
        guard links > 0 else { return }
        result.mismatches.append(
            Reconciliation.Mismatch(
                kind: .leftover, voterID: nil, ballot: nil,
                detail: "An interrupted run left \(counted(packets, "packet")) and \(counted(links, "link")) at the counter; "
                    + "nobody was told of them. The next `uocava issue` clears them away."))
    }

    /// How far the counter's packets and links are known in the books.
    private func marks() throws -> (packets: Int64, links: Int64) {
        try office.books.read { transaction in
            try transaction.first("SELECT packets_known, links_known FROM office WHERE id = 1") {
                (packets: try $0.integer("packets_known"), links: try $0.integer("links_known"))
            }
        } ?? (0, 0)
    }
}
