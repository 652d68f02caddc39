/// Writing CSV that a spreadsheet opens without harm.
package enum CSVText {
    /// The table as UTF-8 without a byte order mark, RFC 4180 quoting, lines that end in LF.
    ///
    /// Cells that a spreadsheet would take for a formula (they begin with `=`, `+`, `-`, `@`, tab or CR, or with a space before one of these) get a `'` in front.
    package static func write(header: [String], rows: [[String]]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity((rows.count + 1) * 64)
        append(header, to: &bytes)
        for row in rows { append(row, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ row: [String], to bytes: inout [UInt8]) {
        for (index, cell) in row.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(cell: cell, to: &bytes)
        }
        bytes.append(0x0A)
    }

    /// Appends one cell, defused and quoted where it must be.
    static func append(cell: String, defuse: Bool = true, to bytes: inout [UInt8]) {
        let harmful = defuse && startsFormula(cell)
        let quoted =
            cell.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D }
            || cell.utf8.first == 0x20 || cell.utf8.last == 0x20
        if quoted { bytes.append(UInt8(ascii: "\"")) }
        if harmful { bytes.append(UInt8(ascii: "'")) }
        for byte in cell.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        if quoted { bytes.append(UInt8(ascii: "\"")) }
    }

    private static func startsFormula(_ cell: String) -> Bool {
        switch cell.utf8.first(where: { $0 != 0x20 }) {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: true
        default: false
        }
    }
}
