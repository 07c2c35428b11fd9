// The sdk as others install it: packed, installed outside the repository, run by plain Node.
// Run: npx vitest run --project system test/package.test.ts
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { SDK_NAME, SDK_VERSION } from '../packages/sdk/src/tracing/resource.ts';
import { type Collector, startCollector } from './support/orders-collector.ts';
import { ROOT } from './support/process.ts';

const run = promisify(execFile);

/** The oldest Node that the package says it needs; the other is the one that runs this test. */
const NODE_MIN = '22.15.0';
const NODE_PACKAGE = `node-${platform()}-${arch()}`;
const VERSIONS = [NODE_MIN, process.versions.node];

const FILES = {
  'package.json': JSON.stringify({ type: 'module' }),
  'service.js': `
    import { ROOT_CONTEXT } from '@opentelemetry/api';
    import { ATTR, MESSAGING_SYSTEM, startConsumer, startProducer, startTracing } from '@throughline/sdk';
    const tracing = startTracing();
    const endpoint = { system: MESSAGING_SYSTEM.nats, destination: 'orders.new' };
    const businessIds = { [ATTR.clientOrderId]: 'o1' };
    const send = startProducer(tracing, 'send', { ...endpoint, context: ROOT_CONTEXT, businessIds });
    const carrier = {};
    tracing.propagator.inject(send.context, carrier);
    send.end();
    startConsumer(tracing, 'process', { ...endpoint, carrier }).end();
    await tracing.shutdown();
    console.log(JSON.stringify({ ...tracing.stats(), builtins: process.moduleLoadList }));
  `,
  'registered.cjs': `
    const { traced } = require('@throughline/sdk');
    traced('quote')(() => undefined)();
  `,
  'service.ts': `
    import { ROOT_CONTEXT } from '@opentelemetry/api';
    import { ATTR, type LinkType, startTracing, startProducer, type Tracing } from '@throughline/sdk';
    import '@throughline/sdk/register';
    const tracing: Tracing = startTracing({ serviceName: 'desk' });
    const order: 'client.order_id' = ATTR.clientOrderId;
    const link: LinkType = 'filled_by';
    const options = { system: 'nats', destination: 'orders.new', context: ROOT_CONTEXT };
    startProducer(tracing, \`send \${order} \${link}\`, options).end();
    // @ts-expect-error: a name is text
    startTracing({ serviceName: 1 });
  `,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023'],
      types: ['node'],
    },
    files: ['service.ts'],
  }),
};

let folder: string;
let collector: Collector;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-package-'));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
  const { stdout } = await run(process.execPath, [join(ROOT, 'scripts', 'pack.ts'), folder]);
  const packages = [stdout.trim(), `${NODE_PACKAGE}@${NODE_MIN}`];
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...options, ...packages], { cwd: folder });
  collector = await startCollector();
});

beforeEach(() => {
  collector.spans.length = 0;
});

afterAll(async () => {
  await collector?.close();
  await rm(folder, { recursive: true, force: true });
});

async function runService(version: string, args: readonly string[]): Promise<string> {
  const oldest = join(folder, 'node_modules', NODE_PACKAGE, 'bin', 'node');
  const node = version === NODE_MIN ? oldest : process.execPath;
  const env = { OTEL_SERVICE_NAME: 'desk', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const { stdout, stderr } = await run(node, [...args], { cwd: folder, env });
  expect(stderr).toBe('');
  return stdout;
}

test('one package is all that comes, beside OpenTelemetry’s API', async () => {
  const installed = await readdir(join(folder, 'node_modules'));
  expect(installed.filter((name) => !name.startsWith('.')).sort()).toEqual(
    ['@opentelemetry', '@throughline', NODE_PACKAGE].sort(),
  );
  const sdk = join(folder, 'node_modules', '@throughline', 'sdk');
  expect(await readdir(join(sdk, '..'))).toEqual(['sdk']);
  const manifest = JSON.parse(await readFile(join(sdk, 'package.json'), 'utf8'));
  expect(manifest.engines.node).toBe(`>=${NODE_MIN}`);
});

test.each(
  VERSIONS,
)('a service of Node %s traces a message, and loads nothing that it does not need', async (version) => {
  const { exported, builtins } = JSON.parse(await runService(version, ['service.js']));
  expect(exported).toBe(2);
  const [send, receive] = collector.spans;
  expect([send?.name, receive?.name]).toEqual(['send', 'process']);
  expect(receive).toMatchObject({
    parentSpanId: send?.spanId,
    service: 'desk',
    attributes: { 'client.order_id': 'o1' },
  });
  expect(builtins).toContain('NativeModule http');
  for (const name of ['https', 'zlib', 'internal/deps/undici/undici']) {
    expect(builtins).not.toContain(`NativeModule ${name}`);
  }
});

test.each(VERSIONS)('Node %s registers tracing for a service of CommonJS', async (version) => {
  await runService(version, ['--import', '@throughline/sdk/register', 'registered.cjs']);
  expect(collector.spans.map(({ name }) => name)).toEqual(['quote']);
});

test('the spans name the package and its version', async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, 'packages/sdk/package.json'), 'utf8'));
  expect([SDK_NAME, SDK_VERSION]).toEqual([manifest.name, manifest.version]);
});

test('its declarations satisfy the strictest compiler, without the browser’s types', async () => {
  const types = join(folder, 'node_modules', '@types');
  await symlink(join(ROOT, 'node_modules', '@types'), types);
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const checked = run(tsc, ['--project', folder], { cwd: folder });
  await expect(checked.catch(({ stdout }) => stdout)).resolves.toMatchObject({ stdout: '' });
});
