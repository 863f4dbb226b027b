/** What one caller may take of the front. */
export type FrontLimits = {
  /** A body's bytes as they arrive, and again when they are unpacked. 1.5 MiB: a part of a bulk import. */
  readonly maxBodyBytes: number;
  /** All headers of a request together. 16 KiB: a token, and the longest address of a persisted GET. */
  readonly maxHeaderBytes: number;
  /** Levels of variables and extensions. 32: no input of the shop has ten, and what reads them recurses. */
  readonly maxJsonDepth: number;
  /** Operations in one body. Ten while developing; none in production, where each has its own limits and logs. */
  readonly maxBatch: number;
  /** From the first byte of a request to its last. 30 s: a full body by a slow phone. */
  readonly requestTimeoutMs: number;
  /** Longer than the minute after which load balancers drop an idle connection, so that they do it first. */
  readonly keepAliveMs: number;
  /** What a reader of a stream may leave unread before it is cut off. 1 MiB: minutes of stock changes. */
  readonly maxUnsentBytes: number;
  /** Streams open at a time, of all callers: each holds a socket and a subscription. */
  readonly maxStreams: number;
  /** Operations at a time on one stream of the single connection mode: a page of the dashboard has a dozen. */
  readonly maxOperationsPerStream: number;
  /** Proxies drop a connection that says nothing for a minute, some sooner. */
  readonly heartbeatMs: number;
  /** How long a stop waits for what is under way: as long as an operation takes at most. */
  readonly drainMs: number;
};

/** The limits where nothing else is said; in production they are as tight as a shop can bear. */
export const defaultLimits = (production: boolean): FrontLimits => ({
  maxBodyBytes: 1.5 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxJsonDepth: 32,
  maxBatch: production ? 0 : 10,
  requestTimeoutMs: 30_000,
  keepAliveMs: 65_000,
  maxUnsentBytes: 1024 * 1024,
  maxStreams: 10_000,
  maxOperationsPerStream: 100,
  heartbeatMs: 12_000,
  drainMs: 10_000,
});
