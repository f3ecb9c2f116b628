/* SPDX-License-Identifier: Apache-2.0 */
#include "element_process.h"

#include "card_keys.h"
#include "child_process.h"
#include "phone_factory.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };

static mitome_status path_in(const char *folder, const char *name, char path[PATH_SIZE], mitome_error *error)
{
        int size = snprintf(path, PATH_SIZE, "%s/%s", folder, name);
        return size > 0 && size < PATH_SIZE ? ok() : fail(error, MITOME_E_TOO_LONG, "folder", NULL);
}

bool element_process_exists(const char *folder)
{
        char path[PATH_SIZE];
        return !failed(path_in(folder, "state", path, NULL)) && access(path, F_OK) == 0;
}

mitome_status element_process_write_keys(const char *path, const struct scp03_keys *keys, mitome_error *error)
{
        struct mitome_card_keys written = { 0 };
        mitome_status status = factory_card_keys(keys, &written, error);
        if (!failed(status))
                status = card_keys_write(path, &written, error);
        bytes_wipe(&written, sizeof written);
        return status;
}

mitome_status element_process_create(
        const char *program, const char *folder, const struct scp03_keys *keys, mitome_error *error)
{
        char key_file[PATH_SIZE];
        int size = snprintf(key_file, sizeof key_file, "%s.keys", folder);
        if (size < 0 || (size_t)size >= sizeof key_file)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        mitome_status status = element_process_write_keys(key_file, keys, error);
        const char *const create[] = { program, "element", "--state", folder, "--create", "--scp03-keys",
                key_file, NULL };
        if (!failed(status))
                status = child_process_run(create, error);
        (void)unlink(key_file);
        return status;
}

mitome_status element_process_start(
        const char *program, const char *folder, struct element_process *ret, mitome_error *error)
{
        int ends[2];
        struct element_process element = { 0 };
        const char *const serve[] = { program, "element", "--state", folder, "--socket", "3", NULL };
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
                return fail(error, MITOME_E_PROCESS, "the element's process", NULL);
        mitome_status status = child_process_start_with(serve, ends[1], &element.process, error);
        close(ends[1]);
        if (failed(status)) {
                close(ends[0]);
                return status;
        }
        status = card_link_adopt(ends[0], &element.card, error);
        if (failed(status))
                element_process_stop(&element);
        else
                *ret = element;
        return status;
}

void element_process_stop(struct element_process *element)
{
        card_link_close(element->card);
        child_process_stop(element->process);
        *element = (struct element_process){ 0 };
}
