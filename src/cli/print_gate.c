/* SPDX-License-Identifier: Apache-2.0 */
/* What the core, the matcher and the element say to each other of a finger. */
#include "gate_message.h"
#include "print_place.h"

static const char *const modalities[] = { "", "finger", "face", "iris" };
static const char *const classes[] = { "scripted", "convenience", "weak", "strong" };

static const char *command_name(uint8_t command)
{
        return command == 0x01   ? "authenticatorMakeCredential"
               : command == 0x02 ? "authenticatorGetAssertion"
               : command == 0x06 ? "authenticatorClientPIN"
               : command == 0x09 ? "authenticatorBioEnrollment"
                                 : "not known";
}

/* ---- the unlock token: authenticator/gate/unlock_token.h ---- */

static mitome_status read_word(
        reader *r, const char *field, const char *const *words, uint8_t least, uint8_t most, const char **ret)
{
        const reader start = *r;
        uint8_t number;
        MITOME_TRY(read_u8(r, field, &number));
        if (number < least || number > most)
                return reader_fail(&start, MITOME_E_TOKEN_FORM, field);
        *ret = words[number];
        return ok();
}

mitome_status print_unlock_token(const struct print_place *place, slice bytes)
{
        static const char *const versions[] = { "", "1" }, *const reserved[] = { "0" };
        static const char *const purposes[] = { "", "verified", "enrolled", "nothing was presented",
                "removed" };
        reader r = print_reader(place, bytes, "unlock_token.h");
        const char *version, *purpose, *modality, *zero;
        slice challenge, digest, set, mac;
        MITOME_TRY(read_word(&r, "token.version", versions, UNLOCK_VERSION, UNLOCK_VERSION, &version));
        MITOME_TRY(read_word(&r, "token.purpose", purposes, UNLOCK_VERIFIED, UNLOCK_REMOVED, &purpose));
        MITOME_TRY(read_word(&r, "token.modality", modalities, UNLOCK_FINGER, UNLOCK_IRIS, &modality));
        MITOME_TRY(read_word(&r, "token.reserved", reserved, 0, 0, &zero));
        MITOME_TRY(read_bytes(&r, "token.challenge", UNLOCK_CHALLENGE_SIZE, &challenge));
        MITOME_TRY(read_bytes(&r, "token.digest", SHA256_SIZE, &digest));
        MITOME_TRY(read_bytes(&r, "token.set", UNLOCK_SET_SIZE, &set));
        MITOME_TRY(read_bytes(&r, "token.mac", SHA256_SIZE, &mac));
        MITOME_TRY(read_end(&r, "unlock token"));
        print_line(place, "version", "%s", version);
        print_line(place, "purpose", "%s", purpose);
        print_line(place, "modality", "%s", modality);
        print_hex_line(place, "challenge", challenge);
        print_hex_line(place, "operation", digest);
        print_hex_line(place, "enrolment set", set);
        print_line(place, "MAC", "%zu bytes, not checked", mac.size);
        return ok();
}

/* ---- messages: authenticator/gate/gate_message.h ---- */

static void print_bytes_if(const struct print_place *place, const char *name, slice bytes)
{
        if (bytes.size)
                print_bytes_line(place, name, bytes);
}

static void print_entry(const struct print_place *place, slice entry)
{
        reader r = reader_over(entry, NULL, NULL);
        uint32_t count, number;
        if (failed(read_u32(&r, "count", &count)) || failed(read_u32(&r, "number", &number)))
                return;
        print_line(place, "PIN entered", "%u times, by the element's word (not checked)", count);
        print_line(place, "its challenge", "number %u", number);
}

mitome_status print_gate_request(const struct print_place *place, slice cbor)
{
        static const char *const kinds[] = { "", "STATUS", "POINT", "PAIR", "VERIFY", "ENROL", "CANCEL",
                "LIST", "RENAME", "REMOVE", "FORGET", "CERTIFICATE", "CERTIFY" };
        mitome_error inner = { 0 };
        struct gate_request request;
        mitome_status status = gate_request_read(cbor, &request, &inner);
        if (failed(status))
                return print_relay(place, status, &inner);
        print_line(place, "kind", "%s", kinds[request.kind]);
        if (request.command)
                print_line(place, "command", "%s (0x%02x)", command_name(request.command), request.command);
        if (request.kind == GATE_REQUEST_VERIFY || request.kind == GATE_REQUEST_ENROL) {
                print_line(place, "time limit", request.timeout_ms ? "%u ms" : "%u (the matcher's own)",
                        request.timeout_ms);
        }
        if (request.rp_id.size)
                print_text_line(place, "RP ID", request.rp_id);
        print_bytes_if(place, "clientDataHash", request.client_data_hash);
        print_bytes_if(place, "challenge", request.challenge);
        print_bytes_if(place, "element's point", request.element_point);
        print_bytes_if(place, "finger", request.finger_id);
        if (request.name.size)
                print_text_line(place, "name", request.name);
        print_entry(place, request.entry);
        print_bytes_if(place, "certificate", request.certificate);
        return ok();
}

static const char *report_name(uint8_t kind)
{
        static const char *const events[] = { "nothing", "awaits a finger", "a sample was taken",
                "not usable, again", "evidence", "no match", "nothing was presented", "broken", "", "",
                "the user said no" };
        static const char *const answers[] = { "STATUS", "POINT", "DONE", "REFUSED", "PAIRED", "FINGERS",
                "DECLINED", "CERTIFICATE" };
        if (kind >= GATE_REPORT_STATUS && kind <= GATE_REPORT_CERTIFICATE)
                return answers[kind - GATE_REPORT_STATUS];
        return kind < sizeof events / sizeof events[0] ? events[kind] : "not known";
}

static void print_refusal(const struct print_place *place, uint16_t code)
{
        const mitome_error reason = { (mitome_code)code, MITOME_NOWHERE, NULL, NULL };
        char text[512];
        mitome_explain(&reason, text, sizeof text);
        print_line(place, "reason", "%s", text);
}

static void print_fingers(const struct print_place *place, const struct gate_report *report)
{
        for (size_t i = 0; i < report->listed; i++) {
                const struct mitome_gate_finger *finger = &report->list[i];
                print_hex_line(place, "finger", SLICE(finger->id));
                print_text_line(place, "name", slice_of(finger->name, finger->name_size));
        }
}

mitome_status print_gate_report(const struct print_place *place, slice cbor)
{
        static const char *const hints[] = { "none", "too short", "not in the centre", "lift the finger",
                "try again", "as good as one seen before", "a finger that is in the set already",
                "too little to see" };
        mitome_error inner = { 0 };
        struct gate_report report;
        mitome_status status = gate_report_read(cbor, &report, &inner);
        if (failed(status))
                return print_relay(place, status, &inner);
        print_line(place, "kind", "%s", report_name(report.kind));
        if (report.kind == MITOME_GATE_RETRY || report.kind == MITOME_GATE_NO_MATCH)
                print_line(place, "hint", "%s",
                        report.hint < sizeof hints / sizeof hints[0] ? hints[report.hint] : "not known");
        if (report.kind == MITOME_GATE_SAMPLE || report.kind == MITOME_GATE_RETRY)
                print_line(place, "samples left", "%u", report.remaining);
        if (report.kind == GATE_REPORT_STATUS) {
                print_line(place, "paired", "%s", report.paired ? "yes" : "no");
                print_line(place, "fingers", "%u", report.fingers);
                print_hex_line(place, "enrolment set", report.set);
                print_text_line(place, "sensor", report.sensor);
                print_line(place, "class", "%s, by its own word", classes[report.class]);
                print_line(place, "modality", "%s", modalities[report.modality]);
        }
        print_fingers(place, &report);
        if (report.code)
                print_refusal(place, report.code);
        print_bytes_if(place, "matcher's point", report.point);
        print_bytes_if(place, "confirmation", report.confirmation);
        print_bytes_if(place, "certificate", report.certificate);
        if (report.evidence.size) {
                print_line(place, "evidence", "an unlock token, %zu bytes", report.evidence.size);
                print_part(place, print_unlock_token, report.evidence, 0);
        }
        return ok();
}
