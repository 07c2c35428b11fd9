import type { Span } from '@throughline/model';
import type { Database } from '../database.ts';
import { query } from '../sql.ts';
import { type AttributeColumns, given, toAttributes } from './attribute-columns.ts';

const ORIGINS = query('origins');
const ORIGINS_MAX = 10_000;

/** What a span has from its resource and its instrumentation scope. */
export type Origin = Pick<
  Span,
  'host' | 'resource' | 'resourceSchemaUrl' | 'resourceDroppedAttributes' | 'scope'
>;

/** Of a span whose origin is lost. */
export const NO_ORIGIN: Origin = { host: '', resource: {}, scope: { name: '', version: '' } };

interface OriginRow {
  origin_id: string;
  resource: AttributeColumns;
  resource_dropped_attributes: number;
  resource_schema_url: string;
  scope_name: string;
  scope_version: string;
  scope: AttributeColumns;
  scope_dropped_attributes: number;
  scope_schema_url: string;
}

/**
 * Origins by their id. An id is the hash of what it names, so what was read once stays true: the last
 * ones used are kept.
 */
export class Origins {
  readonly #database: Pick<Database, 'rows'>;
  readonly #known = new Map<string, Origin>();

  constructor(database: Pick<Database, 'rows'>) {
    this.#database = database;
  }

  /**
   * Those that are stored: all, unless the engine had to set aside a damaged part.
   *
   * @throws ThroughlineError as {@link Database.rows} does
   */
  async of(ids: ReadonlySet<string>): Promise<Map<string, Origin>> {
    const found = new Map<string, Origin>();
    const unknown: string[] = [];
    for (const id of ids) {
      const origin = this.#known.get(id);
      if (origin) this.#keep(id, origin);
      if (origin) found.set(id, origin);
      else unknown.push(id);
    }
    if (unknown.length === 0) return found;
    for (const row of await this.#database.rows<OriginRow>(ORIGINS, { origin_ids: unknown })) {
      const origin = toOrigin(row);
      this.#keep(row.origin_id, origin);
      found.set(row.origin_id, origin);
    }
    return found;
  }

  #keep(id: string, origin: Origin): void {
    this.#known.delete(id);
    this.#known.set(id, origin);
    if (this.#known.size <= ORIGINS_MAX) return;
    const [oldest = ''] = this.#known.keys();
    this.#known.delete(oldest);
  }
}

function toOrigin(row: OriginRow): Origin {
  const resource = toAttributes(row.resource);
  const scopeAttributes = toAttributes(row.scope);
  const host = resource['host.name'];
  return {
    host: typeof host === 'string' ? host : '',
    resource,
    ...given('resourceSchemaUrl', row.resource_schema_url),
    ...given('resourceDroppedAttributes', row.resource_dropped_attributes),
    scope: {
      name: row.scope_name,
      version: row.scope_version,
      ...(Object.keys(scopeAttributes).length === 0 ? {} : { attributes: scopeAttributes }),
      ...given('droppedAttributes', row.scope_dropped_attributes),
      ...given('schemaUrl', row.scope_schema_url),
    },
  };
}
