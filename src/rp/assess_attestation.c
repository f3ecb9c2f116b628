/* SPDX-License-Identifier: Apache-2.0 */
#include "assess_attestation.h"

#include "leaf_bytes.h"
#include "record_leaf.h"

#include <mitome/metadata.h>

#define STEP(number) "WebAuthn L3 7.1 #" number

mitome_status assess_format(struct ceremony *c, const char *name)
{
        bool accepted = !c->policy->formats;
        for (size_t i = 0; c->policy->formats && i < c->policy->format_count; i++)
                accepted = accepted || slice_is(slice_text(name), c->policy->formats[i]);
        return accepted ? ok() : fail(c->error, MITOME_E_FORMAT_NOT_ALLOWED, "fmt", STEP("24"));
}

/* ---- the model ---- */

static const uint8_t no_model[AUTHDATA_AAGUID_SIZE];

/* FIDO Metadata Statement 4, attestationCertificateKeyIdentifiers: U2F authenticators have no AAGUID, and are
 * found by the key of their attestation certificate. */
static const struct mitome_metadata_entry *find_entry(
        const struct mitome_metadata *metadata, slice aaguid, const struct attestation_result *attestation)
{
        if (!slice_equal(aaguid, SLICE(no_model)))
                return mitome_metadata_find(metadata, aaguid);
        for (size_t i = 0; i < attestation->count; i++) {
                struct record_leaf leaf;
                if (attestation->parts[i].type != ATTESTATION_X5C)
                        continue;
                record_leaf_read(attestation->parts[i].chain.certificates[0], &leaf);
                if (leaf.has_key_id)
                        return mitome_metadata_find_key(metadata, SLICE(leaf.key_id));
        }
        return NULL;
}

/* What is known of the model: refused by default is what is known to be broken, nothing else. */
static mitome_status assess_model(struct ceremony *c, const struct attestation_result *attestation)
{
        static const char clause[] = "FIDO Metadata Service 3.1.4";
        const struct mitome_metadata *metadata = c->trust ? trust_metadata(c->trust) : NULL;
        const struct mitome_metadata_entry *entry =
                metadata ? find_entry(metadata, c->verdict->aaguid, attestation) : NULL;
        c->verdict->metadata = entry;
        if (!entry && (c->policy->require_metadata || c->policy->minimum_certification))
                return fail(c->error, MITOME_E_AUTHENTICATOR_UNKNOWN, "authData.aaguid", clause);
        if (entry && entry->compromised && !c->policy->allow_compromised)
                return fail(c->error, MITOME_E_AUTHENTICATOR_COMPROMISED, "authData.aaguid", clause);
        if (entry && entry->certification_level < c->policy->minimum_certification)
                return fail(c->error, MITOME_E_CERTIFICATION_LEVEL, "authData.aaguid", clause);
        return ok();
}

static bool lists(const slice *list, size_t count, slice aaguid)
{
        bool found = false;
        for (size_t i = 0; list && i < count; i++)
                found = found || slice_equal(list[i], aaguid);
        return found;
}

static mitome_status assess_aaguid(const struct ceremony *c)
{
        const struct mitome_policy *p = c->policy;
        bool accepted = !p->aaguids || lists(p->aaguids, p->aaguid_count, c->verdict->aaguid);
        if (!accepted || lists(p->denied_aaguids, p->denied_aaguid_count, c->verdict->aaguid))
                return fail(c->error, MITOME_E_AAGUID_NOT_ALLOWED, "authData.aaguid", STEP("24"));
        return ok();
}

/* ---- whom it leads to ---- */

/* A person's certificate is of no maker's: it must be alive, and of the JPKI profile, wherever there is an
 * anchor to judge it by. */
static mitome_status assess_person(struct ceremony *c, slice certificate, enum mitome_trust_result *ret)
{
        struct jpki_certificate jpki;
        if (!c->trust || !trust_knows_jpki(c->trust)) {
                *ret = MITOME_TRUST_UNVERIFIED;
                return ok();
        }
        MITOME_TRY(trust_verify_jpki(c->trust, certificate, c->now, &jpki, c->error));
        c->verdict->certificate = (struct mitome_binding){
                .serial = jpki.serial,
                .issuer = jpki.issuer,
                .subject_common_name = jpki.subject_common_name,
                .not_after = jpki.not_after,
                .phone = jpki.phone,
        };
        *ret = MITOME_TRUST_VERIFIED;
        return ok();
}

/* A model's own roots vouch for it as the snapshot's anchors do: they are tied to its AAGUID. */
static mitome_status verify_path(
        struct ceremony *c, const struct attestation_chain *chain, bool *ret_anchored, mitome_error *error)
{
        const struct mitome_metadata_entry *entry =
                c->policy->ignore_metadata_roots ? NULL : c->verdict->metadata;
        struct attestation_chain path = *chain;
        if (c->policy->switches & MITOME_SWITCH_LEAF_UNUSED_BITS)
                path.certificates[0] = leaf_mend_unused_bits(path.certificates[0], &c->arena);
        return trust_verify_attestation_any(c->trust, entry ? entry->roots : NULL,
                entry ? entry->root_count : 0, path.certificates, path.count, c->now, ret_anchored, error);
}

/* Ways in which a chain proves nothing, as no chain does. (What was revoked, or lists that cannot be relied
 * on, are more than that.) */
static bool proves_nothing(mitome_code code)
{
        return code == MITOME_E_CERTIFICATE_EXPIRED || code == MITOME_E_CERTIFICATE_NOT_YET_VALID ||
               code == MITOME_E_CERTIFICATE_PATH || code == MITOME_E_CERTIFICATE_CRITICAL;
}

/* Where no trust is demanded, self attestation is accepted too: then a chain that has expired or contradicts
 * itself is worth as much, and the verdict says "unverified". */
static mitome_status find_anchor(
        struct ceremony *c, const struct attestation_chain *chain, enum mitome_trust_result *ret)
{
        bool anchored = false;
        mitome_error error = { 0 };
        mitome_status status = c->trust ? verify_path(c, chain, &anchored, &error) : ok();
        if (failed(status) && (c->policy->require_trust || !proves_nothing(status.code)))
                return fail_at(c->error, error.code, error.at, error.field, error.clause);
        *ret = !failed(status) && anchored ? MITOME_TRUST_VERIFIED : MITOME_TRUST_UNVERIFIED;
        return ok();
}

static mitome_status assess_part(
        struct ceremony *c, const struct attestation_part *part, enum mitome_trust_result *ret)
{
        switch (part->type) {
        case ATTESTATION_JPKI:
                return assess_person(c, part->chain.certificates[0], ret);
        case ATTESTATION_X5C:
                c->verdict->attestation_leaf = part->chain.certificates[0];
                c->verdict->device_serial = leaf_device_serial(part->chain.certificates[0]);
                return find_anchor(c, &part->chain, ret);
        case ATTESTATION_SELF:
                *ret = MITOME_TRUST_SELF;
                return ok();
        case ATTESTATION_NONE:
                break;
        }
        *ret = MITOME_TRUST_NONE;
        return ok();
}

/* The weakest part counts: what a compound statement shows is no better than the least of its statements. */
static mitome_status assess_parts(
        struct ceremony *c, const struct attestation_result *attestation, enum mitome_trust_result *ret)
{
        enum mitome_trust_result least = MITOME_TRUST_VERIFIED, found = MITOME_TRUST_NONE;
        for (size_t i = 0; i < attestation->count; i++) {
                MITOME_TRY(assess_part(c, &attestation->parts[i], &found));
                least = found < least ? found : least;
        }
        *ret = attestation->count ? least : MITOME_TRUST_NONE;
        return ok();
}

/* Whether the attestation tells who or which one it is, and whether it may or must. */
static mitome_status assess_enterprise(const struct ceremony *c, const struct attestation_result *attestation)
{
        bool tells = c->verdict->device_serial.size;
        for (size_t i = 0; i < attestation->count; i++)
                tells = tells || attestation->parts[i].type == ATTESTATION_JPKI;
        if (c->policy->enterprise == MITOME_ENTERPRISE_REQUIRED && !tells)
                return fail(c->error, MITOME_E_ENTERPRISE_MISSING, "attStmt", "WebAuthn L3 8.2.2");
        if (c->policy->enterprise == MITOME_ENTERPRISE_REFUSED && tells)
                return fail(c->error, MITOME_E_ENTERPRISE_REFUSED, "attStmt", "WebAuthn L3 8.2.2");
        return ok();
}

mitome_status assess_attestation(struct ceremony *c, const struct attestation_result *attestation)
{
        MITOME_TRY(assess_aaguid(c));
        MITOME_TRY(assess_model(c, attestation));
        MITOME_TRY(assess_parts(c, attestation, &c->verdict->trust));
        MITOME_TRY(assess_enterprise(c, attestation));
        bool certified = c->verdict->trust >= MITOME_TRUST_UNVERIFIED;
        if (c->policy->require_attestation && !certified)
                return fail(c->error, MITOME_E_ATTESTATION_MISSING, "fmt", STEP("24"));
        if (c->policy->require_trust && c->verdict->trust != MITOME_TRUST_VERIFIED)
                return fail(c->error, MITOME_E_ATTESTATION_UNTRUSTED, certified ? "attStmt.x5c" : "fmt",
                        STEP("24"));
        return ok();
}

/* ---- extensions ---- */

mitome_status assess_extensions(const struct ceremony *c)
{
        const struct mitome_extensions *extensions = &c->verdict->extensions;
        if (c->policy->require_discoverable && !extensions->discoverable)
                return fail(c->error, MITOME_E_NOT_DISCOVERABLE, "clientExtensionResults.credProps.rk",
                        "WebAuthn L3 10.1.3");
        if (extensions->cred_protect < c->policy->minimum_cred_protect)
                return fail(
                        c->error, MITOME_E_CRED_PROTECT, "authData.extensions.credProtect", "CTAP 2.1 12.1");
        return ok();
}
