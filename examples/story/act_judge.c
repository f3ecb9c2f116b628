/* SPDX-License-Identifier: Apache-2.0 */

/* Which authentication level the login reached, by which policy, and what keeps it from the next. */

#include "authdata.h"
#include "judge_level.h"
#include "metadata_statement.h"
#include "story.h"

enum { POLICY_MAX = 32768, STATEMENT_MAX = 16384 };

/* The maker's word about the model. */
static mitome_status read_statement(
        const struct story *story, struct metadata_statement *ret, mitome_error *error)
{
        static uint8_t json[STATEMENT_MAX], roots[AUTHORITY_DER_MAX];
        writer w = WRITER(json);
        MITOME_TRY(maker_write_statement(&story->batch, &w, error));
        return metadata_statement_read(writer_view(&w), roots, sizeof roots, ret, error);
}

/* What the portal knows when a login has been verified: a refused one never comes here. */
static struct level_evidence evidence_of(
        const struct story *story, const struct metadata_statement *statement)
{
        const unsigned hardware = METADATA_HARDWARE | METADATA_TEE | METADATA_SECURE_ELEMENT;
        return (struct level_evidence){
                .user_present = story->verdict.flags & AUTHDATA_UP,
                .user_verified = story->verdict.flags & AUTHDATA_UV,
                .challenge_fresh = true,
                .origin_bound = true,
                .attestation_trusted = true, /* the portal's policy asked for it at registration */
                .certificate_alive = story->portal.certificate_serial.size > 0,
                .backup_eligible = story->verdict.flags & AUTHDATA_BE,
                .metadata_known = true,
                .verification_told = story->verdict.extensions.verified_by >= MITOME_VERIFIED_BY_PIN,
                .declared_every_path_verifies = statement->weakest_path >= METADATA_PATH_PASSCODE,
                .declared_hardware_key = statement->key_protection & hardware,
        };
}

static mitome_status read_policy(
        const struct story *story, const char *name, struct level_policy *ret, mitome_error *error)
{
        static char text[2][POLICY_MAX];
        static unsigned next;
        char path[512];
        snprintf(path, sizeof path, "%s/%s.json", story->policies, name);
        FILE *file = fopen(path, "re");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, "the folder of --policies", NULL);
        char *kept = text[next++ % 2];
        size_t size = fread(kept, 1, POLICY_MAX, file);
        fclose(file);
        return level_policy_read(slice_of(kept, size), ret, error);
}

#define PRINTED(view) (int)(view).size, (const char *)(view).data

static void tell(
        struct stage *stage, const struct level_policy *policy, const struct level_judgement *judgement)
{
        static const slice none = { (const uint8_t *)"no level", 8 };
        slice level = judgement->reached ? policy->levels[judgement->level] : none;
        stage_note(stage, "%.*s: %.*s", PRINTED(policy->id), PRINTED(level));
        if (judgement->barred) {
                const struct level_requirement *bar = &policy->requirements[judgement->bar];
                stage_note(stage, "  kept from more by %.*s (%.*s): %s. %.*s", PRINTED(bar->id),
                        PRINTED(bar->section), level_outcome_name(judgement->outcomes[judgement->bar]),
                        PRINTED(bar->remedy));
        }
}

mitome_status act_judge(struct story *story, mitome_error *error)
{
        static struct level_policy nist, plan;
        struct level_judgement by_nist, by_plan;
        struct metadata_statement statement;
        MITOME_TRY(read_statement(story, &statement, error));
        MITOME_TRY(read_policy(story, "nist-800-63b-4", &nist, error));
        MITOME_TRY(read_policy(story, "first-summary", &plan, error));
        const struct level_evidence evidence = evidence_of(story, &statement);
        level_judge(&nist, &evidence, &by_nist);
        level_judge(&plan, &evidence, &by_plan);
        tell(&story->stage, &nist, &by_nist);
        tell(&story->stage, &plan, &by_plan);
        /* The element is software and says so: more than AAL2 would be a lie, and so would be the plan's
         * chip. */
        bool right = by_nist.reached && by_nist.level == 1 && by_nist.barred && !by_plan.reached;
        stage_check(&story->stage, PORTAL, right,
                "The login's level is judged, and not above what software gives",
                "AAL2 by NIST SP 800-63B-4; the plan's chip is missing");
        return ok();
}
