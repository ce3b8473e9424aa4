import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LinkRecord } from '../../src/drift/link.ts';
import { parseLinks, printLinks, readLinks, writeLinks } from '../../src/drift/record.ts';
import { folder } from './tree.ts';

const record = (
  specFunction: string,
  lines = ['0123456789ab', '', 'ba9876543210'],
): LinkRecord => ({
  cFile: 'mm/door.c',
  cFunction: 'door_open',
  version: 'v5.3',
  specFile: 'specs/door/spec.ts',
  specFunction,
  specDigest: 'a'.repeat(64),
  digest: 'b'.repeat(64),
  definitions: [
    { conditions: [], line: 3, lines },
    { conditions: ['!defined(CONFIG_A)'], line: 9, lines: ['0123456789ab'] },
  ],
});

describe('links.json', () => {
  test('what is written is read, in one order', async () => {
    const place = path.join(folder(), 'receipts/door/links.json');
    const records = [record('shut'), record('open'), record('lock', [''])];
    await writeLinks(place, records);
    expect(await readLinks(place)).toEqual([records[2], records[1], records[0]]);
    expect(printLinks([...records].reverse())).toBe(printLinks(records));
    expect(readFileSync(place, 'utf8')).toBe(printLinks(records));
    expect(readdirSync(path.dirname(place))).toEqual(['links.json']);
  });

  test('where there is none, nothing is recorded', async () => {
    expect(await readLinks(path.join(folder(), 'links.json'))).toEqual([]);
  });

  const good = printLinks([record('open')]);
  /** With a checksum that fits: only its shape is wrong. */
  const forged = (change: (text: string) => string): string => {
    const { checksum: _, ...content } = JSON.parse(change(good));
    const checksum = hash('sha256', JSON.stringify(content)).slice(0, 16);
    return JSON.stringify({ ...content, checksum });
  };

  test.each([
    ['nothing', '', /^x is damaged: /],
    ['half of it', good.slice(0, 300), /^x is damaged: /],
    ['something else', '[]', /^x does not hold the links of a spec$/],
    ['a receipt', '{"format": "lockstep-receipt", "version": 1}', /^x does not hold the links/],
    [
      'a newer one',
      good.replace('"version": 1', '"version": 2'),
      /^x has version 2, made by a newer Lockstep/,
    ],
    [
      'an edited digest',
      good.replace('b'.repeat(64), 'c'.repeat(64)),
      /^x was edited: its content does not fit its checksum$/,
    ],
    ['an edited line', good.replace('ba9876543210', 'ba9876543211'), /^x was edited/],
    ['no checksum', good.replace(/,\s*"checksum": "\w+"/, ''), /^x was edited/],
    [
      'a digest of another shape',
      forged((text) => text.replace('b'.repeat(64), 'b')),
      /^x is damaged: links\.0\.digest: no digest$/,
    ],
    [
      'lines of another shape',
      forged((text) => text.replace('ba9876543210', 'x')),
      /^x is damaged: links\.0\.definitions\.0\.lines: no digests$/,
    ],
    [
      'one field more',
      forged((text) => text.replace('"cFile"', '"more": 1, "cFile"')),
      /^x is damaged: links\.0/,
    ],
    [
      'one field less',
      forged((text) => text.replace(/"cFile": "[^"]*",/, '')),
      /^x is damaged: links\.0\.cFile/,
    ],
  ])('%s is one clear line', (_, text, message) => {
    expect(() => parseLinks(text, 'x')).toThrow(message);
    expect(() => parseLinks(text, 'x')).toThrow(/^.*$/);
    expect(() => parseLinks(text, 'x')).toThrow(expect.objectContaining({ name: 'LinksError' }));
  });

  test('so is what cannot be read', async () => {
    const place = folder();
    mkdirSync(path.join(place, 'links.json'));
    await expect(readLinks(path.join(place, 'links.json'), 'x')).rejects.toThrow(
      /^x cannot be read \(EISDIR\)$/,
    );
    writeFileSync(path.join(place, 'b.json'), Buffer.from([0xff, 0xfe, 0]));
    await expect(readLinks(path.join(place, 'b.json'), 'x')).rejects.toThrow(
      /^x is damaged: not UTF-8 text$/,
    );
  });
});
