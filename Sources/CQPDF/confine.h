// What a process that runs libqpdf on a stranger's file must give up, and how one is started, as far as Swift's Glibc module
// does not show it: prctl(2) and syscall(2) are variadic, glibc 2.36 has no wrappers for Landlock, and what hides behind
// _GNU_SOURCE is not imported.
#include <spawn.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Why a shim: prctl is variadic.
static inline int uocava_prctl(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }

// Why own structures: Debian 12's linux/landlock.h knows neither the network nor the scope fields, which newer kernels take.
struct uocava_landlock_ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};
struct uocava_landlock_path {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

// Why shims: syscall is variadic. The numbers 444 to 446 are the same on every architecture.
static inline long uocava_landlock_abi(void) { return syscall(444, (void *)0, 0UL, 1U); }
static inline long uocava_landlock_create(const struct uocava_landlock_ruleset *rules, unsigned long size) {
    return syscall(444, rules, size, 0U);
}
static inline long uocava_landlock_allow(int ruleset, const struct uocava_landlock_path *path) {
    return syscall(445, ruleset, 1, path, 0U);
}
static inline long uocava_landlock_restrict(int ruleset) { return syscall(446, ruleset, 0U); }

// Why shims: declared only with _GNU_SOURCE. 3 is MFD_CLOEXEC and MFD_ALLOW_SEALING; 0x10000000 is CLONE_NEWUSER, 0x40000000 is CLONE_NEWNET.
static inline int uocava_memfd(const char *name) { return (int)syscall(SYS_memfd_create, name, 3U); }
static inline int uocava_unshare(int user, int network) {
    return (int)syscall(SYS_unshare, (user ? 0x10000000L : 0L) | (network ? 0x40000000L : 0L));
}
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// Gives up every capability, also those that a new user namespace hands out. Why a shim: glibc has no capset.
static inline int uocava_drop_capabilities(void) {
    struct {
        uint32_t version;
        int32_t pid;
    } header = {0x20080522U, 0};
    struct {
        uint32_t effective, permitted, inheritable;
    } none[2] = {{0, 0, 0}, {0, 0, 0}};
    return (int)syscall(SYS_capset, &header, none);
}

// A system call by its number, for the trials that show what the filter below refuses. Why a shim: syscall is variadic.
static inline long uocava_call(long number, long a, long b, long c, long d) { return syscall(number, a, b, c, d); }
