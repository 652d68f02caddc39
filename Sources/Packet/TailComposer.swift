import CZlib

/// Writes voters' tails for one base.
///
/// Made once per base and shared by all threads: it holds no state that changes. A tail is an incremental update
/// (ISO 32000-2, 7.5.6) that defines anew the overlays, the manifest and the signature dictionary; nothing in it depends on
/// anything but its arguments.
package struct TailComposer: Sendable {
    private let plan: BasePlan
    private let setter: TypeSetter
    private let cmsCapacity: Int
    /// Boxes by overlay, so that each overlay is written in one go.
    private let boxes: [[BasePlan.Box]]

    /// A composer for the base of this plan and length.
    ///
    /// `cmsCapacity` is the largest signature in bytes that the gap can take; twice that many bytes are in every packet. Throws `font`
    /// where the fonts installed are not those of the base, `invalidInput` where plan and base do not belong together.
    package init(base plan: BasePlan, baseLength: Int, cmsCapacity: Int = 1400) throws {
        setter = try TypeSetter.shared.get()
        guard plan.length == baseLength, baseLength < 9_000_000_000 else {
            throw PacketError(.invalidInput, "the plan is that of another base: \(plan.length) bytes, not \(baseLength)")
        }
        guard plan.fontFingerprint == setter.primary.fingerprint else {
            throw PacketError(
                .font, "the font \(TypeFace.primaryPath) is not the one that this base was made with",
                hint: "Install the version of fonts-dejavu-core that was there at the import, or import the ballot styles anew",
                cause: "\(setter.primary.fingerprint), not \(plan.fontFingerprint)")
        }
        guard plan.boxes.allSatisfy({ plan.overlays.indices.contains($0.overlay) }), (64...65536).contains(cmsCapacity) else {
            throw PacketError(.invalidInput, "the plan of the base is not whole")
        }
        self.plan = plan
        self.cmsCapacity = cmsCapacity
        boxes = plan.overlays.indices.map { index in plan.boxes.filter { $0.overlay == index } }
    }

    /// The first character of a name that no font has, and its number (`U+1F600`); nil where the name can be printed, which is what
    /// ``compose(_:manifest:signedAt:signerName:sign:)`` asks too.
    package func unprintable(in name: String) -> (character: Character, number: String)? {
        guard let scalar = setter.firstUnprintable(in: setter.scalars(of: name)) else { return nil }
        let digits = String(scalar, radix: 16, uppercase: true)
        return (
            Unicode.Scalar(scalar).map(Character.init) ?? "\u{FFFD}",
            "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        )
    }

    /// Composes and signs a tail.
    ///
    /// `manifest` is taken as it is. `sign` gets the tail's bytes before and after the gap and must return a DER CMS over
    /// base ‖ before ‖ after. Throws `font` for a name that cannot be printed, `signatureTooLarge` for a CMS larger than the gap, and
    /// what `sign` throws. `signedAt` is in seconds since 1970, UTC.
    package func compose(
        _ voter: VoterText, manifest: [UInt8], signedAt unixSeconds: Int64, signerName: String,
        sign: (_ beforeGap: [UInt8], _ afterGap: [UInt8]) throws -> [UInt8]
    ) throws -> Tail {
        let buffer = TypeBuffer()
        let lines = try TailLines(voter, plan: plan, setter: setter, buffer)
        var overlays: [TailOverlay] = []
        overlays.reserveCapacity(boxes.count)
        let barcodes = try TailBarcodes(voter)
        for boxes in boxes {
            var overlay = TailOverlay()
            for box in boxes {
                switch box.field {
                case .trackingQR: overlay.set(barcodes.tracking, in: box)
                case .returnBarcode: overlay.set(barcodes.returnCode, in: box)
                case .intelligentMail: if let imb = voter.imb { overlay.set(imb.symbol, in: box) }
                default:
                    let (text, centred) = lines.text(for: box.field)
                    overlay.set(text, in: box, centred: centred, with: setter, buffer)
                }
            }
            overlays.append(overlay)
        }

        var update = TailUpdate(start: plan.length)
        let secondary = try writeSecondaryFont(for: overlays, to: &update)
        for (index, overlay) in overlays.enumerated() {
            write(overlay, plan.overlays[index], secondary: secondary, to: &update)
        }
        update.begin(plan.manifest)
        update.bytes.append("<</Type/UocavaManifest/Length ")
        update.bytes.appendDecimal(manifest.count)
        update.bytes.append(">>stream\n")
        update.bytes.append(contentsOf: manifest)
        update.end(stream: true)
        return try finish(update, at: unixSeconds, signer: signerName, byHand: lines.byHand, newObjects: secondary.isEmpty ? 0 : 5, sign)
    }

    // MARK: Pieces

    private func write(_ overlay: TailOverlay, _ place: BasePlan.Overlay, secondary: [UInt16: UInt16], to update: inout TailUpdate) {
        update.begin(place.object)
        update.bytes.append("<</Type/XObject/Subtype/Form/BBox[0 0 ")
        update.bytes.appendPoints(place.width)
        update.bytes.append(" ")
        update.bytes.appendPoints(place.height)
        update.bytes.append("]/Resources ")
        update.bytes.appendDecimal(plan.resources)
        update.bytes.append(" 0 R/Length ")
        let length = update.bytes.count
        update.bytes.append("       >>stream\n")
        let start = update.bytes.count
        overlay.write(to: &update.bytes, secondary: secondary, with: setter)
        update.bytes.patchDecimal(update.bytes.count - start, at: length, width: 7)
        update.end(stream: true)
    }

    /// Embeds what the base's font lacks, as `/F2`; the new numbers of its glyphs, none if it is not needed.
    private func writeSecondaryFont(for overlays: [TailOverlay], to update: inout TailUpdate) throws(PacketError) -> [UInt16: UInt16] {
        var characters: [UInt16: UInt32] = [:]
        for overlay in overlays {
            for entry in overlay.placed {
                guard let line = entry.line else { continue }
                for run in line.runs where run.isSecondary {
                    for glyph in line.glyphs[run.glyphs] { characters[glyph.id] = line.scalars[glyph.cluster] }
                }
            }
        }
        guard !characters.isEmpty else { return [:] }
        let subset = try TypeSubset.secondary(of: setter.secondary, characters: characters)
        TailFont(subset: subset, characters: characters, face: setter.secondary, plan: plan).write(to: &update)
        return subset.glyphs
    }

    /// Signature dictionary, cross-reference table and trailer; then the signature into its gap.
    private func finish(
        _ update: TailUpdate, at unixSeconds: Int64, signer: String, byHand: [Int], newObjects: Int,
        _ sign: (_ beforeGap: [UInt8], _ afterGap: [UInt8]) throws -> [UInt8]
    ) throws -> Tail {
        var update = update
        update.begin(plan.signature)
        update.bytes.append("<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:")
        TailTime(unixSeconds: unixSeconds).appendPDFDate(to: &update.bytes)
        update.bytes.append(")/Name")
        update.bytes.appendTextString(signer)
        // P 1: no change of the document at all is allowed after this signature (ISO 32000-2, table 257).
        update.bytes.append(
            "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]/ByteRange [0 ")
        let range = update.bytes.count
        update.bytes.append("                                ] /Contents ")
        var before = update.bytes
        let gap = cmsCapacity * 2 + 2

        var after: [UInt8] = []
        after.reserveCapacity(700)
        after.append(" >>\nendobj\n")
        let table = plan.length + before.count + gap + after.count
        update.writeTable(to: &after)
        after.append("trailer\n<</Size ")
        after.appendDecimal(plan.size + newObjects)
        after.append(" ")
        after.append(contentsOf: plan.trailer.utf8)
        after.append(" /Prev ")
        after.appendDecimal(plan.startXRef)
        after.append(">>\nstartxref\n")
        after.appendDecimal(table)
        after.append("\n%%EOF\n")

        before.patchDecimalLeft(plan.length + before.count, at: range)
        before.patchDecimalLeft(plan.length + before.count + gap, at: range + 11)
        before.patchDecimalLeft(after.count, at: range + 22)
        let cms = try sign(before, after)
        guard cms.count <= cmsCapacity else {
            throw PacketError(
                .signatureTooLarge, "the signature has \(cms.count) bytes, and the packet has room for \(cmsCapacity)",
                hint: "The signer's certificate is larger than the one that the batch began with")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(before.count + gap + after.count)
        bytes.append(contentsOf: before)
        bytes.append(UInt8(ascii: "<"))
        bytes.appendLowerHex(cms)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: (cmsCapacity - cms.count) * 2))
        bytes.append(UInt8(ascii: ">"))
        bytes.append(contentsOf: after)
        return Tail(bytes: bytes, cms: cms, addressByHand: byHand)
    }
}

/// The voter's text, shaped once for all the boxes it goes into, and which lines must be filled in by hand.
private struct TailLines {
    private let name: TypeLine
    private let residence: [TypeLine?]
    private let mailing: [TypeLine?]
    private let voterClass: TypeLine
    private let returnCode: TypeLine
    private let trackingCode: TypeLine
    private let trackingURL: TypeLine
    private let postBy: TypeLine
    let byHand: [Int]

    init(_ voter: VoterText, plan: BasePlan, setter: TypeSetter, _ buffer: TypeBuffer) throws(PacketError) {
        var byHand: [Int] = []
        var index = 0
        func address(_ texts: [String]) -> [TypeLine?] {
            var lines: [TypeLine?] = []
            for text in texts {
                let line = setter.line(text, with: buffer)
                if line.missing != nil {
                    byHand.append(index)
                    lines.append(nil)
                } else if !line.scalars.isEmpty {
                    lines.append(line)
                }
                index += 1
            }
            return lines
        }
        func must(_ text: String, _ what: String) throws(PacketError) -> TypeLine {
            let line = setter.line(text, with: buffer)
            guard let missing = line.missing else { return line }
            throw PacketError(
                .font, "\(what) has a character that no font here has", cause: "U+" + String(missing, radix: 16, uppercase: true))
        }
        residence = address(voter.residence)
        mailing = address(voter.mailing + (voter.mailingCountry.map { $0.isEmpty ? [] : [$0] } ?? []))
        self.byHand = byHand
        name = try must(voter.name, "the voter's name")
        voterClass = try must(voter.voterClass, "the voter's class")
        returnCode = try must(voter.returnCode, "the return code")
        trackingCode = try must(voter.trackingCode, "the tracking code")
        trackingURL = try must(voter.trackingURL, "the tracking page's address")
        postBy = try must(voter.postBy ?? plan.postSoon, "the last day of posting")
    }

    /// The lines for a box, and whether they stand in its middle.
    func text(for field: BasePlan.Field) -> (lines: [TypeLine?], centred: Bool) {
        switch field {
        case .name: ([name], true)
        case .residence: (residence, false)
        case .mailing: (mailing, false)
        case .sender: ([name] + mailing, false)
        case .voterClass: ([voterClass], true)
        case .returnCode: ([returnCode], true)
        case .trackingCode: ([trackingCode], true)
        case .trackingURL: ([trackingURL], true)
        case .postBy: ([postBy], true)
        case .returnBarcode, .trackingQR, .intelligentMail: ([], false)
        }
    }
}

/// The voter's barcodes.
private struct TailBarcodes {
    let tracking: BarcodeSymbol
    let returnCode: BarcodeSymbol

    init(_ voter: VoterText) throws(PacketError) {
        tracking = try TrackingSymbols.shared.symbol(of: Array(voter.trackingURL.utf8), code: voter.trackingCode.utf8.count)
        returnCode = try BarcodeSymbol.code128(Array(voter.returnCode.utf8))
    }
}
