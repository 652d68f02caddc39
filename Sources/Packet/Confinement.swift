import CQPDF
import Glibc

/// What a confined process has given up, as it reports of itself.
///
/// The limits and `no_new_privs` always hold, and Landlock or the filter of system calls does, or the process does not go on. Which of
/// them, and the namespaces, depends on the kernel and on what the machine's owner allows. Each covers what another may lack: Debian 12's
/// Landlock knows neither TCP nor signals, and a container often forbids namespaces.
package struct Confinement: Sendable, Equatable {
    /// Landlock's version that keeps the process from the file system (from 4 also from TCP); 0 where the kernel has none.
    package var landlock: Int
    /// Whether the process has a network of its own, without any interface that is up.
    package var ownNetwork: Bool
    /// Whether all capabilities are gone.
    package var noCapabilities: Bool
    /// Whether only a few harmless system calls are left: no sockets, no other process, no thread, no program of its choice.
    package var callsFiltered: Bool
}

extension Confinement {
    /// What the process may still read from the file system.
    enum Files {
        /// Nothing at all.
        case none
        /// System libraries and fonts, to go on as another program.
        case system
    }

    /// Confines this process, for good.
    ///
    /// Must be called while it has one thread only. Nil if the limits could not be set, or if nothing keeps files from it.
    static func enter(memory: UInt, cpuSeconds: UInt, files: Files) -> Confinement? {
        // One CPU second more than the soft limit turns a process that ignores SIGXCPU into a killed one. Core dumps would write
        // the ballot to disk. Processes: none but this one (root is exempt, which the filter of system calls is not).
        let limits: [(CInt, UInt, UInt)] = [
            (CInt(bitPattern: RLIMIT_AS.rawValue), memory, memory),
            (CInt(bitPattern: RLIMIT_CPU.rawValue), cpuSeconds, cpuSeconds + 1),
            (CInt(bitPattern: RLIMIT_CORE.rawValue), 0, 0),
            (CInt(bitPattern: RLIMIT_FSIZE.rawValue), 0, 0),
            (CInt(bitPattern: RLIMIT_NOFILE.rawValue), 64, 64),
            (CInt(bitPattern: __RLIMIT_NPROC.rawValue), 0, 0)
        ]
        for (resource, soft, hard) in limits {
            var limit = rlimit(rlim_cur: soft, rlim_max: hard)
            guard unsafe setrlimit(__rlimit_resource_t(UInt32(bitPattern: resource)), &limit) == 0 else { return nil }
        }
        guard uocava_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0 else { return nil }
        // Nobody needs the result of a dead parent.
        _ = uocava_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL))

        var network = uocava_unshare(1, 1) == 0
        if !network { network = uocava_unshare(0, 1) == 0 }
        let landlock = restrictFiles(files)
        let noCapabilities = uocava_drop_capabilities() == 0
        _ = uocava_prctl(PR_SET_DUMPABLE, 0)
        // Last, for it also refuses what the steps above need.
        let callsFiltered = uocava_filter(files == .system ? 1 : 0) == 0
        guard landlock >= 1 || callsFiltered else { return nil }
        return Confinement(
            landlock: landlock, ownNetwork: network, noCapabilities: noCapabilities, callsFiltered: callsFiltered)
    }

    /// Landlock's access rights for files, by the version that introduced them (`linux/landlock.h`).
    private static func fileRights(_ version: Int) -> UInt64 {
        var rights: UInt64 = (1 << 13) - 1
        if version >= 2 { rights |= 1 << 13 }  // REFER
        if version >= 3 { rights |= 1 << 14 }  // TRUNCATE
        if version >= 5 { rights |= 1 << 15 }  // IOCTL_DEV
        return rights
    }

    /// Shuts the file system, and with newer kernels TCP, abstract sockets and signals; returns the version that holds.
    private static func restrictFiles(_ files: Files) -> Int {
        let version = uocava_landlock_abi()
        guard version >= 1 else { return 0 }
        var rules = uocava_landlock_ruleset()
        rules.handled_access_fs = fileRights(version)
        if version >= 4 { rules.handled_access_net = 0b11 }
        if version >= 6 { rules.scoped = 0b11 }
        // Kernels refuse a structure that is longer than theirs unless the rest is zero, which it then is.
        let ruleset = CInt(unsafe uocava_landlock_create(&rules, UInt(MemoryLayout<uocava_landlock_ruleset>.size)))
        guard ruleset >= 0 else { return 0 }
        defer { close(ruleset) }
        if case .system = files {
            for path in ["/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/var/cache/fontconfig", "/dev/null"] {
                allowReading(path, in: ruleset)
            }
        }
        return uocava_landlock_restrict(ruleset) == 0 ? version : 0
    }

    private static func allowReading(_ path: String, in ruleset: CInt) {
        // 0x200000 is O_PATH, which Swift does not import.
        let descriptor = unsafe open(path, 0x200000 | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        // EXECUTE and READ_FILE, and READ_DIR, which the kernel refuses for what is no folder.
        var rule = uocava_landlock_path(allowed_access: isFolder ? 0b1101 : 0b101, parent_fd: descriptor)
        _ = unsafe uocava_landlock_allow(ruleset, &rule)
    }
}
