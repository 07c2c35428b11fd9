import { useState } from 'react';
import { applyTheme, storedTheme, storeTheme, THEMES } from '../lib/theme.ts';

const SIGNS = { system: '◐', light: '☀', dark: '☾' } as const;

/** Steps through following the system, light and dark. */
export function ThemeToggle() {
  const [theme, setTheme] = useState(storedTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  const change = () => {
    setTheme(next);
    storeTheme(next);
    applyTheme(next);
  };
  const text = `Theme: ${theme}. Change to ${next}`;
  return (
    <button type="button" className="icon-button" aria-label={text} title={text} onClick={change}>
      {SIGNS[theme]}
    </button>
  );
}
