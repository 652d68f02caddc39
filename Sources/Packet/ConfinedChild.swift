import CQPDF
import Foundation
import Glibc

/// Does one named job in a child process that can neither read files, reach the network, nor outlive its limits.
///
/// The child is this very program, started anew (`/proc/self/exe`); what it does with its life is in ``ConfinedJobs``. A crash, a
/// loop or a memory bomb in there costs one refused file here. Blocking: call it from a thread that may wait, at most
/// `wallSeconds`. Any number may run at a time.
package struct ConfinedChild: Sendable {
    /// What a job may use up.
    package struct Limits: Sendable {
        /// Address space, in bytes, and so the most memory; Swift's own libraries take up to 256 MB of it. A PDF of 32 MB needs 300.
        package var memory: UInt = 500 << 20
        /// Processor time, in seconds.
        package var cpuSeconds: UInt = 10
        /// Time by the clock on the wall, in seconds.
        package var wallSeconds: Double = 10
        /// Longest result, in bytes.
        package var outputBytes: Int = 128 << 20

        /// 500 MB, ten seconds and 128 MB.
        package init() {}
    }

    /// What a job gave back.
    package struct Output: Sendable {
        /// The result itself.
        package var bytes: [UInt8]
        /// What kept the child confined.
        package var confinement: Confinement
    }

    /// The program to start; its `main` must call ``ConfinedJobs/runIfAsked(_:)`` first.
    package var executable: String
    /// What each job may use up.
    package var limits: Limits

    /// Jobs run in this program unless a test names another.
    package init(executable: String = "/proc/self/exe", limits: Limits = Limits()) {
        self.executable = executable
        self.limits = limits
    }

    /// Runs a job on these bytes and gives back its result.
    ///
    /// Throws the job's own ``PacketError``, or `childCrashed`, `childTimedOut`, `childOutOfMemory`, `tooLarge` (the result),
    /// `childUnavailable` (this machine could not start the child, or the program is not ours).
    package func run(_ job: String, _ input: [UInt8], arguments: [String] = []) throws(PacketError) -> Output {
        let inputFile = try Descriptor.memoryFile(input)
        let result = try Pipe.open()
        let complaints = try Pipe.open()
        let command = [executable, ConfinedJobs.flag, job, String(limits.memory), String(limits.cpuSeconds)] + arguments
        let pid = try spawn(command, input: inputFile.number, result: result.writer.number, complaints: complaints.writer.number)
        // Ours must go, or the pipes never end.
        result.writer.close()
        complaints.writer.close()

        let started = ContinuousClock.now
        let deadline = started + .seconds(limits.wallSeconds)
        var collected = collect(result: result.reader.number, complaints: complaints.reader.number, until: deadline)
        let end = reap(pid, until: deadline, killNow: collected.stopped)
        if end.killedByUs, !collected.overflowed { collected.timedOut = true }
        return try judge(job, collected, end)
    }

    // MARK: Starting

    /// Nothing of ours: no passphrase, no proxy, no preloaded library. A backtrace would need files and another program.
    private static let environment = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "SWIFT_BACKTRACE=enable=no"]

    private func spawn(_ command: [String], input: CInt, result: CInt, complaints: CInt) throws(PacketError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, complaints, 2)
        unsafe posix_spawn_file_actions_adddup2(&actions, input, ConfinedJobs.inputDescriptor)
        unsafe posix_spawn_file_actions_adddup2(&actions, result, ConfinedJobs.resultDescriptor)
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 5)

        // A server blocks and ignores signals; its child must die of them.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        var environment: [UnsafeMutablePointer<CChar>?] = unsafe Self.environment.map { unsafe strdup($0) }
        unsafe environment.append(nil)
        let strings = unsafe arguments + environment
        defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
        var pid: pid_t = 0
        let code = unsafe posix_spawn(&pid, executable, &actions, &attributes, arguments, environment)
        guard code == 0 else {
            throw PacketError(
                .childUnavailable, "the confined reader could not be started",
                hint: "Files are read in a second process of this program: check the limits on processes and memory",
                cause: "\(executable): \(SystemCall.reason(code))")
        }
        return pid
    }

    // MARK: Listening

    private struct Collected {
        var result: [UInt8] = []
        var complaints: [UInt8] = []
        var overflowed = false
        var timedOut = false
        var stopped: Bool { overflowed || timedOut }
    }

    private func collect(result: CInt, complaints: CInt, until deadline: ContinuousClock.Instant) -> Collected {
        var collected = Collected()
        var sources = [pollfd(fd: result, events: Int16(POLLIN), revents: 0), pollfd(fd: complaints, events: Int16(POLLIN), revents: 0)]
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while sources.contains(where: { $0.fd >= 0 }) {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else {
                collected.timedOut = true
                break
            }
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            let ready = unsafe poll(&sources, nfds_t(sources.count), CInt(clamping: milliseconds + 1))
            if ready < 0, errno != EINTR { break }
            for index in sources.indices where sources[index].fd >= 0 && sources[index].revents != 0 {
                let got = unsafe read(sources[index].fd, &chunk, chunk.count)
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    sources[index].fd = -1  // poll skips what is negative
                    continue
                }
                if index == 0 {
                    collected.result.append(contentsOf: chunk[..<got])
                    if collected.result.count > limits.outputBytes {
                        collected.overflowed = true
                        return collected
                    }
                } else if collected.complaints.count < 4096 {
                    // The child's stderr only explains a crash: its beginning is enough.
                    collected.complaints.append(contentsOf: chunk[..<min(got, 4096)])
                }
            }
        }
        return collected
    }

    // MARK: The end

    private struct End {
        var status: CInt = 0
        var cpuSeconds = 0.0
        var peakBytes = 0
        var killedByUs = false
    }

    /// Waits for the child, no longer than the deadline, and leaves no zombie behind.
    private func reap(_ pid: pid_t, until deadline: ContinuousClock.Instant, killNow: Bool) -> End {
        var end = End()
        var usage = rusage()
        if killNow {
            kill(pid, SIGKILL)
            end.killedByUs = true
        }
        while true {
            let done = unsafe wait4(pid, &end.status, end.killedByUs ? 0 : WNOHANG, &usage)
            if done == pid || (done < 0 && errno != EINTR) { break }
            if done == 0 {
                // Both pipes are closed and the child still lives: a moment is normal, more is not.
                if ContinuousClock.now >= deadline {
                    kill(pid, SIGKILL)
                    end.killedByUs = true
                } else {
                    usleep(500)
                }
            }
        }
        end.cpuSeconds =
            Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        end.peakBytes = Int(usage.ru_maxrss) * 1024
        return end
    }

    /// The most memory that this process ever had, in bytes.
    private static var ownPeakBytes: Int {
        var usage = rusage()
        unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) * 1024
    }

    private func judge(_ job: String, _ collected: Collected, _ end: End) throws(PacketError) -> Output {
        let culprit = job == "read" || job == "render" ? "the PDF made the reader" : "the confined job \(job)"
        let unharmed = "It was refused, and nothing else was harmed"
        let said = String(decoding: collected.complaints.prefix(600), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let cause = said.isEmpty ? nil : said
        if collected.overflowed {
            throw PacketError(.tooLarge, "\(culprit) write more than \(limits.outputBytes >> 20) MB", hint: unharmed)
        }
        let signal = end.status & 0x7F
        let outOfTime = signal == SIGXCPU || (signal == SIGKILL && end.cpuSeconds >= Double(limits.cpuSeconds))
        if collected.timedOut || outOfTime {
            let limit = outOfTime ? "\(limits.cpuSeconds) seconds of processor time" : "\(limits.wallSeconds) seconds"
            throw PacketError(.childTimedOut, "\(culprit) run for more than \(limit)", hint: unharmed, cause: cause)
        }
        if signal != 0 {
            // Swift traps where an allocation fails. Whether that was it shows in how much it had; Linux counts our own memory as the
            // child's until it is another program, so no less than that tells nothing.
            let isLarge = end.peakBytes > Int(limits.memory / 2) && end.peakBytes > Self.ownPeakBytes
            if isLarge || said.contains("llocat") {
                throw PacketError(
                    .childOutOfMemory, "\(culprit) use more than \(limits.memory >> 20) MB of memory", hint: unharmed, cause: cause)
            }
            throw PacketError(.childCrashed, "\(culprit) crash (\(Self.name(ofSignal: signal)))", hint: unharmed, cause: cause)
        }
        let exit = (end.status >> 8) & 0xFF
        if job == "render", exit != 0, collected.result.count >= 3 {
            throw PacketError(.damaged, "the PDF cannot be drawn", hint: "Ask the vendor for the file again", cause: cause)
        }
        guard exit == 0, let status = collected.result.first, collected.result.count >= 3, status <= 1 else {
            throw PacketError(
                .childUnavailable, "the confined job \(job) did not answer (exit status \(exit))",
                hint: "\(executable) must be the uocava program itself", cause: cause)
        }
        let confinement = Confinement(
            landlock: Int(collected.result[1]), ownNetwork: collected.result[2] & 1 != 0, noCapabilities: collected.result[2] & 2 != 0,
            callsFiltered: collected.result[2] & 4 != 0)
        let payload = Array(collected.result.dropFirst(3))
        guard status == 0 else {
            guard let error = try? JSONDecoder().decode(PacketError.self, from: Data(payload)) else {
                throw PacketError(.library, "the confined job \(job) failed without saying why", cause: cause)
            }
            throw error
        }
        return Output(bytes: payload, confinement: confinement)
    }

    private static func name(ofSignal signal: CInt) -> String {
        let names = [
            SIGILL: "illegal instruction", SIGTRAP: "trap", SIGABRT: "abort", SIGBUS: "bus error", SIGFPE: "arithmetic error",
            SIGKILL: "killed", SIGSEGV: "segmentation fault", SIGSYS: "forbidden system call", SIGXFSZ: "file size limit"
        ]
        return names[signal].map { "signal \(signal), \($0)" } ?? "signal \(signal)"
    }
}
