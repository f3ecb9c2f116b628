/* SPDX-License-Identifier: Apache-2.0 */
#include "key_description.h"

#include "der.h"

const char key_description_oid[] = "1.3.6.1.4.1.11129.2.1.17";

static const char clause[] = "WebAuthn L3 8.4.1";

enum { PURPOSE_MAX = 31 }; /* the schema's go to 7; so many have a bit */

/* [1] EXPLICIT SET OF INTEGER. Some keystores do not sort it. */
static mitome_status read_purposes(reader *r, struct key_authorizations *list)
{
        static const char field[] = "AuthorizationList.purpose";
        slice set;
        MITOME_TRY(der_read(r, field, DER_SET, &set, NULL));
        reader in_set = reader_within(r, set);
        while (in_set.rest.size) {
                uint32_t purpose;
                MITOME_TRY(der_read_number(&in_set, field, DER_INTEGER, PURPOSE_MAX, &purpose));
                list->purposes |= UINT32_C(1) << purpose;
        }
        return read_end(r, field);
}

/* [600] EXPLICIT NULL: that it stands there is all that it says. */
static mitome_status read_all_applications(reader *r, struct key_authorizations *list)
{
        static const char field[] = "AuthorizationList.allApplications";
        slice nothing;
        MITOME_TRY(der_read(r, field, DER_NULL, &nothing, NULL));
        if (nothing.size)
                return reader_fail(r, MITOME_E_DER, field);
        list->all_applications = true;
        return read_end(r, field);
}

/* [702] EXPLICIT INTEGER */
static mitome_status read_origin(reader *r, struct key_authorizations *list)
{
        static const char field[] = "AuthorizationList.origin";
        MITOME_TRY(der_read_number(r, field, DER_INTEGER, UINT32_MAX, &list->origin));
        list->has_origin = true;
        return read_end(r, field);
}

/* What is read of a list; the rest is skipped. */
static const struct {
        uint32_t number;
        const char *field;
        mitome_status (*read)(reader *r, struct key_authorizations *list);
} fields[] = {
        { 1, "AuthorizationList.purpose", read_purposes },
        { 600, "AuthorizationList.allApplications", read_all_applications },
        { 702, "AuthorizationList.origin", read_origin },
};

static mitome_status read_field(reader *in_list, struct key_authorizations *list, unsigned *seen)
{
        const reader start = *in_list;
        struct der_tag tag;
        slice content;
        MITOME_TRY(der_read_any(in_list, "AuthorizationList", &tag, &content));
        if (tag.kind != DER_EXPLICIT)
                return reader_fail(&start, MITOME_E_DER, "AuthorizationList");
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
                if (tag.number != fields[i].number)
                        continue;
                if (*seen & 1U << i)
                        return reader_fail(&start, MITOME_E_KEY_FIELD_TWICE, fields[i].field);
                *seen |= 1U << i;
                reader in_field = reader_within(in_list, content);
                return fields[i].read(&in_field, list);
        }
        return ok();
}

/* AuthorizationList ::= SEQUENCE of optional members, each [number] EXPLICIT. Some keystores do not keep the
 * order of the schema. */
static mitome_status read_list(reader *r, const char *field, struct key_authorizations *ret)
{
        struct key_authorizations list = { 0 };
        unsigned seen = 0;
        slice content;
        MITOME_TRY(der_read(r, field, DER_SEQUENCE, &content, NULL));
        list.empty = content.size == 0;
        reader in_list = reader_within(r, content);
        while (in_list.rest.size)
                MITOME_TRY(read_field(&in_list, &list, &seen));
        *ret = list;
        return ok();
}

static mitome_status read_level(reader *r, const char *field, enum key_security_level *ret)
{
        uint32_t level;
        MITOME_TRY(der_read_number(r, field, DER_ENUMERATED, KEY_LEVEL_STRONGBOX, &level));
        *ret = (enum key_security_level)level;
        return ok();
}

mitome_status key_description_read(slice der, struct key_description *ret, mitome_error *error)
{
        struct key_description key = { 0 };
        slice content;
        reader whole = reader_over(der, clause, error);
        MITOME_TRY(der_read(&whole, "KeyDescription", DER_SEQUENCE, &content, NULL));
        MITOME_TRY(read_end(&whole, "KeyDescription"));
        reader r = reader_within(&whole, content);
        MITOME_TRY(
                der_read_number(&r, "attestationVersion", DER_INTEGER, UINT32_MAX, &key.attestation_version));
        MITOME_TRY(read_level(&r, "attestationSecurityLevel", &key.attestation_level));
        MITOME_TRY(der_read_number(&r, "keymasterVersion", DER_INTEGER, UINT32_MAX, &key.keymaster_version));
        MITOME_TRY(read_level(&r, "keymasterSecurityLevel", &key.keymaster_level));
        MITOME_TRY(der_read(&r, "attestationChallenge", DER_OCTET_STRING, &key.challenge, NULL));
        MITOME_TRY(der_read(&r, "uniqueId", DER_OCTET_STRING, &key.unique_id, NULL));
        MITOME_TRY(read_list(&r, "softwareEnforced", &key.software));
        MITOME_TRY(read_list(&r, "teeEnforced", &key.hardware));
        MITOME_TRY(read_end(&r, "KeyDescription"));
        *ret = key;
        return ok();
}
