/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_LEVEL_H
#define MITOME_LEVEL_H

/* Authentication levels: what one ceremony proves, held against a policy (AAL2 of NIST SP 800-63B-4, say).
 *
 *      status = mitome_level_policy_read(json, &levels, &error);            // once, at start
 *      ...
 *      status = mitome_verify_authentication(.., &verdict, &error);         // each login
 *      const struct mitome_level_context known = { .challenge_bits = 128, .trust = record.trust,
 *              .aaguid = record.aaguid, .format = record.format, .model = model,
 *              .certificate_bound = record.certificate_serial.size != 0 };
 *      mitome_level_evidence_of(&verdict, &known, &evidence);
 *      status = mitome_level_demand(levels, &evidence, "AAL2", &judgement, &error);
 *      if (status.code == MITOME_E_LEVEL_STEP_UP)                 // ask once more, by judgement.step_up
 *
 * A login alone cannot show what a policy asks of the device: whoever wants that, too, demands an evaluation
 * (<mitome/evaluation.h>). A policy is data: attestation/level/policies/FORMAT.md has the form, and what the
 * outcomes mean. Judging takes no memory and no look at anything but its arguments: some microseconds. */

#include <mitome/metadata.h>
#include <mitome/rp.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum { MITOME_LEVEL_REQUIREMENTS_MAX = 64, MITOME_LEVELS_MAX = 8 };

/* ---- policies ---- */

/* A policy that was read; immutable, threads may share it. */
struct mitome_level_policy;

/* mitome_level_policy_read reads a policy (UTF-8 JSON) into memory of its own; `json` may go. A policy that
 * is wrong is refused at the byte where the wrong text begins (error->at): POLICY_MEMBER, POLICY_PREDICATE,
 * POLICY_TYPE, POLICY_EXPRESSION, POLICY_LEVEL, POLICY_ID_TWICE, MISSING, VALUE, TOO_MANY, DEPTH, JSON_*.
 * NO_MEMORY. Takes some 100 KiB of stack. */
MITOME_CHECKED mitome_status mitome_level_policy_read(
        mitome_slice json, struct mitome_level_policy **ret, mitome_error *error);
void mitome_level_policy_free(struct mitome_level_policy *policy);

/* Texts of a policy stand as in its JSON: UTF-8, between the quotes, escapes and all. Ids and names have no
 * escapes. All views live as long as the policy. */
struct mitome_level_description {
        mitome_slice id, title, title_ja, note, note_ja;
        bool provisional;    /* no authority has published it as it stands here: show the note beside it */
        unsigned confidence; /* percent, of rates */
        size_t level_count, requirement_count;
};
struct mitome_level_description mitome_level_describe(const struct mitome_level_policy *policy);

/* mitome_level_name is the name of a level, the lowest at 0; empty beyond the highest. */
mitome_slice mitome_level_name(const struct mitome_level_policy *policy, size_t level);

struct mitome_level_requirement {
        mitome_slice id, topic, source, section, text, text_ja, predicate, responsible, remedy, remedy_ja;
        size_t level, until; /* the first and the last level that it counts for */
        unsigned scopes;     /* enum mitome_level_scope, or'ed */
        bool shall;          /* else SHOULD: it is reported, and keeps from nothing */
        bool verified; /* the source's wording was confirmed: what was not must not be shown as normative */
};

/* mitome_level_requirement_at gives a requirement by its place, from 0; false beyond the last. */
bool mitome_level_requirement_at(
        const struct mitome_level_policy *policy, size_t index, struct mitome_level_requirement *ret);

/* ---- what a ceremony proves ---- */

enum mitome_key_protection {
        MITOME_KEY_PROTECTION_UNKNOWN,
        MITOME_KEY_PROTECTION_SOFTWARE,
        MITOME_KEY_PROTECTION_HARDWARE,
        MITOME_KEY_PROTECTION_TEE,
        MITOME_KEY_PROTECTION_SECURE_ELEMENT,
};

enum mitome_matcher_protection {
        MITOME_MATCHER_UNKNOWN,
        MITOME_MATCHER_SOFTWARE,
        MITOME_MATCHER_TEE,
        MITOME_MATCHER_ON_CHIP,
};

enum mitome_modality {
        MITOME_MODALITY_UNKNOWN,
        MITOME_MODALITY_FINGER,
        MITOME_MODALITY_FACE,
        MITOME_MODALITY_IRIS,
        MITOME_MODALITY_VOICE,
};

/* How the user was verified; those behind count for more. */
enum mitome_level_factor {
        MITOME_FACTOR_UNTOLD,
        MITOME_FACTOR_FINGER,
        MITOME_FACTOR_FACE,
        MITOME_FACTOR_IRIS,
        MITOME_FACTOR_PIN,
        MITOME_FACTOR_PASSWORD, /* of the signing certificate */
};

enum { MITOME_LEVEL_AAGUID_SIZE = 16 };

/* What a maker declares of the PIN and of the biometric of his model; of several the worst. Each number
 * counts only where it is said. Tries: 0 is without end. */
struct mitome_level_limits {
        bool pin_offered, pin_digits_only, biometric_offered;
        enum mitome_modality modality;
        bool pin_length_said, pin_tries_said, biometric_tries_said, wait_said;
        uint32_t pin_length_least; /* characters */
        uint32_t pin_tries, biometric_tries;
        uint32_t wait_seconds; /* after biometric_tries */
};

/* Plain values: keep them with a session, and judge again when the policy changes. Zeroed ({0}) it is a login
 * that proved nothing. */
struct mitome_level_evidence {
        bool user_present, user_verified; /* flags of the authenticator data; UV where it was signed */
        /* As the signed data tell it (extension mitome-jpki) of an authenticator whose attestation was
         * verified, in format packed or mitome-jpki, or by a step-up; the strongest of several. */
        enum mitome_level_factor verified_by;
        bool tells_verification; /* that extension came, of such an authenticator, be it with "none": the next
                                    login will tell a factor, too */
        unsigned challenge_bits; /* of randomness, drawn for this ceremony and used once; 0: none was */
        bool origin_bound;       /* origin and RP ID hash were the expected ones */
        bool attestation_trusted; /* the registration's certification path ended in an anchor */
        uint8_t aaguid[MITOME_LEVEL_AAGUID_SIZE]; /* of the model that its key signed; zeros: of none. In
                                                     formats other than packed and mitome-jpki the AAGUID is
                                                     the word of whatever runs on the phone or computer */
        bool certificate_bound;                   /* a person's certificate stands behind the credential .. */
        bool certificate_alive;                   /* .. and is good now */
        bool backup_eligible;                     /* flag BE: the credential may be synchronised; or nobody
                                                     signed that it may not (verdict.flags_unsigned) */
        bool cross_device;                        /* it came from another device than the browser's */
        unsigned key_bits;                        /* security strength of the login key; 0: not known */
        /* What the maker declares, of a model that the attestation has shown; without attestation_trusted
         * nothing of it counts. */
        bool model_known;
        bool every_path_verifies; /* its weakest path verifies the user */
        enum mitome_key_protection key_protection;
        enum mitome_matcher_protection matcher_protection;
        unsigned certification_level; /* as in struct mitome_metadata_entry; 0: none is known of */
        bool key_restricted;          /* the attestation key signs attestations only */
        struct mitome_level_limits limits;
};

/* What the relying party knows beside a verdict. Zeroed ({0}) it knows nothing more. */
struct mitome_level_context {
        unsigned challenge_bits; /* 128 for those of mitome_challenge_seal; 0 for a recorded ceremony */
        /* authentication: from the registration's verdict, or the record. The registration brings its own. */
        enum mitome_trust_result trust;
        mitome_slice aaguid;                       /* 16 bytes; empty: not known, or a model without one */
        mitome_slice format;                       /* "packed" .. : whether the AAGUID was signed; empty:
                                                      then nothing counts that rests on it */
        const struct mitome_metadata_entry *model; /* or NULL; one with an AAGUID counts where this AAGUID was
                                                      signed: formats packed and mitome-jpki */
        bool certificate_bound; /* authentication: the credential that was verified carried a certificate's
                                   serial, so that its status was looked up */
        bool cross_device;      /* it was made on another device, by a code or a link: no origin binds that */
};

/* mitome_level_evidence_of gathers what an accepted ceremony proves. A model and what an extension tells
 * count only where the attestation was verified, and was the authenticator's own word: anybody can claim the
 * rest. */
void mitome_level_evidence_of(const struct mitome_verdict *verdict, const struct mitome_level_context *known,
        struct mitome_level_evidence *ret);

/* ---- the judgement ---- */

enum mitome_level_outcome {
        MITOME_LEVEL_SATISFIED,
        MITOME_LEVEL_PARTLY_OBSERVED,
        MITOME_LEVEL_DECLARED_ONLY,
        MITOME_LEVEL_NOT_SATISFIED,
        MITOME_LEVEL_NOT_TESTABLE,
};
const char *mitome_level_outcome_name(enum mitome_level_outcome outcome); /* "not testable here" */

struct mitome_level_reason {
        enum mitome_level_outcome outcome;
        const char *fact; /* the fact that decided, "login.user_verified" (level_facts.def); static */
};

/* Where it must be known whether a requirement holds (FORMAT.md, Scopes). */
enum mitome_level_scope {
        MITOME_LEVEL_SCOPE_LOGIN = 1,
        MITOME_LEVEL_SCOPE_DEVICE = 2,
        MITOME_LEVEL_SCOPE_SERVICE = 4,
};

struct mitome_level_judgement {
        unsigned scopes; /* that were judged: enum mitome_level_scope, or'ed */
        bool reached;    /* a level at all */
        size_t level;    /* the highest one */
        bool has_next;   /* there is a higher one .. */
        size_t next;     /* .. this */
        /* It rests on wording that nobody confirmed, which bars all the same: say so wherever the level is
         * shown (attestation/level/policies/FORMAT.md, Unconfirmed). */
        bool unconfirmed;
        /* The requirements that keep from `next`, all of them, by their place in the policy. */
        uint8_t blockers[MITOME_LEVEL_REQUIREMENTS_MAX];
        size_t blocker_count;
        /* What the level reached demands of the device and of the service, which no login can show: an
         * evaluation must. */
        uint8_t untested[MITOME_LEVEL_REQUIREMENTS_MAX];
        size_t untested_count;
        /* What would lift a login to the level that was demanded of it: PIN or PASSWORD, where that was
         * LEVEL_STEP_UP; else UNTOLD. A PIN that must be told apart from a finger lifts none of an
         * authenticator that does not tell (tells_verification). */
        enum mitome_level_factor step_up;
        /* One for each requirement, in the policy's order. */
        struct mitome_level_reason reasons[MITOME_LEVEL_REQUIREMENTS_MAX];
        size_t reason_count;
};

/* mitome_level_judge decides by the login alone; it cannot fail. What a policy asks of the device bars
 * nothing here, unless it is known to fail: judgement.untested has it. */
void mitome_level_judge(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, struct mitome_level_judgement *ret);

/* mitome_level_demand judges so and demands a level by its name ("AAL2"). *ret is the judgement in either
 * case.
 *
 * LEVEL_STEP_UP: it is not reached, and would be if this very login had verified the user by the factor
 * judgement.step_up: ask once more with user verification required, by PIN, or for the password of the
 * signing certificate; the same level may then be demanded of that ceremony's evidence. LEVEL_NOT_REACHED: it
 * is not, and no further factor helps: another authenticator may. POLICY_LEVEL: the policy has no such level.
 */
MITOME_CHECKED mitome_status mitome_level_demand(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, const char *level, struct mitome_level_judgement *ret,
        mitome_error *error);

/* mitome_level_step_up adds to evidence what a further factor has shown: that the user was verified, and by
 * what, where that counts for more than before. For whoever has just seen the password of the signing
 * certificate used. */
void mitome_level_step_up(struct mitome_level_evidence *evidence, enum mitome_level_factor factor);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
