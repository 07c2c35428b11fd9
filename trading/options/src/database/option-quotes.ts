import type { PricedQuote } from '../messages.ts';
import type { Database } from './database.ts';

/** A priced quote with the trace that brought it. */
export interface QuoteRecord extends PricedQuote {
  readonly traceId: string;
}

/** A quote as it is stored; decimals are text, since a double cannot carry them. */
export interface StoredQuote {
  readonly contract: string;
  /** ISO 8601, in UTC. */
  readonly quote_time: string;
  readonly price: string;
  readonly spot: string;
  readonly volatility_status: string;
  readonly volatility: number;
  readonly model_price: number;
  readonly delta: number;
  readonly gamma: number;
  readonly vega: number;
  readonly theta: number;
  readonly rho: number;
  readonly trace_id: string;
}

/** One page, and where the next one begins. */
export interface Page {
  readonly quotes: readonly StoredQuote[];
  /** `undefined`: this was the last page. */
  readonly next: string | undefined;
}

/** Column, its type, and what of a record goes there. */
const COLUMNS: readonly (readonly [string, string, (record: QuoteRecord) => string | number])[] = [
  ['contract', 'text', ({ contract }) => contract],
  ['quote_time', 'timestamptz', (record) => record.quote_time],
  ['underlying', 'text', ({ underlying }) => underlying],
  ['expiry', 'date', ({ expiry }) => expiry],
  ['strike', 'numeric', ({ strike }) => strike],
  ['option_right', 'text', ({ right }) => right],
  ['price', 'numeric', ({ price }) => price],
  ['spot', 'numeric', ({ spot }) => spot],
  ['volatility_status', 'text', (record) => record.volatility_status],
  ['volatility', 'float8', ({ volatility }) => volatility],
  ['model_price', 'float8', (record) => record.model_price],
  ['delta', 'float8', ({ delta }) => delta],
  ['gamma', 'float8', ({ gamma }) => gamma],
  ['vega', 'float8', ({ vega }) => vega],
  ['theta', 'float8', ({ theta }) => theta],
  ['rho', 'float8', ({ rho }) => rho],
  ['trace_id', 'text', ({ traceId }) => traceId],
];

const NAMES = COLUMNS.map(([name]) => name).join(', ');
const ARRAYS = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ');
const KEY_COLUMNS = 2;
const UPDATES = COLUMNS.slice(KEY_COLUMNS)
  .map(([name]) => `${name} = excluded.${name}`)
  .join(', ');

/** A row that the statement itself has made has no deleter yet: xmax is 0. */
const UPSERT = `INSERT INTO option_quotes (${NAMES}) SELECT * FROM unnest(${ARRAYS})
ON CONFLICT (contract, quote_time) DO UPDATE SET ${UPDATES}
RETURNING (xmax = 0) AS is_new`;

const SELECTED = `contract, quote_time, price::text, spot::text, volatility_status, volatility,
model_price, delta, gamma, vega, theta, rho, trace_id`;

const BY_CONTRACT = `SELECT ${SELECTED} FROM option_quotes
WHERE contract = $1 AND quote_time > $2 ORDER BY quote_time LIMIT $3`;

const LATEST = `SELECT DISTINCT ON (contract) ${SELECTED} FROM option_quotes
WHERE underlying = $1 AND contract > $2 ORDER BY contract, quote_time DESC LIMIT $3`;

/** The one table: a row for each contract and quote time. */
export class OptionQuotes {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Writes the records in one statement. One that is there already is written over: doing it again
   * changes nothing.
   *
   * @returns how many rows are new
   */
  async upsert(records: readonly QuoteRecord[]): Promise<number> {
    // A statement may not touch one row twice; of two with one key the later one counts.
    const byKey = new Map(records.map((record) => [keyOf(record), record]));
    // All writers in the same order: two that wait for each other's rows would be a deadlock.
    const rows = [...byKey]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, row]) => row);
    const values = COLUMNS.map(([, , cellOf]) => rows.map(cellOf));
    const result = await this.#database.query<{ is_new: boolean }>(UPSERT, values);
    return result.rows.filter((row) => row.is_new).length;
  }

  /** A contract's quotes by time. @param after a quote time; `-infinity` for the first page */
  async byContract(contract: string, after: string, limit: number): Promise<Page> {
    const page = await this.#page(BY_CONTRACT, [contract, after], limit);
    return { ...page, next: page.next?.quote_time };
  }

  /** The latest quote of each contract. @param after a contract; empty for the first page */
  async chain(underlying: string, after: string, limit: number): Promise<Page> {
    const page = await this.#page(LATEST, [underlying, after], limit);
    return { ...page, next: page.next?.contract };
  }

  /** Asks for one more than the page has room for, to know whether there is a next one. */
  async #page(
    sql: string,
    parameters: readonly string[],
    limit: number,
  ): Promise<{ quotes: StoredQuote[]; next: StoredQuote | undefined }> {
    type Row = Omit<StoredQuote, 'quote_time'> & { quote_time: Date };
    const { rows } = await this.#database.query<Row>(sql, [...parameters, limit + 1]);
    const found = rows.map((row) => ({ ...row, quote_time: row.quote_time.toISOString() }));
    const quotes = found.slice(0, limit);
    return { quotes, next: found.length > limit ? quotes.at(-1) : undefined };
  }
}

function keyOf({ contract, quote_time }: QuoteRecord): string {
  return `${contract} ${quote_time}`;
}
