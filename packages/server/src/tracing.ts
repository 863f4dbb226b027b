import type { Attributes } from '@opentelemetry/api';
import { type Log, log as processLog } from './log.ts';

/** Spans on their way out. */
export type Tracing = {
  /** Sends what is left, or gives it up after three seconds: a lost trace is no reason to stop badly. */
  readonly stop: () => Promise<void>;
};

export type TracingOptions = {
  /** What the process is called among the others of a trace. */
  readonly serviceName: string;
  /** The collector's address, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it: OTLP over HTTP, `/v1/traces` is added. */
  readonly endpoint: string;
  readonly log?: Log;
};

/** How long one sending may take, its repetitions included. A collector is near. */
const sendLimitMs = 3_000;

const resourceOf = (attributes: Attributes) => ({
  attributes,
  getRawAttributes: () => Object.entries(attributes),
  merge() {
    return this;
  },
});

/**
 * Sends the spans of this process to a collector. Without it spans cost nothing and go nowhere. A call that arrives
 * with a trace follows its caller's choice whether it is recorded; of all others OTEL_TRACES_SAMPLER decides, and
 * each is where nothing is said.
 */
export const startTracing = async ({
  serviceName,
  endpoint,
  log = processLog,
}: TracingOptions): Promise<Tracing> => {
  // Loaded here, because hardly any start needs it.
  const [{ BatchSpanProcessor, NodeTracerProvider }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: sendLimitMs });
  const provider = new NodeTracerProvider({
    resource: resourceOf({ 'service.name': serviceName }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  // A process that has used one once runs a hook for each promise from then on, and each export would.
  provider.register({ contextManager: null });
  return {
    stop: () =>
      provider.shutdown().catch((error: unknown) => {
        log.warn('The last spans could not be sent.', {
          error: error instanceof Error ? error.message : error,
        });
      }),
  };
};
