import Packet

/// A QR code as squares, for pages.
package struct QRSymbol: Sendable {
    private let symbol: BarcodeSymbol

    /// The code of a text.
    ///
    /// - Throws: ``OfficeError`` `broken` where the text is longer than a code can hold.
    package init(_ text: String) throws {
        do { symbol = try BarcodeSymbol.qr(Array(text.utf8)) } catch {
            throw OfficeError(.broken, "A QR code cannot be made: \(error)")
        }
    }

    /// How many squares it has on each side.
    package var side: Int { symbol.width }

    /// Whether a square is black; counted from the upper left.
    package func isBlack(_ column: Int, _ row: Int) -> Bool { symbol.isBlack(column, row: row) }
}
