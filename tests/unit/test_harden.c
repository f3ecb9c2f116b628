/* SPDX-License-Identifier: Apache-2.0 */

/* What the matcher's process is refused once it is sealed: each attempt is made in a child of its own, sealed
 * as the matcher seals itself. */

#include "harden.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SUCCEEDED = 200, NOT_SEALED = 201 };

/* What an attempt came to: 0..199 an errno, SUCCEEDED, or minus the signal that ended the process. */
static int attempt(int (*trial)(void))
{
        int status = 0;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                if (harden_begin(NULL).code != MITOME_OK || harden_seal(NULL).code != MITOME_OK)
                        _exit(NOT_SEALED);
                errno = 0;
                _exit(trial() < 0 ? errno : SUCCEEDED);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- what ends it ---- */

static int run_a_shell(void)
{
        return execl("/bin/sh", "sh", "-c", "exit 42", (char *)NULL);
}

static int run_a_program_by_descriptor(void)
{
        int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
        static char *const words[] = { NULL };
        return (int)syscall(SYS_execveat, fd, "", words, words, 0x1000 /* AT_EMPTY_PATH */);
}

static int trace_the_parent(void)
{
        return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int read_the_parents_memory(void)
{
        char byte;
        static char place;
        struct iovec here = { &byte, 1 }, there = { &place, 1 };
        return (int)process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static int take_a_descriptor_of_the_parent(void)
{
        return (int)syscall(SYS_pidfd_getfd, 0, 0, 0);
}

static int leave_the_network_namespace(void)
{
        return unshare(CLONE_NEWUSER | CLONE_NEWNET);
}

static int load_a_program_into_the_kernel(void)
{
        return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int mount_something(void)
{
        return (int)syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static int become_somebody_else(void)
{
        return setuid(0);
}

static int open_an_io_uring(void)
{
        return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static void what_an_intruder_does_first_ends_the_helper(void **state)
{
        static const struct {
                const char *name;
                int (*trial)(void);
        } trials[] = {
                { "run a shell", run_a_shell },
                { "run a program by its descriptor", run_a_program_by_descriptor },
                { "trace the parent", trace_the_parent },
                { "read the parent's memory", read_the_parents_memory },
                { "take a descriptor of the parent", take_a_descriptor_of_the_parent },
                { "leave the network namespace", leave_the_network_namespace },
                { "load a program into the kernel", load_a_program_into_the_kernel },
                { "mount something", mount_something },
                { "become somebody else", become_somebody_else },
                { "open an io_uring", open_an_io_uring },
        };
        (void)state;
        for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
                int came_to = attempt(trials[i].trial);
                if (came_to != -SIGSYS)
                        fprintf(stderr, "%s came to %d\n", trials[i].name, came_to);
                assert_int_equal(came_to, -SIGSYS);
        }
}

/* ---- what fails ---- */

static int open_family(int family, int type, int protocol)
{
        return socket(family, type, protocol);
}

static int internet_stream(void)
{
        return open_family(AF_INET, SOCK_STREAM, 0);
}

static int internet_datagram(void)
{
        return open_family(AF_INET, SOCK_DGRAM, 0);
}

static int internet_6(void)
{
        return open_family(AF_INET6, SOCK_STREAM, 0);
}

static int packets(void)
{
        return open_family(AF_PACKET, SOCK_RAW, 0);
}

static int bluetooth(void)
{
        return open_family(AF_BLUETOOTH, SOCK_RAW, 0);
}

static int virtual_machines(void)
{
        return open_family(AF_VSOCK, SOCK_STREAM, 0);
}

static int kernel_ciphers(void)
{
        return open_family(AF_ALG, SOCK_SEQPACKET, 0);
}

static int routes(void)
{
        return open_family(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static void the_helper_has_no_network(void **state)
{
        static int (*const trials[])(void) = { internet_stream, internet_datagram, internet_6, packets,
                bluetooth, virtual_machines, kernel_ciphers, routes };
        (void)state;
        for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
                assert_int_equal(attempt(trials[i]), EACCES);
}

static int have_a_child(void)
{
        pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
        if (child == 0)
                _exit(0);
        return child;
}

static int have_a_child_in_a_namespace(void)
{
        return (int)syscall(SYS_clone, CLONE_THREAD | CLONE_NEWUSER, NULL, NULL, NULL, NULL);
}

static int have_a_child_unseen(void)
{
        return (int)syscall(SYS_clone3, NULL, 0);
}

static void the_helper_has_no_children(void **state)
{
        (void)state;
        assert_int_equal(attempt(have_a_child), EPERM);
        assert_int_equal(attempt(have_a_child_in_a_namespace), ENOSYS);
        assert_int_equal(attempt(have_a_child_unseen), ENOSYS);
}

static int end_the_parent(void)
{
        return kill(getppid(), SIGTERM);
}

static int end_a_thread_of_the_parent(void)
{
        return (int)syscall(SYS_tgkill, getppid(), getppid(), SIGTERM);
}

static int have_memory_written_and_run(void)
{
        return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                               MAP_FAILED
                       ? -1
                       : 0;
}

static int run_what_was_written(void)
{
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return page == MAP_FAILED ? 0 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int allow_core_dumps(void)
{
        return setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}

static int be_dumpable(void)
{
        return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int type_into_the_terminal(void)
{
        return ioctl(STDERR_FILENO, TIOCSTI, "x");
}

static void what_a_library_may_try_fails_and_no_more(void **state)
{
        (void)state;
        assert_int_equal(attempt(end_the_parent), EPERM);
        assert_int_equal(attempt(end_a_thread_of_the_parent), ENOSYS);
        assert_int_equal(attempt(have_memory_written_and_run), EPERM);
        assert_int_equal(attempt(run_what_was_written), EPERM);
        assert_int_equal(attempt(allow_core_dumps), ENOSYS);
        assert_int_equal(attempt(be_dumpable), ENOSYS);
        assert_int_equal(attempt(type_into_the_terminal), ENOSYS);
        assert_int_equal(
                attempt(open_an_io_uring), -SIGSYS); /* the sealed child is one: the list is in force */
}

/* ---- what is left to it ---- */

static void *do_nothing(void *argument)
{
        return argument;
}

static int have_a_thread(void)
{
        pthread_t thread;
        errno = pthread_create(&thread, NULL, do_nothing, NULL);
        return errno ? -1 : pthread_join(thread, NULL);
}

static int hear_of_devices(void)
{
        return open_family(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
}

static int reach_the_bus(void)
{
        return open_family(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int have_a_private_file(void)
{
        char path[] = "/tmp/mitome-harden-XXXXXX";
        struct stat status = { 0 };
        int fd = mkstemp(path);
        if (fd < 0 || unlink(path) != 0 || fstat(fd, &status) != 0)
                return -1;
        return (status.st_mode & 077) == 0 && umask(0) == 077 ? 0 : -1;
}

static int abort_itself(void)
{
        abort();
}

static void what_a_matcher_needs_is_left_to_it(void **state)
{
        (void)state;
        assert_int_equal(attempt(have_a_thread), SUCCEEDED);
        assert_int_equal(attempt(hear_of_devices), SUCCEEDED);
        assert_int_equal(attempt(reach_the_bus), SUCCEEDED);
        assert_int_equal(attempt(have_a_private_file), SUCCEEDED);
        assert_int_equal(attempt(abort_itself), -SIGABRT);
}

/* ---- limits ---- */

static int compute_for_ever(void)
{
        harden_allow(0);
        for (volatile unsigned i = 0; i < UINT_MAX; i = i ? 1 : 2)
                ;
        return 0;
}

static int write_for_ever(void)
{
        static const uint8_t much[1 << 20];
        char path[] = "/tmp/mitome-harden-XXXXXX";
        int fd = mkstemp(path);
        unlink(path);
        for (int i = 0; i < 64; i++)
                if (write(fd, much, sizeof much) < 0)
                        return -1;
        return 0;
}

static int open_for_ever(void)
{
        for (int i = 0; i < 1000; i++)
                if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
                        return -1;
        return 0;
}

static int grow_for_ever(void)
{
        for (int i = 0; i < 64; i++)
                if (mmap(NULL, 64 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
                        return -1;
        return 0;
}

static bool is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
        return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
        return true;
#else
        return false;
#endif
#else
        return false;
#endif
}

static void the_helper_has_limits(void **state)
{
        (void)state;
        assert_int_equal(attempt(compute_for_ever), -SIGXCPU);
        assert_int_equal(attempt(write_for_ever), -SIGXFSZ);
        assert_int_equal(attempt(open_for_ever), EMFILE);
        assert_int_equal(attempt(grow_for_ever), is_sanitized() ? SUCCEEDED : ENOMEM);
}

/* A thread that was there before is held to the list, too. */
static void *wait_and_run_a_shell(void *sealed)
{
        while (!__atomic_load_n((int *)sealed, __ATOMIC_ACQUIRE))
                sched_yield();
        run_a_shell();
        return NULL;
}

static void threads_of_before_are_sealed_as_well(void **state)
{
        (void)state;
        int status = 0;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                int sealed = 0;
                pthread_t thread;
                if (harden_begin(NULL).code != MITOME_OK ||
                        pthread_create(&thread, NULL, wait_and_run_a_shell, &sealed) != 0 ||
                        harden_seal(NULL).code != MITOME_OK)
                        _exit(NOT_SEALED);
                __atomic_store_n(&sealed, 1, __ATOMIC_RELEASE);
                pthread_join(thread, NULL);
                _exit(SUCCEEDED);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_an_intruder_does_first_ends_the_helper),
                cmocka_unit_test(the_helper_has_no_network),
                cmocka_unit_test(the_helper_has_no_children),
                cmocka_unit_test(what_a_library_may_try_fails_and_no_more),
                cmocka_unit_test(what_a_matcher_needs_is_left_to_it),
                cmocka_unit_test(the_helper_has_limits),
                cmocka_unit_test(threads_of_before_are_sealed_as_well),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
