/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt_words.h"

#include "harmless_text.h"

#include <stdio.h>
#include <stdlib.h>

/* {site} is the RP ID, or `program`; {user} the user's name with `user` behind or before it, or nothing. */
struct phrase {
        const char *title, *text;
};

static const struct reason {
        const char *reason;
        struct phrase phrases[MITOME_LANGUAGES];
} reasons[] = {
        [0] = { "other", { { "Security key", "Allow what a program asks of the security key" },
                                 { "セキュリティキー", "プログラムの要求を許可します" } } },
        [MITOME_PROMPT_REGISTER] = { "register",
                { { "Register", "Register at {site}{user}" }, { "登録", "{site} に{user}登録します" } } },
        [MITOME_PROMPT_LOGIN] = { "login",
                { { "Log in", "Log in at {site}{user}" }, { "ログイン", "{site} に{user}ログインします" } } },
        [MITOME_PROMPT_SELECT] = { "select",
                { { "Choose", "Use this security key" }, { "選択", "このセキュリティキーを使います" } } },
        [MITOME_PROMPT_RESET] = { "reset",
                { { "ERASE", "Erase everything that this security key holds" },
                        { "消去", "このセキュリティキーの中身をすべて消去します" } } },
        [MITOME_PROMPT_U2F_REGISTER] = { "u2f-register",
                { { "Register", "Register at a website that does not say its name (U2F)" },
                        { "登録", "名前を示さないウェブサイト(U2F)に登録します" } } },
        [MITOME_PROMPT_U2F_LOGIN] = { "u2f-login",
                { { "Log in", "Log in at a website that does not say its name (U2F)" },
                        { "ログイン", "名前を示さないウェブサイト(U2F)にログインします" } } },
        [MITOME_PROMPT_VENDOR] = { "vendor",
                { { "App", "Allow what an app of this machine asks" },
                        { "アプリ", "このコンピューターのアプリの要求を許可します" } } },
        [MITOME_PROMPT_PIN] = { "token",
                { { "Unlock", "Unlock the security key for {site}{user}" },
                        { "ロック解除", "{site} のために{user}セキュリティキーのロックを解除します" } } },
        [MITOME_PROMPT_ENROL] = { "enrol",
                { { "New finger", "Add a finger" }, { "新しい指", "指を登録します" } } },
};

static const struct {
        const char *program, *before_user, *after_user, *finger, *question, *of_finger;
} languages[MITOME_LANGUAGES] = {
        [MITOME_ENGLISH] = { "a program", " as ", "", ": lay your finger on the sensor", "?", "Fingerprint" },
        [MITOME_JAPANESE] = { "プログラム", " ", " として", "。センサーに指を当ててください。",
                "。よろしいですか?", "指紋" },
};

const char *prompt_words_of_finger(enum mitome_language language)
{
        return languages[language].of_finger;
}

static const struct reason *reason_for(enum mitome_prompt_reason why)
{
        return (size_t)why < sizeof reasons / sizeof reasons[0] && reasons[why].reason ? &reasons[why]
                                                                                       : &reasons[0];
}

static void write_site(writer *w, enum mitome_language language, const struct mitome_prompt *prompt)
{
        if (prompt->rp_id.size)
                harmless_write(w, prompt->rp_id, HARMLESS_END);
        else
                write_slice(w, slice_text(languages[language].program));
}

static void write_user(writer *w, enum mitome_language language, const struct mitome_prompt *prompt)
{
        if (!prompt->user_name.size)
                return;
        write_slice(w, slice_text(languages[language].before_user));
        harmless_write(w, prompt->user_name, HARMLESS_BEGINNING);
        write_slice(w, slice_text(languages[language].after_user));
}

/* The phrase is ours; only what is put in its places is somebody else's. */
static void write_phrase(
        writer *w, enum mitome_language language, const char *phrase, const struct mitome_prompt *prompt)
{
        static const struct {
                const char *mark;
                void (*write)(writer *w, enum mitome_language language, const struct mitome_prompt *prompt);
        } places[] = { { "{site}", write_site }, { "{user}", write_user } };
        for (reader r = reader_over(slice_text(phrase), NULL, NULL); r.rest.size;) {
                slice passed;
                uint8_t byte = 0;
                size_t i = 0;
                while (i < 2 && !slice_begins_with(r.rest, slice_text(places[i].mark)))
                        i++;
                if (i < 2 && !failed(read_bytes(&r, "phrase", slice_text(places[i].mark).size, &passed)))
                        places[i].write(w, language, prompt);
                else if (!failed(read_u8(&r, "phrase", &byte)))
                        write_u8(w, byte);
        }
}

void prompt_words(enum mitome_language language, const struct mitome_prompt *prompt, struct prompt_text *ret)
{
        const struct reason *reason = reason_for(prompt->why);
        const struct phrase *phrase = &reason->phrases[language];
        uint8_t bytes[PROMPT_BODY_MAX - 1];
        writer w = WRITER(bytes);
        write_phrase(&w, language, phrase->text, prompt);
        write_slice(
                &w, slice_text(prompt->finger ? languages[language].finger : languages[language].question));
        ret->reason = reason->reason;
        ret->title = phrase->title;
        snprintf(ret->body, sizeof ret->body, "%.*s", (int)w.used, (const char *)bytes);
}

enum mitome_language prompt_language(void)
{
        static const char *const variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
        for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
                const char *value = getenv(variables[i]);
                if (value && *value)
                        return mitome_guidance_language(value);
        }
        return MITOME_ENGLISH;
}
