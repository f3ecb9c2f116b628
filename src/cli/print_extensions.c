/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticator extension outputs, WebAuthn L3 9.5. */
#include "print_extensions.h"

static const char clause[] = "WebAuthn L3 9.5";

enum { UVM_ENTRIES_MAX = 3, UVM_NUMBERS = 3 };

/* Prints the value on the line that was begun. */
typedef mitome_status print_output(const struct print_place *place, struct cbor_reader *r);

/* CTAP 2.1 12.1. */
static mitome_status print_cred_protect(const struct print_place *place, struct cbor_reader *r)
{
        static const char *const levels[] = { NULL, "userVerificationOptional",
                "userVerificationOptionalWithCredentialIDList", "userVerificationRequired" };
        const struct cbor_reader start = *r;
        uint64_t level;
        MITOME_TRY(cbor_read_uint(r, "credProtect", 3, &level));
        if (level == 0)
                return reader_fail(&start.bytes, MITOME_E_VALUE, "credProtect");
        fprintf(place->out, "%u %s (CTAP 2.1 12.1)", (unsigned)level, levels[level]);
        return ok();
}

static mitome_status print_bool(const struct print_place *place, struct cbor_reader *r, const char *field,
        const char *yes, const char *no)
{
        bool answer;
        MITOME_TRY(cbor_read_bool(r, field, &answer));
        fputs(answer ? yes : no, place->out);
        return ok();
}

/* A boolean at registration, bytes at a login: what these are is between user and relying party. */
static mitome_status print_bool_or_hidden(const struct print_place *place, struct cbor_reader *r,
        const char *field, const char *yes, const char *no, const char *what)
{
        enum cbor_kind kind;
        slice hidden;
        MITOME_TRY(cbor_peek(r, field, &kind));
        if (kind != CBOR_KIND_BYTES)
                return print_bool(place, r, field, yes, no);
        MITOME_TRY(cbor_read_bytes(r, field, SIZE_MAX, &hidden));
        fprintf(place->out, "%zu bytes, %s: not shown", hidden.size, what);
        return ok();
}

/* 12.2 */
static mitome_status print_cred_blob(const struct print_place *place, struct cbor_reader *r)
{
        return print_bool_or_hidden(place, r, "credBlob", "stored (CTAP 2.1 12.2)",
                "not stored (CTAP 2.1 12.2)", "the relying party's own");
}

/* 12.5 */
static mitome_status print_hmac_secret(const struct print_place *place, struct cbor_reader *r)
{
        return print_bool_or_hidden(place, r, "hmac-secret", "the credential has one (CTAP 2.1 12.5)",
                "the credential has none (CTAP 2.1 12.5)", "encrypted for the platform");
}

/* 12.4 */
static mitome_status print_min_pin_length(const struct print_place *place, struct cbor_reader *r)
{
        uint64_t length;
        MITOME_TRY(cbor_read_uint(r, "minPinLength", UINT32_MAX, &length));
        fprintf(place->out, "%u code points (CTAP 2.1 12.4)", (unsigned)length);
        return ok();
}

static mitome_status print_payment(const struct print_place *place, struct cbor_reader *r)
{
        return print_bool(
                place, r, "thirdPartyPayment", "enabled (CTAP 2.2 12.6)", "not enabled (CTAP 2.2 12.6)");
}

/* ---- uvm ---- */

struct word {
        uint32_t number;
        const char *word;
};

/* FIDO registry of predefined values, 3.1. */
static const struct word methods[] = {
        { 0x001, "presence" },
        { 0x002, "fingerprint" },
        { 0x004, "passcode" },
        { 0x008, "voiceprint" },
        { 0x010, "faceprint" },
        { 0x020, "location" },
        { 0x040, "eyeprint" },
        { 0x080, "pattern" },
        { 0x100, "handprint" },
        { 0x200, "none" },
        { 0x400, "all of several" },
        { 0x800, "external passcode" },
        { 0x1000, "external pattern" },
};

/* 3.2 */
static const struct word key_protections[] = {
        { 1, "software" },
        { 2, "hardware" },
        { 4, "tee" },
        { 8, "secure element" },
        { 16, "remote handle" },
};

/* 3.3 */
static const struct word matcher_protections[] = { { 1, "software" }, { 2, "tee" }, { 4, "on chip" } };

static void print_words(FILE *out, const char *title, uint32_t bits, const struct word *words, size_t count)
{
        fputs(title, out);
        for (size_t i = 0; i < count; i++)
                if (bits & words[i].number) {
                        fprintf(out, " %s", words[i].word);
                        bits &= ~words[i].number;
                }
        if (bits)
                fprintf(out, " 0x%x", bits);
}

#define PRINT_WORDS(out, title, bits, words) \
        print_words((out), (title), (uint32_t)(bits), (words), sizeof(words) / sizeof(words)[0])

static mitome_status print_entry(const struct print_place *place, struct cbor_reader *r)
{
        const struct cbor_reader start = *r;
        struct cbor_members array;
        uint64_t numbers[UVM_NUMBERS] = { 0 };
        size_t count = 0;
        MITOME_TRY(cbor_open_array(r, "uvm[]", UVM_NUMBERS, &array));
        while (cbor_next_element(r, &array))
                MITOME_TRY(cbor_read_uint(r, "uvm[]", UINT32_MAX, &numbers[count++]));
        if (count != UVM_NUMBERS)
                return reader_fail(&start.bytes, MITOME_E_VALUE, "uvm[]");
        PRINT_WORDS(place->out, "by", numbers[0], methods);
        PRINT_WORDS(place->out, ", key in", numbers[1], key_protections);
        PRINT_WORDS(place->out, ", matcher in", numbers[2], matcher_protections);
        return ok();
}

/* WebAuthn L2 10.3: how the user was verified. */
static mitome_status print_uvm(const struct print_place *place, struct cbor_reader *r)
{
        struct cbor_members array;
        const char *separator = "";
        MITOME_TRY(cbor_open_array(r, "uvm", UVM_ENTRIES_MAX, &array));
        while (cbor_next_element(r, &array)) {
                fputs(separator, place->out);
                MITOME_TRY(print_entry(place, r));
                separator = "; ";
        }
        fputs(" (WebAuthn L2 10.3)", place->out);
        return ok();
}

/* ---- all of them ---- */

static const struct {
        const char *name;
        print_output *print;
} outputs[] = {
        { "credBlob", print_cred_blob },
        { "credProtect", print_cred_protect },
        { "hmac-secret", print_hmac_secret },
        { "hmac-secret-mc", print_hmac_secret },
        { "minPinLength", print_min_pin_length },
        { "thirdPartyPayment", print_payment },
        { "uvm", print_uvm },
};

static print_output *output_named(const struct cbor_key *key)
{
        for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
                if (key->is_text && slice_is(key->text, outputs[i].name))
                        return outputs[i].print;
        return print_cbor_item;
}

static void print_key(const struct print_place *place, const struct cbor_key *key)
{
        fprintf(place->out, "%*s", place->indent, "");
        if (key->is_text)
                print_text(place->out, key->text);
        else
                fprintf(place->out, "%lld", (long long)key->number);
        fputs(": ", place->out);
}

/* A value that is not of its extension's type is printed as it is. */
static void print_value(const struct print_place *place, struct cbor_reader value, print_output *print)
{
        struct cbor_reader again = value;
        mitome_error wrong = { 0 };
        value.bytes.error = &wrong;
        again.bytes.error = NULL;
        mitome_status status = print(place, &value);
        if (failed(status))
                (void)!failed(print_cbor_item(place, &again));
        fputc('\n', place->out);
        if (failed(status))
                print_wrong(place, &wrong);
}

mitome_status print_extensions(const struct print_place *place, slice map)
{
        struct cbor_reader r = print_cbor_reader(place, map, clause);
        struct cbor_members members;
        struct cbor_key key;
        slice value;
        r.any_order = true;
        MITOME_TRY(cbor_open_map(&r, "extensions", CBOR_MEMBERS, &members));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(&r, &members, &key, &more));
                if (!more)
                        return cbor_end(&r, "extensions");
                MITOME_TRY(cbor_read_item(&r, "extensions", &value));
                print_key(place, &key);
                if (key.is_text && slice_is(key.text, "prf"))
                        fputs("(secret: not shown)\n", place->out);
                else
                        print_value(place, cbor_within(&r, value), output_named(&key));
        }
}
