import CQPDF
import Glibc

/// Jobs that misbehave on purpose, to show that the parent survives them and that nothing of what they try works.
enum ConfinedTrials {
    static func crash() -> Never {
        raise(SIGSEGV)
        _exit(1)
    }

    static func hog() -> Never {
        var pieces: [[UInt8]] = []
        while true { pieces.append([UInt8](repeating: 1, count: 16 << 20)) }
    }

    /// What an attacker whose code runs in the child would try; each line names something that worked.
    static func attempts() -> [String] {
        var worked: [String] = []
        func attempt(_ what: String, _ body: () -> Bool) { if body() { worked.append(what) } }
        let parent = Int(getppid())

        attempt("read a file") { unsafe open("/etc/passwd", O_RDONLY) >= 0 }
        attempt("read its own process") { unsafe open("/proc/self/maps", O_RDONLY) >= 0 }
        attempt("read its parent's memory file") { unsafe open("/proc/\(parent)/mem", O_RDONLY) >= 0 }
        attempt("read a folder") { unsafe open("/tmp", O_RDONLY | O_DIRECTORY) >= 0 }
        attempt("write a file") { unsafe open("/tmp/uocava-trial-\(getpid())", O_RDWR | O_CREAT, 0o600) >= 0 }
        attempt("write to a program") { unsafe open("/usr/bin/pdftoppm", O_WRONLY) >= 0 }
        attempt("change its input") {
            unsafe mmap(nil, 1, PROT_READ | PROT_WRITE, MAP_SHARED, ConfinedJobs.inputDescriptor, 0) != MAP_FAILED
        }
        attempt("empty its input") { ftruncate(ConfinedJobs.inputDescriptor, 0) == 0 }
        attempt("use a descriptor that is not its own") { (5..<64).contains { lseek($0, 0, SEEK_CUR) >= 0 || errno != EBADF } }

        attempt("make a socket for the Internet") { call(SYS_socket, 2, 1) }
        attempt("make a socket for this machine") { call(SYS_socket, 1, 1) }
        attempt("make a socket for the kernel") { call(SYS_socket, 16, 3) }

        attempt("start a process") {
            let child = uocava_call(Int(SYS_clone), Int(SIGCHLD), 0, 0, 0)
            if child == 0 { _exit(0) }
            return child > 0
        }
        attempt("start a thread") {
            var thread = pthread_t()
            return unsafe pthread_create(&thread, nil, { _ in nil }, nil) == 0
        }
        attempt("become another program") { call(SYS_execveat, -1, 0) || errno != EPERM }
        attempt("signal its parent") { kill(pid_t(parent), 0) == 0 }
        attempt("signal everybody") { kill(-1, 0) == 0 }
        attempt("get a handle on its parent") { call(SYS_pidfd_open, parent) }
        // PTRACE_SEIZE: watches without stopping.
        attempt("watch its parent") { call(SYS_ptrace, 0x4206, parent) }
        attempt("change its parent's limits") { call(SYS_prlimit64, parent, Int(RLIMIT_NOFILE.rawValue)) }
        attempt("change its parent's turn at the processor") { call(SYS_setpriority, 0, parent, 0) }
        // F_SETOWN: signals for a descriptor would go to the parent.
        attempt("send signals through a descriptor") { fcntl(ConfinedJobs.resultDescriptor, 8, CInt(parent)) == 0 }

        attempt("leave memory behind") { call(SYS_shmget, 0x5543, 1 << 20, 0o1600) }
        attempt("make a file in memory") { unsafe uocava_memfd("trial") >= 0 }
        attempt("raise a limit") {
            var limit = rlimit(rlim_cur: 65, rlim_max: 65)
            return unsafe setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0
        }
        attempt("outlive its parent") { uocava_prctl(PR_SET_PDEATHSIG, 0) == 0 }
        attempt("make a namespace") { uocava_unshare(1, 0) == 0 }
        // Doors to the rest of the kernel; with these arguments they would fail in another way if they were open.
        attempt("reach io_uring") { call(SYS_io_uring_setup, 0, 0) || errno != EPERM }
        attempt("reach bpf") { call(SYS_bpf, -1, 0) || errno != EPERM }
        attempt("reach keyrings") { call(SYS_keyctl, 0, -1, 0) || errno != EPERM }
        attempt("reach perf") { call(SYS_perf_event_open, 0) || errno != EPERM }
        attempt("reach userfaultfd") { call(SYS_userfaultfd, -1) || errno != EPERM }
        return worked
    }

    private static func call(_ number: some BinaryInteger, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0) -> Bool {
        uocava_call(Int(number), a, b, c, d) >= 0
    }
}
