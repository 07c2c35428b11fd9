import { useCallback, useEffect, useState } from 'react';

const HOLD_MS = 3_000;

/**
 * Whether the list follows what happens. `held`: for a moment, because the pointer moves over the
 * rows and they must not slip away under it. `paused`: until resumed, by choice or because someone
 * reads on below or walks through the rows.
 */
export type LiveMode = 'live' | 'held' | 'paused';

export interface Live {
  readonly mode: LiveMode;
  pause(): void;
  resume(): void;
  hold(): void;
}

export function useLive(): Live {
  const [paused, setPaused] = useState(false);
  const [heldAtMs, setHeldAtMs] = useState<number>();
  useEffect(() => {
    if (heldAtMs === undefined) return;
    const timer = setTimeout(() => setHeldAtMs(undefined), HOLD_MS);
    return () => clearTimeout(timer);
  }, [heldAtMs]);
  const pause = useCallback(() => setPaused(true), []);
  const resume = useCallback(() => {
    setPaused(false);
    setHeldAtMs(undefined);
  }, []);
  const hold = useCallback(() => {
    const nowMs = Date.now();
    // A state change for every pixel that the pointer moves would render the list for nothing.
    setHeldAtMs((before) =>
      before !== undefined && nowMs - before < HOLD_MS / 2 ? before : nowMs,
    );
  }, []);
  const mode = paused ? 'paused' : heldAtMs === undefined ? 'live' : 'held';
  return { mode, pause, resume, hold };
}
