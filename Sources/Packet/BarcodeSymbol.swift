import CZint

/// A barcode as a picture of one bit a module: rows from the top, each row padded to a whole byte, 1 is black.
///
/// Made by libzint; one `zint_symbol` a call, so that threads share nothing. No quiet zone is included: leave four modules
/// around a QR code (ISO/IEC 18004), ten beside a Code 128 (ISO/IEC 15417).
package struct BarcodeSymbol: Sendable, Equatable {
    /// Modules across and down; a Code 128 is one row, an Intelligent Mail barcode three of equal height.
    package let width: Int
    /// See `width`.
    package let height: Int
    /// `(width + 7) / 8 * height` bytes.
    package let bits: [UInt8]

    /// A QR code of a text, error correction M.
    ///
    /// The mask is fixed (pattern 5): choosing the best of eight costs ten times as much as the code itself, and every reader
    /// reads any mask.
    package static func qr(_ text: [UInt8]) throws(PacketError) -> BarcodeSymbol {
        try unsafe BarcodeSymbol(BARCODE_QRCODE, text) { symbol in
            unsafe symbol.pointee.option_1 = 2
            unsafe symbol.pointee.option_3 = (5 + 1) << 8
        }
    }

    /// A Code 128 of printable ASCII characters.
    static func code128(_ text: [UInt8]) throws(PacketError) -> BarcodeSymbol {
        try unsafe BarcodeSymbol(BARCODE_CODE128, text) { _ in }
    }

    /// An Intelligent Mail barcode of digits that ``IntelligentMail`` has checked: tracking code, and after a hyphen the routing code.
    static func intelligentMail(_ text: [UInt8]) throws(PacketError) -> BarcodeSymbol {
        try unsafe BarcodeSymbol(BARCODE_USPS_IMAIL, text) { _ in }
    }

    /// A symbol whose modules are known.
    init(width: Int, height: Int, bits: [UInt8]) {
        self.width = width
        self.height = height
        self.bits = bits
    }

    /// Whether a module is black.
    package func isBlack(_ column: Int, row: Int) -> Bool { bits[(width + 7) / 8 * row + column / 8] & (0x80 >> UInt8(column % 8)) != 0 }

    private init(_ kind: CInt, _ text: [UInt8], configure: (UnsafeMutablePointer<zint_symbol>) -> Void) throws(PacketError) {
        guard let symbol = unsafe ZBarcode_Create() else { throw PacketError(.barcode, "no memory for a barcode") }
        defer { unsafe ZBarcode_Delete(symbol) }
        unsafe symbol.pointee.symbology = kind
        unsafe configure(symbol)
        let code = unsafe text.withUnsafeBufferPointer { unsafe ZBarcode_Encode(symbol, $0.baseAddress, CInt($0.count)) }
        guard code < ZINT_ERROR else {
            let reason = unsafe withUnsafeBytes(of: &symbol.pointee.errtxt) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw PacketError(.barcode, "a barcode cannot hold this text", cause: reason)
        }
        width = Int(unsafe symbol.pointee.width)
        // A linear code repeats nothing: one row says it all, whatever height it is drawn in.
        height = kind == BARCODE_CODE128 ? 1 : Int(unsafe symbol.pointee.rows)
        let stride = (width + 7) / 8
        var bits = [UInt8](repeating: 0, count: stride * height)
        for row in 0..<height {
            guard let modules = unsafe uocava_zint_row(symbol, CInt(row)) else { continue }
            // zint keeps the first module in the lowest bit; PDF in the highest.
            for byte in 0..<stride { bits[row * stride + byte] = Self.reversed(unsafe modules[byte]) }
        }
        self.bits = bits
    }

    private static func reversed(_ byte: UInt8) -> UInt8 {
        var value = byte
        value = value >> 4 | value << 4
        value = (value & 0xCC) >> 2 | (value & 0x33) << 2
        return (value & 0xAA) >> 1 | (value & 0x55) << 1
    }
}
