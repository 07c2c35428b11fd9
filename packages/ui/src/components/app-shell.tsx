import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import markUrl from '../assets/mark.svg';
import { useShortcuts } from '../lib/use-shortcuts.ts';
import styles from './app-shell.module.css';
import { PasteBox } from './paste-box.tsx';
import { ShortcutSheet } from './shortcut-sheet.tsx';
import { StatusPill } from './status-pill.tsx';
import { ThemeToggle } from './theme-toggle.tsx';

/** What every page stands in: the way home, the paste box, the server's state. */
export function AppShell() {
  const [sheetOpen, setSheetOpen] = useState(false);
  const navigate = useNavigate();
  useShortcuts({
    '?': () => setSheetOpen((open) => !open),
    c: () => navigate({ to: '/coverage' }),
    s: () => navigate({ to: '/server' }),
  });
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <header className={styles.header}>
        <Link to="/" className={styles.brand}>
          <img src={markUrl} alt="" width="22" height="22" />
          Throughline
        </Link>
        <PasteBox />
        <div className={styles.tools}>
          <Link
            to="/coverage"
            className={styles.page}
            title="Where messages lose their context (c)"
          >
            Coverage
          </Link>
          <StatusPill />
          <ThemeToggle />
          <button
            type="button"
            className="icon-button"
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            onClick={() => setSheetOpen(true)}
          >
            ?
          </button>
        </div>
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      {sheetOpen && <ShortcutSheet close={() => setSheetOpen(false)} />}
    </div>
  );
}
