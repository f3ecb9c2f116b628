/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_clock.h"

#include <fcntl.h>
#include <sodium.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_SIZE = 36 /* a UUID */ };

static ssize_t read_text(char text[TEXT_SIZE])
{
        int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -1;
        ssize_t count = read(fd, text, TEXT_SIZE);
        close(fd);
        return count;
}

void boot_clock_id(uint8_t ret_id[BOOT_ID_SIZE])
{
        char text[TEXT_SIZE];
        size_t size = 0;
        if (read_text(text) != TEXT_SIZE ||
                sodium_hex2bin(ret_id, BOOT_ID_SIZE, text, TEXT_SIZE, "-", &size, NULL) != 0 ||
                size != BOOT_ID_SIZE)
                randombytes_buf(ret_id, BOOT_ID_SIZE);
}

uint64_t boot_clock_ms(void)
{
        struct timespec now = { 0 };
        clock_gettime(CLOCK_BOOTTIME, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
