import postgres from 'postgres';

/** How long a statement may run when no request's deadline ends it sooner. */
const statementTimeoutMs = 30_000;
/** How long an attempt to connect may take, in seconds as the driver wants it. */
const connectTimeoutSeconds = 10;

/** One connection, opened when it is first needed and replaced when it is lost. */
export type Slot = {
  /** The driver over this connection. Ask anew each time: it is another one after a loss. */
  client(): postgres.Sql;
  /** Grows when the connection is lost, so that a transaction can tell that it is over. */
  losses(): number;
  /** How many statements were sent and not answered. */
  pending: number;
  close(): Promise<void>;
};

export type SlotOptions = { url: string; schema: string; name: string };

/**
 * A driver of its own for each connection, thrown away when the connection is lost. The driver's pool writes
 * to a lost connection again: to a socket that is gone, which ends the process, or behind bytes that the lost
 * one never sent, which blocks the connection for good.
 */
export const openSlot = (options: SlotOptions): Slot => {
  let losses = 0;
  let isClosing = false;
  const open = () =>
    connectDriver(options, () => {
      if (isClosing) return;
      losses += 1;
      const lost = client;
      client = open();
      // Refuses at once what still waited for the lost connection.
      void lost.end({ timeout: 0 });
    });
  let client = open();
  return {
    client: () => client,
    losses: () => losses,
    pending: 0,
    close: () => {
      isClosing = true;
      return client.end({ timeout: 5 });
    },
  };
};

const connectDriver = ({ url, schema, name }: SlotOptions, onclose: () => void): postgres.Sql => {
  const client = postgres(url, {
    max: 1,
    connect_timeout: connectTimeoutSeconds,
    onnotice: () => {},
    onclose,
    connection: {
      application_name: name,
      search_path: `"${schema}", public`,
      statement_timeout: statementTimeoutMs,
    },
  });
  speakDrizzle(client.options);
  return client;
};

const timestamp = { plain: 1114, withZone: 1184 };
const dateTypes = { date: 1082, interval: 1186, time: 1083 };
const bigintType = 20;
const jsonTypes = { json: 114, jsonb: 3802 };

/** What drizzle's columns expect of the driver: they encode and decode dates and JSON themselves. */
const speakDrizzle = (options: postgres.ParsedOptions) => {
  const asIs = (value: unknown) => value;
  for (const type of Object.values(dateTypes)) options.parsers[type] = asIs;
  for (const type of Object.values(timestamp)) {
    options.parsers[type] = (text: string) => new Date(type === timestamp.plain ? `${text}Z` : text);
    options.serializers[type] = (value: unknown) => (value instanceof Date ? value.toISOString() : value);
  }
  for (const type of Object.values(jsonTypes)) options.serializers[type] = asIs;
  options.parsers[bigintType] = exactNumber;
};

/** Counts and sequences stay far below 2⁵³; one that does not must not be rounded silently. */
const exactNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new RangeError(`The database answered ${text}, which a number cannot hold exactly.`);
  return value;
};
