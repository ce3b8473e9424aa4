import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';

/** What a schema in `fixtures` has against a value: nothing, or where and why. */
export function against(schema: string): (value: unknown) => readonly string[] {
  const file = path.join(import.meta.dirname, 'fixtures', schema);
  // ajv knows later drafts than SARIF's, which say what it says in the same words, but for these.
  const { $schema: _, id: __, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  formats.default(ajv);
  const validate = ajv.compile(rest);
  return (value) => {
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}
