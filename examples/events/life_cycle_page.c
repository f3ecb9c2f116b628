/* SPDX-License-Identifier: Apache-2.0 */
#include "life_cycle_page.h"

#include <stdio.h>

typedef const char *const words[PAGE_LANGUAGES];

/* ---- what can happen ---- */

static words step_words[EVENT_STEPS] = {
        [EVENT_APPLY_ON_NEW_PHONE] = { "applies with the new phone", "新端末で申請" },
        [EVENT_APPLY_ON_UNSUPPORTED_PHONE] = { "the new phone is not on the list", "新端末は対応端末でない" },
        [EVENT_OLD_PHONE_ONLINE] = { "the old phone has a network", "旧端末が通信できる" },
        [EVENT_PHONE_IS_SILENT] = { "the phone cannot be reached", "端末に届かない" },
        [EVENT_PHONE_IS_BACK] = { "it is back", "端末が戻る" },
        [EVENT_REVOKE_BY_CARD] = { "the card signs a revocation at another phone",
                "別の端末でカード署名により失効" },
        [EVENT_REVOKE_HERE] = { "the phone alone asks for revocation", "端末だけで失効申請" },
        [EVENT_HOLD_BY_TELEPHONE] = { "a call: on hold", "電話で一時保留" },
        [EVENT_RELEASE_BY_TELEPHONE] = { "a call: released", "電話で解除" },
        [EVENT_RELEASE_IS_REFUSED] = { "a call: not released", "電話での解除は断られる" },
        [EVENT_APPLY_AGAIN] = { "applies again, with this phone", "この端末で再び申請" },
        [EVENT_CHANGE_SIM] = { "nothing that the element sees", "セキュアエレメントには何も起きない" },
        [EVENT_FACTORY_RESET] = { "the phone is set back", "端末初期化" },
        [EVENT_CHECK_AT_COUNTER] = { "a shop looks", "店舗窓口で確認" },
};

static words certificate_words[EVENT_CERTIFICATES] = {
        [EVENT_UNCHANGED] = { "unchanged", "変更なし" },
        [EVENT_REPLACED] = { "replaced", "置換え" },
        [EVENT_REVOKED] = { "revoked", "失効" },
        [EVENT_REISSUED] = { "re-issued", "再発行" },
};

static words element_words[EVENT_ELEMENTS] = {
        [EVENT_ELEMENT_UNCHANGED] = { "unchanged", "変更なし" },
        [EVENT_ERASED] = { "erased", "削除済み" },
        [EVENT_ASKED] = { "asked", "依頼済み・未確認" },
        [EVENT_CAUGHT] = { "caught", "窓口で発見" },
        [EVENT_REKEYED] = { "re-keyed", "鍵を作り直した" },
};

static words forbidden_words[EVENT_FORBIDDEN] = {
        [EVENT_TWO_LIVE] = { "two live certificates", "有効な証明書が二枚" },
        [EVENT_LOGIN_BY_OLD] = { "a login by the old phone", "旧端末でのログイン" },
        [EVENT_UNSUPPORTED_PHONE] = { "a certificate in that phone", "その端末への発行" },
        [EVENT_ANY_CHANGE] = { "any change", "何らかの変化" },
        [EVENT_CLAIM_OF_ERASURE] = { "a claim of erasure", "「削除済み」との主張" },
        [EVENT_LOGIN_WHILE_HELD] = { "a login while on hold", "保留中のログイン" },
        [EVENT_KEY_LEFT] = { "a key that is left", "鍵の残り" },
};

static words event_heads = {
        "| event | a hold ends by | what is done | user verification | signing | the element | must not be |\n"
        "|---|---|---|---|---|---|---|",
        "| 事象 | 一時保留の終え方 | 行うこと | 利用者証明用 | 署名用 | エレメント | あってはならないこと |\n"
        "|---|---|---|---|---|---|---|",
};
static words setting_words[EVENT_SETTINGS] = {
        [EVENT_ENDS_BY_REISSUE] = { "re-issue", "再発行" },
        [EVENT_ENDS_BY_RELEASE] = { "release", "解除" },
};
static words either = { "either", "いずれも" }, comma = { "; ", "、" };

static const char *setting_word(const struct event_play *play, enum page_language language)
{
        const bool *settings = play->settings;
        if (settings[EVENT_ENDS_BY_REISSUE] && settings[EVENT_ENDS_BY_RELEASE])
                return either[language];
        return setting_words[settings[EVENT_ENDS_BY_RELEASE] ? EVENT_ENDS_BY_RELEASE : EVENT_ENDS_BY_REISSUE]
                            [language];
}

static void print_play(
        const struct phone_event *event, const struct event_play *play, enum page_language language)
{
        if (language == PAGE_JAPANESE)
                printf("| %s", event->ja);
        else
                printf("| %s (%s)", event->en, event->ja);
        printf(" | %s |", setting_word(play, language));
        for (size_t i = 0; i < play->step_count; i++)
                printf("%s%s", i == 0 ? " " : comma[language], step_words[play->steps[i]][language]);
        printf(" | %s | %s | %s |", certificate_words[play->user_verification][language],
                certificate_words[play->signing][language], element_words[play->element][language]);
        for (size_t i = 0; i < event->forbidden_count; i++)
                printf("%s%s", i == 0 ? " " : comma[language],
                        forbidden_words[event->forbidden[i]][language]);
        puts(" |");
}

void page_print_events(const struct event_table *table, enum page_language language)
{
        puts(event_heads[language]);
        for (size_t i = 0; i < table->count; i++)
                for (size_t k = 0; k < table->events[i].play_count; k++)
                        print_play(&table->events[i], &table->events[i].plays[k], language);
}

/* ---- what remains ---- */

static const struct row {
        words what;
        unsigned measures;
        bool reachable;
} rows[PAGE_ROWS] = {
        { { "nothing", "なし" }, 0, true },
        { { "2-1 revoked at the old phone", "2-1 旧端末で失効" }, RESIDUAL_OLD_REVOKE, true },
        { { "2-1, 2-2 and erased there", "2-1、2-2 旧端末で失効・削除" },
                RESIDUAL_OLD_REVOKE | RESIDUAL_OLD_ERASE, true },
        { { "3 factory reset", "3 端末初期化" }, RESIDUAL_RESET, true },
        { { "1-1 new phone", "1-1 新端末で発行(旧端末分は失効)" }, RESIDUAL_NEW_PHONE, true },
        { { "1-1, 1-2 and erased from afar", "1-1、1-2 遠隔で削除" },
                RESIDUAL_NEW_PHONE | RESIDUAL_REMOTE_ERASE, true },
        { { "1-1, 1-2, the phone cannot be reached", "1-1、1-2 端末に届かない" },
                RESIDUAL_NEW_PHONE | RESIDUAL_REMOTE_ERASE, false },
        { { ".. and the counter", "さらに窓口での確認" },
                RESIDUAL_NEW_PHONE | RESIDUAL_REMOTE_ERASE | RESIDUAL_COUNTER, false },
        { { "the counter alone", "窓口での確認のみ" }, RESIDUAL_COUNTER, false },
};

static words residual_heads = {
        "| measures taken | keys in the phone | of them alive | login, OCSP asked | login, list of yesterday | "
        "login, list of today | signatures | 基本4情報 | a counter says |\n|---|---|---|---|---|---|---|---|---|",
        "| 講じた対策 | 端末内の鍵 | うち有効 | ログイン(OCSPで確認) | ログイン(前日の失効リスト) | "
        "ログイン(当日の失効リスト) | 署名できる回数 | 基本4情報 | 窓口での判定 |\n"
        "|---|---|---|---|---|---|---|---|---|",
};

static words no_yes[2] = { { "no", "不可" }, { "yes", "可" } };

static words verdict_words[COUNTER_VERDICTS] = {
        [COUNTER_NEVER] = { "never", "発行なし" },
        [COUNTER_LIVE] = { "live", "有効" },
        [COUNTER_UNDELETED] = { "revoked-not-erased", "失効済・未削除" },
        [COUNTER_ERASED] = { "erased", "削除済み" },
        [COUNTER_UNTOLD] = { "untold", "判定できない" },
};

mitome_status page_play(
        const struct mitome_random *random, struct residual_outcome ret[PAGE_ROWS], mitome_error *error)
{
        for (size_t i = 0; i < PAGE_ROWS; i++) {
                MITOME_TRY(residual_play(rows[i].measures, rows[i].reachable, random, &ret[i], error));
                if (ret[i].expired_login) /* then no line of the table says anything */
                        return fail(error, MITOME_E_CRL_STALE, rows[i].what[PAGE_ENGLISH], NULL);
        }
        return ok();
}

static void print_row(
        const struct row *row, const struct residual_outcome *outcome, enum page_language language)
{
        printf("| %s | %u | %u | %s | %s | %s | %u | %s | %s |\n", row->what[language], outcome->keys,
                outcome->live, no_yes[outcome->login][language], no_yes[outcome->stale_login][language],
                no_yes[outcome->list_login][language], outcome->signatures, no_yes[outcome->facts][language],
                verdict_words[outcome->verdict][language]);
}

static void print_guesses(enum page_language language)
{
        const struct residual_guess pin = residual_guess_pin(), password = residual_guess_password();
        if (language == PAGE_JAPANESE)
                printf("\n暗証番号を推測できる確率は%u回/%.0f通り(%.2f %%)、パスワードは%u回/%.3g通り(%.1e)。\n",
                        pin.tries, pin.of, 100 * pin.tries / pin.of, password.tries, password.of,
                        password.tries / password.of);
        else
                printf("\nA PIN is guessed with %u of %.0f (%.2f %%), a password with %u of %.3g (%.1e).\n",
                        pin.tries, pin.of, 100 * pin.tries / pin.of, password.tries, password.of,
                        password.tries / password.of);
}

void page_print_residual(const struct residual_outcome outcomes[PAGE_ROWS], enum page_language language)
{
        puts(residual_heads[language]);
        for (size_t i = 0; i < PAGE_ROWS; i++)
                print_row(&rows[i], &outcomes[i], language);
        print_guesses(language);
}
