import { useEffect, useRef } from 'react';
import styles from './shortcut-sheet.module.css';

const SHORTCUTS: readonly { page: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    page: 'Everywhere',
    keys: [
      ['p', 'paste a trace id or an order'],
      ['c', 'where messages lose their context'],
      ['s', 'the server’s state'],
      ['?', 'this sheet'],
      ['Esc', 'close'],
    ],
  },
  {
    page: 'Orders',
    keys: [
      ['/', 'filter'],
      ['j  k', 'next, previous order'],
      ['Enter', 'open it'],
      ['l', 'live or paused'],
    ],
  },
  {
    page: 'Order',
    keys: [
      ['j  k', 'next, previous span'],
      ['t', 'show or hide the timeline'],
      ['g', 'show or hide the graph'],
      ['+  -', 'zoom in, out'],
      ['z', 'zoom to the selected span'],
      ['0', 'fit'],
    ],
  },
  {
    page: 'Trace',
    keys: [
      ['j  k', 'next, previous span'],
      ['e', 'next error'],
    ],
  },
];

/** A modal dialog: the browser keeps the focus inside and closes it with Esc. */
export function ShortcutSheet({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className={styles.sheet} onClose={close} aria-labelledby="shortcuts-title">
      <header className={styles.head}>
        <h2 id="shortcuts-title">Keyboard shortcuts</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={close}>
          ×
        </button>
      </header>
      <div className={styles.pages}>
        {SHORTCUTS.map(({ page, keys }) => (
          <section key={page}>
            <h3>{page}</h3>
            <dl>
              {keys.map(([key, meaning]) => (
                <div key={key} className={styles.entry}>
                  <dt>
                    {key.split('  ').map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}
