import CQPDF
import Glibc

/// An open file descriptor, closed when its owner goes.
struct Descriptor: ~Copyable {
    let number: CInt

    fileprivate init(_ number: CInt) { self.number = number }

    deinit { Glibc.close(number) }

    /// Closes it now.
    consuming func close() {}

    /// A file in memory with these bytes, to be read from its beginning and never changed again, by whomever.
    static func memoryFile(_ bytes: [UInt8]) throws(PacketError) -> Descriptor {
        let number = unsafe uocava_memfd("input")
        guard number >= 0 else { throw SystemCall.failed("memfd_create") }
        let file = Descriptor(try high(number))
        guard SystemCall.writeAll(bytes, to: file.number) else { throw SystemCall.failed("write") }
        // 1033 is F_ADD_SEALS, which Swift does not import; 15 seals size, content and the seals.
        guard fcntl(file.number, 1033, 15) == 0 else { throw SystemCall.failed("fcntl") }
        return file
    }

    /// The same file under a number from 10 on, closed on exec: the child's 2 to 4 must not be overwritten before they are copied.
    fileprivate static func high(_ number: CInt) throws(PacketError) -> CInt {
        let moved = fcntl(number, F_DUPFD_CLOEXEC, 10)
        let reason = SystemCall.failed("fcntl")
        Glibc.close(number)
        guard moved >= 0 else { throw reason }
        return moved
    }
}

/// A pipe's two ends.
struct Pipe: ~Copyable {
    let reader: Descriptor
    let writer: Descriptor

    static func open() throws(PacketError) -> Pipe {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw SystemCall.failed("pipe") }
        let reader = Descriptor(try Descriptor.high(ends[0]))
        return Pipe(reader: reader, writer: Descriptor(try Descriptor.high(ends[1])))
    }
}

/// System calls' habits: partial writes, interruptions, and reasons in words.
enum SystemCall {
    /// Writes everything; false when the other end is gone or the disk is full.
    static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        unsafe bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let wrote = unsafe write(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
                if wrote < 0, errno == EINTR { continue }
                guard wrote > 0 else { return false }
                done += wrote
            }
            return true
        }
    }

    /// The last system call's error, in words.
    static func reason(_ code: CInt = errno) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        _ = unsafe strerror_r(code, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) + " (\(code))"
    }

    static func failed(_ call: String) -> PacketError {
        PacketError(.childUnavailable, "the confined reader could not be started", cause: "\(call): \(reason())")
    }
}
