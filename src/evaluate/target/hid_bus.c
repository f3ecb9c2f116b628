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

/* A device of uhid lies at devices/virtual/misc/uhid, whatever bus it says. */
bool hid_bus_is_real_number(const char *sysfs, unsigned major_number, unsigned minor_number)
{
        char path[PATH_MAX], device[PATH_MAX];
        int size = snprintf(path, sizeof path, "%s/dev/char/%u:%u", sysfs, major_number, minor_number);
        if (size < 0 || (size_t)size >= sizeof path || !realpath(path, device))
                return false;
        return is_hidraw(device) && !strstr(device, "/devices/virtual/misc/uhid/") && !says_virtual(device);
}

bool hid_bus_is_real(const char *sysfs, const char *path)
{
        struct stat file;
        return stat(path, &file) == 0 && S_ISCHR(file.st_mode) &&
               hid_bus_is_real_number(sysfs, major(file.st_rdev), minor(file.st_rdev));
}
