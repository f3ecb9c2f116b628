/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata_status.h"

#include "metadata_fields.h"

static const char field[] = "statusReports";

/* FIDO Metadata Service 3.1.4, and the certification level that a status stands for. */
static const struct {
        const char *name;
        unsigned level;
} statuses[] = {
        [MITOME_STATUS_UNKNOWN] = { "UNKNOWN", 0 },
        [MITOME_STATUS_NOT_FIDO_CERTIFIED] = { "NOT_FIDO_CERTIFIED", 0 },
        [MITOME_STATUS_SELF_ASSERTION_SUBMITTED] = { "SELF_ASSERTION_SUBMITTED", 0 },
        [MITOME_STATUS_FIDO_CERTIFIED] = { "FIDO_CERTIFIED", 0 },
        [MITOME_STATUS_FIDO_CERTIFIED_L1] = { "FIDO_CERTIFIED_L1", 1 },
        [MITOME_STATUS_FIDO_CERTIFIED_L1PLUS] = { "FIDO_CERTIFIED_L1plus", 2 },
        [MITOME_STATUS_FIDO_CERTIFIED_L2] = { "FIDO_CERTIFIED_L2", 3 },
        [MITOME_STATUS_FIDO_CERTIFIED_L2PLUS] = { "FIDO_CERTIFIED_L2plus", 4 },
        [MITOME_STATUS_FIDO_CERTIFIED_L3] = { "FIDO_CERTIFIED_L3", 5 },
        [MITOME_STATUS_FIDO_CERTIFIED_L3PLUS] = { "FIDO_CERTIFIED_L3plus", 6 },
        [MITOME_STATUS_FIPS140_CERTIFIED_L1] = { "FIPS140_CERTIFIED_L1", 0 },
        [MITOME_STATUS_FIPS140_CERTIFIED_L2] = { "FIPS140_CERTIFIED_L2", 0 },
        [MITOME_STATUS_FIPS140_CERTIFIED_L3] = { "FIPS140_CERTIFIED_L3", 0 },
        [MITOME_STATUS_FIPS140_CERTIFIED_L4] = { "FIPS140_CERTIFIED_L4", 0 },
        [MITOME_STATUS_UPDATE_AVAILABLE] = { "UPDATE_AVAILABLE", 0 },
        [MITOME_STATUS_RETIRED] = { "RETIRED", 0 },
        [MITOME_STATUS_USER_KEY_PHYSICAL_COMPROMISE] = { "USER_KEY_PHYSICAL_COMPROMISE", 0 },
        [MITOME_STATUS_USER_VERIFICATION_BYPASS] = { "USER_VERIFICATION_BYPASS", 0 },
        [MITOME_STATUS_ATTESTATION_KEY_COMPROMISE] = { "ATTESTATION_KEY_COMPROMISE", 0 },
        [MITOME_STATUS_USER_KEY_REMOTE_COMPROMISE] = { "USER_KEY_REMOTE_COMPROMISE", 0 },
        [MITOME_STATUS_REVOKED] = { "REVOKED", 0 },
};

enum { STATUSES = sizeof statuses / sizeof statuses[0] };

const char *mitome_metadata_status_name(enum mitome_authenticator_status status)
{
        return (size_t)status < STATUSES ? statuses[status].name : statuses[MITOME_STATUS_UNKNOWN].name;
}

struct report {
        enum mitome_authenticator_status status;
        bool dated;
        int64_t since;
};

static mitome_status read_status(struct json_reader *r, enum mitome_authenticator_status *ret)
{
        slice raw;
        MITOME_TRY(json_read_raw(r, "status", &raw));
        *ret = MITOME_STATUS_UNKNOWN;
        for (size_t i = 1; i < STATUSES; i++)
                if (json_name_is(raw, statuses[i].name))
                        *ret = (enum mitome_authenticator_status)i;
        return ok();
}

/* One StatusReport, 3.1.3. */
static mitome_status read_report(struct json_reader *r, struct report *ret)
{
        struct json_reader start = *r;
        struct json_members object;
        struct report report = { 0 };
        bool found = false, null;
        slice name;
        MITOME_TRY(json_open_object(r, field, &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(metadata_take_null(r, field, &null));
                if (null)
                        continue;
                if (json_name_is(name, "status")) {
                        MITOME_TRY(read_status(r, &report.status));
                        found = true;
                } else if (json_name_is(name, "effectiveDate")) {
                        MITOME_TRY(metadata_read_day(r, "effectiveDate", &report.since));
                        report.dated = true;
                } else {
                        MITOME_TRY(json_skip(r, field));
                }
        }
        if (!found)
                return reader_fail(&start.bytes, MITOME_E_MISSING, "status");
        *ret = report;
        return ok();
}

/* The reports in force, the oldest first. One without a date is as old as the one that it follows. */
struct history {
        struct report reports[METADATA_REPORTS_MAX];
        size_t count;
        int64_t last;
};

static void remember(struct history *history, struct report report, int64_t now)
{
        if (!report.dated)
                report.since = history->last;
        if (report.since > now)
                return;
        history->last = report.since;
        size_t at = history->count++;
        for (; at > 0 && history->reports[at - 1].since > report.since; at--)
                history->reports[at] = history->reports[at - 1];
        history->reports[at] = report;
}

static struct metadata_standing judge(const struct history *history)
{
        struct metadata_standing standing = { 0 };
        enum mitome_authenticator_status worst = MITOME_STATUS_UNKNOWN;
        for (size_t i = 0; i < history->count; i++) {
                enum mitome_authenticator_status status = history->reports[i].status;
                unsigned level = statuses[status].level;
                standing.status = status;
                worst = status > worst ? status : worst;
                if (status == MITOME_STATUS_NOT_FIDO_CERTIFIED)
                        standing.certification_level = 0;
                else if (level > standing.certification_level)
                        standing.certification_level = level;
        }
        standing.compromised = worst >= MITOME_STATUS_USER_KEY_PHYSICAL_COMPROMISE;
        if (standing.compromised)
                standing.status = worst;
        return standing;
}

mitome_status metadata_read_reports(struct json_reader *r, int64_t now, struct metadata_standing *ret)
{
        struct history history = { .last = INT64_MIN };
        struct json_members array;
        struct report report;
        size_t count = 0;
        MITOME_TRY(json_open_array(r, field, &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        break;
                if (count++ == METADATA_REPORTS_MAX)
                        return reader_fail(&r->bytes, MITOME_E_TOO_MANY, field);
                MITOME_TRY(read_report(r, &report));
                remember(&history, report, now);
        }
        *ret = judge(&history);
        return ok();
}
