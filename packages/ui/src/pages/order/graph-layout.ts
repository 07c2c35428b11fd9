import { ThroughlineError } from '@throughline/model';
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import Elk from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import type { Graph, GraphEdge, GraphNode } from '../../lib/graph.ts';
import { type Box, type TraceArea, traceAreas } from '../../lib/trace-areas.ts';

const NODE_WIDTH_PX = 200;
const NODE_HEIGHT_PX = 44;
const LABEL_CHAR_PX = 5.5;
const LABEL_HEIGHT_PX = 14;
const LAYOUT_TIMEOUT_MS = 15_000;

export interface PlacedNode extends Box {
  readonly node: GraphNode;
}

export interface PlacedEdge {
  readonly edge: GraphEdge;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** The middle of the label, where there is one. */
  readonly label: { readonly x: number; readonly y: number } | undefined;
}

/** Pixels from the drawing's top left corner. */
export interface PlacedGraph {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly areas: readonly TraceArea[];
  readonly edges: readonly PlacedEdge[];
}

/**
 * Layered from left to right, causes before effects. Traces are not given to the layout as groups:
 * a group cannot be left and entered again, and the fills of an exchange order do just that.
 */
const LAYOUT = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.padding': '[top=28,left=12,bottom=12,right=12]',
  'elk.spacing.nodeNode': '40',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '8',
  'elk.layered.spacing.nodeNodeBetweenLayers': '32',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '7',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.mergeEdges': 'true',
  'elk.edgeLabels.inline': 'true',
};

/** What is written on an edge; a child edge carries nothing, the common case needs no words. */
export function edgeText(edge: GraphEdge): string {
  const times = edge.count > 1 ? `×${edge.count}` : '';
  if (edge.type === 'child') return times;
  return `${(edge.linkType ?? 'link').replaceAll('_', ' ')} ${times}`.trim();
}

function elkEdge(edge: GraphEdge): ElkExtendedEdge {
  const text = edgeText(edge);
  const label = { text, width: text.length * LABEL_CHAR_PX, height: LABEL_HEIGHT_PX };
  return {
    id: edge.id,
    sources: [edge.from],
    targets: [edge.to],
    labels: text === '' ? [] : [label],
    layoutOptions: { 'elk.layered.priority.straightness': edge.critical ? '20' : '1' },
  };
}

function elkGraph(graph: Graph): ElkNode {
  return {
    id: 'root',
    layoutOptions: LAYOUT,
    children: graph.nodes.map(({ id }) => ({
      id,
      width: NODE_WIDTH_PX,
      height: NODE_HEIGHT_PX,
    })),
    edges: graph.edges.map(elkEdge),
  };
}

function placedEdge(edge: GraphEdge, elk: ElkExtendedEdge | undefined): PlacedEdge {
  const section = elk?.sections?.[0];
  const points = section
    ? [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]
    : [];
  const label = elk?.labels?.[0];
  const { x = 0, y = 0, width = 0, height = 0 } = label ?? {};
  return { edge, points, label: label && { x: x + width / 2, y: y + height / 2 } };
}

function placedGraph(id: string, graph: Graph, root: ElkNode): PlacedGraph {
  const children = new Map((root.children ?? []).map((child) => [child.id, child]));
  const edges = new Map((root.edges ?? []).map((edge) => [edge.id, edge]));
  const nodes = graph.nodes.map((node) => {
    const { x = 0, y = 0, width = 0, height = 0 } = children.get(node.id) ?? {};
    return { node, x, y, width, height };
  });
  const members = nodes.map(({ node, ...box }) => ({ ...box, id: node.id, traceId: node.traceId }));
  return {
    id,
    width: root.width ?? 0,
    height: root.height ?? 0,
    nodes,
    areas: traceAreas(
      members,
      graph.edges.filter((edge) => edge.type === 'child'),
    ),
    edges: graph.edges.map((edge) => placedEdge(edge, edges.get(edge.id))),
  };
}

/**
 * Places the graph in a worker, because a large one takes seconds; the worker is ended when it is
 * done or no longer wanted.
 *
 * @param id what tells this drawing from the next
 * @throws ThroughlineError `TL_INTERNAL` when no layout was found in time
 */
export async function layoutGraph(
  id: string,
  graph: Graph,
  signal: AbortSignal,
): Promise<PlacedGraph> {
  const elk = new Elk.default({ workerFactory: () => new Worker(workerUrl) });
  const stop = AbortSignal.any([signal, AbortSignal.timeout(LAYOUT_TIMEOUT_MS)]);
  try {
    const root = await Promise.race([
      elk.layout(elkGraph(graph)),
      new Promise<never>((_, reject) => {
        const fail = () =>
          reject(new ThroughlineError('TL_INTERNAL', 'The graph could not be laid out in time.'));
        stop.addEventListener('abort', fail, { once: true });
      }),
    ]);
    return placedGraph(id, graph, root);
  } finally {
    elk.terminateWorker();
  }
}
