/** What one WebSocket, and who opens many, may take of the router. */
export type SocketLimits = {
  /** From the handshake to `connection_init`. 10 s: a phone that wakes up. */
  readonly initTimeoutMs: number;
  /** Operations at a time on one socket. 100: a page of the dashboard has a dozen. */
  readonly maxOperations: number;
  /** Sockets at a time from one address. 1,000: an office or a mobile network behind one. */
  readonly maxSocketsPerAddress: number;
  /** Sockets at a time of one account. 100: tabs, and the tills of a shop that share a login. */
  readonly maxSocketsPerViewer: number;
  /** Sockets at a time altogether, at about 25 kB each (`npm run bench -- fanout`). */
  readonly maxSockets: number;
  /** Messages a second in the long run, pings and pongs too. 50: a page that is scrolled through. */
  readonly messagesPerSecond: number;
  /** Messages at once. 300: a page that opens everything it has, and closes it again. */
  readonly maxMessageBurst: number;
  /** One message's bytes. 1.5 MiB: what a body may have. */
  readonly maxMessageBytes: number;
  /** Levels of variables and extensions. 32: no input of the shop has ten, and what reads them recurses. */
  readonly maxJsonDepth: number;
  /** What may wait for a slow reader before it is cut. 1 MiB: minutes of stock changes. */
  readonly maxUnsentBytes: number;
  /** Proxies drop a connection after a silent minute; a peer that leaves a ping unanswered for as long is gone. */
  readonly heartbeatMs: number;
  /** Over how long a stop spreads its closing, so that not all clients come back in one moment. */
  readonly drainMs: number;
  /** How long a peer may take to answer a close. */
  readonly closeTimeoutMs: number;
};

/** The limits where nothing else is said. */
export const defaultSocketLimits: SocketLimits = {
  initTimeoutMs: 10_000,
  maxOperations: 100,
  maxSocketsPerAddress: 1_000,
  maxSocketsPerViewer: 100,
  maxSockets: 20_000,
  messagesPerSecond: 50,
  maxMessageBurst: 300,
  maxMessageBytes: 1.5 * 1024 * 1024,
  maxJsonDepth: 32,
  maxUnsentBytes: 1024 * 1024,
  heartbeatMs: 25_000,
  drainMs: 2_000,
  closeTimeoutMs: 2_000,
};

/** Counts down what one socket may say, and fills up again with time. */
export const createAllowance = ({ messagesPerSecond, maxMessageBurst }: SocketLimits): (() => boolean) => {
  let left = maxMessageBurst;
  let countedAt = performance.now();
  return () => {
    const now = performance.now();
    left = Math.min(maxMessageBurst, left + ((now - countedAt) * messagesPerSecond) / 1_000);
    countedAt = now;
    left -= 1;
    return left >= 0;
  };
};

/** Counts sockets by a name, up to a bound for each. */
export const createSeats = (maxEach: number) => {
  const taken = new Map<string, number>();
  return {
    take: (name: string): boolean => {
      const count = taken.get(name) ?? 0;
      if (count >= maxEach) return false;
      taken.set(name, count + 1);
      return true;
    },
    free: (name: string): void => {
      const count = taken.get(name) ?? 0;
      if (count <= 1) taken.delete(name);
      else taken.set(name, count - 1);
    },
  };
};

export type Seats = ReturnType<typeof createSeats>;
