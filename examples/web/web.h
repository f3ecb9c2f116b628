/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_H
#define WEB_H

/* HTTP for pages and JSON: routes, strict requests, answers with the headers that browsers need, pages from
 * templates in two languages. It knows nothing of logins.
 *
 * A request that is not exactly what HTTP says is refused before any handler sees it: one Host, no
 * Transfer-Encoding, one Content-Length, a body only where a route takes it and of the type that it takes, a
 * path without empty segments, dots or odd escapes, headers of printable characters. HEAD is answered as GET.
 *
 * Handlers run in several threads at once where the route says WEB_HERE, and one after the other in the
 * line's thread otherwise (work_line.h); their request and everything in it live until they return. A handler
 * of WEB_STORE may be run again for the same request when its transaction has to be repeated: what it did to
 * the answer is forgotten before, so it keeps nothing anywhere but in the store. */

#include "bytes.h"

#include <jansson.h>

enum {
        WEB_HEADERS = 64,              /* of a request */
        WEB_TARGET_MAX = 4096,         /* path and query */
        WEB_PARTS = 4,                 /* ":name" in one path */
        WEB_CONNECTIONS = 1024,        /* at once; fewer where the process may have few files */
        WEB_CONNECTIONS_EACH = 128,    /* from one address, when there is no proxy */
        WEB_FIRST_SECONDS = 10,        /* from connecting to the end of the first request's headers */
        WEB_REQUEST_SECONDS = 20,      /* from there to the end of its body */
        WEB_ANSWER_SECONDS = 30,       /* for a client to take an answer */
        WEB_IDLE_SECONDS = 30,         /* of silence */
        WEB_NEXT_SECONDS = 60,         /* from an answer to the end of the next request's headers */
        WEB_ANSWER_HEADERS = 16,       /* that handlers add */
        WEB_ANSWER_HEADER_TEXT = 8192, /* all of them together */
};

enum web_method { WEB_GET = 1, WEB_POST = 2 };
enum web_where {
        WEB_HERE,   /* at once, in the thread that read it; nothing of the store */
        WEB_STORE,  /* in the store's thread, in a transaction with others; answered when that is on the disk
                     */
        WEB_ERRAND, /* in the line's thread for what waits for letters of other parties */
};
enum web_language { WEB_EN, WEB_JA, WEB_LANGUAGES };

struct web_pair {
        slice name, value;
};

struct web_request {
        enum web_method method;
        slice path;                 /* percent-encoding undone; UTF-8 */
        slice query;                /* behind the '?', as it was sent: web_field */
        slice body, body_type;      /* the media type alone, in small letters */
        slice parts[WEB_PARTS];     /* what stands for each ":name", percent-encoding undone, never empty */
        slice peer;                 /* numeric address of who asks; of whom the trusted proxy names */
        slice origin;               /* the Origin header; empty: none */
        slice host;                 /* the Host header: one that the server goes by */
        bool fetch_same_origin;     /* Sec-Fetch-Site is same-origin or none, or is absent */
        bool navigation;            /* a browser that wants a page to show */
        bool secure;                /* https, here or at the proxy */
        bool language_asked;        /* "?language=ja": the answer keeps it as a cookie */
        enum web_language language; /* "?language=", else cookie "language", else Accept-Language, else en */
        const struct web_pair *headers;
        size_t header_count;
};

/* web_header and web_cookie find a value by its name (headers: any case); empty: there is none, or more than
 * one. Over https a cookie is found by "__Host-" and its name, as web_set_cookie sets it. */
slice web_header(const struct web_request *request, const char *name);
slice web_cookie(const struct web_request *request, const char *name);

/* web_field takes a field from a query or a form (application/x-www-form-urlencoded), decoded into `w`; one
 * that is not there gives ret->data NULL, an empty one does not. The whole form is checked each time: names
 * that stand twice, bad escapes, control characters but line ends, and what is not UTF-8 fail with WEB_FORM;
 * BUFFER_FULL. */
MITOME_CHECKED mitome_status web_field(
        slice form, const char *name, writer *w, slice *ret, mitome_error *error);

/* ---- answers: 200 and empty until something else is said; what is said later replaces what was said ---- */

struct web_answer;
struct web_page_set;

void web_status(struct web_answer *answer, unsigned status);
/* web_text copies the body. */
void web_text(struct web_answer *answer, const char *media_type, slice body);
/* web_json takes over the reference; written when the answer is sent, outside of the store's thread. NULL
 * (out of memory): 500. */
void web_json(struct web_answer *answer, unsigned status, json_t *stolen);
/* web_redirect: 303. A location that holds anything but printable ASCII is a 500. */
void web_redirect(struct web_answer *answer, const char *location);
/* web_set_header replaces one of that name that a handler has set, or that all answers have (Cache-Control,
 * ..); both are copied. */
void web_set_header(struct web_answer *answer, const char *name, const char *value);
/* web_form_action allows a page's form, and the redirect that answers it, to go to `origin` as well. */
void web_form_action(struct web_answer *answer, const char *origin);

struct web_cookie_rule {
        const char *name;
        int64_t seconds; /* 0: until the browser ends; < 0: gone now */
        bool strict;     /* SameSite=Strict; else Lax */
};
/* web_set_cookie: for the whole host, HttpOnly and SameSite; over https Secure, with "__Host-" before the
 * name. Its value is printable ASCII without blanks, quotes, commas, semicolons and backslashes; anything
 * else is a 500. */
void web_set_cookie(struct web_answer *answer, const struct web_request *request,
        const struct web_cookie_rule *rule, slice value);

/* web_problem answers a failure: application/problem+json (RFC 9457: type, title, status, detail, and "code",
 * "where"), or for a browser's navigation the page "problem" of the configured pages, with data status, code
 * ("E1331"), detail, where, language texts by words of its own, and one of not_found, refused, busy, broken
 * set to true. `where` is copied; NULL: none. */
void web_problem(struct web_answer *answer, const struct web_request *request, unsigned status,
        mitome_code code, const char *where);

/* web_undo takes back what the handler did in the store (its savepoint), while the answer stays. */
void web_undo(struct web_answer *answer);

/* ---- pages ----
 *
 * FOLDER/NAME.html, and FOLDER/words.json: { "word": { "en": "..", "ja": ".." }, .. }, with "code": true
 * beside them in a word that no page names. In a page
 *
 *   {{name}}, {{name.inner}}   a value of the data, always escaped
 *   {{:word}}                  a word in the reader's language, escaped; {name} in it is a value
 *   {{=name}}                  the word whose name is that value; nothing when there is none
 *   {{#if name}}..{{#else}}..{{/if}}
 *                              when it is there and not false, null, "", 0, [] or {}
 *   {{#each names}}..{{/each}} for each element of an array: a name is first looked for in the element, and
 *                              {{.}} is the element itself
 *   {{>part}}                  the page NAME "part"
 *
 * and nothing else. A value that is missing is written as nothing. Besides the data there are {{language}}
 * ("en", "ja"), {{other_language}} and {{path}}. Values stand in text, or in attributes in double quotes: a
 * page is refused in which one stands elsewhere in a tag, in a comment, a script or a style, or in an
 * attribute that begins with "on", is "style" or the like. At the start of an address (href, src, action ..)
 * a value that is none of this origin, https, http or a PNG picture becomes "#". A block ends where in the
 * HTML it began. */

enum { WEB_PAGES = 64, WEB_PAGE_MAX = 131072, WEB_WORDS = 2048 };

struct web_place {
        char file[64];
        unsigned line; /* 1..; 0: the file as a whole */
        char name[64]; /* the word, page or tag it is about; may be "" */
};

/* web_pages_open reads and checks a folder once: WEB_TEMPLATE, WEB_WORD (a word is missing, lacks a language,
 * or is used by no page), JSON_*, FILE_READ, TOO_LONG, NO_MEMORY; *ret_place, which may be NULL, says where.
 */
MITOME_CHECKED mitome_status web_pages_open(
        const char *folder, struct web_page_set **ret, struct web_place *ret_place, mitome_error *error);
void web_pages_free(struct web_page_set *set);

/* web_page answers with a page: 200, or what web_status says. It takes over the reference (NULL: no data).
 * Written when the answer is sent. */
void web_page(struct web_answer *answer, const struct web_page_set *set, const struct web_request *request,
        const char *page, json_t *stolen_data);

/* web_word is a word for texts that are not in a page; "" when there is none. */
const char *web_word(const struct web_page_set *set, enum web_language language, const char *word);

/* ---- the server ---- */

struct web_route {
        enum web_method method;
        const char *path; /* "/api/credentials/:id/rename" */
        enum web_where where;
        void (*handle)(void *context, const struct web_request *request, struct web_answer *answer);
        const char *
                body_type; /* POST: the one media type that is taken; NULL: no body (an empty one may come) */
        size_t body_max;   /* at most 1 MiB */
};

/* Several: the portal's, those of OpenID Connect, the administrator's. Fixed paths win over ":name". */
struct web_route_set {
        const struct web_route *routes;
        size_t count;
        void *context;
};

struct work_line;

/* Seconds; 0: what the enum above says. */
struct web_patience {
        unsigned first, request, answer, next, idle;
};

struct web_config {
        const char *host; /* numeric; NULL: 127.0.0.1 */
        uint16_t port;    /* 0: any */
        /* PEM texts (web_certificate.h), or NULL: plain HTTP, on loopback only. */
        const char *certificate_pem, *key_pem;
        /* "https://login.example": whose Host is answered; requests to a server on loopback may name that
         * loopback (any port), too. NULL: only that. */
        const char *public_origin;
        const char
                *trusted_proxy; /* numeric address whose last X-Forwarded-For is believed; NULL: nobody's */
        const struct web_route_set *sets;
        size_t set_count;
        const char *static_folder;        /* "/static/NAME": .css .js .svg .png, read once; NULL: none */
        const struct web_page_set *pages; /* with the page "problem"; NULL: problems are JSON */
        struct work_line *line;           /* NULL: no route may need it */
        unsigned threads;                 /* that read and write; 0: 2 */
        struct web_patience patience;
        /* What was answered, for a log: from several threads, never anything of a person. NULL: nothing. */
        void (*log)(void *context, unsigned status, mitome_code code, const char *route);
        void *log_context;
};

struct web;

/* web_open listens, and serves until web_close. All that the configuration points to must live until then.
 * Fails with SOCKET, WEB_PLAIN (plain HTTP asked for elsewhere than on loopback), WEB_CERTIFICATE, ARGUMENT
 * (a route that cannot be), FILE_READ, TOO_LONG, NO_MEMORY. */
MITOME_CHECKED mitome_status web_open(const struct web_config *config, struct web **ret, mitome_error *error);
uint16_t web_port(const struct web *web);

/* web_close stops listening, answers what is under way, and ends. The line must still be there. */
void web_close(struct web *web);

#endif
