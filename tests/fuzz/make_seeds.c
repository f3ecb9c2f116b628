/* SPDX-License-Identifier: Apache-2.0 */

/* make_seeds FOLDER writes what fuzzing begins with: right ceremonies of every format and their parts, each
 * into FOLDER/fuzz_<target>/. Made when they are needed, so that there are no blobs to keep. */

#include "access_rule.h"
#include "core.h"
#include "digest.h"
#include "evaluation_statement.h"
#include "format_rig.h"
#include "inspect_rig.h"
#include "journal_rig.h"
#include "seeds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void must(bool right, const char *what)
{
        if (right)
                return;
        fprintf(stderr, "make_seeds: %s\n", what);
        exit(EXIT_FAILURE);
}

static void make_folder(const char *path)
{
        must(mkdir(path, 0777) == 0 || errno == EEXIST, path);
}

void write_seed(const char *folder, const char *target, const char *name, int first, slice bytes)
{
        char path[1024];
        must((size_t)snprintf(path, sizeof path, "%s/fuzz_%s", folder, target) < sizeof path, "folder");
        make_folder(path);
        must((size_t)snprintf(path, sizeof path, "%s/fuzz_%s/seed-%s", folder, target, name) < sizeof path,
                "name");
        FILE *file = fopen(path, "wb");
        must(file != NULL, path);
        must(first < 0 || fputc(first, file) != EOF, path);
        must(fwrite(bytes.data, 1, bytes.size, file) == bytes.size, path);
        must(fclose(file) == 0, path);
}

/* A file of each kind of item, and behind it the document that the items name. */
static void write_evidence_seeds(const char *folder)
{
        static const char items[] =
                "{\"mitome_evidence\":1,\"items\":[{\"kind\":\"common-criteria\",\"ava_van\":5,\"expires\":\"2027-01-01\"},{\"kind\":\"emv\",\"expires\":\"2027-01-01\"},{\"kind\":\"fips-140\",\"overall\":2,\"physical\":3},{\"kind\":\"fido\",\"level\":\"L3+\"},{\"kind\":\"presentation-attacks\",\"species\":[{\"name\":\"a\",\"errors\":0,\"trials\":42}]},{\"kind\":\"facts\",\"obtained\":\"observed\",\"partial\":true,\"facts\":{\"pin.tries\":3,\"uv.local\":true,\"uv.modality\":\"face\",\"uv.fmr\":{\"errors\":0,\"trials\":9}}}]}";
        static const char measured[] =
                "{\"mitome_evidence\":1,\"items\":[{\"kind\":\"measurement\",\"document\":\"r\"}]}\0{\"source\":\"grown:1\",\"synthetic\":true,\"complete\":true,\"fmr\":{\"errors\":0,\"trials\":9},\"fnmr\":{\"errors\":1,\"trials\":9},\"thresholds\":[{\"threshold\":24,\"fmr\":{\"errors\":0,\"trials\":9},\"fnmr\":{\"errors\":1,\"trials\":9}}]}";
        static const char stated[] =
                "{\"mitome_evidence\":1,\"items\":[{\"kind\":\"metadata\",\"document\":\"m\"}]}\0{\"aaguid\":\"00112233-4455-6677-8899-aabbccddeeff\",\"keyProtection\":[\"tee\"],\"userVerificationDetails\":[[{\"userVerificationMethod\":\"passcode_internal\",\"caDesc\":{\"base\":10,\"minLength\":4,\"maxRetries\":3}}]]}";
        static const char logins[] =
                "{\"mitome_evidence\":1,\"items\":[{\"kind\":\"logins\",\"document\":\"l\"}]}\0{\"ok\":true,\"code\":0,\"flags\":5,\"trust\":\"verified\"}";
        static const char signed_ones[] =
                "{\"mitome_evidence\":1,\"items\":[{\"kind\":\"receipt\",\"document\":\"r\",\"anchors\":\"a\",\"identity\":\"MT\"},{\"kind\":\"certificate\",\"document\":\"c\",\"anchors\":\"a\",\"status\":\"s\"},{\"kind\":\"journal\",\"document\":\"j\",\"journals\":[\"k\"],\"directory\":\"d\"}]}\0{\"parties\": []}";
        static const char probes[] = "{\"id\":\"P01\",\"result\":\"holds\",\"why\":\"\",\"found\":[]}\n"
                                     "{\"id\":\"P02\",\"result\":\"broken\"}\n{\"id\":\"P03\",\"res";
        static const char steps[] =
                "enrol 0 0 0 enrolled enrolled 0 laid 5 unusable 0 same 0 known 0 scores\n"
                "impostor 0 1 1 match enrolled 0 laid 1 unusable 0 same 0 known 0 scores\n";
        write_seed(folder, "probing_journal", "cut", 1, slice_text(probes));
        write_seed(folder, "measurement", "nobody", -1, slice_text(steps)); /* a match with none */
        write_seed(folder, "evidence_file", "items", -1, slice_text(items));
        write_seed(folder, "evidence_file", "no_items", -1, slice_text("{\"mitome_evidence\":1}"));
        write_seed(folder, "evidence_file", "measured", -1, slice_of(measured, sizeof measured - 1));
        write_seed(folder, "evidence_file", "stated", -1, slice_of(stated, sizeof stated - 1));
        write_seed(folder, "evidence_file", "signed", -1, slice_of(signed_ones, sizeof signed_ones - 1));
        write_seed(folder, "evidence_file", "logins", -1, slice_of(logins, sizeof logins - 1));
}

/* The second byte on is what the matcher keeps: a state with a finger, and a record of the entry policy. */
static void write_kept_seeds(const char *folder)
{
        uint8_t bytes[512];
        static const uint8_t zeros[65];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 9);
        for (unsigned key = 1; key <= 8; key++) {
                static const uint8_t sizes[] = { 0, 0, 32, 65, 16, 0, 65, 20, 32 };
                cbor_write_uint(&w, key);
                if (key == 1)
                        cbor_write_uint(&w, 3);
                else if (key != 5)
                        cbor_write_bytes(&w, slice_of(zeros, sizes[key]));
                else {
                        cbor_write_array(&w, 1);
                        cbor_write_array(&w, 3);
                        cbor_write_bytes(&w, slice_of(zeros, 16));
                        cbor_write_string(&w, "left");
                        cbor_write_bytes(&w, slice_of(zeros, 8));
                }
        }
        cbor_write_uint(&w, 9);
        cbor_write_array(&w, 3);
        cbor_write_string(&w, "scripted");
        cbor_write_uint(&w, 0);
        cbor_write_uint(&w, 1);
        write_seed(folder, "matcher_kept", "state", 0, writer_view(&w));
        static const uint8_t alone[] = { 0xA1, 7, 0x41, 0xCE }; /* a certificate, without what it is of */
        write_seed(folder, "matcher_kept", "alone", 0, SLICE(alone));
        bytes[2] = 0; /* the version */
        write_seed(folder, "matcher_kept", "unversioned", 0, writer_view(&w));
        const uint8_t record[54] = { 1, 1, 0, 0, 0, 7 };
        write_seed(folder, "matcher_kept", "record", 1, SLICE(record));
}

/* The second byte on is an image, its width before it, of straight ridges; or the prints that were seen: one.
 */
static void write_sample_seeds(const char *folder)
{
        enum { SIDE = 160, PERIOD = 9, SKETCH = 256 };
        static uint8_t image[2 + SIDE * SIDE];
        uint8_t seen[1 + 16 + 32 + 8 + 2 + SKETCH] = { 1 };
        writer w = WRITER(image), last = writer_over(&seen[1 + 16 + 32], 8 + 2);
        write_u16(&w, SIDE);
        for (int i = 0; i < SIDE * SIDE; i++)
                write_u8(&w, i / SIDE % PERIOD < PERIOD / 2 ? 40 : 220);
        write_seed(folder, "samples", "image", 1, writer_view(&w));
        write_u64(&last, 7);
        write_u16(&last, 1);
        write_seed(folder, "samples", "seen", 0, SLICE(seen));
}

/* The byte that tells fuzz_statement which format it is. */
static int statement_byte(const char *format)
{
        static const char *const names[] = { "none", "packed", "fido-u2f", "tpm", "android-key", "apple",
                "compound", "mitome-jpki" };
        int i = 0;
        while (strcmp(names[i], format) != 0)
                i++;
        return i;
}

/* One byte string of a statement, or nothing. */
static slice member_of(slice statement, const char *name)
{
        struct cbor_reader r = cbor_over(statement, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        bool more = true;
        slice item, bytes = { 0 };
        r.deeper = ATTESTATION_DEEPER;
        r.any_order = true;
        if (failed(cbor_open_map(&r, "attStmt", 8, &map)))
                return bytes;
        while (!failed(cbor_next_key(&r, &map, &key, &more)) && more) {
                struct cbor_reader again = r;
                if (failed(cbor_read_item(&r, "member", &item)))
                        return bytes;
                if (!key.is_text || !slice_is(key.text, name))
                        continue;
                struct attestation_chain chain;
                if (!failed(cbor_read_bytes(&again, "member", SIZE_MAX, &bytes)))
                        return bytes;
                if (!failed(attestation_read_chain(&again, "member", &chain)))
                        return chain.certificates[0];
        }
        return bytes;
}

static void write_statement_seeds(const char *folder, const char *format, const char *name, slice statement)
{
        const slice leaf = member_of(statement, "x5c");
        write_seed(folder, "statement", name, statement_byte(format), statement);
        if (leaf.size)
                write_seed(folder, "certificate", name, -1, leaf);
        if (strcmp(format, "tpm") != 0)
                return;
        write_seed(folder, "tpm", "public", 0, member_of(statement, "pubArea"));
        write_seed(folder, "tpm", "attest", 1, member_of(statement, "certInfo"));
        write_seed(folder, "tpm", "certificate", 2, leaf);
}

/* As fuzz_bind_passkey reads it. */
static void write_passkey(const char *folder, const char *name, const struct rig_response *built)
{
        uint8_t bytes[16384];
        writer w = WRITER(bytes);
        write_u16(&w, (uint16_t)built->client_data_size);
        write_slice(&w, slice_of(built->client_data, built->client_data_size));
        write_slice(&w, slice_of(built->auth_data, built->auth_data_size));
        write_seed(folder, "bind_passkey", name, 0, writer_view(&w));
}

static void write_registrations(const char *folder, struct format_rig *formats)
{
        static const uint8_t extensions[] = { 0xA1, 0x6B, 'c', 'r', 'e', 'd', 'P', 'r', 'o', 't', 'e', 'c',
                't', 2 };
        static struct rig_response built;
        for (int format = 0; format < RIG_FORMATS; format++)
                for (int extended = 0; extended < 2; extended++) {
                        char name[64];
                        struct rig_plan plan = rig_registration_plan();
                        if (extended) {
                                plan.flags |= AUTHDATA_ED;
                                plan.extensions = SLICE(extensions);
                                plan.before_client_data = "\xEF\xBB\xBF";
                                plan.inner_members = ",\"transports\":[\"usb\"]";
                        }
                        format_rig_build(formats, (enum rig_format)format, &plan, &built);
                        snprintf(name, sizeof name, "%s-%d-%d", format_rig_name((enum rig_format)format),
                                format, extended);
                        write_seed(folder, "registration", name, -1, rig_json(&built));
                        write_seed(folder, "json", name, -1, rig_json(&built));
                        write_seed(folder, "cbor", name, -1, slice_of(built.object, built.object_size));
                        write_seed(folder, "authdata", name, -1,
                                slice_of(built.auth_data, built.auth_data_size));
                        write_seed(folder, "client_data", name, -1,
                                slice_of(built.client_data, built.client_data_size));
                        write_passkey(folder, name, &built);
                        write_statement_seeds(folder, format_rig_name((enum rig_format)format), name,
                                rig_statement(&built));
                }
        write_seed(folder, "certificate", "ca", -1, slice_of(formats->rig.ca_der, formats->rig.ca_der_size));
}

/* Keys of each type: authData of none alone has them all. */
static void write_logins(const char *folder, struct format_rig *formats)
{
        static struct rig_response built;
        static const enum rig_key keys[] = { RIG_ES256, RIG_EDDSA, RIG_RS256, RIG_ES384 };
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
                char name[32];
                struct rig_plan plan = rig_authentication_plan();
                plan.key = keys[i];
                plan.user_handle = "\"dXNlcg\"";
                rig_build(&formats->rig, &plan, &built);
                snprintf(name, sizeof name, "login-%zu", i);
                write_seed(folder, "authentication", name, -1, rig_json(&built));
                write_seed(folder, "authdata", name, -1, slice_of(built.auth_data, built.auth_data_size));
                plan = rig_registration_plan();
                plan.key = keys[i];
                plan.attestation = RIG_NO_STATEMENT;
                plan.format = "none";
                rig_build(&formats->rig, &plan, &built);
                snprintf(name, sizeof name, "key-%zu", i);
                write_seed(folder, "registration", name, -1, rig_json(&built));
                write_seed(folder, "authdata", name, -1, slice_of(built.auth_data, built.auth_data_size));
        }
}

/* A structure of every kind, for fuzz_inspect. */
static void write_kinds(const char *folder)
{
        static struct inspect_rig rig;
        inspect_rig_open(&rig);
        for (size_t i = 0; i < rig.count; i++) {
                char name[64];
                snprintf(name, sizeof name, "%s-%zu", rig.samples[i].kind, i);
                write_seed(folder, "inspect", name, -1, rig.samples[i].bytes);
                if (strcmp(rig.samples[i].kind, "receipt") == 0 ||
                        strcmp(rig.samples[i].kind, "element-statement") == 0)
                        write_seed(folder, "evidence", name, -1, rig.samples[i].bytes);
        }
        inspect_rig_close(&rig);
}

/* A statement with a fact of each type. */
static void write_evaluations(const char *folder)
{
        static const uint8_t filler[64] = { 1 };
        uint8_t payload[1024], bytes[2048];
        writer p = WRITER(payload), w = WRITER(bytes);
        const slice certificates[] = { SLICE(filler), SLICE(filler) };
        struct level_facts facts = { 0 };
        const struct mitome_evaluation said = { .report = slice_of(filler, 32),
                .aaguid = slice_of(filler, 16),
                .build = slice_text("build"),
                .at = 1000,
                .expires = 2000,
                .policies = { { slice_text("policy"), slice_of(filler, 32), slice_text("AAL2") } },
                .policy_count = 1 };
        facts.facts[LEVEL_KEY_EXPORTABLE] = (struct level_fact){ .obtained = LEVEL_ATTESTED };
        facts.facts[LEVEL_PIN_TRIES] = (struct level_fact){ .obtained = LEVEL_ATTESTED, .count = 3 };
        facts.facts[LEVEL_UV_MODALITY] =
                (struct level_fact){ .obtained = LEVEL_DECLARED, .word = slice_text("finger") };
        facts.facts[LEVEL_UV_FMR] = (struct level_fact){
                .obtained = LEVEL_ATTESTED, .partial = true, .rate = { .errors = 1, .trials = 50000 }
        };
        evaluation_payload_write(&p, &said, &facts);
        for (size_t count = 1; count <= 2; count++) {
                w.used = 0;
                evaluation_statement_write(&w, count == 1 ? COSE_ES256 : COSE_EDDSA, certificates, count,
                        writer_view(&p), SLICE(filler));
                must(!p.overflowed && !w.overflowed, "evaluation");
                write_seed(
                        folder, "evaluation_statement", count == 1 ? "es256" : "eddsa", -1, writer_view(&w));
        }
}

/* A policy with each member, and predicates with each operator. */
static void write_policies(const char *folder)
{
        static const char *const predicates[] = {
                "not uv.offered or (uv.tries >= 1 and uv.tries <= 5)",
                "pin.tries = 3 and pin.length_least > 3 and uv.wait_seconds < 60",
                "model.key_protection = tee or model.matcher_protection in (tee, on_chip)",
                "uv.fmr < 1/10000 and uv.fnmr <= 5% and uv.iapar < 0.07%",
        };
        char json[1024];
        for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++) {
                char name[32];
                must((size_t)snprintf(name, sizeof name, "predicate-%zu", i) < sizeof name, "name");
                write_seed(folder, "policy", name, -1, slice_text(predicates[i]));
                const int size = snprintf(json, sizeof json,
                        "{\"id\":\"p\",\"title\":\"t\",\"title_ja\":\"t\",\"provisional\":true,\"note\":\"n\","
                        "\"note_ja\":\"n\",\"confidence\":90,\"levels\":[\"1\",\"2\"],\"requirements\":[{\"id\":"
                        "\"A\",\"topic\":\"T\",\"level\":\"1\",\"until\":\"1\",\"scope\":[\"login\",\"device\"],"
                        "\"source\":\"s\",\"section\":\"1\",\"keyword\":\"SHALL\",\"text\":\"t\",\"text_ja\":"
                        "\"t\",\"responsible\":\"CA\",\"remedy\":\"r\",\"remedy_ja\":\"r\",\"verified\":true,"
                        "\"predicate\":\"%s\"}]}",
                        predicates[i]);
                must(size > 0 && (size_t)size < sizeof json, "policy");
                must((size_t)snprintf(name, sizeof name, "policy-%zu", i) < sizeof name, "name");
                write_seed(folder, "policy", name, -1, slice_text(json));
        }
}

/* A report with a row of each kind. */
static void write_reports(const char *folder)
{
        static const char report[] =
                "{\"mitome_report\":1,\"tool\":{\"name\":\"mitome\",\"version\":\"0.1.0\"},\"at\":\"2026-11-22T10:0"
                "0:00Z\",\"target\":{\"name\":\"self\",\"kind\":\"self\",\"description\":\"an authenticator\",\"des"
                "cription_ja\":\"j\",\"aaguid\":\"00112233445566778899aabbccddeeff\",\"versions\":[\"FIDO_2_0\",\"F"
                "IDO_2_1\"],\"transports\":[\"usb\"],\"simulated\":true,\"abilities\":[\"ctap\",\"touch\",\"power c"
                "ycles\",\"element\"]},\"caveats\":[{\"id\":\"simulated\",\"text\":\"The secure e\",\"text_ja\":\"j"
                "\"}],\"evidence\":[{\"id\":\"E01\",\"what\":\"getInfo\",\"obtained\":\"observed\",\"sha256\":\"f55"
                "ff16f66f43360266b95db6f8fec01d76031054306ae4a4b380598f6cfd114\",\"size\":2,\"bytes\":\"a101\"}],\""
                "facts\":[{\"name\":\"pin.length_least\",\"obtained\":\"observed\",\"partial\":false,\"type\":\"cou"
                "nt\",\"value\":4,\"from\":\"P05\",\"evidence\":[\"E01\"],\"text\":\"characters o\",\"text_ja\":\"j"
                "\"}],\"probes\":[{\"id\":\"P05\",\"title\":\"Unlocked, nobody verified\",\"title_ja\":\"j\",\"atta"
                "ck\":\"A login is a\",\"attack_ja\":\"j\",\"must\":\"Nothing is signed.\",\"must_ja\":\"j\",\"resp"
                "onsible\":\"app\",\"destructive\":false,\"result\":\"broken\",\"why\":\"It signed wi\",\"facts\":["
                "\"pin.length_least\"],\"evidence\":\"E01\",\"steps\":[{\"sent\":\"02a1\",\"saw\":\"00a3\",\"by\":"
                "\"ctap\"}],\"steps_omitted\":3,\"replay\":\"mitome evaluate --replay P05 self\"}],\"policies\":[{"
                "\"id\":\"nist-800-63b-3\",\"title\":\"NIST SP 800-63B, revision 3\",\"title_ja\":\"j\",\"sha256\":"
                "\"71c06ee1a48cfe649a301a45bebd78a62ceee8418cbf0462665b54ff3549333d\",\"provisional\":false,\"note"
                "\":\"\",\"note_ja\":\"\",\"confidence\":95,\"scopes\":[\"device\"],\"levels\":[\"AAL2\",\"AAL3\"],"
                "\"level\":null,\"next\":\"AAL2\",\"unconfirmed\":false,\"blockers\":[\"PINLEN\"],\"untested\":[\"R"
                "EVOKE\"],\"declared\":[],\"partial\":[],\"changes_least\":true,\"changes\":null,\"requirements\":["
                "{\"id\":\"PINLEN\",\"topic\":\"PINLEN\",\"level\":\"AAL2\",\"until\":null,\"scope\":[\"device\"],"
                "\"keyword\":\"SHALL\",\"source\":\"NIST SP 800-63B\",\"section\":\"5.1.9.1\",\"verified\":true,\"t"
                "ext\":\"The secret t\",\"text_ja\":\"j\",\"predicate\":\"pin.length_least >= 6\",\"outcome\":\"not"
                " satisfied\",\"why\":\"pin.length_least is 4 (observed by P07)\",\"why_ja\":\"j\",\"facts\":[\"pin"
                ".length_least\"],\"responsible\":\"element\",\"remedy\":\"Ask for six digits.\",\"remedy_ja\":\"j"
                "\"},{\"id\":\"REVOKE\",\"topic\":\"REVOKE\",\"level\":\"AAL2\",\"until\":null,\"scope\":[\"login\""
                "],\"keyword\":\"SHALL\",\"source\":\"NIST SP 800-63B\",\"section\":\"5.1.9.1\",\"verified\":true,"
                "\"text\":\"Not revoked.\",\"text_ja\":\"j\",\"predicate\":\"login.revoked\",\"outcome\":\"not test"
                "able here\",\"why\":\"not known\",\"why_ja\":\"j\",\"facts\":[],\"responsible\":\"element\",\"reme"
                "dy\":\"Ask for six digits.\",\"remedy_ja\":\"j\"}]}],\"disagreements\":[{\"topic\":\"PINLEN\",\"si"
                "des\":[{\"policy\":\"nist-800-63b-3\",\"requirement\":\"PINLEN\",\"predicate\":\"pin.length_least "
                ">= 6\",\"outcome\":\"not satisfied\"},{\"policy\":\"nist-800-63b-4\",\"requirement\":\"PINLEN\",\""
                "predicate\":\"pin.length_least >= 4\",\"outcome\":\"satisfied\"}],\"text\":\"Four digits \",\"text"
                "_ja\":\"j\"}],\"guess_budget\":{\"paths\":[{\"name\":\"finger\",\"name_ja\":\"j\",\"counted\":true"
                ",\"missing\":[],\"each\":\"0.0000994061\",\"tries\":5,\"total\":\"0.000496932\",\"basis\":\"upper "
                "bound, 95 %\",\"basis_ja\":\"j\"},{\"name\":\"PIN\",\"name_ja\":\"j\",\"counted\":true,\"missing\""
                ":[],\"each\":\"0.0001\",\"tries\":3,\"total\":\"0.0003\",\"basis\":\"four digits, drawn evenly\","
                "\"basis_ja\":\"j\"}],\"total\":\"0.000796783\",\"text\":\"A finder ope\",\"text_ja\":\"j\"},\"det"
                "\":{\"source\":\"E02\",\"points\":[{\"threshold\":20,\"fmr\":\"0.001\",\"fnmr\":\"0.01\"},{\"thres"
                "hold\":24,\"fmr\":\"0.00001\",\"fnmr\":\"0.03\"}]}}";
        write_seed(folder, "report_forms", "report", -1, slice_of(report, sizeof report - 1));
}

/* Rules of every form, for fuzz_access_rules. */
static void write_access_rules(const char *folder)
{
        static const uint8_t hash[32] = { 1 }, aid[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26 }, filters[16] = { 0 },
                             always[] = { 1 };
        const struct access_rule rules[] = {
                { .reference = { .aid = SLICE(aid), .hash = SLICE(hash) }, .apdu = SLICE(always) },
                { .reference = { .aid = SLICE(aid) }, .apdu = SLICE(filters), .nfc = SLICE(always) },
                { .reference = { .implicit = true, .package = slice_text("app") }, .apdu = SLICE(always) },
                { .reference = { .hash = slice_of(hash, 20) }, .permissions = slice_of(hash, 8) },
        };
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
                access_rule_write(&w, &rules[i]);
        write_seed(folder, "access_rules", "rules", -1, writer_view(&w));
}

/* For fuzz_mouths: a login with a touch and one with a finger, by each mouth, and a reset. The script is:
 * which mouth and how, the request, what the element's answers begin with, then who looks on and what user
 * and sensor do. */
static void write_mouths(const char *folder)
{
        static const char *const names[] = { "hid", "reader", "app" };
        static const uint8_t begins[][3] = { { 1, 0, 0 }, { 4, 0x80 }, { 6 } };
        static const size_t sizes[] = { 3, 2, 1 };
        static const uint8_t head[] = { 0x02, 0xA3, 0x01, 0x61, 'a', 0x02, 0x58, 0x20 };
        static const uint8_t hash[32], options[] = { 0x05, 0xA1, 0x62, 'u', 'p', 0xF5 };
        static const uint8_t rest[] = { 0, 0x0E, 0, 0, 0, 2, 2, 0x44, 2, 1, 2, 0, 5, 0, 7 };
        static const uint8_t reset[] = { 2, 0x94, 1, 0, 7, 0, 0x94, 2, 1, 7, 4,
                1 }; /* up to the gate's FORGET */
        uint8_t bytes[128];
        write_seed(folder, "mouths", "reset", -1, SLICE(reset));
        for (size_t i = 0; i < 3; i++) {
                for (size_t finger = 0; finger < 2; finger++) {
                        char name[16];
                        writer w = WRITER(bytes);
                        write_slice(&w, slice_of(begins[i], sizes[i]));
                        write_u8(&w, sizeof head + sizeof hash + sizeof options);
                        write_slice(&w, SLICE(head));
                        write_slice(&w, SLICE(hash));
                        write_slice(&w, SLICE(options));
                        if (finger)
                                bytes[w.used - 2] = 'v';
                        write_slice(&w, SLICE(rest));
                        must((size_t)snprintf(name, sizeof name, "%s-%zu", names[i], finger) < sizeof name,
                                "name");
                        write_seed(folder, "mouths", name, -1, writer_view(&w));
                }
        }
}

/* For fuzz_management: a message of each subcommand that has parameters. */
static void write_management(const char *folder)
{
        static const uint8_t list[] = { 0x04, 0xA1, 0x01, 0x58, 0x20 }, hash[32];
        static const uint8_t descriptor[] = { 0x02, 0xA2, 0x62, 'i', 'd', 0x43, 1, 2, 3, 0x64, 't', 'y', 'p',
                'e', 0x6A, 'p', 'u', 'b', 'l', 'i', 'c', '-', 'k', 'e', 'y' };
        static const uint8_t user[] = { 0x03, 0xA3, 0x62, 'i', 'd', 0x41, 1, 0x64, 'n', 'a', 'm', 'e', 0x61,
                'n', 0x6B, 'd', 'i', 's', 'p', 'l', 'a', 'y', 'N', 'a', 'm', 'e', 0x61, 'd' };
        static const uint8_t delete[] = { 0x06, 0xA1 }, update[] = { 0x07, 0xA2 };
        const slice messages[][3] = { { SLICE(list), SLICE(hash) }, { SLICE(delete), SLICE(descriptor) },
                { SLICE(update), SLICE(descriptor), SLICE(user) } };
        static const char *const names[] = { "list", "delete", "update" };
        uint8_t bytes[128];
        for (size_t i = 0; i < 3; i++) {
                writer w = WRITER(bytes);
                for (size_t part = 0; part < 3; part++)
                        write_slice(&w, messages[i][part]);
                write_seed(folder, "management", names[i], -1, writer_view(&w));
        }
}

/* For fuzz_core: a whole flow of each kind. The script is: C0 and which request, or 80 and what is answered,
 * as fuzz_core.c reads it. */
static void write_flows(const char *folder)
{
        enum { POWER_ON = CORE_POWER_ON, TIME = CORE_EVENT_KINDS };
        static const uint8_t registers[] = { 0xC0, 0, 0, 0, 0, 0x80, 0x06, 0x80, 0x04, 0x80, 0x80, 0x02 };
        static const uint8_t next[] = { 0xC0, 1, 0, 0, 0, 0x80, 0x06, 0x80, 0x04, 0x80, 0x80, 0x0A, 0xC0, 7,
                2, 0, 0, 0x80, 0x02 };
        static const uint8_t token[] = { 0xC0, 2, 4, 0, 0, 0x80, 0x09, TIME, 31, 0xC0, 3, 1, 0, 0, 0x80, 0x04,
                0x80, 0x06, 0x80, 0x04 };
        static const uint8_t finger[] = { 0xC0, 2, 5, 0, 0, 0x80, 0x4E, 0x80, 0x01, 0x80, 0x14, 0x80, 0x09 };
        static const uint8_t blobs[] = { 0xC0, 4, 0, 0, 0, 0x80, 0x06, 0x80, 0x04, 0x80, 0xC0, 4, 1, 0, 0,
                0xC0, 4, 4, 0, 0, 0x80, 0x06, 0x80, 0x04, 0xC0, 4, 2, 0, 0, 0x80, 0x06, 0x80, 0x04 };
        static const uint8_t reset[] = { 0xC0, 7, 1, 0, 0, 0x80, 0x80, 0x04, 0x80, TIME, 20, POWER_ON, 0xC0,
                7, 1, 0, 0, 0x80, 0x80, 0x04, 0x80 };
        static const uint8_t enrols[] = { 0xC0, 5, 1, 0, 0, 0x80, 0x01, 0x80, 0x22, 0xC0, 5, 2, 0, 0, 0x80,
                0x04, 0x80, 0x02, 0x80, 0x14, 0x80, 0x04 };
        const struct {
                const char *name;
                slice script;
        } flows[] = { { "register", SLICE(registers) }, { "next", SLICE(next) }, { "token", SLICE(token) },
                { "finger", SLICE(finger) }, { "blobs", SLICE(blobs) }, { "reset", SLICE(reset) },
                { "enrol", SLICE(enrols) } };
        for (size_t i = 0; i < sizeof flows / sizeof *flows; i++)
                write_seed(folder, "core", flows[i].name, -1, flows[i].script);
}

/* For fuzz_element: what a platform that knows the PIN does, and every event. A command stands behind its
 * length and 4000, an event is 8000 and its number. */
static void write_platform_command(writer *w, uint8_t ins, uint8_t p2, slice data)
{
        enum { BY_PLATFORM = 0x4000, HEAD = 5 };
        write_u16(w, (uint16_t)(BY_PLATFORM | (HEAD + data.size)));
        write_u8(w, 0x80);
        write_u8(w, ins);
        write_u8(w, 0);
        write_u8(w, p2);
        write_u8(w, (uint8_t)data.size);
        write_slice(w, data);
}

static void write_element(const char *folder)
{
        enum { CHANGE_PIN = 0x1C, CONFIGURE = 0x1E, MANAGE = 0x46, EVENT = 0x8000, EVENTS = 21 };
        static const uint8_t count[] = { 0x01 }, parties[] = { 0x02 }, next_party[] = { 0x03 },
                             next_credential[] = { 0x05 }, always_uv[] = { 0x02 },
                             minimum[] = { 0x03, 0xA2, 0x01, 0x04, 0x02, 0x81, 0x61, 'a' },
                             forced[] = { 0x03, 0xA1, 0x03, 0xF5 }, pin[] = { '5', '6', '7', '8' },
                             user[] = { 0x03, 0xA1, 0x62, 'i', 'd', 0x41, 1 };
        const slice rp_id = slice_text("rp.example");
        uint8_t bytes[1024], list[5 + SHA256_SIZE] = { 0x04, 0xA1, 0x01, 0x58, 0x20 };
        writer w = WRITER(bytes);
        sha256(&rp_id, 1, list + 5);
        write_platform_command(&w, MANAGE, 0, SLICE(count));
        write_platform_command(&w, MANAGE, 0, SLICE(parties));
        write_platform_command(&w, MANAGE, 0, SLICE(next_party));
        write_platform_command(&w, MANAGE, 0, SLICE(list));
        write_platform_command(&w, MANAGE, 0, SLICE(next_credential));
        write_platform_command(&w, MANAGE, 7, SLICE(user));
        write_platform_command(&w, MANAGE, 6, (slice){ 0 });
        write_seed(folder, "element", "management", 0, writer_view(&w));
        w = WRITER(bytes);
        write_platform_command(&w, CONFIGURE, 0, SLICE(always_uv));
        write_platform_command(&w, CONFIGURE, 0, SLICE(minimum));
        write_platform_command(&w, CONFIGURE, 0, SLICE(forced));
        write_platform_command(&w, CHANGE_PIN, 0, SLICE(pin));
        write_seed(folder, "element", "settings", 0, writer_view(&w));
        w = WRITER(bytes);
        for (uint16_t event = 0; event < EVENTS; event++) {
                write_u16(&w, EVENT | 3); /* the FIDO applet */
                write_u16(&w, (uint16_t)(EVENT | event));
        }
        write_seed(folder, "element", "events", 0, writer_view(&w));
}

/* The first byte tells what the rest is: a file; changes to a right journal; what three parties do. */
static void write_journals(const char *folder)
{
        static struct book book, other;
        static const uint8_t changes[] = { 0, 200, 1, 1, 44, 128 };
        static const uint8_t acts[] = { 0, 0, 0x10, 4, 5, 0x13, 0, 0x1D, 0x12, 2, 8, 0x25, 1, 0, 0x20 };
        book_open(&book, "one", 0);
        book_open(&other, "two", 0);
        book_write(&other, (struct line){ "wait", "done", NULL, 0, 0, NULL });
        book_write(&book, (struct line){ "ask-issue", "asked", "order:01", 1, 7, NULL });
        book_write(&book, (struct line){ "ask-issue", "confirmed", "serial:01", 1, 0, &other });
        write_seed(folder, "journal", "file", 0, book_bytes(&book));
        write_seed(folder, "journal", "changes", 1, SLICE(changes));
        write_seed(folder, "journal", "acts", 2, SLICE(acts));
}

/* A request with all that is looked at in one, and a page with all that may stand in one. */
static void write_web_seeds(const char *folder)
{
        static const char head[] =
                "POST /a/%20b/c/d?x=1&language=ja HTTP\nHost: localhost:80\nContent-Length: 5\n"
                "Content-Type: application/json; charset=utf-8\nCookie: session=a; b=c\nOrigin: http://localhost\n"
                "Accept-Language: ja;q=0.5,en\nAccept: text/html\nSec-Fetch-Site: none\nExpect: 100-continue\n"
                "X-Forwarded-For: ::2, ::3\n\na=b%20c&d=+",
                          page[] =
                                  "<!DOCTYPE html><a href=\"{{u}}\" title=\"{{a}}\">{{#if a}}x{{#else}}y{{/if}}</a>"
                                  "{{#each l}}{{.}}{{a}}{{/each}}{{:w}}{{=w}}{{>part}}{{o.a}}"
                                  "<!-- --><script src=\"/x\"></script>";
        write_seed(folder, "web_head", "post", -1, slice_text(head));
        write_seed(folder, "web_page", "page", -1, slice_text(page));
}

/* The first byte says what it is: a clients file, a request, an exchange, a wish to log out, a way back, a
 * JWS.
 */
static void write_oidc_seeds(const char *folder)
{
        static const char challenge[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        static const char clients[] =
                "{\"clients\":[{\"id\":\"wiki\",\"name\":{\"en\":\"W\",\"ja\":\"W\"},\"secret_sha256\":"
                "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
                "\"redirect_uris\":[\"https://wiki.example/a\",\"http://localhost:80/b?c\"],"
                "\"post_logout_redirect_uris\":[\"http://[::1]/\"],\"sector\":\"a.example\"}]}";
        char request[512], exchange[512];
        snprintf(request, sizeof request,
                "client_id=wiki&redirect_uri=https://wiki.example/a&response_type=code&scope=openid&state=a%%20b%%26&"
                "nonce=n&code_challenge_method=S256&code_challenge=%s&prompt=login%%20consent&max_age=60&acr_values="
                "AAL2&after=1763700000&ui_locales=ja",
                challenge);
        snprintf(exchange, sizeof exchange,
                "Basic d2lraTpzZWNyZXQ=\ngrant_type=authorization_code&code=x&redirect_uri=https://wiki.example/"
                "a&code_verifier=%s&client_id=wiki",
                challenge);
        write_seed(folder, "oidc", "clients", 0, slice_text(clients));
        write_seed(folder, "oidc", "request", 1, slice_text(request));
        write_seed(folder, "oidc", "exchange", 2, slice_text(exchange));
        write_seed(folder, "oidc", "leave", 3,
                slice_text(
                        "client_id=wiki&post_logout_redirect_uri=https://wiki.example/b&state=x&id_token_hint="
                        "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"));
        write_seed(folder, "oidc", "return", 4, slice_text("to=/private/?a=b&c=%20"));
        write_seed(folder, "oidc", "jws", 5,
                slice_text("eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IkFBQUEifQ.e30.AAAA"));
}

int main(int argc, char **argv)
{
        static struct format_rig formats;
        if (argc != 2) {
                fprintf(stderr, "usage: make_seeds FOLDER\n");
                return 2;
        }
        make_folder(argv[1]);
        format_rig_open(&formats);
        write_registrations(argv[1], &formats);
        write_logins(argv[1], &formats);
        write_client_seeds(argv[1], &formats);
        write_portal_seeds(argv[1], &formats);
        format_rig_close(&formats);
        write_kinds(argv[1]);
        write_policies(argv[1]);
        write_evaluations(argv[1]);
        write_reports(argv[1]);
        write_access_rules(argv[1]);
        write_mouths(argv[1]);
        write_management(argv[1]);
        write_flows(argv[1]);
        write_element(argv[1]);
        write_evidence_seeds(argv[1]);
        write_kept_seeds(argv[1]);
        write_sample_seeds(argv[1]);
        write_journals(argv[1]);
        write_web_seeds(argv[1]);
        write_oidc_seeds(argv[1]);
        return EXIT_SUCCESS;
}
