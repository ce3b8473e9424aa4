import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { expect } from 'vitest';

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** A page opened from disk. At its end, nothing may have gone wrong or been asked of the network. */
export async function visit(
  browser: Browser,
  file: string,
  hash: string,
  look: Look,
  tell: (page: Page) => Promise<void>,
): Promise<void> {
  const { width = 1400, height = 900, scheme = 'light' } = look;
  const page = await browser.newPage();
  const wrong: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => wrong.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  try {
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    const url = pathToFileURL(file).href;
    await page.goto(url + hash);
    await page.bringToFront();
    await drawn(page);
    await tell(page);
    expect(wrong).toEqual([]);
    expect(requests.map((request) => request.replace(/#.*$/, ''))).toEqual([url]);
  } finally {
    await page.close();
  }
}

/** The text of the first element, as a person reads it. */
export async function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent.trim());
}

export async function textsOf(page: Page, selector: string): Promise<string[]> {
  return page.$$eval(selector, (all) => all.map((each) => each.textContent.trim()));
}

/** Clicks, and waits until what follows from it is drawn: a new address is told a moment later. */
export async function click(page: Page, selector: string): Promise<void> {
  await page.click(selector);
  await drawn(page);
}

export async function drawn(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  });
}
