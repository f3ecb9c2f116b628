/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_process.h"

#include "card_link.h"
#include "child_process.h"
#include "element_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_MAX_ = 512, RESIDENT_TARGET = 4096, OWNERS_MAX = 32 };

/* ---- what it does ---- */

struct worker {
        struct mitome_link link;
        uint8_t response[MITOME_APDU_MAX];
        slice data;
};

static bool send_apdu(struct worker *worker, slice apdu)
{
        size_t size;
        uint16_t sw;
        return !failed(worker->link.transmit(
                       worker->link.context, apdu, worker->response, sizeof worker->response, &size, NULL)) &&
               !failed(apdu_read_response(slice_of(worker->response, size), &worker->data, &sw, NULL)) &&
               sw == SW_OK;
}

static bool send_command(struct worker *worker, const struct apdu_command *command)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        apdu_write_command(&w, command);
        return !w.overflowed && send_apdu(worker, writer_view(&w));
}

/* What the element of a phone does on a day: state, PIN, signatures. */
static bool work(struct worker *worker)
{
        static const uint8_t hash[32] = { 1 }, pin_file[] = { 0x00, 0x18 };
        const struct apdu_command day[] = {
                { .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = element_rig_fido },
                { .cla = 0x80, .ins = 0x10, .expected = 256 }, /* GET STATE */
                { .cla = 0x80, .ins = 0x12, .expected = 256 }, /* KEY AGREEMENT */
                { .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = element_rig_jpki },
                { .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(pin_file) },
                { .ins = 0x20, .p2 = 0x80, .data = slice_text("1234") },
        };
        const struct apdu_command sign = {
                .cla = 0x80, .ins = 0x2A, .p1 = 0x02, .p2 = 0x97, .data = SLICE(hash), .expected = 256
        };
        bool good = true;
        for (size_t i = 0; good && i < sizeof day / sizeof *day; i++)
                good = send_command(worker, &day[i]);
        for (int i = 0; good && i < 20; i++)
                good = send_command(worker, &sign);
        return good;
}

/* ---- what it holds ---- */

static void print_status(pid_t process)
{
        static const char *const wanted[] = { "VmHWM:", "VmRSS:", "RssAnon:", "RssFile:", "RssShmem:" };
        char path[64], line[256];
        snprintf(path, sizeof path, "/proc/%d/status", (int)process);
        FILE *file = fopen(path, "r");
        while (file && fgets(line, sizeof line, file)) {
                for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
                        long kib = 0;
                        if (strncmp(line, wanted[i], strlen(wanted[i])) != 0)
                                continue;
                        kib = strtol(line + strlen(wanted[i]), NULL, 10);
                        printf("    %-10s %6ld KiB", wanted[i], kib);
                        if (i == 1)
                                printf("   %s %d",
                                        kib < RESIDENT_TARGET ? "met: under" : "MISSED:", RESIDENT_TARGET);
                        puts("");
                }
        }
        if (file)
                fclose(file);
}

struct owner {
        char name[128];
        long resident, used, dirty;
};

/* A line of smaps that begins a mapping has an address first. */
static bool begins_mapping(const char *line, char name[128])
{
        char path[200] = "";
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %199[^\n]", &from, &to, path) < 2)
                return false;
        const char *last = strrchr(path, '/');
        snprintf(name, 128, "%s", last ? last + 1 : path[0] ? path : "anonymous");
        return true;
}

static struct owner *owner_of(struct owner *owners, const char *name)
{
        size_t i = 0;
        while (i + 1 < OWNERS_MAX && owners[i].name[0] && strcmp(owners[i].name, name) != 0)
                i++;
        snprintf(owners[i].name, sizeof owners[i].name, "%s", name);
        return &owners[i];
}

static void print_owner(const struct owner *owner)
{
        if (owner->resident)
                printf("        %-28s %6ld KiB, of it used by the work %ld, written %ld\n", owner->name,
                        owner->resident, owner->used, owner->dirty);
}

/* From now on the kernel sees which pages are used: it maps 64 KiB of a library for each page that is asked
 * for. Only root may ask that of this process. */
static void forget_uses(pid_t process)
{
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)process);
        FILE *file = fopen(path, "w");
        if (file) {
                fputs("1", file);
                fclose(file);
        }
}

static void print_owners(pid_t process)
{
        struct owner owners[OWNERS_MAX] = { 0 }, *owner = NULL;
        char path[64], line[512], name[128];
        snprintf(path, sizeof path, "/proc/%d/smaps", (int)process);
        FILE *file = fopen(path, "r");
        while (file && fgets(line, sizeof line, file)) {
                long kib = 0;
                if (begins_mapping(line, name))
                        owner = owner_of(owners, name);
                else if (owner && sscanf(line, "Rss: %ld", &kib) == 1)
                        owner->resident += kib;
                else if (owner && sscanf(line, "Referenced: %ld", &kib) == 1)
                        owner->used += kib;
                else if (owner && sscanf(line, "Private_Dirty: %ld", &kib) == 1)
                        owner->dirty += kib;
        }
        if (file)
                fclose(file);
        struct owner all = { .name = "all" };
        for (size_t i = 0; i < OWNERS_MAX; i++) {
                print_owner(&owners[i]);
                all.resident += owners[i].resident;
                all.used += owners[i].used;
                all.dirty += owners[i].dirty;
        }
        print_owner(&all);
}

static bool measure(const char *socket, pid_t process)
{
        struct card_link *link;
        static struct worker worker;
        if (failed(card_link_open(socket, 5000, &link, NULL)))
                return false;
        worker.link = card_link(link);
        puts("resident memory of the element's process: idle");
        print_status(process);
        bool good = work(&worker);
        forget_uses(process);
        good = good && work(&worker);
        puts("resident memory of the element's process: after PIN, key agreement and 20 signatures");
        print_status(process);
        print_owners(process);
        card_link_close(link);
        return good;
}

bool process_report(const char *program, const char *folder)
{
        char state[PATH_MAX_], socket[PATH_MAX_];
        pid_t process;
        if (snprintf(state, sizeof state, "%s/process", folder) >= PATH_MAX_ ||
                snprintf(socket, sizeof socket, "%s/socket", folder) >= PATH_MAX_)
                return false;
        const char *const make[] = { program, "element", "--state", state, "--provision-demo", NULL };
        const char *const serve[] = { program, "element", "--state", state, "--unix", socket, NULL };
        bool good =
                !failed(child_process_run(make, NULL)) && !failed(child_process_start(serve, &process, NULL));
        if (good) {
                good = measure(socket, process);
                child_process_stop(process);
        }
        if (!good)
                fputs("bench_element: the element's process did not come out as it must\n", stderr);
        return good;
}
