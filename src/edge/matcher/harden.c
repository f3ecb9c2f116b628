/* SPDX-License-Identifier: Apache-2.0 */
#include "harden.h"

#include "storage_file.h"

#include <errno.h>
#include <linux/netlink.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sodium.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MEMORY_MAX = 1 << 30, FILES_MAX = 64 };

/* ---- limits ---- */

static bool limit(__rlimit_resource_t what, rlim_t most)
{
        return setrlimit(what, &(struct rlimit){ .rlim_cur = most, .rlim_max = most }) == 0;
}

/* Only the soft limit: it bounds a leak, and one who raises it wins nothing by it. */
static bool limit_files(void)
{
        struct rlimit files;
        if (getrlimit(RLIMIT_NOFILE, &files) != 0)
                return false;
        files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
        return setrlimit(RLIMIT_NOFILE, &files) == 0;
}

/* An address sanitizer's shadow does not fit under any limit of memory, and its look for leaks at the end
 * wants to trace the process, which nobody may. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

#ifdef SANITIZED
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
        return "detect_leaks=0:max_free_fill_size=1073741824:free_fill_byte=90";
}
#endif

static bool limit_memory(void)
{
#ifdef SANITIZED
        return true;
#else
        return limit(RLIMIT_AS, MEMORY_MAX);
#endif
}

/* Images and templates pass through libraries that give memory back as it is; the C library's allocator then
 * overwrites it. What it keeps at hand for the same size again it does not, but that is about a kilobyte at
 * most. */
static void wipe_what_is_freed(void)
{
#ifdef M_PERTURB
        enum { FILL = 0x5A };
        (void)mallopt(M_PERTURB, FILL);
#endif
}

mitome_status harden_begin(mitome_error *error)
{
        wipe_what_is_freed();
        umask(0077);
        signal(SIGPIPE, SIG_IGN);
        harden_allow(HARDEN_IDLE_CPU_S);
        bool hardened = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0) && limit_files() &&
                        limit(RLIMIT_FSIZE, STORAGE_FILE_MAX) && limit_memory() && sodium_init() >= 0;
        return hardened ? ok() : fail(error, MITOME_E_PROCESS, "mitome-matcher", NULL);
}

void harden_allow(unsigned seconds)
{
        struct timespec used = { 0 };
        struct rlimit time;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        if (getrlimit(RLIMIT_CPU, &time) != 0)
                return;
        time.rlim_cur = (rlim_t)used.tv_sec + 1 + seconds;
        if (time.rlim_cur > time.rlim_max)
                time.rlim_cur = time.rlim_max;
        (void)setrlimit(RLIMIT_CPU, &time);
}

/* ---- the list ----
 *
 * Measured (strace over all tests of the matcher, its own virtual sensor, fprintd's bus, a sensor's program),
 * and completed by what libusb, libudev and GLib call for readers on USB and SPI. Names that an architecture
 * does not have are passed over. */

/* clang-format off */
static const char *const allowed[] = {
        /* memory; mmap and mprotect have rules below */
        "brk", "madvise", "mincore", "mremap", "munmap", "membarrier",
        /* files: which ones, their modes say; the state's folder, devices, /sys and libraries */
        "access", "chmod", "close", "close_range", "creat", "dup", "dup2", "dup3", "faccessat", "faccessat2",
        "fadvise64", "fallocate", "fchmod", "fchmodat", "fcntl", "fcntl64", "fdatasync", "flock", "fstat",
        "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "getcwd",
        "getdents", "getdents64", "lseek", "_llseek", "link", "linkat", "lstat", "lstat64", "mkdir",
        "mkdirat", "name_to_handle_at", "newfstatat", "open", "openat", "pread64", "preadv", "pwrite64",
        "pwritev", "read", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir",
        "stat", "stat64", "statfs", "statfs64", "statx", "sync_file_range", "umask", "uname", "unlink",
        "unlinkat", "utimensat", "write", "writev",
        /* waiting */
        "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd",
        "eventfd2", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "pipe", "pipe2",
        "poll", "ppoll", "ppoll_time64", "pselect6", "select", "_newselect", "signalfd", "signalfd4",
        "timerfd_create", "timerfd_gettime", "timerfd_settime", "timerfd_settime64",
        /* sockets that exist; which may be made, a rule below says */
        "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv",
        "recvfrom", "recvmmsg", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
        "socketpair",
        /* threads; clone has a rule below */
        "exit", "exit_group", "futex", "futex_time64", "get_robust_list", "gettid", "rseq",
        "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_setattr",
        "sched_yield", "set_robust_list", "set_thread_area", "set_tid_address", "arch_prctl",
        /* signals and clocks */
        "alarm", "clock_getres", "clock_gettime", "clock_gettime64", "clock_nanosleep",
        "clock_nanosleep_time64", "getitimer", "gettimeofday", "nanosleep", "pause", "restart_syscall",
        "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
        "setitimer", "sigaltstack", "sigreturn", "time", "times",
        /* who and where */
        "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getpid",
        "getppid", "getpriority", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage", "getuid",
        "getuid32", "sysinfo", "ugetrlimit", "wait4", "waitid", "waitpid",
};
/* clang-format on */

/* An intruder's first steps. */
/* clang-format off */
static const char *const deadly[] = {
        /* to become another program */
        "execve", "execveat", "uselib",
        /* to look into another process, or have its descriptors */
        "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
        "perf_event_open",
        /* to leave, or build a world of one's own */
        "unshare", "setns", "chroot", "pivot_root", "mount", "umount", "umount2", "move_mount", "open_tree",
        "fsopen", "fsmount", "fsconfig", "open_by_handle_at",
        /* to get at the kernel, or at its keys */
        "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf", "userfaultfd",
        "iopl", "ioperm", "add_key", "request_key", "keyctl", "io_uring_setup", "io_uring_enter",
        "io_uring_register", "reboot", "swapon", "swapoff", "settimeofday", "clock_settime", "clock_adjtime",
        "adjtimex",
        /* to become somebody else */
        "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid",
        "setfsgid", "capset",
};
/* clang-format on */

static bool add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                int number = seccomp_syscall_resolve_name(names[i]);
                if (number != __NR_SCMP_ERROR && seccomp_rule_add_array(filter, action, number, 0, NULL) != 0)
                        return false;
        }
        return true;
}

/* ---- what depends on its arguments ---- */

enum { RULE_ARGUMENTS_MAX = 3 };

struct rule {
        int number;
        uint32_t action;
        unsigned count;
        struct scmp_arg_cmp arguments[RULE_ARGUMENTS_MAX];
};

#define DENIED(code) SCMP_ACT_ERRNO(code)
enum { IOCTL_TYPE = 0xFF00, USB = 'U' << 8, HID = 'H' << 8, SPI = 'k' << 8, NAMESPACES = 0x7E020000 };

/* More than one rule of a call: where several fit, the kernel takes the stricter answer, so these are written
 * not to overlap. */
static const struct rule rules[] = {
        /* Families: a socket of this machine, and the kernel's word on devices that come and go. */
        { SCMP_SYS(socket), SCMP_ACT_ALLOW, 1, { { 0, SCMP_CMP_EQ, AF_UNIX } } },
        { SCMP_SYS(socket), SCMP_ACT_ALLOW, 2,
                { { 0, SCMP_CMP_EQ, AF_NETLINK }, { 2, SCMP_CMP_EQ, NETLINK_KOBJECT_UEVENT } } },
        { SCMP_SYS(socket), DENIED(EACCES), 2,
                { { 0, SCMP_CMP_EQ, AF_NETLINK }, { 2, SCMP_CMP_NE, NETLINK_KOBJECT_UEVENT } } },
        { SCMP_SYS(socket), DENIED(EACCES), 1, { { 0, SCMP_CMP_GT, AF_NETLINK } } },
        /* Threads, but no children. What clone3 is asked for lies in memory, where no filter reads: the C
         * library takes clone instead. */
        { SCMP_SYS(clone), SCMP_ACT_ALLOW, 1,
                { { 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD | NAMESPACES, CLONE_THREAD } } },
        { SCMP_SYS(clone), DENIED(EPERM), 1, { { 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0 } } },
        { SCMP_SYS(fork), DENIED(EPERM), 0, { { 0 } } },
        { SCMP_SYS(vfork), DENIED(EPERM), 0, { { 0 } } },
        /* No memory is both written and run, and none that was written becomes code. */
        { SCMP_SYS(mmap), SCMP_ACT_ALLOW, 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } } },
        { SCMP_SYS(mmap), SCMP_ACT_ALLOW, 1,
                { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC } } },
        { SCMP_SYS(mmap2), SCMP_ACT_ALLOW, 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } } },
        { SCMP_SYS(mmap2), SCMP_ACT_ALLOW, 1,
                { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC } } },
        { SCMP_SYS(mprotect), SCMP_ACT_ALLOW, 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } } },
        { SCMP_SYS(mmap), DENIED(EPERM), 1,
                { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE } } },
        { SCMP_SYS(mmap2), DENIED(EPERM), 1,
                { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE } } },
        { SCMP_SYS(mprotect), DENIED(EPERM), 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC } } },
        /* Devices, and what asks whether this is a terminal; nothing that types into one. */
        { SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, { { 1, SCMP_CMP_MASKED_EQ, IOCTL_TYPE, USB } } },
        { SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, { { 1, SCMP_CMP_MASKED_EQ, IOCTL_TYPE, HID } } },
        { SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, { { 1, SCMP_CMP_MASKED_EQ, IOCTL_TYPE, SPI } } },
        { SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, { { 1, SCMP_CMP_EQ, TCGETS } } },
        { SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, { { 1, SCMP_CMP_EQ, FIONREAD } } },
        { SCMP_SYS(ioctl), SCMP_ACT_ALLOW, 1, { { 1, SCMP_CMP_EQ, FIONBIO } } },
        /* A thread's name, and the time that it may compute; all other limits stay what they are. */
        { SCMP_SYS(prctl), SCMP_ACT_ALLOW, 1, { { 0, SCMP_CMP_EQ, PR_SET_NAME } } },
        { SCMP_SYS(prctl), SCMP_ACT_ALLOW, 1, { { 0, SCMP_CMP_EQ, PR_GET_NAME } } },
        { SCMP_SYS(prctl), SCMP_ACT_ALLOW, 1, { { 0, SCMP_CMP_EQ, PR_GET_DUMPABLE } } },
#ifdef PR_SET_VMA
        { SCMP_SYS(prctl), SCMP_ACT_ALLOW, 1, { { 0, SCMP_CMP_EQ, PR_SET_VMA } } },
#endif
        { SCMP_SYS(prlimit64), SCMP_ACT_ALLOW, 2, { { 0, SCMP_CMP_EQ, 0 }, { 2, SCMP_CMP_EQ, 0 } } },
        { SCMP_SYS(prlimit64), SCMP_ACT_ALLOW, 3,
                { { 0, SCMP_CMP_EQ, 0 }, { 1, SCMP_CMP_EQ, RLIMIT_CPU }, { 2, SCMP_CMP_NE, 0 } } },
};

/* Refused with a word that libraries understand. */
static const struct rule refusals[] = {
        { SCMP_SYS(setrlimit), DENIED(EPERM), 0, { { 0 } } },
        { SCMP_SYS(kill), DENIED(EPERM), 0, { { 0 } } },
        { SCMP_SYS(tkill), DENIED(EPERM), 0, { { 0 } } },
        { SCMP_SYS(chown), DENIED(EPERM), 0, { { 0 } } },
        { SCMP_SYS(fchown), DENIED(EPERM), 0, { { 0 } } },
        { SCMP_SYS(fchownat), DENIED(EPERM), 0, { { 0 } } },
        { SCMP_SYS(symlinkat), DENIED(EPERM), 0, { { 0 } } },
        { SCMP_SYS(mknodat), DENIED(EPERM), 0, { { 0 } } },
};

static bool add_rules(scmp_filter_ctx filter, const struct rule *list, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (seccomp_rule_add_array(
                            filter, list[i].action, list[i].number, list[i].count, list[i].arguments) != 0)
                        return false;
        return true;
}

/* abort() signals its own process, and so may nobody else be. */
static bool add_abort(scmp_filter_ctx filter)
{
        const struct scmp_arg_cmp own = { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid() };
        return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &own) == 0;
}

/* The families below AF_NETLINK, the internet's among them. */
static bool refuse_families(scmp_filter_ctx filter)
{
        for (unsigned family = 0; family < AF_NETLINK; family++) {
                const struct scmp_arg_cmp this_one = { 0, SCMP_CMP_EQ, family };
                if (family != AF_UNIX &&
                        seccomp_rule_add_array(filter, DENIED(EACCES), SCMP_SYS(socket), 1, &this_one) != 0)
                        return false;
        }
        return true;
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

static bool fill(scmp_filter_ctx filter)
{
        return add_names(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed)) &&
               add_names(filter, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly)) &&
               add_rules(filter, rules, COUNT(rules)) && add_rules(filter, refusals, COUNT(refusals)) &&
               refuse_families(filter) && add_abort(filter);
}

/* All threads at once: GLib has started some by now. A call of another architecture's table (32 bit on a
 * 64-bit kernel) would be read by the wrong numbers: it ends the process. */
mitome_status harden_seal(mitome_error *error)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
        bool sealed = filter && seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                      seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
                      fill(filter) && seccomp_load(filter) == 0;
        if (filter)
                seccomp_release(filter);
        return sealed ? ok() : fail(error, MITOME_E_PROCESS, "the matcher's list of system calls", NULL);
}
