/* SPDX-License-Identifier: Apache-2.0 */
#include "assess_attestation.h"

#include "aaguid_word.h"
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

/* 8.9: each statement of a compound one has a format of its own. (What stands behind a person's certificate
 * is the device of mitome-jpki, a part of that format.) */
static mitome_status assess_formats(struct ceremony *c, const struct attestation_result *attestation)
{
        for (size_t i = 0; i < attestation->count; i++)
                if (i == 0 || attestation->parts[i - 1].type != ATTESTATION_JPKI)
                        MITOME_TRY(assess_format(c, attestation->parts[i].format));
        return ok();
}

/* What only who is believed can show: that the policy asks for it is asking for an anchor. */
static bool demands_trust(const struct mitome_policy *policy)
{
        return policy->require_trust || policy->require_metadata || policy->minimum_certification ||
               policy->enterprise == MITOME_ENTERPRISE_REQUIRED;
}

/* ---- the model ---- */

static const uint8_t no_model[AUTHDATA_AAGUID_SIZE];

/* An AAGUID that nobody signed is nobody's word, not even the authenticator's. (One that the platform filled
 * in names the model to look up and to refuse; what its maker declares does not count for a level.) */
static bool names_model(const struct attestation_result *attestation)
{
        for (size_t i = 0; i < attestation->count; i++)
                if (aaguid_word(slice_text(attestation->parts[i].format)) != AAGUID_UNSIGNED)
                        return true;
        return false;
}

/* FIDO Metadata Statement 4, attestationCertificateKeyIdentifiers: U2F authenticators have no AAGUID, and are
 * found by the key of their attestation certificate. Of several the compromised one counts. */
static const struct mitome_metadata_entry *find_by_key(
        const struct mitome_metadata *metadata, const struct attestation_result *attestation)
{
        const struct mitome_metadata_entry *found = NULL;
        for (size_t i = 0; i < attestation->count && !(found && found->compromised); i++) {
                const struct mitome_metadata_entry *entry = NULL;
                struct record_leaf leaf;
                if (attestation->parts[i].type != ATTESTATION_X5C)
                        continue;
                record_leaf_read(attestation->parts[i].chain.certificates[0], &leaf);
                if (leaf.has_key_id)
                        entry = mitome_metadata_find_key(metadata, SLICE(leaf.key_id));
                if (entry && (!found || entry->compromised))
                        found = entry;
        }
        return found;
}

/* What is known of the model: refused by default is what is known to be broken, nothing else. It is asked for
 * the model that is claimed and for the one that the attestation key belongs to; a wrong claim helps nobody
 * whose key is known. */
static mitome_status assess_model(struct ceremony *c, const struct attestation_result *attestation)
{
        static const char clause[] = "FIDO Metadata Service 3.1.4";
        const struct mitome_policy *p = c->policy;
        const struct mitome_metadata *metadata = c->trust ? trust_metadata(c->trust) : NULL;
        const struct mitome_metadata_entry *claimed = NULL, *keyed = NULL;
        if (metadata) {
                claimed = mitome_metadata_find(metadata, c->verdict->aaguid);
                keyed = find_by_key(metadata, attestation);
        }
        const struct mitome_metadata_entry *broken = keyed && keyed->compromised       ? keyed
                                                     : claimed && claimed->compromised ? claimed
                                                                                       : NULL;
        bool by_key = slice_equal(c->verdict->aaguid, SLICE(no_model)) || !names_model(attestation);
        const struct mitome_metadata_entry *entry = by_key ? keyed : claimed;
        c->verdict->metadata = broken && !p->allow_compromised ? broken : entry;
        if (broken && !p->allow_compromised)
                return fail(c->error, MITOME_E_AUTHENTICATOR_COMPROMISED,
                        broken == keyed ? "attStmt.x5c" : "authData.aaguid", clause);
        if (!entry && (p->require_metadata || p->minimum_certification))
                return fail(c->error, MITOME_E_AUTHENTICATOR_UNKNOWN, "authData.aaguid", clause);
        if (entry && entry->certification_level < p->minimum_certification)
                return fail(c->error, MITOME_E_CERTIFICATION_LEVEL, "authData.aaguid", clause);
        return ok();
}

/* An AAGUID that is none would match nothing: who denies it would deny nobody. */
static bool are_models(const slice *list, size_t count)
{
        bool right = list || count == 0;
        for (size_t i = 0; list && i < count; i++)
                right = right && list[i].size == AUTHDATA_AAGUID_SIZE;
        return right;
}

static bool lists(const slice *list, size_t count, slice aaguid)
{
        bool found = false;
        for (size_t i = 0; list && i < count; i++)
                found = found || slice_equal(list[i], aaguid);
        return found;
}

static mitome_status assess_aaguid(const struct ceremony *c, const struct attestation_result *attestation)
{
        const struct mitome_policy *p = c->policy;
        const slice claimed = c->verdict->aaguid;
        const slice believed = names_model(attestation) ? claimed : SLICE(no_model);
        if (!are_models(p->aaguids, p->aaguid_count))
                return fail(c->error, MITOME_E_ARGUMENT, "policy.aaguids", NULL);
        if (!are_models(p->denied_aaguids, p->denied_aaguid_count))
                return fail(c->error, MITOME_E_ARGUMENT, "policy.denied_aaguids", NULL);
        bool accepted = !p->aaguids || lists(p->aaguids, p->aaguid_count, believed);
        if (!accepted || lists(p->denied_aaguids, p->denied_aaguid_count, claimed))
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
        if (failed(status) && (demands_trust(c->policy) || !proves_nothing(status.code))) {
                error_record(c->error, status.code, error.at, error.field, error.clause);
                return status;
        }
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
                if (!c->verdict->device_serial.size)
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
        c->verdict->flags_unsigned = !names_model(attestation);
        MITOME_TRY(assess_formats(c, attestation));
        MITOME_TRY(assess_aaguid(c, attestation));
        MITOME_TRY(assess_model(c, attestation));
        MITOME_TRY(assess_parts(c, attestation, &c->verdict->trust));
        MITOME_TRY(assess_enterprise(c, attestation));
        bool certified = c->verdict->trust >= MITOME_TRUST_UNVERIFIED;
        if (c->policy->require_attestation && !certified)
                return fail(c->error, MITOME_E_ATTESTATION_MISSING, "fmt", STEP("24"));
        /* Whom nobody vouches for may have copied an AAGUID from anywhere, and made a certificate of its own.
         */
        if (demands_trust(c->policy) && c->verdict->trust != MITOME_TRUST_VERIFIED)
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
