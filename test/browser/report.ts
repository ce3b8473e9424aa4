import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll } from 'vitest';
import { htmlOfRuns } from '../../src/report/html.ts';
import { read, runsOf } from '../report/engine-runs.ts';
import * as sample from '../report/sample.ts';
import { chromium } from './chromium.ts';
import { click, type Look, textOf, visit } from './visit.ts';

/** Addresses in the report. */
export const DYING = '#spec=kmem-cache-dying&variant=seed';
export const TRACE = `${DYING}&trace=2`;

type Tell = (page: Page) => Promise<void>;

export interface Reports {
  /** The report of the runs below. */
  readonly at: (hash: string, look: Look, tell: Tell) => Promise<void>;
  readonly other: (html: string, hash: string, tell: Tell) => Promise<void>;
  readonly browser: () => Browser;
  readonly file: () => string;
}

/** A browser for the tests of a file, and the report of a few runs with all there can be. */
export function reports(): Reports {
  let browser: Browser;
  let folder: string;
  let file: string;
  const written = (name: string, html: string): string => {
    const place = path.join(folder, name);
    writeFileSync(place, html);
    return place;
  };
  beforeAll(async () => {
    browser = await chromium();
    folder = mkdtempSync(path.join(tmpdir(), 'lockstep-report-'));
    const runs = [
      ...(await runsOf('specs/kmem-cache-dying/spec.ts', ['seed'], { allocators: 0 })),
      ...(await runsOf('test/fixtures/checks/abba.ts')),
      ...(await runsOf('test/fixtures/checks/lock-cycle.ts')),
      sample.verified,
      sample.missing,
      sample.incomplete,
      sample.invalid,
    ];
    file = written('report.html', htmlOfRuns(runs, read));
  });
  afterAll(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });
  return {
    at: (hash, look, tell) => visit(browser, file, hash, look, tell),
    other: (html, hash, tell) => visit(browser, written('other.html', html), hash, {}, tell),
    browser: () => browser,
    file: () => file,
  };
}

/** The step that is shown, as its number stands in the controls. */
export async function stepOn(page: Page): Promise<number> {
  return Number(/step (\d+) of/.exec(await textOf(page, '.told'))?.[1]);
}

export async function lastStep(page: Page): Promise<number> {
  return Number(/of (\d+)/.exec(await textOf(page, '.told'))?.[1]);
}

/** To the first step of which this is the statement, or a part of it, by a click on it. */
export async function goTo(page: Page, statement: string): Promise<void> {
  await click(page, `.chip[aria-label*="${statement}"]`);
}
