/// The letters of English and its neighbours, set from a table: the glyph of each character, and how far it moves the pen before each of the
/// others.
///
/// Nearly all codes, names and addresses are of these characters alone. With ligatures off a font does nothing to them but move neighbours
/// together, so a pair's distance is all there is to know, and what HarfBuzz says of each pair is asked once a process (some 20 ms) rather than
/// for each line (some 5 µs).
struct TypeKerning: Sendable {
    /// Printable ASCII, Latin-1 and Latin Extended-A.
    private static let ranges: [ClosedRange<UInt32>] = [0x20...0x7E, 0xC0...0x17F]
    private static let none: UInt16 = .max

    /// Character → its place in the table, up to the last.
    private let places: [UInt16]
    private let glyphs: [UInt16]
    /// For each place: before each of the others, and last before the line's end.
    private let advances: [Int16]

    /// nil where the font does more to a pair than to move it together: then HarfBuzz must set every line.
    init?(of face: TypeFace) {
        let buffer = TypeBuffer()
        let characters = Array(Self.ranges.joined())
        let plain = characters.map { face.glyph(of: $0) }
        var advances: [Int16] = []
        advances.reserveCapacity(characters.count * (characters.count + 1))
        for (index, character) in characters.enumerated() {
            // Before every other, in one line: A A A B A C …
            let line = characters.flatMap { [character, $0] } + [character]
            var shaped: [TypeGlyph] = []
            face.shape(line[...], with: buffer, into: &shaped)
            guard shaped.count == line.count else { return nil }
            for (place, glyph) in shaped.enumerated() {
                let expected = place % 2 == 0 ? plain[index] : plain[place / 2]
                guard UInt32(glyph.id) == expected, expected != 0, glyph.cluster == place, glyph.dx == 0, glyph.dy == 0,
                    let advance = Int16(exactly: glyph.advance)
                else { return nil }
                if place % 2 == 0 { advances.append(advance) }
            }
        }
        self.advances = advances
        glyphs = plain.map { UInt16(truncatingIfNeeded: $0) }
        var places = [UInt16](repeating: Self.none, count: Int(characters.last ?? 0) + 1)
        for (place, character) in characters.enumerated() { places[Int(character)] = UInt16(place) }
        self.places = places
    }

    /// Appends the glyphs of a line, exactly as ``TypeFace/shape(_:with:into:)`` would; false, and nothing is appended, if one of the
    /// characters is not in the table.
    func set(_ scalars: ArraySlice<UInt32>, into line: inout [TypeGlyph]) -> Bool {
        for scalar in scalars where scalar >= places.count || places[Int(scalar)] == Self.none { return false }
        let width = glyphs.count + 1
        var place = scalars.first.map { Int(places[Int($0)]) } ?? 0
        for index in scalars.indices {
            let next = index + 1 < scalars.endIndex ? Int(places[Int(scalars[index + 1])]) : glyphs.count
            line.append(TypeGlyph(id: glyphs[place], cluster: index, advance: Int(advances[place * width + next]), dx: 0, dy: 0))
            place = next
        }
        return true
    }
}
