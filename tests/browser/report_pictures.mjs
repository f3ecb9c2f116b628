// SPDX-License-Identifier: Apache-2.0
// Pictures of a report for docs/pictures, to be copied from BUILD/browser/shots. By hand, not a test:
// MITOME_REPORT=.. (of a real run) MITOME_PICTURES=.. (the number of the policy's card that is shown)
// MITOME_PICTURES_OF=.. (what their names begin with) tests/browser/run SOURCE BUILD report_pictures

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, check, finish, folder, languages, must, openBrowser, openPage, shots } from "./harness.mjs";

const file = join(folder(), "report.html");
writeFileSync(file, execFileSync(join(build, "tests/browser/rig_report"), [process.env.MITOME_REPORT], { maxBuffer: 1 << 28 }));
const address = pathToFileURL(file).href;
const browser = await openBrowser({ own: ["null"] });
const page = await openPage(browser, address);

for (const language of languages)
        await check(`${language}: pictures`, async () => {
                await page.goto(`${address}#${language}`);
                await page.emulateMedia({ colorScheme: "light" });
                await page.setViewportSize({ width: 980, height: 700 });
                await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = false)));
                const top = (selector) => page.evaluate((wanted) => {
                        const one = wanted.startsWith("=") ? [...document.querySelectorAll("h3")].find((h3) => h3.textContent === wanted.slice(1) && h3.checkVisibility()) : document.querySelector(wanted);
                        const end = one?.closest("section")?.getBoundingClientRect().bottom ?? Infinity;
                        return one ? { y: one.getBoundingClientRect().top + scrollY, last: end === Infinity ? 1e6 : end + scrollY + 8 } : null;
                }, selector.startsWith("=") ? selector : `#${language} ${selector}`);
                const end = language === "ja" ? "-ja" : "";
                // A part ends with what it shows, and a picture of it is not longer than a page of text.
                const parts = {
                        head: ["h1", 8, 420], summary: [`#${language}-summary`, 4, 770], levels: ["main .card:nth-of-type(POLICY)", 8, 720],
                        broken: ["h3:has(.badge.bad)", 8, 320], disagree: ["=PINLEN", 8, 560], budget: [`#${language}-budget`, 4, 560],
                        rates: [`#${language}-rates`, 4, 380], requirements: [`#${language}-requirements`, 4, 700],
                };
                for (const [name, [selector, above, height]] of Object.entries(parts)) {
                        const found = await top(selector.replace("POLICY", process.env.MITOME_PICTURES));
                        if (["broken", "disagree"].includes(name) && found === null)
                                continue; // not in each report
                        must(found !== null, selector);
                        const y = Math.max(0, found.y - above);
                        await page.screenshot({ path: join(shots, `${process.env.MITOME_PICTURES_OF}-${name}${end}.png`), fullPage: true, clip: { x: 0, y, width: 980, height: Math.min(height, found.last - y) } });
                }
        });

await finish();
