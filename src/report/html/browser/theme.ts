import { h } from './dom.ts';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const KEY = 'lockstep-theme';

/** Light and dark as the system has it, or as chosen here. */
export function themeButton(): HTMLElement {
  let theme = THEMES.find((each) => each === kept()) ?? 'auto';
  const button = h('button', {
    type: 'button',
    click: () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
      keep(theme);
      apply();
    },
  });
  const apply = (): void => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  apply();
  return button;
}

/** A page from disk may have nowhere to keep it. */
function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function keep(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It lasts as long as the page.
  }
}
