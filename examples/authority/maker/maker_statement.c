/* SPDX-License-Identifier: Apache-2.0 */
#include "maker_statement.h"

#include "get_info_json.h"
#include "json.h"

#include <mitome/gate.h>
#include <sodium.h>
#include <stdio.h>

#define MODEL_AAGUID(a, b, c, d)                                                                           \
        {                                                                                                  \
                0x6d, 0x69, 0x74, 0x6f, 0x6d, 0x65, 0x40, 0x01, 0x80, 0x00, (a), (b), (c), (d), 0x00, 0x01 \
        }

const struct maker_class maker_classes[MAKER_CLASSES] = {
        { "software", MODEL_AAGUID('s', 'o', 'f', 't'),
                "Mitome example model: element and matcher in software", "software", "software", 5, true },
        { "secure-element-1", MODEL_AAGUID('s', 'e', 'c', '1'),
                "Mitome in a secure element, matcher in software (class 1): a design, not built",
                "secure_element", "software", 3, false },
        { "secure-element-2", MODEL_AAGUID('s', 'e', 'c', '2'),
                "Mitome in a secure element, matcher in a TEE (class 2): a design, not built",
                "secure_element", "tee", 3, false },
        { "secure-element-3", MODEL_AAGUID('s', 'e', 'c', '3'),
                "Mitome in a secure element, matcher in a TEE (class 3): a design, not built",
                "secure_element", "tee", 5, false },
};

const struct maker_class *maker_class_find(const uint8_t aaguid[MAKER_AAGUID_SIZE])
{
        for (size_t i = 0; i < MAKER_CLASSES; i++)
                if (slice_equal(slice_of(aaguid, MAKER_AAGUID_SIZE), SLICE(maker_classes[i].aaguid)))
                        return &maker_classes[i];
        return NULL;
}

static void write_words(struct json_writer *json, const char *name, const char *const *words)
{
        json_write_open_array(json, name);
        for (; *words; words++)
                json_write_string(json, NULL, *words);
        json_write_close_array(json);
}

/* A list of one word. */
static void write_only(struct json_writer *json, const char *name, const char *word)
{
        write_words(json, name, (const char *const[]){ word, NULL });
}

static void write_aaguid(struct json_writer *json, const uint8_t aaguid[MAKER_AAGUID_SIZE])
{
        char text[GET_INFO_AAGUID_TEXT];
        get_info_aaguid_text(aaguid, text);
        json_write_string(json, "aaguid", text);
}

static void open_path(struct json_writer *json, const char *method, const char *accuracy)
{
        json_write_open_array(json, NULL);
        json_write_open_object(json, NULL);
        json_write_string(json, "userVerificationMethod", method);
        json_write_open_object(json, accuracy);
}

static void close_path(struct json_writer *json)
{
        json_write_close_object(json);
        json_write_close_object(json);
        json_write_close_array(json);
}

/* Either path verifies the user: the finger, or the PIN that the client takes. How well the sensor tells
 * people apart nobody has measured (docs/accuracy.md has fingers that belong to nobody), so FAR and FRR are
 * left out. blockSlowdown 0: what is used up opens by another path alone. Of PINs the weakest that an element
 * takes is declared: one without certificates has 8 tries, a personalised one 3. */
static void write_details(struct json_writer *json, const struct maker_class *class)
{
        enum { PIN_BASE = 10, PIN_LENGTH = 4, PIN_TRIES = 8 };
        json_write_open_array(json, "userVerificationDetails");
        open_path(json, "fingerprint_internal", "baDesc");
        json_write_int(json, "maxTemplates", MITOME_GATE_FINGERS_MAX);
        json_write_int(json, "maxRetries", class->finger_tries);
        json_write_int(json, "blockSlowdown", 0);
        close_path(json);
        open_path(json, "passcode_external", "caDesc");
        json_write_int(json, "base", PIN_BASE);
        json_write_int(json, "minLength", PIN_LENGTH);
        json_write_int(json, "maxRetries", PIN_TRIES);
        json_write_int(json, "blockSlowdown", 0);
        close_path(json);
        json_write_close_array(json);
}

static void write_versions(struct json_writer *json)
{
        enum { SCHEMA = 3, UPV_MINOR_MAX = 1 };
        json_write_string(json, "protocolFamily", "fido2");
        json_write_int(json, "schema", SCHEMA);
        json_write_open_array(json, "upv");
        for (int minor = 0; minor <= UPV_MINOR_MAX; minor++) {
                json_write_open_object(json, NULL);
                json_write_int(json, "major", 1);
                json_write_int(json, "minor", minor);
                json_write_close_object(json);
        }
        json_write_close_array(json);
}

/* isKeyRestricted is false: a certificate credential's key also serves JPKI's own authentication. Its RSA
 * keys are the weakest, 2048 bits. */
static void write_keys(struct json_writer *json, const struct maker_class *class)
{
        enum { RSA_2048_STRENGTH = 112 };
        write_words(json, "authenticationAlgorithms",
                (const char *const[]){ "secp256r1_ecdsa_sha256_raw", "ed25519_eddsa_sha512_raw",
                        "secp384r1_ecdsa_sha384_raw", "rsassa_pkcsv15_sha256_raw", NULL });
        write_only(json, "publicKeyAlgAndEncodings", "cose");
        write_only(json, "attestationTypes", "basic_full");
        write_details(json, class);
        write_only(json, "keyProtection", class->key_protection);
        json_write_bool(json, "isKeyRestricted", false);
        json_write_bool(json, "isFreshUserVerificationRequired", true);
        write_only(json, "matcherProtection", class->matcher_protection);
        json_write_int(json, "cryptoStrength", RSA_2048_STRENGTH);
}

static void write_root(struct json_writer *json, slice root)
{
        char text[sodium_base64_ENCODED_LEN(AUTHORITY_DER_MAX, sodium_base64_VARIANT_ORIGINAL)];
        json_write_open_array(json, "attestationRootCertificates");
        if (root.size && root.size <= AUTHORITY_DER_MAX) {
                sodium_bin2base64(text, sizeof text, root.data, root.size, sodium_base64_VARIANT_ORIGINAL);
                json_write_string(json, NULL, text);
        }
        json_write_close_array(json);
}

mitome_status maker_write_statement(
        const struct maker_class *class, slice root, slice get_info, writer *out, mitome_error *error)
{
        struct json_writer json = json_into(out);
        slice written;
        json_write_open_object(&json, NULL);
        json_write_string(&json, "legalHeader",
                "A statement of this project about its own example; it was never given to the FIDO Alliance, and "
                "nobody has certified what it says.");
        json_write_string(&json, "description", class->description);
        write_aaguid(&json, class->aaguid);
        json_write_int(&json, "authenticatorVersion", 1);
        write_versions(&json);
        write_keys(&json, class);
        write_words(&json, "attachmentHint",
                (const char *const[]){ "internal", "external", "wired", "nfc", NULL });
        write_words(&json, "tcDisplay", (const char *const[]){ NULL });
        json_write_string(&json, "multiDeviceCredentialSupport", "unsupported");
        write_root(&json, root);
        if (get_info.size)
                MITOME_TRY(get_info_json(get_info, class->aaguid, &json, error));
        json_write_close_object(&json);
        return writer_finish(out, "metadata statement", &written, error);
}
