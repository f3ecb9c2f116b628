/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt.h"

#include "child_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

struct command {
        char path[PATH_SIZE];
        pid_t process; /* 0: none runs */
        int ending;    /* readable when it has ended */
        pid_t teller;  /* shows what the user is told; 0: none does */
};

static void forget(struct command *command)
{
        if (command->ending >= 0)
                close(command->ending);
        command->ending = -1;
        command->process = 0;
}

static void end(void *context)
{
        struct command *command = context;
        child_process_stop(command->process);
        forget(command);
}

static void ask(void *context, const struct prompt_text *text)
{
        struct command *command = context;
        const char *const argv[] = { command->path, text->title, text->body, text->reason,
                text->finger ? "finger" : "touch", NULL };
        end(command);
        if (failed(child_process_start(argv, &command->process, NULL))) {
                fprintf(stderr, "mitome authenticator: %s could not be started\n", command->path);
                return;
        }
        command->ending = pidfd_open(command->process, 0);
}

/* The former one goes from the screen. */
static void tell(void *context, const struct prompt_told *told)
{
        struct command *command = context;
        const char *const argv[] = { command->path, told->title, told->text, told->name, "told", NULL };
        child_process_stop(command->teller);
        command->teller = 0;
        if (failed(child_process_start(argv, &command->teller, NULL)))
                fprintf(stderr, "mitome authenticator: %s could not be started\n", command->path);
}

static enum mitome_presence_answer hear(void *context)
{
        enum { YES = 0, NO = 1 };
        struct command *command = context;
        int status;
        if (command->teller && waitpid(command->teller, &status, WNOHANG) == command->teller)
                command->teller = 0;
        if (!command->process || waitpid(command->process, &status, WNOHANG) != command->process)
                return MITOME_PRESENCE_NOTHING;
        forget(command);
        if (!WIFEXITED(status) || WEXITSTATUS(status) > NO)
                return MITOME_PRESENCE_NOTHING;
        return WEXITSTATUS(status) == YES ? MITOME_PRESENCE_TOUCHED : MITOME_PRESENCE_DECLINED;
}

static size_t watch(void *context, struct pollfd fds[PROMPT_WATCH_MAX])
{
        const struct command *command = context;
        fds[0] = (struct pollfd){ .fd = command->ending, .events = POLLIN };
        return command->ending >= 0 ? 1 : 0;
}

static void close_way(void *context)
{
        end(context);
        child_process_stop(((struct command *)context)->teller);
        free(context);
}

static bool is_program(char path[PATH_SIZE], const char *folder, size_t folder_size, const char *name)
{
        int size = snprintf(path, PATH_SIZE, "%.*s/%s", (int)folder_size, folder, name);
        return size > 0 && size < PATH_SIZE && access(path, X_OK) == 0;
}

static bool find(const char *name, char path[PATH_SIZE])
{
        const char *folders = getenv("PATH");
        if (strchr(name, '/'))
                return snprintf(path, PATH_SIZE, "%s", name) < PATH_SIZE && access(path, X_OK) == 0;
        while (folders && *name) {
                size_t size = strcspn(folders, ":");
                if (size && is_program(path, folders, size, name))
                        return true;
                folders = folders[size] ? folders + size + 1 : NULL;
        }
        return false;
}

mitome_status prompt_by_command(const char *command, struct prompt_way *ret, mitome_error *error)
{
        struct command *way = calloc(1, sizeof *way);
        if (!way)
                return fail(error, MITOME_E_NO_MEMORY, "prompts", NULL);
        way->ending = -1;
        if (!find(command, way->path)) {
                free(way);
                return fail(error, MITOME_E_PROMPT_COMMAND, "--notify", NULL);
        }
        *ret = (struct prompt_way){ way, ask, hear, tell, end, close_way, watch };
        return ok();
}
