/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_trust.h"

#include "maker_statement.h"
#include "whole_file.h"

#include <stdio.h>
#include <sys/stat.h>

enum { PATH_SIZE = 600, LIST_SECONDS = 86400, STATEMENT_MAX = 65536 };

static mitome_status write_in(
        const char *folder, const char *inner, const char *name, slice content, mitome_error *error)
{
        char path[PATH_SIZE];
        int size = snprintf(path, sizeof path, "%s/%s", folder, inner);
        if (size < 0 || (size_t)size >= sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        mkdir(path, 0755);
        size = snprintf(path, sizeof path, "%s/%s/%s", folder, inner, name);
        if (size < 0 || (size_t)size >= sizeof path)
                return fail(error, MITOME_E_TOO_LONG, "folder", NULL);
        return whole_file_write(path, content, error);
}

static mitome_status write_list(struct world *world, const struct ca *ca, const char *folder,
        const char *name, int64_t now, mitome_error *error)
{
        const struct ca_source source = register_source(world->book);
        struct ca_list list = { 0 };
        MITOME_TRY(ca_crl(ca, &source, NULL, now, now + LIST_SECONDS, &list, error));
        mitome_status status = write_in(folder, "crl", name, ca_list_view(&list), error);
        ca_list_free(&list);
        return status;
}

mitome_status phone_trust_lists(struct world *world, const char *folder, int64_t now, mitome_error *error)
{
        MITOME_TRY(write_list(world, world->user_verification, folder, "user-verification.crl", now, error));
        return write_list(world, world->signing, folder, "signing.crl", now, error);
}

static mitome_status write_statement(const struct world *world, const char *folder, mitome_error *error)
{
        static uint8_t text[STATEMENT_MAX];
        writer w = WRITER(text);
        slice view;
        MITOME_TRY(maker_write_statement(&maker_classes[0],
                slice_of(world->batch.ca.bytes, world->batch.ca.size), (slice){ 0 }, &w, error));
        MITOME_TRY(writer_finish(&w, "metadata", &view, error));
        return write_in(folder, "metadata", MAKER_MODEL ".json", view, error);
}

mitome_status phone_trust_write(struct world *world, const char *folder, int64_t now, mitome_error *error)
{
        const struct {
                const char *inner, *name;
                slice content;
        } anchors[] = {
                { "attestation", "model.der", slice_of(world->batch.ca.bytes, world->batch.ca.size) },
                { "attestation", "devices.der", reset_server_ca(world->reset_server) },
                { "jpki", "user-verification.der", ca_certificate(world->user_verification) },
                { "jpki-signing", "signing.der", ca_certificate(world->signing) },
        };
        for (size_t i = 0; i < sizeof anchors / sizeof *anchors; i++)
                MITOME_TRY(write_in(folder, anchors[i].inner, anchors[i].name, anchors[i].content, error));
        MITOME_TRY(write_statement(world, folder, error));
        return phone_trust_lists(world, folder, now, error);
}
