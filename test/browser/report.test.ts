import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { htmlOfReplays, htmlOfRuns } from '../../src/report/html.ts';
import type { Run } from '../../src/verdict/run.ts';
import { changeOf, replayOf, stepOf } from '../fixtures/steps.ts';
import { read, runsOf } from '../report/engine-runs.ts';
import * as sample from '../report/sample.ts';
import { faint, nameless, overflowing } from './access.ts';
import { chromium } from './chromium.ts';
import { click, drawn, type Look, textOf, textsOf, visit } from './visit.ts';

let browser: Browser;
let folder: string;
let file: string;

beforeAll(async () => {
  browser = await chromium();
  folder = mkdtempSync(path.join(tmpdir(), 'lockstep-report-'));
  const check = (name: string) => runsOf(`test/fixtures/checks/${name}.ts`);
  const runs = [
    ...(await runsOf('specs/kmem-cache-dying/spec.ts', ['seed'], { allocators: 0 })),
    ...(await check('abba')),
    ...(await check('lock-cycle')),
    sample.verified,
    sample.missing,
    sample.incomplete,
    sample.invalid,
  ];
  file = written('report', runs);
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

function written(name: string, runs: readonly Run[]): string {
  const place = path.join(folder, `${name}.html`);
  writeFileSync(place, htmlOfRuns(runs, read));
  return place;
}

const DYING = '#spec=kmem-cache-dying&variant=seed';

function at(hash: string, look: Look, tell: (page: Page) => Promise<void>): Promise<void> {
  return visit(browser, file, hash, look, tell);
}

/** The step that is shown, as its number stands in the controls. */
async function stepOn(page: Page): Promise<number> {
  return Number(/step (\d+) of/.exec(await textOf(page, '.told'))?.[1]);
}

async function lastStep(page: Page): Promise<number> {
  return Number(/of (\d+)/.exec(await textOf(page, '.told'))?.[1]);
}

/** To the first step of which this is the statement, or a part of it, by a click on it. */
async function goTo(page: Page, statement: string): Promise<void> {
  await click(page, `.chip[aria-label*="${statement}"]`);
}

describe('from the list to a step', () => {
  test('all variants with verdict, what was expected, and size', () =>
    at('', {}, async (page) => {
      expect(await textOf(page, 'h1')).toBe('3 variants of 9 not as expected');
      expect(await textsOf(page, '.list .group h2')).toEqual([
        ...['kmem-cache-dying', 'abba', 'lock-cycle', 'slab', 'specs/bad.ts'],
      ]);
      const [seed] = await textsOf(page, '.list .variant');
      expect(seed).toMatch(/^seedviolated[\d,]+ states$/);
      expect((await textsOf(page, '.list .variant .alarm')).length).toBe(3);
      expect((await textsOf(page, '.list li ul a')).slice(0, 2)).toEqual([
        'P6: no callback or work for a child after flush_memcg_workqueue',
        'P1: no callback, work or release touches a freed cache',
      ]);
    }));

  test('those of one verdict, or with a word in them', () =>
    at('', {}, async (page) => {
      const shown = () =>
        page.$$eval('.list .variant', (all) =>
          all.filter((each) => each.checkVisibility()).map((each) => each.firstChild!.textContent),
        );
      const all = await shown();
      await click(page, '.list .choices button:nth-child(2)');
      expect(await shown()).toEqual(['seed', 'bad', 'bad']);
      await page.type('.list input', 'freed cache');
      expect(await shown()).toEqual(['seed']);
      await click(page, '.list .choices button:first-child');
      await page.$eval('.list input', (input) => (input as HTMLInputElement).select());
      await page.keyboard.press('Backspace');
      expect(await shown()).toEqual(all);
    }));

  test('a click each', () =>
    at('', {}, async (page) => {
      await click(page, '.list .variant');
      expect(await textOf(page, 'h1')).toMatch(/^seed\s*violated$/);
      expect(await page.$eval('.list a[aria-current]', (link) => link.className)).toBe('variant');
      await click(page, '.page td a');
      expect(await textOf(page, 'h1')).toMatch(/^P6: no callback or work/);
      await click(page, '.list li ul li:nth-child(2) a');
      expect(await textOf(page, 'h1')).toBe(
        'P1: no callback, work or release touches a freed cache',
      );
      expect(await textOf(page, '.list a[aria-current]')).toMatch(/^P1: /);
      await page.evaluate(() => history.back());
      await drawn(page);
      await drawn(page);
      expect(await textOf(page, 'h1')).toMatch(/^P6: /);
    }));

  test('what a proof is worth', () =>
    at('#spec=slab&variant=v5.4', {}, async (page) => {
      expect(await textOf(page, '.facts')).toContain('12,345 states');
      expect(await textOf(page, '.coverage summary')).toMatch(/slab\.ts.*1 explained/s);
    }));

  test('what stands in the way of a verdict', () =>
    at('#spec=specs%2Fbad.ts&variant=', {}, async (page) => {
      expect(await textOf(page, '.message')).toContain('Expected "}" but found end of file');
    }));

  test('lines that schedules reached, and those that they did not', () =>
    at(DYING, {}, async (page) => {
      const names = await textsOf(page, '.coverage summary code');
      expect(names).toContain('slab_common.ts');
      const summaries = await page.$$('.coverage summary');
      await summaries[names.indexOf('slab_common.ts')]!.click();
      await page.waitForSelector('.lines .reached');
      expect(await textsOf(page, '.lines .excused .mark')).toContain(
        'not reached: where the caches are not SLAB_TYPESAFE_BY_RCU',
      );
    }));
});

describe('stepping through the crash of December 2019', () => {
  const TRACE = `${DYING}&trace=2`;

  test('keys go forward and back, to the ends, and from switch to switch', () =>
    at(TRACE, {}, async (page) => {
      const after = async (key: Parameters<Page['keyboard']['press']>[0]) => {
        await page.keyboard.press(key);
        return stepOn(page);
      };
      expect(await stepOn(page)).toBe(0);
      expect(await after('ArrowUp')).toBe(0);
      expect(await after('ArrowDown')).toBe(1);
      expect(await after('j')).toBe(2);
      expect(await after('ArrowRight')).toBe(3);
      expect(await after('k')).toBe(2);
      expect(await after('ArrowLeft')).toBe(1);
      const switches = (await textsOf(page, '.switch')).length;
      expect(switches).toBeGreaterThan(3);
      const stops = [];
      for (let i = 0; i < switches; i++) stops.push(await after('n'));
      expect(new Set(stops).size).toBe(switches);
      expect(await after('p')).toBe(stops.at(-2));
      const last = await lastStep(page);
      expect(last).toBeGreaterThan(50);
      expect(await after('End')).toBe(last);
      expect(await after('j')).toBe(last);
      expect(await after('Home')).toBe(0);
    }));

  test('buttons and statements do as well', () =>
    at(TRACE, {}, async (page) => {
      await click(page, '[aria-label="forward"]');
      await click(page, '[aria-label="forward"]');
      expect(await stepOn(page)).toBe(2);
      await click(page, '[aria-label="last"]');
      expect(await stepOn(page)).toBe(await lastStep(page));
      expect(
        await page.$eval('[aria-label="forward"]', (b) => (b as HTMLButtonElement).disabled),
      ).toBe(true);
      await click(page, '.chip[aria-label^="Step 41,"]');
      expect(await stepOn(page)).toBe(41);
    }));

  test('the address leads to the step', async () => {
    let hash = '';
    await at(TRACE, {}, async (page) => {
      await page.keyboard.press('End');
      await page.keyboard.press('k');
      hash = await page.evaluate(() => location.hash);
    });
    await at(hash, {}, async (page) => {
      expect(await stepOn(page)).toBe((await lastStep(page)) - 1);
      expect(
        await page.$eval('.chip[aria-current]', (chip) => chip.getAttribute('aria-label')),
      ).toMatch(/^Step \d+, softirq\/0: /);
    });
  });

  test('the current step is in sight, with all that it is about', () =>
    at(TRACE, {}, async (page) => {
      await goTo(page, 'destroy: kfree(child)');
      await page.waitForFunction(() => {
        const [box, chip] = [
          document.querySelector('.lanes')!,
          document.querySelector('.chip[aria-current]')!,
        ];
        const [out, own] = [box.getBoundingClientRect(), chip.getBoundingClientRect()];
        return own.top >= out.top && own.bottom <= out.bottom;
      });
      expect(await textOf(page, '.chip[aria-current] .statement')).toBe('kfree(child)');
      const line = await page.$('.source li.now');
      expect(await line?.isIntersectingViewport()).toBe(true);
      expect(await page.$eval('.source li.now', (each) => each.getAttribute('aria-current'))).toBe(
        'step',
      );
      expect(await textOf(page, '.source .file')).toBe('slab_common.ts');
      expect(await textOf(page, '.source li.now .text')).toContain('kfree(s)');
      expect(await textOf(page, '.source li.now .mark')).toBe('destroy');
      expect(await textsOf(page, '.state .changed th')).toEqual(['child']);
      expect(await textOf(page, '.state .changed td')).toBe('alive freed');
      expect(await textOf(page, '.detail')).toContain('active object freed');
      expect(await textsOf(page, '.report')).toContainEqual(
        expect.stringMatching(/^active object freed/),
      );
    }));

  test('the source marks where the others are', () =>
    at(TRACE, {}, async (page) => {
      await goTo(page, 'percpu_ref_kill(child.refcnt)');
      const marked = await textsOf(page, '.source .mark b');
      expect(marked.length).toBeGreaterThan(1);
      expect(await textsOf(page, '.source .mark .moved')).toEqual(['kworker/0-memcg_kmem_cache']);
    }));

  test('the state shows all objects, those that changed so far, or those of the step', () =>
    at(TRACE, {}, async (page) => {
      await goTo(page, 'store(root.dying, true)');
      const shown = async (choice: number) => {
        await click(page, `.state .choices button:nth-child(${choice})`);
        return textsOf(page, '.state tbody th');
      };
      const [all, sofar, now] = [await shown(1), await shown(2), await shown(3)];
      expect(now).toEqual(['root.dying', 'note:dying']);
      expect(sofar).toEqual(expect.arrayContaining(now));
      expect(all).toEqual(expect.arrayContaining(sofar));
      expect([all.length > sofar.length, sofar.length > now.length]).toEqual([true, true]);
      await page.keyboard.press('j');
      expect(await textsOf(page, '.state tbody th')).not.toEqual(now);
    }));

  test('lanes, locks, waiting and arrows are drawn', () =>
    at(TRACE, {}, async (page) => {
      await goTo(page, 'percpu_ref_kill(child.refcnt)');
      expect(await textsOf(page, '.head b')).toEqual([
        ...['destroy', 'offline', 'kworker/0-memcg_kmem_cache', 'softirq/0', 'rcu_gp'],
      ]);
      const titles = (selector: string) => textsOf(page, `${selector} title`);
      expect(await titles('.held')).toContain('kworker/0-memcg_kmem_cache holds slab_mutex');
      expect(await titles('.arrow.hand-over')).toContainEqual(
        expect.stringMatching(/^hand-over: slab_mutex/),
      );
      expect(await titles('.arrow.queueing')).toContainEqual(
        expect.stringMatching(/^queueing: .*child/),
      );
      expect((await titles('.arrow.grace-period')).length).toBeGreaterThan(1);
      // Those of the current step stand out.
      expect(await titles('.arrow.lit')).toContainEqual(
        expect.stringContaining(`step ${await stepOn(page)} to`),
      );
      expect(await textsOf(page, '.switch')).toContainEqual(
        expect.stringMatching(/^destroy goes on; /),
      );
    }));
});

describe('locks', () => {
  test('a deadlock: who waits for whom, since when', () =>
    at('#spec=abba&variant=bad&trace=1&step=2', {}, async (page) => {
      expect(await textsOf(page, '.threads .waits')).toEqual([
        'waits: mutex_lock(b), held by ba, since step 2',
        'waits: mutex_lock(a), held by ab, since step 2',
      ]);
      expect(await textsOf(page, '.wait title')).toHaveLength(2);
    }));

  test('a report of lockdep has all the runs that it comes from', () =>
    at('#spec=lock-cycle&variant=bad&trace=2', {}, async (page) => {
      expect(await textsOf(page, '.runs a')).toEqual(['run 1', 'run 2', 'run 3']);
      expect(await textOf(page, '.runs a[aria-current]')).toBe('run 3');
      const last = await textOf(page, '.chips');
      await click(page, '.runs a');
      expect(await textOf(page, '.runs a[aria-current]')).toBe('run 1');
      expect(await textOf(page, '.chips')).not.toBe(last);
    }));

  test('the graph of their order, drawn and as a table', () =>
    at('#spec=lock-cycle&variant=bad', {}, async (page) => {
      expect(await textsOf(page, '.graph .class.broken text')).toEqual(['a', 'b', 'c']);
      expect(await page.$$('.graph .order.broken')).toHaveLength(3);
      expect(await page.$eval('.graph svg', (each) => each.getAttribute('aria-label'))).toBe(
        'Lock order: a before b, b before c, c before a',
      );
      await click(page, '.graph + details summary');
      expect(await textsOf(page, '.graph + details tbody td:nth-child(-n+2)')).toEqual([
        ...['a', 'b', 'b', 'c', 'c', 'a'],
      ]);
    }));

  test('an order that is kept has nothing to show in red', () =>
    at('#spec=lock-cycle&variant=fixed', {}, async (page) => {
      expect(await page.$$('.graph .order.broken')).toEqual([]);
      expect(await page.$$('.graph .order.plain')).toHaveLength(2);
    }));
});

describe('orders that matter', () => {
  test('are marked on the steps and told in words', async () => {
    const raced = { thread: 'destroyer', object: 'root.dying', schedule: [] };
    // biome-ignore lint/suspicious/noThenProperty: a step, and no promise
    const order = { first: 2, then: 3, ...raced };
    const explanation = {
      edges: [],
      orders: [order],
      weight: [0, 3, 3, 1, 1, 1, 3] as const,
    };
    const [counterexample] = sample.violated.counterexamples;
    const runs = [{ ...sample.violated, counterexamples: [{ ...counterexample!, explanation }] }];
    const hash = '#spec=slab&variant=v5.3&trace=1';
    await visit(browser, written('orders', runs), hash, {}, async (page) => {
      expect(await textsOf(page, '.orders li')).toEqual([
        'order 1If step 2 came after step 3, this would hold (root.dying).',
      ]);
      expect(await textsOf(page, '.chip.matters .order-number')).toEqual(['order 1', 'order 1']);
      expect(await page.$$('.chip.aside')).toHaveLength(1);
      await click(page, '.orders a:nth-of-type(2)');
      expect(await stepOn(page)).toBe(3);
    });
  });
});

describe('kept traces that were run again', () => {
  test('by file, with what became of each', async () => {
    const { steps, broken } = sample.replay;
    const replay = replayOf({ steps, broken });
    const trace = {
      spec: { name: 'slab', file: 'specs/slab.ts', digest: 'd' },
      ...{ variant: 'v5.3', params: {}, property: 'D3', message: 'was freed', steps: [] },
    };
    const run = { trace, variant: 'v5.4', changed: false, replay, explanation: null };
    const diverged = { result: 'diverged', run: 1, step: 3, message: 'no', possible: [] } as const;
    const html = htmlOfReplays(
      [
        {
          file: 'traces/slab/a.trace.json',
          reproduced: {
            ...run,
            ...{ reproduction: { result: 'reproduced', message: 'freed' }, divergence: null },
          },
        },
        {
          file: 'traces/slab/b.trace.json',
          reproduced: { ...run, reproduction: diverged, divergence: null },
        },
        { file: 'c.json', reproduced: null, message: 'c.json is damaged' },
      ],
      read,
    );
    const place = path.join(folder, 'replayed.html');
    writeFileSync(place, html);
    await visit(browser, place, '', {}, async (page) => {
      expect(await textOf(page, 'h1')).toBe('2 traces of 3 not reproduced');
      expect(await textsOf(page, '.page table:first-of-type td:nth-child(-n+2)')).toEqual([
        ...['a.trace.json', 'reproduced', 'b.trace.json', 'diverged', 'c.json', 'not reproduced'],
      ]);
      await click(page, '.list .group li:nth-child(2) ul a');
      expect(await textOf(page, '.trace > header')).toContain('step 3 diverges: no');
      expect(await lastStep(page)).toBe(2);
    });
  });
});

describe('for everybody', () => {
  const places = ['', DYING, `${DYING}&trace=2&step=44`, '#spec=lock-cycle&variant=bad&trace=2'];
  const looks: Look[] = [
    { width: 1400, height: 900, scheme: 'light' },
    { width: 1400, height: 900, scheme: 'dark' },
    { width: 900, height: 700, scheme: 'dark' },
    { width: 400, height: 800, scheme: 'light' },
  ];
  for (const look of looks) {
    test.each(places)(`%s at ${look.width} x ${look.height}, ${look.scheme}`, (hash) =>
      at(hash, look, async (page) => {
        expect(await nameless(page)).toEqual([]);
        expect(await faint(page)).toEqual([]);
        expect(await overflowing(page)).toEqual([]);
      }),
    );
  }

  test('dark and light follow the system, until chosen here', () =>
    at('', { scheme: 'dark' }, async (page) => {
      const ground = () => page.$eval(':root', (root) => getComputedStyle(root).backgroundColor);
      const dark = await ground();
      const button = () => textOf(page, '.top button:last-child');
      expect(await button()).toBe('Theme: auto');
      await click(page, '.top button:last-child');
      expect(await button()).toBe('Theme: light');
      expect(await ground()).not.toBe(dark);
      await click(page, '.top button:last-child');
      expect([await button(), await ground()]).toEqual(['Theme: dark', dark]);
      await click(page, '.top button:last-child');
    }));

  test('the keyboard leads through the page in order, and shows where it is', () =>
    at(`${DYING}&trace=2&step=5`, {}, async (page) => {
      const names: string[] = [];
      for (;;) {
        await page.keyboard.press('Tab');
        if (await page.evaluate(() => document.activeElement === document.body)) break;
        const { name, outline } = await page.evaluate(() => {
          const now = document.activeElement!;
          const style = getComputedStyle(now);
          return {
            name: now.getAttribute('aria-label') ?? now.textContent!,
            outline: style.outlineStyle !== 'none' && style.outlineWidth !== '0px',
          };
        });
        expect(outline, name).toBe(true);
        names.push(name);
      }
      const order = [
        'Skip to the content',
        'Skip to the variants',
        'Lockstep',
        'Keys',
        'Theme: auto',
      ];
      expect(names.slice(0, 5)).toEqual(order);
      const later = [
        'Find a variant or property',
        'first',
        'next switch',
        'Spec source',
        'Shared state',
      ];
      const places = later.map((name) => names.indexOf(name));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(places[0]).toBeGreaterThan(0);
      // One stop among all steps: the current one.
      expect(names.filter((name) => name.startsWith('Step '))).toEqual([
        expect.stringMatching(/^Step 5, /),
      ]);
    }));

  test('a skip link leads past the list, and leaves the address alone', () =>
    at(DYING, {}, async (page) => {
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate(() => document.activeElement!.id)).toBe('main');
      expect(await page.evaluate(() => location.hash)).toBe(DYING);
    }));

  test('keys are for stepping only where nothing is typed or scrolled', () =>
    at(`${DYING}&trace=2&step=5`, {}, async (page) => {
      await page.focus('.list input');
      await page.keyboard.type('jn');
      expect(await stepOn(page)).toBe(5);
      await page.focus('.state .scroll');
      await page.keyboard.press('ArrowDown');
      expect(await stepOn(page)).toBe(5);
      await page.keyboard.press('j');
      expect(await stepOn(page)).toBe(6);
    }));

  test('what the keys are', () =>
    at(DYING, {}, async (page) => {
      await page.keyboard.press('?');
      expect(await page.$eval('dialog', (dialog) => dialog.open)).toBe(true);
      expect(await textOf(page, 'dialog')).toContain('next and previous switch');
      await page.keyboard.press('Escape');
      expect(await page.$eval('dialog', (dialog) => dialog.open)).toBe(false);
    }));

  test('where it is narrow, the list opens and closes', () =>
    at('', { width: 700, height: 800 }, async (page) => {
      const list = await page.$('.list');
      expect(await list?.isVisible()).toBe(false);
      await click(page, '.menu');
      expect(await list?.isVisible()).toBe(true);
      await click(page, '.list li ul a');
      expect(await list?.isVisible()).toBe(false);
      expect(await textOf(page, 'h1')).toMatch(/^P6: /);
    }));
});

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
    const hostile = path.join(folder, 'hostile.html');
    writeFileSync(
      hostile,
      htmlOfRuns([run, sample.verified], () => evil),
    );
    await visit(browser, hostile, hash, {}, async (page) => {
      expect(await page.$('img')).toBeNull();
      expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
      expect(await textOf(page, 'main')).toContain(evil);
    });
  });

  test('could not if they got in: no other code runs, and nothing is loaded', async () => {
    const page = await browser.newPage();
    try {
      await page.goto(`file://${file}`);
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
