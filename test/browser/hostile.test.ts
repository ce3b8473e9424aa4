import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { htmlOfRuns } from '../../src/report/html.ts';
import type { Run } from '../../src/verdict/run.ts';
import { changeOf, replayOf, stepOf } from '../fixtures/steps.ts';
import * as sample from '../report/sample.ts';
import { reports } from './report.ts';
import { textOf } from './visit.ts';

const { browser, file, other } = reports();

describe('hostile specs', () => {
  const evil = `</script><img src=x onerror="window.hacked=1"><!--<script>"'&`;
  const step = stepOf({
    ...{ thread: evil, text: evil, result: evil, changes: [changeOf(evil, evil, `${evil}2`)] },
    ...{ locals: { [evil]: `${evil}3` }, taken: [evil], held: [evil] },
    site: { file: evil, line: 1, fn: evil, text: evil },
    reports: [{ rule: evil, message: evil, property: evil }],
  });
  const run: Run = {
    ...sample.violated,
    ...{ spec: evil, file: evil, files: [evil], variant: evil, about: evil, kernel: evil },
    outcome: {
      ...sample.outcome,
      warnings: [{ kind: 'never taken', message: evil, site: null }],
      unchecked: { [evil]: evil },
      lockOrder: {
        classes: [],
        edges: [{ from: evil, to: 'b', recursive: false, reports: [evil] }],
      },
    },
    counterexamples: [
      {
        ...sample.violated.counterexamples[0]!,
        property: { ...sample.violatedProperty, name: evil, message: evil },
        replay: replayOf({ steps: [step], initial: [{ name: evil, text: evil, data: evil }] }),
      },
    ],
  };
  const place = { spec: evil, variant: evil };

  test.each([
    ['the start', {}],
    ['the variant', place],
    ['the trace', { ...place, trace: '1', step: '1' }],
  ])('cannot do anything on the page of %s', async (_, fields) => {
    const hash = `#${new URLSearchParams(fields)}`;
    const html = htmlOfRuns([run, sample.verified], () => evil);
    await other(html, hash, async (page) => {
      expect(await page.$('img')).toBeNull();
      expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
      expect(await textOf(page, 'main')).toContain(evil);
    });
  });

  test('could not if they got in: no other code runs, and nothing is loaded', async () => {
    const page = await browser().newPage();
    try {
      await page.goto(pathToFileURL(file()).href);
      const broken = await page.evaluate(async () => {
        const kinds: string[] = [];
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
          kinds.push(effectiveDirective),
        );
        const main = document.querySelector('main')!;
        main.innerHTML = '<img src="https://example.org/x.png"><b onclick="window.hacked=1">x</b>';
        main.querySelector('b')!.click();
        const script = document.createElement('script');
        script.textContent = 'window.hacked=1';
        main.append(script);
        await fetch('https://example.org/').catch(() => {});
        await new Promise((done) => setTimeout(done, 100));
        return { kinds: [...new Set(kinds)].sort(), hacked: 'hacked' in window };
      });
      expect(broken).toEqual({
        kinds: ['connect-src', 'img-src', 'script-src-attr', 'script-src-elem'],
        hacked: false,
      });
    } finally {
      await page.close();
    }
  });
});
