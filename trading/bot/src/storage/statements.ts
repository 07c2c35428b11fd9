/** The tables, made where they are missing. Prices and quantities are exact (`numeric`). */
export const CREATE_TABLES = `
  CREATE TABLE IF NOT EXISTS signals (
    id uuid PRIMARY KEY,
    strategy text NOT NULL,
    symbol text NOT NULL,
    direction text NOT NULL,
    confidence integer NOT NULL,
    entry_price numeric NOT NULL,
    candles integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE IF NOT EXISTS orders (
    id text PRIMARY KEY,
    signal_id uuid NOT NULL REFERENCES signals (id),
    strategy text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL,
    quantity numeric NOT NULL,
    price numeric NOT NULL,
    status text NOT NULL,
    filled_quantity numeric NOT NULL DEFAULT 0,
    average_price numeric,
    exchange_order_id text,
    error_type text,
    trace_id text,
    carrier jsonb NOT NULL,
    confirmed boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX IF NOT EXISTS orders_by_symbol ON orders (symbol);
  CREATE INDEX IF NOT EXISTS orders_by_time ON orders (created_at);
  CREATE INDEX IF NOT EXISTS orders_unconfirmed ON orders (created_at, id) WHERE NOT confirmed`;

export const INSERT_SIGNAL = `
  INSERT INTO signals (id, strategy, symbol, direction, confidence, entry_price, candles)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;

export const INSERT_ORDER = `
  INSERT INTO orders
    (id, signal_id, strategy, symbol, side, quantity, price, status, trace_id, carrier)
  VALUES ($1, $2, $3, $4, $5, 0, $6, 'pending_new', $7, $8)`;

export const SIZE_ORDER = `
  UPDATE orders SET quantity = $2, price = $3, carrier = $4, updated_at = now() WHERE id = $1`;

export const START_ORDER = `
  UPDATE orders SET status = 'unknown', carrier = $2, updated_at = now() WHERE id = $1`;

export const REPORT_ORDER = `
  UPDATE orders
  SET status = $2, exchange_order_id = $3, filled_quantity = $4, average_price = $5,
    error_type = $6, updated_at = now()
  WHERE id = $1`;

export const FAIL_ORDER = `
  UPDATE orders SET status = $2, error_type = $3, updated_at = now() WHERE id = $1`;

const COLUMNS = `id, strategy, symbol, side, quantity, price, status, filled_quantity,
    average_price, exchange_order_id, error_type, trace_id, carrier, created_at, updated_at`;

export const SELECT_ORDER = `SELECT ${COLUMNS} FROM orders WHERE id = $1`;

export const SELECT_ORDERS = `
  SELECT ${COLUMNS} FROM orders
  WHERE ($1::text IS NULL OR symbol = $1) AND ($2::text IS NULL OR status = $2)
  ORDER BY created_at DESC, id LIMIT $3`;

export const CONFIRM_ORDER = `UPDATE orders SET confirmed = true WHERE id = $1`;

export const SELECT_UNCONFIRMED_IDS = `
  SELECT id FROM orders WHERE NOT confirmed ORDER BY created_at, id`;

export const SELECT_UNCONFIRMED_ORDER = `
  SELECT ${COLUMNS} FROM orders WHERE id = $1 AND NOT confirmed`;

/** Open orders count as if they were filled, so that two at once cannot pass a limit together. */
export const SELECT_POSITION = `
  SELECT COALESCE(SUM(
    CASE side WHEN 'buy' THEN 1 ELSE -1 END *
    CASE WHEN status IN ('filled', 'canceled', 'rejected', 'expired')
      THEN filled_quantity ELSE quantity END), 0)::text AS position
  FROM orders WHERE symbol = $1 AND id <> $2`;
