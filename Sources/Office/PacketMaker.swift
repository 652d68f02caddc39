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

    /// A new link to a packet.
    func make(to packetKey: Secret, ballot: [UInt8], voter: VoterRecord) throws -> MadeLink {
        let id = SystemRandom.bytes(16)
        let keyID = linkKeys.currentID
        let token = try linkKeys.token(linkID: id, keyID: keyID)
        let answer =
            try Answer.expected(question: question, dateOfBirth: voter.dateOfBirth, voterID: voter.voterID)
            ?? linkKeys.word(linkID: id, keyID: keyID)
        return MadeLink(
            id: id, keyID: keyID, lookup: token.lookup, answer: Counter.proof(token, linkID: id, answer: answer),
            wrap: PacketEnvelope.wrap(
                packetKey, under: token.wrapKey(linkID: id), owner: id, ballot: ballot, nonce: SystemRandom.bytes(12)))
    }

    /// Writes a link at the counter, live from now on.
    static func insert(_ link: MadeLink, ballot: [UInt8], closesAt: Instant, at moment: Instant, in transaction: Transaction) throws {
        try transaction.execute(
            """
            INSERT INTO link (id, lookup, ballot, answer, wrap, closes_at, made_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, 'live')
            """,
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
    /// The manifest but for the ballot's id and the time.
    let manifest: [String: JSONValue]

    init(
        bytes: [UInt8], hash: [UInt8], plan: BasePlan, styleRow: Int64, style: BallotStyle, revision: Int64, language: String,
        vendor: (sha256: [UInt8], length: Int64), election: KeptElection, logOrigin: String, cmsCapacity: Int
    ) throws {
        // The name is the content: a base that was changed on the disk is never signed.
        guard SHA256.hash(bytes) == hash else {
            throw OfficeError(
                .broken, "The base of \(style.id) in \(language) was changed on the disk.",
                hint: "Import the election again, then run `uocava audit`.")
        }
        self.hash = hash
        length = bytes.count
        self.styleRow = styleRow
        self.style = style
        self.language = language
        primed = PrimedSHA256(bytes)
        composer = try TailComposer(base: plan, baseLength: bytes.count, cmsCapacity: cmsCapacity)
        let definition = election.definition
        manifest = [
            "format": "uocava-packet", "version": 1, "log_origin": .string(logOrigin),
            "election": ["id": .string(definition.id.text), "name": .string(definition.name)],
            "jurisdiction": ["id": .string(definition.jurisdiction.id.text), "name": .string(definition.jurisdiction.name)],
            "style": ["id": .string(style.id.text), "revision": .integer(revision)],
            "language": .string(language), "scope": .string(style.scope.rawValue),
            "base": ["sha256": .string(hex(hash)), "length": .integer(Int64(bytes.count))],
            "vendor_ballot": ["sha256": .string(hex(vendor.sha256)), "length": .integer(vendor.length)]
        ]
    }
}

/// What is printed for a voter, from the roll and the election; it takes no key.
struct PacketWording: Sendable {
    let election: KeptElection
    let publicURL: String

    /// The voter's text. The codes' width does not depend on the voter, so the check of the type may use any.
    func text(of voter: VoterRecord, language: String, returnCode: ReturnCode, trackingCode: TrackingCode) -> VoterText {
        VoterText(
            name: voter.fullName, residence: voter.residenceLines, voterClass: voter.voterClass.words(language: language),
            mailing: voter.mailingLines, returnCode: returnCode.text, trackingCode: trackingCode.text,
            trackingURL: "\(publicURL)/t/\(trackingCode.text)",
            postBy: election.definition.mailBy(for: voter).long(language: language))
    }
}

/// Makes one voter's packet. Thread-safe: a batch runs it on every core at once.
struct PacketMaker: Sendable {
    let wording: PacketWording
    let rollKeys: RollKeys
    let links: LinkMaker
    let signer: Signer
    let signerName: String

    /// Composes, signs and seals.
    func make(_ voter: VoterRecord, on base: BaseDesk, at moment: Instant) throws -> MadeBallot {
        let id = SystemRandom.bytes(16)
        let returnCode = ReturnCode(random: SystemRandom.bytes(ReturnCode.randomByteCount))
        let trackingCode = TrackingCode(random: SystemRandom.bytes(TrackingCode.randomByteCount))
        let packetKey = Secret(SystemRandom.bytes(32))

        var manifest = base.manifest
        manifest["ballot"] = .string(hex(id))
        manifest["issued_at"] = .string(moment.rfc3339)
        let manifestBytes = JSONValue.object(manifest).canonical
        let tail = try base.composer.compose(
            wording.text(of: voter, language: base.language, returnCode: returnCode, trackingCode: trackingCode), manifest: manifestBytes,
            signedAt: moment.seconds, signerName: signerName
        ) { before, after in
            try signer.cms(digest: base.primed.hash(adding: before, after))
        }
        let sha256 = base.primed.hash(adding: tail.bytes)
        let card = PacketCard(
            style: base.style.id.text, styleName: base.style.name, language: base.language, country: voter.mailingCountry,
            mailBy: wording.election.definition.mailBy(for: voter).description, trackingCode: trackingCode.text,
            fileName: "\(wording.election.definition.id)-\(base.style.id)")
        let envelope = PacketEnvelope(tail: tail.bytes, manifest: manifestBytes, cms: tail.cms, card: card)
        let secrets = BallotSecrets(returnCode: returnCode, trackingCode: trackingCode, packetKey: packetKey)
        return MadeBallot(
            id: id, base: base.hash, sha256: sha256, length: base.length + tail.bytes.count,
            tracking: TrackingSecret(trackingCode).lookup, returnIndex: rollKeys.index("return code", returnCode.text),
            sealedPacket: envelope.sealed(key: packetKey, ballot: id, base: base.hash, nonce: SystemRandom.bytes(12)),
            link: try links.make(to: packetKey, ballot: id, voter: voter),
            sealedBallot: rollKeys.seal(secrets.plain, table: BallotSecrets.table, id: id), linesByHand: tail.addressByHand.count)
    }
}
