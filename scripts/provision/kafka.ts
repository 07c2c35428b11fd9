import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, findProgram } from './debian.ts';
import { type Jar, KAFKA_JARS, KAFKA_VERSION } from './kafka-jars.ts';
import { freePort, startServer, type TestServer } from './server-process.ts';

const JAVA_MAJOR_MIN = 17;
const FETCH_TRIES_MAX = 3;
const FETCH_DEADLINE_MS = 300_000;
const FORMAT_DEADLINE_MS = 120_000;
const FETCH_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** Outside the checkout and `node_modules`, so that neither a clean clone nor an install loses it. */
const CACHE = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'throughline',
  `kafka-${KAFKA_VERSION}`,
);

/** Short-lived and small: the first compiler is enough, and nothing is collected concurrently. */
const JVM_OPTIONS = [
  '-Xmx320m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xshare:auto',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];

/** Brings Apache Kafka. @returns the folder of its jars, or what to do */
export async function provisionKafka(): Promise<{ path: string } | { todo: string }> {
  if (javaMajor() < JAVA_MAJOR_MIN) aptInstall('default-jre-headless');
  if (javaMajor() < JAVA_MAJOR_MIN) {
    return { todo: `install Java ${JAVA_MAJOR_MIN} or newer and put it on the PATH` };
  }
  if (wrongJars().length > 0) {
    if (!findProgram('mvn')) aptInstall('maven');
    if (!findProgram('mvn')) {
      return { todo: 'install Apache Maven, which fetches the jars, and put it on the PATH' };
    }
    const problem = fetchJars();
    if (problem !== undefined) return { todo: problem };
  }
  if (!existsSync(sharedClasses())) await recordClasses();
  return { path: CACHE };
}

/**
 * A Kafka of one node, broker and controller in one (KRaft), that listens on loopback only, makes
 * topics of one partition when they are first used, and keeps what it holds over a restart.
 *
 * @throws Error when {@link provisionKafka} has not run
 */
export async function startKafka(): Promise<TestServer & { readonly bootstrap: string }> {
  return startBroker(`-XX:SharedArchiveFile=${sharedClasses()}`);
}

async function startBroker(sharing: string): Promise<TestServer & { readonly bootstrap: string }> {
  const java = findProgram('java');
  if (!java || wrongJars().length > 0)
    throw new Error('no Kafka: run `node scripts/provision/main.ts` first');
  const folder = mkdtempSync(join(tmpdir(), 'throughline-kafka-'));
  const port = await freePort();
  const properties = join(folder, 'server.properties');
  writeFileSync(properties, await serverProperties(port, join(folder, 'data')));
  const classPath = KAFKA_JARS.map(jarPath).join(':');
  format(java, [...JVM_OPTIONS, sharing, '-cp', classPath], properties);
  const server = await startServer({
    program: java,
    args: [...JVM_OPTIONS, sharing, '-cp', classPath, 'kafka.Kafka', properties],
    folder,
    port,
  });
  return { ...server, bootstrap: `127.0.0.1:${port}` };
}

/** Kafka's own tool lays out the data folder: a node's id and its cluster's, and the features. */
function format(java: string, options: readonly string[], properties: string): void {
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const args = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties];
  const made = spawnSync(java, [...options, ...args], {
    encoding: 'utf8',
    timeout: FORMAT_DEADLINE_MS,
  });
  if (made.status !== 0) throw new Error(`Kafka's storage tool failed: ${made.stderr}`);
}

async function serverProperties(port: number, dataFolder: string): Promise<string> {
  const controllerPort = await freePort();
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataFolder,
    'num.partitions': 1,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    // The least that the cleaner accepts; by default it takes 128 MB of the heap.
    'log.cleaner.dedupe.buffer.size': 1_048_577,
    // A test's consumers join at once and are missed soon.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    // So soon a broker that was killed may register again.
    'broker.heartbeat.interval.ms': 200,
    'broker.session.timeout.ms': 1_000,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/**
 * Lets a broker start and stop once while Java records the classes it loads (class data sharing):
 * every later start takes half the time.
 */
async function recordClasses(): Promise<void> {
  process.stdout.write('provision: recording the classes of Kafka ...\n');
  const recording = `${sharedClasses()}.new`;
  const broker = await startBroker(`-XX:ArchiveClassesAtExit=${recording}`);
  await broker.stop();
  // Without it a start is slower and otherwise the same.
  if (existsSync(recording)) renameSync(recording, sharedClasses());
}

/** Only the Java that recorded the classes can use them. */
function sharedClasses(): string {
  return join(CACHE, `classes-${javaVersion()}.jsa`);
}

function jarPath({ artifact, version }: Jar): string {
  return join(CACHE, `${artifact}-${version}.jar`);
}

/** The jars that are not there, or not those that the list names. */
function wrongJars(): Jar[] {
  return KAFKA_JARS.filter((jar) => {
    const path = jarPath(jar);
    if (!existsSync(path)) return true;
    return createHash('sha256').update(readFileSync(path)).digest('hex') !== jar.sha256;
  });
}

/** Has Maven copy the jars into the cache. @returns what to do when that did not work */
function fetchJars(): string | undefined {
  process.stdout.write(`provision: fetching Kafka ${KAFKA_VERSION} (28 MB) ...\n`);
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'throughline-kafka-jars-'));
  writeFileSync(join(folder, 'pom.xml'), pom());
  const args = ['-B', '-q', `${FETCH_PLUGIN}:copy`, `-DoutputDirectory=${CACHE}`];
  let output = '';
  for (let tried = 0; tried < FETCH_TRIES_MAX && wrongJars().length > 0; tried += 1) {
    const fetched = spawnSync(findProgram('mvn') ?? 'mvn', args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: FETCH_DEADLINE_MS,
    });
    output = `${fetched.stdout}${fetched.stderr}${fetched.error ?? ''}`.slice(0, 2_048);
  }
  rmSync(folder, { recursive: true, force: true });
  const names = wrongJars().map((jar) => `${jar.group}:${jar.artifact}:${jar.version}`);
  if (names.length === 0) return undefined;
  return `Maven did not bring ${names.join(', ')} (SHA-256 is checked): see its output\n${output}`;
}

/** A project that is nothing but a list of files to copy. */
function pom(): string {
  const items = KAFKA_JARS.map(
    ({ group, artifact, version }) =>
      `<artifactItem><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
      `<version>${version}</version><overWrite>true</overWrite></artifactItem>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>throughline</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <packaging>pom</packaging>
  <build><plugins><plugin>
    <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>
    <configuration><artifactItems>${items.join('\n')}</artifactItems></configuration>
  </plugin></plugins></build>
</project>
`;
}

/** Such as `17.0.15`; empty without a Java. */
function javaVersion(): string {
  const java = findProgram('java');
  if (!java) return '';
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  return /version "([^"]+)"/.exec(stderr)?.[1] ?? '';
}

function javaMajor(): number {
  return Number.parseInt(javaVersion(), 10) || 0;
}
