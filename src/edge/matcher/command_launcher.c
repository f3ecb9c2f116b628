/* SPDX-License-Identifier: Apache-2.0 */
#include "command_launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FD = 3, ANSWER_MS = 5000, WORDS_AT = 2, GOODBYE_MS = 2000, STEP_MS = 10, PIPES = 2 };

static const char word_of_it[] = "--launch-sensor";
static const char order_begin = 'b', order_end = 'e', answer_yes = 'y', answer_no = 'n';

/* ---- the launcher's side ---- */

static void end_group(pid_t *program)
{
        if (*program <= 0)
                return;
        kill(-*program, SIGKILL);
        while (waitpid(*program, NULL, 0) < 0 && errno == EINTR)
                ;
        *program = 0;
}

/* Between fork and exec. The group is made on both sides of the fork, whoever is first. */
static _Noreturn void become(char *const *words, int in, int out)
{
        static char *const nothing[] = { NULL };
        setpgid(0, 0);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && dup2(in, STDIN_FILENO) >= 0 &&
                dup2(out, STDOUT_FILENO) >= 0 && chdir("/") == 0) {
                signal(SIGPIPE, SIG_DFL);
                signal(SIGINT, SIG_DFL);
                close_range(FD, ~0U, 0);
                execve(words[0], words, nothing);
        }
        _exit(127);
}

static bool fork_program(char *const *words, int in, int out, pid_t *ret)
{
        pid_t program = fork();
        if (program == 0)
                become(words, in, out);
        if (program < 0)
                return false;
        setpgid(program, program);
        *ret = program;
        return true;
}

union rights {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(PIPES * sizeof(int))];
};

static bool answer(const int *ends)
{
        union rights rights = { 0 };
        char word = ends ? answer_yes : answer_no;
        struct iovec vector = { .iov_base = &word, .iov_len = 1 };
        struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
        if (ends) {
                message.msg_control = rights.bytes;
                message.msg_controllen = sizeof rights.bytes;
                rights.head.cmsg_level = SOL_SOCKET;
                rights.head.cmsg_type = SCM_RIGHTS;
                rights.head.cmsg_len = CMSG_LEN(PIPES * sizeof(int));
                int *numbers = (int *)(void *)CMSG_DATA(&rights.head);
                numbers[0] = ends[0];
                numbers[1] = ends[1];
        }
        return sendmsg(FD, &message, MSG_NOSIGNAL) == 1;
}

static bool begin_between(char *const *words, const int in[2], const int out[2], pid_t *program)
{
        const int ends[PIPES] = { in[1], out[0] };
        return answer(fork_program(words, in[0], out[1], program) ? ends : NULL);
}

static void close_both(const int ends[2])
{
        close(ends[0]);
        close(ends[1]);
}

static bool begin(char *const *words, pid_t *program)
{
        int in[2], out[2];
        end_group(program);
        if (pipe2(in, O_CLOEXEC) != 0)
                return answer(NULL);
        if (pipe2(out, O_CLOEXEC) != 0) {
                close_both(in);
                return answer(NULL);
        }
        bool answered = begin_between(words, in, out, program);
        close_both(in);
        close_both(out);
        return answered;
}

/* The matcher bounds its own computing time request by request; the program's is not counted that way. */
static void lift_time(void)
{
        struct rlimit time;
        if (getrlimit(RLIMIT_CPU, &time) != 0)
                return;
        time.rlim_cur = time.rlim_max;
        (void)setrlimit(RLIMIT_CPU, &time);
}

bool command_launcher_is_meant(int count, char *const *arguments)
{
        return count > WORDS_AT && strcmp(arguments[1], word_of_it) == 0;
}

int command_launcher_main(char *const *arguments)
{
        pid_t program = 0;
        char order;
        bool goes_on = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
        lift_time();
        signal(SIGINT, SIG_IGN); /* of a terminal: the matcher decides */
        signal(SIGPIPE, SIG_IGN);
        while (goes_on && recv(FD, &order, 1, 0) == 1) {
                if (order == order_begin)
                        goes_on = begin(arguments + WORDS_AT, &program);
                else
                        end_group(&program);
        }
        end_group(&program);
        _exit(0);
}

/* ---- the matcher's side ---- */

enum { WORDS_MAX = 16 };

static _Noreturn void become_launcher(char *const *words, pid_t parent, int fd)
{
        static char *const nothing[] = { NULL };
        char name[] = "mitome-matcher", option[sizeof word_of_it];
        char *arguments[WORDS_AT + WORDS_MAX + 1] = { name, option };
        sigset_t none;
        for (size_t i = 0; i < sizeof option; i++)
                option[i] = word_of_it[i];
        for (size_t i = 0; words[i] && i < WORDS_MAX; i++)
                arguments[WORDS_AT + i] = words[i];
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || dup2(fd, FD) < 0 ||
                fcntl(FD, F_SETFD, 0) != 0)
                _exit(127);
        close_range(FD + 1, ~0U, 0);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve("/proc/self/exe", arguments, nothing);
        _exit(127);
}

static mitome_status check_words(char *const *words, mitome_error *error)
{
        size_t count = 0;
        while (words[count])
                count++;
        if (count == 0 || count > WORDS_MAX || words[0][0] != '/')
                return fail(error, MITOME_E_VALUE, "--sensor command:PROGRAM (an absolute path)", NULL);
        return access(words[0], X_OK) == 0 ? ok() : fail(error, MITOME_E_SENSOR_PROGRAM, "the program", NULL);
}

mitome_status command_launcher_start(char *const *words, struct command_launcher *ret, mitome_error *error)
{
        int ends[2];
        pid_t self = getpid();
        MITOME_TRY(check_words(words, error));
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
                return fail(error, MITOME_E_PROCESS, "the sensor's launcher", NULL);
        pid_t process = fork();
        if (process == 0)
                become_launcher(words, self, ends[1]);
        close(ends[1]);
        if (process < 0) {
                close(ends[0]);
                return fail(error, MITOME_E_PROCESS, "the sensor's launcher", NULL);
        }
        *ret = (struct command_launcher){ process, ends[0] };
        return ok();
}

static bool take_ends(struct msghdr *message, int ends[PIPES])
{
        struct cmsghdr *head = CMSG_FIRSTHDR(message);
        if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
                head->cmsg_len != CMSG_LEN(PIPES * sizeof(int)))
                return false;
        const int *numbers = (const int *)(const void *)CMSG_DATA(head);
        ends[0] = numbers[0];
        ends[1] = numbers[1];
        return true;
}

static bool receive_ends(int fd, int ends[PIPES])
{
        union rights rights = { 0 };
        char word = answer_no;
        struct iovec vector = { .iov_base = &word, .iov_len = 1 };
        struct msghdr message = { .msg_iov = &vector,
                .msg_iovlen = 1,
                .msg_control = rights.bytes,
                .msg_controllen = sizeof rights.bytes };
        struct pollfd socket = { .fd = fd, .events = POLLIN };
        return poll(&socket, 1, ANSWER_MS) == 1 && recvmsg(fd, &message, MSG_CMSG_CLOEXEC) == 1 &&
               word == answer_yes && take_ends(&message, ends);
}

mitome_status command_launcher_begin(
        struct command_launcher *launcher, int *ret_in, int *ret_out, mitome_error *error)
{
        int ends[PIPES];
        if (send(launcher->fd, &order_begin, 1, MSG_NOSIGNAL) != 1 || !receive_ends(launcher->fd, ends))
                return fail(error, MITOME_E_SENSOR_PROGRAM, "the program", NULL);
        if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0) {
                close_both(ends);
                return fail(error, MITOME_E_SENSOR_PROGRAM, "the program", NULL);
        }
        *ret_in = ends[0];
        *ret_out = ends[1];
        return ok();
}

void command_launcher_end(struct command_launcher *launcher)
{
        (void)!send(launcher->fd, &order_end, 1, MSG_NOSIGNAL);
}

/* It ends when its socket does. */
void command_launcher_stop(struct command_launcher *launcher)
{
        if (!launcher->process)
                return;
        close(launcher->fd);
        for (int waited = 0; waited < GOODBYE_MS; waited += STEP_MS) {
                if (waitpid(launcher->process, NULL, WNOHANG) != 0)
                        return;
                poll(NULL, 0, STEP_MS);
        }
        kill(launcher->process, SIGKILL);
        waitpid(launcher->process, NULL, 0);
}
