import Elections
import Foundation
import Keys

/// What one ballot's check came to.
struct BallotVerdict: Sendable {
    struct Finding: Sendable {
        let kind: Reconciliation.Mismatch.Kind
        let detail: String
    }

    var findings: [Finding] = []
    /// What happened to the ballot, by the journal.
    let events: [EventKind]
    let status: BallotStatus?
    /// Whether only the books could be looked at.
    var isUnread = false
}

/// Whether the journal, the books and the counter tell the same of a ballot, down to the bytes of its packet. Thread-safe; it reads
/// nothing.
///
/// What is compared: the style, base, packet and batch that the journal issued with the ballot's row; that row with the counter's packet;
/// the sealed packet with the ballot's own key, id and base, and its bytes with the hash; then links, letters, claims, deliveries,
/// envelopes and the status.
struct BallotCheck: Sendable {
    let rollKeys: RollKeys
    let linkKeys: LinkKeys
    let bases: SharedBases

    func verdict(_ issued: IssuedRow, _ records: BallotRecords) -> BallotVerdict {
        var verdict = BallotVerdict(events: records.events, status: records.book?.status)
        guard let book = records.book else {
            verdict.note(.ballot, "The journal says that a ballot was issued to this voter; the books do not have it.")
            if records.packet == nil { verdict.note(.packet, "The counter does not have its packet either.") }
            return verdict
        }
        checkRow(issued, book, &verdict)
        if records.isUnread {
            verdict.isUnread = true
            checkStatus(book, records, &verdict)
            checkLetters(book, records, &verdict)
            checkEnvelope(issued, book, records, &verdict)
            return verdict
        }
        let key = checkPacket(issued, book, records, &verdict)
        checkStatus(book, records, &verdict)
        checkLinks(issued.ballot, book, records, packetKey: key, &verdict)
        checkLetters(book, records, &verdict)
        checkCounter(records, &verdict)
        checkEnvelope(issued, book, records, &verdict)
        return verdict
    }

    // MARK: What was issued

    private func checkRow(_ issued: IssuedRow, _ book: BallotRecords.Book, _ verdict: inout BallotVerdict) {
        if book.voter != issued.voter || book.election != issued.election {
            verdict.note(.ballot, "The books say that the ballot belongs to another voter or election than the journal says.")
        }
        if book.style != issued.facts["style_row"]?.integerValue {
            let now = bases.styles[book.style] ?? "a style of another election"
            verdict.note(
                .style, "The journal says that \(issued.facts["style"]?.stringValue ?? "another style") was issued; the books say \(now).")
        }
        if hex(book.base) != issued.facts["base"]?.stringValue {
            verdict.note(.style, "The books name other ballot pages than the journal says were issued.")
        }
        if hex(book.packet) != issued.facts["packet"]?.stringValue {
            verdict.note(.packet, "The books name another packet than the journal says was issued.")
        }
        if book.batch != issued.facts["batch"]?.integerValue {
            verdict.note(.batch, "The books put the ballot into batch \(book.batch), the journal into another.")
        }
        if !bases.belonging.contains(SharedBases.Place(style: book.style, hash: book.base)) {
            verdict.note(.style, "The ballot pages are not those of the style \(bases.styles[book.style] ?? "that the books name").")
        }
    }

    /// The packet key, where the ballot's secrets can be read.
    private func checkPacket(
        _ issued: IssuedRow, _ book: BallotRecords.Book, _ records: BallotRecords, _ verdict: inout BallotVerdict
    ) -> Secret? {
        let secrets = try? BallotSecrets(sealed: book.sealed, keyID: book.keyID, ballot: issued.ballot, keys: rollKeys)
        if let secrets {
            if TrackingSecret(secrets.trackingCode).lookup != book.tracking
                || rollKeys.index("return code", secrets.returnCode.text) != book.returnIndex
            {
                verdict.note(.ballot, "The ballot's codes are not those that it was issued with.")
            }
        } else {
            verdict.note(.ballot, "What is sealed with the ballot does not open: it was changed, or exchanged with another ballot's.")
        }
        guard let packet = records.packet else {
            verdict.note(.packet, "The counter does not have the packet of this ballot.")
            return secrets?.packetKey
        }
        if packet.base != book.base || packet.sha256 != book.packet || packet.tracking != book.tracking {
            verdict.note(.packet, "The counter holds another packet for this ballot than the one that was issued to this voter.")
        }
        if let secrets { checkContent(issued, book, packet, secrets, &verdict) }
        return secrets?.packetKey
    }

    /// The sealed packet itself: it opens with this ballot's key, names this style, and its bytes behind the shared pages have the issued
    /// hash.
    private func checkContent(
        _ issued: IssuedRow, _ book: BallotRecords.Book, _ packet: BallotRecords.Packet, _ secrets: BallotSecrets,
        _ verdict: inout BallotVerdict
    ) {
        guard let envelope = try? PacketEnvelope(sealed: packet.sealed, key: secrets.packetKey, ballot: issued.ballot, base: packet.base)
        else {
            verdict.note(
                .packet, "The packet at the counter does not open with this ballot's key: it was changed, or exchanged with another.")
            return
        }
        if envelope.card.style != bases.styles[book.style] || envelope.card.trackingCode != secrets.trackingCode.text {
            verdict.note(.style, "The packet at the counter says that it is a ballot of the style \(envelope.card.style).")
        }
        // Somebody who writes the whole journal anew cannot sign the packets anew.
        if let at = issued.facts["at"]?.stringValue, !Self.contains(envelope.manifest, "\"issued_at\":\"\(at)\"") {
            verdict.note(.ballot, "The packet was signed at another time than the journal says that it was issued.")
        }
        // A base that is missing or changed is a finding of its own.
        guard let base = bases.primed[packet.base] else { return }
        if base.digest.hash(adding: envelope.tail) != book.packet || base.length + envelope.tail.count != packet.length {
            verdict.note(.packet, "The packet at the counter is not, byte for byte, the one that was issued.")
        }
    }

    /// Whether canonical JSON has this member: finding it costs a fiftieth of parsing everything around it.
    private static func contains(_ json: [UInt8], _ member: String) -> Bool {
        var member = member
        return member.withUTF8 { wanted in
            json.withUnsafeBufferPointer { json in
                guard let start = json.baseAddress, let text = wanted.baseAddress, let first = wanted.first, json.count >= wanted.count
                else { return false }
                for place in 0...(json.count - wanted.count) where json[place] == first {
                    if memcmp(start + place, text, wanted.count) == 0 { return true }
                }
                return false
            }
        }
    }

    private func checkStatus(_ book: BallotRecords.Book, _ records: BallotRecords, _ verdict: inout BallotVerdict) {
        let folded = BallotStatus.folding(records.events)
        if folded == nil || folded != book.status {
            verdict.note(
                .status,
                "The books say \(book.status?.rawValue ?? "nothing that is a status"); what the journal tells leads to "
                    + "\(folded?.rawValue ?? "no status").")
        }
    }

    // MARK: Links and letters

    private func checkLinks(
        _ ballot: [UInt8], _ book: BallotRecords.Book, _ records: BallotRecords, packetKey: Secret?, _ verdict: inout BallotVerdict
    ) {
        let ours = records.links.map(\.id)
        for link in records.links {
            guard let keyID = link.keyID else {
                verdict.note(.link, "The journal tells of a link that is not in the books.")
                continue
            }
            guard let there = records.counterLinks.first(where: { $0.id == link.id }) else {
                verdict.note(.link, "A link in the books is not at the counter.")
                continue
            }
            if link.stands, there.state == "replaced" {
                verdict.note(.link, "The voter's link no longer works, though the books say that it does.")
            }
            if !link.stands, there.state == "live" { verdict.note(.link, "A link that was replaced still works at the counter.") }
            guard let token = try? linkKeys.token(linkID: link.id, keyID: keyID) else {
                verdict.note(.link, "The link key \(keyID) of this voter's link is not in the cabinet.")
                continue
            }
            if token.lookup != there.lookup { verdict.note(.link, "The voter's link leads to another link's row at the counter.") }
            guard there.state == "live", let packetKey else { continue }
            let opened = try? PacketEnvelope.unwrap(there.wrap, under: token.wrapKey(linkID: link.id), owner: link.id, ballot: ballot)
            if opened.map({ key in key.withBytes { key in packetKey.withBytes { key == $0 } } }) != true {
                verdict.note(.link, "The voter's link does not open this ballot's packet.")
            }
        }
        // Links behind the mark are newer than what was read of the books, or leftovers, which are counted elsewhere.
        for link in records.counterLinks where link.seq <= records.linksKnown && !ours.contains(link.id) {
            verdict.note(.link, "The counter has a link to this ballot that the office did not make.")
        }
        if records.counterLinks.count(where: { $0.state == "live" }) > 1 { verdict.note(.link, "More than one link to this ballot works.") }
        if book.status?.isUnclaimed == true, !records.links.contains(where: \.stands) {
            verdict.note(.link, "The voter has no link, and has not opened the ballot.")
        }
    }

    private func checkLetters(_ book: BallotRecords.Book, _ records: BallotRecords, _ verdict: inout BallotVerdict) {
        let sent = records.letters.count { $0.state == "sent" }
        let journalled = records.events.count { $0 == .letterSent }
        if sent != journalled {
            verdict.note(.letter, "\(counted(sent, "letter")) of this ballot went out by the books, \(journalled) by the journal.")
        }
        guard let link = records.links.first(where: \.stands) else { return }
        let letters = records.letters.filter { $0.link == link.id }
        if letters.isEmpty {
            verdict.note(.letter, "No letter with the voter's link was ever queued.")
        } else if book.status == .issued, letters.allSatisfy({ $0.state == "withdrawn" }),
            records.counterLinks.contains(where: { $0.id == link.id && $0.state == "live" })
        {
            verdict.note(.letter, "The letter with the voter's link was withdrawn, and no other is queued.")
        }
    }

    // MARK: Claims, deliveries, envelopes

    private func checkCounter(_ records: BallotRecords, _ verdict: inout BallotVerdict) {
        let words: [(kind: EventKind, finding: Reconciliation.Mismatch.Kind, noun: String)] = [
            (.claimed, .claim, "claim"), (.delivered, .delivery, "delivery")
        ]
        for (kind, finding, noun) in words {
            let told = records.counterEvents.count { $0.kind == kind.rawValue && $0.seq <= records.eventsKnown }
            let journalled = records.events.count { $0 == kind }
            if told != journalled {
                let plural = told == 1 ? noun : noun == "delivery" ? "deliveries" : "\(noun)s"
                verdict.note(finding, "The counter tells of \(told) \(plural) of this ballot, the journal of \(journalled).")
            }
        }
        for link in records.counterLinks {
            let told = records.counterEvents.contains { $0.kind == EventKind.claimed.rawValue && $0.link == link.id }
            if link.isClaimed != told || link.hasVisit != told {
                verdict.note(.claim, "At the counter a link's claim, its visit and the event that tells of them do not go together.")
            }
        }
        guard let packet = records.packet else { return }
        if packet.isDelivered != records.counterEvents.contains(where: { $0.kind == EventKind.delivered.rawValue }) {
            verdict.note(.delivery, "At the counter the packet and the event that tells of its delivery do not go together.")
        }
    }

    private func checkEnvelope(_ issued: IssuedRow, _ book: BallotRecords.Book, _ records: BallotRecords, _ verdict: inout BallotVerdict) {
        let word = book.status?.rawValue ?? "without a status"
        let isBack: Bool
        switch book.status {
        case .received, .held, .accepted, .rejected: isBack = true
        // An envelope of a void ballot may come or not.
        case .replaced, .cancelled: isBack = records.piece != nil
        default: isBack = false
        }
        if isBack, records.piece == nil { verdict.note(.returned, "The ballot is \(word), but its envelope is not in the books.") }
        if !isBack, records.piece != nil {
            verdict.note(.returned, "An envelope of the ballot is in the books, but the ballot is \(word).")
        }
        let arrivals = records.events.count { $0 == .received }
        if arrivals != (records.piece == nil ? 0 : 1) {
            verdict.note(
                .returned,
                "The journal tells of \(counted(arrivals, "envelope")) of this ballot, the books of \(records.piece == nil ? 0 : 1).")
        }
        guard let piece = records.piece else { return }
        if piece.voter != issued.voter { verdict.note(.returned, "The envelope is in the books under another voter.") }
        let decision: String?
        switch book.status {
        case .held, .accepted, .rejected: decision = word
        case .replaced, .cancelled: decision = piece.decision
        default: decision = nil
        }
        if piece.decision != decision {
            verdict.note(.returned, "The envelope is \(piece.decision ?? "undecided") in the books, but the ballot is \(word).")
        }
    }
}

extension BallotVerdict {
    fileprivate mutating func note(_ kind: Reconciliation.Mismatch.Kind, _ detail: String) {
        findings.append(Finding(kind: kind, detail: detail))
    }
}
