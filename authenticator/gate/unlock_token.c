/* SPDX-License-Identifier: Apache-2.0 */
#include "unlock_token.h"

enum { SIGNED_SIZE = UNLOCK_TOKEN_SIZE - SHA256_SIZE };

void unlock_digest(uint8_t command, slice rp_id_hash, slice client_data_hash, uint8_t ret_digest[SHA256_SIZE])
{
        static const uint8_t zeros[SHA256_SIZE];
        const slice parts[] = {
                slice_text("mitome operation 1"),
                slice_of(&command, 1),
                rp_id_hash.size ? rp_id_hash : SLICE(zeros),
                client_data_hash.size ? client_data_hash : SLICE(zeros),
        };
        sha256(parts, sizeof parts / sizeof parts[0], ret_digest);
}

void unlock_permissions(uint8_t permissions, uint8_t ret[SHA256_SIZE])
{
        writer w = writer_over(ret, SHA256_SIZE);
        while (w.used < SHA256_SIZE - 1)
                write_u8(&w, 0);
        write_u8(&w, permissions);
}

void unlock_removal(slice finger_id, uint8_t ret[SHA256_SIZE])
{
        sha256((slice[]){ slice_text("mitome removal 1"), finger_id }, 2, ret);
}

void unlock_token_seal(
        const struct unlock_token *token, slice pairing_key, uint8_t ret_bytes[UNLOCK_TOKEN_SIZE])
{
        uint8_t mac[SHA256_SIZE];
        writer w = writer_over(ret_bytes, UNLOCK_TOKEN_SIZE);
        write_u8(&w, UNLOCK_VERSION);
        write_u8(&w, token->purpose);
        write_u8(&w, token->modality);
        write_u8(&w, 0);
        write_slice(&w, SLICE(token->challenge));
        write_slice(&w, SLICE(token->digest));
        write_slice(&w, SLICE(token->set));
        const slice signed_part = writer_view(&w);
        hmac_sha256(pairing_key, &signed_part, 1, mac);
        write_slice(&w, SLICE(mac));
}

static void entry_mac(enum unlock_purpose purpose, slice challenge, slice numbers, slice pairing_key,
        uint8_t ret[SHA256_SIZE])
{
        const uint8_t byte = (uint8_t)purpose;
        const slice parts[] = { slice_text("mitome pin entered 2"), slice_of(&byte, 1), challenge, numbers };
        hmac_sha256(pairing_key, parts, sizeof parts / sizeof parts[0], ret);
}

void unlock_entry_seal(const struct unlock_entry *entry, enum unlock_purpose purpose, slice challenge,
        slice pairing_key, uint8_t ret_bytes[UNLOCK_ENTRY_SIZE])
{
        uint8_t mac[SHA256_SIZE];
        writer w = writer_over(ret_bytes, UNLOCK_ENTRY_SIZE);
        write_u32(&w, entry->entered);
        write_u32(&w, entry->number);
        entry_mac(purpose, challenge, writer_view(&w), pairing_key, mac);
        write_slice(&w, SLICE(mac));
}

mitome_status unlock_entry_open(slice bytes, enum unlock_purpose purpose, slice challenge, slice pairing_key,
        struct unlock_entry *ret, mitome_error *error)
{
        uint8_t mac[SHA256_SIZE];
        slice numbers, claimed;
        struct unlock_entry entry;
        reader r = reader_over(bytes, NULL, NULL);
        if (failed(read_bytes(&r, "entry.numbers", 2 * sizeof(uint32_t), &numbers)) ||
                failed(read_bytes(&r, "entry.mac", SHA256_SIZE, &claimed)) || failed(read_end(&r, "entry")) ||
                challenge.size != UNLOCK_CHALLENGE_SIZE)
                return fail(error, MITOME_E_GATE_ENTRY, "entry", NULL);
        entry_mac(purpose, challenge, numbers, pairing_key, mac);
        bool genuine = secret_equal(SLICE(mac), claimed);
        bytes_wipe(mac, sizeof mac);
        if (!genuine)
                return fail(error, MITOME_E_GATE_ENTRY, "entry", NULL);
        reader fields = reader_over(numbers, NULL, error);
        MITOME_TRY(read_u32(&fields, "entry.entered", &entry.entered));
        MITOME_TRY(read_u32(&fields, "entry.number", &entry.number));
        *ret = entry;
        return ok();
}

static mitome_status check_form(
        uint8_t version, const struct unlock_token *token, uint8_t reserved, mitome_error *error)
{
        bool known = version == UNLOCK_VERSION && reserved == 0 && token->purpose >= UNLOCK_VERIFIED &&
                     token->purpose <= UNLOCK_REMOVED && token->modality >= UNLOCK_FINGER &&
                     token->modality <= UNLOCK_IRIS;
        return known ? ok() : fail(error, MITOME_E_TOKEN_FORM, "unlock token", NULL);
}

mitome_status unlock_token_open(slice bytes, slice pairing_key, struct unlock_token *ret, mitome_error *error)
{
        uint8_t mac[SHA256_SIZE], version, reserved;
        struct unlock_token token;
        slice signed_part, claimed;
        reader r = reader_over(bytes, NULL, error);
        if (bytes.size != UNLOCK_TOKEN_SIZE)
                return fail(error, MITOME_E_TOKEN_FORM, "unlock token", NULL);
        MITOME_TRY(read_bytes(&r, "token", SIGNED_SIZE, &signed_part));
        MITOME_TRY(read_bytes(&r, "token.mac", SHA256_SIZE, &claimed));
        hmac_sha256(pairing_key, &signed_part, 1, mac);
        bool genuine = secret_equal(SLICE(mac), claimed);
        bytes_wipe(mac, sizeof mac);
        if (!genuine)
                return fail(error, MITOME_E_TOKEN_MAC, "unlock token", NULL);

        reader fields = reader_within(&r, signed_part);
        MITOME_TRY(read_u8(&fields, "token.version", &version));
        MITOME_TRY(read_u8(&fields, "token.purpose", &token.purpose));
        MITOME_TRY(read_u8(&fields, "token.modality", &token.modality));
        MITOME_TRY(read_u8(&fields, "token.reserved", &reserved));
        MITOME_TRY(read_into(&fields, "token.challenge", token.challenge, sizeof token.challenge));
        MITOME_TRY(read_into(&fields, "token.digest", token.digest, sizeof token.digest));
        MITOME_TRY(read_into(&fields, "token.set", token.set, sizeof token.set));
        MITOME_TRY(check_form(version, &token, reserved, error));
        *ret = token;
        return ok();
}
