/* SPDX-License-Identifier: Apache-2.0 */
#include "secret_prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

/* Byte for byte: what follows is somebody else's. */
mitome_status secret_prompt_line(
        int fd, const char *what, mitome_code bad, struct secret *ret, mitome_error *error)
{
        uint8_t line[SECRET_MAX];
        size_t size = 0;
        ssize_t count;
        do {
                count = read(fd, line + size, 1);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0 || line[size] == '\n')
                        break;
                size++;
        } while (size < sizeof line);
        mitome_status status;
        if (count < 0)
                status = fail(error, MITOME_E_FILE_READ, what, NULL);
        else if (size == 0 || size == sizeof line)
                status = fail(error, bad, what, NULL);
        else
                status = secret_set(ret, slice_of(line, size), error);
        bytes_wipe(line, sizeof line);
        return status;
}

mitome_status secret_prompt_ask(
        const char *prompt, const char *what, mitome_code bad, struct secret *ret, mitome_error *error)
{
        struct termios before = { 0 }, silent;
        int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (terminal < 0)
                return fail(error, MITOME_E_FILE_READ, "the terminal", NULL);
        bool ready = tcgetattr(terminal, &before) == 0;
        silent = before;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG); /* an interrupt would leave the terminal silent */
        /* Before the prompt: what is typed at it is neither shown nor thrown away. */
        if (!ready || tcsetattr(terminal, TCSAFLUSH, &silent) != 0) {
                close(terminal);
                return fail(error, MITOME_E_FILE_READ, "the terminal", NULL);
        }
        dprintf(terminal, "%s", prompt);
        mitome_status status = secret_prompt_line(terminal, what, bad, ret, error);
        tcsetattr(terminal, TCSAFLUSH, &before);
        dprintf(terminal, "\n");
        close(terminal);
        return status;
}
