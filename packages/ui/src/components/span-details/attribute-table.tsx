import type { Attributes, AttributeValue } from '@throughline/model';
import { formatAttribute, formatCount, safeHref } from '../../lib/format.ts';
import styles from './attribute-table.module.css';

const VALUE_CHARS_MAX = 2_000;

function Value({ value }: { value: AttributeValue }) {
  const text = formatAttribute(value);
  const href = safeHref(text);
  if (href !== undefined) {
    return (
      <a href={href} target="_blank" rel="noreferrer noopener">
        {text}
      </a>
    );
  }
  if (text.length <= VALUE_CHARS_MAX) return text;
  const hidden = formatCount(text.length - VALUE_CHARS_MAX);
  return `${text.slice(0, VALUE_CHARS_MAX)}… (${hidden} more characters; Copy JSON has them all)`;
}

interface AttributeTableProps {
  readonly title: string;
  readonly attributes: Attributes;
  readonly open: boolean;
}

/**
 * Keys and values as they were sent. Both are text of the traced system and never more than text.
 */
export function AttributeTable({ title, attributes, open }: AttributeTableProps) {
  const entries = Object.entries(attributes).sort(([left], [right]) => (left < right ? -1 : 1));
  if (entries.length === 0) return null;
  return (
    <details className={styles.group} open={open}>
      <summary>
        {title} <small>{entries.length}</small>
      </summary>
      <table>
        <tbody>
          {entries.map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td data-type={typeof value}>
                <Value value={value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
