/** The part that the tests use of a client that comes without types. */
declare module '@apla/clickhouse' {
  export default class ClickHouse {
    constructor(options: { host: string; port: string; user: string; password: string });
    pinging(): Promise<string>;
    querying(
      query: string,
      options?: { format?: string; dataObjects?: boolean; readonly?: boolean },
    ): Promise<{ data: unknown[]; meta: { name: string; type: string }[] }>;
    query(
      query: string,
      options: { format?: string },
      done: (error: Error | null) => void,
    ): NodeJS.WritableStream;
  }
}
