import CZlib

/// CRC-32 as ZIP uses it (ISO 3309), through zlib.
package enum CRC32 {
    /// The sum of some bytes.
    package static func of(_ bytes: [UInt8]) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: unsafe crc32_z(0, $0.baseAddress, $0.count)) }
    }

    /// The sum of two runs of bytes set end to end, from their sums and the length of the second.
    ///
    /// So the base that all packets of a style share is summed once, and each packet costs only its tail.
    package static func combine(_ first: UInt32, _ second: UInt32, secondLength: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_combine(uLong(first), uLong(second), secondLength))
    }
}
