import Elections
import Foundation
import Keys
import Office
import Packet
import Testing

/// Packets that an office's key signed at any time and with any manifest: also such as no office would make.
struct SignedSamples {
    let folder: KeysFolder
    let base: Base
    let signer: Signer
    let authority: Certificate

    /// A fresh cabinet whose certificates are valid from `validFrom` on (unix time), and a base of one page.
    init(office: String = "Dade County Elections", sample: Bool = false, validFrom: Int64 = keysStart) throws {
        folder = try KeysFolder()
        base = try WritingSamples.base()
        try KeyCabinet.create(at: folder.cabinet, office: office, sample: sample, validFrom: validFrom)
        let cabinet = try KeyCabinet(at: folder.cabinet)
        signer = try cabinet.signer(now: validFrom, realOffice: !sample)
        authority = try cabinet.authority()
    }

    /// A packet signed at that second; `change` alters the manifest before it is signed.
    func packet(at unixSeconds: Int64 = keysNow, _ change: (inout [String: JSONValue]) -> Void = { _ in }) throws -> [UInt8] {
        var manifest: [String: JSONValue] = [
            "format": "uocava-packet", "version": 1, "ballot": "7fbd2f9ea8dd5cfe2a0146993480ac43",
            "election": ["id": "2028-general", "name": "General Election"],
            "jurisdiction": ["id": "99001", "name": "Juniper County"], "style": ["id": "P22-SMD-04", "revision": 1], "language": "en",
            "scope": "full", "issued_at": .string(Instant(seconds: unixSeconds).rfc3339),
            "base": ["sha256": .string(keysHex(SHA256.hash(base.bytes))), "length": .integer(Int64(base.bytes.count))],
            "vendor_ballot": ["sha256": .string(String(repeating: "0", count: 64)), "length": 4711]
        ]
        change(&manifest)
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count)
        let tail = try composer.compose(
            WritingSamples.voter(), manifest: JSONValue.object(manifest).canonical, signedAt: unixSeconds, signerName: "Board of Elections"
        ) { try signer.cms(digest: SHA256.hash(base.bytes, $0, $1)) }
        return base.bytes + tail.bytes
    }

    /// What is said of a packet by whoever trusts this authority, or another.
    func report(
        on packet: [UInt8], trusting other: Certificate? = nil, at moment: Int64 = keysNow
    ) throws -> PacketVerifier.Report {
        try PacketVerifier(trust: other ?? authority, at: Instant(seconds: moment)).verify(packet)
    }

    /// Random numbers that a failure can be repeated with.
    struct Dice: RandomNumberGenerator {
        private var state: UInt64
        init(seed: UInt64) { state = seed }

        /// SplitMix64.
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }
}
