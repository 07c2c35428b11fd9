import { useEffect, useState } from 'react';

const SAID_MS = 1_500;

type Outcome = 'copied' | 'failed';

/** `text` is called on click, so that large texts are made only when wanted. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [outcome, setOutcome] = useState<Outcome>();
  useEffect(() => {
    if (outcome === undefined) return;
    const timer = setTimeout(() => setOutcome(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = () => {
    // Browsers offer the clipboard only to pages from this machine or over HTTPS.
    const written = navigator.clipboard?.writeText(text()) ?? Promise.reject();
    written.then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  };
  const said = { copied: '✓ Copied', failed: 'Clipboard not allowed' } as const;
  return (
    <button type="button" className="button small" onClick={copy}>
      {outcome ? said[outcome] : label}
    </button>
  );
}
