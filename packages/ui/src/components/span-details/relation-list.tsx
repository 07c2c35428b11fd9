import { Link } from '@tanstack/react-router';
import { ATTR, type SpanRef } from '@throughline/model';
import { useState } from 'react';
import { formatAttribute, formatWords } from '../../lib/format.ts';
import type { Relation } from '../../lib/relations.ts';
import styles from './relation-list.module.css';

/** Past so many a list is folded: a match may allocate to hundreds of orders. */
const RELATIONS_SHOWN = 8;

function Target({ relation, onSelect }: { relation: Relation; onSelect: (ref: SpanRef) => void }) {
  const name = relation.name ?? `span ${relation.spanId}`;
  const title = `${relation.traceId}:${relation.spanId}`;
  if (relation.here) {
    return (
      <button
        type="button"
        className={styles.target}
        title={title}
        onClick={() => onSelect(relation.ref)}
      >
        {name}
      </button>
    );
  }
  return (
    <Link
      to="/traces/$traceId"
      params={{ traceId: relation.traceId }}
      search={{ span: relation.spanId }}
      className={styles.target}
      title={title}
    >
      {name} ↗
    </Link>
  );
}

function LinkAttributes({ relation }: { relation: Relation }) {
  const entries = Object.entries(relation.attributes).filter(([key]) => key !== ATTR.linkType);
  return entries.map(([key, value]) => (
    <span key={key} className={styles.attribute}>
      {key} = {formatAttribute(value)}
    </span>
  ));
}

interface RelationListProps {
  readonly title: string;
  readonly relations: readonly Relation[];
  /** Selects a span that is on the page. */
  readonly onSelect: (ref: SpanRef) => void;
}

/**
 * What caused a span, or what it led to: one click leads there, on this page or in its own trace.
 */
export function RelationList({ title, relations, onSelect }: RelationListProps) {
  const [all, setAll] = useState(false);
  const shown = all ? relations : relations.slice(0, RELATIONS_SHOWN);
  return (
    <section className={styles.relations} aria-label={title}>
      <h3>
        {title} <small>{relations.length}</small>
      </h3>
      {relations.length === 0 && <p className={styles.none}>nothing known</p>}
      <ul>
        {shown.map((relation) => (
          <li key={`${relation.type}:${relation.ref}`}>
            <span className={styles.type} data-child={/^(parent|child)$/.test(relation.type)}>
              {formatWords(relation.type)}
            </span>
            <span className={styles.what}>
              <Target relation={relation} onSelect={onSelect} />
              <span className={styles.service}>
                {relation.service ?? (relation.here ? '' : 'in another trace')}
              </span>
              <LinkAttributes relation={relation} />
            </span>
          </li>
        ))}
      </ul>
      {shown.length < relations.length && (
        <button type="button" className="button small" onClick={() => setAll(true)}>
          Show all {relations.length}
        </button>
      )}
    </section>
  );
}
