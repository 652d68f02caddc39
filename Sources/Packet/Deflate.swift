import CZlib

/// Compression with DEFLATE (RFC 1951), by zlib.
package enum Deflate {
    /// In zlib's frame (RFC 1950), as PDF's `FlateDecode` wants it. Empty where there is no memory for it.
    package static func zlib(_ data: [UInt8]) -> [UInt8] { zlib(data, level: 6) }

    /// As a gzip file (RFC 1952), as HTTP's `gzip` coding wants it; as small as zlib can.
    package static func gzip(_ data: [UInt8]) -> [UInt8] {
        // No name, no time: the same bytes give the same file. 3 is Unix.
        var file: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3]
        // zlib's frame is two bytes before and a checksum of four behind.
        file += zlib(data, level: 9).dropFirst(2).dropLast(4)
        for number in [CRC32.of(data), UInt32(truncatingIfNeeded: data.count)] {
            file += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        return file
    }

    private static func zlib(_ data: [UInt8], level: CInt) -> [UInt8] {
        let bound = compressBound(uLong(data.count))
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(bound)) { buffer, count in
            var length = bound
            // compressBound leaves room for the worst case, so the only failure is want of memory, and that leaves the count at 0.
            let code = unsafe data.withUnsafeBufferPointer {
                unsafe compress2(buffer.baseAddress, &length, $0.baseAddress, uLong(data.count), level)
            }
            count = code == Z_OK ? Int(length) : 0
        }
    }
}
