// SPDX-License-Identifier: Apache-2.0
// The report for people, in Chromium: the sample report and, where MITOME_REPORT names one, that. Accessible in both
// languages, at both widths, light and dark; nothing is loaded and nothing complains; printed, it is whole.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { accessible, build, check, finish, folder, languages, must, openBrowser, openPage, same, shots, source, widths } from "./harness.mjs";

const place = folder();
const file = join(place, "report.html");
const sample = process.env.MITOME_REPORT ?? join(source, "tests/unit/report_page.json");
const bytes = execFileSync(join(build, "tests/browser/rig_report"), [sample], { maxBuffer: 1 << 28 });
writeFileSync(file, bytes);
const address = pathToFileURL(file).href;
const browser = await openBrowser({ own: ["null"] });
const page = await openPage(browser, address);
const seen = (language) => page.evaluate((id) => getComputedStyle(document.getElementById(id)).display !== "none", language);
const show = (language) => page.goto(`${address}#${language}`);

await check("English is shown first, and Japanese by a link, without a script", async () => {
        must(await seen("en") && !(await seen("ja")), "English alone");
        await page.click("#en .languages a");
        must(await seen("ja") && !(await seen("en")), "Japanese alone");
        await page.click("#ja nav li:nth-child(7) a");
        same(new URL(page.url()).hash, "#ja-probes");
        must(await seen("ja") && !(await seen("en")), "a link within the Japanese part stays in it");
        await page.click("#ja .languages a");
        must(await seen("en") && !(await seen("ja")), "English again");
});

for (const language of languages)
        await check(`${language}: axe finds nothing, folded and unfolded, and nothing stands beyond the edge`, async () => {
                await show(language);
                for (const open of [false, true]) {
                        await page.evaluate((wanted) => document.querySelectorAll("details").forEach((one) => (one.open = wanted)), open);
                        for (const width of widths) {
                                await page.setViewportSize({ width, height: 800 });
                                for (const colorScheme of ["dark", "light"]) {
                                        await page.emulateMedia({ colorScheme });
                                        await accessible(page, `${language} ${width} ${colorScheme}`);
                                        if (!open)
                                                await page.screenshot({ path: join(shots, `report-${language}-${width}-${colorScheme}.png`), fullPage: true });
                                }
                                const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
                                must(beyond <= 0, `${beyond} px wider than ${width}`);
                        }
                }
        });

await check("headings go down one step at a time, and each table has headers that say what for", async () => {
        const wrong = await page.evaluate(() => {
                const found = [];
                for (const part of ["en", "ja"]) {
                        let last = 0;
                        for (const one of document.querySelectorAll(`#${part} :is(h1, h2, h3, h4)`)) {
                                const level = Number(one.tagName[1]);
                                if (level > last + 1)
                                        found.push(`${part}: ${one.tagName} ${one.textContent}`);
                                last = level;
                        }
                }
                for (const table of document.querySelectorAll("table"))
                        if (!table.querySelector("thead th[scope=col]") || [...table.querySelectorAll("tbody tr")].some((row) => !row.querySelector("th[scope=row]")))
                                found.push(table.outerHTML.slice(0, 80));
                return found;
        });
        same(wrong.join("\n"), "");
});

await check("it is well-formed XML, too", async () => {
        same(await page.evaluate((text) => new DOMParser().parseFromString(text, "application/xml").querySelector("parsererror")?.textContent ?? "", bytes.toString("utf8")), "");
});

await check("an outcome is told by a word and a symbol, whatever the colours are", async () => {
        const bare = await page.evaluate(() => [...document.querySelectorAll(".badge")].filter((one) => one.textContent.replace(/[^\p{L}]/gu, "").length < 2).length);
        same(bare, 0);
});

for (const language of languages)
        await check(`${language}: printed on A4 nothing is cut off at the right, and links and switch are gone`, async () => {
                await show(language);
                await page.emulateMedia({ media: "print" });
                await page.setViewportSize({ width: 687, height: 971 }); // 182 by 257 mm at 96 dots an inch: A4 within its margins
                const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
                must(beyond <= 0, `${beyond} px wider than the paper`);
                must(!(await page.isVisible(`#${language} .languages`)), "the switch is not printed");
                const pdf = await page.pdf({ format: "A4", preferCSSPageSize: true });
                must(pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 20000, "a PDF");
                writeFileSync(join(shots, `report-${language}.pdf`), pdf);
                await page.emulateMedia({ media: "screen" });
        });

await check("nothing was loaded, nothing complained", () => browser.watch.clean());

await finish();
