import Elections
import Foundation
import Keys
import Packet
import Storage

/// Everything that one ballot needs, made in memory; nothing of it is written yet.
struct MadeBallot: Sendable {
    let id: [UInt8]
    let base: [UInt8]
    let sha256: [UInt8]
    let length: Int
    let tracking: [UInt8]
    let returnIndex: [UInt8]
    /// The packet as the counter keeps it.
    let sealedPacket: [UInt8]
    let link: MadeLink
    /// Return code, tracking code and packet key, sealed under the roll key.
    let sealedBallot: (sealed: [UInt8], keyID: String)
    /// How many lines of the address the voter must write in by hand.
    let linesByHand: Int
    /// The envelope's number, where the office has a Mailer ID.
    let mailSerial: Int64?
}

/// A link that nobody knows yet.
struct MadeLink: Sendable {
    let id: [UInt8]
    let keyID: String
    let lookup: [UInt8]
    let answer: [UInt8]
    let wrap: [UInt8]
}

/// What the office keeps sealed of a ballot: its two codes, and the packet key for the day when the voter needs a new link.
struct BallotSecrets {
    let returnCode: ReturnCode
    let trackingCode: TrackingCode
    let packetKey: Secret

    static let table = "ballot"

    /// The codes, a line each, and the 32 bytes of the key.
    var plain: [UInt8] { packetKey.withBytes { Array("\(returnCode.text)\n\(trackingCode.text)\n".utf8) + $0 } }

    init(returnCode: ReturnCode, trackingCode: TrackingCode, packetKey: Secret) {
        self.returnCode = returnCode
        self.trackingCode = trackingCode
        self.packetKey = packetKey
    }

    init(sealed: [UInt8], keyID: String, ballot: [UInt8], keys: RollKeys) throws {
        let plain = try keys.open(sealed, table: Self.table, id: ballot, keyID: keyID)
        let lines = plain.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, let returnCode = ReturnCode(String(decoding: lines[0], as: UTF8.self)),
            let trackingCode = TrackingCode(String(decoding: lines[1], as: UTF8.self)), lines[2].count == 32
        else { throw OfficeError(.broken, "What is sealed with ballot \(hex(ballot)) cannot be read.", hint: "Run `uocava audit`.") }
        self.init(returnCode: returnCode, trackingCode: trackingCode, packetKey: Secret(Array(lines[2])))
    }
}

/// Makes links: shared by issuing and by replacing.
struct LinkMaker: Sendable {
    let rollKeys: RollKeys
    let linkKeys: LinkKeys
    let question: IdentityQuestion

    /// A new link to a packet, with this id; the nonce must be fresh.
    func make(_ id: [UInt8], nonce: [UInt8], to packetKey: Secret, ballot: [UInt8], voter: VoterRecord) throws -> MadeLink {
        let keyID = linkKeys.currentID
        let token = try linkKeys.token(linkID: id, keyID: keyID)
        let answer =
            try Answer.expected(question: question, dateOfBirth: voter.dateOfBirth, voterID: voter.voterID)
            ?? linkKeys.word(linkID: id, keyID: keyID)
        let keys = token.keys(linkID: id)
        return MadeLink(
            id: id, keyID: keyID, lookup: token.lookup, answer: Counter.proof(of: answer, under: keys.answer),
            wrap: PacketEnvelope.wrap(packetKey, under: keys.wrap, owner: id, ballot: ballot, nonce: nonce))
    }

    /// Writes links at the counter, live from now on: ``insert(_:ballot:closesAt:at:with:)`` for one or for a whole chunk.
    static func inserting(in transaction: Transaction) throws -> PreparedStatement {
        try transaction.prepare(
            """
            INSERT INTO link (id, lookup, ballot, answer, wrap, closes_at, made_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, 'live')
            """)
    }

    /// Writes a link with the statement of ``inserting(in:)``.
    static func insert(
        _ link: MadeLink, ballot: [UInt8], closesAt: Instant, at moment: Instant, with statement: PreparedStatement
    ) throws {
        try statement.execute(
            .blob(link.id), .blob(link.lookup), .blob(ballot), .blob(link.answer), .blob(link.wrap), .integer(closesAt.milliseconds),
            .integer(moment.milliseconds))
    }
}

/// What all voters of a base share while a batch is issued.
final class BaseDesk: Sendable {
    let hash: [UInt8]
    let length: Int
    let styleRow: Int64
    let style: BallotStyle
    let language: String
    /// The base's digest, ready to be continued with a voter's tail: no voter costs anything in proportion to the ballot.
    let primed: PrimedSHA256
    let composer: TailComposer
    /// The manifest of a packet that is issued with this batch.
    let manifest: ManifestForm

    init(
        bytes: [UInt8], hash: [UInt8], plan: BasePlan, styleRow: Int64, style: BallotStyle, revision: Int64, language: String,
        vendor: (sha256: [UInt8], length: Int64), election: KeptElection, logOrigin: String, issuedAt: Instant, cmsCapacity: Int
    ) throws {
        // The name is the content: a base that was changed on the disk is never signed.
        primed = PrimedSHA256(bytes)
        guard primed.hash(adding: []) == hash else {
            throw OfficeError(
                .broken, "The base of \(style.id) in \(language) was changed on the disk.",
                hint: "Import the election again, then run `uocava audit`.")
        }
        self.hash = hash
        length = bytes.count
        self.styleRow = styleRow
        self.style = style
        self.language = language
        composer = try TailComposer(base: plan, baseLength: bytes.count, cmsCapacity: cmsCapacity)
        let definition = election.definition
        manifest = try ManifestForm([
            "format": "uocava-packet", "version": 1, "log_origin": .string(logOrigin),
            "election": ["id": .string(definition.id.text), "name": .string(definition.name)],
            "jurisdiction": ["id": .string(definition.jurisdiction.id.text), "name": .string(definition.jurisdiction.name)],
            "style": ["id": .string(style.id.text), "revision": .integer(revision)],
            "language": .string(language), "scope": .string(style.scope.rawValue),
            "base": ["sha256": .string(hex(hash)), "length": .integer(Int64(bytes.count))],
            "vendor_ballot": ["sha256": .string(hex(vendor.sha256)), "length": .integer(vendor.length)],
            "issued_at": .string(issuedAt.rfc3339)
        ])
    }
}

/// A manifest that is whole but for the ballot's id: written once for all packets of a base.
struct ManifestForm: Sendable {
    private let bytes: [UInt8]
    private let place: Int

    init(_ members: [String: JSONValue]) throws {
        var members = members
        members["ballot"] = .string(String(repeating: "0", count: 32))
        bytes = JSONValue.object(members).canonical
        // No key sorts before it.
        let beginning = Array("{\"ballot\":\"".utf8)
        guard bytes.starts(with: beginning) else { throw OfficeError(.broken, "The manifest does not begin with its ballot.") }
        place = beginning.count
    }

    /// The canonical JSON for a ballot's id of 16 bytes.
    func bytes(ballot: [UInt8]) -> [UInt8] {
        var filled = bytes
        filled.replaceSubrange(place..<place + 32, with: hex(ballot).utf8)
        return filled
    }
}

/// What is printed for a voter, from the roll and the election; it takes no key.
struct PacketWording: Sendable {
    let election: KeptElection
    let publicURL: String

    /// The voter's text; `mailBy` is what the election says for them, and without it they are told to post it the earliest day they can.
    func text(
        of voter: VoterRecord, language: String, mailBy: CivilDate?, returnCode: ReturnCode, trackingCode: TrackingCode,
        imb: IntelligentMail?
    ) -> VoterText {
        VoterText(
            name: voter.fullName, residence: voter.residenceLines, voterClass: voter.voterClass.words(language: language),
            mailing: voter.mailingLines, returnCode: returnCode.text, trackingCode: trackingCode.text,
            trackingURL: "\(publicURL)/t/\(trackingCode.text)",
            postBy: mailBy?.long(language: language), imb: imb)
    }
}

/// Makes one voter's packet. Thread-safe: a batch runs it on every core at once.
struct PacketMaker: Sendable {
    let wording: PacketWording
    let rollKeys: RollKeys
    let links: LinkMaker
    let signer: Signer
    let signerName: String
    /// nil where the office has no Mailer ID.
    let mailSerials: MailSerials?

    /// Composes, signs and seals; the ids of ballot and link are the next of these.
    func make(_ voter: VoterRecord, on base: BaseDesk, at moment: Instant, ids: NearbyIDs) throws -> MadeBallot {
        var random = RandomSupply(12 + 12 + ReturnCode.randomByteCount + TrackingCode.randomByteCount + 12 + 12)
        let id = ids.next(from: &random)
        let returnCode = ReturnCode(random: random.take(ReturnCode.randomByteCount))
        let trackingCode = TrackingCode(random: random.take(TrackingCode.randomByteCount))
        let packetKey = Secret.random(32)

        let definition = wording.election.definition
        let mailBy = definition.mailBy(for: voter)
        // A day that has passed would tell the voter to give up.
        let isPast = mailBy < moment.civilDate(in: definition.timeZone)
        let envelopeMail = try mailSerials?.next()
        let manifest = base.manifest.bytes(ballot: id)
        let tail = try base.composer.compose(
            wording.text(
                of: voter, language: base.language, mailBy: isPast ? nil : mailBy, returnCode: returnCode, trackingCode: trackingCode,
                imb: envelopeMail?.barcode),
            manifest: manifest, signedAt: moment.seconds, signerName: signerName
        ) { before, after in
            try signer.cms(digest: base.primed.hash(adding: before, after))
        }
        let sha256 = base.primed.hash(adding: tail.bytes)
        let card = PacketCard(
            style: base.style.id.text, styleName: base.style.name, language: base.language, country: voter.mailingCountry,
            mailBy: mailBy.description, trackingCode: trackingCode.text,
            fileName: "\(wording.election.definition.id)-\(base.style.id)", inserts: inserts(for: voter, on: base))
        let envelope = PacketEnvelope(tail: tail.bytes, manifest: manifest, cms: tail.cms, card: card)
        let secrets = BallotSecrets(returnCode: returnCode, trackingCode: trackingCode, packetKey: packetKey)
        return MadeBallot(
            id: id, base: base.hash, sha256: sha256, length: base.length + tail.bytes.count,
            tracking: TrackingSecret(trackingCode).lookup, returnIndex: rollKeys.index("return code", returnCode.text),
            sealedPacket: envelope.sealed(key: packetKey, ballot: id, base: base.hash, nonce: random.take(12)),
            link: try links.make(ids.next(from: &random), nonce: random.take(12), to: packetKey, ballot: id, voter: voter),
            sealedBallot: rollKeys.seal(secrets.plain, table: BallotSecrets.table, id: id), linesByHand: tail.addressByHand.count,
            mailSerial: envelopeMail?.number)
    }

    /// Which of the office's own PDFs the voter's packet holds: the choice by which its base was made.
    private func inserts(for voter: VoterRecord, on base: BaseDesk) -> Set<Insert.Folder> {
        let choice = wording.election.inserts.choice
        let languages = wording.election.definition.languages(preferring: base.language)
        let found = [
            choice.instructions(for: voter.kind, languages: languages), choice.writeIns(of: base.style.id, languages: languages),
            choice.secrecy(languages: languages)
        ]
        return Set(found.compactMap(\.?.folder))
    }
}
