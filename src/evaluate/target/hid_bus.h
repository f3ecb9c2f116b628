/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HID_BUS_H
#define HID_BUS_H

/* What the kernel says of a hidraw device: whether it is one, and no program plays it (uhid, USB/IP, a
 * gadget).
 */

#include <stdbool.h>

/* hid_bus_is_real looks for the character device at `path` in the tree at `sysfs` ("/sys"). True: the kernel
 * knows it as a hidraw, outside the places of those that are played, and it does not say BUS_VIRTUAL of
 * itself. What is another device, none, or cannot be looked up is false: nobody has shown it to be hardware.
 */
bool hid_bus_is_real(const char *sysfs, const char *path);

/* hid_bus_is_real_number is the same, of a device by its numbers. */
bool hid_bus_is_real_number(const char *sysfs, unsigned major, unsigned minor);

#endif
