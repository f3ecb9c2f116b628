/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBING_H
#define PROBING_H

/* A run of many probes on one target, which it keeps alive: before each the target is as it was at the
 * beginning, as far as it can be made so; after one that made it fail it is looked whether it still answers,
 * and it is power cycled and reached anew where it does not. What was found lies in the journal, a line a
 * probe, durable before the next one begins: who is killed has lost the probe that ran. One that does harm
 * has a line before it begins, too, so that what was broken off is told in the report of whoever goes on; a
 * refused PIN has one before anything else is sent. */

#include "probe_run.h"

#define PROBING_JOURNAL "journal.jsonl"

/* The result of a journal's line that says of a probe, before it does harm, that it begins. */
#define PROBING_BEGUN "begun"

/* The result of a journal's line with one of these in the place of a probe: the target, or the JPKI applet of
 * its element, has refused the PIN. Neither it nor another is given it again in this folder: each time would
 * cost a try, and whether it is another one nothing here may tell. */
#define PROBING_REFUSED "refused"
#define PROBING_PIN "PIN"
#define PROBING_ELEMENT_PIN "element PIN"

/* A member of the journal's lines alone: true where the probe had been broken off before. */
#define PROBING_AGAIN "again"

enum probing_event {
        PROBING_PIN_REFUSED, /* the target refuses the PIN that was given: it is not used any more */
        PROBING_BROKEN_OFF,  /* the person has stopped a probe that does harm */
        PROBING_PIN_UNUSED,  /* it was refused before, as the journal has it: it is not used; of no probe */
};

struct probing_watch {
        void *context; /* of all; each may be NULL */
        void (*begins)(void *context, size_t number, size_t of, const struct probe *probe);
        bool (*progress)(void *context, const struct probe *probe, uint64_t done, uint64_t of);
        /* `kept`: it was in the journal already */
        void (*ended)(void *context, size_t number, size_t of, const struct probe *probe,
                const json_t *result, bool kept);
        void (*said)(void *context, const struct probe *probe, enum probing_event event); /* probe or NULL */
        bool (*stopped)(void *context); /* the person has had enough: no further probe begins */
};

struct probing_config {
        const struct target_config *target; /* as the target was opened, for opening it again */
        const struct probe *const *probes;  /* which, ended by NULL; NULL: all of the catalogue */
        const char *folder;                 /* for the journal; NULL: none is kept */
        bool resume;                        /* goes on with it; else it begins anew */
        const char *version;                /* of this program */
        const char *at; /* when it begins, RFC 3339; of a journal that is resumed its own */
        struct probe_run_config limits;
        struct probing_watch watch;
};

struct probing_result {
        json_t *probes; /* as probe_run_json gives them: those asked for, then what else the journal has */
        json_t *target; /* as in REPORT.md, with "get_info" beside */
        char at[32];
        bool finished; /* false: stopped by the person */
};

/* probing_run tries the probes. Fails with FILE_WRITE or FILE_READ for the journal, EVALUATE_JOURNAL for one
 * of another target, version or options, or NO_MEMORY: never because of what the target does. `target` may be
 * another one afterwards, and is closed by the caller. */
MITOME_CHECKED mitome_status probing_run(const struct probing_config *config, struct target *target,
        struct probing_result *ret, mitome_error *error);
/* probing_find reads what the journal of such a run has of one probe, as its line has it, a new reference;
 * of the target it forgets a PIN that was refused, as probing_run does. Fails with EVALUATE_JOURNAL as
 * probing_run does, EVALUATE_PROBE where it is not in it, or FILE_READ. */
MITOME_CHECKED mitome_status probing_find(const struct probing_config *config, struct target *target,
        const char *id, json_t **ret, mitome_error *error);

void probing_result_drop(struct probing_result *result);

/* probing_target says what the target is, as in REPORT.md; a getInfo that it does not answer is empty. The
 * caller's; NULL: no memory. */
json_t *probing_target(struct target *target);

#endif
