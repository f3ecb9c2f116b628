/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include "child_process.h"
#include "provision.h"
#include "random_system.h"
#include "storage_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { START_MS = 10000, FULL_SCP03 = 0x70 };

static mitome_status path_in(
        const char *folder, const char *name, char path[DEVICE_PATH_MAX], mitome_error *error)
{
        int size = snprintf(path, DEVICE_PATH_MAX, "%s/%s", folder, name);
        return size > 0 && size < DEVICE_PATH_MAX ? ok() : fail(error, MITOME_E_TOO_LONG, "--state", NULL);
}

/* Made in this process, before the element's own has begun: what a factory does. */
static mitome_status make_element(
        const struct mitome_element_config *config, const struct device_config *device, mitome_error *error)
{
        struct mitome_card_keys keys = { .i = FULL_SCP03 };
        mitome_status status = provision_make_keys(device->state, &keys, error);
        if (!failed(status))
                status = provision_demo(
                        config, &keys, device->provision ? PROVISION_PHONE : PROVISION_PLAIN, error);
        bytes_wipe(&keys, sizeof keys);
        return status;
}

static mitome_status make_if_new(
        struct storage_file *file, const struct device_config *device, mitome_error *error)
{
        struct mitome_element_config config = { .storage = storage_file(file), .random = random_system() };
        uint8_t *image = NULL;
        size_t size;
        MITOME_TRY(config.storage.load(config.storage.context, &image, &size, error));
        free(image);
        if (image)
                return ok();
        mitome_status status = storage_file_key(file, config.storage_key, error);
        if (!failed(status))
                status = make_element(&config, device, error);
        bytes_wipe(&config, sizeof config);
        return status;
}

static mitome_status prepare(const struct device_config *device, mitome_error *error)
{
        struct storage_file *file;
        MITOME_TRY(storage_file_open(device->state, &file, error));
        mitome_status status = make_if_new(file, device, error);
        storage_file_close(file);
        return status;
}

static mitome_status start_element(struct device *device, mitome_error *error)
{
        char self[DEVICE_PATH_MAX], socket[DEVICE_PATH_MAX];
        ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
        if (size <= 0)
                return fail(error, MITOME_E_PROCESS, "the element's process", NULL);
        self[size] = '\0';
        MITOME_TRY(path_in(device->config.state, "element.sock", socket, error));
        const char *const serve[] = { self, "element", "--state", device->config.state, "--unix", socket,
                NULL };
        MITOME_TRY(child_process_start(serve, &device->element_process, error));
        return card_link_open(socket, START_MS, &device->card, error);
}

mitome_status device_start(struct device *device, const struct device_config *config, mitome_error *error)
{
        *device = (struct device){ .config = *config };
        MITOME_TRY(prepare(config, error));
        return start_element(device, error);
}

void device_stop(struct device *device)
{
        card_link_close(device->card);
        child_process_stop(device->element_process);
        device->card = NULL;
        device->element_process = 0;
}
