/* SPDX-License-Identifier: Apache-2.0 */
#include "specimen_clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The offset is from the machine's own clock, and holds for children that are yet to come. */
static bool set_offset(uint64_t seconds)
{
        char line[64];
        int size = snprintf(line, sizeof line, "boottime %" PRIu64 " 0\n", seconds);
        if (unshare(CLONE_NEWTIME) != 0)
                return false;
        int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return false;
        bool written = write(fd, line, (size_t)size) == size;
        return close(fd) == 0 && written;
}

void specimen_clock_try(struct specimen_clock *clock)
{
        clock->moves = set_offset(0);
        clock->reboots = clock->moves && unshare(CLONE_NEWNS) == 0 &&
                         mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

bool specimen_clock_pass(struct specimen_clock *clock, uint64_t seconds)
{
        if (!clock->moves || !set_offset(clock->seconds + seconds))
                return false;
        clock->seconds += seconds;
        return true;
}

static bool write_id(const char *file, const uint8_t id[16])
{
        char text[40];
        int size = snprintf(text, sizeof text,
                "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n", id[0], id[1], id[2],
                id[3], id[4], id[5], id[6], id[7], id[8], id[9], id[10], id[11], id[12], id[13], id[14],
                id[15]);
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0)
                return false;
        bool written = write(fd, text, (size_t)size) == size;
        return close(fd) == 0 && written;
}

bool specimen_clock_reboot(struct specimen_clock *clock, const char *file, const uint8_t id[16])
{
        if (!clock->reboots || !write_id(file, id))
                return false;
        (void)umount2(BOOT_ID, MNT_DETACH); /* an earlier one of ours; the kernel's own is no mount */
        return mount(file, BOOT_ID, NULL, MS_BIND, NULL) == 0;
}
