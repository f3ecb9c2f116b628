// SPDX-License-Identifier: Apache-2.0
// Hands a page's WebAuthn requests to the phone, and its answers back. The browser says for which page it asks
// (remoteDesktopClientOverride in the options); the phone shows it to the person and holds the page to it.

import { Refusal, letter, settings } from "./phone.js";

const proxy = chrome.webAuthenticationProxy;
const POLL_MS = 250;
const BUSY_MS = 5000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Requests that are being done: the browser's number, and the phone's or null while it is not known yet.
const running = new Map();

// ---- on and off ----

async function tell(state) {
        await chrome.action.setBadgeText({ text: state === "lost" ? "!" : "" });
        await chrome.action.setTitle({ title: chrome.i18n.getMessage(`title_${state}`) });
}

// While it is attached, all passkey requests of this browser come here, and none to the browser's own dialogs.
async function settle() {
        const { address, secret, on } = await settings();
        if (!on || !address || !secret) {
                await proxy.detach().catch(() => {});
                await tell("off");
                return;
        }
        const error = await proxy.attach();
        await tell(error ? "taken" : "on");
}

// ---- one request ----

// Another one may just be ending: a page that gives up one request asks for the next at once.
async function begin(kind, options, phone) {
        for (const end = Date.now() + BUSY_MS; ; ) {
                try {
                        return (await letter("begin", { kind, options }, phone)).request;
                } catch (error) {
                        if (!(error instanceof Refusal) || error.status !== 409 || Date.now() > end)
                                throw error;
                }
                await pause(POLL_MS);
        }
}

// A background program that calls nothing of the browser's for half a minute is ended, and a person may need
// longer: asking the platform is such a call.
async function wait(requestId, request, phone) {
        for (;;) {
                const heard = await letter("poll", { request }, phone);
                if (heard.state !== "works" || !running.has(requestId))
                        return heard;
                await chrome.runtime.getPlatformInfo();
                await pause(POLL_MS);
        }
}

async function carry(kind, { requestId, requestDetailsJson }) {
        const phone = await settings();
        running.set(requestId, null);
        const request = await begin(kind, JSON.parse(requestDetailsJson), phone);
        if (!running.has(requestId)) {
                await letter("cancel", { request }, phone);
                return null;
        }
        running.set(requestId, request);
        const heard = await wait(requestId, request, phone);
        return running.has(requestId) ? heard : null;
}

async function answer(kind, details, complete) {
        const { requestId } = details;
        const failed = (name, message) => ({ requestId, error: { name, message } });
        let end;
        try {
                const heard = await carry(kind, details);
                if (heard?.state === "done")
                        end = { requestId, responseJson: JSON.stringify(heard.response) };
                else if (heard)
                        end = failed(heard.name, heard.message);
                await tell("on");
        } catch (error) {
                end = failed("NotAllowedError", chrome.i18n.getMessage("lost"));
                await tell("lost");
        }
        // A request that was cancelled has its answer already.
        if (running.delete(requestId) && end)
                await complete(end).catch(() => {});
}

async function cancel(requestId) {
        const request = running.get(requestId);
        running.delete(requestId);
        if (request)
                await letter("cancel", { request }, await settings()).catch(() => {});
}

// ---- what the browser tells: listeners stand before anything is waited for ----

proxy.onCreateRequest.addListener((details) => answer("create", details, (end) => proxy.completeCreateRequest(end)));
proxy.onGetRequest.addListener((details) => answer("get", details, (end) => proxy.completeGetRequest(end)));
proxy.onRequestCanceled.addListener(cancel);
proxy.onIsUvpaaRequest.addListener(({ requestId }) => proxy.completeIsUvpaaRequest({ requestId, isUvpaa: true }));
chrome.storage.onChanged.addListener(settle);
chrome.runtime.onStartup.addListener(settle);
chrome.runtime.onInstalled.addListener(async ({ reason }) => {
        await settle();
        if (reason === "install")
                await chrome.runtime.openOptionsPage();
});
chrome.action.onClicked.addListener(() => chrome.runtime.openOptionsPage());
