import CQPDF
import Foundation
import Glibc

/// The child's side of ``ConfinedChild``: work that is done in a process that has given up nearly everything.
///
/// The program's `main` calls ``runIfAsked(_:)`` first of all; when it was started as `uocava --confined-job NAME MEMORY CPU`, the
/// call never returns. Input is descriptor 3, a file in memory; the result goes into descriptor 4, a pipe:
/// one byte 0 (done) or 1 (refused), one byte Landlock's version, one byte of flags (1 own network, 2 no capabilities), then
/// the result's bytes or a ``PacketError`` as JSON.
package enum ConfinedJobs {
    /// The hidden first argument.
    package static let flag = "--confined-job"

    static let inputDescriptor: CInt = 3
    static let resultDescriptor: CInt = 4

    /// Runs the job that the arguments (with the program's name first) ask for and ends the process; else returns at once.
    package static func runIfAsked(_ arguments: [String]) {
        guard arguments.count >= 2, arguments[1] == flag else { return }
        guard arguments.count >= 5, let memory = UInt(arguments[3]), let cpuSeconds = UInt(arguments[4]) else { _exit(64) }
        let job = arguments[2]
        let isRender = job == "render"
        guard let confinement = Confinement.enter(memory: memory, cpuSeconds: cpuSeconds, files: isRender ? .system : .none) else {
            _exit(69)
        }
        if isRender { PageRendering.becomeRenderer(Array(arguments.dropFirst(5)), header: header(0, confinement)) }
        do {
            let result = try run(job, input: readInput())
            write(header(0, confinement))
            write(result)
        } catch let error as PacketError {
            write(header(1, confinement))
            write([UInt8]((try? JSONEncoder().encode(error)) ?? Data()))
        } catch {
            let other = PacketError(.library, "the job \(job) failed", cause: "\(error)")
            write(header(1, confinement))
            write([UInt8]((try? JSONEncoder().encode(other)) ?? Data()))
        }
        // Not exit(): nothing of the program's own may run here, and nothing is buffered.
        _exit(0)
    }

    private static func run(_ job: String, input: [UInt8]) throws -> [UInt8] {
        switch job {
        case "read": return try BallotCleaning.run(input)
        case "assemble": return try BaseAssembly.run(input)
        case "echo": return input
        case "crash": crash()
        case "hog": hog()
        case "spin": while true {}
        case "peek": return [UInt8](peek().utf8)
        default: throw PacketError(.invalidInput, "there is no confined job \(job)")
        }
    }

    // MARK: Jobs that misbehave on purpose, to show that the parent survives them

    private static func crash() -> Never {
        raise(SIGSEGV)
        _exit(1)
    }

    private static func hog() -> Never {
        var pieces: [[UInt8]] = []
        while true { pieces.append([UInt8](repeating: 1, count: 16 << 20)) }
    }

    /// Tries what the job must not be able to do; an empty answer means that nothing worked.
    private static func peek() -> String {
        var worked: [String] = []
        if unsafe open("/etc/passwd", O_RDONLY) >= 0 { worked.append("read a file") }
        if unsafe open("/tmp/uocava-peek", O_RDWR | O_CREAT, 0o600) >= 0 { worked.append("wrote a file") }
        let socket = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(80).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let refused = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(socket, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) != 0
                    && (errno == ENETUNREACH || errno == EACCES || errno == EPERM)
            }
        }
        if !refused { worked.append("reached the network") }
        return worked.joined(separator: ", ")
    }

    // MARK: Input and result

    private static func header(_ status: UInt8, _ confinement: Confinement) -> [UInt8] {
        [
            status, UInt8(clamping: confinement.landlock),
            (confinement.ownNetwork ? 1 : 0) | (confinement.noCapabilities ? 2 : 0)
        ]
    }

    private static func readInput() throws -> [UInt8] {
        var status = stat()
        guard unsafe fstat(inputDescriptor, &status) == 0 else {
            throw PacketError(.childUnavailable, "the confined job has no input", cause: SystemCall.reason())
        }
        let size = Int(status.st_size)
        return try unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = unsafe pread(inputDescriptor, buffer.baseAddress?.advanced(by: count), size - count, off_t(count))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    throw PacketError(.childUnavailable, "the confined job's input ended early", cause: SystemCall.reason())
                }
                count += got
            }
        }
    }

    static func write(_ bytes: [UInt8]) {
        // A parent that hung up has decided already: leave quietly.
        if !SystemCall.writeAll(bytes, to: resultDescriptor) { _exit(74) }
    }
}
