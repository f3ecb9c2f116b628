/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_host.h"

#include "hid_port.h"
#include "steady_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
        REPORT_SIZE = 64,
        NUMBERED_SIZE = 1 + REPORT_SIZE, /* a device file wants the report's number, 0, first */
        NONCE_SIZE = 8,
        SEQUENCE_MAX = 0x7F,
        CONNECT_S = 5,
        NOTICE_MS = 1000,   /* for a report that nothing is answered to */
        SILENCE_MS = 10000, /* keepalives come each 100 ms */
        REPORTS_MAX = 4096, /* of one answer, with what others hear and ten keepalives a second */
        MESSAGE_MAX = 7609, /* 11.2.4: no message is longer */
        PORT_MAX = 65535,
        FIRST = 0x80, /* bit of a message's first packet */
        COMMAND_INIT = 0x06,
        COMMAND_CBOR = 0x10,
        COMMAND_CANCEL = 0x11,
        COMMAND_KEEPALIVE = 0x3B,
        KEEPALIVE_AWAITS_USER = 2,
};

#define BROADCAST 0xFFFFFFFFu

struct hid_host {
        int fd;
        bool numbered;
        uint32_t channel;
        bool limited, is_udp;
        uint64_t until_ms; /* of what is being done */
        unsigned reports;  /* heard for it */
        enum hid_host_end end;
        bool (*stopped)(void *context); /* NULL: nobody is asked */
        void *context;
};

static mitome_status lost(struct hid_host *host, enum hid_host_end end, mitome_error *error)
{
        host->end = end;
        return fail(error, MITOME_E_HID_HOST, "the authenticator", NULL);
}

/* ---- a report ---- */

/* How long may be waited for the next report, and for room for one. */
static int patience(const struct hid_host *host)
{
        if (!host->limited)
                return SILENCE_MS;
        const uint64_t now = steady_clock_ms();
        const uint64_t left = host->until_ms > now ? host->until_ms - now : 0;
        return left < SILENCE_MS ? (int)left : SILENCE_MS;
}

/* Who never reads shall not keep us, either. */
static bool has_room(const struct hid_host *host)
{
        struct pollfd wait = { .fd = host->fd, .events = POLLOUT };
        int count;
        if (!host->limited)
                return true;
        do
                count = poll(&wait, 1, patience(host));
        while (count < 0 && errno == EINTR);
        return count == 1;
}

/* The rest of `packet` is zeros. */
static mitome_status send_report(struct hid_host *host, slice packet, mitome_error *error)
{
        uint8_t bytes[NUMBERED_SIZE];
        const size_t size = host->numbered ? NUMBERED_SIZE : REPORT_SIZE;
        writer w = writer_over(bytes, size);
        if (host->numbered)
                write_u8(&w, 0);
        write_slice(&w, packet);
        while (w.used < size)
                write_u8(&w, 0);
        ssize_t sent;
        if (!has_room(host))
                return lost(host, HID_HOST_SILENT, error);
        do
                sent = write(host->fd, bytes, size);
        while (sent < 0 && errno == EINTR);
        return sent == (ssize_t)size ? ok() : lost(host, HID_HOST_GONE, error);
}

static mitome_status hear_report(struct hid_host *host, uint8_t ret_report[REPORT_SIZE], mitome_error *error)
{
        uint8_t report[REPORT_SIZE + 1];
        struct pollfd wait = { .fd = host->fd, .events = POLLIN };
        int count;
        do
                count = poll(&wait, 1, patience(host));
        while (count < 0 && errno == EINTR);
        if (count == 0 || (host->limited && steady_clock_ms() >= host->until_ms))
                return lost(host, HID_HOST_SILENT, error);
        if (host->limited && ++host->reports > REPORTS_MAX)
                return lost(host, HID_HOST_FLOODED, error);
        /* A terminal runs reports together; of a socket one that is too long must be seen to be. */
        const size_t most = isatty(host->fd) ? REPORT_SIZE : sizeof report;
        ssize_t size = count == 1 ? read(host->fd, report, most) : -1;
        if (size <= 0)
                return lost(host, HID_HOST_GONE, error);
        return size == REPORT_SIZE
                       ? slice_copy(slice_of(report, REPORT_SIZE), "report", ret_report, REPORT_SIZE, error)
                       : lost(host, HID_HOST_GARBLED, error);
}

/* ---- a message: a first packet, and those that continue it ---- */

static mitome_status send_part(struct hid_host *host, writer *packet, reader *message, mitome_error *error)
{
        size_t room = REPORT_SIZE - packet->used;
        slice part;
        MITOME_TRY(
                read_bytes(message, "message", message->rest.size < room ? message->rest.size : room, &part));
        write_slice(packet, part);
        return send_report(host, writer_view(packet), error);
}

static mitome_status send_message(struct hid_host *host, uint8_t command, slice message, mitome_error *error)
{
        uint8_t bytes[REPORT_SIZE];
        reader rest = reader_over(message, NULL, error);
        writer w = WRITER(bytes);
        write_u32(&w, host->channel);
        write_u8(&w, FIRST | command);
        write_u16(&w, (uint16_t)message.size);
        MITOME_TRY(send_part(host, &w, &rest, error));
        for (uint8_t sequence = 0; rest.rest.size; sequence++) {
                if (sequence > SEQUENCE_MAX)
                        return lost(host, HID_HOST_GARBLED, error);
                w = WRITER(bytes);
                write_u32(&w, host->channel);
                write_u8(&w, sequence);
                MITOME_TRY(send_part(host, &w, &rest, error));
        }
        return ok();
}

struct first_packet {
        uint8_t command;
        uint16_t size;
        reader part;
};

/* The next packet for this channel: others may speak with the same device. Views point into `report`. */
static mitome_status hear_packet(struct hid_host *host, uint8_t report[REPORT_SIZE], uint8_t *ret_kind,
        reader *ret_rest, mitome_error *error)
{
        uint32_t channel;
        do {
                MITOME_TRY(hear_report(host, report, error));
                *ret_rest = reader_over(slice_of(report, REPORT_SIZE), NULL, error);
                MITOME_TRY(read_u32(ret_rest, "channel", &channel));
                MITOME_TRY(read_u8(ret_rest, "command", ret_kind));
        } while (channel != host->channel);
        return ok();
}

/* What is worked at comes to its end, which must be known. */
static mitome_status hear_keepalive(struct hid_host *host, reader *part, mitome_error *error)
{
        uint8_t what;
        MITOME_TRY(read_u8(part, "keepalive", &what));
        if (what != KEEPALIVE_AWAITS_USER || !host->limited || !host->stopped ||
                !host->stopped(host->context))
                return ok();
        const uint64_t until_ms = steady_clock_ms() + NOTICE_MS;
        host->until_ms = until_ms < host->until_ms ? until_ms : host->until_ms;
        host->stopped = NULL;
        return send_message(host, COMMAND_CANCEL, (slice){ 0 }, error);
}

static mitome_status hear_first(
        struct hid_host *host, uint8_t report[REPORT_SIZE], struct first_packet *ret, mitome_error *error)
{
        for (;;) {
                MITOME_TRY(hear_packet(host, report, &ret->command, &ret->part, error));
                MITOME_TRY(read_u16(&ret->part, "size", &ret->size));
                if (ret->command != (FIRST | COMMAND_KEEPALIVE))
                        return ok();
                MITOME_TRY(hear_keepalive(host, &ret->part, error));
        }
}

static mitome_status take_part(reader *packet, size_t size, writer *message)
{
        size_t left = size - message->used;
        slice part;
        MITOME_TRY(read_bytes(packet, "packet", packet->rest.size < left ? packet->rest.size : left, &part));
        write_slice(message, part);
        return ok();
}

static mitome_status hear_message(
        struct hid_host *host, uint8_t command, writer *message, mitome_error *error)
{
        uint8_t report[REPORT_SIZE], kind;
        struct first_packet first;
        reader rest;
        MITOME_TRY(hear_first(host, report, &first, error));
        if (first.command != (FIRST | command))
                return lost(host, HID_HOST_GARBLED, error); /* an ERROR, say */
        if (first.size > MESSAGE_MAX)
                return lost(host, HID_HOST_GARBLED, error);
        MITOME_TRY(take_part(&first.part, first.size, message));
        for (uint8_t sequence = 0; message->used < first.size && !message->overflowed; sequence++) {
                MITOME_TRY(hear_packet(host, report, &kind, &rest, error));
                if (kind != sequence)
                        return lost(host, HID_HOST_GARBLED, error);
                MITOME_TRY(take_part(&rest, first.size, message));
        }
        return message->overflowed ? lost(host, HID_HOST_FLOODED, error) : ok();
}

static void begin_limit(struct hid_host *host, unsigned limit_ms)
{
        host->limited = true;
        host->until_ms = steady_clock_ms() + limit_ms;
        host->reports = 0;
        host->end = HID_HOST_GARBLED; /* what nobody says otherwise of: a message that is too short */
}

mitome_status hid_host_exchange(struct hid_host *host, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        writer message = writer_over(response, capacity);
        MITOME_TRY(send_message(host, COMMAND_CBOR, request, error));
        MITOME_TRY(hear_message(host, COMMAND_CBOR, &message, error));
        *ret_size = message.used;
        return ok();
}

mitome_status hid_host_exchange_within(struct hid_host *host, slice request, unsigned limit_ms,
        uint8_t *response, size_t capacity, size_t *ret_size, enum hid_host_end *ret_end, mitome_error *error)
{
        begin_limit(host, limit_ms);
        mitome_status status = hid_host_exchange(host, request, response, capacity, ret_size, error);
        host->limited = false;
        *ret_end = failed(status) ? host->end : HID_HOST_ANSWERED;
        return status;
}

void hid_host_heed(struct hid_host *host, bool (*stopped)(void *context), void *context)
{
        host->stopped = stopped;
        host->context = context;
}

/* Whoever does not read what is sent does not hear these, either. */
void hid_host_cancel(struct hid_host *host)
{
        begin_limit(host, NOTICE_MS);
        (void)failed(send_message(host, COMMAND_CANCEL, (slice){ 0 }, NULL));
        host->limited = false;
}

bool hid_host_power_cycle(struct hid_host *host)
{
        begin_limit(host, NOTICE_MS);
        const bool sent = host->is_udp && !failed(send_report(host, SLICE(hid_port_power_cycle), NULL));
        host->limited = false;
        return sent;
}

/* ---- opening ---- */

/* 11.2.9.1.3: the answer with our nonce has the channel; other hosts' answers come to the same place. */
static mitome_status allocate(struct hid_host *host, const struct mitome_random *random, mitome_error *error)
{
        uint8_t nonce[NONCE_SIZE], bytes[REPORT_SIZE];
        slice heard;
        if (random->fill(random->context, nonce, sizeof nonce) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "nonce", NULL);
        host->channel = BROADCAST;
        MITOME_TRY(send_message(host, COMMAND_INIT, SLICE(nonce), error));
        do {
                writer message = WRITER(bytes);
                MITOME_TRY(hear_message(host, COMMAND_INIT, &message, error));
                reader r = reader_over(writer_view(&message), NULL, error);
                MITOME_TRY(read_bytes(&r, "nonce", NONCE_SIZE, &heard));
                uint32_t channel;
                MITOME_TRY(read_u32(&r, "channel", &channel));
                if (slice_equal(heard, SLICE(nonce)))
                        host->channel = channel;
        } while (host->channel == BROADCAST);
        return ok();
}

static int connect_unix(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (failed(slice_copy(slice_text(path), "path", (uint8_t *)address.sun_path,
                    sizeof address.sun_path - 1, NULL)))
                return -1;
        /* A listener that takes nobody in is waited for no longer, either. */
        static const struct timeval patience = { .tv_sec = CONNECT_S };
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd >= 0)
                (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
                close(fd);
                return -1;
        }
        return fd;
}

static int connect_udp(const char *port)
{
        char *end;
        unsigned long number = strtoul(port, &end, 10);
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        if (*port < '0' || *port > '9' || *end || number == 0 || number > PORT_MAX)
                return -1;
        address.sin_port = htons((uint16_t)number);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
                close(fd);
                return -1;
        }
        return fd;
}

static int open_file(const char *path)
{
        return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static const struct {
        const char *prefix;
        bool numbered;
        int (*open)(const char *rest);
} ways[] = {
        { "hid:", true, open_file },
        { "pty:", true, open_file },
        { "unix:", false, connect_unix },
        { "udp:", false, connect_udp },
};

static mitome_status open_way(const char *target, struct hid_host *ret, mitome_error *error)
{
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
                size_t size = strlen(ways[i].prefix);
                if (strncmp(target, ways[i].prefix, size) != 0)
                        continue;
                ret->numbered = ways[i].numbered;
                ret->is_udp = ways[i].open == connect_udp;
                ret->fd = ways[i].open(&target[size]);
                return ret->fd >= 0 ? ok() : fail(error, MITOME_E_SOCKET, "--device", NULL);
        }
        return fail(error, MITOME_E_HID_TARGET, "--device", NULL);
}

static mitome_status open_host(const char *target, const struct mitome_random *random,
        const unsigned *limit_ms, struct hid_host **ret, enum hid_host_end *ret_end, mitome_error *error)
{
        struct hid_host *host = calloc(1, sizeof *host);
        if (!host)
                return fail(error, MITOME_E_NO_MEMORY, "host", NULL);
        host->fd = -1;
        mitome_status status = open_way(target, host, error);
        host->end = HID_HOST_GONE;
        if (!failed(status) && limit_ms)
                begin_limit(host, *limit_ms);
        if (!failed(status))
                status = allocate(host, random, error);
        host->limited = false;
        *ret_end = failed(status) ? host->end : HID_HOST_ANSWERED;
        if (failed(status))
                hid_host_close(host);
        else
                *ret = host;
        return status;
}

mitome_status hid_host_open(
        const char *target, const struct mitome_random *random, struct hid_host **ret, mitome_error *error)
{
        enum hid_host_end end;
        return open_host(target, random, NULL, ret, &end, error);
}

mitome_status hid_host_open_within(const char *target, const struct mitome_random *random, unsigned limit_ms,
        struct hid_host **ret, enum hid_host_end *ret_end, mitome_error *error)
{
        *ret_end = HID_HOST_GONE;
        return open_host(target, random, &limit_ms, ret, ret_end, error);
}

void hid_host_close(struct hid_host *host)
{
        if (!host)
                return;
        if (host->fd >= 0)
                close(host->fd);
        free(host);
}
