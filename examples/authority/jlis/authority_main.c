/* SPDX-License-Identifier: Apache-2.0 */

/* The authority (J-LIS) as a program: the register behind letters, the CAs' lists and answers as pages. */

#include "maker_trust.h"
#include "publish_pages.h"
#include "register.h"
#include "service_main.h"

#include <stdlib.h>
#include <string.h>

enum { VERIFIERS_MAX = 8 };
enum { OPTION_DEVICE_CA, OPTION_RELEASE, OPTION_VERIFIERS };

struct office {
        struct register_config config;
        struct authority_register *book;
        struct ca *cas[2];
        struct mitome_trust *devices;
        struct publication *publication;
        char *names; /* the verifiers', cut at the commas */
        const char *verifiers[VERIFIERS_MAX + 1];
};

static void close_office(void *context)
{
        struct office *office = context;
        if (!office)
                return;
        publish_close(office->publication);
        register_close(office->book);
        mitome_trust_free(office->devices);
        ca_close(office->cas[0]);
        ca_close(office->cas[1]);
        free(office->names);
        free(office);
}

/* ---- options ---- */

static mitome_status read_release(struct office *office, const char *text, mitome_error *error)
{
        if (strcmp(text, "allowed") != 0 && strcmp(text, "re-issue") != 0)
                return fail(error, MITOME_E_VALUE, "--phone-release", NULL);
        if (strcmp(text, "allowed") == 0)
                office->config.phone_release = REGISTER_RELEASE;
        return ok();
}

static mitome_status read_verifiers(struct office *office, const char *text, mitome_error *error)
{
        size_t count = 0;
        char *rest = NULL;
        office->names = strdup(text);
        if (!office->names)
                return fail(error, MITOME_E_NO_MEMORY, "--verifiers", NULL);
        for (char *name = strtok_r(office->names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
                if (count == VERIFIERS_MAX)
                        return fail(error, MITOME_E_TOO_MANY, "--verifiers", NULL);
                office->verifiers[count++] = name;
        }
        return ok();
}

static mitome_status read_options(struct office *office, const char *const *values, mitome_error *error)
{
        office->config.verifiers = office->verifiers;
        if (values[OPTION_DEVICE_CA])
                MITOME_TRY(
                        maker_trust_read(values[OPTION_DEVICE_CA], "--device-ca", &office->devices, error));
        office->config.devices = office->devices;
        if (values[OPTION_RELEASE])
                MITOME_TRY(read_release(office, values[OPTION_RELEASE], error));
        return read_verifiers(
                office, values[OPTION_VERIFIERS] ? values[OPTION_VERIFIERS] : PARTY_PORTAL, error);
}

/* ---- opening ---- */

static int64_t tell_time(void *context)
{
        return party_now(context);
}

static mitome_status open_cas(
        struct office *office, struct party *party, const char *folder, mitome_error *error)
{
        for (int kind = 0; kind < 2; kind++)
                MITOME_TRY(ca_open(folder, (enum authority_kind)kind, party_random(party), party_now(party),
                        &office->cas[kind], error));
        office->config.signing = office->cas[AUTHORITY_SIGNING];
        office->config.user_verification = office->cas[AUTHORITY_USER_VERIFICATION];
        return ok();
}

static mitome_status open_all(struct office *office, struct party *party, const char *folder,
        const char *const *values, mitome_error *error)
{
        MITOME_TRY(read_options(office, values, error));
        MITOME_TRY(open_cas(office, party, folder, error));
        MITOME_TRY(register_open(party, &office->config, &office->book, error));
        const struct publish_config config = {
                .cas = { office->cas[0], office->cas[1] },
                .source = register_source(office->book),
                .random = *party_random(party),
                .clock_context = party,
                .now = tell_time,
        };
        return publish_open(&config, &office->publication, error);
}

static mitome_status open_office(struct party *party, const char *folder, const char *const *values,
        struct service_parts *parts, void **ret_context, mitome_error *error)
{
        struct office *office = calloc(1, sizeof *office);
        if (!office)
                return fail(error, MITOME_E_NO_MEMORY, "authority", NULL);
        mitome_status status = open_all(office, party, folder, values, error);
        if (failed(status)) {
                close_office(office);
                return status;
        }
        parts->desks = (struct party_desks){ office->book, register_desks, register_desk_count };
        parts->pages = publish_pages;
        parts->page_count = PUBLISH_PAGE_COUNT;
        parts->page_context = office->publication;
        *ret_context = office;
        return ok();
}

int main(int argc, char **argv)
{
        static const struct service_option options[] = {
                [OPTION_DEVICE_CA] = { "device-ca", "FILE",
                        "DER: the maker whose phones' receipts are believed" },
                [OPTION_RELEASE] = { "phone-release", "allowed|re-issue",
                        "what a hold on a phone's certificate ends in; re-issue" },
                [OPTION_VERIFIERS] = { "verifiers", "NAME,..", "who may ask for successors; portal" },
        };
        const struct service_program program = {
                .party = PARTY_AUTHORITY,
                .program = "authority",
                .about =
                        "The authority, played: it keeps the register of people and certificates, issues, revokes, holds\n"
                        "and releases, and publishes lists and answers about them (/ca/, /crl/, /ocsp). Its CAs are of\n"
                        "JPKI's test hierarchy and known to nobody; the people in it are invented.",
                .schema = register_schema,
                .schema_version = REGISTER_SCHEMA_VERSION,
                .options = options,
                .option_count = sizeof options / sizeof options[0],
                .open = open_office,
                .close = close_office,
        };
        return service_main(&program, argc, argv);
}
