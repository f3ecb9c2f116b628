/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_bus.h"
#include "specimen_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* What a killed evaluator leaves, and what the kernel says of a device. */

static char above[64];

static bool is_there(const char *path)
{
        struct stat file;
        return lstat(path, &file) == 0;
}

static void put(const char *path, const char *text)
{
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

static void a_folder_goes_when_its_maker_is_dead(void **state)
{
        char living[256], dead[256], key[300];
        int lock, lost;
        (void)state;
        assert_false(failed(specimen_folder_make(above, living, sizeof living, &lock, NULL)));
        assert_false(failed(specimen_folder_make(above, dead, sizeof dead, &lost, NULL)));
        snprintf(key, sizeof key, "%s/key", dead);
        put(key, "secret");
        specimen_folder_sweep(above);
        assert_true(is_there(living));
        assert_true(is_there(key));
        close(lost); /* as the kernel does when it is killed */
        specimen_folder_sweep(above);
        assert_true(is_there(living));
        assert_false(is_there(dead));
        close(lock);
        specimen_folder_sweep(above);
        assert_false(is_there(living));
}

/* Folders of others, and what only looks like one. */
static void nothing_else_is_removed(void **state)
{
        static const char *const names[] = { "mitome-specimen-held-12345", "mitome-specimen-held-1234567",
                "mitome-specimen-new-123456", "mitome-specimen-123456", "other" };
        char path[256], target[256], file[300];
        (void)state;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                snprintf(path, sizeof path, "%s/%s", above, names[i]);
                assert_int_equal(mkdir(path, 0700), 0);
        }
        snprintf(target, sizeof target, "%s/other", above);
        snprintf(file, sizeof file, "%s/kept", target);
        put(file, "kept");
        snprintf(path, sizeof path, "%s/mitome-specimen-held-linked", above);
        assert_int_equal(symlink(target, path), 0);
        specimen_folder_sweep(above);
        assert_true(is_there(file));
        assert_true(is_there(path));
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                snprintf(path, sizeof path, "%s/%s", above, names[i]);
                assert_true(is_there(path));
        }
}

static void no_folder_where_there_is_no_place(void **state)
{
        char path[256], small[16];
        int lock;
        (void)state;
        assert_int_equal(specimen_folder_make("/nonexistent", path, sizeof path, &lock, NULL).code,
                MITOME_E_FILE_WRITE);
        assert_int_equal(
                specimen_folder_make(above, small, sizeof small, &lock, NULL).code, MITOME_E_FILE_WRITE);
        specimen_folder_sweep("/nonexistent");
}

/* ---- what the kernel says ---- */

static void make_device(const char *number, const char *subsystem, const char *place, const char *uevent)
{
        char path[512], command[4096];
        snprintf(path, sizeof path, "%s/sys/devices/%s", above, place);
        snprintf(command, sizeof command,
                "mkdir -p '%s/device' '%s/sys/dev/char' '%s/sys/class/%s' && ln -s '%s' '%s/sys/dev/char/%s' && "
                "ln -s '%s/sys/class/%s' '%s/subsystem'",
                path, above, above, subsystem, path, above, number, above, subsystem, path);
        assert_int_equal(system(command), 0);
        snprintf(command, sizeof command, "%s/device/uevent", path);
        put(command, uevent);
}

static void a_device_is_hardware_only_if_the_kernel_says_so(void **state)
{
        static const char usb[] = "DRIVER=hid-generic\nHID_ID=0003:00001050:00000407\n";
        char sysfs[80];
        (void)state;
        snprintf(sysfs, sizeof sysfs, "%s/sys", above);
        make_device("240:0", "hidraw", "pci0000:00/usb1/1-1/0003:1050:0407.0001/hidraw/hidraw0", usb);
        make_device("240:1", "hidraw", "virtual/misc/uhid/0003:F1D0:4D49.0002/hidraw/hidraw1",
                "HID_ID=0003:0000F1D0:00004D49\n"); /* it says USB */
        make_device("240:2", "hidraw", "platform/somewhere/0006:0001:0001.0003/hidraw/hidraw2",
                "DRIVER=hid-generic\nHID_ID=0006:00000001:00000001\n");
        make_device("240:3", "hidraw", "pci0000:00/usb1/1-2/hidraw/hidraw3", "");
        make_device("136:0", "tty", "pci0000:00/usb1/1-3/tty/ttyACM0", "HID_ID=0003:00001050:00000407\n");
        make_device(
                "240:5", "hidraw", "platform/vhci_hcd.0/usb3/3-1/0003:1050:0407.0004/hidraw/hidraw5", usb);
        make_device(
                "240:6", "hidraw", "platform/dummy_hcd.0/usb4/4-1/0003:1050:0407.0005/hidraw/hidraw6", usb);
        make_device(
                "240:7", "hidraw", "platform/soc/xhci_hcd.0/usb5/0003:1050:0407.0006/hidraw/hidraw7", usb);
        assert_true(hid_bus_is_real_number(sysfs, 240, 0));
        assert_false(hid_bus_is_real_number(sysfs, 240, 5)); /* it says USB, from over a network */
        assert_false(hid_bus_is_real_number(sysfs, 240, 6)); /* .. or from this very machine */
        assert_true(hid_bus_is_real_number(sysfs, 240, 7));
        assert_false(hid_bus_is_real_number(sysfs, 240, 1));
        assert_false(hid_bus_is_real_number(sysfs, 240, 2));
        assert_true(hid_bus_is_real_number(sysfs, 240, 3));
        /* what nobody has shown to be a HID device is no hardware */
        assert_false(hid_bus_is_real_number(sysfs, 240, 4));
        assert_false(hid_bus_is_real_number(sysfs, 136, 0));
        assert_false(hid_bus_is_real_number("/nonexistent", 240, 0));
        assert_false(hid_bus_is_real(sysfs, above)); /* no device */
        assert_false(hid_bus_is_real(sysfs, "/nonexistent"));
        assert_false(hid_bus_is_real("/sys", "/dev/null"));
        assert_false(hid_bus_is_real("/sys", "/dev/ptmx"));
}

static int begin(void **state)
{
        (void)state;
        snprintf(above, sizeof above, "/tmp/target-folder-XXXXXX");
        return mkdtemp(above) ? 0 : -1;
}

static int finish(void **state)
{
        char command[128];
        (void)state;
        snprintf(command, sizeof command, "rm -rf '%s'", above);
        return system(command);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_folder_goes_when_its_maker_is_dead),
                cmocka_unit_test(nothing_else_is_removed),
                cmocka_unit_test(no_folder_where_there_is_no_place),
                cmocka_unit_test(a_device_is_hardware_only_if_the_kernel_says_so),
        };
        return cmocka_run_group_tests(tests, begin, finish);
}
