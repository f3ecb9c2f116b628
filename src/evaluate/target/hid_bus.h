/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HID_BUS_H
#define HID_BUS_H

/* What the kernel says of a hidraw device: whether a program of this machine plays it (uhid). */

#include <stdbool.h>

/* hid_bus_is_virtual looks at the character device at `path` in the tree at `sysfs` ("/sys"). True: it hangs
 * in the tree of virtual devices, or says BUS_VIRTUAL of itself. What is no device, or is not there, is
 * false. */
bool hid_bus_is_virtual(const char *sysfs, const char *path);

/* hid_bus_is_virtual_number is the same, of a device by its numbers. */
bool hid_bus_is_virtual_number(const char *sysfs, unsigned major, unsigned minor);

#endif
