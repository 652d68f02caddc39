import CQPDF
import Foundation
import Glibc

/// The child's side of ``ConfinedChild``: work that is done in a process that has given up nearly everything.
///
/// The program's `main` calls ``runIfAsked(_:)`` first of all; when it was started as `uocava --confined-job NAME MEMORY CPU`, the
/// call never returns. Input is descriptor 3, a file in memory; the result goes into descriptor 4, a pipe:
/// one byte 0 (done) or 1 (refused), one byte Landlock's version, one byte of flags (1 own network, 2 no capabilities, 4
/// system calls filtered), then the result's bytes or a ``PacketError`` as JSON.
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
        let files = job == "render" || job == "try-as-renderer" ? Confinement.Files.system : .none
        guard let confinement = Confinement.enter(memory: memory, cpuSeconds: cpuSeconds, files: files) else {
            _ = SystemCall.writeAll(Array("this system cannot keep the reader from files: no Landlock, no seccomp\n".utf8), to: 2)
            _exit(69)
        }
        if job == "render" { PageRendering.becomeRenderer(Array(arguments.dropFirst(5)), header: header(0, confinement)) }
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
        case "crash": ConfinedTrials.crash()
        case "hog": ConfinedTrials.hog()
        case "spin": while true {}
        case "try", "try-as-renderer": return [UInt8](ConfinedTrials.attempts().joined(separator: "\n").utf8)
        default: throw PacketError(.invalidInput, "there is no confined job \(job)")
        }
    }

    // MARK: Input and result

    private static func header(_ status: UInt8, _ confinement: Confinement) -> [UInt8] {
        [
            status, UInt8(clamping: confinement.landlock),
            (confinement.ownNetwork ? 1 : 0) | (confinement.noCapabilities ? 2 : 0) | (confinement.callsFiltered ? 4 : 0)
        ]
    }

    private static func readInput() throws -> [UInt8] {
        // Not fstat(): the system call behind it also answers for paths, and is refused.
        let size = Int(lseek(inputDescriptor, 0, SEEK_END))
        guard size >= 0 else {
            throw PacketError(.childUnavailable, "the confined job has no input", cause: SystemCall.reason())
        }
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
