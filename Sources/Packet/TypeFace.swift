import CHarfBuzz
import CPango  // HarfBuzz comes with Pango too: its extents are found there first
import CZlib

/// A font file, opened for shaping: the only owner of HarfBuzz's blob, face and font.
///
/// All three are immutable after `init`, and HarfBuzz lets threads share immutable objects. Lengths are in thousandths of the
/// type size, the unit of PDF. Throws `font` where the file is missing, naming the Debian package that holds it.
@safe final class TypeFace: @unchecked Sendable {  // why: owner of HarfBuzz objects that are immutable after init
    private let blob: OpaquePointer
    let face: OpaquePointer
    private let font: OpaquePointer
    /// What tells this font file from another version of it: its length and CRC-32, in hexadecimal.
    let fingerprint: String
    /// Ascent and descent (negative) in thousandths.
    let ascender: Int
    let descender: Int
    /// The bounding box of all glyphs: left, bottom, right, top.
    let box: [Int]

    /// The base's font.
    static let primaryPath = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    /// The font of what the base's lacks.
    static let secondaryPath = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"

    /// DejaVu Sans.
    static func primary() throws(PacketError) -> TypeFace { try TypeFace(path: primaryPath, package: "fonts-dejavu-core") }

    /// WenQuanYi Micro Hei.
    static func secondary() throws(PacketError) -> TypeFace { try TypeFace(path: secondaryPath, package: "fonts-wqy-microhei") }

    init(path: String, package: String) throws(PacketError) {
        guard let blob = unsafe hb_blob_create_from_file_or_fail(path) else {
            throw PacketError(.font, "the font \(path) cannot be read", hint: "Install the Debian package \(package)")
        }
        unsafe self.blob = unsafe blob
        unsafe face = hb_face_create(blob, 0)
        unsafe font = hb_font_create(face)
        unsafe hb_font_set_scale(font, 1000, 1000)
        unsafe hb_font_make_immutable(font)
        unsafe hb_face_make_immutable(face)
        var length: UInt32 = 0
        let data = unsafe hb_blob_get_data(blob, &length)
        let sum = unsafe crc32_z(0, UnsafeRawPointer(data)?.assumingMemoryBound(to: UInt8.self), Int(length))
        fingerprint = String(length, radix: 16) + "-" + String(sum, radix: 16)
        var extents = hb_font_extents_t()
        _ = unsafe hb_font_get_h_extents(font, &extents)
        ascender = Int(extents.ascender)
        descender = Int(extents.descender)
        box = unsafe Self.box(of: face)
    }

    deinit {
        unsafe hb_font_destroy(font)
        unsafe hb_face_destroy(face)
        unsafe hb_blob_destroy(blob)
    }

    /// `xMin yMin xMax yMax` of the table `head`, from font units to thousandths.
    private static func box(of face: OpaquePointer) -> [Int] {
        let table = unsafe hb_face_reference_table(face, tag("head"))
        defer { unsafe hb_blob_destroy(table) }
        var length: UInt32 = 0
        let units = Int(unsafe hb_face_get_upem(face))
        guard let data = unsafe hb_blob_get_data(table, &length), length >= 44, units > 0 else { return [0, -250, 1000, 1000] }
        return (0..<4).map { index in
            let high = unsafe UInt8(bitPattern: data[36 + 2 * index])
            let low = unsafe UInt8(bitPattern: data[37 + 2 * index])
            return Int(Int16(bitPattern: UInt16(high) << 8 | UInt16(low))) * 1000 / units
        }
    }

    /// The glyph of a character before shaping, or 0.
    func glyph(of scalar: UInt32) -> UInt32 {
        var glyph: UInt32 = 0
        return unsafe hb_font_get_nominal_glyph(font, scalar, &glyph) != 0 ? glyph : 0
    }

    /// How far a glyph moves the pen.
    func advance(of glyph: UInt32) -> Int { Int(unsafe hb_font_get_glyph_h_advance(font, glyph)) }

    /// Where a glyph's ink is, from the pen.
    func ink(of glyph: UInt32) -> TypeInk {
        var extents = hb_glyph_extents_t()
        guard unsafe hb_font_get_glyph_extents(font, glyph, &extents) != 0 else { return TypeInk() }
        return TypeInk(
            left: Int16(clamping: extents.x_bearing), right: Int16(clamping: extents.x_bearing + extents.width),
            bottom: Int16(clamping: extents.y_bearing + extents.height), top: Int16(clamping: extents.y_bearing))
    }

    /// Shapes scalars that this font has and appends their glyphs, in order from left to right.
    ///
    /// `cluster` of a glyph is the index in `scalars` of the first character that it shows. Ligatures are off, so that one
    /// glyph is one character wherever the font allows it.
    func shape(_ scalars: ArraySlice<UInt32>, with buffer: TypeBuffer, into glyphs: inout [TypeGlyph]) {
        let buffer = unsafe buffer.pointer
        unsafe hb_buffer_clear_contents(buffer)
        unsafe scalars.withUnsafeBufferPointer {
            unsafe hb_buffer_add_codepoints(buffer, $0.baseAddress, CInt($0.count), 0, CInt($0.count))
        }
        unsafe hb_buffer_set_cluster_level(buffer, HB_BUFFER_CLUSTER_LEVEL_MONOTONE_GRAPHEMES)
        unsafe hb_buffer_set_direction(buffer, HB_DIRECTION_LTR)
        unsafe hb_buffer_guess_segment_properties(buffer)
        unsafe hb_shape(font, buffer, Self.features, UInt32(Self.features.count))
        var count: UInt32 = 0
        let infos = unsafe hb_buffer_get_glyph_infos(buffer, &count)
        let positions = unsafe hb_buffer_get_glyph_positions(buffer, &count)
        guard let infos = unsafe infos, let positions = unsafe positions else { return }
        glyphs.reserveCapacity(glyphs.count + Int(count))
        for index in 0..<Int(count) {
            let position = unsafe positions[index]
            glyphs.append(
                TypeGlyph(
                    id: unsafe UInt16(truncatingIfNeeded: infos[index].codepoint),
                    cluster: scalars.startIndex + Int(unsafe infos[index].cluster),
                    advance: Int(position.x_advance), dx: Int(position.x_offset), dy: Int(position.y_offset)))
        }
    }

    /// Sets scalars one glyph each: all that Han, kana and Hangul in Normalization Form C need.
    func set(_ scalars: ArraySlice<UInt32>, into glyphs: inout [TypeGlyph]) {
        for index in scalars.indices {
            let glyph = glyph(of: scalars[index])
            glyphs.append(TypeGlyph(id: UInt16(truncatingIfNeeded: glyph), cluster: index, advance: advance(of: glyph), dx: 0, dy: 0))
        }
    }

    private static let features: [hb_feature_t] = [tag("liga"), tag("clig"), tag("dlig")].map {
        hb_feature_t(tag: $0, value: 0, start: 0, end: uocava_hb_feature_end)
    }

    static func tag(_ name: StaticString) -> hb_tag_t {
        name.withUTF8Buffer { bytes in unsafe uocava_hb_tag(CChar(bytes[0]), CChar(bytes[1]), CChar(bytes[2]), CChar(bytes[3])) }
    }
}

/// A shaped glyph; lengths in thousandths of the type size.
struct TypeGlyph: Sendable {
    /// The glyph's number in its font.
    var id: UInt16
    /// The index of the first character it shows.
    var cluster: Int
    /// How far the pen moves after it.
    var advance: Int
    /// How far from the pen it is drawn.
    var dx: Int
    var dy: Int
}

/// Where a glyph's ink is, in thousandths of the type size; all 0 for a space.
struct TypeInk: Sendable {
    var left: Int16 = 0
    var right: Int16 = 0
    var bottom: Int16 = 0
    var top: Int16 = 0

    /// Whether there is any.
    var isInk: Bool { left != right && bottom != top }
}

/// HarfBuzz's working memory, one per composition: not for sharing between threads.
@safe final class TypeBuffer {
    let pointer: OpaquePointer

    init() { unsafe pointer = hb_buffer_create() }

    deinit { unsafe hb_buffer_destroy(pointer) }
}
