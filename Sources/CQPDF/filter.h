// The system calls that a confined process may make: whatever is not listed fails with EPERM.
//
// Why in C: a filter is an array of the BPF_… macros, which Swift does not import, with the SYS_… numbers, of which some exist on
// some architectures only.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define UOCAVA_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define UOCAVA_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// What memory, a clock, the open descriptors and an orderly end need.
static const int uocava_calls[] = {
    SYS_read, SYS_pread64, SYS_readv, SYS_write, SYS_writev, SYS_close, SYS_lseek, SYS_dup, SYS_dup3,
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk,
    SYS_futex, SYS_sched_yield, SYS_sched_getaffinity, SYS_clock_gettime, SYS_gettimeofday, SYS_getrandom, SYS_getrusage,
    SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall, SYS_exit, SYS_exit_group,
#ifdef SYS_dup2
    SYS_dup2,
#endif
#ifdef SYS_time
    SYS_time,
#endif
};

// What another program needs besides, to be loaded and to find its libraries and fonts; Landlock says which files it gets.
static const int uocava_file_calls[] = {
    SYS_execve, SYS_openat, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_readlinkat, SYS_getdents64, SYS_getcwd,
    SYS_statfs, SYS_fstatfs, SYS_uname, SYS_sysinfo, SYS_set_tid_address, SYS_set_robust_list, SYS_fadvise64,
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
#ifdef SYS_arch_prctl
    SYS_arch_prctl,
#endif
#ifdef SYS_open
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink,
#endif
};

#define UOCAVA_COUNT(list) (int)(sizeof(list) / sizeof(list[0]))

// Refuses every system call that is not listed, for good; 0 if that holds now, else -1.
//
// `files`: whether the process goes on as another program. Needs no_new_privs. A process cannot raise its limits, signal or
// watch others, start threads or programs, or make sockets, whatever else the kernel would let its user do.
static inline int uocava_filter(int files) {
#ifdef UOCAVA_ARCHITECTURE
    struct sock_filter program[256];
    int n = 0;
    const uint32_t number = offsetof(struct seccomp_data, nr);
    const uint32_t first = offsetof(struct seccomp_data, args[0]);  // its lower half: both architectures are little-endian
    const uint32_t second = offsetof(struct seccomp_data, args[1]);

#define UOCAVA_ADD(...) program[n++] = (struct sock_filter)__VA_ARGS__
#define UOCAVA_LOAD(offset) UOCAVA_ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset))
#define UOCAVA_RETURN(what) UOCAVA_ADD(BPF_STMT(BPF_RET | BPF_K, what))
// The next `skip` instructions are for this value only.
#define UOCAVA_IF(value, skip) UOCAVA_ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skip))

    UOCAVA_LOAD(offsetof(struct seccomp_data, arch));
    // Another architecture's numbers, as a 32-bit program would use them, mean other calls.
    UOCAVA_ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UOCAVA_ARCHITECTURE, 1, 0));
    UOCAVA_RETURN(SECCOMP_RET_KILL_PROCESS);
    UOCAVA_LOAD(number);
    for (int i = 0; i < UOCAVA_COUNT(uocava_calls); i++) {
        UOCAVA_IF(uocava_calls[i], 1);
        UOCAVA_RETURN(SECCOMP_RET_ALLOW);
    }
    for (int i = 0; files && i < UOCAVA_COUNT(uocava_file_calls); i++) {
        UOCAVA_IF(uocava_file_calls[i], 1);
        UOCAVA_RETURN(SECCOMP_RET_ALLOW);
    }
    // abort() sends itself a signal; nobody else gets one.
    UOCAVA_IF(SYS_tgkill, 4);
    UOCAVA_LOAD(first);
    UOCAVA_IF(getpid(), 1);
    UOCAVA_RETURN(SECCOMP_RET_ALLOW);
    UOCAVA_RETURN(SECCOMP_RET_ERRNO | EPERM);
    // Its own limits may be read and lowered; the first argument is another process or 0.
    UOCAVA_IF(SYS_prlimit64, 4);
    UOCAVA_LOAD(first);
    UOCAVA_IF(0, 1);
    UOCAVA_RETURN(SECCOMP_RET_ALLOW);
    UOCAVA_RETURN(SECCOMP_RET_ERRNO | EPERM);
    // A descriptor's flags (1 to 3: F_GETFD, F_SETFD, F_GETFL), but not who gets its signals.
    UOCAVA_IF(SYS_fcntl, 5);
    UOCAVA_LOAD(second);
    UOCAVA_ADD(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 3, 1, 0));
    UOCAVA_ADD(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 1, 1, 0));
    UOCAVA_RETURN(SECCOMP_RET_ERRNO | EPERM);
    UOCAVA_RETURN(SECCOMP_RET_ALLOW);
    UOCAVA_RETURN(SECCOMP_RET_ERRNO | EPERM);

    struct sock_fprog filter = {(unsigned short)n, program};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0UL, 0UL);
#else
    (void)files;
    return -1;
#endif
}
