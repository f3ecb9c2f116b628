/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"
#include "element_internal.h"
#include "jpki_message.h"
#include "tlv.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum {
        MODULUS_BITS = 2048,
        MODULUS_SIZE = MODULUS_BITS / 8,
        EXPONENT_SIZE_MAX = 4,
        PADDED_MAX = MODULUS_SIZE - 11, /* RFC 8017, 7.2.1: eleven bytes of padding at least */
        P2_CURRENT = 0x80,
};

/* ---- COMPUTE DIGITAL SIGNATURE ---- */

/* What P1 asks for. */
struct signing_mode {
        bool hash_on_card;
        bool digest_info; /* a hash is signed, named as SHA-256 */
        int padding;
};

static const struct signing_mode modes[] = {
        [0x00] = { false, false, RSA_PKCS1_PADDING }, /* type 1 padding of the input as it is */
        [0x01] = { true, false, RSA_PKCS1_PADDING },  /* the bare hash */
        [0x02] = { false, true, RSA_PKCS1_PADDING },  /* a hash in, DigestInfo added */
        [0x03] = { true, true, RSA_PKCS1_PADDING },
        [0x04] = { false, true, RSA_PKCS1_PSS_PADDING }, /* a hash in */
        [0x05] = { true, true, RSA_PKCS1_PSS_PADDING },
};

enum { MODE_COUNT = sizeof modes / sizeof *modes };

static uint16_t check_input(const struct signing_mode *mode, slice input)
{
        bool fits = mode->hash_on_card  ? input.size > 0
                    : mode->digest_info ? input.size == SHA256_SIZE
                                        : input.size > 0 && input.size <= PADDED_MAX;
        return fits ? SW_OK : SW_WRONG_LENGTH;
}

static bool set_mode(EVP_PKEY_CTX *context, const struct signing_mode *mode)
{
        if (EVP_PKEY_sign_init(context) != 1 || EVP_PKEY_CTX_set_rsa_padding(context, mode->padding) != 1)
                return false;
        if (mode->digest_info && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) != 1)
                return false;
        return mode->padding != RSA_PKCS1_PSS_PADDING ||
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool sign_with(EVP_PKEY *key, const struct signing_mode *mode, slice input, uint8_t *signature)
{
        size_t size = MODULUS_SIZE;
        EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
        bool done = context && set_mode(context, mode) &&
                    EVP_PKEY_sign(context, signature, &size, input.data, input.size) == 1 &&
                    size == MODULUS_SIZE;
        EVP_PKEY_CTX_free(context);
        return done;
}

static uint16_t sign(EVP_PKEY *key, const struct signing_mode *mode, slice input, writer *answer)
{
        uint8_t digest[SHA256_SIZE];
        if (mode->hash_on_card) {
                sha256(&input, 1, digest);
                input = SLICE(digest);
        }
        uint8_t *signature = write_space(answer, MODULUS_SIZE);
        return signature && sign_with(key, mode, input, signature) ? SW_OK : SW_UNKNOWN;
}

/* What key 0017 still signs where it signs no hash of the host's: messages that begin with one of these. What
 * WebAuthn signs begins with SHA-256 of an RP ID. Who had the key sign that here would have made an assertion
 * by himself, its flags and counter and relying party as he likes; but nobody finds an RP ID whose hash is
 * the beginning of these. */
#define EIGHT_SPACES "        "
#define SIXTY_FOUR_SPACES \
        EIGHT_SPACES      \
        EIGHT_SPACES      \
        EIGHT_SPACES      \
        EIGHT_SPACES      \
        EIGHT_SPACES      \
        EIGHT_SPACES      \
        EIGHT_SPACES      \
        EIGHT_SPACES

/* RFC 8446 4.4.3; the separating 00 is the string's own end. */
static const char tls_client[] = SIXTY_FOUR_SPACES "TLS 1.3, client CertificateVerify";

static bool goes_on_behind(slice prefix, slice message)
{
        return message.size > prefix.size && slice_begins_with(message, prefix);
}

/* Over a contactless reader nothing but a reader's own challenge: a terminal that has been given the PIN
 * could else log in to a website meanwhile, or bind a passkey of its own to the holder, for good. */
static bool may_be_used(const struct mitome_element *element, uint8_t use)
{
        return use == JPKI_USE_CHALLENGE || (use == JPKI_USE_BINDING && !element->contactless);
}

/* The prefix, the use, and at least a byte behind it. */
static bool names_its_use(const struct mitome_element *element, slice message)
{
        const slice prefix = slice_text(JPKI_MESSAGE_PREFIX);
        return message.size > prefix.size + 1 && slice_begins_with(message, prefix) &&
               may_be_used(element, message.data[prefix.size]);
}

static uint16_t check_allowed(
        const struct mitome_element *element, enum jpki_ef ef, const struct signing_mode *mode, slice input)
{
        if (ef != JPKI_AUTH_KEY || !jpki_signs_no_host_hash(element))
                return SW_OK;
        bool logs_in = !element->contactless && goes_on_behind(SLICE(tls_client), input);
        return mode->hash_on_card && (logs_in || names_its_use(element, input)) ? SW_OK : SW_CONDITIONS;
}

static uint16_t find_key(const struct mitome_element *element, uint8_t p2, enum jpki_ef *ret)
{
        const struct jpki_kit *kit = jpki_find_kit(p2);
        if (!kit && p2 != P2_CURRENT)
                return SW_WRONG_P1P2;
        if (!kit)
                SW_TRY(jpki_current_is(element, JPKI_KIND_KEY));
        *ret = kit ? kit->key : element->jpki.current;
        return SW_OK;
}

static bool signs_by_lease(const struct mitome_element *element)
{
        return jpki_settings(element).personality == JPKI_PHONE;
}

uint16_t jpki_sign(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        enum jpki_ef ef;
        EVP_PKEY *key;
        if (command->p1 >= MODE_COUNT)
                return SW_WRONG_P1P2;
        SW_TRY(find_key(element, command->p2, &ef));
        if (!jpki_is_opened(element, ef))
                return SW_SECURITY_STATUS;
        const struct signing_mode *mode = &modes[command->p1];
        if (command->expected < MODULUS_SIZE)
                return SW_WRONG_LENGTH;
        SW_TRY(check_input(mode, command->data));
        SW_TRY(check_allowed(element, ef, mode, command->data));
        SW_TRY(jpki_ready_key(element, ef, &key));
        if (ef == JPKI_SIGN_KEY && signs_by_lease(element))
                SW_TRY(lease_spend(element));
        return sign(key, mode, command->data, answer);
}

/* ---- SIGN DOCUMENT of the FIDO applet ---- */

uint16_t jpki_check_lease(const struct mitome_element *element)
{
        return signs_by_lease(element) && lease_left(element) == 0 ? SW_CONDITIONS : SW_OK;
}

uint16_t jpki_sign_document(struct mitome_element *element, slice hash, writer *signature)
{
        enum { HASH_WITH_DIGEST_INFO = 0x02 };
        const struct signing_mode *mode = &modes[HASH_WITH_DIGEST_INFO];
        EVP_PKEY *key;
        SW_TRY(check_input(mode, hash));
        SW_TRY(jpki_ready_key(element, JPKI_SIGN_KEY, &key));
        if (signs_by_lease(element))
                SW_TRY(lease_spend(element));
        return sign(key, mode, hash, signature);
}

/* ---- GENERATE KEY PAIR ---- */

static bool write_number(EVP_PKEY *key, const char *name, uint32_t tag, size_t max, writer *w)
{
        uint8_t bytes[MODULUS_SIZE];
        BIGNUM *number = NULL;
        bool done = EVP_PKEY_get_bn_param(key, name, &number) == 1 && (size_t)BN_num_bytes(number) <= max &&
                    BN_num_bytes(number) <= MODULUS_SIZE;
        if (done)
                tlv_write(w, tag, slice_of(bytes, (size_t)BN_bn2bin(number, bytes)));
        BN_free(number);
        return done;
}

/* 7F49 { 81 modulus, 82 exponent }, ISO 7816-8 5.1, table 3 */
static uint16_t write_public_key(EVP_PKEY *key, writer *answer)
{
        uint8_t bytes[2 * MODULUS_SIZE];
        writer w = WRITER(bytes);
        if (!write_number(key, OSSL_PKEY_PARAM_RSA_N, 0x81, MODULUS_SIZE, &w) ||
                !write_number(key, OSSL_PKEY_PARAM_RSA_E, 0x82, EXPONENT_SIZE_MAX, &w) || w.overflowed)
                return SW_UNKNOWN;
        tlv_write(answer, 0x7F49, writer_view(&w));
        return SW_OK;
}

static uint16_t put_private_key(struct mitome_element *element, enum jpki_ef ef, EVP_PKEY *key)
{
        unsigned char *der = NULL;
        int size = i2d_PrivateKey(key, &der);
        if (size <= 0)
                return SW_UNKNOWN;
        uint16_t sw = element_put(element, jpki_object(ef), slice_of(der, (size_t)size));
        OPENSSL_clear_free(der, (size_t)size);
        return sw;
}

/* The secret that was verified before opens the new key only when it is verified again: whoever asked for
 * its signature then meant the former one. */
static uint16_t replace_key(
        struct mitome_element *element, const struct jpki_kit *kit, EVP_PKEY *key, writer *answer)
{
        SW_TRY(write_public_key(key, answer));
        SW_TRY(put_private_key(element, kit->key, key));
        SW_TRY(element_delete(element, jpki_object(kit->certificate)));
        SW_TRY(kit->key == JPKI_AUTH_KEY ? jpki_next_generation(element) : lease_end(element));
        SW_TRY(element_commit(element));
        jpki_drop_keys(element);
        jpki_close_secret(element, kit->secret);
        return SW_OK;
}

uint16_t jpki_generate_key_pair(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        const struct jpki_kit *kit = jpki_find_kit(command->p2);
        if (command->p1 != 0 || !kit)
                return SW_WRONG_P1P2;
        if (command->data.size)
                return SW_WRONG_LENGTH;
        /* OpenSSL draws its primes from its own generator and takes e = 65537. */
        EVP_PKEY *key = EVP_RSA_gen(MODULUS_BITS);
        if (!key)
                return SW_UNKNOWN;
        uint16_t sw = replace_key(element, kit, key, answer);
        EVP_PKEY_free(key);
        return sw;
}
