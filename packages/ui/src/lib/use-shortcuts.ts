import { useEffect, useRef } from 'react';

/**
 * Keys as `KeyboardEvent.key` names them. A handler that returns `false` leaves the key to others.
 */
export type Shortcuts = Readonly<Record<string, () => unknown>>;

/** Whether the key means something to the focused element itself, or to an open dialog. */
function isTaken(key: string, target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]')) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input, textarea, select, [contenteditable]')) return true;
  return key === 'Enter' && target.matches('a, button, summary');
}

/**
 * Listens for single keys while mounted, except where text is being typed or a modifier is held.
 */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTaken(event.key, event.target)) return;
      if (!Object.hasOwn(latest.current, event.key)) return;
      if (latest.current[event.key]?.() !== false) event.preventDefault();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
