/* SPDX-License-Identifier: Apache-2.0 */
#include "kiosk.h"

#include "apdu.h"
#include "digest.h"
#include "jpki_message.h"
#include "tlv.h"
#include "trust.h"

#include <openssl/x509.h>

enum { CHALLENGE_SIZE = 32, PIN_SIZE = 4, TRIES_MASK = 0x0F, KEY_REFERENCE = 0x97, RESPONSE_MAX = 4352 };

static mitome_status send(const struct mitome_link *link, const struct apdu_command *command,
        uint8_t response[RESPONSE_MAX], slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        uint8_t bytes[160];
        writer w = WRITER(bytes);
        slice apdu;
        apdu_write_command(&w, command);
        mitome_status status = writer_finish(&w, "command APDU", &apdu, error);
        if (!failed(status))
                status = jpki_card_exchange(link, apdu, response, RESPONSE_MAX, ret_data, ret_sw, error);
        bytes_wipe(bytes, sizeof bytes);
        return status;
}

/* ---- what must not be had here ---- */

/* A statement carries the device's certificate: by it a phone could be followed from shop to shop. */
static mitome_status check_evidence(const struct mitome_link *link, mitome_error *error)
{
        static const uint8_t fido[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 },
                             nonce[32] = { 0x4B };
        uint8_t fields[64], response[RESPONSE_MAX];
        writer w = WRITER(fields);
        slice data;
        uint16_t sw;
        bool there;
        MITOME_TRY(jpki_card_has(link, SLICE(fido), &there, error));
        if (!there)
                return ok();
        tlv_write(&w, 0x80, SLICE(nonce));
        tlv_write_u8(&w, 0x85, 0x02);
        const struct apdu_command ask = {
                .cla = 0x80, .ins = 0x44, .data = writer_view(&w), .expected = 65536
        };
        MITOME_TRY(send(link, &ask, response, &data, &sw, error));
        return sw == SW_OK ? fail(error, MITOME_E_KIOSK_EVIDENCE, "a statement of the element", NULL) : ok();
}

/* ---- the PIN ---- */

static bool is_pin(slice pin)
{
        for (size_t i = 0; i < pin.size; i++)
                if (pin.data[i] < '0' || pin.data[i] > '9')
                        return false;
        return pin.size == PIN_SIZE;
}

static mitome_status verify_pin(
        const struct mitome_link *link, slice pin, int *ret_tries, mitome_error *error)
{
        uint8_t response[RESPONSE_MAX];
        slice data;
        uint16_t sw;
        int left;
        if (!is_pin(pin))
                return fail(error, MITOME_E_SECRET_FORM, "the PIN", NULL);
        MITOME_TRY(jpki_card_tries(link, JPKI_USER_PIN, &left, error)); /* and selects it */
        if (left == 0)
                return fail(error, MITOME_E_SECRET_LOCKED, "the PIN", NULL);
        const struct apdu_command verify = { .ins = 0x20, .p2 = 0x80, .data = pin };
        MITOME_TRY(send(link, &verify, response, &data, &sw, error));
        if (sw == SW_OK)
                return ok();
        bool wrong = (sw & ~TRIES_MASK) == SW_TRIES_LEFT;
        if (wrong)
                *ret_tries = sw & TRIES_MASK;
        return fail(error, wrong ? MITOME_E_SECRET_WRONG : MITOME_E_SECRET_LOCKED, "the PIN", NULL);
}

/* ---- the signature ---- */

static mitome_status sign(const struct mitome_link *link, uint8_t p1, uint8_t p2, slice input,
        uint8_t ret[JPKI_SIGNATURE_SIZE], uint16_t *ret_sw, mitome_error *error)
{
        uint8_t response[RESPONSE_MAX];
        slice data;
        const struct apdu_command command = {
                .cla = 0x80, .ins = 0x2A, .p1 = p1, .p2 = p2, .data = input, .expected = 256
        };
        MITOME_TRY(send(link, &command, response, &data, ret_sw, error));
        if (*ret_sw != SW_OK)
                return ok();
        if (data.size != JPKI_SIGNATURE_SIZE)
                return fail(error, MITOME_E_CARD_SIGNATURE, "its size", NULL);
        return slice_copy(data, "signature", ret, JPKI_SIGNATURE_SIZE, error);
}

/* SELECT EF 0017, and the DigestInfo as the plastic card wants it. */
static mitome_status sign_as_card(const struct mitome_link *link, const uint8_t digest[SHA256_SIZE],
        uint8_t ret[JPKI_SIGNATURE_SIZE], uint16_t *ret_sw, mitome_error *error)
{
        static const uint8_t prefix[] = { 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 },
                             key[] = { 0x00, 0x17 };
        uint8_t info[sizeof prefix + SHA256_SIZE], response[RESPONSE_MAX];
        writer w = WRITER(info);
        slice data;
        const struct apdu_command select = { .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(key) };
        MITOME_TRY(send(link, &select, response, &data, ret_sw, error));
        if (*ret_sw != SW_OK)
                return ok();
        write_slice(&w, SLICE(prefix));
        write_slice(&w, slice_of(digest, SHA256_SIZE));
        return sign(link, 0x00, 0x80, SLICE(info), ret, ret_sw, error);
}

/* An element that hashes itself is asked to: with flag 01 of its personalisation it signs no hash of the
 * host's. The plastic card knows that way not. */
static mitome_status sign_challenge(
        const struct mitome_link *link, slice message, uint8_t ret[JPKI_SIGNATURE_SIZE], mitome_error *error)
{
        uint8_t digest[SHA256_SIZE];
        uint16_t sw;
        sha256(&message, 1, digest);
        MITOME_TRY(sign(link, 0x03, KEY_REFERENCE, message, ret, &sw, error));
        if (sw != SW_OK)
                MITOME_TRY(sign_as_card(link, digest, ret, &sw, error));
        return sw == SW_OK ? ok() : fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
}

static bool is_signed(slice certificate, slice message, const uint8_t signature[JPKI_SIGNATURE_SIZE])
{
        const unsigned char *at = certificate.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)certificate.size);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool good =
                x509 && context &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, X509_get0_pubkey(x509)) == 1 &&
                EVP_DigestVerify(context, signature, JPKI_SIGNATURE_SIZE, message.data, message.size) == 1;
        EVP_MD_CTX_free(context);
        X509_free(x509);
        return good;
}

static mitome_status challenge(
        const struct kiosk *kiosk, const struct mitome_link *link, slice certificate, mitome_error *error)
{
        uint8_t bytes[sizeof JPKI_MESSAGE_PREFIX + CHALLENGE_SIZE], signature[JPKI_SIGNATURE_SIZE];
        writer w = WRITER(bytes);
        write_slice(&w, slice_text(JPKI_MESSAGE_PREFIX));
        write_u8(&w, JPKI_USE_CHALLENGE);
        uint8_t *drawn = write_space(&w, CHALLENGE_SIZE);
        if (!drawn || kiosk->random.fill(kiosk->random.context, drawn, CHALLENGE_SIZE) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "the challenge", NULL);
        MITOME_TRY(sign_challenge(link, SLICE(bytes), signature, error));
        return is_signed(certificate, SLICE(bytes), signature)
                       ? ok()
                       : fail(error, MITOME_E_CARD_SIGNATURE, "the signature", NULL);
}

/* ---- serving ---- */

static mitome_status read_file(const struct mitome_link *link, enum jpki_file file,
        uint8_t buffer[JPKI_FILE_MAX], slice *ret, mitome_error *error)
{
        uint16_t sw;
        MITOME_TRY(jpki_card_read(link, file, buffer, ret, &sw, error));
        return sw == SW_OK ? ok() : fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
}

static mitome_status read_token(const struct mitome_link *link, enum jpki_kind *ret, mitome_error *error)
{
        uint8_t buffer[JPKI_FILE_MAX];
        char label[JPKI_LABEL_SIZE + 1];
        slice information;
        MITOME_TRY(read_file(link, JPKI_TOKEN_INFORMATION, buffer, &information, error));
        *ret = jpki_card_kind(information, label);
        return ok();
}

static mitome_status tell_holder(
        const struct jpki_certificate *certificate, struct kiosk_holder *holder, mitome_error *error)
{
        writer name = writer_over((uint8_t *)holder->common_name, KIOSK_NAME_MAX);
        write_slice(&name, certificate->subject_common_name);
        holder->phone = certificate->phone;
        holder->serial_size = certificate->serial.size;
        /* Whose certificate lies in another thing than it was issued into is not who he says. */
        if (holder->phone == (holder->token == JPKI_MY_NUMBER_CARD))
                return fail(error, MITOME_E_KIOSK_CERTIFICATE, "the certificate", NULL);
        return slice_copy(certificate->serial, "serial", holder->serial, sizeof holder->serial, error);
}

mitome_status kiosk_serve(const struct kiosk *kiosk, const struct mitome_link *link, slice pin,
        struct kiosk_holder *ret, int *ret_tries, mitome_error *error)
{
        uint8_t buffer[JPKI_FILE_MAX];
        slice der;
        struct jpki_certificate certificate;
        struct kiosk_holder holder = { 0 };
        *ret_tries = -1;
        MITOME_TRY(check_evidence(link, error));
        MITOME_TRY(jpki_card_open(link, error));
        MITOME_TRY(read_token(link, &holder.token, error));
        MITOME_TRY(verify_pin(link, pin, ret_tries, error));
        MITOME_TRY(read_file(link, JPKI_USER_CERTIFICATE, buffer, &der, error));
        MITOME_TRY(trust_verify_jpki(kiosk->trust, der, kiosk->now, &certificate, error));
        MITOME_TRY(tell_holder(&certificate, &holder, error));
        MITOME_TRY(challenge(kiosk, link, der, error));
        *ret = holder;
        return ok();
}
