/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_rig.h"

#include "random_system.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

const int64_t ca_rig_now = 1800000000; /* 2027-01-15 08:00:00Z */

void ca_rig_open(struct ca_rig *rig, int64_t now)
{
        *rig = (struct ca_rig){ .random = random_system(), .now = now };
        for (int kind = 0; kind < 2; kind++)
                assert_int_equal(
                        ca_make((enum authority_kind)kind, &rig->random, rig->now, &rig->cas[kind], NULL)
                                .code,
                        MITOME_OK);
        strcpy(rig->folder, "/tmp/mitome-ca-XXXXXX");
        assert_non_null(mkdtemp(rig->folder));
}

void ca_rig_close(struct ca_rig *rig)
{
        const char *const arguments[] = { "rm", "-rf", rig->folder, NULL };
        assert_int_equal(ca_rig_run(arguments, NULL, 0), 0);
        for (int kind = 0; kind < 2; kind++)
                ca_close(rig->cas[kind]);
}

/* ---- the register ---- */

static mitome_status ask_status(
        void *context, enum authority_kind kind, slice serial, struct ca_status *ret, mitome_error *error)
{
        const struct ca_rig *rig = context;
        if (rig->broken)
                return fail_at(error, rig->broken, MITOME_NOWHERE, "the register", NULL);
        *ret = (struct ca_status){ .state = CA_UNKNOWN };
        for (size_t i = 0; i < rig->count; i++)
                if (rig->rows[i].kind == kind && slice_equal(SLICE(rig->rows[i].certificate.serial), serial))
                        *ret = rig->rows[i].status;
        return ok();
}

static mitome_status show_revoked(void *context, enum authority_kind kind, const struct ca_place *place,
        const struct ca_visitor *visitor, mitome_error *error)
{
        const struct ca_rig *rig = context;
        if (rig->broken)
                return fail_at(error, rig->broken, MITOME_NOWHERE, "the register", NULL);
        for (size_t i = 0; i < rig->count; i++) {
                const struct ca_rig_row *row = &rig->rows[i];
                if (row->kind != kind || row->status.state == CA_GOOD ||
                        (place && (strcmp(place->city, row->place.city) != 0 ||
                                          strcmp(place->prefecture, row->place.prefecture) != 0)))
                        continue;
                const struct ca_entry entry = {
                        .serial = SLICE(row->certificate.serial),
                        .reason = row->status.state == CA_HOLD ? 6 : row->status.reason,
                        .at = row->status.at,
                };
                MITOME_TRY(visitor->visit(visitor->context, &entry, error));
        }
        return ok();
}

static mitome_status next_number(void *context, enum authority_kind kind, uint64_t *ret, mitome_error *error)
{
        struct ca_rig *rig = context;
        (void)error;
        *ret = ++rig->numbers[kind];
        return ok();
}

struct ca_source ca_rig_source(struct ca_rig *rig)
{
        return (struct ca_source){
                .context = rig,
                .status = ask_status,
                .revoked = show_revoked,
                .next_number = next_number,
        };
}

/* An odd number of 2048 bits; nobody signs with it. */
static void draw_modulus(const struct ca_rig *rig, uint8_t modulus[256])
{
        assert_int_equal(rig->random.fill(rig->random.context, modulus, 256), 0);
        modulus[0] |= 0x80;
        modulus[255] |= 1;
}

size_t ca_rig_issue(struct ca_rig *rig, enum authority_kind kind, const struct authority_person *person)
{
        uint8_t modulus[256];
        assert_true(rig->count < CA_RIG_MAX);
        struct ca_rig_row *row = &rig->rows[rig->count];
        struct ca_order order = { .person = person, .modulus = SLICE(modulus), .not_before = rig->now };
        *row = (struct ca_rig_row){ .kind = kind, .place = { person->prefecture, person->city } };
        draw_modulus(rig, modulus);
        assert_int_equal(ca_draw_serial(&rig->random, row->certificate.serial, NULL).code, MITOME_OK);
        assert_int_equal(ca_fifth_birthday(person, rig->now, &order.not_after, NULL).code, MITOME_OK);
        order.serial = SLICE(row->certificate.serial);
        assert_int_equal(
                ca_issue(rig->cas[kind], &order, &rig->random, &row->certificate.der, NULL).code, MITOME_OK);
        return rig->count++;
}

slice ca_rig_der(const struct ca_rig *rig, size_t row)
{
        return slice_of(rig->rows[row].certificate.der.bytes, rig->rows[row].certificate.der.size);
}

void ca_rig_set(struct ca_rig *rig, size_t row, enum ca_state state, int reason)
{
        rig->rows[row].status = (struct ca_status){ .state = state, .reason = reason, .at = rig->now };
}

/* ---- files and programs ---- */

const char *ca_rig_file(struct ca_rig *rig, const char *name, const char *label, slice bytes, char path[96])
{
        snprintf(path, 96, "%s/%s", rig->folder, name);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        if (label)
                assert_true(PEM_write(file, label, "", bytes.data, (long)bytes.size) > 0);
        else
                assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
        assert_int_equal(fclose(file), 0);
        return path;
}

static int wait_for(pid_t child)
{
        int status;
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
                return -1;
        return WEXITSTATUS(status);
}

static void drain(int fd, char *output, size_t capacity)
{
        char rest[512];
        size_t used = 0;
        for (;;) {
                bool room = output && used + 1 < capacity;
                ssize_t count =
                        read(fd, room ? output + used : rest, room ? capacity - used - 1 : sizeof rest);
                if (count <= 0)
                        break;
                used += room ? (size_t)count : 0;
        }
        if (output)
                output[used] = '\0';
}

int ca_rig_run(const char *const *arguments, char *output, size_t capacity)
{
        pid_t child;
        int ends[2];
        posix_spawn_file_actions_t files;
        union {
                const char *const *in;
                char *const *out;
        } list = { .in = arguments };
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_adddup2(&files, ends[1], 1);
        posix_spawn_file_actions_adddup2(&files, ends[1], 2);
        int failed = posix_spawnp(&child, arguments[0], &files, NULL, list.out, environ);
        posix_spawn_file_actions_destroy(&files);
        close(ends[1]);
        drain(ends[0], output, capacity);
        close(ends[0]);
        return failed ? -1 : wait_for(child);
}
