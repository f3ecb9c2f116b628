// SPDX-License-Identifier: Apache-2.0
// usage: node bench.js CASES SECONDS: verifies each case of CASES over and over and prints, a JSON object a line,
// how many times a second of processor time. Ceremonies run one after the other.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SettingsService, verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";

const ROUNDS = 5;
const WARM_UP = 500; // milliseconds a case, for the compiler
const [file, seconds] = process.argv.slice(2);
const lines = readFileSync(file, "utf8").split("\n").filter((line) => line);

function common(one) {
  return {
    expectedChallenge: one.challenge_b64url,
    expectedOrigin: one.origin,
    expectedRPID: one.rp_id,
    requireUserVerification: false,
  };
}

// From the text of the response, as a server gets it.
async function verify(one) {
  const response = JSON.parse(one.text);
  if (one.kind === "registration") {
    return (await verifyRegistrationResponse({ response, ...common(one) })).verified;
  }
  const credential = { id: response.id, publicKey: one.publicKey, counter: 1 };
  return (await verifyAuthenticationResponse({ response, credential, ...common(one) })).verified;
}

function version() {
  // The package keeps its package.json to itself: find it from what it gives.
  let folder = dirname(createRequire(import.meta.url).resolve("@simplewebauthn/server"));
  for (;;) {
    try {
      const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if (found.name === "@simplewebauthn/server") return found.version;
    } catch {
      // not here
    }
    if (folder === dirname(folder)) return "unknown";
    folder = dirname(folder);
  }
}

// Operations a second of the process's time, garbage collection and all.
async function round(one, milliseconds) {
  const before = process.cpuUsage();
  const end = Date.now() + milliseconds;
  let count = 0;
  while (Date.now() < end) {
    for (let i = 0; i < 8; i++, count++) {
      if (!(await verify(one))) throw new Error("not verified");
    }
  }
  const used = process.cpuUsage(before);
  return count / ((used.user + used.system) / 1e6);
}

function middle(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const cases = lines.map((line) => {
  const one = JSON.parse(line);
  one.text = JSON.stringify(one.response);
  one.publicKey = new Uint8Array(Buffer.from(one.credential_public_key_b64url, "base64url"));
  one.rates = [];
  if (one.root_pem) {
    for (const identifier of ["packed", "fido-u2f"]) {
      SettingsService.setRootCertificates({ identifier, certificates: [one.root_pem] });
    }
  }
  return one;
});

const share = (Number(seconds) * 1000) / (cases.length * ROUNDS);
for (let i = 0; i <= ROUNDS; i++) {
  for (const one of cases.filter((each) => !each.error)) {
    try {
      const rate = await round(one, i === 0 ? WARM_UP : share);
      if (i > 0) one.rates.push(rate);
    } catch (error) {
      one.error = String(error.message);
    }
  }
}
for (const one of cases) {
  const result = { peer: "@simplewebauthn/server", version: version(), case: one.name };
  if (one.error) result.error = one.error;
  else result.a_second = middle(one.rates);
  console.log(JSON.stringify(result));
}
