import { BaseEdge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import type { GraphEdge } from '../../lib/graph.ts';
import styles from './causal-graph.module.css';
import { edgeText, type PlacedEdge } from './graph-layout.ts';

export interface CausalEdgeData extends Record<string, unknown> {
  readonly edge: GraphEdge;
  readonly points: PlacedEdge['points'];
  readonly label: PlacedEdge['label'];
  /** It begins or ends at the selected span. */
  readonly touched: boolean;
}

const CORNER_PX = 6;

type Point = PlacedEdge['points'][number];

function towards(from: Point, to: Point, px: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(px, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

/** A line through the points with rounded corners. */
function pathOf(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      const after = points[index + 1];
      if (!before) return `M${point.x},${point.y}`;
      if (!after) return `L${point.x},${point.y}`;
      const entry = towards(point, before, CORNER_PX);
      const exit = towards(point, after, CORNER_PX);
      return `L${entry.x},${entry.y} Q${point.x},${point.y} ${exit.x},${exit.y}`;
    })
    .join(' ');
}

/** A cause: solid from parent to child, dashed with its type where spans are linked. */
export function CausalEdge({ id, data }: EdgeProps & { data?: CausalEdgeData }) {
  if (!data) return null;
  const { edge, points, label, touched } = data;
  const state = {
    'data-type': edge.type,
    'data-critical': edge.critical || undefined,
    'data-touched': touched || undefined,
  };
  const end = points.at(-1);
  return (
    <g className={styles.edge} {...state}>
      <BaseEdge id={id} path={pathOf(points)} />
      {end && <path className={styles.head} d={`M${end.x},${end.y} l-7,-3.500 v7 z`} />}
      {label && (
        <EdgeLabelRenderer>
          <span
            className={styles.edgeLabel}
            style={{ transform: `translate(-50%, -50%) translate(${label.x}px, ${label.y}px)` }}
            {...state}
          >
            {edgeText(edge)}
          </span>
        </EdgeLabelRenderer>
      )}
    </g>
  );
}
