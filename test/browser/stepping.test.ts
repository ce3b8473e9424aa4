import type { Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import { htmlOfReplays, htmlOfRuns } from '../../src/report/html.ts';
import { replayOf } from '../fixtures/steps.ts';
import { read } from '../report/engine-runs.ts';
import * as sample from '../report/sample.ts';
import { goTo, lastStep, reports, stepOn, TRACE } from './report.ts';
import { click, textOf, textsOf } from './visit.ts';

const { at, other } = reports();

describe('stepping through the crash of December 2019', () => {
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

describe('orders that matter', () => {
  test('are marked on the steps and told in words', async () => {
    const raced = {
      thread: 'destroyer',
      object: 'root.dying',
      holds: 'always',
      schedule: [],
    } as const;
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
    await other(htmlOfRuns(runs, read), hash, async (page) => {
      expect(await textsOf(page, '.orders li')).toEqual([
        'Aif 3 WRITE_ONCE(root.memcg_params.dying, true) came before ' +
          '2 READ_ONCE(root.memcg_params.dying), ' +
          'this would hold (both touch root.dying)',
      ]);
      expect(await textsOf(page, '.chip.matters .order-letter')).toEqual(['A', 'A']);
      expect(await page.$$('.chip.aside')).toHaveLength(1);
      await click(page, '.orders span:nth-of-type(3) a');
      expect(await stepOn(page)).toBe(2);
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
    const at = { result: 'diverged', run: 1, step: 3, kind: 'waits' } as const;
    const diverged = { ...at, message: 'no', now: 'no', possible: [] };
    const html = htmlOfReplays(
      [
        {
          file: 'traces/slab/a.trace.json',
          reproduced: {
            ...run,
            ...{ reproduction: { result: 'reproduced', message: 'freed' }, divergence: null },
            ...{ life: { word: 'still reproduces', line: 'freed' }, wrong: null },
          },
        },
        {
          file: 'traces/slab/b.trace.json',
          reproduced: {
            ...{ ...run, reproduction: diverged, divergence: null },
            ...{ life: { word: 'no longer possible', line: 'no' }, wrong: 'it must be: fixed' },
          },
        },
        { file: 'c.json', reproduced: null, message: 'c.json is damaged' },
      ],
      read,
    );
    await other(html, '', async (page) => {
      expect(await textOf(page, 'h1')).toBe('2 traces of 3 not as they must be');
      expect(await textsOf(page, '.page table:first-of-type td:nth-child(-n+2)')).toEqual([
        ...['a.trace.json', 'still reproduces', 'b.trace.json', 'no longer possible'],
        ...['c.json', 'damaged'],
      ]);
      await click(page, '.list .group li:nth-child(2) ul a');
      expect(await textOf(page, '.trace > header')).toContain('step 3 diverges: no');
      expect(await lastStep(page)).toBe(2);
    });
  });
});
