import '@xyflow/react/dist/base.css';
import { useQuery } from '@tanstack/react-query';
import type { Lifecycle, SpanRef } from '@throughline/model';
import { spanRef } from '@throughline/model';
import {
  Background,
  Controls,
  type Edge,
  type Node,
  ReactFlow,
  type ReactFlowInstance,
  type Viewport,
} from '@xyflow/react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { buildGraph, type Graph } from '../../lib/graph.ts';
import { serviceHues } from '../../lib/palette.ts';
import { useWidth } from '../../lib/use-width.ts';
import { CausalEdge, type CausalEdgeData } from './causal-edge.tsx';
import styles from './causal-graph.module.css';
import { SpanNode, type SpanNodeData, TraceNode, type TraceNodeData } from './causal-node.tsx';
import { layoutGraph, type PlacedGraph } from './graph-layout.ts';

const NODE_TYPES = { span: SpanNode, trace: TraceNode };
const EDGE_TYPES = { causal: CausalEdge };

/** Smaller than this nothing can be read: a larger graph is moved instead. */
const ZOOM_MIN = 0.5;
const MARGIN_PX = 16;

/** Above the drawing, for the zoom buttons. */
const TOP_PX = 36;
const HEIGHT_MAX_PX = 640;

/** A stack of more spans than this stays one: taken apart, nobody could read the graph. */
const EXPANDABLE_SPANS_MAX = 40;

interface CausalGraphProps {
  readonly lifecycle: Lifecycle;
  readonly selected: SpanRef | undefined;
  readonly onSelect: (ref: SpanRef) => void;
}

/** Places from the layout, what is shown from the graph: times change more often than shape. */
function flowNodes(
  placed: PlacedGraph,
  graph: Graph,
  hueOf: (service: string) => number,
  selected: SpanRef | undefined,
): Node[] {
  const traces = placed.areas.map(({ traceId, x, y, width, height }) => ({
    id: `${traceId}@${x},${y}`,
    type: 'trace',
    position: { x, y },
    width,
    height,
    zIndex: -2,
    data: { traceId } satisfies TraceNodeData,
  }));
  const current = new Map(graph.nodes.map((node) => [node.id, node]));
  const spans = placed.nodes.map(({ node: before, x, y, width, height }) => {
    const node = current.get(before.id) ?? before;
    return {
      id: node.id,
      type: 'span',
      position: { x, y },
      width,
      height,
      data: {
        node,
        hue: hueOf(node.spans[0].service),
        selected: node.spans.some((span) => spanRef(span) === selected),
        expandable: node.spans.length <= EXPANDABLE_SPANS_MAX,
      } satisfies SpanNodeData,
    };
  });
  return [...traces, ...spans];
}

function flowEdges(placed: PlacedGraph, graph: Graph, selected: SpanRef | undefined): Edge[] {
  const holder = graph.nodes.find(({ spans }) => spans.some((span) => spanRef(span) === selected));
  const current = new Map(graph.edges.map((edge) => [edge.id, edge]));
  return placed.edges.map(({ edge: before, points, label }) => {
    const edge = current.get(before.id) ?? before;
    const touched = holder !== undefined && (edge.from === holder.id || edge.to === holder.id);
    return {
      id: edge.id,
      type: 'causal',
      source: edge.from,
      target: edge.to,
      zIndex: edge.critical ? 1 : 0,
      data: { edge, points, label, touched } satisfies CausalEdgeData,
    };
  });
}

/** The whole drawing where it can be read so; else its beginning, at the left. */
function frameOf(placed: PlacedGraph, widthPx: number) {
  const zoom = Math.min(Math.max((widthPx - 2 * MARGIN_PX) / placed.width, ZOOM_MIN), 1);
  const x = Math.max(MARGIN_PX, (widthPx - placed.width * zoom) / 2);
  const heightPx = Math.min(placed.height * zoom + TOP_PX + MARGIN_PX, HEIGHT_MAX_PX);
  return { heightPx, viewport: { x, y: TOP_PX, zoom } };
}

/** Keeps the drawing in its frame as the page's width changes, until somebody moves it. */
function useFollow(viewport: Viewport | undefined) {
  const flow = useRef<ReactFlowInstance>(undefined);
  const moved = useRef(false);
  const { x = 0, y = 0, zoom = 1 } = viewport ?? {};
  useEffect(() => {
    if (!moved.current) void flow.current?.setViewport({ x, y, zoom });
  }, [x, y, zoom]);
  return {
    onInit: (instance: ReactFlowInstance) => {
      flow.current = instance;
    },
    // What we move ourselves comes without an event.
    onMoveStart: (event: MouseEvent | TouchEvent | null) => {
      if (event) moved.current = true;
    },
  };
}

/** The graph and its layout, which is kept as long as nodes and edges stay the same. */
function useLayout(lifecycle: Lifecycle, expanded: ReadonlySet<string>) {
  const graph = useMemo(
    () => buildGraph(lifecycle.spans, lifecycle.edges, expanded),
    [lifecycle, expanded],
  );
  const shape = JSON.stringify([graph.nodes.map(({ id }) => id), graph.edges.map(({ id }) => id)]);
  const { data: placed, error } = useQuery({
    queryKey: ['graph-layout', lifecycle.key, shape],
    queryFn: ({ signal }) => layoutGraph(shape, graph, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    // The drawing before stays until the next is ready: an order that still grows must not flicker.
    placeholderData: (before) => before,
    retry: false,
  });
  return { graph, placed, error };
}

/** The order's spans as causes and effects, from left to right across all its traces. */
export function CausalGraph({ lifecycle, selected, onSelect }: CausalGraphProps) {
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set());
  const { graph, placed, error } = useLayout(lifecycle, expanded);
  const hueOf = useMemo(() => serviceHues(lifecycle.spans), [lifecycle]);
  const nodes = useMemo(
    () => (placed ? flowNodes(placed, graph, hueOf, selected) : []),
    [placed, graph, hueOf, selected],
  );
  const edges = useMemo(
    () => (placed ? flowEdges(placed, graph, selected) : []),
    [placed, graph, selected],
  );
  const choose = useCallback(
    (_: unknown, { type, data, id }: Node) => {
      if (type !== 'span') return;
      const { node, expandable } = data as unknown as SpanNodeData;
      if (node.spans.length > 1 && expandable) setExpanded((before) => new Set([...before, id]));
      else onSelect(spanRef(node.spans[0]));
    },
    [onSelect],
  );
  const canvas = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(canvas);
  const frame = placed && frameOf(placed, widthPx);
  const follow = useFollow(frame?.viewport);
  return (
    <div ref={canvas} className={styles.canvas} style={{ height: frame?.heightPx }}>
      {error && <p role="alert">{error.message}</p>}
      {!placed && !error && <p className="empty">Laying out {graph.nodes.length} nodes…</p>}
      {expanded.size > 0 && (
        <button
          type="button"
          className={`button small ${styles.restack}`}
          onClick={() => setExpanded(new Set())}
        >
          Stack equal spans again
        </button>
      )}
      {frame && (
        <ReactFlow
          key={placed?.id}
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          defaultViewport={frame.viewport}
          {...follow}
          minZoom={0.1}
          maxZoom={2}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          onlyRenderVisibleElements
          zoomOnScroll={false}
          zoomActivationKeyCode={['Control', 'Meta']}
          preventScrolling={false}
          onNodeClick={choose}
          aria-label="Causal graph"
        >
          <Background gap={24} />
          <Controls showInteractive={false} orientation="horizontal" position="top-right" />
        </ReactFlow>
      )}
    </div>
  );
}
