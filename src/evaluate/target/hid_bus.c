/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_bus.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* A line of the device's uevent: bus, vendor, product. Who plays a device may say any bus, so that this alone
 * is not enough. */
static bool says_virtual(const char *device)
{
        static const char wanted[] = "HID_ID=0006:"; /* linux/input.h: BUS_VIRTUAL */
        char path[PATH_MAX + 16], line[256];
        bool said = false;
        snprintf(path, sizeof path, "%s/device/uevent", device);
        FILE *uevent = fopen(path, "re");
        while (uevent && !said && fgets(line, sizeof line, uevent))
                said = strncmp(line, wanted, strlen(wanted)) == 0;
        if (uevent)
                fclose(uevent);
        return said;
}

static bool is_hidraw(const char *device)
{
        char path[PATH_MAX + 16], subsystem[PATH_MAX];
        snprintf(path, sizeof path, "%s/subsystem", device);
        if (!realpath(path, subsystem))
                return false;
        return strcmp(strrchr(subsystem, '/'), "/hidraw") == 0;
}

/* A device of uhid lies there, whatever bus it says; so does one at a USB bus whose other end is a program of
 * this machine, or of another one (USB/IP), or a gadget of this machine's own. */
static bool is_played(const char *device)
{
        static const char *const places[] = { "/devices/virtual/misc/uhid/", "/devices/platform/vhci_hcd.",
                "/devices/platform/dummy_hcd." };
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
                if (strstr(device, places[i]))
                        return true;
        return false;
}

bool hid_bus_is_real_number(const char *sysfs, unsigned major_number, unsigned minor_number)
{
        char path[PATH_MAX], device[PATH_MAX];
        int size = snprintf(path, sizeof path, "%s/dev/char/%u:%u", sysfs, major_number, minor_number);
        if (size < 0 || (size_t)size >= sizeof path || !realpath(path, device))
                return false;
        return is_hidraw(device) && !is_played(device) && !says_virtual(device);
}

bool hid_bus_is_real(const char *sysfs, const char *path)
{
        struct stat file;
        return stat(path, &file) == 0 && S_ISCHR(file.st_mode) &&
               hid_bus_is_real_number(sysfs, major(file.st_rdev), minor(file.st_rdev));
}
