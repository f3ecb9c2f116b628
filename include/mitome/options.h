/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_OPTIONS_H
#define MITOME_OPTIONS_H

/* What a browser is asked for: PublicKeyCredentialCreationOptionsJSON and
 * PublicKeyCredentialRequestOptionsJSON (WebAuthn L3 5.1.8, 5.1.9), which
 * PublicKeyCredential.parseCreationOptionsFromJSON() and .parseRequestOptionsFromJSON() take.
 *
 * A registration, with what is asked in most places; everything else is zero, which is safe:
 *
 *      uint8_t challenge[MITOME_CHALLENGE_SIZE];   // <mitome/challenge.h>
 *      const struct mitome_creation_options options = {
 *              .rp_id = { (const uint8_t *)"example.org", 11 },
 *              .user_id = { user->handle, 32 },    // random, never an e-mail address: WebAuthn L3 14.6.1
 *              .user_name = { user->login, user->login_size },
 *              .user_display_name = { user->name, user->name_size },
 *              .challenge = { challenge, sizeof challenge },
 *              .exclude = user->descriptors, .exclude_count = user->descriptor_count,
 *              .extensions = { .cred_props = true },
 *      };
 *      mitome_slice json;
 *      mitome_error error = { 0 };
 *      if (mitome_write_creation_options(&options, buffer, sizeof buffer, &json, &error).code != MITOME_OK)
 *              ...
 *
 * and a login, with a credential that the browser finds by itself:
 *
 *      const struct mitome_request_options options = {
 *              .rp_id = { (const uint8_t *)"example.org", 11 },
 *              .challenge = { challenge, sizeof challenge },
 *              .user_verification = MITOME_USER_VERIFICATION_REQUIRED,
 *      };
 *
 * What is asked for is not what is answered: the policy and the expectation of <mitome/rp.h> decide, and must
 * say the same again. */

#include <mitome/rp.h>
#include <mitome/transport.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* The first of each is what a zeroed structure asks for. */

/* WebAuthn L3 5.8.6. With PREFERRED look at the UV flag of each answer; for a second factor or more ask
 * REQUIRED, and set mitome_policy.require_user_verification. */
enum mitome_user_verification {
        MITOME_USER_VERIFICATION_PREFERRED,
        MITOME_USER_VERIFICATION_REQUIRED,
        MITOME_USER_VERIFICATION_DISCOURAGED,
};

/* WebAuthn L3 5.4.6: whether the credential shall be found without its ID. requireResidentKey is written
 * beside it, true with REQUIRED alone, for clients of Level 1. */
enum mitome_resident_key {
        MITOME_RESIDENT_KEY_PREFERRED,
        MITOME_RESIDENT_KEY_REQUIRED,
        MITOME_RESIDENT_KEY_DISCOURAGED,
};

/* WebAuthn L3 5.4.5. */
enum mitome_attachment {
        MITOME_ATTACHMENT_ANY,
        MITOME_ATTACHMENT_PLATFORM,
        MITOME_ATTACHMENT_CROSS_PLATFORM,
};

/* WebAuthn L3 5.4.7. A policy with require_trust needs DIRECT or ENTERPRISE here. */
enum mitome_conveyance {
        MITOME_CONVEYANCE_NONE,
        MITOME_CONVEYANCE_INDIRECT,
        MITOME_CONVEYANCE_DIRECT,
        MITOME_CONVEYANCE_ENTERPRISE,
};

/* WebAuthn L3 5.8.8. Clients that do not know hints look at the attachment: set it beside them
 * (CROSS_PLATFORM for SECURITY_KEY and HYBRID, PLATFORM for CLIENT_DEVICE). */
enum mitome_hint {
        MITOME_HINT_SECURITY_KEY,
        MITOME_HINT_CLIENT_DEVICE,
        MITOME_HINT_HYBRID,
};

/* CTAP 2.1 12.1. The numbers are the levels of mitome_record.cred_protect. */
enum mitome_cred_protect {
        MITOME_CRED_PROTECT_NOT_ASKED,
        MITOME_CRED_PROTECT_UV_OPTIONAL,
        MITOME_CRED_PROTECT_UV_OPTIONAL_WITH_ID, /* UV, or the credential's ID in the allow list */
        MITOME_CRED_PROTECT_UV_REQUIRED,
};

/* WebAuthn L3 10.1.5. */
enum mitome_large_blob_support {
        MITOME_LARGE_BLOB_NOT_ASKED,
        MITOME_LARGE_BLOB_PREFERRED,
        MITOME_LARGE_BLOB_REQUIRED,
};

/* A credential that is excluded or allowed, WebAuthn L3 5.8.3. The mitome_record has both members. */
struct mitome_descriptor {
        mitome_slice id;     /* 1 to 1023 bytes */
        uint32_t transports; /* enum mitome_transport, or'ed, as they were told at registration; 0: not known
                              */
};

/* What a pseudo-random function is evaluated at, WebAuthn L3 10.1.4: bytes of any length, which the client
 * hashes. `second` with data NULL: one value is wanted. */
struct mitome_prf_values {
        mitome_slice first;
        mitome_slice second;
};

/* The values for one credential of the allow list. */
struct mitome_prf_by_credential {
        mitome_slice credential_id;
        struct mitome_prf_values values;
};

/* Extensions of a registration. `appid`, reading and writing of blobs, and values by credential belong to a
 * login (WebAuthn L3 10.1.1, 10.1.4, 10.1.5) and so are no members here. */
struct mitome_creation_extensions {
        mitome_slice appid_exclude; /* the U2F AppID whose credentials are excluded too, "https://.."; empty:
                                       none */
        bool cred_props;            /* ask whether the credential is discoverable */
        enum mitome_cred_protect cred_protect;
        bool enforce_cred_protect; /* rather no credential than one that is not so protected */
        mitome_slice cred_blob; /* kept with the credential; every authenticator that can holds 32 bytes. data
                                   NULL: not asked */
        bool min_pin_length;    /* ask for the least PIN length; told to listed relying parties only */
        bool prf;               /* ask for a pseudo-random function */
        const struct mitome_prf_values
                *prf_eval;       /* and to evaluate it at once; NULL: not now. Implies `prf` */
        bool hmac_create_secret; /* the same for clients that hand CTAP's hmac-secret through */
        enum mitome_large_blob_support large_blob;
};

/* Texts are UTF-8 without control characters; authenticators may cut them at 64 bytes. */
struct mitome_creation_options {
        mitome_slice rp_id;             /* a domain name, lower case, in A-labels ("xn--..") */
        mitome_slice rp_name;           /* empty: the RP ID (the member is deprecated, and required) */
        mitome_slice user_id;           /* 1 to 64 bytes, the user handle: nothing that tells who it is */
        mitome_slice user_name;         /* told apart by it: "taro@example.org"; not empty */
        mitome_slice user_display_name; /* "Taro"; may be empty */
        mitome_slice challenge;         /* at least 16 bytes; see <mitome/challenge.h> */
        const int64_t *algorithms; /* COSE identifiers, the preferred first, each one that is verified here;
                                      NULL: ES256, EdDSA, RS256 */
        size_t algorithm_count;
        uint32_t timeout_ms; /* 0: the browser's. WebAuthn L3 15.1 recommends 300000 to 600000 */
        const struct mitome_descriptor *exclude; /* the user's other credentials, so that no authenticator
                                                    gets two */
        size_t exclude_count;
        enum mitome_attachment attachment;
        enum mitome_resident_key resident_key;
        enum mitome_user_verification user_verification;
        const enum mitome_hint *hints; /* the preferred first */
        size_t hint_count;
        enum mitome_conveyance attestation;
        const mitome_slice *attestation_formats; /* "packed" ..; the preferred first */
        size_t attestation_format_count;
        struct mitome_creation_extensions extensions;
};

/* Extensions of a login. */
struct mitome_request_extensions {
        mitome_slice appid; /* the AppID that U2F credentials were made for, "https://.."; empty: none */
        bool get_cred_blob;
        const struct mitome_prf_values *prf_eval; /* for any credential; NULL: none */
        const struct mitome_prf_by_credential
                *prf_by_credential; /* before prf_eval, each of the allow list */
        size_t prf_by_credential_count;
        bool large_blob_read;
        mitome_slice
                large_blob_write; /* needs exactly one allowed credential; data NULL: nothing is written */
};

struct mitome_request_options {
        mitome_slice rp_id;
        mitome_slice challenge;
        uint32_t timeout_ms;
        const struct mitome_descriptor *allow; /* none: any discoverable credential of the relying party */
        size_t allow_count;
        enum mitome_user_verification user_verification;
        const enum mitome_hint *hints;
        size_t hint_count;
        struct mitome_request_extensions extensions;
};

/* mitome_write_creation_options and mitome_write_request_options write the options as one line of JSON, bytes
 * as unpadded base64url, into `buffer`; *ret views it. BUFFER_FULL when it is too small: 1 kB, the texts, and
 * 4/3 of the other bytes are enough. Members that are not asked for are left out. The JSON may hold "<": it
 * is not to be pasted into HTML as it is.
 *
 * Refused is what WebAuthn forbids or what could only fail, field and clause in `error`: RP_ID_FORM,
 * CHALLENGE_SHORT, MISSING, TOO_LONG, UTF8, VALUE (control characters, an AppID that is no https address, a
 * format's name), ALGORITHM_UNSUPPORTED, OPTIONS_CONTRADICTION (members that do not go together), and
 * ARGUMENT for a number that is none of its enumeration. */
MITOME_CHECKED mitome_status mitome_write_creation_options(const struct mitome_creation_options *options,
        uint8_t *buffer, size_t capacity, mitome_slice *ret, mitome_error *error);
MITOME_CHECKED mitome_status mitome_write_request_options(const struct mitome_request_options *options,
        uint8_t *buffer, size_t capacity, mitome_slice *ret, mitome_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
