import {
  type Import,
  importsOf,
  isCode,
  isProduct,
  packageOf,
  type Rule,
  resolveImport,
  type Source,
  type Violation,
} from './sources.ts';

/** Who may import whom (docs/ARCHITECTURE.md, Layout). A package may always import itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'packages/model': [],
  'packages/sdk': ['packages/model'],
  'packages/store': ['packages/model'],
  'packages/server': ['packages/store', 'packages/model', 'packages/sdk'],
  'packages/ui': ['packages/model'],
  'packages/process': ['packages/model'],
  'packages/cli': ['packages/server', 'packages/process', 'packages/model'],
  'trading/instruments': ['packages/model'],
  'trading/exchange': ['trading/service', 'packages/model'],
  'trading/orders': ['trading/service', 'trading/instruments', 'packages/sdk', 'packages/model'],
  'trading/bot': ['trading/service', 'trading/instruments', 'packages/sdk', 'packages/model'],
  'trading/options': ['trading/service', 'packages/process', 'packages/sdk', 'packages/model'],
  'trading/signals': ['trading/exchange', 'trading/service', 'packages/sdk', 'packages/model'],
  'trading/service': ['packages/sdk', 'packages/model'],
  'trading/floor': ['trading/service', 'packages/process', 'packages/model'],
};

const NAMES: Readonly<Record<string, string>> = {
  '@throughline/model': 'packages/model',
  '@throughline/sdk': 'packages/sdk',
  '@throughline/store': 'packages/store',
  '@throughline/server': 'packages/server',
  '@throughline/process': 'packages/process',
  '@throughline/ui': 'packages/ui',
  '@throughline/exchange': 'trading/exchange',
  '@throughline/instruments': 'trading/instruments',
  '@throughline/orders': 'trading/orders',
  '@throughline/bot': 'trading/bot',
  '@throughline/options': 'trading/options',
  '@throughline/service': 'trading/service',
  '@throughline/signals': 'trading/signals',
  throughline: 'packages/cli',
};

/**
 * Second doors, and whose product code uses them instead of the first: what is loaded inside other
 * people's services must not load the model's schemas.
 */
const SECOND_DOORS: Readonly<Record<string, readonly string[]>> = {
  '@throughline/model/names': ['packages/sdk'],
};

function targetPackage(source: Source, { specifier }: Import): string | undefined {
  if (specifier.startsWith('.')) return packageOf(resolveImport(source.path, specifier));
  return NAMES[
    specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/')
  ];
}

/** The door that this file has to use instead of the package's first one. */
function secondDoorFor(source: Source, target: string): string | undefined {
  if (!isProduct(source)) return undefined;
  const home = packageOf(source.path);
  return Object.keys(SECOND_DOORS).find(
    (door) =>
      NAMES[door.slice(0, door.lastIndexOf('/'))] === target && SECOND_DOORS[door]?.includes(home),
  );
}

/** A package imports only from lower floors, through its first door or a second one that is listed. */
export const layering: Rule = (sources) =>
  sources.filter(isCode).flatMap((source) => {
    const home = packageOf(source.path);
    const allowed = ALLOWED[home];
    if (!allowed) return [];
    return importsOf(source).flatMap((entry): Violation[] => {
      const target = targetPackage(source, entry);
      if (!target || target === home) return [];
      const place = { path: source.path, line: entry.line, rule: 'layering' };
      if (!allowed.includes(target)) {
        const may = allowed.length === 0 ? 'nothing of ours' : allowed.join(', ');
        return [{ ...place, message: `${home} may import ${may}, not ${target}` }];
      }
      if (Object.hasOwn(SECOND_DOORS, entry.specifier)) return [];
      const door = secondDoorFor(source, target);
      if (door) return [{ ...place, message: `import ${door} here: it loads no schemas` }];
      if (entry.specifier.startsWith('.') || entry.specifier.split('/').length > 2) {
        return [{ ...place, message: `import ${target} by its package name, through its door` }];
      }
      return [];
    });
  });

const ADAPTER = /^packages\/sdk\/src\/adapters\/([^/]+)\//;

/** Adapters are siblings: what two of them share lives in messaging/ or propagation/. */
export const adapters: Rule = (sources) =>
  sources.filter(isCode).flatMap((source) => {
    const own = ADAPTER.exec(source.path)?.[1];
    if (!own) return [];
    return importsOf(source).flatMap((entry): Violation[] => {
      if (!entry.specifier.startsWith('.')) return [];
      const other = ADAPTER.exec(resolveImport(source.path, entry.specifier))?.[1];
      if (!other || other === own) return [];
      const message = `adapter ${own} imports adapter ${other}: move what they share to messaging/`;
      return [{ path: source.path, line: entry.line, rule: 'adapters', message }];
    });
  });

/** No cycles between files, type imports included (Tarjan's strongly connected components). */
export const cycles: Rule = (sources) => {
  const code = sources.filter(isCode);
  const paths = new Set(code.map((source) => source.path));
  const targets = new Map(
    code.map((source) => [
      source.path,
      importsOf(source)
        .filter((entry) => entry.specifier.startsWith('.'))
        .map((entry) => resolveImport(source.path, entry.specifier))
        .filter((path) => paths.has(path)),
    ]),
  );
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const violations: Violation[] = [];
  const visit = (path: string): void => {
    index.set(path, index.size);
    low.set(path, index.get(path) ?? 0);
    stack.push(path);
    for (const next of targets.get(path) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(path, Math.min(low.get(path) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(path) !== index.get(path)) return;
    const component = stack.splice(stack.indexOf(path));
    if (component.length > 1 || targets.get(path)?.includes(path)) {
      const message = `import cycle: ${component.join(' -> ')}`;
      violations.push({ path, line: 1, rule: 'cycles', message });
    }
  };
  for (const path of paths) if (!index.has(path)) visit(path);
  return violations;
};
