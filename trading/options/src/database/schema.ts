/**
 * Makes what is missing. One request of several statements is one transaction, and the lock in it
 * keeps others from making the same tables at the same moment.
 */
export const SCHEMA = `
SELECT pg_advisory_xact_lock(hashtext('throughline options schema'));
CREATE TABLE IF NOT EXISTS option_quotes (
  contract text NOT NULL,
  quote_time timestamptz NOT NULL,
  underlying text NOT NULL,
  expiry date NOT NULL,
  strike numeric NOT NULL,
  option_right char(1) NOT NULL,
  price numeric NOT NULL,
  spot numeric NOT NULL,
  volatility_status text NOT NULL,
  volatility double precision NOT NULL,
  model_price double precision NOT NULL,
  delta double precision NOT NULL,
  gamma double precision NOT NULL,
  vega double precision NOT NULL,
  theta double precision NOT NULL,
  rho double precision NOT NULL,
  trace_id text NOT NULL,
  PRIMARY KEY (contract, quote_time)
);
CREATE INDEX IF NOT EXISTS option_quotes_underlying
  ON option_quotes (underlying, contract, quote_time DESC);
`;
