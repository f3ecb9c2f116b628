// SPDX-License-Identifier: Apache-2.0
// validate.mjs SCHEMA FILE: whether ajv finds a JSON file to be of a schema, of draft 4 or draft 7. Exit status 0 or 1.
import { readFileSync } from "node:fs";
import Draft7 from "ajv";
import Draft4 from "ajv-draft-04";
import formats from "ajv-formats";

const [schema, document] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
const old = /draft-04/.test(schema.$schema);
const Ajv = old ? Draft4.default ?? Draft4 : Draft7.default ?? Draft7;
// SARIF's schema has a stray bracket in a pattern, which only the laxer expressions of old take; OSCAL's has \p{L}.
const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: !old });
(formats.default ?? formats)(ajv);
const validate = ajv.compile(schema);
if (!validate(document)) {
  for (const error of validate.errors.slice(0, 20)) console.error(`${error.instancePath}: ${error.message}`);
  process.exit(1);
}
