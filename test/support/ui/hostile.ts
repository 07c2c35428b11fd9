import type { Attributes, Lifecycle, LifecycleSpan } from '@throughline/model';

/** Runs, or shows up as an image or a script, wherever text is taken for more than text. */
export const HOSTILE_TEXTS = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  "';alert(1)//",
  'javascript:alert(1)',
  '</style><svg onload=alert(1)>',
  '{{constructor.constructor("alert(1)")()}}',
  '\u202egpj.tpircs\u0000\r\nSet-Cookie: a=b',
];

/** The lifecycle as someone would send it who wants to run a script in the reader's browser. */
export function hostile(lifecycle: Lifecycle): Lifecycle {
  let turn = 0;
  const text = () => HOSTILE_TEXTS[turn++ % HOSTILE_TEXTS.length] ?? '';
  const attributes = (kept: Attributes): Attributes => ({
    ...kept,
    ...Object.fromEntries(HOSTILE_TEXTS.map((value, index) => [`${index} ${text()}`, value])),
    'http.url': 'javascript:alert(document.domain)',
  });
  const span = (kept: LifecycleSpan): LifecycleSpan => ({
    ...kept,
    name: text(),
    service: text(),
    host: text(),
    status: { code: 'error', message: text() },
    attributes: attributes(kept.attributes),
    resource: attributes(kept.resource),
    scope: { name: text(), version: text() },
    events: [{ timeNs: kept.startNs, name: text(), attributes: attributes({}) }],
    links: kept.links.map((link) => ({ ...link, type: text(), attributes: attributes({}) })),
  });
  return {
    ...lifecycle,
    status: text(),
    warnings: [{ code: 'cycle', message: text() }],
    attributes: attributes(lifecycle.attributes),
    spans: lifecycle.spans.map(span),
    edges: lifecycle.edges.map((edge) => ({ ...edge, linkType: text() })),
    segments: lifecycle.segments.map((segment) => ({ ...segment, label: text() })),
    stages: lifecycle.stages.map((stage) => ({ ...stage, label: text() })),
    siblings: lifecycle.siblings.map((sibling) => ({ ...sibling, key: text() })),
  };
}
