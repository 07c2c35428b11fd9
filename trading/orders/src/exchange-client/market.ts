import type { Instrument, Instruments } from '@throughline/instruments';
import { addInstruments, commonInstruments } from '../domain/common-instruments.ts';
import type { Venue } from '../domain/router.ts';
import { fetchInstruments } from './rest.ts';

interface MarketVenue {
  readonly name: string;
  /** The exchange's REST API, without path. */
  readonly restUrl: string;
  readonly weight: number;
}

type AskVenue = (restUrl: string) => Promise<Instruments>;

interface MarketOptions {
  readonly venues: readonly MarketVenue[];
  /** By the name of the venue, what the venues trade that have answered so far. */
  readonly byVenue: ReadonlyMap<string, Instruments>;
  /** A venue that had not answered before says what it trades, and so what can be ordered now. */
  readonly onJoined: (venue: Venue, instruments: Instruments) => void;
  /** Orders can go to the venue, or no longer. Those that have answered count as up at first. */
  readonly onChange: (venue: string, isUp: boolean) => void;
  /** A venue that nothing will be sent to: what it trades does not go with the others. */
  readonly onUnusable: (venue: string, error: unknown) => void;
  /** For tests. */
  readonly ask?: AskVenue;
}

const ASK_DELAY_MS_MIN = 250;
const ASK_DELAY_MS_MAX = 5_000;

/**
 * What the venues trade, as far as they answer.
 *
 * @returns by the name of the venue, without those that do not answer
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when none of them does
 */
export async function askVenues(
  venues: readonly MarketVenue[],
  onMissing: (venue: string, error: unknown) => void,
): Promise<Map<string, Instruments>> {
  const answers = await Promise.allSettled(venues.map(({ restUrl }) => fetchInstruments(restUrl)));
  const byVenue = new Map<string, Instruments>();
  for (const [index, { name }] of venues.entries()) {
    const answer = answers[index];
    if (answer?.status === 'fulfilled') byVenue.set(name, answer.value);
  }
  for (const [index, { name }] of venues.entries()) {
    const answer = answers[index];
    if (answer?.status !== 'rejected') continue;
    if (byVenue.size === 0) throw answer.reason;
    onMissing(name, answer.reason);
  }
  return byVenue;
}

/**
 * Which venues there are to trade at, and what. A venue that did not answer at the start is asked again
 * in the background, with growing delay, for as long as it takes. Orders can go to a venue that has
 * said what it trades and is connected.
 */
export class Market {
  readonly #options: MarketOptions;
  readonly #ask: AskVenue;
  readonly #byVenue: Map<string, Instruments>;
  readonly #instruments: Map<string, Instrument>;
  readonly #disconnected = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isClosed = false;

  /** @throws ThroughlineError `TL_CONFIG_INVALID` when two venues count a symbol differently */
  constructor(options: MarketOptions) {
    this.#options = options;
    this.#ask = options.ask ?? fetchInstruments;
    this.#byVenue = new Map(options.byVenue);
    this.#instruments = new Map(commonInstruments(this.#byVenue));
    for (const venue of options.venues) {
      if (this.#byVenue.has(venue.name)) continue;
      this.#disconnected.add(venue.name);
      this.#askLater(venue, ASK_DELAY_MS_MIN);
    }
  }

  /** What can be ordered, in the strictest filters of all venues: grows as venues join. */
  get instruments(): ReadonlyMap<string, Instrument> {
    return this.#instruments;
  }

  /** All venues, in the order that was given; one that has not answered yet trades nothing. */
  venues(): Venue[] {
    return this.#options.venues.map((venue) => this.#routable(venue));
  }

  /** Names of the venues that have answered. */
  joined(): string[] {
    return [...this.#byVenue.keys()];
  }

  isUp(name: string): boolean {
    return this.#byVenue.has(name) && !this.#disconnected.has(name);
  }

  /** The connection to a venue is there, or is lost. */
  connected(name: string, isConnected: boolean): void {
    this.#changing(name, () => {
      if (isConnected) this.#disconnected.delete(name);
      else this.#disconnected.add(name);
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #askLater(venue: MarketVenue, delayMs: number): void {
    // Spread, so that many processes do not ask in the same moment.
    const spreadMs = delayMs * (0.5 + Math.random() / 2);
    const again = async (): Promise<void> => {
      let instruments: Instruments;
      try {
        instruments = await this.#ask(venue.restUrl);
      } catch {
        if (!this.#isClosed) this.#askLater(venue, Math.min(2 * delayMs, ASK_DELAY_MS_MAX));
        return;
      }
      if (!this.#isClosed) this.#join(venue, instruments);
    };
    this.#timers.set(
      venue.name,
      setTimeout(() => void again(), spreadMs),
    );
  }

  #join(venue: MarketVenue, instruments: Instruments): void {
    const { name } = venue;
    try {
      const common = commonInstruments(new Map([...this.#byVenue, [name, instruments]]));
      addInstruments(this.#instruments, common);
    } catch (error) {
      this.#options.onUnusable(name, error);
      return;
    }
    this.#changing(name, () => {
      this.#byVenue.set(name, instruments);
      this.#options.onJoined(this.#routable(venue), this.#instruments);
    });
  }

  #changing(name: string, change: () => void): void {
    const wasUp = this.isUp(name);
    change();
    const isUp = this.isUp(name);
    if (isUp !== wasUp) this.#options.onChange(name, isUp);
  }

  #routable({ name, weight }: MarketVenue): Venue {
    return { name, weight: BigInt(weight), symbols: new Set(this.#byVenue.get(name)?.keys()) };
  }
}
