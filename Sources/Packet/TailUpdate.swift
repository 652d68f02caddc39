/// The objects of an incremental update while they are written.
struct TailUpdate {
    /// Where in the file the update begins.
    let start: Int
    var bytes: [UInt8] = []
    private var offsets: [(object: Int, offset: Int)] = []

    init(start: Int) {
        self.start = start
        bytes.reserveCapacity(6 << 10)
        offsets.reserveCapacity(12)
    }

    /// Begins an object, new or defined anew.
    mutating func begin(_ object: Int) {
        offsets.append((object, start + bytes.count))
        bytes.appendDecimal(object)
        bytes.append(" 0 obj\n")
    }

    /// Ends the object.
    mutating func end(stream: Bool = false) {
        bytes.append(stream ? "\nendstream\nendobj\n" : "\nendobj\n")
    }

    /// The cross-reference table: a section for each run of consecutive numbers.
    func writeTable(to out: inout [UInt8]) {
        let sorted = offsets.sorted { $0.object < $1.object }
        out.append("xref\n")
        var index = 0
        while index < sorted.count {
            var end = index + 1
            while end < sorted.count, sorted[end].object == sorted[end - 1].object + 1 { end += 1 }
            out.appendDecimal(sorted[index].object)
            out.append(" ")
            out.appendDecimal(end - index)
            out.append("\n")
            for entry in sorted[index..<end] {
                out.appendOffset(entry.offset)
                out.append(" 00000 n \n")
            }
            index = end
        }
    }
}

/// The tail's own font: the few glyphs that the base's lacks, numbered from 1, with their characters.
struct TailFont {
    let subset: TypeSubset
    /// Glyph of the whole font → character.
    let characters: [UInt16: UInt32]
    let face: TypeFace
    let plan: BasePlan

    /// Five new objects from the base's `/Size` on, and the overlays' resources with `/F2` beside `/F1`.
    func write(to update: inout TailUpdate) {
        let pairs = characters.compactMap { glyph, scalar in
            subset.glyphs[glyph].map { (glyph: $0, scalar: scalar, width: face.advance(of: UInt32(glyph))) }
        }.sorted { $0.glyph < $1.glyph }
        let first = plan.size

        update.begin(plan.resources)
        update.bytes.append("<</Font<</F1 ")
        update.bytes.appendDecimal(plan.font)
        update.bytes.append(" 0 R/F2 ")
        update.bytes.appendDecimal(first)
        update.bytes.append(" 0 R>>>>")
        update.end()

        update.begin(first)
        update.bytes.append("<</Type/Font/Subtype/Type0/BaseFont/UOCAVB+WenQuanYiMicroHei/Encoding/Identity-H/DescendantFonts[")
        update.bytes.appendDecimal(first + 1)
        update.bytes.append(" 0 R]/ToUnicode ")
        update.bytes.appendDecimal(first + 4)
        update.bytes.append(" 0 R>>")
        update.end()

        update.begin(first + 1)
        update.bytes.append("<</Type/Font/Subtype/CIDFontType2/BaseFont/UOCAVB+WenQuanYiMicroHei/CIDToGIDMap/Identity/DW 1000/W ")
        update.bytes.append(contentsOf: TypeDescription.widths(pairs.map { ($0.glyph, $0.width) }).utf8)
        update.bytes.append("/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor ")
        update.bytes.appendDecimal(first + 2)
        update.bytes.append(" 0 R>>")
        update.end()

        update.begin(first + 2)
        update.bytes.append(
            "<</Type/FontDescriptor/FontName/UOCAVB+WenQuanYiMicroHei/Flags 4/ItalicAngle 0/CapHeight 729/StemV 80/FontBBox[")
        for value in face.box {
            update.bytes.appendDecimal(value)
            update.bytes.append(" ")
        }
        update.bytes.append("]/Ascent ")
        update.bytes.appendDecimal(face.ascender)
        update.bytes.append("/Descent ")
        update.bytes.appendDecimal(face.descender)
        update.bytes.append("/FontFile2 ")
        update.bytes.appendDecimal(first + 3)
        update.bytes.append(" 0 R>>")
        update.end()

        write(subset.file, as: first + 3, length1: true, to: &update)
        write(TypeDescription.toUnicode(pairs.map { ($0.glyph, $0.scalar) }), as: first + 4, length1: false, to: &update)
    }

    private func write(_ data: [UInt8], as object: Int, length1: Bool, to update: inout TailUpdate) {
        let deflated = Deflate.zlib(data)
        update.begin(object)
        update.bytes.append("<</Filter/FlateDecode/Length ")
        update.bytes.appendDecimal(deflated.count)
        if length1 {
            update.bytes.append("/Length1 ")
            update.bytes.appendDecimal(data.count)
        }
        update.bytes.append(">>stream\n")
        update.bytes.append(contentsOf: deflated)
        update.end(stream: true)
    }
}
