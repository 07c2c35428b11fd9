import { formatDuration } from '@throughline/model';
import { Handle, type NodeProps, Position } from '@xyflow/react';
import type { GraphNode } from '../../lib/graph.ts';
import { maxNs } from '../../lib/nanoseconds.ts';
import styles from './causal-graph.module.css';

export interface SpanNodeData extends Record<string, unknown> {
  readonly node: GraphNode;
  readonly hue: number;
  readonly selected: boolean;
  /** A stack that a click takes apart. */
  readonly expandable: boolean;
}

function lengthText({ spans }: GraphNode): string {
  const longest = maxNs(0n, ...spans.map((span) => span.endNs - span.startNs));
  return spans.length > 1 ? `up to ${formatDuration(longest)}` : formatDuration(longest);
}

/**
 * A span, or a stack of equal ones. The handles are where React Flow ends its edges; nobody drags
 * them.
 */
export function SpanNode({ data }: NodeProps & { data: SpanNodeData }) {
  const { node, hue, selected, expandable } = data;
  const [span] = node.spans;
  const stacked = node.spans.length > 1;
  return (
    <div
      className={styles.node}
      data-hue={hue}
      data-critical={node.critical || undefined}
      data-shared={span.relevance === 'shared' || undefined}
      data-error={node.spans.some((each) => each.status.code === 'error') || undefined}
      data-selected={selected || undefined}
      data-stacked={stacked || undefined}
      title={stacked ? (expandable ? 'Click to take apart' : 'Too many to take apart') : undefined}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <span className={styles.title}>
        <span>{span.name}</span>
        {stacked && <b>×{node.spans.length}</b>}
      </span>
      <span className={styles.under}>
        <span>{span.service}</span>
        <span>{lengthText(node)}</span>
      </span>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

export interface TraceNodeData extends Record<string, unknown> {
  readonly traceId: string;
}

/**
 * The border of a trace, or of a part of one: what ordinary tracing tools would show on its own.
 */
export function TraceNode({ data }: NodeProps & { data: TraceNodeData }) {
  return (
    <div className={styles.trace}>
      <span className={styles.traceName} title={data.traceId}>
        trace {data.traceId.slice(0, 8)}
      </span>
    </div>
  );
}
