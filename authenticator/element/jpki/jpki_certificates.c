/* SPDX-License-Identifier: Apache-2.0 */
#include "der.h"
#include "element_internal.h"
#include "user_pin.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* UPDATE BINARY. A certificate comes in parts and is a file when it is whole: until its last part the former
 * one stays, and what is left half-way is forgotten with the selection. Its own DER length says where it
 * ends. So no reader ever sees, and no power cut ever leaves, half a certificate, or one of another key. */

enum { P1_SHORT_FILE_NUMBER = 0x80 };

/* Where the certificate that begins like this ends: 0 is not told yet. */
static uint16_t find_end(slice begun, size_t *ret_end)
{
        enum { HEAD_SIZE = 4, LONG_FORM = 0x82 };
        uint8_t tag, form;
        uint16_t length;
        reader r = reader_over(begun, NULL, NULL);
        *ret_end = 0;
        /* One that is shorter than 256 bytes holds no RSA-2048 key. */
        if (!failed(read_u8(&r, "certificate", &tag)) && tag != DER_SEQUENCE)
                return SW_WRONG_DATA;
        if (!failed(read_u8(&r, "certificate", &form)) && form != LONG_FORM)
                return SW_WRONG_DATA;
        if (failed(read_u16(&r, "certificate", &length)))
                return SW_OK;
        *ret_end = (size_t)length + HEAD_SIZE;
        return *ret_end <= JPKI_FILE_MAX ? SW_OK : SW_FULL;
}

static X509 *parse_certificate(slice der)
{
        const unsigned char *at = der.data;
        X509 *certificate = d2i_X509(NULL, &at, (long)der.size);
        if (certificate && at != der.data + der.size) {
                X509_free(certificate);
                certificate = NULL;
        }
        return certificate;
}

static const struct jpki_kit *kit_of_certificate(enum jpki_ef ef)
{
        for (size_t i = 0; i < JPKI_KITS; i++)
                if (jpki_kits[i].certificate == ef)
                        return &jpki_kits[i];
        return NULL;
}

/* A holder's certificate names the key that is here. Of a CA's only the form is looked at: who issued what is
 * for those who rely on it. */
static uint16_t check_key(struct mitome_element *element, const X509 *certificate, enum jpki_ef ef)
{
        EVP_PKEY *key, *named = X509_get0_pubkey(certificate);
        const struct jpki_kit *kit = kit_of_certificate(ef);
        if (!named)
                return SW_WRONG_DATA;
        if (!kit)
                return SW_OK;
        SW_TRY(jpki_ready_key(element, kit->key, &key));
        return EVP_PKEY_eq(key, named) == 1 ? SW_OK : SW_WRONG_DATA;
}

static uint16_t check_certificate(struct mitome_element *element, slice der, enum jpki_ef ef)
{
        X509 *certificate = parse_certificate(der);
        if (!certificate)
                return SW_WRONG_DATA;
        uint16_t sw = check_key(element, certificate, ef);
        X509_free(certificate);
        return sw;
}

/* The first one personalises the element. A PIN that is none of such an element ends then, and what it opened
 * with it. */
static uint16_t put_user_certificate(struct mitome_element *element, slice der)
{
        bool first = !element_is_personalised(element);
        SW_TRY(element_put(element, jpki_object(JPKI_AUTH_CERTIFICATE), der));
        SW_TRY(jpki_next_generation(element));
        if (first)
                SW_TRY(user_pin_personalise(element));
        SW_TRY(element_commit(element));
        if (first && !user_pin_is_set(element)) {
                jpki_close_secret(element, JPKI_AUTH_PIN);
                user_pin_close_fido(element);
        }
        return SW_OK;
}

/* The same once more, after an answer that was lost, is no new certificate. */
static uint16_t put_certificate(struct mitome_element *element, slice der, enum jpki_ef ef)
{
        SW_TRY(check_certificate(element, der, ef));
        if (slice_equal(element_object(element, jpki_object(ef)), der))
                return SW_OK;
        if (ef == JPKI_AUTH_CERTIFICATE)
                return put_user_certificate(element, der);
        SW_TRY(element_put(element, jpki_object(ef), der));
        if (ef == JPKI_SIGN_CERTIFICATE)
                SW_TRY(lease_end(element));
        return element_commit(element);
}

/* Takes the next part in; `content` is then all that has come. */
static uint16_t extend(
        const struct jpki_draft *draft, enum jpki_ef ef, size_t offset, slice data, writer *content)
{
        if (offset && (draft->ef != ef || draft->size != offset))
                return SW_OFFSET;
        content->used = offset;
        write_slice(content, data);
        return content->overflowed ? SW_FULL : SW_OK;
}

static uint16_t take_part(
        struct mitome_element *element, enum jpki_ef ef, slice content, struct jpki_draft *draft)
{
        size_t end;
        SW_TRY(find_end(content, &end));
        if (end && content.size > end)
                return SW_WRONG_DATA;
        if (end && content.size == end)
                return put_certificate(element, content, ef);
        draft->ef = ef;
        draft->size = content.size;
        return SW_OK;
}

uint16_t jpki_update_binary(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        struct jpki_draft *draft = &element->jpki.draft;
        enum jpki_ef ef = element->jpki.current;
        if (command->p1 & P1_SHORT_FILE_NUMBER)
                return SW_WRONG_P1P2;
        SW_TRY(jpki_current_is(element, JPKI_KIND_CERTIFICATE));
        if (command->data.size == 0)
                return SW_WRONG_LENGTH;
        writer content = WRITER(draft->bytes);
        SW_TRY(extend(draft, ef, (size_t)command->p1 << 8 | command->p2, command->data, &content));
        draft->ef = JPKI_NO_EF; /* the last part, and one that is refused, ends the writing */
        return take_part(element, ef, writer_view(&content), draft);
}
