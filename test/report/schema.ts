import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';

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

/** Parses JUnit, and throws what the schema has against it. */
export function validJUnit(text: string): XmlDocument {
  const schema = path.join(import.meta.dirname, 'fixtures/jenkins-junit.xsd');
  const document = XmlDocument.fromString(text);
  XsdValidator.fromDoc(XmlDocument.fromBuffer(readFileSync(schema))).validate(document);
  return document;
}
