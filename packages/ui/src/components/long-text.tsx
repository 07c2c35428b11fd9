import { useState } from 'react';
import styles from './long-text.module.css';

const CHARS_SHOWN = 280;

/** Text of a stranger: of a long one the beginning, the rest on demand. */
export function LongText({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const isCut = !all && text.length > CHARS_SHOWN;
  return (
    <span className={styles.text}>
      <bdi>{isCut ? text.slice(0, CHARS_SHOWN) : text}</bdi>
      {isCut && (
        <button type="button" className="link" onClick={() => setAll(true)}>
          … more
        </button>
      )}
    </span>
  );
}
