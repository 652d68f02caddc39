import CHarfBuzz

/// A part of a font file, ready to embed in a PDF as the `FontFile2` of a CIDFontType2 font.
///
/// The base carries one of the whole of ``TypeCoverage/primary`` with the glyph numbers of the original, so that text shaped
/// with the original fits it; a tail carries one with the handful of glyphs it needs, numbered anew.
struct TypeSubset: Sendable {
    /// The TrueType file.
    let file: [UInt8]
    /// Glyph of the original → glyph of the subset.
    let glyphs: [UInt16: UInt16]

    /// Everything that a base's text may need: the characters of the coverage and what shaping makes of them.
    static func primary(of face: TypeFace) throws(PacketError) -> TypeSubset {
        // First with the shaping tables, which reach glyphs that no character names; then only the outlines of these.
        let reached = try glyphsReached(from: TypeCoverage.primary, of: face)
        return try unsafe TypeSubset(of: face, keepNumbers: true, among: reached) { input in
            let set = unsafe hb_subset_input_glyph_set(input)
            for glyph in reached { unsafe hb_set_add(set, UInt32(glyph)) }
        }
    }

    /// The glyphs that text of these characters may be set in, after shaping.
    static func glyphsReached(from ranges: [ClosedRange<UInt32>], of face: TypeFace) throws(PacketError) -> Set<UInt16> {
        let input = try unsafe newInput()
        defer { unsafe hb_subset_input_destroy(input) }
        let characters = unsafe hb_subset_input_unicode_set(input)
        for range in ranges { unsafe hb_set_add_range(characters, range.lowerBound, range.upperBound) }
        guard let plan = unsafe hb_subset_plan_create_or_fail(face.face, input) else { throw failed(face) }
        defer { unsafe hb_subset_plan_destroy(plan) }
        let count = unsafe hb_face_get_glyph_count(face.face)
        let all = (0..<count).lazy.map { UInt16(truncatingIfNeeded: $0) }
        return Set(unsafe pairs(hb_subset_plan_old_to_new_glyph_mapping(plan), among: all).keys)
    }

    /// The outlines of some characters that need no shaping; `characters` are keyed by their glyphs.
    ///
    /// Asked for by character: asked for by glyph, HarfBuzz would search the whole font's characters for each, 3 ms instead of 90 µs.
    static func secondary(of face: TypeFace, characters: [UInt16: UInt32]) throws(PacketError) -> TypeSubset {
        try unsafe TypeSubset(of: face, keepNumbers: false, among: characters.keys) { input in
            let set = unsafe hb_subset_input_unicode_set(input)
            for scalar in characters.values { unsafe hb_set_add(set, scalar) }
        }
    }

    private init(
        of face: TypeFace, keepNumbers: Bool, among wanted: some Sequence<UInt16>, choosing choose: (OpaquePointer) -> Void
    ) throws(PacketError) {
        let input = try unsafe Self.newInput()
        defer { unsafe hb_subset_input_destroy(input) }
        unsafe choose(input)
        let dropped = unsafe hb_subset_input_set(input, HB_SUBSET_SETS_DROP_TABLE_TAG)
        for table in ["GPOS", "GSUB", "GDEF", "kern", "name", "post", "OS/2", "cmap", "BASE", "gasp", "vhea", "vmtx", "VORG"]
            as [StaticString]
        {
            unsafe hb_set_add(dropped, TypeFace.tag(table))
        }
        var flags = HB_SUBSET_FLAGS_NO_HINTING.rawValue
        if keepNumbers { flags |= HB_SUBSET_FLAGS_RETAIN_GIDS.rawValue }
        unsafe hb_subset_input_set_flags(input, flags)
        guard let plan = unsafe hb_subset_plan_create_or_fail(face.face, input) else { throw Self.failed(face) }
        defer { unsafe hb_subset_plan_destroy(plan) }
        guard let subset = unsafe hb_subset_plan_execute_or_fail(plan) else { throw Self.failed(face) }
        defer { unsafe hb_face_destroy(subset) }
        let blob = unsafe hb_face_reference_blob(subset)
        defer { unsafe hb_blob_destroy(blob) }
        var length: UInt32 = 0
        let data = unsafe hb_blob_get_data(blob, &length)
        file = unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: Int(length)))
        glyphs = unsafe Self.pairs(hb_subset_plan_old_to_new_glyph_mapping(plan), among: wanted)
        guard length > 0 else { throw Self.failed(face) }
    }

    private static func newInput() throws(PacketError) -> OpaquePointer {
        guard let input = unsafe hb_subset_input_create_or_fail() else { throw PacketError(.font, "no memory for a part of a font") }
        return unsafe input
    }

    private static func failed(_ face: TypeFace) -> PacketError {
        PacketError(.font, "HarfBuzz could not take a part of a font", cause: "font \(face.fingerprint)")
    }

    private static func pairs(_ map: OpaquePointer?, among glyphs: some Sequence<UInt16>) -> [UInt16: UInt16] {
        var found: [UInt16: UInt16] = [:]
        for glyph in glyphs {
            guard unsafe hb_map_has(map, UInt32(glyph)) != 0 else { continue }
            found[glyph] = unsafe UInt16(truncatingIfNeeded: hb_map_get(map, UInt32(glyph)))
        }
        return found
    }
}

/// The texts that a PDF says of an embedded font beside its outlines.
enum TypeDescription {
    /// A `ToUnicode` CMap: glyph → character (PDF 32000-1, 9.10.3), so that text can be found, copied and read aloud.
    static func toUnicode(_ pairs: [(glyph: UInt16, scalar: UInt32)]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(300 + pairs.count * 15)
        out += Array(
            """
            /CIDInit /ProcSet findresource begin 12 dict begin begincmap
            /CIDSystemInfo <</Registry(Adobe)/Ordering(UCS)/Supplement 0>> def
            /CMapName /Adobe-Identity-UCS def /CMapType 2 def
            1 begincodespacerange <0000> <FFFF> endcodespacerange

            """.utf8)
        var start = 0
        while start < pairs.count {
            // A block may hold 100 entries.
            let end = min(start + 100, pairs.count)
            out += Array("\(end - start) beginbfchar\n".utf8)
            for pair in pairs[start..<end] {
                out.append(UInt8(ascii: "<"))
                out.appendHex(pair.glyph)
                out += [UInt8(ascii: ">"), UInt8(ascii: "<")]
                out.appendUTF16Hex(pair.scalar)
                out += [UInt8(ascii: ">"), UInt8(ascii: "\n")]
            }
            out += Array("endbfchar\n".utf8)
            start = end
        }
        out += Array("endcmap CMapName currentdict /CMap defineresource pop end end\n".utf8)
        return out
    }

    /// A `W` array: `[first [width width …] first […]]`, for glyphs in rising order.
    static func widths(_ glyphs: [(glyph: UInt16, width: Int)]) -> String {
        var text = "["
        var next = -1
        for entry in glyphs {
            if Int(entry.glyph) == next {
                text += " \(entry.width)"
            } else {
                text += next < 0 ? "\(entry.glyph) [\(entry.width)" : "] \(entry.glyph) [\(entry.width)"
            }
            next = Int(entry.glyph) + 1
        }
        return text + (next < 0 ? "]" : "]]")
    }
}
