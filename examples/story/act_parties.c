/* SPDX-License-Identifier: Apache-2.0 */

/* Everybody begins: the parties with their keys, the people with their cards, the phones at the factory. */

#include "tale.h"

#include "phone_way_http.h"

#include <sodium.h>
#include <stdio.h>

enum { APPS_TEXT = 65 };

/* The maker first: the others begin with its CA. */
static mitome_status start_services(struct tale *tale, mitome_error *error)
{
        char ca[TALE_PATH_MAX], url[TALE_URL_MAX + 16], apps[APPS_TEXT];
        const char *const authority[] = { "--device-ca", ca, NULL };
        const char *const sp[] = { "--maker-ca", ca, "--apps", apps, NULL };
        sodium_bin2hex(apps, sizeof apps, tale->app.sha256, sizeof tale->app.sha256);
        MITOME_TRY(tale_path(tale, ca, error, "device-ca.cer"));
        MITOME_TRY(tale_serve(tale, TALE_MAKER, NULL, error));
        snprintf(url, sizeof url, "%s/device-ca", tale->services[TALE_MAKER].url);
        MITOME_TRY(tale_fetch(tale, url, NULL, ca, error));
        MITOME_TRY(tale_serve(tale, TALE_AUTHORITY, authority, error));
        MITOME_TRY(tale_serve(tale, TALE_SEI_TSM, NULL, error));
        MITOME_TRY(tale_serve(tale, TALE_SP_TSM, sp, error));
        return ok();
}

static mitome_status open_ways(struct tale *tale, mitome_error *error)
{
        MITOME_TRY(phone_way_http_open(tale->services[TALE_SEI_TSM].url, 0, &tale->sei_way, error));
        MITOME_TRY(phone_way_http_open(tale->services[TALE_SP_TSM].url, 0, &tale->sp_way, error));
        return phone_way_http_open(tale->services[TALE_MAKER].url, 0, &tale->maker_way, error);
}

/* An anchor of the relying party's, from somebody's page. */
static mitome_status know_ca(struct tale *tale, enum tale_service service, const char *page, const char *name,
        struct tale_ca *ret, mitome_error *error)
{
        char file[TALE_PATH_MAX], url[TALE_URL_MAX + 32];
        MITOME_TRY(tale_path(tale, file, error, "%s", name));
        snprintf(url, sizeof url, "%s%s", tale->services[service].url, page);
        MITOME_TRY(tale_fetch(tale, url, NULL, file, error));
        return tale_read(file, (char *)ret->bytes, sizeof ret->bytes, &ret->size, error);
}

/* What the relying party begins with: who vouches for certificates, and who for phones' passkeys. */
static mitome_status know_cas(struct tale *tale, mitome_error *error)
{
        MITOME_TRY(know_ca(tale, TALE_AUTHORITY, "/ca/user-verification.cer", "user-verification-ca.cer",
                &tale->jpki_ca, error));
        stage_sent(&tale->stage, AUTHORITY, PORTAL, "CA certificate of user verification, %zu bytes",
                tale->jpki_ca.size);
        MITOME_TRY(know_ca(
                tale, TALE_MAKER, "/attestation-ca", "attestation-ca.cer", &tale->attestation_ca, error));
        stage_sent(&tale->stage, MAKER, PORTAL, "CA certificate of the passkeys' attestation, %zu bytes",
                tale->attestation_ca.size);
        return ok();
}

mitome_status act_parties(struct tale *tale, mitome_error *error)
{
        static const char *const names[TALE_SERVICES] = { [TALE_MAKER] = MAKER,
                [TALE_AUTHORITY] = AUTHORITY,
                [TALE_SEI_TSM] = SEI_TSM,
                [TALE_SP_TSM] = SP_TSM };
        stage_step(&tale->stage, "Everybody begins: keys, a directory of all, services, cards, phones");
        MITOME_TRY(tale_introduce(tale, error));
        MITOME_TRY(start_services(tale, error));
        for (unsigned i = 0; i < TALE_SERVICES; i++)
                stage_sent(&tale->stage, names[i], "everybody", "is process %d at %s",
                        (int)tale->services[i].process, tale->services[i].url);
        MITOME_TRY(open_ways(tale, error));
        MITOME_TRY(know_cas(tale, error));
        for (unsigned i = 0; i < TALE_PEOPLE; i++)
                MITOME_TRY(tale_person_make(tale, &tale->people[i], error));
        for (unsigned i = 0; i < TALE_PHONES; i++)
                MITOME_TRY(tale_phone_make(tale, &tale->phones[i], error));
        return ok();
}
