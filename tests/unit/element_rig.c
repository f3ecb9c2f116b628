/* SPDX-License-Identifier: Apache-2.0 */
#include "element_rig.h"

#include "access_rule.h"
#include "cbor.h"
#include "element_certificate.h"
#include "p256.h"
#include "store.h"
#include "tlv.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                                  \
        do {                                                                             \
                if (!(condition)) {                                                      \
                        fprintf(stderr, "element_rig.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                         \
                }                                                                        \
        } while (0)

#define DONE(status) MUST(!failed(status))

const struct mitome_card_keys element_rig_keys = {
        .size = 16,
        .i = 0x70,
        .enc = { 0xE0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
        .mac = { 0x3A, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
        .dek = { 0xDE, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
};
const uint8_t element_rig_aaguid[16] = { 'm', 'i', 't', 'o', 'm', 'e', ' ', 't', 'e', 's', 't', ' ', 'r', 'i',
        'g', '1' };

static const uint8_t manager[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };
static const uint8_t jpki[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };
static const uint8_t fido[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
static const uint8_t ara[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x41, 0x43, 0x4C, 0x00 };
const slice element_rig_ara = { ara, sizeof ara };
const slice element_rig_manager = { manager, sizeof manager };
const slice element_rig_jpki = { jpki, sizeof jpki };
const slice element_rig_fido = { fido, sizeof fido };

/* ---- power ---- */

/* SHA-256 of a counter: different bytes at each call, the same in each run. */
static int fill(void *context, uint8_t *bytes, size_t size)
{
        struct element_rig *rig = context;
        writer w = writer_over(bytes, size);
        while (w.used < size) {
                uint8_t counter[8], block[SHA256_SIZE];
                writer number = WRITER(counter);
                write_u64(&number, rig->drawn++);
                const slice part = SLICE(counter);
                sha256(&part, 1, block);
                size_t left = size - w.used;
                write_slice(&w, slice_of(block, left < sizeof block ? left : sizeof block));
        }
        return 0;
}

void element_rig_configure(struct element_rig *rig)
{
        rig->random = (struct mitome_random){ .context = rig, .fill = fill };
        rig->config = (struct mitome_element_config){ .storage = power_cut_storage(&rig->medium),
                .random = rig->random,
                .storage_key = { 0x5E, 0xA1 } };
}

void element_rig_open(struct element_rig *rig)
{
        element_rig_configure(rig);
        if (!rig->medium.image)
                DONE(mitome_element_create(&rig->config, &element_rig_keys, NULL));
        DONE(mitome_element_open(&rig->config, &rig->element, NULL));
}

void element_rig_off(struct element_rig *rig)
{
        mitome_element_free(rig->element);
        rig->element = NULL;
        scp03_close(&rig->host);
}

void element_rig_cycle(struct element_rig *rig)
{
        element_rig_off(rig);
        element_rig_open(rig);
}

void element_rig_close(struct element_rig *rig)
{
        element_rig_off(rig);
        power_cut_free(&rig->medium);
        bytes_wipe(rig, sizeof *rig);
}

void element_rig_clone(const struct element_rig *rig, struct element_rig *ret)
{
        *ret = *rig;
        ret->element = NULL;
        ret->medium = (struct power_cut){ .size = rig->medium.size, .image = malloc(rig->medium.size) };
        MUST(rig->medium.image && ret->medium.image);
        DONE(slice_copy(slice_of(rig->medium.image, rig->medium.size), "image", ret->medium.image,
                ret->medium.size, NULL));
        scp03_close(&ret->host);
        element_rig_open(ret);
}

slice element_rig_stored(struct element_rig *rig, uint32_t id, uint8_t *buffer, size_t capacity)
{
        struct store *store;
        bool found;
        DONE(store_open(&rig->config, &store, NULL));
        slice object = store_get(store, id, &found);
        DONE(slice_copy(object, "object", buffer, capacity, NULL));
        size_t size = object.size;
        store_close(store);
        return slice_of(buffer, size);
}

void element_rig_store(struct element_rig *rig, uint32_t id, slice bytes)
{
        struct store *store;
        DONE(store_open(&rig->config, &store, NULL));
        DONE(store_put(store, id, bytes, NULL));
        DONE(store_commit(store, NULL));
        store_close(store);
}

mitome_code element_rig_create_store(struct element_rig *rig)
{
        struct store *store;
        mitome_status status = store_create(&rig->config, &store, NULL);
        if (failed(status))
                return status.code;
        status = store_commit(store, NULL);
        store_close(store);
        return status.code;
}

/* ---- commands ---- */

uint16_t element_rig_transmit(struct element_rig *rig, slice apdu)
{
        size_t size = 0;
        rig->failure = mitome_element_transmit(rig->element, apdu, rig->response, &size, NULL).code;
        MUST(size >= 2 && size <= sizeof rig->response);
        DONE(apdu_read_response(slice_of(rig->response, size), &rig->data, &rig->sw, NULL));
        bool warning = rig->sw >> 8 == 0x62 || rig->sw >> 8 == 0x63;
        MUST(rig->sw == SW_OK || warning || rig->data.size == 0 || rig->host.open);
        return rig->sw;
}

uint16_t element_rig_send(struct element_rig *rig, const struct apdu_command *command)
{
        uint8_t bytes[MITOME_APDU_MAX];
        slice apdu;
        writer w = WRITER(bytes);
        apdu_write_command(&w, command);
        DONE(writer_finish(&w, "APDU", &apdu, NULL));
        return element_rig_transmit(rig, apdu);
}

static struct apdu_command command_of(uint32_t head, slice data)
{
        return (struct apdu_command){
                .cla = (uint8_t)(head >> 24),
                .ins = (uint8_t)(head >> 16),
                .p1 = (uint8_t)(head >> 8),
                .p2 = (uint8_t)head,
                .data = data,
                .expected = 65536,
        };
}

uint16_t element_rig_command(struct element_rig *rig, uint32_t head, slice data)
{
        const struct apdu_command command = command_of(head, data);
        return element_rig_send(rig, &command);
}

uint16_t element_rig_secured(struct element_rig *rig, uint32_t head, slice data)
{
        const struct apdu_command command = command_of(head, data);
        uint8_t bytes[MITOME_APDU_MAX];
        slice apdu;
        writer w = WRITER(bytes);
        DONE(scp03_host_wrap(&rig->host, &command, &w, NULL));
        DONE(writer_finish(&w, "APDU", &apdu, NULL));
        element_rig_transmit(rig, apdu);
        DONE(scp03_host_unwrap(&rig->host, slice_of(rig->response, rig->data.size + 2), rig->plain,
                sizeof rig->plain, &rig->data, &rig->sw, NULL));
        return rig->sw;
}

uint16_t element_rig_select(struct element_rig *rig, slice aid)
{
        scp03_close(&rig->host);
        return element_rig_send(
                rig, &(struct apdu_command){ .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = aid });
}

uint16_t element_rig_select_file(struct element_rig *rig, uint16_t file)
{
        const uint8_t id[] = { (uint8_t)(file >> 8), (uint8_t)file };
        return element_rig_send(
                rig, &(struct apdu_command){ .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(id) });
}

struct scp03_keys element_rig_host_keys(const struct mitome_card_keys *keys)
{
        struct scp03_keys host = { .size = keys->size };
        DONE(slice_copy(SLICE(keys->enc), "ENC", host.enc, sizeof host.enc, NULL));
        DONE(slice_copy(SLICE(keys->mac), "MAC", host.mac, sizeof host.mac, NULL));
        DONE(slice_copy(SLICE(keys->dek), "DEK", host.dek, sizeof host.dek, NULL));
        return host;
}

uint16_t element_rig_channel_at(
        struct element_rig *rig, slice aid, const struct mitome_card_keys *keys, uint8_t level)
{
        uint8_t bytes[SCP03_S16], command[64];
        const struct scp03_keys host = element_rig_host_keys(keys);
        const slice challenge = slice_of(bytes, scp03_size(keys->i));
        writer w = WRITER(command);
        MUST(fill(rig, bytes, sizeof bytes) == 0);
        MUST(element_rig_select(rig, aid) == SW_OK);
        scp03_host_initialize(0, challenge, &w);
        if (element_rig_transmit(rig, writer_view(&w)) != SW_OK)
                return rig->sw;
        w = WRITER(command);
        DONE(scp03_host_authenticate(&rig->host, &host, level, aid, challenge, rig->data, &w, NULL));
        return element_rig_transmit(rig, writer_view(&w));
}

uint16_t element_rig_channel(struct element_rig *rig, slice aid, const struct mitome_card_keys *keys)
{
        return element_rig_channel_at(rig, aid, keys, SCP03_LEVEL_ALL);
}

/* ---- maker and management station ---- */

static EVP_PKEY *key_of(slice scalar, slice point)
{
        static char curve[] = "P-256";
        uint8_t native[P256_SCALAR_SIZE], public[P256_POINT_SIZE];
        BIGNUM *number = BN_bin2bn(scalar.data, (int)scalar.size, NULL);
        MUST(number && BN_bn2nativepad(number, native, sizeof native) == sizeof native);
        BN_free(number);
        DONE(slice_copy(point, "point", public, sizeof public, NULL));
        OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native),
                OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public, sizeof public),
                OSSL_PARAM_construct_end(),
        };
        EVP_PKEY *key = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        MUST(context && EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) == 1);
        EVP_PKEY_CTX_free(context);
        return key;
}

static EVP_PKEY *public_key_of(slice point)
{
        static char curve[] = "P-256";
        uint8_t public[P256_POINT_SIZE];
        DONE(slice_copy(point, "point", public, sizeof public, NULL));
        OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public, sizeof public),
                OSSL_PARAM_construct_end(),
        };
        EVP_PKEY *key = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        MUST(context && EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1);
        EVP_PKEY_CTX_free(context);
        return key;
}

static void add_name(X509_NAME *name, const char *field, const char *text)
{
        MUST(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) ==
                1);
}

/* A certificate of the model as WebAuthn L3 8.2.1 wants it, signed by itself. */
static slice batch_certificate(const struct element_rig *rig, uint8_t *buffer)
{
        EVP_PKEY *key = key_of(secret_view(&rig->batch_key), SLICE(rig->batch_point));
        X509 *x509 = X509_new();
        X509_NAME *name = X509_NAME_new();
        add_name(name, "C", "JP");
        add_name(name, "O", "Mitome Test");
        add_name(name, "OU", "Authenticator Attestation");
        add_name(name, "CN", "Mitome Test Batch 1");
        X509_EXTENSION *constraints = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "CA:FALSE");
        MUST(x509 && constraints && X509_set_version(x509, X509_VERSION_3) == 1 &&
                ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1 &&
                ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), "20250101000000Z") == 1 &&
                ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), "20450101000000Z") == 1 &&
                X509_set_subject_name(x509, name) == 1 && X509_set_issuer_name(x509, name) == 1 &&
                X509_set_pubkey(x509, key) == 1 && X509_add_ext(x509, constraints, -1) == 1 &&
                X509_sign(x509, key, EVP_sha256()) > 0);
        unsigned char *at = buffer;
        MUST(i2d_X509(x509, NULL) <= ELEMENT_RIG_CERTIFICATE_MAX);
        size_t size = (size_t)i2d_X509(x509, &at);
        X509_EXTENSION_free(constraints);
        X509_NAME_free(name);
        X509_free(x509);
        EVP_PKEY_free(key);
        return slice_of(buffer, size);
}

void element_rig_store_batch_key(struct element_rig *rig)
{
        uint8_t certificate[ELEMENT_RIG_CERTIFICATE_MAX], bytes[ELEMENT_RIG_CERTIFICATE_MAX + 128];
        DONE(p256_generate(&rig->random, &rig->batch_key, rig->batch_point, NULL));
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(element_rig_aaguid));
        tlv_write(&w, 0x81, secret_view(&rig->batch_key));
        tlv_write(&w, 0x82, batch_certificate(rig, certificate));
        MUST(element_rig_channel(rig, element_rig_fido, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(rig, 0x80300000, writer_view(&w)) == SW_OK);
}

void element_rig_write(struct element_rig *rig, uint16_t file, slice content)
{
        enum { PART = 200 };
        reader r = reader_over(content, NULL, NULL);
        MUST(element_rig_select_file(rig, file) == SW_OK);
        while (r.rest.size) {
                slice part;
                uint32_t head = 0x80D60000 | (uint32_t)r.offset;
                DONE(read_bytes(&r, "content", r.rest.size < PART ? r.rest.size : PART, &part));
                MUST(element_rig_secured(rig, head, part) == SW_OK);
        }
}

void element_rig_certify(struct element_rig *rig, uint16_t file, size_t size)
{
        uint8_t key[2048], content[ELEMENT_CERTIFICATE_MAX];
        uint16_t key_file = file == 0x000A || file == 0x000B ? 0x0017 : 0x001A;
        slice stored = element_rig_stored(rig, 0x0100u + key_file, key, sizeof key);
        MUST(stored.size);
        element_rig_write(
                rig, file, element_certificate(stored, ELEMENT_RIG_SERIAL << 8 | file, size, content));
        bytes_wipe(key, sizeof key);
}

/* Keys that are the process's own, where the element has made none. */
static void bring_keys(struct element_rig *rig)
{
        static const uint32_t objects[] = { 0x0117, 0x011A };
        uint8_t key[2048];
        for (unsigned i = 0; i < 2; i++) {
                if (element_rig_stored(rig, objects[i], key, sizeof key).size)
                        continue;
                element_rig_off(rig);
                element_rig_store(rig, objects[i], element_certificate_key(i));
                element_rig_open(rig);
        }
}

void element_rig_personalise(struct element_rig *rig)
{
        bring_keys(rig);
        element_rig_store_batch_key(rig);
        MUST(element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK);
        element_rig_certify(rig, 0x0001, 1500);
        element_rig_certify(rig, 0x000A, 1300);
        element_rig_certify(rig, 0x000B, 1100);
        MUST(element_rig_secured(rig, 0x802C0098, slice_text(ELEMENT_RIG_PIN)) == SW_OK);
        MUST(element_rig_secured(rig, 0x802C009B, slice_text(ELEMENT_RIG_PASSWORD)) == SW_OK);
        MUST(element_rig_select(rig, element_rig_fido) == SW_OK);
}

void element_rig_generate(struct element_rig *rig, uint8_t reference)
{
        MUST(element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(rig, 0x80460000 | reference, (slice){ 0 }) == SW_OK);
}

/* A certificate of the device as WebAuthn L3 8.2.1 wants it, or of the CA above it. */
static slice device_certificate(const char *common_name, EVP_PKEY *key, const char *issuer_name,
        EVP_PKEY *issuer, const char *constraints_text, uint8_t *buffer)
{
        X509 *x509 = X509_new();
        X509_NAME *names[] = { X509_NAME_new(), X509_NAME_new() };
        const char *const common_names[] = { common_name, issuer_name };
        for (size_t i = 0; i < 2; i++) {
                add_name(names[i], "C", "JP");
                add_name(names[i], "O", "Mitome Test");
                add_name(names[i], "OU", "Authenticator Attestation");
                add_name(names[i], "CN", common_names[i]);
        }
        X509_EXTENSION *constraints =
                X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, constraints_text);
        MUST(x509 && constraints && X509_set_version(x509, X509_VERSION_3) == 1 &&
                ASN1_INTEGER_set(X509_get_serialNumber(x509), 2) == 1 &&
                ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), "20250101000000Z") == 1 &&
                ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), "20450101000000Z") == 1 &&
                X509_set_subject_name(x509, names[0]) == 1 && X509_set_issuer_name(x509, names[1]) == 1 &&
                X509_set_pubkey(x509, key) == 1 && X509_add_ext(x509, constraints, -1) == 1 &&
                X509_sign(x509, issuer, EVP_sha256()) > 0);
        unsigned char *at = buffer;
        MUST(i2d_X509(x509, NULL) <= ELEMENT_RIG_CERTIFICATE_MAX);
        size_t size = (size_t)i2d_X509(x509, &at);
        X509_EXTENSION_free(constraints);
        X509_NAME_free(names[0]);
        X509_NAME_free(names[1]);
        X509_free(x509);
        return slice_of(buffer, size);
}

slice element_rig_certify_device(struct element_rig *rig, slice point, uint8_t *buffer)
{
        static const char ca_name[] = "Mitome Test Device CA";
        SECRET(scalar);
        uint8_t ca_point[P256_POINT_SIZE];
        DONE(p256_generate(&rig->random, &scalar, ca_point, NULL));
        EVP_PKEY *ca = key_of(secret_view(&scalar), SLICE(ca_point));
        EVP_PKEY *device = public_key_of(point);
        rig->device_ca_size =
                device_certificate(ca_name, ca, ca_name, ca, "critical,CA:TRUE", rig->device_ca).size;
        slice certificate =
                device_certificate("Mitome Test Device 1", device, ca_name, ca, "CA:FALSE", buffer);
        EVP_PKEY_free(ca);
        EVP_PKEY_free(device);
        return certificate;
}

void element_rig_make_device(struct element_rig *rig)
{
        uint8_t certificate[ELEMENT_RIG_CERTIFICATE_MAX], bytes[ELEMENT_RIG_CERTIFICATE_MAX + 128];
        MUST(element_rig_channel(rig, element_rig_fido, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(rig, 0x80360000, (slice){ 0 }) == SW_OK);
        DONE(slice_copy(
                element_rig_value(rig, 0x80), "point", rig->device_point, sizeof rig->device_point, NULL));
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_text(ELEMENT_RIG_IDENTITY));
        tlv_write(&w, 0x82, element_rig_certify_device(rig, SLICE(rig->device_point), certificate));
        MUST(element_rig_secured(rig, 0x80380000, writer_view(&w)) == SW_OK);
        MUST(element_rig_select(rig, element_rig_fido) == SW_OK);
}

void element_rig_lease(struct element_rig *rig, uint16_t count)
{
        static const uint8_t serial[] = { ELEMENT_RIG_SERIAL, 0x01 };
        const uint8_t number[] = { (uint8_t)(count >> 8), (uint8_t)count };
        uint8_t bytes[16];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(serial));
        tlv_write(&w, 0x81, SLICE(number));
        MUST(element_rig_channel(rig, element_rig_jpki, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(rig, 0x804A0000, writer_view(&w)) == SW_OK);
}

void element_rig_write_matcher(const struct element_rig *rig, slice point, writer *w)
{
        tlv_write(w, 0x80, point);
        tlv_write_u8(w, 0x81, rig->matcher_chosen ? rig->matcher_class : MATCHER_STRONG);
        tlv_write_u8(w, 0x82, rig->matcher_chosen ? rig->matcher_modality : UNLOCK_FINGER);
}

void element_rig_pair(struct element_rig *rig, struct secret *ret_key)
{
        SECRET(scalar);
        uint8_t point[PAIRING_POINT_SIZE], mac[SHA256_SIZE], bytes[80];
        DONE(p256_generate(&rig->random, &scalar, point, NULL));
        writer w = WRITER(bytes);
        element_rig_write_matcher(rig, SLICE(point), &w);
        MUST(element_rig_channel(rig, element_rig_fido, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(rig, 0x80320000, writer_view(&w)) == SW_OK);
        slice element_point = element_rig_value(rig, 0x80);
        DONE(pairing_derive(
                secret_view(&scalar), element_point, element_point, SLICE(point), &rig->pairing_key, NULL));
        pairing_confirmation(
                secret_view(&rig->pairing_key), PAIRING_MATCHER, element_point, SLICE(point), mac);
        w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(mac));
        MUST(element_rig_secured(rig, 0x803C0000, writer_view(&w)) == SW_OK);
        MUST(element_rig_select(rig, element_rig_fido) == SW_OK);
        if (ret_key)
                *ret_key = rig->pairing_key;
}

void element_rig_allow(struct element_rig *rig, slice aid, slice hash)
{
        static const uint8_t always[] = { 0x01 };
        const struct access_rule rule = { .reference = { .aid = aid, .hash = hash }, .apdu = SLICE(always) };
        uint8_t bytes[128], object[160];
        writer w = WRITER(bytes), outer = WRITER(object);
        access_rule_write(&w, &rule);
        tlv_write(&outer, ACCESS_STORE, writer_view(&w));
        MUST(!w.overflowed && !outer.overflowed);
        MUST(element_rig_channel(rig, element_rig_ara, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(rig, 0x80E29000, writer_view(&outer)) == SW_OK);
        MUST(element_rig_select(rig, element_rig_manager) == SW_OK);
}

/* ---- platform ---- */

static void aes(const struct secret *key, const uint8_t *iv, int encrypt, slice in, uint8_t *out)
{
        int size = 0;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        MUST(context && EVP_CipherInit_ex(context, EVP_aes_256_cbc(), NULL, key->data, iv, encrypt) == 1 &&
                EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                EVP_CipherUpdate(context, out, &size, in.data, (int)in.size) == 1 && (size_t)size == in.size);
        EVP_CIPHER_CTX_free(context);
}

/* CTAP 2.1 6.5.7, encapsulate: the platform's point, and the AES key of the shared secret. */
static void encapsulate(struct element_rig *rig, uint8_t ret_point[P256_POINT_SIZE], struct secret *ret_key)
{
        uint8_t element_point[P256_POINT_SIZE];
        SECRET(scalar);
        SECRET(z);
        writer w = WRITER(element_point);
        write_u8(&w, 0x04);
        write_slice(&w, element_rig_value(rig, 0x80));
        write_slice(&w, element_rig_value(rig, 0x81));
        DONE(p256_generate(&rig->random, &scalar, ret_point, NULL));
        DONE(p256_agree(secret_view(&scalar), SLICE(element_point), &z, NULL));
        hkdf_sha256((slice){ 0 }, secret_view(&z), slice_text("CTAP2 AES key"), ret_key);
}

uint16_t element_rig_pin_token(struct element_rig *rig, const char *pin, struct secret *ret_token)
{
        uint8_t point[P256_POINT_SIZE], hash[SHA256_SIZE], encrypted[32] = { 0x17 }, bytes[128];
        SECRET(key);
        const slice text = slice_text(pin);
        if (element_rig_command(rig, 0x80120000, (slice){ 0 }) != SW_OK)
                return rig->sw;
        encapsulate(rig, point, &key);
        sha256(&text, 1, hash);
        aes(&key, encrypted, 1, slice_of(hash, 16), encrypted + 16);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_of(point + 1, 32));
        tlv_write(&w, 0x81, slice_of(point + 33, 32));
        tlv_write(&w, 0x82, SLICE(encrypted));
        if (element_rig_command(rig, 0x80140000, writer_view(&w)) != SW_OK)
                return rig->sw;
        slice token = element_rig_value(rig, 0x80);
        MUST(token.size == ELEMENT_RIG_TOKEN_SIZE);
        ret_token->size = 32;
        aes(&key, token.data, 0, slice_of(token.data + 16, 32), ret_token->data);
        return SW_OK;
}

static slice rp_id_hash(const struct element_rig_operation *operation, uint8_t buffer[SHA256_SIZE])
{
        if (!operation->rp_id)
                return (slice){ 0 };
        const slice text = slice_text(operation->rp_id);
        sha256(&text, 1, buffer);
        return slice_of(buffer, SHA256_SIZE);
}

static const uint8_t enrol_begin[] = { 0x01, 0x01, 0xA1, 0x03, 0x19, 0x27, 0x10 };

/* fingerprint || subCommand || subCommandParams */
static slice bio_message(const struct element_rig_operation *operation, uint8_t *bytes, size_t capacity)
{
        writer w = writer_over(bytes, capacity);
        slice message = { 0 };
        if (!operation->removes.size)
                return SLICE(enrol_begin);
        write_u8(&w, 0x01);
        write_u8(&w, 0x06);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, operation->removes);
        DONE(writer_finish(&w, "message", &message, NULL));
        return message;
}

uint16_t element_rig_begin(struct element_rig *rig, struct element_rig_operation *operation)
{
        uint8_t bytes[256], message[128], hash[SHA256_SIZE], param[SHA256_SIZE];
        bool bio = operation->command == 0x09, token = operation->command == 0x06;
        const slice covered =
                bio ? bio_message(operation, message, sizeof message) : SLICE(operation->client_data_hash);
        writer w = WRITER(bytes);
        tlv_write_u8(&w, 0x80, operation->command);
        if (token) {
                tlv_write_u8(&w, 0x86, operation->permissions);
                if (operation->rp_id)
                        tlv_write(&w, 0x87, slice_text(operation->rp_id));
        } else if (!bio) {
                tlv_write(&w, 0x81, rp_id_hash(operation, hash));
                tlv_write(&w, 0x82, SLICE(operation->client_data_hash));
        }
        tlv_write_u8(&w, 0x83, operation->options);
        if (operation->pin) {
                hmac_sha256(secret_view(operation->pin), &covered, 1, param);
                tlv_write(&w, 0x84, SLICE(param));
        }
        if (bio)
                tlv_write(&w, 0x85, covered);
        if (element_rig_command(rig, 0x80200000, writer_view(&w)) == SW_OK && rig->data.size) {
                DONE(slice_copy(element_rig_value(rig, 0x80), "challenge", operation->challenge,
                        sizeof operation->challenge, NULL));
                DONE(slice_copy(element_rig_value(rig, 0x81), "entry", operation->entry,
                        sizeof operation->entry, NULL));
        }
        return rig->sw;
}

void element_rig_seal(const struct element_rig *rig, const struct element_rig_operation *operation,
        enum unlock_purpose purpose, uint8_t ret_token[UNLOCK_TOKEN_SIZE])
{
        uint8_t hash[SHA256_SIZE], permissions[SHA256_SIZE], removal[SHA256_SIZE];
        struct unlock_token token = { .purpose = (uint8_t)purpose,
                .modality = rig->matcher_chosen ? rig->matcher_modality : UNLOCK_FINGER };
        bool bio = operation->command == 0x09;
        slice client_data_hash = bio ? (slice){ 0 } : SLICE(operation->client_data_hash);
        if (bio && operation->removes.size) {
                unlock_removal(operation->removes, removal);
                client_data_hash = SLICE(removal);
        }
        if (operation->command == 0x06) {
                unlock_permissions(operation->permissions, permissions);
                client_data_hash = SLICE(permissions);
        }
        unlock_digest(operation->command, bio ? (slice){ 0 } : rp_id_hash(operation, hash), client_data_hash,
                token.digest);
        DONE(slice_copy(
                SLICE(operation->challenge), "challenge", token.challenge, sizeof token.challenge, NULL));
        DONE(slice_copy(SLICE(rig->set), "set", token.set, sizeof token.set, NULL));
        unlock_token_seal(&token, secret_view(&rig->pairing_key), ret_token);
}

uint16_t element_rig_make(struct element_rig *rig, const struct element_rig_operation *operation, slice token,
        uint8_t options, uint8_t algorithm, slice user_id, slice excluded)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        if (token.size)
                tlv_write(&w, 0x80, token);
        tlv_write(&w, 0x81, slice_text(operation->rp_id));
        tlv_write(&w, 0x82, user_id);
        tlv_write(&w, 0x83, slice_text("hanako"));
        tlv_write(&w, 0x84, slice_text("Hanako"));
        tlv_write_u8(&w, 0x85, options);
        tlv_write_u8(&w, 0x86, algorithm);
        if (excluded.size)
                tlv_write(&w, 0x87, excluded);
        return element_rig_command(rig, 0x80240000, writer_view(&w));
}

uint16_t element_rig_get(struct element_rig *rig, slice token, uint8_t options, slice allowed)
{
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        if (token.size)
                tlv_write(&w, 0x80, token);
        tlv_write_u8(&w, 0x85, options);
        if (allowed.size)
                tlv_write(&w, 0x87, allowed);
        return element_rig_command(rig, 0x80260000, writer_view(&w));
}

/* ---- whole ceremonies ---- */

static struct element_rig_operation by_finger(struct element_rig *rig, uint8_t command, const char *rp_id)
{
        struct element_rig_operation operation = { .command = command, .rp_id = rp_id, .options = 0x03 };
        MUST(fill(rig, operation.client_data_hash, sizeof operation.client_data_hash) == 0);
        return operation;
}

uint16_t element_rig_register(
        struct element_rig *rig, const char *rp_id, uint8_t options, uint8_t ret_id[ELEMENT_RIG_ID_SIZE])
{
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = by_finger(rig, 0x01, rp_id);
        if (element_rig_begin(rig, &operation) != SW_OK)
                return rig->sw;
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        if (element_rig_make(rig, &operation, SLICE(token), options, 0x07, slice_text("user-1"),
                    (slice){ 0 }) == SW_OK) {
                enum { ID_AT = 37 + 16 + 2 }; /* in authData */
                slice authdata = element_rig_value(rig, 0x80);
                MUST(authdata.size > ID_AT + ELEMENT_RIG_ID_SIZE);
                DONE(slice_copy(slice_of(authdata.data + ID_AT, ELEMENT_RIG_ID_SIZE), "id", ret_id,
                        ELEMENT_RIG_ID_SIZE, NULL));
        }
        return rig->sw;
}

uint16_t element_rig_log_in(struct element_rig *rig, const char *rp_id, slice allowed)
{
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = by_finger(rig, 0x02, rp_id);
        if (element_rig_begin(rig, &operation) != SW_OK)
                return rig->sw;
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        return element_rig_get(rig, SLICE(token), 0, allowed);
}

uint16_t element_rig_enrol(struct element_rig *rig, const char *pin)
{
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[128];
        SECRET(pin_token);
        struct element_rig_operation operation = { .command = 0x09, .pin = &pin_token };
        if (element_rig_pin_token(rig, pin, &pin_token) != SW_OK ||
                element_rig_begin(rig, &operation) != SW_OK)
                return rig->sw;
        rig->set[0]++; /* a new finger makes a new set */
        element_rig_seal(rig, &operation, UNLOCK_ENROLLED, token);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(token));
        return element_rig_command(rig, 0x802A0000, writer_view(&w));
}

slice element_rig_value(const struct element_rig *rig, uint32_t tag)
{
        slice value;
        DONE(tlv_find(rig->data, tag, "answer", &value, NULL));
        return value;
}

struct element_rig_state element_rig_state(struct element_rig *rig)
{
        MUST(element_rig_command(rig, 0x80100000, (slice){ 0 }) == SW_OK);
        slice room = element_rig_value(rig, 0x85);
        return (struct element_rig_state){
                .flags = element_rig_value(rig, 0x81).data[0],
                .pin_tries = element_rig_value(rig, 0x82).data[0],
                .uv_tries = element_rig_value(rig, 0x83).data[0],
                .min_pin_length = element_rig_value(rig, 0x84).data[0],
                .room = (uint16_t)(room.data[0] << 8 | room.data[1]),
        };
}
