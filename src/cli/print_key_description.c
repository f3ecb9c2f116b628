/* SPDX-License-Identifier: Apache-2.0 */
/* KeyDescription of an Android keystore. */
#include "key_description.h"
#include "print_place.h"

/* By KeyPurpose. */
static const char *const purposes[] = { "encrypt", "decrypt", "sign", "verify", "derive", "wrap", "agree",
        "attest" };

/* By KeyOrigin. */
static const char *const origins[] = { "generated", "derived", "imported", "reserved", "securely imported" };

static const char *const levels[] = { "software", "trusted environment", "StrongBox" };

static void print_purposes(const struct print_place *place, uint32_t bits)
{
        const char *separator = "";
        print_name(place, "purpose");
        for (unsigned bit = 0; bit < 32; bit++) {
                if (!(bits & UINT32_C(1) << bit))
                        continue;
                if (bit < sizeof purposes / sizeof purposes[0])
                        fprintf(place->out, "%s%s", separator, purposes[bit]);
                else
                        fprintf(place->out, "%s%u", separator, bit);
                separator = ", ";
        }
        fputc('\n', place->out);
}

static void print_list(
        const struct print_place *place, const char *name, const struct key_authorizations *list)
{
        struct print_place within = *place;
        within.indent += 2;
        print_line(place, name, list->empty ? "says nothing" : "says");
        if (list->purposes)
                print_purposes(&within, list->purposes);
        if (list->has_origin)
                print_line(&within, "origin", "%s (%u)",
                        list->origin < sizeof origins / sizeof origins[0] ? origins[list->origin]
                                                                          : "not known",
                        list->origin);
        if (list->all_applications)
                print_line(&within, "application", "all of them: bound to none");
}

mitome_status print_key_description(const struct print_place *place, slice der)
{
        mitome_error inner = { 0 };
        struct key_description key;
        mitome_status status = key_description_read(der, &key, &inner);
        if (failed(status))
                return print_relay(place, status, &inner);
        print_line(
                place, "version", "%u, made in %s", key.attestation_version, levels[key.attestation_level]);
        print_line(place, "keystore", "version %u, keys in %s", key.keymaster_version,
                levels[key.keymaster_level]);
        print_bytes_line(place, "challenge", key.challenge);
        print_bytes_line(place, "uniqueId", key.unique_id);
        print_list(place, "softwareEnforced", &key.software);
        print_list(place, "hardwareEnforced", &key.hardware);
        return ok();
}
