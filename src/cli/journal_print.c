/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_print.h"

#include "json.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

/* What is printed of a digest for a person: enough to find it again. */
enum { SHORT_DIGEST = 8, TIME_SIZE = 32, OUT_SIZE = 16384, SHARED_SHOWN = 16 };

static const char *time_text(int64_t at, char buffer[TIME_SIZE])
{
        struct tm parts;
        time_t seconds = (time_t)at;
        if (!gmtime_r(&seconds, &parts) || !strftime(buffer, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts))
                return "-";
        return buffer;
}

static const char *hex_of(slice digest, char buffer[2 * LETTER_DIGEST_SIZE + 1])
{
        return sodium_bin2hex(buffer, 2 * LETTER_DIGEST_SIZE + 1, digest.data, digest.size);
}

/* All of an entry's texts are printable ASCII; journal_entry.c has refused others. */
static void print_slice(FILE *out, slice text)
{
        fwrite(text.data, 1, text.size, out);
}

static void print_json_writer(FILE *out, const writer *w)
{
        fwrite(w->data, 1, w->used, out);
        fputc('\n', out);
}

static bool belongs(const struct journal_print *print, size_t place)
{
        return !print->relations || print->relations[place] != JOURNAL_UNRELATED;
}

/* ---- parties ---- */

static const char *signature_words(const struct journal_print *print, const struct journal_party *party)
{
        if (!print->keys_known)
                return "signatures not checked";
        return party->signed_by_him ? "signed" : "NOT SIGNED by the key in the directory";
}

void journal_print_parties(const struct journal_print *print)
{
        for (size_t i = 0; i < journal_merge_parties(print->merge); i++) {
                struct journal_party party = journal_merge_party(print->merge, i);
                char hex[2 * LETTER_DIGEST_SIZE + 1];
                hex_of(SLICE(party.digest), hex);
                if (!print->json) {
                        fprintf(print->out, "%-16s %8llu entries, %s, head %s\n", party.name,
                                (unsigned long long)party.count, signature_words(print, &party), hex);
                        continue;
                }
                uint8_t bytes[OUT_SIZE];
                writer out = WRITER(bytes);
                struct json_writer w = json_into(&out);
                json_write_open_object(&w, NULL);
                json_write_open_object(&w, "party");
                json_write_string(&w, "name", party.name);
                json_write_int(&w, "entries", (int64_t)party.count);
                json_write_string(&w, "head_sha256", hex);
                if (print->keys_known)
                        json_write_bool(&w, "signed", party.signed_by_him);
                else
                        json_write_null(&w, "signed");
                json_write_close_object(&w);
                json_write_close_object(&w);
                print_json_writer(print->out, &out);
        }
}

/* ---- findings ---- */

/* What a finding says, by its code; %s party, %llu entry, %s who saw it, %llu in which entry of his. */
static void say_finding(const struct journal_print *print, const struct journal_finding *finding)
{
        unsigned long long number = finding->number, seen_at = finding->seen_at;
        const char *party = finding->party[0] ? finding->party : "a party";
        FILE *out = print->out;
        if (finding->code == MITOME_E_MISSING && !finding->seen_by[0])
                fprintf(out, "note: there is no entry in it\n");
        else if (finding->code == MITOME_E_MISSING)
                fprintf(out, "note: the journal of %s was not given; %s saw its entry %llu (in entry %llu)\n",
                        party, finding->seen_by, number, seen_at);
        else if (finding->code == MITOME_E_JOURNAL_SHORT && finding->seen_by[0])
                fprintf(out,
                        "FOUND: %s's journal ends before entry %llu, but %s saw more of it (in entry %llu)\n",
                        party, number, finding->seen_by, seen_at);
        else if (finding->code == MITOME_E_JOURNAL_REWRITTEN && finding->seen_by[0])
                fprintf(out,
                        "FOUND: %s's journal was written anew: entry %llu is not the one that %s saw (in entry "
                        "%llu)\n",
                        party, number, finding->seen_by, seen_at);
        else if (finding->code == MITOME_E_JOURNAL_REWRITTEN)
                fprintf(out, "FOUND: %s has two journals: entry %llu differs from another file's\n", party,
                        number);
        else if (finding->code == MITOME_E_JOURNAL_ORDER)
                fprintf(out,
                        "FOUND: entry %llu of %s and entry %llu of %s say that each follows from the other\n",
                        number, party, seen_at, finding->seen_by);
        else
                fprintf(out, "FOUND: entry %llu of %s is not believed, and nothing behind it\n", number,
                        party);
}

static void print_finding(const struct journal_print *print, const struct journal_finding *finding)
{
        mitome_error error = { .code = finding->code,
                .at = MITOME_NOWHERE,
                .field = finding->number ? "the entry" : "the journal" };
        char message[512];
        mitome_explain(&error, message, sizeof message);
        if (!print->json) {
                if (finding->file)
                        fprintf(print->out, "%s: ", finding->file);
                say_finding(print, finding);
                if (finding->code != MITOME_E_MISSING)
                        fprintf(print->out, "       %s\n", message);
                return;
        }
        uint8_t bytes[OUT_SIZE];
        writer out = WRITER(bytes);
        struct json_writer w = json_into(&out);
        json_write_open_object(&w, NULL);
        json_write_open_object(&w, "finding");
        json_write_int(&w, "code", finding->code);
        json_write_bool(&w, "fault", finding->code != MITOME_E_MISSING);
        json_write_string(&w, "message", message);
        json_write_string(&w, "party", finding->party);
        json_write_int(&w, "number", (int64_t)finding->number);
        if (finding->seen_by[0]) {
                json_write_string(&w, "seen_by", finding->seen_by);
                json_write_int(&w, "seen_at", (int64_t)finding->seen_at);
        }
        if (finding->file)
                json_write_string(&w, "file", finding->file);
        json_write_close_object(&w);
        json_write_close_object(&w);
        if (!out.overflowed)
                print_json_writer(print->out, &out);
}

void journal_print_findings(const struct journal_print *print)
{
        for (size_t i = 0; i < journal_merge_findings(print->merge); i++)
                print_finding(print, journal_merge_finding(print->merge, i));
}

void journal_print_verdict(const struct journal_print *print)
{
        bool sound = journal_merge_is_sound(print->merge);
        size_t entries = journal_merge_count(print->merge);
        if (!print->json) {
                fprintf(print->out, "%zu entries: %s\n", entries,
                        !sound         ? "NOT SOUND"
                        : entries == 0 ? "nothing is shown"
                        : print->keys_known
                                ? "sound"
                                : "whole, but anybody may have written them: name the parties' keys "
                                  "with --directory");
                return;
        }
        uint8_t bytes[256];
        writer out = WRITER(bytes);
        struct json_writer w = json_into(&out);
        json_write_open_object(&w, NULL);
        json_write_open_object(&w, "verdict");
        json_write_bool(&w, "sound", sound && print->keys_known && entries > 0);
        json_write_bool(&w, "signatures_checked", print->keys_known);
        json_write_int(&w, "entries", (int64_t)entries);
        json_write_close_object(&w);
        json_write_close_object(&w);
        print_json_writer(print->out, &out);
}

/* ---- the time line ---- */

static void print_digest(FILE *out, const struct journal_proof *proof)
{
        char hex[2 * LETTER_DIGEST_SIZE + 1];
        print_slice(out, proof->kind);
        fprintf(out, " %.*s", SHORT_DIGEST, hex_of(proof->digest, hex));
}

/* Title, number, verb, outcome, subject: what every line about an entry begins with. */
static void print_entry(FILE *out, const struct journal_entry *entry)
{
        print_slice(out, entry->party);
        fprintf(out, " %llu: ", (unsigned long long)entry->number);
        print_slice(out, entry->what);
        fputc(' ', out);
        print_slice(out, entry->outcome);
        if (entry->subject.size) {
                fputs(", ", out);
                print_slice(out, entry->subject);
        }
        if (entry->reason.size) {
                fputs(", because ", out);
                print_slice(out, entry->reason);
        }
}

static void print_line_text(
        const struct journal_print *print, size_t place, const struct journal_entry *entry)
{
        char at[TIME_SIZE];
        bool about = print->relations && print->relations[place] == JOURNAL_ABOUT;
        fprintf(print->out, "%s%s  ", print->relations ? about ? "* " : "  " : "", time_text(entry->at, at));
        print_entry(print->out, entry);
        for (size_t i = 0; i < entry->evidence_count; i++) {
                fputs(i ? ", " : "; on ", print->out);
                print_digest(print->out, &entry->evidence[i]);
        }
        if (entry->has_witness) {
                fputs("; saw ", print->out);
                print_slice(print->out, entry->witness.party);
                fprintf(print->out, " %llu", (unsigned long long)entry->witness.head.number);
        }
        fputc('\n', print->out);
}

static void write_shared(struct json_writer *w, const struct journal_print *print, size_t place, slice digest)
{
        size_t places[SHARED_SHOWN];
        size_t count = journal_merge_sharing(print->merge, digest, places, SHARED_SHOWN);
        json_write_open_array(w, "also");
        for (size_t i = 0; i < count && i < SHARED_SHOWN; i++) {
                if (places[i] == place)
                        continue;
                struct journal_entry other = journal_merge_entry(print->merge, places[i]);
                json_write_open_object(w, NULL);
                json_write_text(w, "party", other.party);
                json_write_int(w, "number", (int64_t)other.number);
                json_write_close_object(w);
        }
        json_write_close_array(w);
}

static void write_proofs(struct json_writer *w, const struct journal_print *print, size_t place,
        const struct journal_entry *entry)
{
        char hex[2 * LETTER_DIGEST_SIZE + 1];
        json_write_open_array(w, "evidence");
        for (size_t i = 0; i < entry->evidence_count; i++) {
                json_write_open_object(w, NULL);
                json_write_text(w, "kind", entry->evidence[i].kind);
                json_write_string(w, "sha256", hex_of(entry->evidence[i].digest, hex));
                write_shared(w, print, place, entry->evidence[i].digest);
                json_write_close_object(w);
        }
        json_write_close_array(w);
}

static void print_line_json(
        const struct journal_print *print, size_t place, const struct journal_entry *entry)
{
        uint8_t bytes[OUT_SIZE];
        writer out = WRITER(bytes);
        struct json_writer w = json_into(&out);
        char at[TIME_SIZE], hex[2 * LETTER_DIGEST_SIZE + 1];
        json_write_open_object(&w, NULL);
        json_write_text(&w, "party", entry->party);
        json_write_int(&w, "number", (int64_t)entry->number);
        json_write_string(&w, "at", time_text(entry->at, at));
        json_write_text(&w, "what", entry->what);
        json_write_text(&w, "outcome", entry->outcome);
        json_write_text(&w, "subject", entry->subject);
        if (entry->reason.size)
                json_write_text(&w, "reason", entry->reason);
        write_proofs(&w, print, place, entry);
        if (entry->has_witness) {
                json_write_open_object(&w, "saw");
                json_write_text(&w, "party", entry->witness.party);
                json_write_int(&w, "number", (int64_t)entry->witness.head.number);
                json_write_string(&w, "sha256", hex_of(SLICE(entry->witness.head.digest), hex));
                json_write_close_object(&w);
        }
        if (print->relations)
                json_write_string(
                        &w, "relation", print->relations[place] == JOURNAL_ABOUT ? "about" : "led-to");
        json_write_close_object(&w);
        print_json_writer(print->out, &out);
}

void journal_print_line(const struct journal_print *print)
{
        for (size_t place = 0; place < journal_merge_count(print->merge); place++) {
                if (!belongs(print, place))
                        continue;
                struct journal_entry entry = journal_merge_entry(print->merge, place);
                (print->json ? print_line_json : print_line_text)(print, place, &entry);
        }
}

/* ---- who let it happen ---- */

/* One piece of evidence: who had it before, and as what. Nobody: it is that party's word. */
static void print_proof(const struct journal_print *print, size_t place, const struct journal_proof *proof)
{
        size_t places[SHARED_SHOWN], others = 0;
        size_t count = journal_merge_sharing(print->merge, proof->digest, places, SHARED_SHOWN);
        fputs("    on ", print->out);
        print_digest(print->out, proof);
        for (size_t i = 0; i < count && i < SHARED_SHOWN; i++) {
                if (places[i] >= place)
                        continue;
                struct journal_entry other = journal_merge_entry(print->merge, places[i]);
                bool asked =
                        slice_is(other.outcome, "asked") && slice_begins_with(other.what, slice_text("ask-"));
                fprintf(print->out, "\n      %s ", asked ? "asked by" : "and");
                print_entry(print->out, &other);
                others++;
        }
        fputs(others ? "\n" : ", which nobody had before in these journals\n", print->out);
}

void journal_print_causes(const struct journal_print *print)
{
        for (size_t place = 0; place < journal_merge_count(print->merge); place++) {
                if (print->relations[place] != JOURNAL_ABOUT)
                        continue;
                struct journal_entry entry = journal_merge_entry(print->merge, place);
                fputs("decided by ", print->out);
                print_entry(print->out, &entry);
                fputc('\n', print->out);
                for (size_t i = 0; i < entry.evidence_count; i++)
                        print_proof(print, place, &entry.evidence[i]);
                if (entry.evidence_count == 0)
                        fputs("    on no evidence\n", print->out);
        }
}
