/* SPDX-License-Identifier: Apache-2.0 */
#include "access_rule.h"

#include "tlv.h"

static const char clause[] = "GPD_SPE_013 6.1";

/* ---- reading ---- */

/* Takes the next object if it has the tag. */
static mitome_status take_if(reader *r, uint32_t tag, const char *field, slice *ret, bool *ret_found)
{
        reader ahead = *r;
        struct tlv tlv;
        *ret_found = false;
        if (!r->rest.size)
                return ok();
        MITOME_TRY(tlv_read(&ahead, field, &tlv));
        if (tlv.tag != tag)
                return ok();
        *r = ahead;
        *ret = tlv.value;
        *ret_found = true;
        return ok();
}

static mitome_status take(reader *r, uint32_t tag, const char *field, slice *ret)
{
        bool found;
        MITOME_TRY(take_if(r, tag, field, ret, &found));
        return found ? ok() : reader_fail(r, MITOME_E_TLV_MISSING, field);
}

/* One that may be missing; where it stands, it is not empty. */
static mitome_status take_optional(
        reader *r, uint32_t tag, const char *field, size_t min, size_t max, slice *ret)
{
        bool found;
        MITOME_TRY(take_if(r, tag, field, ret, &found));
        return !found || (ret->size >= min && ret->size <= max) ? ok()
                                                                : reader_fail(r, MITOME_E_VALUE, field);
}

/* Table 6-3: an AID, or none for every applet; or C0, empty, for the implicitly selected one. */
static mitome_status take_applet(reader *r, struct access_reference *ret)
{
        slice value;
        MITOME_TRY(take_if(r, ACCESS_IMPLICIT, "AID-REF-DO", &value, &ret->implicit));
        if (ret->implicit)
                return value.size ? reader_fail(r, MITOME_E_VALUE, "AID-REF-DO") : ok();
        MITOME_TRY(take(r, ACCESS_AID, "AID-REF-DO", &ret->aid));
        bool right = !ret->aid.size || (ret->aid.size >= ACCESS_AID_MIN && ret->aid.size <= ACCESS_AID_MAX);
        return right ? ok() : reader_fail(r, MITOME_E_VALUE, "AID-REF-DO");
}

/* Table 6-4 */
static mitome_status take_hash(reader *r, slice *ret)
{
        MITOME_TRY(take(r, ACCESS_HASH, "DeviceAppID-REF-DO", ret));
        bool right = !ret->size || ret->size == ACCESS_SHA1_SIZE || ret->size == ACCESS_SHA256_SIZE;
        return right ? ok() : reader_fail(r, MITOME_E_VALUE, "DeviceAppID-REF-DO");
}

static mitome_status read_reference(reader *r, struct access_reference *ret)
{
        struct access_reference reference = { 0 };
        MITOME_TRY(take_applet(r, &reference));
        MITOME_TRY(take_hash(r, &reference.hash));
        MITOME_TRY(take_optional(r, ACCESS_PACKAGE, "PKG-REF-DO", 1, ACCESS_PACKAGE_MAX, &reference.package));
        MITOME_TRY(read_end(r, "REF-DO"));
        *ret = reference;
        return ok();
}

/* Table 6-8: one byte for all APDUs, or filters. */
static bool is_apdu_rule(slice value)
{
        if (value.size == 1)
                return value.data[0] <= 1;
        return value.size % ACCESS_FILTER_SIZE == 0;
}

static mitome_status read_ar(reader *r, struct access_rule *rule)
{
        MITOME_TRY(take_optional(r, ACCESS_APDU, "APDU-AR-DO", 1, SIZE_MAX, &rule->apdu));
        if (!is_apdu_rule(rule->apdu))
                return reader_fail(r, MITOME_E_VALUE, "APDU-AR-DO");
        MITOME_TRY(take_optional(r, ACCESS_NFC, "NFC-AR-DO", 1, 1, &rule->nfc));
        if (rule->nfc.size && rule->nfc.data[0] > 1) /* Table 6-9 */
                return reader_fail(r, MITOME_E_VALUE, "NFC-AR-DO");
        MITOME_TRY(take_optional(r, ACCESS_PERMISSIONS, "PERM-AR-DO", ACCESS_PERMISSIONS_SIZE,
                ACCESS_PERMISSIONS_SIZE, &rule->permissions));
        if (!rule->apdu.size && !rule->nfc.size && !rule->permissions.size)
                return reader_fail(r, MITOME_E_TLV_MISSING, "AR-DO");
        return read_end(r, "AR-DO");
}

mitome_status access_reference_read(slice value, struct access_reference *ret, mitome_error *error)
{
        reader r = reader_over(value, clause, error);
        return read_reference(&r, ret);
}

mitome_status access_rule_read(slice value, struct access_rule *ret, mitome_error *error)
{
        reader r = reader_over(value, clause, error);
        struct access_rule rule = { 0 };
        slice part;
        MITOME_TRY(take(&r, ACCESS_REF, "REF-DO", &part));
        reader inner = reader_within(&r, part);
        MITOME_TRY(read_reference(&inner, &rule.reference));
        MITOME_TRY(take(&r, ACCESS_AR, "AR-DO", &part));
        inner = reader_within(&r, part);
        MITOME_TRY(read_ar(&inner, &rule));
        MITOME_TRY(read_end(&r, "REF-AR-DO"));
        *ret = rule;
        return ok();
}

/* ---- writing ---- */

static size_t object_size(slice value)
{
        size_t head = value.size < 0x80 ? 2 : value.size <= UINT8_MAX ? 3 : 4;
        return head + value.size;
}

static size_t optional_size(slice value)
{
        return value.size ? object_size(value) : 0;
}

static void write_optional(writer *w, uint32_t tag, slice value)
{
        if (value.size)
                tlv_write(w, tag, value);
}

void access_rule_write(writer *w, const struct access_rule *rule)
{
        const struct access_reference *reference = &rule->reference;
        slice aid = reference->implicit ? (slice){ 0 } : reference->aid;
        size_t ref = object_size(aid) + object_size(reference->hash) + optional_size(reference->package);
        size_t ar = optional_size(rule->apdu) + optional_size(rule->nfc) + optional_size(rule->permissions);
        const slice sized[] = { { NULL, ref }, { NULL, ar } };
        tlv_write_head(w, ACCESS_REF_AR, object_size(sized[0]) + object_size(sized[1]));
        tlv_write_head(w, ACCESS_REF, ref);
        tlv_write(w, reference->implicit ? ACCESS_IMPLICIT : ACCESS_AID, aid);
        tlv_write(w, ACCESS_HASH, reference->hash);
        write_optional(w, ACCESS_PACKAGE, reference->package);
        tlv_write_head(w, ACCESS_AR, ar);
        write_optional(w, ACCESS_APDU, rule->apdu);
        write_optional(w, ACCESS_NFC, rule->nfc);
        write_optional(w, ACCESS_PERMISSIONS, rule->permissions);
}

bool access_reference_equal(const struct access_reference *a, const struct access_reference *b)
{
        return a->implicit == b->implicit && slice_equal(a->aid, b->aid) && slice_equal(a->hash, b->hash) &&
               slice_equal(a->package, b->package);
}
