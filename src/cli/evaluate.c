/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "complain.h"
#include "evaluate_forms.h"
#include "evaluate_keys.h"
#include "evaluate_measure.h"
#include "evaluate_options.h"
#include "evaluate_own.h"
#include "evaluate_screen.h"
#include "evidence_folder.h"
#include "level_file.h"
#include "random_system.h"
#include "secret_prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_SOUND = 0, EXIT_FINDINGS = 1, EXIT_COULD_NOT = 2, FILE_MAX = 64 << 20 };

/* The policies, as they were read, and what is asked of them. */
struct policies {
        struct evaluation_policy_file files[EVALUATE_POLICIES_MAX];
        uint8_t *bytes[EVALUATE_POLICIES_MAX];
        char *ids[EVALUATE_POLICIES_MAX];
        size_t count;
};

/* ---- policies, before anything is attacked ---- */

static int complain_about(const char *what, const mitome_error *error)
{
        char text[512];
        mitome_explain(error, text, sizeof text);
        fprintf(stderr, "mitome evaluate: %s: %s\n", what, text);
        return EXIT_COULD_NOT;
}

static int complain_at(const char *name, const struct level_file_spot *spot, const mitome_error *error)
{
        char place[4096 + 32];
        if (!spot->line)
                return complain_about(name, error);
        snprintf(place, sizeof place, "%s:%u:%u", name, spot->line, spot->column);
        return complain_about(place, error);
}

static int wrong_requirement(const char *text, const char *why)
{
        fprintf(stderr, "mitome evaluate: --require \"%s\": %s\n", text, why);
        return EXIT_COULD_NOT;
}

/* A level that is required must be one of a policy that is judged. */
static bool is_about(const char *requirement, const char *name, slice id)
{
        const char *colon = strrchr(requirement, ':');
        const slice wanted = slice_of(requirement, colon ? (size_t)(colon - requirement) : 0);
        return slice_equal(wanted, slice_text(name)) || slice_equal(wanted, id);
}

static int check_requirements(
        const struct evaluate_options *options, const char *name, const struct level_policy *policy)
{
        for (size_t i = 0; i < options->requirement_count; i++) {
                const char *text = options->requirements[i];
                if (is_about(text, name, policy->id) &&
                        level_find(policy, slice_text(strrchr(text, ':') + 1)) == policy->level_count)
                        return wrong_requirement(text, "the policy has no such level");
        }
        return EXIT_SOUND;
}

static int read_policy(const struct evaluate_options *options, const char *name, struct policies *into,
        struct level_policy *room)
{
        mitome_error error = { 0 };
        struct level_file_spot spot = { 0 };
        slice json;
        errno = 0;
        uint8_t **bytes = &into->bytes[into->count];
        if (failed(level_file_read(name, room, bytes, &json, &spot, &error))) {
                const int result = complain_at(name, &spot, &error);
                if (error.code == MITOME_E_FILE_READ) {
                        fputs("mitome evaluate: a file (with a slash in its name, or .json), or one of ",
                                stderr);
                        level_file_print_names(stderr);
                        fputc('\n', stderr);
                }
                return result;
        }
        into->files[into->count] = (struct evaluation_policy_file){ .name = name, .json = json };
        into->ids[into->count] = strndup((const char *)room->id.data, room->id.size);
        into->count++;
        return check_requirements(options, name, room);
}

static bool is_judged(const struct policies *policies, const char *requirement)
{
        for (size_t i = 0; i < policies->count; i++)
                if (strrchr(requirement, ':') &&
                        is_about(requirement, policies->files[i].name, slice_text(policies->ids[i])))
                        return true;
        return false;
}

static int read_policies(const struct evaluate_options *options, struct policies *into)
{
        struct level_policy *room = calloc(1, sizeof *room);
        int result = room ? EXIT_SOUND : EXIT_COULD_NOT;
        for (size_t i = 0; i < options->policy_count && result == EXIT_SOUND; i++)
                result = read_policy(options, options->policies[i], into, room);
        free(room);
        for (size_t i = 0; i < options->requirement_count && result == EXIT_SOUND; i++)
                if (!is_judged(into, options->requirements[i]))
                        result = wrong_requirement(
                                options->requirements[i], "is not POLICY:LEVEL of a policy that is judged");
        return result;
}

static void drop_policies(struct policies *policies)
{
        for (size_t i = 0; i < policies->count; i++) {
                free(policies->bytes[i]);
                free(policies->ids[i]);
        }
}

/* ---- the target ---- */

static void tell_person(void *context, const char *what)
{
        (void)context;
        fprintf(stderr, "\n%s\n", what);
}

static mitome_status read_pin(
        const struct evaluate_options *options, char pin[SECRET_MAX], const char **ret, mitome_error *error)
{
        SECRET(secret);
        *ret = NULL;
        if (!options->pin_file && !options->ask_pin)
                return ok();
        if (options->pin_file) {
                int fd = open(options->pin_file, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        return fail(error, MITOME_E_FILE_READ, "--pin-file", NULL);
                mitome_status status = secret_prompt_line(fd, "--pin-file", MITOME_E_VALUE, &secret, error);
                close(fd);
                MITOME_TRY(status);
        } else {
                MITOME_TRY(secret_prompt_ask("PIN: ", "the PIN", MITOME_E_VALUE, &secret, error));
        }
        MITOME_TRY(slice_copy(secret_view(&secret), "PIN", (uint8_t *)pin, SECRET_MAX - 1, error));
        pin[secret.size] = '\0';
        *ret = pin;
        return ok();
}

static struct target_config config_of(
        const struct evaluate_options *options, const char *pin, const struct mitome_random *random)
{
        return (struct target_config){ .name = options->target,
                .pin = pin,
                .matcher = options->matcher,
                .may_destroy = options->destructive,
                .simulated = options->simulated,
                .random = random,
                .tell = isatty(STDERR_FILENO) ? tell_person : NULL,
                .stopped = evaluate_screen_stopped };
}

static void close_target(struct target *target)
{
        if (target->close)
                target->close(target->context);
}

/* ---- the report ---- */

/* Whether each required level was reached: the report's levels stand from the lowest up. */
static size_t index_of(const json_t *levels, const char *level)
{
        size_t i = 0;
        while (i < json_array_size(levels) &&
                strcmp(json_string_value(json_array_get(levels, i)), level) != 0)
                i++;
        return i;
}

static const char *member(const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));
        return text ? text : "";
}

static bool is_reached(const struct policies *policies, const json_t *report, const char *requirement)
{
        const json_t *judged = json_object_get(report, "policies");
        for (size_t i = 0; i < json_array_size(judged); i++) {
                const json_t *policy = json_array_get(judged, i), *levels = json_object_get(policy, "levels");
                const char *id = member(policy, "id"), *level = member(policy, "level");
                for (size_t k = 0; k < policies->count; k++)
                        if (strcmp(policies->ids[k], id) == 0 &&
                                is_about(requirement, policies->files[k].name, slice_text(id)))
                                return *level && index_of(levels, level) >=
                                                         index_of(levels, strrchr(requirement, ':') + 1);
        }
        return false;
}

static bool has_findings(const json_t *report)
{
        const json_t *probes = json_object_get(report, "probes");
        for (size_t i = 0; i < json_array_size(probes); i++) {
                const char *result = member(json_array_get(probes, i), "result");
                if (strcmp(result, probe_result_name(PROBE_BROKEN)) == 0 ||
                        strcmp(result, probe_result_name(PROBE_TARGET_FAILED)) == 0)
                        return true;
        }
        return false;
}

static int judge_exit(
        const struct evaluate_options *options, const struct policies *policies, const json_t *report)
{
        int result = has_findings(report) ? EXIT_FINDINGS : EXIT_SOUND;
        for (size_t i = 0; i < options->requirement_count; i++)
                if (!is_reached(policies, report, options->requirements[i])) {
                        printf("%s: not reached\n", options->requirements[i]);
                        result = EXIT_FINDINGS;
                }
        return result;
}

/* Evidence files that are written here, before those that were given. */
struct gathered {
        char own[EVALUATE_OWN_PATH], measured[EVALUATE_MEASURE_PATH];
        const char *files[EVALUATE_EVIDENCE_MAX + 2];
        size_t count;
};

/* A specimen of ours brings what we declare of it. */
static mitome_status gather_evidence(const struct evaluate_options *options, const json_t *target, bool ours,
        struct gathered *ret, mitome_error *error)
{
        *ret->own = '\0';
        if (ours)
                MITOME_TRY(evaluate_own_write(options->out, target, ret->own, error));
        if (*ret->own)
                ret->files[ret->count++] = ret->own;
        if (*ret->measured)
                ret->files[ret->count++] = ret->measured;
        for (size_t i = 0; i < options->evidence_count; i++)
                ret->files[ret->count++] = options->evidence[i];
        return ok();
}

/* False: somebody interrupted it, or it failed, which was said. */
static bool measure(const struct evaluate_options *options, struct gathered *ret)
{
        mitome_error error = { 0 };
        bool finished = false;
        *ret->measured = '\0';
        if (!options->measure)
                return true;
        if (failed(evaluate_measure(options, ret->measured, &finished, &error))) {
                complain("mitome evaluate", &error);
                return false;
        }
        if (!finished)
                fprintf(stderr, "\nmitome evaluate: interrupted; --resume goes on\n");
        return finished;
}

static int report_on(const struct evaluate_options *options, const struct policies *policies,
        const struct probing_result *found, bool services, struct evaluate_screen *screen)
{
        mitome_error error = { 0 };
        struct gathered evidence;
        evidence.count = 0;
        if (!measure(options, &evidence))
                return EXIT_COULD_NOT;
        if (failed(gather_evidence(options, found->target, services, &evidence, &error)))
                return complain("mitome evaluate", &error);
        json_t *report = NULL;
        const char *wrong = NULL;
        const struct evaluation_input input = { .version = MITOME_VERSION,
                .at = options->at ? options->at : found->at,
                .target = found->target,
                .probes = found->probes,
                .evidence = evidence.files,
                .evidence_count = evidence.count,
                .policies = policies->files,
                .policy_count = policies->count,
                .services = services };
        if (failed(evaluation_report(&input, &report, &wrong, &error)))
                return wrong ? complain_about(wrong, &error) : complain("mitome evaluate", &error);
        mitome_status status = evaluate_forms_write(options->out, report, false, &error);
        int result = EXIT_COULD_NOT;
        if (failed(status)) {
                complain("mitome evaluate", &error);
        } else {
                evaluate_screen_summary(screen, report);
                result = judge_exit(options, policies, report);
        }
        json_decref(report);
        return result;
}

/* ---- evaluating ---- */

static void now_text(char ret[32])
{
        const time_t now = time(NULL);
        struct tm day;
        gmtime_r(&now, &day);
        strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", &day);
}

static mitome_status make_folder(const char *path, mitome_error *error)
{
        if (mkdir(path, 0777) == 0 || errno == EEXIST)
                return ok();
        return fail(error, MITOME_E_FILE_WRITE, "--out", NULL);
}

static struct probing_config probing_of(
        const struct evaluate_options *options, const struct target_config *config)
{
        return (struct probing_config){
                .target = config, .folder = options->out, .version = MITOME_VERSION, .at = ""
        };
}

static int probe_and_report(const struct evaluate_options *options, const struct policies *policies,
        const struct target_config *config, struct target *target)
{
        mitome_error error = { 0 };
        char at[32];
        struct evaluate_screen screen = evaluate_screen(options->japanese);
        const struct probe *const *probes = options->probe_count ? options->probes : probe_catalogue;
        struct probing_result found = { 0 };
        if (failed(make_folder(options->out, &error)))
                return complain("mitome evaluate", &error);
        now_text(at);
        struct probing_config run = probing_of(options, config);
        run.probes = probes;
        run.resume = options->resume;
        run.at = options->at ? options->at : at;
        run.watch = evaluate_screen_watch(&screen);
        if (options->measure && !(target->abilities & TARGET_FINGER)) {
                fputs("mitome evaluate: --measure: the target has no matcher (--matcher)\n", stderr);
                return EXIT_COULD_NOT;
        }
        const bool services = target->abilities & TARGET_LIFE;
        evaluate_screen_warn(&screen, probes, target);
        if (failed(probing_run(&run, target, &found, &error)))
                return complain("mitome evaluate", &error);
        int result = EXIT_COULD_NOT;
        if (found.finished)
                result = report_on(options, policies, &found, services, &screen);
        else
                fprintf(stderr, "\nmitome evaluate: interrupted; --resume goes on\n");
        probing_result_drop(&found);
        return result;
}

/* What is done with a target. */
typedef int with_target(const struct evaluate_options *options, const struct policies *policies,
        const struct target_config *config, struct target *target);

static int on_target(
        const struct evaluate_options *options, const struct policies *policies, with_target *then)
{
        mitome_error error = { 0 };
        char pin[SECRET_MAX];
        const char *known = NULL;
        const struct mitome_random random = random_system();
        struct target target;
        if (failed(read_pin(options, pin, &known, &error)))
                return complain("mitome evaluate", &error);
        const struct target_config config = config_of(options, known, &random);
        evaluate_screen_listen(); /* what a target leaves when it is killed may hold keys */
        int result = failed(target_open(&config, &target, &error))
                             ? complain_about(options->target, &error)
                             : then(options, policies, &config, &target);
        if (error.code == MITOME_OK)
                close_target(&target);
        bytes_wipe(pin, sizeof pin);
        return result;
}

/* A file that cannot be read is told before anything is attacked, not after. */
static int check_evidence(const struct evaluate_options *options)
{
        for (size_t i = 0; i < options->evidence_count; i++) {
                mitome_error error = { 0 };
                struct level_file_spot spot;
                if (failed(evidence_folder_check(options->evidence[i], &spot.line, &spot.column, &error)))
                        return complain_at(options->evidence[i], &spot, &error);
        }
        return EXIT_SOUND;
}

/* An evaluation that is there already is gone on with, or left alone: it may have cost the target what cannot
 * be had again. One that was killed before it had written its header has found nothing yet. */
static int check_folder(const struct evaluate_options *options)
{
        char path[PATH_MAX];
        struct stat file;
        const int size = snprintf(path, sizeof path, "%s/%s", options->out, PROBING_JOURNAL);
        if (options->resume || size < 0 || (size_t)size >= sizeof path || stat(path, &file) != 0 ||
                file.st_size == 0)
                return EXIT_SOUND;
        fprintf(stderr, "mitome evaluate: %s is of an earlier evaluation: give another folder, or --resume\n",
                path);
        return EXIT_COULD_NOT;
}

static int evaluate(const struct evaluate_options *options)
{
        struct policies policies = { 0 };
        int result = read_policies(options, &policies);
        if (result == EXIT_SOUND)
                result = check_evidence(options);
        if (result == EXIT_SOUND)
                result = check_folder(options);
        if (result == EXIT_SOUND)
                result = on_target(options, &policies, probe_and_report);
        drop_policies(&policies);
        return result;
}

/* ---- one probe, again ---- */

static bool is_same(const json_t *recorded, const json_t *now)
{
        return strcmp(member(recorded, "result"), member(now, "result")) == 0 &&
               json_equal(json_object_get(recorded, "found"), json_object_get(now, "found"));
}

static int compare(const json_t *recorded, const json_t *now)
{
        const bool same = is_same(recorded, now);
        if (same) {
                puts("the same as is recorded");
        } else {
                fputs("otherwise than is recorded: ", stdout);
                evaluate_print_harmless(stdout, member(recorded, "result"));
                fputs(": ", stdout);
                evaluate_print_harmless(stdout, member(recorded, "why"));
                putchar('\n');
        }
        return same ? EXIT_SOUND : EXIT_FINDINGS;
}

static int say_replay(
        const struct evaluate_options *options, const json_t *recorded, const struct probe_run *run)
{
        json_t *now = probe_run_json(run);
        evaluate_screen_steps(probe_run_steps(run));
        printf("%s %s: ", options->replay, evaluate_result_word(member(now, "result"), options->japanese));
        evaluate_print_harmless(stdout, probe_run_why(run));
        putchar('\n');
        const enum probe_result result = probe_run_result(run);
        int exit_status =
                result == PROBE_BROKEN || result == PROBE_TARGET_FAILED ? EXIT_FINDINGS : EXIT_SOUND;
        if (recorded && compare(recorded, now) != EXIT_SOUND)
                exit_status = EXIT_FINDINGS;
        json_decref(now);
        return exit_status;
}

static int replay_on(const struct evaluate_options *options, const json_t *recorded, struct target *target)
{
        mitome_error error = { 0 };
        struct probe_run *run;
        const struct probe *const probes[] = { probe_find(options->replay), NULL };
        struct evaluate_screen screen = evaluate_screen(options->japanese);
        const struct probing_watch watch = evaluate_screen_watch(&screen);
        const struct probe_run_config limits = { .target = options->target,
                .again = json_is_true(json_object_get(recorded, PROBING_AGAIN)),
                .progress = watch.progress,
                .stopped = watch.stopped,
                .context = watch.context };
        evaluate_screen_warn(&screen, probes, target);
        if (target->restart && !target->restart(target->context)) {
                fputs("mitome evaluate: the target does not begin anew\n", stderr);
                return EXIT_COULD_NOT;
        }
        if (failed(probe_run_attempt(probes[0], target, &limits, &run, &error)))
                return complain("mitome evaluate", &error);
        int result = EXIT_COULD_NOT;
        if (!watch.stopped(watch.context))
                result = say_replay(options, recorded, run);
        else if (probe_harms(probes[0], target))
                watch.said(watch.context, probes[0], PROBING_BROKEN_OFF);
        probe_run_free(run);
        return result;
}

/* What is recorded is looked for before anything is attacked. */
static int replay(const struct evaluate_options *options, const struct policies *policies,
        const struct target_config *config, struct target *target)
{
        mitome_error error = { 0 };
        json_t *recorded = NULL;
        struct evaluate_screen screen = evaluate_screen(options->japanese);
        struct probing_config run = probing_of(options, config);
        run.watch = evaluate_screen_watch(&screen);
        (void)policies;
        if (options->out && failed(probing_find(&run, target, options->replay, &recorded, &error)))
                return complain("mitome evaluate", &error);
        int result = replay_on(options, recorded, target);
        json_decref(recorded);
        return result;
}

/* ---- which keys there are ---- */

/* A target without a path says which could be meant; what else was asked for cannot be done then. */
static int list_keys(const struct evaluate_options *options)
{
        mitome_error error = { 0 };
        struct plugged_key keys[KEY_LIST_MAX];
        const bool asked = options->policy_count || options->replay;
        size_t count;
        if (failed(key_list(keys, &count, &error)))
                return complain("mitome evaluate", &error);
        if (count == 0)
                fputs(options->japanese
                                ? "mitome evaluate: hid: 接続された鍵がない(又は /dev/hidraw* を開く権限がない)\n"
                                : "mitome evaluate: hid: no key is plugged in, or none that you may open (/dev/hidraw*)\n",
                        stderr);
        else if (asked)
                fputs(options->japanese ? "mitome evaluate: hid: どれかを指定:\n"
                                        : "mitome evaluate: hid: say which:\n",
                        stderr);
        evaluate_keys_print(asked ? stderr : stdout, keys, count, options->japanese);
        return count && !asked ? EXIT_SOUND : EXIT_COULD_NOT;
}

/* ---- the forms, again ---- */

static int render(const struct evaluate_options *options)
{
        mitome_error error = { 0 };
        json_error_t wrong;
        json_t *report = json_load_file(options->render, JSON_REJECT_DUPLICATES, &wrong);
        if (!report && wrong.line < 0) {
                (void)failed(fail(&error, MITOME_E_FILE_READ, "--render", NULL));
                return complain_about(options->render, &error);
        }
        if (!report) {
                fprintf(stderr, "mitome evaluate: %s:%d:%d: %s\n", options->render, wrong.line, wrong.column,
                        wrong.text);
                return EXIT_COULD_NOT;
        }
        mitome_status status = make_folder(options->out, &error);
        if (!failed(status))
                status = evaluate_forms_write(options->out, report, true, &error);
        json_decref(report);
        return failed(status) ? complain("mitome evaluate", &error) : EXIT_SOUND;
}

int evaluate_main(int argc, char **argv)
{
        struct evaluate_options options;
        const struct policies none = { 0 };
        if (!evaluate_options_read(argc, argv, &options))
                return EXIT_COULD_NOT;
        signal(SIGPIPE, SIG_IGN);
        if (options.help) {
                fputs(evaluate_usage, stdout);
                return EXIT_SOUND;
        }
        if (options.list) {
                const struct evaluate_screen screen = evaluate_screen(options.japanese);
                evaluate_screen_list(&screen);
                return EXIT_SOUND;
        }
        if (options.render)
                return render(&options);
        if (options.keys)
                return list_keys(&options);
        return options.replay ? on_target(&options, &none, replay) : evaluate(&options);
}
