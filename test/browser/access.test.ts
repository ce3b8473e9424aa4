import { describe, expect, test } from 'vitest';
import { faint, nameless, overflowing } from './access.ts';
import { DYING, reports, stepOn, TRACE } from './report.ts';
import { click, type Look, textOf } from './visit.ts';

const { at } = reports();

describe('for everybody', () => {
  const places = ['', DYING, `${TRACE}&step=44`, '#spec=lock-cycle&variant=bad&trace=2'];
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
    at(`${TRACE}&step=5`, {}, async (page) => {
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
    at(`${TRACE}&step=5`, {}, async (page) => {
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
